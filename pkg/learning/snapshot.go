package learning

import "time"

// Snapshot is one finished run as the outputs read it. Review, API, CLI and
// Prometheus all take the same one, so that they cannot disagree.
type Snapshot struct {
	RunID       string
	AsOf        int64  // milliseconds; nothing that happened later was counted
	InputEvents uint64 // distinct events of the log that were folded
	ComputedAt  time.Time
	Estimates   []Estimate
	Watch       []WatchPoint // at as_of, with the alarms that earlier runs raised
}
