package learning

import (
	"cmp"
	"fmt"
	"slices"
)

// openAt says whether an improvement was opened, perhaps again, and not yet closed,
// as far as was witnessed, or given up. One of which no opening is told was never open.
func (i *Improvement) openAt(t int64) bool {
	by := func(at int64) bool { return at != 0 && at <= t }
	closed := i.ClosedAt != 0 && i.WitnessedClosedAt <= t && !by(i.ReopenedAt)
	return by(i.OpenedAt) && !closed && !by(i.AbandonedAt)
}

func openedAt(i *Improvement) int64 { return i.OpenedAt }

// couldHaveSpared says whether an improvement for the failure's mode was open when it came.
func (i improvements) couldHaveSpared(f *failure) bool {
	open := func(row *Improvement) bool { return row.openAt(f.at) }
	return slices.ContainsFunc(i[f.first.Service][f.mode], open) || f.first.Service != "" && slices.ContainsFunc(i[""][f.mode], open)
}

// waiting are the improvements of a scope that were open at a moment, the one
// opened first first. Those for no service in particular are the organisation's
// and their mode's.
func (i improvements) waiting(g *group, t int64) []*Improvement {
	names := make([]string, 0, len(g.services)+1)
	for _, s := range g.services {
		if s.name != Unknown {
			names = append(names, s.name)
		}
	}
	if g.Kind == wholeOrganisation || g.Kind == failureMode {
		names = append(names, "")
	}
	var out []*Improvement
	for _, name := range names {
		for mode, rows := range i[name] {
			if g.Kind == failureMode && mode != g.Name {
				continue
			}
			for _, row := range rows {
				if row.openAt(t) {
					out = append(out, row)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b *Improvement) int {
		return cmp.Or(cmp.Compare(a.OpenedAt, b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// knownOpen: failures that came while an improvement for their mode lay open,
// and how long the oldest such improvement has been waiting.
func (c *computation) knownOpen(g *group) {
	const metric = "known_open.rate"
	for _, w := range c.windows(g, "known_open") {
		failures, opened := g.counted(w)
		var n, known, unknown int64
		for _, f := range failures {
			if f.mode == "" {
				unknown++
				continue
			}
			n++
			if c.org.openable.couldHaveSpared(f) {
				known++
				c.evidence(g, w, metric, "event", "incident", f.first.ID)
			}
		}
		days := g.clock.days(w.to) - g.clock.days(w.from)
		e := c.rateOf(metric, known, n, days, fewestFailures, "failures came while an improvement for their mode was open", "failures of a known mode")
		if e.State != Insufficient && float64(unknown) > mostUnknown*float64(n+unknown) {
			e = refuse(e, AssumptionFailed, sentence("Not reported: %d of %d failures have no failure mode.", unknown, n+unknown))
		}
		e.Reading += notCounted(opened)
		c.emit(g, w, e)
		c.openImprovements(g, w)
	}
}

func (c *computation) openImprovements(g *group, w window) {
	const metric, age = "known_open.improvements", "known_open.oldest"
	if !g.given(metric) {
		return
	}
	at := min(w.to, c.org.asOf)
	rows := c.org.openable.waiting(g, at)
	n := int64(len(rows))
	for _, row := range rows {
		c.evidence(g, w, metric, "event", "improvement", row.ID)
	}
	c.emit(g, w, count(metric, n, n, plural(len(rows), "improvement for a known failure mode is open.", "improvements for known failure modes are open.")))
	e := Estimate{Metric: age, N: n, Events: n, Exposure: float64(n), Method: "the longest of all of them"}
	if n == 0 {
		c.emit(g, w, refuse(e, Insufficient, "Not enough data: no improvement for a known failure mode is open. No figure is shown."))
		return
	}
	seconds := float64(at-rows[0].OpenedAt) / 1000
	e.Value, e.Low, e.High, e.Low50, e.High50 = seconds, seconds, seconds, seconds, seconds
	e.Reading = fmt.Sprintf("The oldest of %s for known failure modes has been open for %s.", plural(len(rows), "open improvement", "open improvements"), lasting(seconds))
	c.evidence(g, w, age, "event", "improvement", rows[0].ID)
	c.emit(g, w, e)
}

// knownOpenMetrics are what is said of each.
var knownOpenMetrics = []Metric{
	{
		"known_open.rate", "per_1000_service_days", "lower", "10 failures of a known mode, two thirds of all",
		"Failures that came while an improvement for their mode was open, on their service or for every service, per 1,000 service-days. An improvement counts as open until its closing was witnessed, or it was given up.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"known_open.improvements", "count", "", "none",
		"Improvements for a known failure mode that are open at the end of the window.",
		"count",
		"", "",
	},
	{
		"known_open.oldest", "seconds", "lower", "an open improvement",
		"How long the oldest of the open improvements for a known failure mode has been open at the end of the window.",
		"greatest age",
		"", "",
	},
}
