package embedded

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func openTerminal() (*terminal, error) {
	ours, err := os.OpenFile("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		ours.Close()
		return nil, fmt.Errorf("unlock the terminal: %w", err)
	}
	engine, _, errno := unix.Syscall(unix.SYS_IOCTL, ours.Fd(), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		ours.Close()
		return nil, fmt.Errorf("open the terminal's other end: %w", errno)
	}
	return &terminal{ours: ours, engine: os.NewFile(engine, "terminal")}, nil
}
