package learning

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// stagnation counts the services that have neither been seen to fail nor been
// exercised: where nothing happens nothing is learned, and quiet is not safe. It
// judges nothing.
func (c *computation) stagnation(g *group) {
	if !g.given("stagnation") {
		return
	}
	since := c.org.asOf - c.settings.Stagnation.Milliseconds()
	type tier struct{ still, of int64 }
	tiers := map[string]*tier{}
	var still, old, young int64
	for _, s := range g.services {
		switch {
		case s.name == Unknown || !s.listed || s.to <= s.from || s.to < c.org.asOf: // not known to live
			continue
		case s.from > since:
			young++
			continue
		}
		old++
		name := cmp.Or(s.tier, "unknown")
		if tiers[name] == nil {
			tiers[name] = &tier{}
		}
		tiers[name].of++
		if c.lastLearned(s) <= since {
			still++
			tiers[name].still++
			c.evidence(g, c.everything, "stagnation", "event", "service", s.name)
		}
	}
	enough := lasting(c.settings.Stagnation.Seconds())
	e := count("stagnation", still, old, "")
	e.Censored = young
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(tiers)) {
		if t := tiers[name]; t.still > 0 {
			parts = append(parts, sentence("%d of %d of tier %s", t.still, t.of, name))
		}
	}
	e.Reading = sentence("%d of %s alive for %s or more %s neither been seen to fail nor been exercised within them.",
		still, plural(int(old), "service", "services"), enough, hasHave(still))
	if len(parts) > 0 {
		e.Reading += " By tier: " + strings.Join(parts, ", ") + "."
	}
	if young > 0 {
		e.Reading += fmt.Sprintf(" %s too young to tell.", plural(int(young), "more is", "more are"))
	}
	if old == 0 {
		e = refuse(e, Insufficient, fmt.Sprintf("Not enough data: no service has been alive for %s. No figure is shown.", enough))
	}
	c.emit(g, c.everything, e)
}

// lastLearned is when a service was last seen to fail, in whatever way, or was exercised; 0 if never.
func (c *computation) lastLearned(s *service) int64 {
	last := int64(0)
	for _, i := range s.incidents {
		last = max(last, i.At())
	}
	c.facts.mishaps.of(s, false, func(m *mishap) { last = max(last, m.at) })
	return max(last, c.facts.exercised[s.name])
}

func hasHave(n int64) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// stagnationMetrics are what is said of each.
var stagnationMetrics = []Metric{{
	"stagnation", "count", "", "a service alive for the time set (180 days)",
	"Services alive for 180 days (a setting) or more that were neither seen to fail in any way nor exercised by an experiment within them, of all alive for so long. The reading gives them by tier. Quiet is not safe; nor is it dangerous.",
	"count over a stated population",
	"", "",
}}
