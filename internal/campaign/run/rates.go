package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

var _ = register(campaign.Campaign{
	Name:  "rates",
	About: "Poisson counts of known mean in one unit of exposure; Garwood's interval, exact and therefore conservative by construction: the smaller the mean, the more.",
	Seed:  20260101, N: 20_000, Short: 1000,
	Cells: []campaign.Cell{garwood(0.5), garwood(4), garwood(20), garwood(200)},
})

func garwood(truth float64) campaign.Cell {
	return campaign.Cell{
		Setting: fmt.Sprintf("mean %g", truth),
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.95, Most: 1}, {Of: campaign.Bias, Least: -0.01 * (1 + truth), Most: 0.01 * (1 + truth)}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			k := int64(poisson(r, truth))
			return campaign.Interval("", float64(k), truth, none, stats.Garwood(k, 0.95))
		},
	}
}

var _ = register(campaign.Campaign{
	Name: "new-kind",
	About: "The chance that the next failure is of a mode never seen: 200 modes of which so many failures are drawn, with equal chances, with chances falling as 1/rank, or gamma distributed (shape ½). " +
		"The truth is what the modes not yet drawn weigh. Good–Turing with Esty's variance.",
	Seed: 6, N: 10_000, Short: 400,
	Cells: []campaign.Cell{
		newKind("equal, 30 failures", 30, func(int, *rand.Rand) float64 { return 1 }),
		newKind("equal, 300 failures", 300, func(int, *rand.Rand) float64 { return 1 }),
		newKind("1/rank, 30 failures", 30, func(i int, _ *rand.Rand) float64 { return 1 / float64(i+1) }),
		newKind("1/rank, 300 failures", 300, func(i int, _ *rand.Rand) float64 { return 1 / float64(i+1) }),
		newKind("gamma, 12 failures", 12, func(_ int, r *rand.Rand) float64 { return gamma(r, 0.5, 1) }),
		newKind("gamma, 100 failures", 100, func(_ int, r *rand.Rand) float64 { return gamma(r, 0.5, 1) }),
	},
})

func newKind(setting string, n int, weight func(int, *rand.Rand) float64) campaign.Cell {
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.935, Most: 0.995}, {Of: campaign.Bias, Least: -0.02, Most: 0.02}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			const modes = 200
			weights := make([]float64, modes)
			total := 0.0
			for i := range weights {
				weights[i] = weight(i, r)
				total += weights[i]
			}
			counts := make([]int, modes)
			for range n {
				x := total * r.Float64()
				i := 0
				for ; i < modes-1 && x >= weights[i]; i++ {
					x -= weights[i]
				}
				counts[i]++
			}
			var once, twice int
			unseen := 0.0
			for i, c := range counts {
				switch c {
				case 0:
					unseen += weights[i]
				case 1:
					once++
				case 2:
					twice++
				}
			}
			chance, interval := stats.NewKind(n, once, twice, 0.95)
			return campaign.Interval("", chance, unseen/total, none, interval)
		},
	}
}
