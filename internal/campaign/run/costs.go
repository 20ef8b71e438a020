package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// costCap is what one failure counts as at most.
const costCap = 1e6

// costs are distributions of them, the typical one e⁹ (8,100), with the mean of
// min(C, cap): in closed form, or by integration.
var costs = []struct {
	name  string
	draw  func(*rand.Rand) float64
	mean  float64
	least map[int]float64 // coverage by the number of costs
}{
	{"lognormal, sd 1", lognormalCost(1), stats.LimitedLognormal(9, 1, costCap), map[int]float64{5: 0.94, 20: 0.93, 100: 0.93}},
	{"lognormal, sd 1.5", lognormalCost(1.5), stats.LimitedLognormal(9, 1.5, costCap), map[int]float64{5: 0.95, 20: 0.94, 100: 0.93}},
	{"lognormal, sd 2.5", lognormalCost(2.5), stats.LimitedLognormal(9, 2.5, costCap), map[int]float64{5: 0.9, 20: 0.92, 100: 0.92}},
	{"logs Student's t with 4 degrees of freedom, scale 1.2", studentCost, studentMean(), map[int]float64{5: 0.94, 20: 0.85, 100: 0.86}},
	{"a fifth Pareto with index 1.2, which has no variance", paretoCost, paretoMean(), map[int]float64{5: 0.94, 20: 0.92, 100: 0.87}},
}

func lognormalCost(sd float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return math.Exp(9 + sd*r.NormFloat64()) }
}

func studentCost(r *rand.Rand) float64 {
	return math.Exp(9 + 1.2*r.NormFloat64()/math.Sqrt(distuv.ChiSquared{K: 4, Src: r}.Rand()/4))
}

// studentMean is ∫ e^y·P(ln C > y) dy up to ln cap, by the trapezoidal rule.
func studentMean() float64 {
	logs := distuv.StudentsT{Mu: 9, Sigma: 1.2, Nu: 4}
	const steps, deep = 100_000, 40.0
	top := math.Log(costCap)
	var sum float64
	for i := range steps + 1 {
		y := top - deep*float64(i)/steps
		f := math.Exp(y) * logs.Survival(y)
		if i == 0 || i == steps {
			f /= 2
		}
		sum += f
	}
	return sum * deep / steps
}

const (
	paretoIndex = 1.2
	paretoFrom  = 9.8416 // log of its least value
)

func paretoCost(r *rand.Rand) float64 {
	if r.Float64() < 0.2 {
		return math.Exp(paretoFrom) * math.Pow(1-r.Float64(), -1/paretoIndex)
	}
	return math.Exp(9 + r.NormFloat64())
}

// E min(X, c) of a Pareto from m on is m·(1 + (1 − (m/c)^(a−1))/(a−1)).
func paretoMean() float64 {
	rest := -math.Expm1((paretoFrom-math.Log(costCap))*(paretoIndex-1)) / (paretoIndex - 1)
	return 0.8*stats.LimitedLognormal(9, 1, costCap) + 0.2*math.Exp(paretoFrom)*(1+rest)
}

var _ = register(campaign.Campaign{
	Name:  "costs",
	About: "The mean of min(C, cap) of costs, from 5, 20 and 100 of them, where their logs are normal and where they are not; the typical one is 8,100 and the cap a million. tuition.typical_cost: normal–inverse-χ² (prior 4 degrees of freedom, deviation 1.5), from 50 costs on half and half with the plain mean of the capped costs. Where the logs are normal it covers as it says; heavier tails are seen too late by any method, and what it then covers is stated here. The figure itself is too high where costs are few: what is not known of their spread counts as cost.",
	Seed:  20260103, N: 500, Short: 40,
	Cells: costCells(),
})

func costCells() []campaign.Cell {
	var out []campaign.Cell
	for _, c := range costs {
		for _, n := range []int{5, 20, 100} {
			out = append(out, campaign.Cell{
				Setting: fmt.Sprintf("%s; %d costs", c.name, n),
				Targets: []campaign.Target{{Of: campaign.Coverage, Least: c.least[n], Most: 0.99}},
				Replicate: func(r *rand.Rand) []campaign.Outcome {
					amounts := make([]float64, n)
					for i := range amounts {
						amounts[i] = c.draw(r)
					}
					fit := stats.FitLogCosts(amounts)
					return campaign.Interval("", fit.Limited(costCap), c.mean, none, fit.LimitedDraws(costCap).Interval(0.95))
				},
			})
		}
	}
	return out
}

