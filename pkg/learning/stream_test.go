package learning_test

import (
	"slices"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// streamed is a sink that keeps a run as it is told.
type streamed struct {
	strict
	begun     learning.Run
	estimates []learning.Estimate
	points    []learning.WatchPoint
}

func (s *streamed) Begin(run learning.Run)           { s.begun = run }
func (s *streamed) Estimate(e learning.Estimate)     { s.estimates = append(s.estimates, e) }
func (s *streamed) WatchPoint(p learning.WatchPoint) { s.points = append(s.points, p) }

// What is told as it is found is what Compute holds.
func TestStreamedIsTheSame(t *testing.T) {
	in := random(5, 6, 400, 800)
	whole := learning.Compute(in, inEuros())
	s := &streamed{strict: strict{parts: map[learning.Part]string{}, bases: map[string]string{}}}
	run := learning.Stream(in, inEuros(), s)
	if run.ID != whole.ID || s.begun.ID != whole.ID || len(run.Estimates) > 0 {
		t.Errorf("run %s began as %s and has %d estimates, want %s with none", run.ID, s.begun.ID, len(run.Estimates), whole.ID)
	}
	told := map[learning.Scope]map[string]learning.Estimate{}
	for _, e := range s.estimates {
		if told[e.Scope] == nil {
			told[e.Scope] = map[string]learning.Estimate{}
		}
		told[e.Scope][e.Metric+"|"+e.Window] = e
	}
	if len(s.estimates) != len(whole.Estimates) {
		t.Errorf("%d estimates were told, want %d", len(s.estimates), len(whole.Estimates))
	}
	for _, e := range whole.Estimates {
		if got := told[e.Scope][e.Metric+"|"+e.Window]; !same(got, e) {
			t.Fatalf("told\n%+v, want\n%+v", got, e)
		}
	}
	if len(s.points) != len(whole.Watch) {
		t.Errorf("%d points of the watch were told, want %d", len(s.points), len(whole.Watch))
	}
	if !slices.EqualFunc(run.Alarms(), whole.Alarms(), func(a, b learning.WatchPoint) bool { return a.Scope == b.Scope && a.Clock == b.Clock && a.At == b.At }) {
		t.Error("other alarms")
	}
}
