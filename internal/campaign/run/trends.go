package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// logLinear draws n times on [0, 1] with density ∝ e^(ct).
func logLinear(r *rand.Rand, n int, c float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = r.Float64()
		if c != 0 {
			out[i] = math.Log1p(out[i]*math.Expm1(c)) / c
		}
	}
	slices.Sort(out)
	return out
}

// speaks: the test of a trend that allows for bursts.
func speaks(fit stats.LogLinear, times []float64) []campaign.Outcome {
	return campaign.Event("test at 5 %", fit.Test(times).P < 0.05)
}

var _ = register(campaign.Campaign{
	Name: "trend",
	About: "Failures of a rate exp(a + b·t) over a record of length 1: b by conditional likelihood (Cox–Lewis), profile-likelihood interval; the test is LR/φ̂ against F. " +
		"With a season of a year in a record of three, or with bursts (every failure brings two more on average), the interval is too narrow, as it takes failures for Poisson; the test, which a verdict needs, keeps to its level.",
	Seed: 9, N: 10_000, Short: 500,
	Cells: slices.Concat(
		[]campaign.Cell{coxLewis(3, 0), coxLewis(5, 0), coxLewis(10, -1.5), coxLewis(30, 0), coxLewis(30, -1.5), coxLewis(30, 1)},
		[]campaign.Cell{
			uneventful("season of ±50 %, three years, 30", false, 0.90, func(r *rand.Rand) []float64 {
				return thinned(r, 30, func(t float64) float64 { return (1 + 0.5*math.Sin(2*math.Pi*(3*t+r.Float64()))) / 1.5 })
			}),
			uneventful("season of ±50 % of one phase, three years, 60", false, 0.85, seasonal(60)),
			uneventful("bursts of three, 30", true, 0, bursts(30)),
			uneventful("bursts of three, 100", true, 0, bursts(100)),
		},
	),
})

func coxLewis(n int, c float64) campaign.Cell {
	targets := []campaign.Target{{Measure: "b", Of: campaign.Coverage, Least: 0.925, Most: 0.965}}
	if c == 0 {
		targets = append(targets, campaign.Target{Measure: "b", Of: campaign.Shown, Most: 0.075}, campaign.Target{Measure: "test at 5 %", Of: campaign.Shown, Most: 0.06})
	}
	return campaign.Cell{
		Setting: fmt.Sprintf("%d failures, b = %g", n, c), Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			times := logLinear(r, n, c)
			fit := stats.CoxLewis(times, 1)
			return append(campaign.Interval("b", fit.B, c, 0, fit.Interval(0.95)), speaks(fit, times)...)
		},
	}
}

// uneventful records have no trend, but are no Poisson process of one rate.
func uneventful(setting string, bursty bool, least float64, draw func(*rand.Rand) []float64) campaign.Cell {
	targets := []campaign.Target{{Measure: "test at 5 %", Of: campaign.Shown, Most: 0.07}}
	if !bursty {
		targets = append(targets, campaign.Target{Measure: "b", Of: campaign.Coverage, Least: least, Most: 0.97})
	}
	return campaign.Cell{
		Setting: setting, Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			times := draw(r)
			fit := stats.CoxLewis(times, 1)
			return append(campaign.Interval("b", fit.B, 0, 0, fit.Interval(0.95)), speaks(fit, times)...)
		},
	}
}

