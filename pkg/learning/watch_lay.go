package learning

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// watchedThing is a kind of failure that the watch follows.
type watchedThing struct {
	name, what string // as in WatchPoint.What and in a sentence
	counts     func(*failure) bool
}

// watchedThings in the order of the year's points. Repeats have their own clock.
var watchedThings = []watchedThing{
	{"uncontained", "uncontained incidents", func(f *failure) bool { return f.class == uncontained }},
	{"told_by_customer", "failures that customers told us of", func(f *failure) bool { return f.first.DetectionSource == "customer" }},
	{repeatsThing, "recurrences after a declared fix", nil},
}

const repeatsThing = "repeats"

// lay sets up the watch of one thing in one scope for the year, from what was known when it began.
func (y *yearWatch) lay(g *group, thing watchedThing, told []int64) *race {
	r := &race{yearWatch: y, group: g, thing: thing, told: told, state: Insufficient}
	if thing.name == repeatsThing {
		r.layRepeats()
	} else {
		r.layFailures()
	}
	for _, c := range r.clocks {
		c.bar = y.bars[g.Kind] * float64(len(r.clocks))
		c.steady = r.steadiness(c)
		if t := y.targetOf(g, thing.name, c.name); t > 0 {
			c.target = t
			c.bar *= weeksInYear // Doob: within 52 steps with probability at most α
		}
	}
	stated := slices.IndexFunc(r.clocks, func(c *watchClock) bool { return c.target > 0 })
	switch {
	case y.from == y.start && (stated < 0 || !y.joined[g.Scope]):
		r.refused = fmt.Sprintf("Not enough data: the watch compares with a baseline of 52 weeks and begins on %s. No figure is shown.", dayOf(y.start+watchYear))
	case !y.joined[g.Scope]:
		r.refused = fmt.Sprintf("Not enough data: it came after %s, when the watch's year began, and is watched from %s on. No figure is shown.",
			dayOf(y.from), dayOf(y.to))
	case thing.name == repeatsThing && y.declared.before < fewestBefore && len(r.at) > 0:
		r.state = AssumptionFailed
		r.refused = sentence("Not reported: fixed too soon to know the rate without a fix. The organisation saw %s before a fix, needs %d.",
			plural(int(y.declared.before), "recurrence", "recurrences"), fewestBefore)
	case r.unnoticed(y.from):
		r.state = AssumptionFailed
		r.refused = fmt.Sprintf("Not reported: nobody knows who noticed more than a third of the failures before %s.", dayOf(y.from))
	}
	for i, c := range r.clocks {
		r.read(c, stated >= 0 && i != stated)
	}
	r.block()
	for _, c := range r.clocks {
		c.caught = r.power(c)
	}
	return r
}

// byChance is the p-value below which a rate is not found unsteady by chance.
const byChance = 1e-4

// block refuses the whole where one clock's assumption failed, as an alarm needs
// all of them. The other decides alone if the unsteadiness is beyond chance:
// failures then run by the clock on which they were steady. Were a chance finding enough for
// that, growing deploys would raise alarms about failures that come with deploys.
func (r *race) block() {
	for i, c := range r.clocks {
		if c.state != AssumptionFailed {
			continue
		}
		for k, other := range r.clocks {
			if k != i && other.unread == "" && math.Min(c.steady.Slow, c.steady.Season) >= byChance {
				other.state, other.unread = AssumptionFailed, c.unread
			}
		}
	}
}

var clockWords = map[string]string{clockOfDays: "service-days", clockOfDeploys: "deploys", clockOfExpected: "expected recurrences"}

// told are the moments of all failures of a scope, in order; nobody may change them.
func (g *group) told() []int64 {
	if g.moments == nil {
		g.moments = []int64{}
		for _, s := range g.services {
			for _, f := range s.failures {
				g.moments = append(g.moments, f.at)
			}
		}
		slices.Sort(g.moments)
	}
	return g.moments
}

