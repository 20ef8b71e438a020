package servertest

import (
	"io"
	"net"
)

// gentle listens on a port of loopback and carries every connection to the address
// given, but never a reset: who hangs up is seen as who has said all. The engine
// of the npm package aborts on an error outside a query, and a shard resets the
// connections of queries that it no longer needs; a ClickHouse server shrugs.
func gentle(to string) (port int, err error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	atEnd(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go carry(client.(*net.TCPConn), to)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func carry(client *net.TCPConn, to string) {
	defer client.Close()
	connection, err := net.Dial("tcp4", to)
	if err != nil {
		return
	}
	engine := connection.(*net.TCPConn)
	defer engine.Close()
	go func() {
		_, _ = io.Copy(engine, client)
		_ = engine.CloseWrite()
	}()
	_, _ = io.Copy(client, engine)
	_ = client.CloseWrite()
	_, _ = io.Copy(io.Discard, engine) // what nobody reads must not be left unread
}
