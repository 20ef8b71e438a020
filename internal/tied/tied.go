// Package tied starts child processes that end with this one, also when it is killed: on Linux the system sees to it;
// elsewhere a child must watch for itself.
package tied

import (
	"os"
	"os/exec"
)

// Process is a started process. After Done is closed, Err is how it ended.
type Process struct {
	*os.Process
	Done chan struct{}
	Err  error
}

// Start starts the command in a process group of its own, away from Ctrl-C. It sets cmd.SysProcAttr.
func Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{Done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux ties the child to the thread that started it, not to the process: hold that thread until the end.
		lockThread()
		tie(cmd)
		err := cmd.Start()
		p.Process = cmd.Process
		started <- err
		if err == nil {
			p.Err = cmd.Wait()
			close(p.Done)
		}
	}()
	return p, <-started
}