// read decides whether a clock can be read this year.
func (r *race) read(c *watchClock, beside bool) {
	half := r.start + (r.from-r.start)/2
	switch {
	case beside:
		c.state, c.unread = Insufficient, "A target rate is stated on the other clock, and that one decides."
	case c.target > 0:
	case c.name == clockOfDeploys && (c.exposure(r.from) < fewestDeploys || c.from > half):
		c.state, c.unread = Insufficient, sentence("Not enough data: n = %s, needs %d in more than half of the time before %s. No figure is shown.",
			plural(int(c.exposure(r.from)), "deploy", "deploys"), fewestDeploys, dayOf(r.from))
	case !c.steady.Handled():
		c.state, c.unread = AssumptionFailed, fmt.Sprintf("Not reported: before %s the rate by %s swung with the season or drifted (p = %s), and a change could not be told from that. Set a later start of the baseline, and before looking.",
			dayOf(r.from), clockWords[c.name], number(2*math.Min(c.steady.Slow, c.steady.Season)))
	}
}

// layFailures collects failures on the clocks of service-days and of deploys.
func (r *race) layFailures() {
	for _, s := range r.group.services {
		if s.to <= s.from {
			continue
		}
		for _, f := range s.failures {
			if f.opens || f.at < r.start {
				continue
			}
			r.all = append(r.all, f.at)
			if by := f.first.DetectionSource; by == "" || by == "unknown" {
				r.unknown = append(r.unknown, f.at)
			}
			if r.thing.counts(f) {
				r.at = append(r.at, f.at)
			}
		}
	}
	slices.Sort(r.at)
	slices.Sort(r.unknown)
	slices.Sort(r.all)
	g := r.group
	days := &watchClock{name: clockOfDays, from: r.start, exposure: func(t int64) float64 { return g.clock.days(t) - g.clock.days(r.start) }}
	deploys := &watchClock{name: clockOfDeploys, from: math.MaxInt64, exposure: func(t int64) float64 { return g.deploys.deploys(t) - g.deploys.deploys(r.start) }}
	if at, known := g.deploys.first(r.start); known {
		deploys.from = at
	}
	r.clocks = []*watchClock{days, deploys}
}

// layRepeats collects recurrences after declared fixes on the clock of those to be expected.
func (r *race) layRepeats() {
	due, repeats, _ := r.repeatClock(r.group)
	for _, f := range repeats {
		if f.at >= r.start {
			r.at = append(r.at, f.at)
		}
	}
	slices.Sort(r.at)
	r.clocks = []*watchClock{{
		name: clockOfExpected, from: r.start,
		exposure: func(t int64) float64 { return due.days(t) - due.days(r.start) },
	}}
}

// steadiness of the whole weeks before the year.
func (r *race) steadiness(c *watchClock) stats.Steadiness {
	var counts, exposure []float64
	for t := r.start; t+weekMillis <= r.from; t += weekMillis {
		counts = append(counts, r.count(c, t+weekMillis)-r.count(c, t))
		exposure = append(exposure, c.exposure(t+weekMillis)-c.exposure(t))
	}
	return stats.Steady(counts, exposure)
}

// unnoticed: nobody knows of more than a third of the failures up to a moment who noticed them.
func (r *race) unnoticed(until int64) bool {
	if r.thing.name != "told_by_customer" {
		return false
	}
	all, _ := slices.BinarySearch(r.all, until)
	unknown, _ := slices.BinarySearch(r.unknown, until)
	return float64(unknown) > mostUnknown*float64(all)
}

// targetOf is the rate stated for a scope, per unit of exposure; 0 if none is.
func (c *computation) targetOf(g *group, what, clock string) float64 {
	for _, t := range c.settings.WatchTargets {
		scope := Scope{cmp.Or(t.Scope.Kind, "organisation"), t.Scope.Name}
		if t.What == what && t.Clock == clock && scope == g.Scope {
			return t.Rate / 1000
		}
	}
	return 0
}
