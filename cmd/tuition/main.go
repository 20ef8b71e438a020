// Command tuition measures what an organisation learns from its failures.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/tuition-hq/tuition/pkg/app"
	"github.com/tuition-hq/tuition/pkg/embedded"
)

func main() {
	embedded.Child()
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitDone  = 0
	exitFail  = 1
	exitUsage = 2
)

// run is the whole command: it returns the exit code and says on stderr what went wrong.
func run(args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends the process at once
	}()
	root := newRoot(environ, stdin, stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(stderr, "tuition: interrupted")
		return exitFail
	}
	fmt.Fprintf(stderr, "tuition: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) || errors.Is(err, app.ErrUsage) {
		return exitUsage
	}
	return exitFail
}

// usageError is a wrong call of the command itself: an unknown flag or command, too few arguments.
type usageError struct{ error }
