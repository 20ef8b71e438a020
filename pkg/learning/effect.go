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
	for _, w := range c.windows(g) {
		if g.Kind == "service" && w.name != all {
			continue
		}
		counts := map[effect]int64{}
		var n int64
		soonest := math.Inf(1)
		for _, s := range g.services {
			for _, h := range s.modes {
				if h.fix == nil || !w.holds(h.fix.at) || s.name == Unknown || h.fix.at >= s.to {
					continue
				}
				n++
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
			reading := fmt.Sprintf(k.sentence, counts[k.effect], n)
			if k.effect == notYet && counts[notYet] > 0 {
				reading += fmt.Sprintf(" The next needs %s more days without a recurrence.", number(math.Ceil(soonest)))
			}
			c.emit(g, w, count("improvement_effectiveness."+string(k.effect), counts[k.effect], n, reading))
		}
	}
}
