package learning

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	fewestForMedian = 6
	fewestForP90    = 36
)

// lifetime is something that lasted from one moment to another; to is 0 while
// it lasts, and then until is when it was last seen to.
type lifetime struct {
	kind, id        string
	from, to, until int64
}

func (l lifetime) seconds() stats.Lifetime {
	if l.to == 0 {
		return stats.Lifetime{Time: float64(l.until-l.from) / 1000}
	}
	return stats.Lifetime{Time: float64(l.to-l.from) / 1000, Event: true}
}

// lasted is how long it did. It is evidence of a metric that counts it.
func (c *computation) lasted(g *group, w window, metric string, l lifetime) stats.Lifetime {
	role := "event"
	if l.to == 0 {
		role = "censored"
	}
	c.evidence(g, w, metric, role, l.kind, l.id)
	return l.seconds()
}

// durationsOf says which lifetimes a duration is made of. An incident that
// cannot be placed (a time was never recorded, or the times contradict each
// other) is missing, not censored: nothing is known of it.
var durationsOf = []struct {
	metric, done string
	of           func(i *Incident, asOf int64) (lifetime, bool)
}{
	{"durations.detect", "detected", func(i *Incident, asOf int64) (lifetime, bool) {
		return stretch(i, i.StartedAt, i.DetectedAt, cmp.Or(i.AcknowledgedAt, i.End()), asOf)
	}},
	{"durations.acknowledge", "acknowledged", func(i *Incident, asOf int64) (lifetime, bool) {
		return stretch(i, i.DetectedAt, i.AcknowledgedAt, i.ResolvedAt, asOf)
	}},
	{"durations.mitigate", "mitigated", func(i *Incident, asOf int64) (lifetime, bool) {
		return stretch(i, noticed(i), i.MitigatedAt, i.ResolvedAt, asOf)
	}},
	{"durations.resolve", "resolved", func(i *Incident, asOf int64) (lifetime, bool) {
		return stretch(i, noticed(i), i.ResolvedAt, 0, asOf)
	}},
	{"durations.stated_detect", "detected", func(i *Incident, _ int64) (lifetime, bool) {
		return stated(i, i.StatedDetectSeconds)
	}},
	{"durations.stated_resolve", "resolved", func(i *Incident, _ int64) (lifetime, bool) {
		return stated(i, i.StatedResolveSeconds)
	}},
}

// noticed is when an incident could first be worked on: its detection, else its start.
func noticed(i *Incident) int64 { return cmp.Or(i.DetectedAt, i.StartedAt) }

// stretch runs from one of an incident's times to another. Without the second
// it lasts still, unless the incident went on to what comes after it: then the time is missing.
func stretch(i *Incident, from, to, after, asOf int64) (lifetime, bool) {
	l := lifetime{kind: "incident", id: i.ID, from: from, to: to, until: asOf}
	missing := from == 0 || (to == 0 && after != 0) || (to != 0 && to < from) || from > asOf
	return l, !missing
}

func stated(i *Incident, seconds int64) (lifetime, bool) {
	from := i.At()
	return lifetime{kind: "incident", id: i.ID, from: from, to: from + 1000*seconds, until: from}, seconds >= 0
}

func (c *computation) durations(g *group) {
	for _, w := range c.windows(g, "durations") {
		for _, d := range durationsOf {
			var lifetimes []stats.Lifetime
			missing := 0
			for _, s := range g.services {
				for _, i := range s.incidentsIn(w) {
					l, known := d.of(i, c.org.asOf)
					if !known {
						missing++
						continue
					}
					lifetimes = append(lifetimes, c.lasted(g, w, d.metric+".median", l))
				}
			}
			c.duration(g, w, d.metric, lifetimes, missing, "incidents", d.done)
		}
		var rollbacks, flags []stats.Lifetime
		for _, s := range g.services {
			for _, f := range s.failedIn(w) {
				if f.RolledBackAt < f.FinishedAt {
					continue
				}
				l := lifetime{kind: "change", id: f.ID, from: f.FinishedAt, to: f.RolledBackAt}
				if f.Kind == "flag" {
					flags = append(flags, c.lasted(g, w, "durations.flag_off.median", l))
				} else {
					rollbacks = append(rollbacks, c.lasted(g, w, "durations.rollback.median", l))
				}
			}
		}
		c.duration(g, w, "durations.rollback", rollbacks, 0, "changes that were rolled back", "rolled back")
		c.duration(g, w, "durations.flag_off", flags, 0, "changes of flags that were undone", "switched back")
		for _, d := range learningTimes {
			c.learningTime(g, w, d.metric, d.done, d.at)
		}
	}
}

