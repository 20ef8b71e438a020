package learning

import (
	"fmt"
	"sort"
	"time"
)

// window is a stretch of time that estimates are about: from ≤ t < to.
type window struct {
	name     string // "all" or a quarter
	from, to int64
	whole    bool // over at as_of
}

// all reaches back beyond every event.
const all = "all"

// quarterStart is the first moment of the calendar quarter (UTC) that holds t.
func quarterStart(t int64) time.Time {
	at := time.UnixMilli(t).UTC()
	return time.Date(at.Year(), (at.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
}

// quarterName is like "2026-Q3".
func quarterName(start time.Time) string {
	return fmt.Sprintf("%04d-Q%d", start.Year(), (start.Month()-1)/3+1)
}

// quarters cuts [from, asOf) at the calendar's quarters. The last is cut short at asOf.
func quarters(from, asOf int64) []window {
	var out []window
	if from >= asOf {
		return nil
	}
	for start := quarterStart(from); start.UnixMilli() < asOf; {
		next := start.AddDate(0, 3, 0)
		w := window{quarterName(start), start.UnixMilli(), next.UnixMilli(), true}
		if w.to > asOf {
			w.to, w.whole = asOf, false
		}
		out = append(out, w)
		start = next
	}
	return out
}

// holding are the windows that hold a moment: the first, which is everything, and of
// the others, which follow each other, at most one.
func holding(windows []window, t int64) []int {
	if !windows[0].holds(t) {
		return nil
	}
	i := sort.Search(len(windows)-1, func(i int) bool { return windows[1+i].to > t })
	if i < len(windows)-1 && windows[1+i].holds(t) {
		return []int{0, 1 + i}
	}
	return []int{0}
}

// during are those of some rows in order of time that a window holds.
func during[T any](rows []T, w window, at func(T) int64) []T {
	rest := rows[sort.Search(len(rows), func(i int) bool { return at(rows[i]) >= w.from }):]
	return rest[:sort.Search(len(rest), func(i int) bool { return at(rest[i]) >= w.to })]
}

func (s *service) failuresIn(w window) []*failure {
	return during(s.failures, w, func(f *failure) int64 { return f.at })
}

func (s *service) incidentsIn(w window) []*Incident { return during(s.incidents, w, (*Incident).At) }

func (s *service) failedIn(w window) []*FailedChange {
	return during(s.failed, w, func(f *FailedChange) int64 { return f.FinishedAt })
}
