package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// thresholds of the severities 1 to 4 on the logistic scale.
var thresholds = []float64{-1.5, 0, 1.5}

// worse draws a level whose odds of being higher grow by the factor e^b for each unit of x.
func worse(r *rand.Rand, x, b float64) int {
	u := r.Float64()
	latent := b*x + math.Log(u/(1-u))
	level := 1
	for _, t := range thresholds {
		if latent > t {
			level++
		}
	}
	return level
}

var _ = register(campaign.Campaign{
	Name: "severity",
	About: "Failures at uniform times of a unit, of four severities whose odds of being worse change by e^β over it. β by proportional odds, below 40 failures with Firth's penalty; Kendall's τ-b with a jackknifed standard error on Fisher's scale, against τ-b of the distribution they come from. " +
		"Refused where fewer than two levels have three failures each, or where the levels do not overlap.",
	Seed: 13, N: 2000, Short: 120,
	Cells: []campaign.Cell{severity(12, 0, 0.92), severity(12, 2, 0.92), severity(24, 0, 0.93), severity(24, 2, 0.93), severity(60, 0, 0.93), severity(60, 2, 0.93), severity(200, -1, 0.93)},
})

func severity(n int, b, least float64) campaign.Cell {
	const fewestForOdds = 20
	tau := tauB(b)
	targets := []campaign.Target{
		{Measure: "τ-b", Of: campaign.Coverage, Least: least, Most: 0.98},
		{Measure: "τ-b", Of: campaign.Bias, Least: -0.03, Most: 0.03},
	}
	if n >= fewestForOdds {
		targets = append(targets, campaign.Target{Measure: "β", Of: campaign.Coverage, Least: least, Most: 0.98})
	}
	return campaign.Cell{
		Setting: fmt.Sprintf("%d failures, β = %g", n, b), Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			x, levels := make([]float64, n), make([]int, n)
			counts := map[int]int{}
			for i := range x {
				x[i] = r.Float64()
				levels[i] = worse(r, x[i], b)
				counts[levels[i]]++
			}
			told := 0
			for _, c := range counts {
				if c >= 3 {
					told++
				}
			}
			if told < 2 {
				return append(campaign.Refused("τ-b"), campaign.Refused("β")...)
			}
			c := stats.Kendall(x, levels)
			rank := campaign.Interval("τ-b", c.TauB, tau, 0, c.Interval(0.95))
			if n < fewestForOdds {
				return rank
			}
			fit := stats.FitProportionalOdds
			if n < 40 {
				fit = stats.FirthProportionalOdds
			}
			odds := fit(x, consecutive(levels))
			if math.IsNaN(odds.Beta) {
				return append(rank, campaign.Refused("β")...)
			}
			return append(rank, campaign.Interval("β", odds.Beta, b, 0, odds.Interval(0.95))...)
		},
	}
}

// consecutive numbers levels from 1 without gaps.
func consecutive(levels []int) []int {
	present := slices.Clone(levels)
	slices.Sort(present)
	present = slices.Compact(present)
	out := make([]int, len(levels))
	for i, l := range levels {
		out[i] = 1 + slices.Index(present, l)
	}
	return out
}

// tauB is τ-b of uniform times and their levels, on a fine grid of times:
// P(concordant) − P(discordant) over √P(levels differ), as no two times are equal.
func tauB(b float64) float64 {
	if b == 0 {
		return 0
	}
	const points = 400
	levels := len(thresholds) + 1
	chances := make([][]float64, points)
	for i := range chances {
		x := (float64(i) + 0.5) / points
		below := 0.0
		for _, t := range thresholds {
			at := 1 / (1 + math.Exp(-(t - b*x)))
			chances[i] = append(chances[i], at-below)
			below = at
		}
		chances[i] = append(chances[i], 1-below)
	}
	var score, differ float64
	for i := range points {
		for j := range i {
			for k := range levels {
				for l := range levels {
					p := chances[i][k] * chances[j][l]
					switch {
					case k > l:
						score += p
						differ += p
					case k < l:
						score -= p
						differ += p
					}
				}
			}
		}
	}
	pairs := float64(points*(points-1)) / 2
	return score / pairs / math.Sqrt(differ/pairs)
}