// learningTimes are how long it takes to learn: to close an improvement, and to have seen it work.
var learningTimes = []struct {
	metric, done string
	at           func(*Improvement) int64
}{
	{"durations.improvement_closed", "closed", func(i *Improvement) int64 { return i.ClosedAt }},
	{"durations.improvement_verified", "verified", func(i *Improvement) int64 { return i.VerifiedAt }},
}

// learningTime follows the improvements opened in the window; one that was abandoned is seen no longer.
func (c *computation) learningTime(g *group, w window, metric, done string, at func(*Improvement) int64) {
	var lifetimes []stats.Lifetime
	missing, untold := 0, 0
	for _, s := range g.services {
		for _, i := range s.improvements {
			if i.OpenedAt != 0 && !w.holds(i.OpenedAt) {
				continue
			}
			l := lifetime{kind: "improvement", id: i.ID, from: i.OpenedAt, to: at(i), until: c.org.asOf}
			if l.to == 0 && i.AbandonedAt != 0 {
				l.until = i.AbandonedAt
			}
			switch {
			case i.OpenedAt == 0 && w.name != all: // in no quarter
			case i.OpenedAt == 0 || (l.to != 0 && l.to < l.from) || l.until < l.from:
				missing++
			default:
				lifetimes = append(lifetimes, c.lasted(g, w, metric+".median", l))
				if l.to == 0 && i.AbandonedAt == 0 && i.Imported {
					untold++
				}
			}
		}
	}
	caveat := ""
	if untold > 0 {
		caveat = sentence(" %d of those that were not come from imported history, which may not tell what became of them.", untold)
	}
	c.duration(g, w, metric, lifetimes, missing, "improvements", done, caveat)
}

// duration gives the median, the ninetieth percentile and what this many could show.
func (c *computation) duration(g *group, w window, metric string, lifetimes []stats.Lifetime, missing int, of, done string, caveats ...string) {
	caveat := strings.Join(caveats, "")
	if missing > 0 {
		caveat += sentence(" %d more have no such times, or times that contradict each other.", missing)
	}
	detectable := c.detectable(metric+".detectable", lifetimes, of)
	curve := stats.KaplanMeier(lifetimes)
	median := c.quantile(metric+".median", curve, 0.5, fewestForMedian, of, done)
	if median.State != Insufficient && detectable.State != Insufficient {
		median.Reading += fmt.Sprintf(" Two periods with this many could show a reduction of %s or more (80 %% power).", percent(detectable.Value))
	}
	median.Reading += caveat
	c.emit(g, w, median)
	p90 := c.quantile(metric+".p90", curve, 0.9, fewestForP90, of, done)
	p90.Reading += caveat
	c.emit(g, w, p90)
	c.emit(g, w, detectable)
}

// quantile is that of a duration with the unfinished censored.
func (c *computation) quantile(metric string, curve stats.Survival, p float64, need int64, of, done string) Estimate {
	e := Estimate{
		Metric: metric, N: int64(curve.N), Events: int64(curve.Events), Exposure: float64(curve.N),
		Censored: int64(curve.N - curve.Events),
		Method:   "Kaplan–Meier, unfinished censored; log(−log) bands inverted (Brookmeyer–Crowley)",
	}
	if e.N < need {
		return tooFew(e, e.N, need, of)
	}
	name := "The median"
	if p != 0.5 {
		name = fmt.Sprintf("The %.0fth percentile", 100*p)
	}
	e.Value = curve.Quantile(p)
	outer, inner := curve.QuantileInterval(p, c.settings.Level), curve.QuantileInterval(p, c.settings.InnerLevel)
	if math.IsInf(outer.High, 1) {
		reading := sentence("Not enough data: %d of %d %s were %s; %s", e.Events, e.N, of, done, lowered(name))
		switch {
		case math.IsInf(e.Value, 1):
			reading += fmt.Sprintf(" lies beyond the follow-up of %s.", lasting(curve.Longest))
		default:
			reading += " has no upper bound yet."
		}
		if !math.IsInf(outer.Low, 1) {
			reading += fmt.Sprintf(" Under %s is not compatible with the data (%s).", lasting(outer.Low), percent(c.settings.Level))
		}
		return refuse(e, Insufficient, reading)
	}
	e.bounds(outer, inner)
	e.Reading = sentence("%s until %s is %s, with %s to %s compatible with the data (%s, Kaplan–Meier; %d of %d %s finished).",
		name, done, lasting(e.Value), lasting(e.Low), lasting(e.High), percent(c.settings.Level), e.Events, e.N, of)
	return e
}

