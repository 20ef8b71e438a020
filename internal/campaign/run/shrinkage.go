package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/stats"
)

var _ = register(campaign.Campaign{
	Name: "shrunk",
	About: "Figures of small scopes drawn toward the others of their kind (containment.uncontained.shrunk and the like): rates gamma distributed with so many failures in the mean, shares beta distributed, exposures and sizes log-normal (sd 1), or all of them alike. " +
		"Coverage is of a scope taken at random. *Squared error* is that of all scopes, by that of their plain figures: below 1 being drawn pays.",
	Seed: 20260107, N: 4000, Short: 40,
	Cells: []campaign.Cell{
		shrunkRates("30 rates, mean 2, shape 1", 30, 2, 1), shrunkRates("30 rates, mean 2, all alike", 30, 2, 1e6),
		shrunkRates("6 rates, mean 2, shape 1", 6, 2, 1), shrunkRates("150 rates, mean ½, shape ½", 150, 0.5, 0.5),
		shrunkRates("30 rates, mean 20, shape 1", 30, 20, 1),
		shrunkShares("30 shares of 12, beta(2, 18)", 30, 2, 18), shrunkShares("30 shares of 12, all 10 %", 30, 2e6, 18e6),
		shrunkShares("8 shares of 12, beta(1, 4)", 8, 1, 4),
	},
})

func shrunkRates(setting string, scopes int, mean, shape float64) campaign.Cell {
	return shrunk(setting, scopes, stats.ShrinkRates, func(r *rand.Rand) (float64, stats.Counted) {
		rate, of := gamma(r, shape, shape), mean*math.Exp(r.NormFloat64()-0.5)
		return rate, stats.Counted{Events: float64(poisson(r, rate*of)), Of: of}
	})
}

func shrunkShares(setting string, scopes int, a, b float64) campaign.Cell {
	return shrunk(setting, scopes, stats.ShrinkShares, func(r *rand.Rand) (float64, stats.Counted) {
		x, y := gamma(r, a, 1), gamma(r, b, 1)
		c := stats.Counted{Of: 1 + math.Floor(math.Exp(2+r.NormFloat64()))}
		for range int(c.Of) {
			if r.Float64() < x/(x+y) {
				c.Events++
			}
		}
		return x / (x + y), c
	})
}

func shrunk(setting string, scopes int, shrink func([]stats.Counted) []stats.Shrunk, draw func(*rand.Rand) (truth float64, c stats.Counted)) campaign.Cell {
	const one, squares = "one scope", "squared error"
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{
			{Measure: one, Of: campaign.Coverage, Least: 0.93, Most: 1},
			{Measure: squares, Of: campaign.Mean, Least: 0, Most: 1},
		},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			truths, counted := make([]float64, scopes), make([]stats.Counted, scopes)
			for i := range counted {
				truths[i], counted[i] = draw(r)
			}
			drawn := shrink(counted)
			if drawn == nil { // no event at all
				return append(campaign.Refused(one), campaign.Refused(squares)...)
			}
			var plain, own float64
			for i, s := range drawn {
				plain += math.Pow(counted[i].Events/counted[i].Of-truths[i], 2)
				own += math.Pow(s.Value-truths[i], 2)
			}
			i := r.IntN(scopes)
			return append(campaign.Interval(one, drawn[i].Value, truths[i], none, drawn[i].Interval(0.95)),
				campaign.Interval(squares, own/plain, none, none, stats.Interval{Low: none, High: none})...)
		},
	}
}

var _ = register(campaign.Campaign{
	Name: "mode-rates",
	About: "The rate of single failure modes (containment.uncontained of the scopes failure_mode), through the computation that publishes: 20 services of a mode each, three years, rates that differ by a gamma distribution. " +
		"A mode gets a figure from ten failures on, so that those with one are the frequent ones and, where few reach it, those that had bad luck: what that does to the coverage of Garwood's interval is what is asked.",
	Seed: 20260108, N: 300, Short: 4,
	Cells: []campaign.Cell{modeRates(20, 0.5), modeRates(20, 2), modeRates(8, 2)},
})

func modeRates(mean, shape float64) campaign.Cell {
	const services, years = 20, 3
	settings := learning.DefaultSettings()
	settings.MergeWindow, settings.WatchScopes = time.Minute, nil
	return campaign.Cell{
		Setting: fmt.Sprintf("%g failures in the mean, shape %g", mean, shape),
		Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.93, Most: 0.99}},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			in := learning.Input{AsOf: start + years*365*millisADay, Start: start}
			truths := map[string]float64{}
			for i := range services {
				service, mode := fmt.Sprintf("service%02d", i), letters(i)
				in.Services = append(in.Services, learning.Service{Name: service, Team: "one", InCatalog: true, AliveFrom: start, AliveTo: in.AsOf})
				expected := mean * gamma(r, shape, shape)
				truths[mode] = 1000 * expected / (services * years * 365)
				for k := range poisson(r, expected) {
					at := start + 1 + int64(r.Float64()*years*365*millisADay)
					in.Incidents = append(in.Incidents, learning.Incident{
						ID: fmt.Sprintf("%d/%d", i, k), Service: service, Team: "one", FailureMode: mode, Containment: "uncontained",
						StartedAt: at, DetectedAt: at, ResolvedAt: at, StatedDetectSeconds: -1, StatedResolveSeconds: -1,
					})
				}
			}
			slices.SortFunc(in.Incidents, func(a, b learning.Incident) int { return int(a.StartedAt - b.StartedAt) })
			var out []campaign.Outcome
			for _, e := range learning.Compute(in, settings).Estimates {
				if e.Scope.Kind == "failure_mode" && e.Metric == "containment.uncontained" && e.Window == "all" {
					out = append(out, campaign.Estimate("", e, truths[e.Scope.Name], none)...)
				}
			}
			return out
		},
	}
}
