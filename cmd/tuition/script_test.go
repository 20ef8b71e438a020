package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/embedded"
)

// TestMain lets the test binary be the command in the scripts and the engine's child.
func TestMain(m *testing.M) {
	embedded.Child()
	testscript.Main(m, map[string]func(){"tuition": main})
}

// TestScripts runs the command as its users do: testdata/script holds one archive
// a behaviour. $SHARED is the folder of shared test data, $CACHE holds the engine.
func TestScripts(t *testing.T) {
	servertest.NeedEngine(t)
	shared := servertest.Shared(t)
	engine, err := embedded.EngineDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CACHE_HOME", filepath.Dir(filepath.Dir(engine)))
			e.Setenv("TUITION_WEB_LISTEN", "127.0.0.1:0")
			e.Setenv("SHARED", shared)
			e.Setenv("PATH", os.Getenv("PATH"))
			return nil
		},
	})
}
