package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/tuition-hq/tuition/internal/tied"
)

// argv[0] of the engine process; an ordinary start never has it. The first confines itself and becomes the second.
const (
	childName    = "tuition-engine"
	confinedName = "tuition-engine-confined"
)

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
	if len(os.Args) < 3 || os.Args[0] != childName && os.Args[0] != confinedName {
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
	if os.Args[0] == childName && confinable() == nil {
		return becomeConfined(path)
	}
	go func() {
		<-orphaned
		// What was acknowledged is on disk; the engine recovers from a kill as from a stop.
		os.Exit(0)
	}()
	return runLibrary(path, args)
}

// becomeConfined starts this program anew in the same process, kept to the working folder: a restriction holds for one
// thread and for what that thread executes.
func becomeConfined(library string) error {
	data, err := os.Getwd()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := confine(data, library); err != nil {
		return fmt.Errorf("confine the engine to %s: %w", data, err)
	}
	return syscall.Exec(self, append([]string{confinedName}, os.Args[1:]...), os.Environ())
}

// runServer runs a clickhouse binary and stops it when the parent is gone.
func runServer(path string, args []string, orphaned <-chan struct{}) error {
	cmd := exec.Command(path, args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	server, err := tied.Start(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	select {
	case <-server.Done:
		return server.Err
	case <-orphaned:
		_ = server.Signal(syscall.SIGTERM)
	}
	select {
	case <-server.Done:
	case <-time.After(serverGrace):
		_ = server.Kill()
		<-server.Done
	}
	return nil
}