func lowered(name string) string { return "t" + name[1:] }

// durationsMetrics are what is said of each.
var durationsMetrics = []Metric{
	{
		"durations.detect.median", "seconds", "lower", "6",
		"Median time from an incident's start to its detection; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.detect.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from an incident's start to its detection; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.detect.median",
	},
	{
		"durations.detect.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from an incident's start to its detection" + detectableTest,
		detectableFormula,
		detectableSource, "durations.detect.median",
	},
	{
		"durations.acknowledge.median", "seconds", "lower", "6",
		"Median time from detection to acknowledgement; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.acknowledge.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from detection to acknowledgement; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.acknowledge.median",
	},
	{
		"durations.acknowledge.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from detection to acknowledgement" + detectableTest,
		detectableFormula,
		detectableSource, "durations.acknowledge.median",
	},
	{
		"durations.mitigate.median", "seconds", "lower", "6",
		"Median time from detection (else the start) to mitigation; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.mitigate.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from detection (else the start) to mitigation; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.mitigate.median",
	},
	{
		"durations.mitigate.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from detection (else the start) to mitigation" + detectableTest,
		detectableFormula,
		detectableSource, "durations.mitigate.median",
	},
	{
		"durations.resolve.median", "seconds", "lower", "6",
		"Median time from detection (else the start) to resolution; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.resolve.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from detection (else the start) to resolution; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.resolve.median",
	},
	{
		"durations.resolve.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from detection (else the start) to resolution" + detectableTest,
		detectableFormula,
		detectableSource, "durations.resolve.median",
	},
	{
		"durations.rollback.median", "seconds", "lower", "6",
		"Median time from a failed deploy's end to its rollback, of those rolled back; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.rollback.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from a failed deploy's end to its rollback, of those rolled back; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.rollback.median",
	},
	{
		"durations.rollback.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from a failed deploy's end to its rollback, of those rolled back" + detectableTest,
		detectableFormula,
		detectableSource, "durations.rollback.median",
	},
	{
		"durations.flag_off.median", "seconds", "lower", "6",
		"Median time from a failed change of a flag to its being switched back, of those that were.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.flag_off.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from a failed change of a flag to its being switched back, of those that were.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.flag_off.median",
	},
	{
		"durations.flag_off.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from a failed change of a flag to its being switched back, of those that were" + detectableTest,
		detectableFormula,
		detectableSource, "durations.flag_off.median",
	},
	{
		"durations.improvement_closed.median", "seconds", "lower", "6",
		"Median time from an improvement's opening to its closing; open ones are censored, abandoned ones when they were abandoned.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.improvement_closed.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from an improvement's opening to its closing; open ones are censored, abandoned ones when they were abandoned.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.improvement_closed.median",
	},
	{
		"durations.improvement_closed.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from an improvement's opening to its closing" + detectableTest,
		detectableFormula,
		detectableSource, "durations.improvement_closed.median",
	},
	{
		"durations.improvement_verified.median", "seconds", "lower", "6",
		"Median time from an improvement's opening to its verification; open ones are censored, abandoned ones when they were abandoned.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.improvement_verified.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from an improvement's opening to its verification; open ones are censored, abandoned ones when they were abandoned.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.improvement_verified.median",
	},
	{
		"durations.improvement_verified.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from an improvement's opening to its verification" + detectableTest,
		detectableFormula,
		detectableSource, "durations.improvement_verified.median",
	},
	{
		"durations.stated_detect.median", "seconds", "lower", "6",
		"Median time from start to detection as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.stated_detect.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from start to detection as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.stated_detect.median",
	},
	{
		"durations.stated_detect.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from start to detection as people stated it, not derived from times" + detectableTest,
		detectableFormula,
		detectableSource, "durations.stated_detect.median",
	},
	{
		"durations.stated_resolve.median", "seconds", "lower", "6",
		"Median time from start to resolution as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier median; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "",
	},
	{
		"durations.stated_resolve.p90", "seconds", "lower", "36",
		"Ninetieth percentile of the time from start to resolution as people stated it, not derived from times; unfinished ones are censored.",
		"Kaplan–Meier quantile; log(−log) bands inverted",
		"Brookmeyer & Crowley 1982", "durations.stated_resolve.median",
	},
	{
		"durations.stated_resolve.detectable", "share", "lower", "6 finished",
		"Smallest reduction of the typical time from start to resolution as people stated it, not derived from times" + detectableTest,
		detectableFormula,
		detectableSource, "durations.stated_resolve.median",
	},
}
