package embedded

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

func openTerminal() (*terminal, error) {
	ours, err := os.OpenFile("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	var name [128]byte // the length that TIOCPTYGNAME carries
	for _, step := range []struct {
		request  uintptr
		argument unsafe.Pointer
	}{{unix.TIOCPTYGRANT, nil}, {unix.TIOCPTYUNLK, nil}, {unix.TIOCPTYGNAME, unsafe.Pointer(&name)}} {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, ours.Fd(), step.request, uintptr(step.argument)); errno != 0 {
			ours.Close()
			return nil, fmt.Errorf("prepare the terminal: %w", errno)
		}
	}
	engine, err := os.OpenFile(unix.ByteSliceToString(name[:]), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		ours.Close()
		return nil, fmt.Errorf("open the terminal's other end: %w", err)
	}
	return &terminal{ours: ours, engine: engine}, nil
}
