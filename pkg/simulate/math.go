package simulate

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// probability is P(duration ≤ x); it is 0 for x ≤ 0.
func (l lognormal) probability(x float64) float64 {
	if x <= 0 {
		return 0
	}
	return distuv.UnitNormal.CDF(math.Log(x/l.median) / l.spread)
}

// quantile inverts a distribution function by bisection on the logarithm of x, to 12 digits.
// It is NaN when the distribution never reaches p.
func quantile(p float64, cdf func(float64) float64) float64 {
	low, high := 1e-9, 1e9
	if cdf(high) < p {
		return math.NaN()
	}
	for range 50 {
		if middle := math.Sqrt(low * high); cdf(middle) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return math.Sqrt(low * high)
}

// seconds turns a distribution of minutes into one of seconds.
func (l lognormal) seconds() lognormal { return lognormal{l.median * 60, l.spread} }

// grid is n equally likely values: the quantiles in the middle of n equal parts.
func (l lognormal) grid(n int) []float64 { return mixture{{1, l}}.grid(n) }

// mixture is a distribution made of parts whose shares sum to 1.
type mixture []struct {
	share float64
	lognormal
}

func (m mixture) probability(x float64) (p float64) {
	for _, part := range m {
		p += part.share * part.lognormal.probability(x)
	}
	return p
}

func (m mixture) grid(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = quantile((float64(i)+0.5)/float64(n), m.probability)
	}
	return out
}

// after is P(first + then ≤ x) for a first that takes each of its values equally likely.
func after(first []float64, then lognormal) func(float64) float64 {
	return func(x float64) (p float64) {
		for _, v := range first {
			p += then.probability(x - v)
		}
		return p / float64(len(first))
	}
}

// logLinearTrend is what the conditional likelihood of λ = exp(a + b·t) estimates
// when failures come at `rate` and t is cumulative `exposure`, both given for each
// day: the b at which the model's mean event clock equals that of the failures.
// It is the planted trend itself when the rate is log-linear on that clock.
func logLinearTrend(rate, exposure []float64) float64 {
	clock := make([]float64, len(exposure))
	var at, events, moment float64
	for i, e := range exposure {
		clock[i] = at + e/2
		at += e
		events += rate[i]
		moment += rate[i] * clock[i]
	}
	target := moment / events
	mean := func(b float64) float64 {
		var weight, sum float64
		for i, e := range exposure {
			w := e * math.Exp(b*(clock[i]-at/2))
			weight += w
			sum += w * clock[i]
		}
		return sum / weight
	}
	low, high := -50/at, 50/at
	for range 200 {
		if middle := (low + high) / 2; mean(middle) < target {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}
