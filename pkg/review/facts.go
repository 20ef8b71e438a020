// Package review turns one snapshot into pages that people who decide can
// read: HTML without scripts, with charts that show how sure a number is.
// It is deliberately narrow: it computes no estimate, it lays out those that
// the snapshot holds, in their own sentences.
package review

import (
	"cmp"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Facts is all that one quarter's page is made from.
type Facts struct {
	Quarter    string // "2026-Q3"
	Snapshot   learning.Snapshot
	Input      learning.Input         // the folded rows that the snapshot was computed from
	Titles     map[string]string      // by entity; an entity without one is shown by its id
	Candidates map[string][]Candidate // by incident, in order of rank
	Rejections map[string]int64       // records that were refused, by code
	Version    string                 // of the program

	// MergeWindow is the one that the snapshot was computed with. 0: the default.
	MergeWindow time.Duration
}

// Candidate is a change that may have to do with an incident: a row of the
// view `incident_change`.
type Candidate struct {
	ChangeID   string
	Service    string
	Version    string
	FinishedAt int64  // milliseconds
	Link       string // stated, corroborated, inferred
	LagSeconds int64  // from the change to the incident
	Weight     float64
}

// continued are the incidents that the measures count with an earlier one.
func (f *Facts) continued() map[string]bool {
	return learning.Continuations(f.Input, cmp.Or(f.MergeWindow, learning.DefaultSettings().MergeWindow))
}

func (f *Facts) title(id string) string {
	if t := f.Titles[id]; t != "" {
		return t
	}
	return id
}

// endOf is the last moment of a quarter that was observed.
func (f *Facts) endOf(q Quarter) int64 { return min(q.End().UnixMilli(), f.Snapshot.AsOf) }
