package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

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

var _ = register(campaign.Campaign{
	Name: "durations-detectable",
	About: "durations….detectable: log-normal durations (sd 1.25) of a period, all finished, or followed for a uniform time so that about a third is not. " +
		"The typical time then falls by just the share that was stated, and Welch's t test of log-normal times compares. *Two more periods* are both new; of *this and the next* " +
		"the first is the one that stated it, whose spread then counts twice, so that power is higher. *Spread* is the deviation of the logs and its interval, which is the interval of the metric. A period with fewer than six finished gets no figure and is drawn anew; the smallest that get one, nine with some unfinished, keep the promise only nearly.",
	Seed: 20260106, N: 20_000, Short: 100,
	Cells: []campaign.Cell{
		detects(6, 0), detects(10, 0), detects(20, 0), detects(40, 0), detects(100, 0),
		detects(9, 1.0/3), detects(15, 1.0/3), detects(30, 1.0/3), detects(60, 1.0/3), detects(150, 1.0/3),
	},
})

func detects(n int, unfinished float64) campaign.Cell {
	const sd, two, next = 1.25, "two more periods", "this and the next"
	setting := fmt.Sprintf("%d, all finished", n)
	if unfinished > 0 {
		setting = fmt.Sprintf("%d, about %.0f finished", n, float64(n)*(1-unfinished))
	}
	period := func(r *rand.Rand, typical float64) stats.LogNormal {
		for {
			out, finished := make([]stats.Lifetime, n), 0
			for i := range out {
				x, seen := typical*logNormalLife(r), math.Inf(1)
				if unfinished > 0 {
					seen = 2.5 * r.Float64()
				}
				out[i] = stats.Lifetime{Time: math.Min(x, seen), Event: x <= seen}
				if out[i].Event {
					finished++
				}
			}
			if finished >= 6 {
				return stats.FitLogNormal(out)
			}
		}
	}
	least := 0.78
	if unfinished > 0 && n < 10 {
		least = 0.75
	}
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{
			{Measure: two, Of: campaign.Shown, Least: least, Most: 0.85},
			{Measure: next, Of: campaign.Shown, Least: 0.78, Most: 0.9},
			{Measure: "spread", Of: campaign.Coverage, Least: 0.93, Most: 0.96},
		},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			fit := period(r, 1)
			left := 1 - fit.Detectable(0.95, 0.8)
			later := period(r, left)
			return slices.Concat(
				campaign.Event(two, welch(period(r, 1), later)),
				campaign.Event(next, welch(fit, later)),
				campaign.Interval("spread", fit.SD, sd, none, stats.DeviationInterval(fit.SD, fit.Freedom, 0.95)))
		},
	}
}

// welch is whether Welch's t test tells the means of two periods apart.
func welch(a, b stats.LogNormal) bool {
	u, v := a.SD*a.SD/a.Effective, b.SD*b.SD/b.Effective
	freedom := (u + v) * (u + v) / (u*u/a.Freedom + v*v/b.Freedom)
	return math.Abs(a.Mean-b.Mean) > distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(0.975)*math.Sqrt(u+v)
}
