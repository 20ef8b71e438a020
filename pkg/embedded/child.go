package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// childName is argv[0] of the engine process; an ordinary start never has it.
const childName = "tuition-engine"

// What the parent hands down after stdin, stdout and stderr.
const (
	childPipe = 3 // read end of a pipe that only the parent writes to: end of file means that the parent is gone
	childLock = 4 // the folder's lock, held for as long as this process lives
)

// serverGrace is how long a clickhouse server may take to stop before it is killed.
const serverGrace = 10 * time.Second

// Child runs the ClickHouse engine and exits if this process was started as the engine of a [Start] elsewhere;
// otherwise it returns at once. Call it first in main, and in TestMain of packages that start an engine.
func Child() {
	if len(os.Args) < 3 || os.Args[0] != childName {
		return
	}
	// Ctrl-C is the parent's business: it stops its engine in order.
	signal.Ignore(os.Interrupt, syscall.SIGHUP)
	if err := runChild(engineKind(os.Args[1]), os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runChild(kind engineKind, path string, args []string) error {
	orphaned := make(chan struct{})
	go func() {
		defer close(orphaned)
		pipe := os.NewFile(childPipe, "parent")
		_, _ = pipe.Read(make([]byte, 1)) // nothing is ever written: it ends when the parent does
	}()
	if kind == kindServer {
		return runServer(path, args, orphaned)
	}
	go func() {
		<-orphaned
		// What was acknowledged is on disk; the engine recovers from a kill as from a stop.
		os.Exit(0)
	}()
	return runLibrary(path, args)
}

// runServer runs a clickhouse binary and stops it when the parent is gone.
func runServer(path string, args []string, orphaned <-chan struct{}) error {
	cmd := exec.Command(path, args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	server, err := startTied(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	select {
	case <-server.done:
		return server.err
	case <-orphaned:
		_ = server.Signal(syscall.SIGTERM)
	}
	select {
	case <-server.done:
	case <-time.After(serverGrace):
		_ = server.Kill()
		<-server.done
	}
	return nil
}

// process is a started process. After done is closed, err is how it ended.
type process struct {
	*os.Process
	done chan struct{}
	err  error
}

// startTied starts a process that the system kills with this one where it can (Linux).
func startTied(cmd *exec.Cmd) (*process, error) {
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux ties the child to the thread that started it, not to the process: hold that thread until the end.
		lockThread()
		tie(cmd)
		err := cmd.Start()
		p.Process = cmd.Process
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}
