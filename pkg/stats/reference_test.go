package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// What follows is of published worked examples and of no metric: it tries the
// distributions, fits and survival times that the metrics' estimators stand on.

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

// Jeffreys is the equal-tailed interval of the posterior Beta(k+½, n−k+½).
func Jeffreys(k, n int64, level float64) Interval {
	tail := (1 - level) / 2
	a, b := float64(k)+0.5, float64(n-k)+0.5
	return Interval{mathext.InvRegIncBeta(a, b, tail), mathext.InvRegIncBeta(a, b, 1-tail)}
}

// LogRank tests whether two groups share one survival curve (Mantel 1966):
// χ² with 1 degree of freedom, and its p. Without any event both are 0 and 1.
func LogRank(first, second []Lifetime) (chiSquared, p float64) {
	type labelled struct {
		Lifetime
		first bool
	}
	var all []labelled
	for _, l := range first {
		all = append(all, labelled{l, true})
	}
	for _, l := range second {
		all = append(all, labelled{l, false})
	}
	slices.SortStableFunc(all, func(a, b labelled) int { return cmp.Compare(a.Time, b.Time) })
	firstAtRisk := float64(len(first))
	var observed, expected, variance float64
	for i := 0; i < len(all); {
		atRisk, inFirst := float64(len(all)-i), firstAtRisk
		var events, firstEvents float64
		at := all[i].Time
		for ; i < len(all) && all[i].Time == at; i++ {
			if all[i].first {
				firstAtRisk--
			}
			if all[i].Event {
				events++
				if all[i].first {
					firstEvents++
				}
			}
		}
		observed += firstEvents
		expected += events * inFirst / atRisk
		if atRisk > 1 {
			variance += events * inFirst / atRisk * (1 - inFirst/atRisk) * (atRisk - events) / (atRisk - 1)
		}
	}
	if variance == 0 {
		return 0, 1
	}
	chiSquared = (observed - expected) * (observed - expected) / variance
	return chiSquared, distuv.ChiSquared{K: 1}.Survival(chiSquared)
}

// CrowGrouped fits counts in intervals that end at the given, rising times
// (MIL-HDBK-189, grouped data). Without events all is NaN.
func CrowGrouped(ends []float64, counts []int) PowerLaw {
	n := 0
	for _, c := range counts {
		n += c
	}
	if n == 0 {
		return PowerLaw{Beta: math.NaN(), Lambda: math.NaN(), End: math.NaN(), sumLogs: math.NaN()}
	}
	end := ends[len(ends)-1]
	score := func(beta float64) float64 {
		var sum, from float64
		for i, to := range ends {
			last, lastLog := math.Pow(to/end, beta), math.Log(to/end)
			var first, firstLog float64
			if from > 0 {
				first, firstLog = math.Pow(from/end, beta), math.Log(from/end)
			}
			sum += float64(counts[i]) * (last*lastLog - first*firstLog) / (last - first)
			from = to
		}
		return -sum // ln end drops out by the scaling; the score falls with β
	}
	beta := bisect(score, 1e-6, 50)
	return PowerLaw{N: n, End: end, Beta: beta, Lambda: float64(n) / math.Pow(end, beta), sumLogs: math.NaN()}
}

// BenjaminiYekutieli does so whatever the dependence (Ann. Stat. 2001).
func BenjaminiYekutieli(p []float64) []float64 {
	var harmonic float64
	for i := range p {
		harmonic += 1 / float64(i+1)
	}
	return stepUp(p, harmonic)
}

// GammaPoisson is a gamma distribution of rates, from which each count's own
// rate is drawn: small exposures are drawn toward its mean.
type GammaPoisson struct{ Shape, Rate float64 }

// FitGammaPoisson estimates it by maximum marginal likelihood (the counts are
// negative binomial) with a fixed number of Nelder–Mead iterations. Without
// exposure it is NaN.
func FitGammaPoisson(counts, exposures []float64) GammaPoisson {
	lgamma := func(x float64) float64 { v, _ := math.Lgamma(x); return v }
	loss := func(x []float64) float64 {
		a, b := math.Exp(x[0]), math.Exp(x[1])
		var sum float64
		for i, k := range counts {
			sum += lgamma(a+k) - lgamma(a) + a*math.Log(b/(b+exposures[i])) - k*math.Log(b+exposures[i])
		}
		return -sum
	}
	var events, total float64
	for i := range counts {
		events += counts[i]
		total += exposures[i]
	}
	if total <= 0 {
		return GammaPoisson{Shape: math.NaN(), Rate: math.NaN()}
	}
	start := []float64{0, math.Log(total / math.Max(events, 1))}
	settings := &optimize.Settings{MajorIterations: 500, Converger: optimize.NeverTerminate{}}
	result, err := optimize.Minimize(optimize.Problem{Func: loss}, start, settings, &optimize.NelderMead{})
	if err != nil || result == nil {
		return GammaPoisson{Shape: math.NaN(), Rate: math.NaN()}
	}
	return GammaPoisson{Shape: math.Exp(result.X[0]), Rate: math.Exp(result.X[1])}
}

// Posterior is the mean rate given a count in an exposure, and its equal-tailed interval.
func (g GammaPoisson) Posterior(count, exposure, level float64) (mean float64, interval Interval) {
	shape, rate := g.Shape+count, g.Rate+exposure
	tail := (1 - level) / 2
	return shape / rate, Interval{mathext.GammaIncRegInv(shape, tail) / rate, mathext.GammaIncRegInv(shape, 1-tail) / rate}
}

// LowerThan is the probability that this rate is lower than another, both being gamma distributed.
func (g GammaPoisson) LowerThan(other GammaPoisson) float64 {
	return mathext.RegIncBeta(g.Shape, other.Shape, g.Rate/(g.Rate+other.Rate))
}
