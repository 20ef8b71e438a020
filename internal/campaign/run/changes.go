package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

var _ = register(campaign.Campaign{
	Name: "excess",
	About: "Incidents and deploys both keep busy hours: in a third of the hours each a change lies in the window before with a chance of 0.1, 0.4 and 0.7, whether or not there is an incident; changes cause a share of the incidents. " +
		"Case-crossover against the same hours one to four weeks earlier; percentile bootstrap. The naive share of incidents after a change would be 0.4 with no effect.",
	Seed: 12, N: 2000, Short: 150,
	Cells: []campaign.Cell{excess(80, 0), excess(80, 0.3), excess(300, 0.1), excess(30, 0)},
})

func excess(incidents int, effect float64) campaign.Cell {
	truth := attributable(effect)
	targets := []campaign.Target{{Of: campaign.Coverage, Least: 0.93, Most: 0.99}, {Of: campaign.Bias, Least: -0.02, Most: 0.02}}
	if effect == 0 {
		targets = append(targets, campaign.Target{Of: campaign.Shown, Most: 0.07})
	}
	return campaign.Cell{
		Setting: fmt.Sprintf("%d incidents, %.0f %% caused", incidents, 100*effect), Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			crossings := make([]stats.Crossing, incidents)
			for i := range crossings {
				m := []float64{0.1, 0.4, 0.7}[r.IntN(3)]
				reference := 0.0
				for range 4 {
					if r.Float64() < m {
						reference += 0.25
					}
				}
				crossings[i] = stats.Crossing{Exposed: r.Float64() < effect || r.Float64() < m, Reference: reference}
			}
			fit := stats.CaseCrossover(crossings)
			return campaign.Interval("", fit.Share, truth, 0, fit.Bootstrap(r.Uint64(), 0.95)[0])
		},
	}
}

// attributable is x̄(1 − D/N) in expectation for the three kinds of hour above.
func attributable(effect float64) float64 {
	var exposed, n, d float64
	for _, m := range []float64{0.1, 0.4, 0.7} {
		x := effect + (1-effect)*m
		exposed += x / 3
		n += x * (1 - m)
		d += (1 - x) * m
	}
	return exposed * (1 - d/n)
}
