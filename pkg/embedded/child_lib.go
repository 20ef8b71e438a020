//go:build !noengine

package embedded

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// runLibrary runs the engine library's command line in this process. It returns when the engine ends.
func runLibrary(path string, args []string) error {
	// ClickHouse keeps state by thread; its "main" stays on the one that loaded it.
	runtime.LockOSThread()
	lib, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("load the ClickHouse library %s: %w", path, err)
	}
	// The engine opens its ports, then waits for statements from a pipe that nobody writes to.
	hold, never, err := os.Pipe()
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(never)
	args = append(args, "--queries-file", startFile, fmt.Sprintf("/dev/fd/%d", hold.Fd()))

	var cmdline func(argc int32, argv **byte) uintptr
	var resultError func(result uintptr) string
	for name, fn := range map[string]any{"chdb_query_cmdline": &cmdline, "chdb_result_error": &resultError} {
		symbol, err := purego.Dlsym(lib, name)
		if err != nil {
			return fmt.Errorf("%s is not a ClickHouse engine library: %w", path, err)
		}
		purego.RegisterFunc(fn, symbol)
	}

	argv := make([]*byte, 0, len(args)+1)
	for _, arg := range args {
		text := append([]byte(arg), 0)
		argv = append(argv, unsafe.SliceData(text))
	}
	argv = append(argv, nil)
	result := cmdline(int32(len(args)), unsafe.SliceData(argv))
	runtime.KeepAlive(argv)
	if result == 0 {
		return fmt.Errorf("the engine %s gave no result", path)
	}
	if message := resultError(result); message != "" {
		return fmt.Errorf("the engine stopped: %s", message)
	}
	return nil
}
