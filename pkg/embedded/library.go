package embedded

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// EngineVersion is the version of the ClickHouse engine package that tuition is tested with.
const EngineVersion = "26.7.3-stable.1"

// LibraryVariable names the environment variable that overrides where the engine library is.
const LibraryVariable = "TUITION_ENGINE_LIB"

type engineKind string

const (
	kindLibrary engineKind = "library" // libchdb.so, run by a child of this binary
	kindServer  engineKind = "server"  // a clickhouse binary
)

// MissingEngineError says that no ClickHouse was found, where it was looked for, and what to run.
type MissingEngineError struct {
	Tried   []string
	Install string // a command for a shell; empty where no package exists
}

func (e *MissingEngineError) Error() string {
	if e.Install == "" {
		return fmt.Sprintf("no ClickHouse engine package exists for %s/%s: put clickhouse on PATH, or use a ClickHouse server elsewhere", runtime.GOOS, runtime.GOARCH)
	}
	return fmt.Sprintf("no ClickHouse found (looked at %q): run %s, or put clickhouse on PATH, or set %s to the path of libchdb.so", e.Tried, e.Install, LibraryVariable)
}

// EngineLibraryError says that no engine library is where the settings say it is.
type EngineLibraryError struct{ Cause error }

func (e *EngineLibraryError) Error() string {
	return fmt.Sprintf("engine library: %v: set %s to the path of libchdb.so, or unset it", e.Cause, LibraryVariable)
}

func (e *EngineLibraryError) Unwrap() error { return e.Cause }

// EnginePackage is the npm package that holds the engine for this platform, with its version; empty if there is none.
func EnginePackage() string {
	name := map[string]string{
		"linux/amd64":  "lib-linux-x64-gnu",
		"linux/arm64":  "lib-linux-arm64-gnu",
		"darwin/amd64": "lib-darwin-x64",
		"darwin/arm64": "lib-darwin-arm64",
	}[runtime.GOOS+"/"+runtime.GOARCH]
	if name == "" {
		return ""
	}
	return "@chdb/" + name + "@" + EngineVersion
}

// EngineDir is where the engine package is installed: tuition/engine in the user's cache.
func EngineDir() (string, error) {
	cache := os.Getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(cache) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("where to keep the engine: set HOME or XDG_CACHE_HOME: %w", err)
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "tuition", "engine"), nil
}

// InstallCommand is the program and arguments that install the engine package into [EngineDir].
func InstallCommand() ([]string, error) {
	pkg := EnginePackage()
	if pkg == "" {
		return nil, &MissingEngineError{}
	}
	dir, err := EngineDir()
	if err != nil {
		return nil, err
	}
	return []string{"npm", "install", "--prefix", dir, "--no-save", "--no-package-lock", "--no-audit", "--no-fund", pkg}, nil
}

// findEngine looks for a ClickHouse: the path given, $TUITION_ENGINE_LIB, clickhouse on PATH, the installed package.
func findEngine(given string) (engineKind, string, error) {
	if given == "" {
		given = os.Getenv(LibraryVariable)
	}
	if given != "" {
		if _, err := os.Stat(given); err != nil {
			return "", "", &EngineLibraryError{Cause: err}
		}
		return kindLibrary, given, nil
	}
	if path, err := exec.LookPath("clickhouse"); err == nil {
		return kindServer, path, nil
	}
	missing := &MissingEngineError{Tried: []string{"clickhouse on PATH"}}
	dir, err := EngineDir()
	if err != nil {
		return "", "", err
	}
	for _, name := range []string{"libchdb.so", "libchdb.dylib"} {
		found, _ := filepath.Glob(filepath.Join(dir, "node_modules", "@chdb", "lib-*", name))
		if len(found) > 0 {
			return kindLibrary, found[0], nil
		}
	}
	missing.Tried = append(missing.Tried, filepath.Join(dir, "node_modules", "@chdb"))
	if pkg := EnginePackage(); pkg != "" {
		missing.Install = "npm install --prefix " + dir + " --no-save " + pkg
	}
	return "", "", missing
}
