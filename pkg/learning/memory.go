package learning

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// scarce is how much the collector lets garbage grow beside what is held, in percent,
	// where much is held. By default it is as much again: of the rows of a million
	// incidents that is more than they take themselves. A third costs a quarter of the
	// computing time, so few incidents are spared it.
	scarce = 33
	// muchHeld is what the rows of some 200,000 incidents take, in bytes. What is made of
	// them to compute takes as much again.
	muchHeld = 128 << 20
)

// Thrift is a process that takes less memory while it loads and computes.
type Thrift struct{ before int }

// Thrifty begins it. A process that was told to take less still keeps to that.
func Thrifty() Thrift {
	t := Thrift{debug.SetGCPercent(scarce)}
	if t.before >= 0 && t.before < scarce {
		t.End()
	}
	return t
}

// Loaded is to be said when the rows are held: where they take little, memory is not scarce.
func (t Thrift) Loaded() {
	runtime.GC() // what is held is known after it; that of loading is garbage now
	held := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(held); held[0].Value.Uint64() < muchHeld {
		t.End()
	}
}

// End puts it back to how it was.
func (t Thrift) End() { debug.SetGCPercent(t.before) }
