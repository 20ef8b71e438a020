//go:build noengine

package embedded

import "errors"

// runLibrary is left out of fully static builds: loading a library needs the system's dynamic linker.
func runLibrary(string, []string) error {
	return errors.New("this tuition was built with the tag noengine and cannot load the ClickHouse library: use an ordinary build, or put clickhouse on PATH")
}
