package stats_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Where no band comes down to the quantile, the lower bound is the last time before
// the first at which too few were followed: looked for one after the other.
func TestLowerBoundWithoutEvents(t *testing.T) {
	searched := 0
	rapid.Check(t, func(t *rapid.T) {
		var lifetimes []stats.Lifetime
		longest := 0.0
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			l := stats.Lifetime{Time: float64(rapid.IntRange(1, 40).Draw(t, "time")), Event: rapid.IntRange(0, 30).Draw(t, "event") == 0}
			lifetimes = append(lifetimes, l)
			longest = max(longest, l.Time)
		}
		curve := stats.KaplanMeier(lifetimes)
		p, level := rapid.SampledFrom([]float64{0.5, 0.9}).Draw(t, "p"), rapid.SampledFrom([]float64{0.5, 0.95}).Draw(t, "level")
		for _, step := range curve.Steps {
			if curve.Interval(step.Time, level).Low <= 1-p {
				return // a band comes down
			}
		}
		searched++
		want := 0.0
		for at := 1.0; at <= longest; at++ {
			if curve.Interval(at, level).Low <= 1-p {
				break
			}
			for _, l := range lifetimes {
				if l.Time == at {
					want = at
				}
			}
		}
		if got := curve.QuantileInterval(p, level).Low; got != math.Min(want, curve.Quantile(p)) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
	if searched == 0 {
		t.Error("no curve was without a band that comes down")
	}
}
