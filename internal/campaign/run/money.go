package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	avoided    = "tuition.avoided"
	perWeek    = "tuition.delay.per_week"
	ratioSlope = headline + ".trend"
	repeats    = "learning_derivative.repeats"
	costSD     = 1.5
)

var _ = register(campaign.Campaign{
	Name: "organisations-whole",
	About: "What rests on rates of modes and on other things besides, through the computation that publishes: 150 modes, a third of them born within the record, fixed at random, of which one failure in five is told to have cost something (logs normal with sd 1.5, the typical cost 8,100, cap a million). " +
		"tuition.avoided is what would come in a year more without learning, at the true rates and the true mean of a cost; tuition.delay.per_week what the modes unfixed at the end cost in a week, an improvement being open for each. " +
		"learning_derivative.repeats runs on the clock of rates that are themselves estimated, and learning_per_failure.trend on expectations that are: nothing changes with time in either where a fix removes nothing, nor in the first where it removes half. The interval of the first takes its clock as known, and is therefore somewhat too narrow.",
	Seed: 20260110, N: 200, Short: 2,
	Cells: []campaign.Cell{
		whole("gamma, nothing removed", gammaRate, 0), whole("gamma, half removed", gammaRate, 0.5),
		whole("lognormal, half removed", lognormalRate, 0.5), whole("two-point, half removed", twoPointRate, 0.5),
	},
})

func whole(setting string, rate func(*rand.Rand) float64, removed float64) campaign.Cell {
	w := world{modes: 150, rate: rate, born: 0.3, fix: atRandom, removed: removes(removed), opens: true}
	settings := learning.DefaultSettings()
	settings.WatchScopes, settings.CostCap = nil, costCap
	covers := func(measure string, least float64) campaign.Target {
		return campaign.Target{Measure: measure, Of: campaign.Coverage, Least: least, Most: 0.995}
	}
	targets := []campaign.Target{covers(avoided, 0.93), covers(perWeek, 0.90), covers(repeats, 0.85)}
	if removed == 0 {
		targets = append(targets, covers(ratioSlope, 0.92), campaign.Target{Measure: avoided, Of: campaign.Shown, Most: 0.10})
	}
	return campaign.Cell{
		Setting: setting, Targets: targets, Long: removed > 0 && setting[0] != 'g',
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			in, truth := w.input(r)
			for i, incident := range in.Incidents {
				if r.IntN(5) > 0 {
					continue
				}
				cost := lognormalCost(costSD)(r)
				in.Costs = append(in.Costs, learning.Cost{
					ID: fmt.Sprint(i), Failure: incident.ID, FailureKind: "incident", Service: incident.Service, Team: incident.Team,
					FailureMode: incident.FailureMode, FailedAt: incident.StartedAt, RecordedAt: incident.StartedAt,
					Money: learning.Money{Currency: "EUR", Low: cost, Likely: cost, High: cost},
				})
			}
			mean := stats.LimitedLognormal(9, costSD, costCap)
			truths := map[string]float64{
				avoided: 365 * truth.rate * truth.headline * mean,
				perWeek: 7 * truth.open * mean,
				repeats: 0,
			}
			if removed == 0 {
				truths[ratioSlope] = 0
			}
			var out []campaign.Outcome
			for _, e := range learning.Compute(in, settings).Estimates {
				if true, asked := truths[e.Metric]; asked && e.Scope.Kind == "organisation" && e.Window == "all" {
					out = append(out, campaign.Estimate(e.Metric, e, true, 0)...)
				}
			}
			return out
		},
	}
}

var _ = register(campaign.Campaign{
	Name: "learning-per-failure-deploys",
	About: "Both clocks where deploys grow: the failures of 150 modes, gamma rates, a third born within the record, come with the deploys, of which there are so many times more at the end of three years; no fix removes anything. learning_per_failure counts on the clock of service-days and there shows less than no learning where they grow, and some where they get fewer (where they halve, one organisation in seven reads learning that is none): what it would be on the other clock is 0. " +
		"*Said to grow* is how often the placebo finds that modes come back more and more without a fix, and nothing is reported; *said of deploys* how often the reading says that deploys came oftener or more seldom, and what no learning would then read. The trend on both clocks, on which verdicts rest, is in trend-clocks and verdicts.",
	Seed: 20260111, N: 250, Short: 6,
	Cells: []campaign.Cell{growingModes(0.5), growingModes(1.5), growingModes(2), growingModes(4)},
})

func growingModes(times float64) campaign.Cell {
	const warned = "said of deploys"
	w := world{modes: 150, rate: gammaRate, born: 0.3, fix: atRandom, grows: times}
	targets := []campaign.Target{{Measure: warned, Of: campaign.Shown, Least: 0.9, Most: 1}}
	if times > 1 { // the error is to the side of too little learning
		targets[0].Least = 0
		targets = append(targets, campaign.Target{Measure: headline, Of: campaign.Bias, Least: -1, Most: 0.02}, campaign.Target{Measure: "said to learn", Of: campaign.Shown, Most: 0.025})
	}
	if times >= 2 {
		targets[0].Least = 0.9
	}
	return campaign.Cell{
		Setting: fmt.Sprintf("deploys grow %g-fold", times), Long: times == 2, Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			in, truth := w.input(r)
			estimates := learning.PerFailure(in, learning.DefaultSettings())
			var grow, learned, told bool
			for _, e := range estimates {
				if e.Scope.Kind == "organisation" && e.Window == "all" && e.Metric == headline {
					grow = e.State == learning.AssumptionFailed
					learned = e.State == learning.OK && e.Low > 0
					told = strings.Contains(e.Reading, "Deploys came")
				}
			}
			return slices.Concat(seen(estimates, truth, headline, placebo),
				campaign.Event("said to grow", grow), campaign.Event("said to learn", learned), campaign.Event(warned, told))
		},
	}
}
