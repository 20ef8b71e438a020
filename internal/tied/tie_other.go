//go:build !linux

package tied

import (
	"os/exec"
	"syscall"
)

func lockThread() {}

// tie keeps Ctrl-C away from the process; here only the pipe tells it that its parent is gone.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
