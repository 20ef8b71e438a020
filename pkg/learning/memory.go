package learning

import "runtime/debug"

// unused is how much the collector lets garbage grow beside what is held, in percent. By
// default it is as much again: of the rows of a million incidents that is more than they
// take themselves. A third costs a tenth more of time.
const unused = 33

// Thrifty lets a process take less memory while it loads and computes, and gives how to
// put it back to how it was. A process that was told to take less still keeps to that.
func Thrifty() (restore func()) {
	before := debug.SetGCPercent(unused)
	if before >= 0 && before < unused {
		debug.SetGCPercent(before)
	}
	return func() { debug.SetGCPercent(before) }
}
