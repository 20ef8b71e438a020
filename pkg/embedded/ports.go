package embedded

import (
	"fmt"
	"net"
	"strconv"
)

// PortTakenError says which port of which service another program holds.
type PortTakenError struct {
	Port    int
	Setting string // of the settings file, that chooses the port
	Cause   error
}

func (e *PortTakenError) Error() string {
	return fmt.Sprintf("port %d of 127.0.0.1 is taken: give %s another port, or 0 to choose a free one (%v)", e.Port, e.Setting, e.Cause)
}

func (e *PortTakenError) Unwrap() error { return e.Cause }

// choosePort gives the port asked for if it is free, else (none asked for) the one of the last run if it is free, else any.
func choosePort(asked, last int, setting string) (int, error) {
	if asked != 0 {
		if _, err := probe(asked); err != nil {
			return 0, &PortTakenError{Port: asked, Setting: setting, Cause: err}
		}
		return asked, nil
	}
	if last != 0 {
		if _, err := probe(last); err == nil {
			return last, nil
		}
	}
	port, err := probe(0)
	if err != nil {
		return 0, fmt.Errorf("no free port for %s: %w", setting, err)
	}
	return port, nil
}

// probe listens for a moment: on the port, or on a free one for 0.
func probe(port int) (int, error) {
	listener, err := net.Listen("tcp4", loopback(port))
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
