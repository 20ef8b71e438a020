package reviewtest

import (
	"cmp"
	"time"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
)

// Explain explains an estimate of a fixture, with two earlier computations: as of
// a quarter before, and as of the same moment with another figure.
func Explain(f review.Facts, ask explain.Ask) (explain.Explanation, error) {
	facts := explain.Facts{Snapshot: f.Snapshot, Settings: learning.DefaultSettings(), Input: &f.Input, Titles: f.Titles}
	m, _ := learning.Lookup(ask.Metric)
	for _, e := range learning.Compute(f.Input, facts.Settings).Evidence {
		if e.Metric == cmp.Or(m.Evidence, m.Name) && e.Scope == ask.Scope && e.Window == ask.Window {
			facts.Evidence = append(facts.Evidence, e)
		}
	}
	for _, e := range f.Snapshot.Estimates {
		if e.Metric == ask.Metric && e.Scope == ask.Scope && e.Window == ask.Window && e.State == learning.OK {
			before := e
			before.Value, before.N, before.Reading = e.Low, e.N-2, "Before two late reports came in."
			earlier := e
			earlier.AsOf -= 92 * 86_400_000
			facts.Past = append(
				facts.Past,
				explain.PastOf(before, time.UnixMilli(e.AsOf).Add(-2*time.Hour), true),
				explain.PastOf(earlier, time.UnixMilli(e.AsOf), false),
			)
		}
	}
	return explain.Of(facts, ask)
}
