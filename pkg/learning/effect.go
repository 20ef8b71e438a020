package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// proof is the evidence that a fix needs, and factors what it may have left of the rate.
const proof = 20

var factors = []float64{0.05, 0.1, 0.25, 0.5}

// effect is what became of a mode after its first declared fix.
type effect string

const (
	proven     effect = "proven"
	notYet     effect = "not_yet"
	failed     effect = "failed"
	untestable effect = "untestable"
)

// effectOf compares a mode's rate after its fix with that before. The first
// failure is where the exposure before begins, so it is none of the events in
// it. missing is the exposure in days that it still has to stay away; 0 unless
// the effect is not yet known.
func effectOf(h *modeHistory, end int64) (out effect, missing float64) {
	var before, after float64
	for _, f := range h.failures[1:] {
		if f.at < h.fix.at {
			before++
		} else {
			after++
		}
	}
	const moment = 1e-3 // days: exposures are never nothing
	exposed, since := max(moment, h.exposed(h.failures[0].at, h.fix.at)), max(moment, h.exposed(h.fix.at, end))
	e := stats.RateChange(before, exposed, after, since, factors, 1)
	switch {
	case e >= proof:
		return proven, 0
	case after > 0 && e < 1:
		return failed, 0
	case before < 2:
		return untestable, 0
	default:
		return notYet, stats.QuietExposure(before, exposed, after, factors, proof) - since
	}
}

// effects counts fixes by what became of their modes.
func (c *computation) effects(g *group) {
	for _, w := range c.windows(g, "improvement_effectiveness") {
		counts := map[effect]int64{}
		var n int64
		unwitnessed := 0
		soonest := math.Inf(1)
		for _, s := range g.services {
			for _, h := range s.modes {
				if h.fix == nil || !w.holds(h.fix.at) || s.name == Unknown || h.fix.at >= s.to {
					continue
				}
				n++
				if h.fix.improvement.Imported {
					unwitnessed++
				}
				what, missing := effectOf(h, s.to)
				counts[what]++
				if what == notYet {
					soonest = math.Min(soonest, missing)
				}
				c.evidence(g, w, "improvement_effectiveness."+string(what), "event", "improvement", h.fix.improvement.ID)
			}
		}
		for _, k := range []struct {
			effect   effect
			sentence string
		}{
			{proven, "%d of %d fixes are proven: their mode fails more seldom, with evidence of 20 to 1 or more."},
			{notYet, "%d of %d fixes are not proven yet."},
			{failed, "%d of %d fixes failed: their mode came back about as often as before."},
			{untestable, "%d of %d fixes cannot be proven by staying quiet: their mode had come back less than twice before. An exercise could show them."},
		} {
			reading := sentence(k.sentence, counts[k.effect], n)
			if n == 0 {
				reading = "No fix was declared of which that could be told."
			}
			if k.effect == notYet && counts[notYet] > 0 {
				reading += fmt.Sprintf(" The next needs %s more days without a recurrence.", number(math.Ceil(soonest)))
			}
			reading += asStated(unwitnessed, int(n))
			c.emit(g, w, count("improvement_effectiveness."+string(k.effect), counts[k.effect], n, reading))
		}
	}
}

// improvementEffectivenessMetrics are what is said of each.
var improvementEffectivenessMetrics = []Metric{
	{
		"improvement_effectiveness.proven", "count", "higher", "none",
		"First declared fixes of a mode on a service since which it failed so much more seldom that the evidence against \"as often as before\" is 20 to 1; a quarter holds those declared in it.",
		"e = mean over r = 0.05, 0.1, 0.25, 0.5 of rⁿ¹((E₀+E₁)/(E₀+rE₁))^(n₀+n₁) ≥ 20; n₀ recurrences in E₀ days from first failure to fix, n₁ in E₁ after",
		"Pérez-Ortiz, Lardy, de Heide & Grünwald 2024: valid whenever one looks", "",
	},
	{
		"improvement_effectiveness.not_yet", "count", "", "none",
		"First declared fixes not yet proven and not failed; the reading says how long a quiet time the next needs. A quarter holds those declared in it.",
		"e < 20, and n₁ = 0 or e ≥ 1",
		"as improvement_effectiveness.proven", "",
	},
	{
		"improvement_effectiveness.failed", "count", "lower", "none",
		"First declared fixes after which the mode came back, with more evidence for \"as often as before\" than against; a quarter holds those declared in it.",
		"n₁ ≥ 1 and e < 1",
		"as improvement_effectiveness.proven", "",
	},
	{
		"improvement_effectiveness.untestable", "count", "", "none",
		"First declared fixes of a mode that had come back less than twice before: no quiet time would be proof, however long. A quarter holds those declared in it.",
		"n₀ < 2: e is at most the mean of r^(−n₀) = 9",
		"as improvement_effectiveness.proven", "",
	},
}
