package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

var _ = register(campaign.Campaign{
	Name: "improvement-effectiveness",
	About: "One mode of a known rate is fixed after so many recurrences, within 14 days of the last, and followed for as long as given, looked at every moment: *shown* is how often the fix was ever called proven (evidence of 20 to 1). " +
		"Where the fix removes nothing that is a false proof, and should be in at most one of twenty; where it removes nine tenths or all it is power.",
	Seed: 14, N: 20_000, Short: 1500,
	Cells: []campaign.Cell{
		proof(2, 0, 2000, 0, 0.05), proof(3, 0, 2000, 0, 0.05), proof(5, 0, 5000, 0, 0.05), proof(10, 0, 10_000, 0, 0.05),
		proof(3, 0.9, 2000, 0.2, 1), proof(5, 1, 2000, 0.9, 1), proof(10, 1, 2000, 0.95, 1),
	},
})

// proof of a fix that comes after n recurrences of a mode that fails once in a hundred days.
func proof(n int, removed, days, least, most float64) campaign.Cell {
	const rate, wanted = 1.0 / 100, 20
	factors := []float64{0.05, 0.1, 0.25, 0.5}
	return campaign.Cell{
		Setting: fmt.Sprintf("%d recurrences, %.0f %% removed, followed for %.0f days", n, 100*removed, days),
		Targets: []campaign.Target{{Of: campaign.Shown, Least: least, Most: most}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			var before float64
			recurrences := 0.0
			for range n {
				before += r.ExpFloat64() / rate
				recurrences++
			}
			wait := declaresIn * r.Float64()
			for at := r.ExpFloat64() / rate; at < wait; at += r.ExpFloat64() / rate {
				recurrences++
			}
			before += wait
			after, at := 0.0, 0.0
			for at < days {
				next := days
				if removed < 1 {
					next = min(days, at+r.ExpFloat64()/(rate*(1-removed)))
				}
				// Evidence only grows while it is quiet, so its peaks lie just before the failures.
				if stats.RateChange(recurrences, before, after, next, factors, 1) >= wanted {
					return campaign.Event("", true)
				}
				at = next
				after++
			}
			return campaign.Event("", false)
		},
	}
}