var _ = register(campaign.Campaign{
	Name:  "forecasts",
	About: "Probabilities stated in pre-mortems, of risks that happen a third of the time (beta(1.5, 3) distributed): stated as they are, and with log odds twice too large. premortem.brier by Student's t on the squared errors, premortem.skill by a jackknife of its logarithm.",
	Seed:  20260104, N: 20_000, Short: 400,
	Cells: []campaign.Cell{
		foretold("30 risks, as they are", 30, 1), foretold("100 risks, as they are", 100, 1),
		foretold("30 risks, too sure", 30, 2), foretold("100 risks, too sure", 100, 2),
	},
})

func foretold(setting string, n int, sure float64) campaign.Cell {
	state := func(p float64) float64 { return 1 / (1 + math.Exp(-sure*math.Log(p/(1-p)))) }
	var brier float64
	const steps = 100_000
	for i := range steps { // by midpoints
		p := (float64(i) + 0.5) / steps
		q := state(p)
		brier += distuv.Beta{Alpha: 1.5, Beta: 3}.Prob(p) * (p*(1-q)*(1-q) + (1-p)*q*q) / steps
	}
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{
			{Of: campaign.Coverage, Measure: "score", Least: 0.92, Most: 0.97},
			{Of: campaign.Coverage, Measure: "skill", Least: 0.93, Most: 0.98},
		},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			p, happened := make([]float64, n), make([]bool, n)
			for i := range p {
				truth := distuv.Beta{Alpha: 1.5, Beta: 3, Src: r}.Rand()
				p[i], happened[i] = state(truth), r.Float64() < truth
			}
			fit := stats.ScoreForecasts(p, happened)
			return append(campaign.Interval("score", fit.Brier, brier, none, fit.Interval(0.95)),
				campaign.Interval("skill", fit.Skill, 1-brier/(2.0/9), none, fit.SkillInterval(0.95))...)
		},
	}
}

var _ = register(campaign.Campaign{
	Name:  "concentration",
	About: "How unevenly shares of users are reached (blast_radius.gini: Davidson's standard error, Student's t on the log odds), and the index of a Pareto tail from the 20 largest of 60 (blast_radius.tail, cut off at all users; blast_radius.cost.tail, unbounded).",
	Seed:  20260105, N: 20_000, Short: 400,
	Cells: []campaign.Cell{
		unequal("uniform, 20 failures", 20, 1.0/3, (*rand.Rand).Float64),
		unequal("uniform, 100 failures", 100, 1.0/3, (*rand.Rand).Float64),
		// Of a few or of all: ∫F(1−F)/mean by cases, both few, one of all, both of all.
		unequal("a fifth reach all, the others up to a tenth, 20 failures", 20, (0.16*0.95+0.64*0.1/6)/0.24, fewOrAll),
		unequal("a fifth reach all, the others up to a tenth, 100 failures", 100, (0.16*0.95+0.64*0.1/6)/0.24, fewOrAll),
		tailed("index 0.6, unbounded", 0.6, 0), tailed("index 1.5, unbounded", 1.5, 0),
		tailed("index 0.6, cut off at 1", 0.6, 1), tailed("index 1.5, cut off at 1", 1.5, 1),
	},
})

func fewOrAll(r *rand.Rand) float64 {
	if r.Float64() < 0.2 {
		return 1
	}
	return 0.1 * r.Float64()
}

func unequal(setting string, n int, truth float64, draw func(*rand.Rand) float64) campaign.Cell {
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.92, Most: 0.985}, {Of: campaign.Bias, Least: -0.02, Most: 0.02}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			amounts := make([]float64, n)
			for i := range amounts {
				amounts[i] = draw(r)
			}
			fit := stats.FitInequality(amounts)
			return campaign.Interval("", fit.Value, truth, none, fit.Interval(0.95))
		},
	}
}

func tailed(setting string, index, bound float64) campaign.Cell {
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.93, Most: 0.97}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			amounts := make([]float64, 60)
			for i := range amounts {
				u := r.Float64()
				if bound > 0 { // from 1/1000 to 1
					amounts[i] = 0.001 * math.Pow(1-u*(1-math.Pow(0.001, index)), -1/index)
				} else {
					amounts[i] = math.Pow(1-u, -1/index)
				}
			}
			fit := stats.ParetoTail(amounts, 20, bound)
			return campaign.Interval("", fit.Index, index, none, fit.Interval(0.95))
		},
	}
}
