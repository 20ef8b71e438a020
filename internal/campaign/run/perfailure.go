package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// removes takes the same share of every mode's rate away.
func removes(share float64) func(*rand.Rand) float64 {
	return func(*rand.Rand) float64 { return share }
}

// worksOrNot: a fix takes all of the rate away, or nothing, as often as not.
func worksOrNot(r *rand.Rand) float64 { return float64(r.IntN(2)) }

const (
	headline = "learning_per_failure"
	declared = headline + ".declared"
	coarser  = headline + ".coarser"
	placebo  = headline + ".placebo"
	anyMode  = headline + ".any_mode"
)

// seen are the outcomes of one organisation for some measures.
func seen(estimates []learning.Estimate, t truth, measures ...string) []campaign.Outcome {
	var out []campaign.Outcome
	for _, e := range estimates {
		if e.Scope.Kind != "organisation" || e.Window != "all" || !slices.Contains(measures, e.Metric) {
			continue
		}
		true := t.headline
		switch e.Metric {
		case declared:
			true = t.declared
		case placebo:
			true = 0
		case anyMode:
			true = none
		}
		null := 0.0
		if e.Metric == anyMode {
			null = none
		}
		out = append(out, campaign.Estimate(e.Metric, e, true, null)...)
	}
	return out
}

func (w world) replicate(measures ...string) func(*rand.Rand) []campaign.Outcome {
	return func(r *rand.Rand) []campaign.Outcome {
		in, truth := w.input(r)
		return seen(learning.PerFailure(in, learning.DefaultSettings()), truth, measures...)
	}
}

type named[T any] struct {
	name string
	is   T
}

var (
	rates = []named[func(*rand.Rand) float64]{{"gamma", gammaRate}, {"lognormal", lognormalRate}, {"two-point", twoPointRate}}
	fixes = []named[fixing]{{"at random", atRandom}, {"at the second recurrence", atSecondRecurrence}, {"at once", atOnce}}
)

// holds are the targets for an estimate that should neither lean nor lie.
func holds(measure string, removed float64) []campaign.Target {
	out := []campaign.Target{{Measure: measure, Of: campaign.Coverage, Least: 0.90, Most: 0.99}}
	if removed == 0 {
		out = append(out, campaign.Target{Measure: measure, Of: campaign.Shown, Most: 0.10})
	}
	return append(out, campaign.Target{Measure: measure, Of: campaign.Bias, Least: -0.12, Most: 0.12})
}

// power is how many organisations at least should show it when fixes remove half of the rate.
var power = map[int]float64{40: 0.25, 150: 0.60, 400: 0.94}

var _ = register(perFailureGrid())

func perFailureGrid() campaign.Campaign {
	c := campaign.Campaign{
		Name: "learning-per-failure",
		About: "Organisations of so many modes, of which those that fail within three years are seen. Rates differ between modes by a gamma distribution (shape ½, mean one in 250 days), a log-normal (median one in 500 days, sd 1.2) or two points (one in 40 days for a fifth of the modes, one in 900 for the rest). " +
			"Fixes come at random (on average 120 days after the first failure), within 14 days of the second recurrence, or within 14 days of the first failure, and remove a share of the rate. Modes are old, or half of them begin at some time within the record. The truth is what was really prevented of what was really due after the intervention, and after the declared fix. " +
			"With 40 modes a quarter to a half of the organisations get no figure, as their rates are known too roughly; those that do expected more than others, and their figure leans upward by about a tenth where nothing was learned. Power counts the refused as not shown. The aims (a quarter of the organisations with 40 modes, 60 % with 150, 94 % with 400) are figures for all three distributions together; here each has to reach them, after the declared fix, from when on half of the rate is gone (of what follows the intervention after 13 weeks less is). With 40 modes the three together do (0.31, 0.20 and 0.56), log-normal rates alone do not: a hundred recurrences are due after the fixes, and who knew every rate would be shown it in 98 % of organisations, but two recurrences of each mode before its fix leave the rates so open that a third get no figure.",
		Seed: 1, N: 250, Short: 6,
	}
	add := func(modes int, rate named[func(*rand.Rand) float64], fix named[fixing], born, removed float64) {
		w := world{modes: modes, rate: rate.is, born: born, fix: fix.is, removed: removes(removed)}
		targets := slices.Concat(holds(headline, removed), holds(declared, removed))
		switch {
		case fix.name == "at once": // nobody knows how often they would have come back
			targets = []campaign.Target{{Measure: headline, Of: campaign.Refusal, Least: 0.95, Most: 1}, {Measure: declared, Of: campaign.Refusal, Least: 0.95, Most: 1}}
		case removed == 0.5:
			targets = append(targets, campaign.Target{Measure: declared, Of: campaign.Shown, Least: power[modes], Most: 1})
		}
		replicates := 0
		if modes == 40 { // each is quick, and says little
			replicates = 1000
		}
		c.Cells = append(c.Cells, campaign.Cell{
			N:         replicates,
			Setting:   fmt.Sprintf("%d modes, %s, fixed %s, %.0f %% born, %.0f %% removed", modes, rate.name, fix.name, 100*born, 100*removed),
			Long:      len(c.Cells)%7 > 0,
			Targets:   targets,
			Replicate: w.replicate(headline, declared),
		})
	}
	for _, rate := range rates {
		for _, fix := range fixes {
			for _, born := range []float64{0, 0.5} {
				for _, removed := range []float64{0, 0.3, 0.5, 0.8} {
					if removed == 0 || removed == 0.5 || rate.name == "gamma" && fix.name != "at once" {
						add(150, rate, fix, born, removed)
					}
				}
			}
		}
	}
	for _, modes := range []int{40, 400} {
		for _, rate := range rates {
			for _, removed := range []float64{0, 0.5} {
				add(modes, rate, fixes[1], 0.3, removed)
			}
		}
	}
	return c
}
