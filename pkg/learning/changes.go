package learning

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	fewestChanges    = 20
	leastContrast    = 0.2 // mean share of reference windows without a change
	fewestDiscordant = 3
)

var (
	rollouts    = []string{"all-at-once", "canary", "blue-green", "unknown"}
	changeKinds = []string{"deploy", "flag"}
)

func rollout(name string) string {
	if slices.Contains(rollouts, name) {
		return name
	}
	return "unknown"
}

func (c *computation) changes(g *group) {
	rows := g.crossed()
	for _, w := range c.windows(g) {
		c.failedShare(g, w)
		if g.small() && w.name != all {
			continue
		}
		c.excess(g, w, rows)
	}
}

// crossed are the rows of a scope's failures: of several incidents that are one, the first's.
func (g *group) crossed() []*Crossover {
	var out []*Crossover
	firsts := map[string]bool{}
	for _, s := range g.services {
		clear(firsts)
		for _, f := range s.failures {
			firsts[f.first.ID] = true
		}
		for _, row := range s.crossover {
			if firsts[row.IncidentID] {
				out = append(out, row)
			}
		}
	}
	return out
}

// failedShare is over the changes old enough for the attribution window.
func (c *computation) failedShare(g *group, w window) {
	parts := []struct {
		metric, of string
		rollout    string
		kind       string
	}{{metric: "change_safety.failed_share", of: "changes"}}
	if !g.small() || w.name == all {
		for _, r := range rollouts {
			of := "changes rolled out as " + r
			if r == "unknown" {
				of = "changes of unknown rollout"
			}
			parts = append(parts, struct{ metric, of, rollout, kind string }{"change_safety.failed_share.rollout." + r, of, r, ""})
		}
		for _, k := range changeKinds {
			parts = append(parts, struct{ metric, of, rollout, kind string }{"change_safety.failed_share.kind." + k, "changes of kind " + k, "", k})
		}
	}
	for _, part := range parts {
		shares := make([]stats.Share, len(g.services))
		var young, changes, told int64
		counts := func(r, kind string) bool {
			return (part.rollout == "" || part.rollout == rollout(r)) && (part.kind == "" || part.kind == kind)
		}
		for i, s := range g.services {
			for _, row := range s.changes {
				if (w.name != all && row.Quarter != w.name) || !counts(row.Rollout, row.Kind) {
					continue
				}
				shares[i].Events += row.Failed
				shares[i].Of += row.Changes
				young += row.TooYoung
				changes += row.Changes
				told += row.EndingTold
			}
			for _, f := range s.failedIn(w) {
				if counts(f.Rollout, f.Kind) {
					c.evidence(g, w, part.metric, "event", "change", f.ID)
				}
			}
		}
		e := c.share(part.metric, shares, fewestChanges, "failed", part.of)
		e.Censored = young
		switch {
		case e.State == Insufficient:
		case told == 0:
			// Nobody would have told us of a failure: none seen is not none there.
			e = refuse(e, AssumptionFailed, sentence("Nobody says how these %d %s ended: no outcome, no rollback, no stated cause. No figure is shown.", changes, part.of))
		case told < changes:
			e.Reading += sentence(" Of %d nothing is told of how they ended.", changes-told)
		}
		if young > 0 {
			e.Reading += fmt.Sprintf(" %s too young to tell.", plural(int(young), "change is", "changes are"))
		}
		c.emit(g, w, e)
	}
}

// excess compares the window before each failure with the same window of the weeks before.
func (c *computation) excess(g *group, w window, rows []*Crossover) {
	const metric = "change_safety.excess"
	var crossings []stats.Crossing
	var unreferenced int64
	for _, row := range rows {
		switch {
		case !w.holds(row.At):
		case row.References == 0:
			unreferenced++
			c.evidence(g, w, metric, "censored", "incident", row.IncidentID)
		default:
			crossings = append(crossings, stats.Crossing{Exposed: row.Exposed, Reference: row.ReferenceShare})
			if row.Exposed {
				c.evidence(g, w, metric, "event", "incident", row.IncidentID)
			}
		}
	}
	hours := number(c.settings.AttributionWindow.Hours())
	e := Estimate{
		Metric: metric, N: int64(len(crossings)), Exposure: float64(len(crossings)), Censored: unreferenced,
		Method: sentence("case-crossover (Maclure; Mantel–Haenszel) of the %s h before each failure against the same hours 1 to 4 weeks earlier; percentile bootstrap, %d resamples",
			hours, stats.Resamples),
	}
	if e.N < fewestChanges {
		c.emit(g, w, tooFew(e, e.N, fewestChanges, "failures with earlier weeks to compare with"))
		return
	}
	fit := stats.CaseCrossover(crossings)
	e.Events = int64(math.Round(fit.Exposed * float64(fit.N)))
	switch {
	case fit.Contrast < leastContrast:
		c.emit(g, w, refuse(e, AssumptionFailed, fmt.Sprintf(
			"Not reported: %s of the windows of %s h in earlier weeks had a change too, so that a change before a failure tells nothing. A shorter attribution window would.",
			percent(1-fit.Contrast), hours)))
		return
	case fit.Discordant < fewestDiscordant:
		c.emit(g, w, refuse(e, Insufficient, sentence(
			"Not enough data: failures and their earlier weeks differ in %s windows, needs %d. No figure is shown.",
			number(fit.Discordant), fewestDiscordant)))
		return
	}
	e.Value = fit.Share
	bounds := fit.Bootstrap(c.seed(g, w), c.settings.Level, c.settings.InnerLevel)
	e.bounds(bounds[0], bounds[1])
	e.Reading = sentence("%d of %d failures had a change in the %s h before; %s of failures beyond what the same hours of earlier weeks explain, with %s to %s compatible with the data (%s, bootstrap).",
		e.Events, e.N, hours, percent(e.Value), percent(e.Low), percent(e.High), percent(c.settings.Level))
	c.emit(g, w, e)
}

// seed gives each estimate resamples of its own, the same in every run.
func (c *computation) seed(g *group, w window) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%s\x00%s", c.settings.Seed, g.Kind, g.Name, w.name)
	return h.Sum64()
}

// changeSafetyMetrics are what is said of each.
var changeSafetyMetrics = []Metric{
	{
		"change_safety.failed_share", "share", "lower", "20 changes",
		"Changes that failed, were rolled back, or are stated or corroborated as a cause, each once, of the changes older than the attribution window.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.all-at-once", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is all-at-once.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.canary", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is canary.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.blue-green", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is blue-green.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.rollout.unknown", "share", "lower", "20 changes",
		"change_safety.failed_share of changes whose rollout is unknown.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.kind.deploy", "share", "lower", "20 changes",
		"change_safety.failed_share of changes of kind deploy.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.failed_share.kind.flag", "share", "lower", "20 changes",
		"change_safety.failed_share of changes of kind flag.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"change_safety.excess", "share", "lower", "20 failures, 3 discordant windows, a fifth of the reference windows without a change",
		"Share of failures with a change before them, beyond what the same hours one to four weeks earlier explain.",
		"x̄(1 − D/N), D = Σ(1−x)m, N = Σx(1−m); percentile bootstrap over failures",
		"Maclure 1991; Mantel & Haenszel 1959", "",
	},
}
