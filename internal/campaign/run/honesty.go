package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// Fixes that work on some modes and not on others, and the whole of Compute.
var _ = register(campaign.Campaign{
	Name: "learning-per-failure-uneven",
	About: "As learning-per-failure, 150 modes, a third of which begin within the record, but a fix removes all of a mode's rate or nothing, as often as not; " +
		"the truth is again what was really prevented of what was really due. The last row goes through the whole computation, not that of learning per failure alone.",
	Seed: 2, N: 250, Short: 6,
	Cells: []campaign.Cell{
		uneven("gamma, fixed at random", world{modes: 150, rate: gammaRate, born: 0.3, fix: atRandom, removed: worksOrNot}, false),
		uneven("lognormal, fixed at random", world{modes: 150, rate: lognormalRate, born: 0.3, fix: atRandom, removed: worksOrNot}, true),
		uneven("two-point, fixed at random", world{modes: 150, rate: twoPointRate, born: 0.3, fix: atRandom, removed: worksOrNot}, true),
		uneven("gamma, fixed at the second recurrence", world{modes: 150, rate: gammaRate, born: 0.3, fix: atSecondRecurrence, removed: worksOrNot}, true),
		uneven("two-point, fixed at the second recurrence", world{modes: 150, rate: twoPointRate, born: 0.3, fix: atSecondRecurrence, removed: worksOrNot}, true),
		{
			Setting: "gamma, fixed at random, through Compute", N: 100, Long: true,
			Targets: slices.Concat(holds(headline, 0.5), holds(declared, 0.5)),
			Replicate: func(r *rand.Rand) []campaign.Outcome {
				in, truth := world{modes: 150, rate: gammaRate, born: 0.3, fix: atRandom, removed: worksOrNot}.input(r)
				return seen(learning.Compute(in, learning.DefaultSettings()).Estimates, truth, headline, declared)
			},
		},
	},
})

func uneven(setting string, w world, long bool) campaign.Cell {
	return campaign.Cell{
		Setting: setting, Long: long,
		Targets:   slices.Concat(holds(headline, 0.5), holds(declared, 0.5)),
		Replicate: w.replicate(headline, declared),
	}
}

// Modes that fade of themselves.
var _ = register(campaign.Campaign{
	Name: "learning-per-failure-placebo",
	About: "The placebo: modes unfixed 26 weeks after their first failure, until their fix. Where rates stay as they are its interval holds zero; where every mode loses a share of its rate a quarter of itself it says so, and learning per failure is not reported (*shown* of \"said to fade\"). " +
		"150 modes, a third of which begin within the record; of those that fade 100, all born within it.",
	Seed: 3, N: 250, Short: 6,
	Cells: []campaign.Cell{
		fading("rates stay, fixed at random", world{modes: 150, rate: gammaRate, born: 0.3, fix: atRandom}, 0, 0.06),
		fading("rates stay, fixed at the second recurrence", world{modes: 150, rate: gammaRate, born: 0.3, fix: atSecondRecurrence}, 0, 0.06),
		fading("rates stay, never fixed", world{modes: 150, rate: lognormalRate, born: 0.3, fix: never}, 0, 0.06),
		fading("one in 25 days, losing 30 % a quarter, never fixed", world{modes: 100, rate: constant(1.0 / 25), born: 1, fix: never, fades: 0.7}, 0.9, 1),
		fading("one in 100 days, losing 30 % a quarter, never fixed", world{modes: 100, rate: constant(1.0 / 100), born: 1, fix: never, fades: 0.7}, 0.5, 1),
		fading("one in 50 days, losing 15 % a quarter, fixed at random", world{modes: 100, rate: constant(1.0 / 50), born: 1, fix: atRandom, fades: 0.85}, 0.02, 0.98),
	},
})

func constant(rate float64) func(*rand.Rand) float64 {
	return func(*rand.Rand) float64 { return rate }
}

func fading(setting string, w world, least, most float64) campaign.Cell {
	const said = "said to fade"
	targets := []campaign.Target{{Measure: said, Of: campaign.Shown, Least: least, Most: most}}
	if w.fades == 0 {
		targets = append(targets, holds(placebo, 0)...)
	}
	return campaign.Cell{
		Setting: setting, Long: least > 0.5 && most < 1, Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			in, truth := w.input(r)
			estimates := learning.PerFailure(in, learning.DefaultSettings())
			fades := slices.ContainsFunc(estimates, func(e learning.Estimate) bool {
				return e.Metric == headline && e.State == learning.AssumptionFailed && strings.Contains(e.Reading, "modes fade without a fix")
			})
			measures := []string{placebo}
			if w.fades > 0 {
				measures = nil // what they lose of themselves is no figure that is known here
			}
			return append(seen(estimates, truth, measures...), campaign.Event(said, fades)...)
		},
	}
}

// Ways of telling that should not pay.
var _ = register(campaign.Campaign{
	Name: "learning-per-failure-told",
	About: "What an organisation can gain by how it tells of its modes: 150 modes, gamma rates, a third of them born within the record, fixed at random, and no fix removes anything. " +
		"Declared late is 200 days after the fix. Back-dated fixes are declared on the last day, as of the last failure: heard live they count from the last day; in imported history nobody can tell (the headline then shows learning where there is none, and says beside it how many fixes are taken as stated). " +
		"Renamed is every failure after a fix, by a suffix: the headline takes that for learning, the modes grouped coarser do not, and the failures of any mode stay what they are.",
	Seed: 4, N: 250, Short: 6,
	Cells: []campaign.Cell{
		told("as it was", nil, false, holds(headline, 0)),
		told("declared late", func(t *telling) { t.stated += 200; t.witnessed += 200 }, true, holds(headline, 0)),
		told("never declared", func(t *telling) { t.stated, t.witnessed = math.Inf(1), math.Inf(1) }, true, holds(headline, 0)),
		told("back-dated, heard live", func(t *telling) { t.backDate(); t.witnessed = record - 1 }, false, holds(headline, 0)),
		told("back-dated, imported", func(t *telling) { t.backDate(); t.witnessed, t.imported = t.stated, true }, true,
			[]campaign.Target{{Measure: "says that fixes are as stated", Of: campaign.Shown, Least: 1, Most: 1}}),
		told("renamed", (*telling).rename, false, holds(coarser, 0)),
	},
})

func (t *telling) backDate() { t.stated = t.counted[len(t.counted)-1] + together }

func (t *telling) rename() {
	for k, at := range t.incidents {
		if at >= t.fixed {
			t.names[k] += "-new"
		}
	}
}

func told(setting string, tell func(*telling), long bool, targets []campaign.Target) campaign.Cell {
	w := world{modes: 150, rate: gammaRate, born: 0.3, fix: atRandom, tell: tell}
	return campaign.Cell{
		Setting: setting, Long: long, Targets: targets,
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			in, truth := w.input(r)
			estimates := learning.PerFailure(in, learning.DefaultSettings())
			says := slices.ContainsFunc(estimates, func(e learning.Estimate) bool {
				return e.Metric == headline && strings.Contains(e.Reading, "fixes are taken as stated")
			})
			return append(seen(estimates, truth, headline, declared, coarser, anyMode), campaign.Event("says that fixes are as stated", says)...)
		},
	}
}
