package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Wait is the time until more events have come, of a Poisson process of which
// seen came in a time observed: its median, and an interval that holds it with
// the given chance, both in the unit of observed. With the rate's posterior under
// Jeffreys' prior, Gamma(seen + ½, observed), the time is observed·more/(seen + ½)
// times an F of 2·more and 2·seen + 1 degrees of freedom (after Nelson, IEEE
// Trans. Reliability 1970, who predicts counts in this way). It is infinite
// where nothing was observed.
func Wait(more, seen int64, observed, level float64) (median float64, interval Interval) {
	switch {
	case more <= 0:
		return 0, Interval{}
	case observed <= 0:
		return math.Inf(1), Interval{Low: 0, High: math.Inf(1)}
	}
	f := distuv.F{D1: 2 * float64(more), D2: 2*float64(seen) + 1}
	at := func(p float64) float64 {
		return observed * float64(more) / (float64(seen) + 0.5) * f.Quantile(p)
	}
	return at(0.5), Interval{at((1 - level) / 2), at((1 + level) / 2)}
}
