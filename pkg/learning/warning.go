package learning

import (
	"cmp"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// warnings: near misses, and failures that something had warned of. More near
// misses told of may be more danger or more trust, so that none of this is good or bad by itself.
func (c *computation) warnings(g *group) {
	for _, w := range c.windows(g) {
		if g.small() && w.name != all {
			continue
		}
		c.nearMisses(g, w)
		c.forewarned(g, w)
	}
}

func (c *computation) nearMisses(g *group, w window) {
	var told []*NearMiss
	for _, n := range c.facts.nearMisses[g.Scope] {
		if w.holds(n.At) {
			told = append(told, n)
		}
	}
	n := int64(len(told))
	days := g.clock.days(w.to) - g.clock.days(w.from)
	rate := Estimate{Metric: "near_miss.rate", N: n, Events: n, Exposure: days, Method: "near misses per 1,000 service-days; Garwood"}
	switch {
	case n < fewestFailures:
		rate = tooFew(rate, n, fewestFailures, "near misses")
	case days <= 0:
		rate = refuse(rate, Insufficient, "Not enough data: no exposure is known. No figure is shown.")
	default:
		per := 1000 / days
		scaled := func(i stats.Interval) stats.Interval { return stats.Interval{Low: i.Low * per, High: i.High * per} }
		rate.Value = float64(n) * per
		rate.bounds(scaled(stats.Garwood(n, c.settings.Level)), scaled(stats.Garwood(n, c.settings.InnerLevel)))
		rate.Reading = sentence("%d near misses in %s service-days: %s per 1,000, with %s to %s compatible with the data (%s, Garwood). More of them may be more danger, or more that is told.",
			n, whole(days), number(rate.Value), number(rate.Low), number(rate.High), percent(c.settings.Level))
	}
	c.emit(g, w, rate)

	var reported, heeded, came clusters[stats.Share]
	for _, s := range g.services {
		for _, f := range s.failures {
			if w.holds(f.at) {
				reported.at(s.entire().name).Of++
			}
		}
	}
	for _, near := range told {
		name := cmp.Or(near.Service, Unknown)
		share := reported.at(name)
		share.Of++
		share.Events++
		c.evidence(g, w, "near_miss.rate", "event", "near_miss", near.ID)
		if near.FailureMode == "" || near.Service == "" {
			continue
		}
		again, answered := c.after(near)
		heeded.at(name).Of++
		came.at(name).Of++
		if answered {
			heeded.at(name).Events++
			c.evidence(g, w, "near_miss.heeded", "event", "near_miss", near.ID)
		}
		if again {
			came.at(name).Events++
			c.evidence(g, w, "near_miss.came", "event", "near_miss", near.ID)
		}
	}
	c.emit(g, w, c.share("near_miss.reported", reported.of, fewestFailures, "were told of as near misses", "failures and near misses"))
	c.emit(g, w, c.share("near_miss.heeded", heeded.of, fewestFailures, "led to an improvement for their mode before it failed", "near misses of a known mode"))
	c.emit(g, w, c.share("near_miss.came", came.of, fewestFailures, "were followed by a failure of the same mode", "near misses of a known mode"))
}

// after says whether the mode of a near miss failed on its service later, and
// whether an improvement for it was opened or closed before that.
func (c *computation) after(near *NearMiss) (came, heeded bool) {
	until := c.org.asOf + 1
	if s := c.org.named[near.Service]; s != nil {
		for _, f := range s.failures {
			if f.mode == near.FailureMode && f.at > near.At {
				came, until = true, f.at
				break
			}
		}
	}
	within := func(t int64) bool { return t > near.At && t < until }
	for _, i := range c.org.openable.of(near.Service)[near.FailureMode] {
		heeded = heeded || within(i.OpenedAt)
	}
	for _, i := range c.org.closed.of(near.Service)[near.FailureMode] {
		heeded = heeded || within(i.WitnessedClosedAt)
	}
	return came, heeded
}

// forewarned: of failures of a known mode, those that an experiment, a near miss or a pre-mortem had shown before.
func (c *computation) forewarned(g *group, w window) {
	kinds := []struct{ metric, kind, what string }{
		{"forewarned", "", "had been shown by an experiment, a near miss or a pre-mortem"},
		{"forewarned.by_experiment", "experiment", "had been shown by an experiment"},
		{"forewarned.by_near_miss", "near_miss", "had been shown by a near miss"},
		{"forewarned.by_premortem", "risk", "had been foretold in a pre-mortem"},
	}
	shares := make([]clusters[stats.Share], len(kinds))
	var heeded clusters[stats.Share]
	for _, s := range g.services {
		name := s.entire().name
		for _, f := range s.failuresIn(w) {
			if f.mode == "" {
				continue
			}
			warned := map[string]bool{}
			answered := false
			for _, i := range append([]*Incident{f.first}, f.merged...) {
				for _, warning := range c.facts.warnings[i.ID] {
					if warning.At < f.at {
						warned[warning.Kind], warned[""] = true, true
						answered = answered || warning.HeededBy != "" && warning.HeededAt < f.at
					}
				}
			}
			for k, kind := range kinds {
				share := shares[k].at(name)
				share.Of++
				if warned[kind.kind] {
					share.Events++
					c.evidence(g, w, kind.metric, "event", "incident", f.first.ID)
				}
			}
			if warned[""] {
				share := heeded.at(name)
				share.Of++
				if answered {
					share.Events++
					c.evidence(g, w, "forewarned.heeded", "event", "incident", f.first.ID)
				}
			}
		}
	}
	for k, kind := range kinds {
		c.emit(g, w, c.share(kind.metric, shares[k].of, fewestFailures, kind.what, "failures of a known mode"))
	}
	c.emit(g, w, c.share("forewarned.heeded", heeded.of, fewestFailures, "came although an improvement for their mode had been closed since the warning", "failures that had been shown before"))
}

const pooledShare = "Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom"

// warningMetrics are what is said of each.
var warningMetrics = []Metric{
	{
		"near_miss.rate", "per_1000_service_days", "", "10 near misses",
		"Near misses told of, per 1,000 service-days. More of them may be more danger or more trust: no direction is good.",
		"1000·k/service-days", "Garwood 1936", "",
	},
	{
		"near_miss.reported", "share", "", "10 failures and near misses",
		"Near misses of all failures and near misses: how much is told of what did no harm.",
		"k/n", pooledShare, "near_miss.rate",
	},
	{
		"near_miss.heeded", "share", "", "10 near misses of a known mode",
		"Near misses of a known mode after which an improvement for it on its service was opened or closed, before the mode failed there.",
		"k/n", pooledShare, "",
	},
	{
		"near_miss.came", "share", "", "10 near misses of a known mode",
		"Near misses of a known mode that were followed by a failure of it on the same service. The young have had little time for it.",
		"k/n", pooledShare, "",
	},
	{
		"forewarned", "share", "", "10 failures of a known mode",
		"Failures whose mode an experiment or a near miss had shown on the service before, or a pre-mortem had foretold. It rises with looking ahead, and with not acting on it.",
		"k/n", pooledShare, "",
	},
	{
		"forewarned.by_experiment", "share", "", "10 failures of a known mode",
		"Failures whose mode a refuted experiment had shown on the service before.",
		"k/n", pooledShare, "",
	},
	{
		"forewarned.by_near_miss", "share", "", "10 failures of a known mode",
		"Failures whose mode a near miss had shown on the service before.",
		"k/n", pooledShare, "",
	},
	{
		"forewarned.by_premortem", "share", "", "10 failures of a known mode",
		"Failures whose mode a pre-mortem had foretold for the service before.",
		"k/n", pooledShare, "",
	},
	{
		"forewarned.heeded", "share", "", "10 failures that had been shown before",
		"Forewarned failures that came although an improvement for their mode had been closed between the warning and them; of the others the warning was not heeded.",
		"k/n", pooledShare, "",
	},
}
