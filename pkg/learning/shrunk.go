package learning

import (
	"fmt"
	"math"
	"strings"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// drawn is the ending of metrics that are drawn toward the other scopes of a
// kind. The plain figure stays what it is, insufficient where it is; this one
// stands beside it and says how far it was drawn.
const drawn = ".shrunk"

// shrunk draws teams toward teams, and services toward services: those too
// small for a figure of their own are not hidden. Quiet ones are, by what the
// others say, not certain to have no failures.
func (c *computation) shrunk(groups []*group) {
	for _, kind := range []string{team, oneService} {
		var alike []*group
		for _, g := range groups {
			if g.Kind == kind && g.Name != Unknown {
				alike = append(alike, g)
			}
		}
		c.shrunkRates(alike, "containment.uncontained", "failures of any kind met users with no net", func(g *group) (k tally) {
			met, _, dead := c.met(g, c.everything)
			for _, m := range met {
				k.count(m.class == uncontained, true)
			}
			k.dead = dead
			return k
		})
		of := func(is, known func(*failure) bool) func(*group) tally {
			return func(g *group) (k tally) {
				failures, _ := g.counted(c.everything)
				for _, f := range failures {
					k.count(is(f), known(f))
				}
				return k
			}
		}
		ofMode := func(f *failure) bool { return f.mode != "" }
		c.shrunkRates(alike, "containment.severe", "incidents of severity 1 or 2 met users with no net",
			of((*failure).severe, func(f *failure) bool { return f.severity != 0 }))
		c.shrunkRates(alike, "monitoring_gaps.told_by_customer", "failures that customers told us of",
			of(func(f *failure) bool { return f.first.DetectionSource == "customer" },
				func(f *failure) bool { return f.first.DetectionSource != "" && f.first.DetectionSource != "unknown" }))
		c.shrunkRates(alike, "new_modes.rate", "failures of a mode that the service had not met before", of(func(f *failure) bool { return f.novel }, ofMode))
		c.shrunkRates(alike, "known_open.rate", "failures came while an improvement for their mode was open", of(c.org.openable.couldHaveSpared, ofMode))
		c.shrunkShares(alike, "change_safety.failed_share", "changes", "failed", func(s *service) (events, of int64) {
			for _, row := range s.changes {
				if row.EndingTold > 0 {
					events, of = events+row.Failed, of+row.Changes
				}
			}
			return events, of
		})
		for _, k := range repeatClasses {
			c.shrunkShares(alike, k.metric, "failures of a known mode", k.what, func(s *service) (events, of int64) {
				for _, f := range s.failures {
					if f.mode == "" {
						continue
					}
					of++
					if r := c.org.classes[f.first.ID]; r != nil && r.Class == k.class {
						events++
					}
				}
				return events, of
			})
		}
	}
}

// tally is what a scope counts: how many are the event, of how many nobody told,
// and what service-days the merging windows take from its clock.
type tally struct {
	events, of, unknown int
	dead                float64
}

func (k *tally) count(is, known bool) {
	k.of++
	if !known {
		k.unknown++
	} else if is {
		k.events++
	}
}

// shrunkRates: a scope in which nobody told of too many is refused, as its own
// figure is, and the others are not drawn toward it.
func (c *computation) shrunkRates(groups []*group, metric, what string, counts func(*group) tally) {
	var of []*group
	var counted []stats.Counted
	untold := map[*group]Estimate{}
	for _, g := range groups {
		k := counts(g)
		days := g.clock.days(c.org.asOf) - k.dead
		switch {
		case days <= 0:
		case float64(k.unknown) > mostUnknown*float64(k.of):
			e := Estimate{Metric: metric + drawn, N: int64(k.of), Exposure: days, Origin: "modelled", Method: "none: too little is told"}
			untold[g] = refuse(e, AssumptionFailed, sentence("Not reported: of %d of %d failures it is not told whether they are of these.", k.unknown, k.of))
		default:
			of, counted = append(of, g), append(counted, stats.Counted{Events: float64(k.events), Of: days})
		}
	}
	shrunk := stats.ShrinkRates(counted)
	for _, g := range groups {
		if e, is := untold[g]; is && len(shrunk) > 0 {
			c.emit(g, c.everything, e)
		}
	}
	for i, s := range shrunk {
		e := Estimate{
			Metric: metric + drawn, N: int64(counted[i].Events), Events: int64(counted[i].Events), Exposure: counted[i].Of, Origin: "modelled",
			Method: sentence("gamma–Poisson over %d %ss, strength and mean of the pull integrated out; drawn %s of the way to their mean", len(of), groups[0].Kind, percent(s.Toward)),
		}
		scaled := func(level float64) stats.Interval {
			i := s.Interval(level)
			return stats.Interval{Low: 1000 * i.Low, High: 1000 * i.High}
		}
		e.Value = 1000 * s.Value
		c.drawn(of[i], e, s, scaled, fmt.Sprintf("%s in %s service-days: %s per 1,000", numbered(e.N, what), whole(e.Exposure), number(e.Value)))
	}
}

func (c *computation) shrunkShares(groups []*group, metric, things, what string, counts func(*service) (events, of int64)) {
	var of []*group
	var counted []stats.Counted
	for _, g := range groups {
		var events, all int64
		for _, s := range g.services {
			k, n := counts(s)
			events, all = events+k, all+n
		}
		if all > 0 {
			of, counted = append(of, g), append(counted, stats.Counted{Events: float64(events), Of: float64(all)})
		}
	}
	for i, s := range stats.ShrinkShares(counted) {
		e := Estimate{
			Metric: metric + drawn, N: int64(counted[i].Of), Events: int64(counted[i].Events), Exposure: counted[i].Of, Origin: "modelled",
			Method: sentence("beta–binomial over %d %ss, strength and mean of the pull integrated out; drawn %s of the way to their mean", len(of), groups[0].Kind, percent(s.Toward)),
			Value:  s.Value,
		}
		c.drawn(of[i], e, s, s.Interval, sentence("%d of %d %s %s: %s", e.Events, e.N, things, what, percent(e.Value)))
	}
}

// drawn completes and emits a figure that was drawn toward the others of its kind.
func (c *computation) drawn(g *group, e Estimate, s stats.Shrunk, bounds func(level float64) stats.Interval, head string) {
	outer, inner := bounds(c.settings.Level), bounds(c.settings.InnerLevel)
	outer = stats.Interval{Low: math.Min(outer.Low, e.Value), High: math.Max(outer.High, e.Value)}
	e.bounds(outer, inner)
	bound := percent
	if !strings.Contains(e.Method, "beta") {
		bound = number
	}
	e.Reading = fmt.Sprintf("%s, drawn %s of the way toward the organisation's other %ss, with %s to %s compatible with the data and with them (%s).",
		head, percent(s.Toward), g.Kind, bound(e.Low), bound(e.High), percent(c.settings.Level))
	c.emit(g, c.everything, e)
}

// shrunkMetrics are what is said of each.
var shrunkMetrics = []Metric{
	shrunkRate("containment.uncontained", "5 of its kind, one failure", "Failures of any kind that met users with no net"),
	shrunkRate("containment.severe", "5 of its kind, one failure, two thirds of a known severity", "Incidents of severity 1 or 2 that met users with no net"),
	shrunkRate("monitoring_gaps.told_by_customer", "5 of its kind, one failure, two thirds of a known detection", "Failures that customers told us of"),
	shrunkRate("new_modes.rate", "5 of its kind, one failure, two thirds of a known mode", "Failures of a mode that their service had not met before"),
	shrunkRate("known_open.rate", "5 of its kind, one failure, two thirds of a known mode", "Failures that came while an improvement for their mode was open"),
	shrunkShare("change_safety.failed_share", "5 of its kind, one failed change", "Changes that failed, of those whose end is told"),
	shrunkShare("repeat_rate.repeats", "5 of its kind, one repeat", "Failures of a mode met before on the same service after its declared fix, of all failures of a known mode"),
	shrunkShare("repeat_rate.known_open", "5 of its kind, one such failure", "Failures of a mode met before on the same service while an improvement for it was declared and not known to be closed, of all failures of a known mode"),
	shrunkShare("repeat_rate.unaddressed", "5 of its kind, one such failure", "Failures of a mode met before on the same service for which nothing had been opened, of all failures of a known mode"),
}

func shrunkRate(of, minimum, what string) Metric {
	return shrunkMetric(of, "per_1000_service_days", minimum, what+", per 1,000 service-days", "(k + a)/(days + a/μ), rates gamma distributed with mean μ and shape a")
}

func shrunkShare(of, minimum, what string) Metric {
	return shrunkMetric(of, "share", minimum, what, "(k + sμ)/(n + s), shares beta distributed with mean μ and size s")
}

func shrunkMetric(of, unit, minimum, what, formula string) Metric {
	return Metric{
		of + drawn, unit, "lower", minimum,
		what + ", of a team or a service, drawn toward the organisation's other teams or services: the more, the less was counted and the more alike they are. It stands beside " + of + ", which says what the scope alone tells. The interval holds the truth in 92 to 100 % of simulated scopes; it begins at zero where there was no event.",
		formula + "; averaged over both, the pull even between none and all for one counted as much as the mean of them; gamma or beta of the same mean and variance",
		"Efron & Morris 1975; Morris 1983; Laird & Louis 1987; Christiansen & Morris 1997", of,
	}
}
