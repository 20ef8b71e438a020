package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/optimize"
)

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
