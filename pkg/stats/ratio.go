package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// RecurrencePower is the chance that RecurrenceRatio shows a ratio below 1
// (its upper bound is) when the true one is as given.
func RecurrencePower(ratio, expected, c, level float64) float64 {
	size := 1 / c
	atMost := func(k int, m float64) float64 { return mathext.RegIncBeta(size, float64(k)+1, size/(size+m)) }
	// The upper bound lies below 1 where so few are too few for a ratio of 1.
	// No count above what is expected is: the largest that is is sought below.
	shown, not := -1, int(math.Ceil(expected))+1
	for not-shown > 1 {
		k := shown + (not-shown)/2
		if atMost(k, expected) < (1-level)/2 {
			shown = k
		} else {
			not = k
		}
	}
	if shown < 0 {
		return 0
	}
	return atMost(shown, ratio*expected)
}

// Expected is a thing of which events were expected, with the squared
// coefficient of variation of that expectation.
type Expected struct {
	X        float64 // where it lies on the axis of the trend
	Observed float64
	Expected float64 // above 0
	Spread   float64
}

// RatioTrend is the trend of observed by expected events along X:
// observed has mean expected·exp(a + b·X).
type RatioTrend struct {
	B, SE float64
	df    float64
}

// FitRatioTrend solves the quasi-likelihood equations by Newton steps, 50 or
// until they no longer move it, each
// thing weighed by the inverse of its relative variance 1 + spread·mean, with
// the robust variance whose residuals are divided by 1 − leverage (HC3;
// Mancl & DeRouen, Biometrics 2001). It needs three things, two different X and an event.
func FitRatioTrend(things []Expected) RatioTrend {
	var observed, expected float64
	for _, t := range things {
		observed += t.Observed
		expected += t.Expected
	}
	a, b := math.Log(observed/expected), 0.0
	var h [3]float64 // information: aa, ab, bb
	var g [2]float64
	sums := func() {
		h, g = [3]float64{}, [2]float64{}
		for _, t := range things {
			mean := t.Expected * math.Exp(a+b*t.X)
			w := 1 / (1 + t.Spread*mean)
			g[0] += w * (t.Observed - mean)
			g[1] += w * (t.Observed - mean) * t.X
			h[0] += w * mean
			h[1] += w * mean * t.X
			h[2] += w * mean * t.X * t.X
		}
	}
	for range 50 {
		sums()
		d := h[0]*h[2] - h[1]*h[1]
		stepA, stepB := (h[2]*g[0]-h[1]*g[1])/d, (h[0]*g[1]-h[1]*g[0])/d
		short := math.Min(1, 2/math.Max(math.Abs(stepA), math.Abs(stepB)))
		a += short * stepA
		b += short * stepB
		if math.Abs(stepA)+math.Abs(stepB) < 1e-12 {
			break
		}
	}
	sums()
	d := h[0]*h[2] - h[1]*h[1]
	var variance float64
	for _, t := range things {
		mean := t.Expected * math.Exp(a+b*t.X)
		w := 1 / (1 + t.Spread*mean)
		leverage := w * mean * (h[2] - 2*h[1]*t.X + h[0]*t.X*t.X) / d
		residual := w * (t.Observed - mean) / math.Max(1-leverage, 0.05)
		influence := (h[0]*t.X - h[1]) / d * residual
		variance += influence * influence
	}
	return RatioTrend{B: b, SE: math.Sqrt(variance), df: float64(len(things) - 2)}
}

// Unsure is the trend with a variance added to that of B.
func (r RatioTrend) Unsure(variance float64) RatioTrend {
	r.SE = math.Sqrt(r.SE*r.SE + variance)
	return r
}

// Interval for B by Student's t.
func (r RatioTrend) Interval(level float64) Interval {
	width := r.SE * distuv.StudentsT{Sigma: 1, Nu: r.df}.Quantile((1+level)/2)
	return Interval{r.B - width, r.B + width}
}
