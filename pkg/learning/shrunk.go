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

// shrinking is what of a team or a service is drawn toward the others of its kind.
type shrinking struct {
	scope                   Scope
	days, dead              float64 // service-days, and what merging windows of no incidents take from them
	uncontained, byCustomer int64
	failed, repeats         stats.Share
}

// shrink notes what shrunk needs of a scope.
func (c *computation) shrink(g *group, met met) {
	if g.Kind != team && g.Kind != oneService || g.Name == Unknown {
		return
	}
	n := shrinking{scope: g.Scope, days: g.clock.days(c.org.asOf), dead: met.dead, uncontained: met.classes[uncontained]}
	failures, _ := g.counted(c.everything)
	for _, f := range failures {
		if f.first.DetectionSource == "customer" {
			n.byCustomer++
		}
	}
	for _, s := range g.services {
		for _, row := range s.changes {
			if row.EndingTold > 0 {
				n.failed.Events, n.failed.Of = n.failed.Events+row.Failed, n.failed.Of+row.Changes
			}
		}
		for _, f := range s.failures {
			if f.mode == "" || c.org.unended[f.first.ID] {
				continue
			}
			n.repeats.Of++
			if f.again != nil && f.again.Class == "repeat" {
				n.repeats.Events++
			}
		}
	}
	c.alike[g.Kind] = append(c.alike[g.Kind], n)
}

// shrunk draws teams toward teams, and services toward services: those too
// small for a figure of their own are not hidden. Quiet ones are, by what the
// others say, not certain to have no failures.
func (c *computation) shrunk() {
	for _, kind := range []string{team, oneService} {
		alike := c.alike[kind]
		c.shrunkRates(alike, "containment.uncontained", "failures of any kind met users with no net", func(n *shrinking) (int64, float64) { return n.uncontained, n.dead })
		c.shrunkRates(alike, "monitoring_gaps.told_by_customer", "failures that customers told us of", func(n *shrinking) (int64, float64) { return n.byCustomer, 0 })
		c.shrunkShares(alike, "change_safety.failed_share", "changes", "failed", func(n *shrinking) stats.Share { return n.failed })
		c.shrunkShares(alike, "repeat_rate.repeats", "failures of a known mode", "repeated one after its declared fix", func(n *shrinking) stats.Share { return n.repeats })
	}
}

// shrunkRates: counts gives a scope's events, and what service-days the merging
// windows take from its clock.
func (c *computation) shrunkRates(alike []shrinking, metric, what string, counts func(*shrinking) (n int64, dead float64)) {
	var of []Scope
	var counted []stats.Counted
	for i := range alike {
		n, dead := counts(&alike[i])
		days := alike[i].days - dead
		if days <= 0 {
			continue
		}
		of, counted = append(of, alike[i].scope), append(counted, stats.Counted{Events: float64(n), Of: days})
	}
	for i, s := range stats.ShrinkRates(counted) {
		e := Estimate{
			Metric: metric + drawn, N: int64(counted[i].Events), Events: int64(counted[i].Events), Exposure: counted[i].Of, Origin: "modelled",
			Method: sentence("gamma–Poisson over %d %ss, strength and mean of the pull integrated out; drawn %s of the way to their mean", len(of), of[i].Kind, percent(s.Toward)),
		}
		scaled := func(level float64) stats.Interval {
			i := s.Interval(level)
			return stats.Interval{Low: 1000 * i.Low, High: 1000 * i.High}
		}
		e.Value = 1000 * s.Value
		c.drawn(of[i], e, s, scaled, fmt.Sprintf("%s in %s service-days: %s per 1,000", numbered(e.N, what), whole(e.Exposure), number(e.Value)))
	}
}

func (c *computation) shrunkShares(alike []shrinking, metric, things, what string, counts func(*shrinking) stats.Share) {
	var of []Scope
	var counted []stats.Counted
	for i := range alike {
		if share := counts(&alike[i]); share.Of > 0 {
			of, counted = append(of, alike[i].scope), append(counted, stats.Counted{Events: float64(share.Events), Of: float64(share.Of)})
		}
	}
	for i, s := range stats.ShrinkShares(counted) {
		e := Estimate{
			Metric: metric + drawn, N: int64(counted[i].Of), Events: int64(counted[i].Events), Exposure: counted[i].Of, Origin: "modelled",
			Method: sentence("beta–binomial over %d %ss, strength and mean of the pull integrated out; drawn %s of the way to their mean", len(of), of[i].Kind, percent(s.Toward)),
			Value:  s.Value,
		}
		c.drawn(of[i], e, s, s.Interval, sentence("%d of %d %s %s: %s", e.Events, e.N, things, what, percent(e.Value)))
	}
}

// drawn completes and emits a figure that was drawn toward the others of its kind.
func (c *computation) drawn(scope Scope, e Estimate, s stats.Shrunk, bounds func(level float64) stats.Interval, head string) {
	outer, inner := bounds(c.settings.Level), bounds(c.settings.InnerLevel)
	outer = stats.Interval{Low: math.Min(outer.Low, e.Value), High: math.Max(outer.High, e.Value)}
	e.bounds(outer, inner)
	bound := percent
	if !strings.Contains(e.Method, "beta") {
		bound = number
	}
	e.Reading = fmt.Sprintf("%s, drawn %s of the way toward the organisation's other %ss, with %s to %s compatible with the data and with them (%s).",
		head, percent(s.Toward), scope.Kind, bound(e.Low), bound(e.High), percent(c.settings.Level))
	c.emit(&group{Scope: scope}, c.everything, e)
}

// shrunkMetrics are what is said of each.
var shrunkMetrics = []Metric{
	shrunkMetric("containment.uncontained", "per_1000_service_days", "lower", "5 of its kind, one failure", "Failures of any kind that met users with no net, per 1,000 service-days", "(k + a)/(days + a/μ), rates gamma distributed with mean μ and shape a"),
	shrunkMetric("monitoring_gaps.told_by_customer", "per_1000_service_days", "lower", "5 of its kind, one failure", "Failures that customers told us of, per 1,000 service-days", "(k + a)/(days + a/μ), rates gamma distributed with mean μ and shape a"),
	shrunkMetric("change_safety.failed_share", "share", "lower", "5 of its kind, one failed change", "Changes that failed, of those whose end is told", "(k + sμ)/(n + s), shares beta distributed with mean μ and size s"),
	shrunkMetric("repeat_rate.repeats", "share", "lower", "5 of its kind, one repeat", "Failures of a mode met before on the same service after its declared fix, of all failures of a known mode", "(k + sμ)/(n + s), shares beta distributed with mean μ and size s"),
}

func shrunkMetric(of, unit, better, minimum, what, formula string) Metric {
	return Metric{
		of + drawn, unit, better, minimum,
		what + ", of a team or a service, drawn toward the organisation's other teams or services: the more, the less was counted and the more alike they are. It stands beside " + of + ", which says what the scope alone tells. The interval holds the truth in 92 to 100 % of simulated scopes; it begins at zero where there was no event.",
		formula + "; averaged over both, the pull even between none and all for one counted as much as the mean of them; gamma or beta of the same mean and variance",
		"Efron & Morris 1975; Morris 1983; Laird & Louis 1987; Christiansen & Morris 1997", of,
	}
}
