package learning

import (
	"fmt"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	fewestFailures = 10
	// mostUnknown is the share of failures nobody knows the detection of, from
	// which a rate of some of them would say more about the records than about
	// the failures.
	mostUnknown = 1.0 / 3
)

// monitoring: whom a failure was learned from, and what became of the gaps.
func (c *computation) monitoring(g *group) {
	for _, w := range c.windows(g) {
		c.toldBy(g, w, "monitoring_gaps.told_by_customer", "customer", "that customers told us of")
		c.toldBy(g, w, "monitoring_gaps.told_by_employee", "employee", "that employees told us of")
		c.gaps(g, w)
	}
}

func (c *computation) toldBy(g *group, w window, metric, source, what string) {
	var told, n, unplaced, unknown int64
	opened := 0
	shares := make([]stats.Share, len(g.services))
	for i, s := range g.services {
		for _, f := range s.failuresIn(w) {
			by := f.first.DetectionSource
			if by == "" || by == "unknown" {
				unknown++
			} else {
				shares[i].Of++
			}
			if by == source {
				shares[i].Events++
				c.evidence(g, w, metric+".share", "event", "incident", f.first.ID)
			}
			if f.opens || s.to <= s.from {
				opened++
				continue
			}
			switch by {
			case "", "unknown":
				unplaced++
			case source:
				told++
				c.evidence(g, w, metric, "event", "incident", f.first.ID)
				fallthrough
			default:
				n++
			}
		}
	}
	caveat := func(n int64) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf(" Nobody knows who noticed %s.", plural(int(n), "other failure", "other failures"))
	}
	e := c.rateOf(metric, told, n, g.clock.days(w.to)-g.clock.days(w.from), fewestFailures, what, "failures whose detection is known")
	if e.State != Insufficient && float64(unplaced) > mostUnknown*float64(n+unplaced) {
		e = refuse(e, AssumptionFailed, sentence("Not reported: nobody knows who noticed %d of %d failures.", unplaced, n+unplaced))
	} else {
		e.Reading += caveat(unplaced)
	}
	e.Reading += notCounted(opened)
	c.emit(g, w, e)
	share := c.share(metric+".share", shares, fewestFailures, "were those "+what, "failures whose detection is known")
	share.Reading += caveat(unknown)
	c.emit(g, w, share)
}

// gaps counts those found in the window, by what became of them, and follows how long they stay open.
func (c *computation) gaps(g *group, w window) {
	var found int64
	var quiet float64 // service-days since the closing of what is unproven
	states := map[string]int64{}
	var open []stats.Lifetime
	for _, s := range g.services {
		for _, gap := range s.gaps {
			if !w.holds(gap.FoundAt) {
				continue
			}
			found++
			note := func(state string) {
				states[state]++
				c.evidence(g, w, "monitoring_gaps."+state, "event", "monitoring_gap", gap.ID)
			}
			note(gap.State)
			if gap.State == "unproven" {
				quiet += days(max(0, s.entire().end(c.org.asOf)-gap.ClosedAt))
			}
			if gap.State != "open" {
				note("closed")
			}
			note("found")
			l := lifetime{kind: "monitoring_gap", id: gap.ID, from: gap.FoundAt, to: gap.ClosedAt, until: c.org.asOf}
			if g.small() && w.name != all {
				continue
			}
			open = append(open, c.lasted(g, w, "monitoring_gaps.time_to_close", l))
		}
	}
	for _, state := range []struct{ name, sentence string }{
		{"found", "%[1]d monitoring gaps were found."},
		{"open", "%d of %d monitoring gaps found are open."},
		{"closed", "%d of %d monitoring gaps found were closed."},
		{"proven", "%d of %d monitoring gaps found were closed, and a monitor was the first to notice the next failure."},
		{"reopened", "%d of %d monitoring gaps found were closed, and a customer told us of the next failure all the same."},
		{"unproven", "%d of %d monitoring gaps found were closed, and nothing has tried them since."},
	} {
		n := states[state.name]
		reading := sentence(state.sentence, n, found)
		if found == 0 {
			reading = "No monitoring gap was found."
		}
		e := count("monitoring_gaps."+state.name, n, found, reading)
		if state.name == "unproven" {
			e.Exposure = quiet
			if n > 0 {
				e.Reading += fmt.Sprintf(" Since then their services have been alive for %s days together.", whole(quiet))
			}
		}
		c.emit(g, w, e)
	}
	if g.small() && w.name != all {
		return
	}
	c.emit(g, w, c.quantile("monitoring_gaps.time_to_close", stats.KaplanMeier(open), 0.5, fewestFailures, "monitoring gaps", "closed"))
}

// monitoringGapsMetrics are what is said of each.
var monitoringGapsMetrics = []Metric{
	{
		"monitoring_gaps.told_by_customer", "per_1000_service_days", "lower", "10 failures whose detection is known, two thirds of all",
		"Failures that customers told us of, per 1,000 service-days.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"monitoring_gaps.told_by_customer.share", "share", "lower", "10 failures whose detection is known",
		"Failures that customers told us of, of those whose detection is known.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"monitoring_gaps.told_by_employee", "per_1000_service_days", "lower", "10 failures whose detection is known, two thirds of all",
		"Failures that employees told us of, per 1,000 service-days.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"monitoring_gaps.told_by_employee.share", "share", "lower", "10 failures whose detection is known",
		"Failures that employees told us of, of those whose detection is known.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"monitoring_gaps.found", "count", "", "none",
		"Monitoring gaps found; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.open", "count", "lower", "none",
		"Monitoring gaps found and still open; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.closed", "count", "higher", "none",
		"Monitoring gaps found and closed since; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.proven", "count", "higher", "none",
		"Monitoring gaps closed, where a monitor was the first to notice the next failure; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.reopened", "count", "lower", "none",
		"Monitoring gaps closed, where a customer told us of the next failure all the same; a quarter holds those found in it.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.unproven", "count", "", "none",
		"Monitoring gaps closed, with nothing since to try them; a quarter holds those found in it. The exposure is the service-days since they were closed.",
		"count",
		"", "",
	},
	{
		"monitoring_gaps.time_to_close", "seconds", "lower", "10 gaps",
		"Median time from finding a monitoring gap to closing it, open ones censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
}
