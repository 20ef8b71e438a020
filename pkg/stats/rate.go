package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Garwood is the exact interval for the mean of a Poisson count
// (Garwood, Biometrika 1936): divide by the exposure for a rate.
func Garwood(count int64, level float64) Interval {
	tail := (1 - level) / 2
	k := float64(count)
	out := Interval{High: chiSquaredQuantile(1-tail, 2*k+2) / 2}
	if count > 0 {
		out.Low = chiSquaredQuantile(tail, 2*k) / 2
	}
	return out
}

// PoissonRatio compares two Poisson rates by the exact conditional test
// (Przyborowski & Wilenski, Biometrika 1940): given the sum, the first count
// is binomial.
type PoissonRatio struct {
	Ratio         float64  // first rate by second rate; +Inf when only the second count is 0
	Interval      Interval // Clopper–Pearson, carried over to the ratio
	Less, Greater float64  // one-sided p: the first rate is lower, higher
	Central, MidP float64  // two-sided p: twice the smaller tail; the same with half the mass of the outcome seen
	MinimumLikely float64  // two-sided p: outcomes no likelier than the one seen
}

// ComparePoisson tests first/exposure1 against second/exposure2.
// Without one of the exposures nothing can be said.
func ComparePoisson(first int64, exposure1 float64, second int64, exposure2 float64, level float64) PoissonRatio {
	n := first + second
	p := exposure1 / (exposure1 + exposure2)
	var out PoissonRatio
	switch {
	case second > 0:
		out.Ratio = float64(first) / exposure1 / (float64(second) / exposure2)
	case first > 0:
		out.Ratio = math.Inf(1)
	default:
		out.Ratio = math.NaN()
	}
	if exposure1 <= 0 || exposure2 <= 0 {
		return PoissonRatio{math.NaN(), Interval{0, math.Inf(1)}, 1, 1, 1, 1, 1}
	}
	share := ClopperPearson(first, n, level)
	odds := func(q float64) float64 { return q / (1 - q) * exposure2 / exposure1 }
	out.Interval = Interval{odds(share.Low), odds(share.High)}
	if n == 0 {
		out.Interval = Interval{0, math.Inf(1)}
		out.Less, out.Greater, out.Central, out.MidP, out.MinimumLikely = 1, 1, 1, 1, 1
		return out
	}
	binomial := distuv.Binomial{N: float64(n), P: p}
	seen := binomial.Prob(float64(first))
	for k := int64(0); k <= n; k++ {
		mass := binomial.Prob(float64(k))
		if k <= first {
			out.Less += mass
		}
		if k >= first {
			out.Greater += mass
		}
		if mass <= seen*(1+1e-7) {
			out.MinimumLikely += mass
		}
	}
	smaller := math.Min(out.Less, out.Greater)
	out.Less, out.Greater = math.Min(out.Less, 1), math.Min(out.Greater, 1)
	out.Central = math.Min(1, 2*smaller)
	out.MidP = math.Min(1, 2*(smaller-seen/2))
	out.MinimumLikely = math.Min(out.MinimumLikely, 1)
	return out
}

// ETest compares two Poisson rates without conditioning on the sum
// (Krishnamoorthy & Thomson, JSPI 2004): the statistic, and the two-sided p of
// one as large under the pooled rate.
func ETest(first int64, exposure1 float64, second int64, exposure2 float64) (statistic, p float64) {
	score := func(k1, k2 float64) float64 {
		variance := k1/(exposure1*exposure1) + k2/(exposure2*exposure2)
		if variance == 0 {
			return 0
		}
		return (k1/exposure1 - k2/exposure2) / math.Sqrt(variance)
	}
	statistic = score(float64(first), float64(second))
	pooled := float64(first+second) / (exposure1 + exposure2)
	if pooled == 0 {
		return 0, 1
	}
	one, two := distuv.Poisson{Lambda: pooled * exposure1}, distuv.Poisson{Lambda: pooled * exposure2}
	// Beyond twelve deviations above the mean nothing is left to count.
	reach := func(d distuv.Poisson) int { return int(d.Lambda + 12*math.Sqrt(d.Lambda) + 20) }
	masses := make([]float64, reach(two)+1)
	for k2 := range masses {
		masses[k2] = two.Prob(float64(k2))
	}
	for k1 := range reach(one) + 1 {
		mass := one.Prob(float64(k1))
		for k2, other := range masses {
			if math.Abs(score(float64(k1), float64(k2))) >= math.Abs(statistic) {
				p += mass * other
			}
		}
	}
	return statistic, math.Min(p, 1)
}
