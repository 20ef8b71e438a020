package learning_test

import (
	"runtime/debug"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// percent is what the collector is set to.
func percent() int {
	p := debug.SetGCPercent(100)
	debug.SetGCPercent(p)
	return p
}

// Little memory is taken while rows are loaded, and while they are held if they are
// many; afterwards the process is as it was.
func TestThriftEnds(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	thrift := learning.Thrifty()
	if got := percent(); got >= 100 {
		t.Errorf("while rows are loaded: %d %%", got)
	}
	few := make([]byte, 1<<20)
	thrift.Loaded()
	if got := percent(); got != 100 {
		t.Errorf("with few rows: %d %%", got)
	}
	few[0] = 1

	thrift = learning.Thrifty()
	many := make([]byte, 160<<20)
	thrift.Loaded()
	if got := percent(); got >= 100 {
		t.Errorf("with many rows: %d %%", got)
	}
	many[0] = 1
	thrift.End()
	if got := percent(); got != 100 {
		t.Errorf("at the end: %d %%", got)
	}

	debug.SetGCPercent(20) // told to take less still
	thrift = learning.Thrifty()
	if got := percent(); got != 20 {
		t.Errorf("a process that takes less: %d %%", got)
	}
	thrift.End()
}
