package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// none marks that there is no null to leave out.
var none = math.NaN()

func gamma(r *rand.Rand, shape, rate float64) float64 {
	return distuv.Gamma{Alpha: shape, Beta: rate, Src: r}.Rand()
}

func poisson(r *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
}

var _ = register(campaign.Campaign{
	Name:  "shares",
	About: "Shares of failed changes over services of very different size (log-normal, sd 1) whose own shares are beta distributed about the truth. Wilson on n/deff with a jackknife over services. The last rows are of things that are in no service: Wilson alone.",
	Seed:  20260101, N: 20_000, Short: 500,
	Cells: []campaign.Cell{
		clustered("40 services, mean 10 %, beta(2, 18)", 40, 2, 18, 0.92, 0.98),
		clustered("200 services, mean 10 %, beta(2, 18)", 200, 2, 18, 0.92, 0.98),
		clustered("12 services, mean 10 %, beta(2, 18)", 12, 2, 18, 0.92, 0.99),
		clustered("40 services, all 10 %", 40, 2e6, 18e6, 0.93, 0.985),
		unclustered(20, 0.1), unclustered(20, 0.5), unclustered(100, 0.1),
	},
})

func clustered(setting string, services int, a, b, least, most float64) campaign.Cell {
	truth := a / (a + b)
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: least, Most: most}, {Of: campaign.Bias, Least: -0.005, Most: 0.005}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			shares := make([]stats.Share, services)
			for i := range shares {
				x, y := gamma(r, a, 1), gamma(r, b, 1)
				shares[i].Of = 1 + int64(math.Exp(2.5+r.NormFloat64()))
				for range shares[i].Of {
					if r.Float64() < x/(x+y) {
						shares[i].Events++
					}
				}
			}
			pooled := stats.ClusterWilson(shares)
			return campaign.Interval("", pooled.Value, truth, none, pooled.Interval(0.95))
		},
	}
}

func unclustered(n int64, truth float64) campaign.Cell {
	return campaign.Cell{
		Setting: fmt.Sprintf("%d, share %.0f %%", n, 100*truth),
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.93, Most: 0.98}, {Of: campaign.Bias, Least: -0.005, Most: 0.005}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			var k int64
			for range n {
				if r.Float64() < truth {
					k++
				}
			}
			return campaign.Interval("", float64(k)/float64(n), truth, none, stats.Wilson(k, n, 0.95))
		},
	}
}
