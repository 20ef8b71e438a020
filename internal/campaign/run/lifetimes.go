package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

var _ = register(campaign.Campaign{
	Name: "survival",
	About: "Lifetimes of mean 1, exponential or log-normal (sd 1.25), followed for a uniform time up to 2.5, so that about a third is censored. Kaplan–Meier's probability of outliving ½ with log(−log) Greenwood intervals (exact binomial where nothing happened), " +
		"the median and the 90th percentile with the times at which those intervals reach them. Where that leaves a bound open the product gives no figure; here an open bound refuses nothing. The 90th percentile is near the longest follow-up, where few are left: its estimate leans to what could be seen, and its interval covers least.",
	Seed: 7, N: 10_000, Short: 500,
	Cells: []campaign.Cell{
		survives("20 exponential", 20, exponentialLife, math.Exp(-0.5), math.Ln2, math.Log(10), 0.90),
		survives("60 exponential", 60, exponentialLife, math.Exp(-0.5), math.Ln2, math.Log(10), 0.90),
		survives("60 log-normal", 60, logNormalLife, normalAbove((math.Log(0.5)+logNormalShift)/logNormalSD), math.Exp(-logNormalShift), math.Exp(1.2815515655446004*logNormalSD-logNormalShift), 0.90),
	},
})

const (
	logNormalSD    = 1.25
	logNormalShift = logNormalSD * logNormalSD / 2
)

func exponentialLife(r *rand.Rand) float64 { return r.ExpFloat64() }

func logNormalLife(r *rand.Rand) float64 {
	return math.Exp(logNormalSD*r.NormFloat64() - logNormalShift)
}

func normalAbove(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

func survives(setting string, n int, life func(*rand.Rand) float64, alive, median, p90, least float64) campaign.Cell {
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{
			{Measure: "beyond ½", Of: campaign.Coverage, Least: 0.93, Most: 0.97},
			{Measure: "median", Of: campaign.Coverage, Least: 0.93, Most: 0.98},
			{Measure: "p90", Of: campaign.Coverage, Least: least, Most: 0.99},
		},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			lifetimes := make([]stats.Lifetime, n)
			for i := range lifetimes {
				x, seen := life(r), 2.5*r.Float64()
				lifetimes[i] = stats.Lifetime{Time: math.Min(x, seen), Event: x <= seen}
			}
			curve := stats.KaplanMeier(lifetimes)
			quantile := func(measure string, p, truth float64) []campaign.Outcome {
				value := curve.Quantile(p)
				if math.IsInf(value, 0) {
					value = math.NaN() // beyond what was followed
				}
				return campaign.Interval(measure, value, truth, none, curve.QuantileInterval(p, 0.95))
			}
			return slices.Concat(
				campaign.Interval("beyond ½", curve.At(0.5), alive, none, curve.Interval(0.5, 0.95)),
				quantile("median", 0.5, median), quantile("p90", 0.9, p90))
		},
	}
}

var _ = register(campaign.Campaign{
	Name: "mean-cumulative",
	About: "Modes whose rates differ by a gamma distribution (shape ½ or 2, mean 2), followed for a uniform time between ½ and 1½: counts are far from Poisson. The mean number of recurrences by ½, with log-normal bounds, the larger of Nelson's and the robust variance. " +
		"The variance of independent increments covers 0.75 here.",
	Seed: 8, N: 10_000, Short: 400,
	Cells: []campaign.Cell{cumulative(40, 0.5, 0.90), cumulative(40, 2, 0.92), cumulative(150, 0.5, 0.92), cumulative(12, 0.5, 0.80)},
})

func cumulative(modes int, shape, least float64) campaign.Cell {
	return campaign.Cell{
		Setting: fmt.Sprintf("%d modes, shape %g", modes, shape),
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: least, Most: 0.975}, {Of: campaign.Bias, Least: -0.05, Most: 0.05}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			histories := make([]stats.History, modes)
			for i := range histories {
				histories[i].End = 0.5 + r.Float64()
				for range poisson(r, gamma(r, shape, shape/2)*histories[i].End) {
					histories[i].Events = append(histories[i].Events, r.Float64()*histories[i].End)
				}
			}
			curve := stats.MCF(histories)
			return campaign.Interval("", curve.At(0.5), 1, none, curve.Interval(0.5, 0.95))
		},
	}
}