// thinned draws about n times on [0, 1], each kept with the chance of its moment; three at least.
func thinned(r *rand.Rand, n int, keep func(float64) float64) []float64 {
	var out []float64
	for want := max(3, poisson(r, float64(n))); len(out) < want; {
		if t := r.Float64(); r.Float64() < keep(t) {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// seasonal failures have three whole seasons of one phase each record.
func seasonal(n int) func(*rand.Rand) []float64 {
	return func(r *rand.Rand) []float64 {
		phase := 2 * math.Pi * r.Float64()
		return thinned(r, n, func(t float64) float64 { return (1 + 0.5*math.Sin(6*math.Pi*t+phase)) / 1.5 })
	}
}

func bursts(n int) func(*rand.Rand) []float64 {
	return func(r *rand.Rand) []float64 {
		var out []float64
		for len(out) < n {
			at := r.Float64()
			for range 1 + poisson(r, 2) {
				out = append(out, at)
			}
		}
		slices.Sort(out)
		return out
	}
}

var _ = register(campaign.Campaign{
	Name: "trend-clocks",
	About: "60 failures on average over a record in which deploys double, grow fourfold, or stay as many (400 in all). Failures either come with the deploys, a constant rate on the clock of deploys and a rising one on that of days, or with the days, constant on that clock. " +
		"Each clock alone shows a trend that the other does not know; both agreeing, as a verdict needs, is rare without one (*shown* of \"both clocks\").",
	Seed: 10, N: 10_000, Short: 400,
	Cells: []campaign.Cell{
		clocks(1, true), clocks(2, true), clocks(4, true), clocks(2, false), clocks(4, false),
	},
})

func clocks(growth float64, withDeploys bool) campaign.Cell {
	c := math.Log(growth)
	cause := map[bool]string{true: "failures of deploys", false: "failures of days"}[withDeploys]
	targets := []campaign.Target{{Measure: "both clocks", Of: campaign.Shown, Most: 0.05}}
	if withDeploys {
		targets = append(targets, campaign.Target{Measure: "per deploy", Of: campaign.Coverage, Least: 0.925, Most: 0.965}, campaign.Target{Measure: "per day", Of: campaign.Coverage, Least: 0.925, Most: 0.965})
	} else {
		targets = append(targets, campaign.Target{Measure: "per day", Of: campaign.Coverage, Least: 0.925, Most: 0.965})
	}
	return campaign.Cell{
		Setting: fmt.Sprintf("%s, deploys ×%g", cause, growth), Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			deploys := logLinear(r, 400, c)
			n := max(3, poisson(r, 60))
			days := logLinear(r, n, 0)
			dayTrend, deployTrend := 0.0, none
			if withDeploys {
				for i := range days {
					days[i] = deploys[r.IntN(len(deploys))]
				}
				slices.Sort(days)
				dayTrend, deployTrend = c, 0
			}
			counted := make([]float64, n)
			for i, t := range days {
				at, _ := slices.BinarySearch(deploys, t)
				counted[i] = float64(at) + 0.5
			}
			byDay, byDeploy := stats.CoxLewis(days, 1), stats.CoxLewis(counted, float64(len(deploys)))
			day, deploy := byDay.Interval(0.95), byDeploy.Interval(0.95)
			return slices.Concat(
				campaign.Interval("per day", byDay.B, dayTrend, 0, day),
				campaign.Interval("per deploy", byDeploy.B*float64(len(deploys)), deployTrend, 0,
					stats.Interval{Low: deploy.Low * float64(len(deploys)), High: deploy.High * float64(len(deploys))}),
				campaign.Event("both clocks", day.Low > 0 && deploy.Low > 0 || day.High < 0 && deploy.High < 0))
		},
	}
}

var _ = register(campaign.Campaign{
	Name: "growth",
	About: "Failures of rate λβt^(β−1) since the start of service: β of Crow–AMSAA with its exact χ² interval, one system or three of different age and rate with one β; and what it means for each doubling of the failures (Wright), 2^(1−1/β). " +
		"The estimate is the unbiased one; the interval is exact given the number of failures.",
	Seed: 11, N: 20_000, Short: 800,
	Cells: []campaign.Cell{
		growth("one system, β = 0.7, 12 failures on average", 0.7, 12), growth("one system, β = 1, 5 failures on average", 1, 5), growth("three systems, β = 0.7, 16 failures on average", 0.7, 2, 9, 5),
		growth("three systems, β = 1.4, 40 failures on average", 1.4, 10, 20, 10),
	},
})

func growth(setting string, beta float64, means ...float64) campaign.Cell {
	exact := func(measure string) campaign.Target {
		return campaign.Target{Measure: measure, Of: campaign.Coverage, Least: 0.945, Most: 0.955}
	}
	return campaign.Cell{
		Setting: setting, Targets: []campaign.Target{exact("β"), exact("per doubling"), {Measure: "β", Of: campaign.Bias, Least: -0.02, Most: 0.02}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			var n int
			var sum float64
			for _, mean := range means {
				for range poisson(r, mean) {
					n++
					sum -= math.Log(r.Float64()) / beta // ln(end/t) of a power law
				}
			}
			if n < 3 { // the product asks for so many
				return append(campaign.Refused("β"), campaign.Refused("per doubling")...)
			}
			fit := stats.PooledPowerLaw(n, sum)
			i := fit.Interval(0.95)
			return append(campaign.Interval("β", fit.Unbiased(), beta, 1, i),
				campaign.Interval("per doubling", stats.PerDoubling(fit.Unbiased()), stats.PerDoubling(beta), 1,
					stats.Interval{Low: stats.PerDoubling(i.Low), High: stats.PerDoubling(i.High)})...)
		},
	}
}

var _ = register(campaign.Campaign{
	Name: "ratio-trend",
	About: "The trend of observed by expected recurrences over eight quarters of first failures, of which what was to be expected is known but for a gamma spread of shape 2: quasi-likelihood with the HC3 robust variance, " +
		"without what learning_per_failure.trend adds for the rates being estimated.",
	Seed: 15, N: 10_000, Short: 400,
	Cells: []campaign.Cell{ratioTrend(40, 0), ratioTrend(40, -0.2), ratioTrend(12, 0), ratioTrend(150, 0.1)},
})

func ratioTrend(modes int, b float64) campaign.Cell {
	return campaign.Cell{
		Setting: fmt.Sprintf("%d modes, b = %g", modes, b),
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.92, Most: 0.98}, {Of: campaign.Bias, Least: -0.03, Most: 0.03}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			things := make([]stats.Expected, modes)
			for i := range things {
				x := 8 * r.Float64()
				mean := 0.2 + 3*r.Float64()
				things[i] = stats.Expected{X: x, Expected: mean, Spread: 0.5, Observed: float64(poisson(r, mean*gamma(r, 2, 2)*math.Exp(b*x)))}
			}
			fit := stats.FitRatioTrend(things)
			return campaign.Interval("", fit.B, b, 0, fit.Interval(0.95))
		},
	}
}
