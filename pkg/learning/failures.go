package learning

import (
	"fmt"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// counted are a scope's failures in a window that have exposure before them, and how many have none.
func (g *group) counted(w window) (failures []*failure, opened int) {
	for _, s := range g.services {
		for _, f := range s.failuresIn(w) {
			switch {
			case f.opens || s.to <= s.from:
				opened++
			default:
				failures = append(failures, f)
			}
		}
	}
	return failures, opened
}

func notCounted(opened int) string {
	if opened == 0 {
		return ""
	}
	return fmt.Sprintf(" %s not counted: no exposure lies before %s.", plural(opened, "failure is", "failures are"), itThem(opened))
}

// newModes: failures of a mode that its service had not met before. What is
// called by a new name to look like no repeat is seen here.
func (c *computation) newModes(g *group) {
	for _, w := range c.windows(g) {
		failures, opened := g.counted(w)
		var n, new, unknown int64
		for _, f := range failures {
			switch {
			case f.mode == "":
				unknown++
			default:
				n++
				if f.novel {
					new++
					c.evidence(g, w, "new_modes.rate", "event", "incident", f.first.ID)
				}
			}
		}
		days := g.clock.days(w.to) - g.clock.days(w.from)
		e := c.rateOf("new_modes.rate", new, n, days, fewestFailures, "failures of a mode that the service had not met before", "failures of a known mode")
		if e.State != Insufficient && float64(unknown) > mostUnknown*float64(n+unknown) {
			e = refuse(e, AssumptionFailed, sentence("Not reported: %d of %d failures have no failure mode.", unknown, n+unknown))
		} else {
			if e.State != Insufficient {
				e.Reading += " At the beginning of a record every mode is new."
			}
			if unknown > 0 {
				e.Reading += fmt.Sprintf(" Not among them: %s without a failure mode.", plural(int(unknown), "failure", "failures"))
			}
		}
		e.Reading += notCounted(opened)
		c.emit(g, w, e)
		if g.given(perFailure + ".novel_rate") {
			e.Metric = perFailure + ".novel_rate"
			c.emit(g, w, e)
		}
	}
	c.nextIsNew(g)
}

// nextIsNew is Good–Turing's chance that the next failure is of a new mode, on all that is recorded.
func (c *computation) nextIsNew(g *group) {
	const metric = "new_modes.chance"
	var n, once, twice int
	for _, s := range g.services {
		for _, h := range s.modes {
			n += len(h.failures)
			switch len(h.failures) {
			case 1:
				once++
				c.evidence(g, c.everything, metric, "event", "incident", h.failures[0].first.ID)
			case 2:
				twice++
			}
		}
	}
	e := Estimate{
		Metric: metric, N: int64(n), Events: int64(once), Exposure: float64(n),
		Method: "Good–Turing with two added; Esty's variance",
	}
	if n < fewestFailures {
		c.emit(g, c.everything, tooFew(e, int64(n), fewestFailures, "failures of a known mode"))
		return
	}
	value, outer := stats.NewKind(n, once, twice, c.settings.Level)
	_, inner := stats.NewKind(n, once, twice, c.settings.InnerLevel)
	// The interval is about the figure with two added, and may not hold the plain one.
	e.Value = value
	e.bounds(stats.Interval{Low: min(outer.Low, value), High: max(outer.High, value)}, inner)
	e.Reading = sentence("%d of %d failures are the only one of their mode: the next is of a new mode with a chance of %s, with %s to %s compatible with the data (%s, Good–Turing). It rises when old modes stay away: read it with the rate of new modes.",
		once, n, percent(e.Value), percent(e.Low), percent(e.High), percent(c.settings.Level))
	c.emit(g, c.everything, e)
}

// newModesMetrics are what is said of each.
var newModesMetrics = []Metric{
	{
		"new_modes.rate", "per_1000_service_days", "lower", "10 failures of a known mode, two thirds of all",
		"Failures of a mode that their service had not met before, per 1,000 service-days. At the beginning of a record every mode is new.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"new_modes.chance", "share", "", "10 failures of a known mode",
		"Chance that the next failure is of a mode that its service has not met before. It rises when learning works, as old modes stay away: read it with the rate.",
		"f₁/n; g ± z·√[(f₁+2)(1−g) + 2(f₂+1)]/(n+4), g = (f₁+2)/(n+4)",
		"Good 1953; Esty 1983; Agresti & Coull 1998", "",
	},
}
