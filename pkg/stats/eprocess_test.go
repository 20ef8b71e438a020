package stats_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// A look that is left out could not have reached the bar, wherever its events and
// its exposure lie and whatever candidates come before it; and the bound is no
// empty one: nothing is left out only where a single event could reach the bar.
func TestFewestUntil(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, low, high float64) float64 { return rapid.Float64Range(low, high).Draw(t, name) }
		p := stats.EProcess{Factors: stats.Rises, Dispersion: draw("dispersion", 1, 4), Planned: stats.Candidates}
		n, at := float64(rapid.IntRange(0, 30).Draw(t, "before")), draw("baseline", 0.1, 10)
		for range rapid.IntRange(1, 6).Draw(t, "candidates") {
			p.Candidate(n, at)
			n += float64(rapid.IntRange(0, 9).Draw(t, "between"))
			at += draw("passing", 0, 1)
		}
		seen := p.LogEvidence(n, at)
		bar := seen + draw("missing", 0, 20)
		fewest := p.FewestUntil(bar - seen)
		if fewest < 1 && bar-seen > 1.7/p.Dispersion { // log 5 = 1.609
			t.Fatalf("%v events needed for a growth of %v", fewest, bar-seen)
		}
		for later := 1.0; later < fewest; later++ {
			at += draw("waiting", 0, 0.1)
			if rapid.Bool().Draw(t, "candidate") {
				p.Candidate(n+later, at)
			}
			if evidence := p.LogEvidence(n+later, at); evidence >= bar {
				t.Fatalf("%v after %v of %v events that were said to be needed, the bar is %v", evidence, later, fewest, bar)
			}
		}
	})
}
