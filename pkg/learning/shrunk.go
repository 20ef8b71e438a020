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
	scope  Scope
	days   float64 // service-days
	rates  map[string]*tally
	failed stats.Share
	class  map[string]int64 // of repeats
	modal  int64            // failures of a known mode
}

// tally is what a scope counts for a rate: how many are the event, of how many nobody
// told, and what service-days the merging windows of no incidents take from its clock.
type tally struct {
	events, of, unknown int64
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

// drawnRates are those of failures, which of them are counted and of which that is told.
var drawnRates = []struct {
	metric, what string
	is, known    func(*computation, *failure) bool
}{
	{
		"containment.severe", "incidents of severity 1 or 2 met users with no net",
		func(_ *computation, f *failure) bool { return f.severe() }, func(_ *computation, f *failure) bool { return f.severity != 0 },
	},
	{
		"monitoring_gaps.told_by_customer", "failures that customers told us of",
		func(_ *computation, f *failure) bool { return f.first.DetectionSource == "customer" },
		func(_ *computation, f *failure) bool {
			return f.first.DetectionSource != "" && f.first.DetectionSource != "unknown"
		},
	},
	{
		"new_modes.rate", "failures of a mode that the service had not met before",
		func(_ *computation, f *failure) bool { return f.novel }, ofKnownMode,
	},
	{
		"known_open.rate", "failures came while an improvement for their mode was open",
		func(c *computation, f *failure) bool { return c.org.openable.couldHaveSpared(f) }, ofKnownMode,
	},
}

func ofKnownMode(_ *computation, f *failure) bool { return f.mode != "" }

// shrink notes what shrunk needs of a scope.
func (c *computation) shrink(g *group, met met) {
	if g.Kind != team && g.Kind != oneService || g.Name == Unknown {
		return
	}
	n := shrinking{scope: g.Scope, days: g.clock.days(c.org.asOf), rates: map[string]*tally{}, class: map[string]int64{}}
	n.rates["containment.uncontained"] = &tally{events: met.classes[uncontained], of: met.n, dead: met.dead}
	failures, _ := g.counted(c.everything)
	for _, rate := range drawnRates {
		k := &tally{}
		for _, f := range failures {
			k.count(rate.is(c, f), rate.known(c, f))
		}
		n.rates[rate.metric] = k
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
			n.modal++
			if f.again != nil {
				n.class[f.again.Class]++
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
		c.shrunkRates(alike, "containment.uncontained", "failures of any kind met users with no net")
		for _, rate := range drawnRates {
			c.shrunkRates(alike, rate.metric, rate.what)
		}
		c.shrunkShares(alike, "change_safety.failed_share", "changes", "failed", func(n *shrinking) stats.Share { return n.failed })
		for _, k := range repeatClasses {
			c.shrunkShares(alike, k.metric, "failures of a known mode", k.what, func(n *shrinking) stats.Share {
				return stats.Share{Events: n.class[k.class], Of: n.modal}
			})
		}
	}
}

// shrunkRates: a scope in which nobody told of too many is refused, as its own
// figure is, and the others are not drawn toward it.
func (c *computation) shrunkRates(alike []shrinking, metric, what string) {
	var of []Scope
	var counted []stats.Counted
	untold := map[Scope]Estimate{}
	for i := range alike {
		k := alike[i].rates[metric]
		days := alike[i].days - k.dead
		switch {
		case days <= 0:
		case float64(k.unknown) > mostUnknown*float64(k.of):
			e := Estimate{Metric: metric + drawn, N: k.of, Exposure: days, Origin: "modelled", Method: "none: too little is told"}
			untold[alike[i].scope] = refuse(e, AssumptionFailed, sentence("Not reported: of %d of %d failures it is not told whether they are of these.", k.unknown, k.of))
		default:
			of, counted = append(of, alike[i].scope), append(counted, stats.Counted{Events: float64(k.events), Of: days})
		}
	}
	shrunk := stats.ShrinkRates(counted)
	for i := range alike {
		if e, is := untold[alike[i].scope]; is && len(shrunk) > 0 {
			c.emit(&group{Scope: alike[i].scope}, c.everything, e)
		}
	}
	for i, s := range shrunk {
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
