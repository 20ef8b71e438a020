package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// horizons of a recurrence, in days.
var horizons = []int{30, 90, 180}

const fewestModes = 10

// follow is one failure mode on one service, followed from an origin to its recurrences.
type follow struct {
	origin      int64
	history     stats.History // days
	from        *failure      // the failure that the origin belongs to
	next        *failure      // the first recurrence; nil if none came
	unwitnessed bool          // the fix is taken as stated
}

// end is when a service stopped being observed.
func (s *service) end(asOf int64) int64 {
	if s.name == Unknown {
		return asOf
	}
	return s.to
}

func (s *service) follow(h *modeHistory, from *failure, origin, asOf int64) (follow, bool) {
	end := s.end(asOf)
	if origin >= end {
		return follow{}, false
	}
	f := follow{origin: origin, from: from}
	f.history.End = float64(end-origin) / dayMillis
	for _, later := range h.failures[1:] {
		if later.at < origin {
			continue
		}
		if f.next == nil {
			f.next = later
		}
		f.history.Events = append(f.history.Events, float64(later.at-origin)/dayMillis)
	}
	return f, true
}

// afterFix follows modes from their first declared fix.
func (c *computation) afterFix(g *group, w window) []follow {
	var out []follow
	for _, s := range g.services {
		for _, h := range s.modes {
			if h.fix == nil || !w.holds(h.fix.at) {
				continue
			}
			if f, followed := s.follow(h, h.failures[0], h.fix.at, c.org.asOf); followed {
				f.unwitnessed = h.fix.improvement.Imported
				out = append(out, f)
			}
		}
	}
	return out
}

// afterEnd follows modes from when the first of their failures had ended, and its
// merging window too. One of which none has is not at risk yet; one that lasts, or
// that nobody told the end of, keeps no other from it.
func (c *computation) afterEnd(g *group, w window) []follow {
	var out []follow
	for _, s := range g.services {
		for _, h := range s.modes {
			ended, origin := h.firstEnd()
			if ended == nil || !w.holds(origin) {
				continue
			}
			if f, followed := s.follow(h, ended, origin, c.org.asOf); followed {
				out = append(out, f)
			}
		}
	}
	return out
}

// firstEnd is the failure that ended first, with when it and its merging window had;
// nil if none has.
func (h *modeHistory) firstEnd() (ended *failure, at int64) {
	for _, f := range h.failures {
		if over := max(f.over, f.until); f.over != 0 && (ended == nil || over < at) {
			ended, at = f, over
		}
	}
	return ended, at
}

// UnendedBefore are the incidents of a mode that its service had met before, none of
// which had ended when they began: of these it is not known whether the mode came back
// or went on. They are no recurrences and, as new ones, none either.
func UnendedBefore(in *Input) map[string]bool {
	var known []*Incident
	for i := range in.Incidents {
		x := &in.Incidents[i]
		if x.Service != "" && x.FailureMode != "" && !x.IsDrill && x.DuplicateOf == "" && x.At() != 0 {
			known = append(known, x)
		}
	}
	sortIncidents(known)
	type kind struct{ service, mode string }
	ended := map[kind]int64{} // when the first of the earlier ones had
	out := map[string]bool{}
	for _, x := range known {
		k := kind{x.Service, x.FailureMode}
		first, met := ended[k]
		switch {
		case !met:
			first = math.MaxInt64
		case first > x.At():
			out[x.ID] = true
		}
		if end := x.End(); end != 0 {
			first = min(first, max(end, x.At()))
		}
		ended[k] = first
	}
	return out
}

func (c *computation) repeats(g *group) {
	for _, w := range c.windows(g) {
		c.classes(g, w)
		c.heldNot(g, w)
		if g.small() && w.name != all {
			continue
		}
		c.recurrence(g, w, "repeat_rate.after_fix", "their declared fix", c.afterFix(g, w))
		c.recurrence(g, w, "repeat_rate.after_end", "the end of their first failure", c.afterEnd(g, w))
	}
}

// classes are the three management problems, apart.
func (c *computation) classes(g *group, w window) {
	kinds := []struct{ class, metric, what string }{
		{"repeat", "repeat_rate.repeats", "repeated a known failure after its declared fix"},
		{"known_open", "repeat_rate.known_open", "repeated a known failure while an improvement for it was declared and not known to be closed"},
		{"unaddressed", "repeat_rate.unaddressed", "repeated a known failure for which nothing had been opened"},
	}
	shares := make([][]stats.Share, len(kinds))
	var unknown, unended int
	for _, s := range g.services {
		counts := make([]stats.Share, len(kinds))
		for _, f := range s.failuresIn(w) {
			if f.mode == "" {
				unknown++
				continue
			}
			if c.org.unended[f.first.ID] {
				unended++
				continue
			}
			class := ""
			if f.again != nil {
				class = f.again.Class
			}
			for i, k := range kinds {
				counts[i].Of++
				if class == k.class {
					counts[i].Events++
					c.evidence(g, w, k.metric, "event", "incident", f.first.ID)
				}
			}
		}
		for i := range kinds {
			shares[i] = append(shares[i], counts[i])
		}
	}
	for i, k := range kinds {
		e := c.share(k.metric, shares[i], fewestModes, k.what, "failures of a known mode")
		if unknown > 0 {
			e.Reading += fmt.Sprintf(" Not among them: %s without a failure mode.", plural(unknown, "failure", "failures"))
		}
		if unended > 0 {
			e.Reading += fmt.Sprintf(" Not among them: %s of a mode met before that came while no earlier one had ended, or was told to have.", plural(unended, "failure", "failures"))
		}
		c.emit(g, w, e)
	}
}

// heldNot counts incidents between a fix declared within a merging window and that window's end.
func (c *computation) heldNot(g *group, w window) {
	const metric = "repeat_rate.fix_did_not_hold"
	var n, fixes int64
	for _, s := range g.services {
		for _, h := range s.modes {
			if h.fix == nil || !w.holds(h.fix.at) {
				continue
			}
			fixes++
			for _, incident := range h.heldNot {
				n++
				c.evidence(g, w, metric, "event", "incident", incident.ID)
			}
		}
	}
	c.emit(g, w, count(metric, n, fixes,
		fmt.Sprintf("%s came after a fix was declared and within the merging window of the failure; %s declared.",
			plural(int(n), "incident", "incidents"), plural(int(fixes), "first fix was", "first fixes were"))))
}

// recurrence is the probability that a mode comes back within each horizon, and how often by the last.
func (c *computation) recurrence(g *group, w window, family, since string, follows []follow) {
	lifetimes := make([]stats.Lifetime, len(follows))
	histories := make([]stats.History, len(follows))
	unwitnessed := 0
	for i, f := range follows {
		lifetimes[i] = stats.Lifetime{Time: f.history.End}
		if f.next != nil {
			lifetimes[i] = stats.Lifetime{Time: f.history.Events[0], Event: true}
		}
		histories[i] = f.history
		if f.unwitnessed {
			unwitnessed++
		}
	}
	curve := stats.KaplanMeier(lifetimes)
	caveat := asStated(unwitnessed, len(follows))
	for _, days := range horizons {
		metric := fmt.Sprintf("%s.%dd", family, days)
		for _, f := range follows {
			switch {
			case f.next != nil && float64(f.next.at-f.origin)/dayMillis <= float64(days):
				c.evidence(g, w, metric, "event", "incident", f.next.first.ID)
			case f.history.End < float64(days) && f.next == nil:
				c.evidence(g, w, metric, "censored", "incident", f.from.first.ID)
			}
		}
		c.emit(g, w, c.within(metric, curve, days, since, caveat))
	}
	last := horizons[len(horizons)-1]
	c.emit(g, w, c.several(fmt.Sprintf("%s.mean_%dd", family, last), stats.MCF(histories), last, since, caveat))
}

func (c *computation) within(metric string, curve stats.Survival, days int, since, caveat string) Estimate {
	t := float64(days)
	known, events := curve.Known(t), curve.EventsBy(t)
	e := Estimate{
		Metric: metric, N: int64(curve.N), Events: int64(events), Exposure: float64(curve.N),
		Censored: int64(curve.N - known),
		Method:   "1 − Kaplan–Meier; log(−log) Greenwood, exact binomial without an event",
	}
	if known < fewestModes || (curve.Longest < t && curve.At(t) > 0) {
		e.Lacks = int64(max(0, fewestModes-known))
		return refuse(e, Insufficient, sentence(
			"Not enough data: n = %s for %d days after %s, needs %d. No figure is shown.", numbered(int64(known), "modes that came back or were followed"), days, since, fewestModes))
	}
	turn := func(i stats.Interval) stats.Interval { return stats.Interval{Low: 1 - i.High, High: 1 - i.Low} }
	e.Value = 1 - curve.At(t)
	e.bounds(turn(curve.Interval(t, c.settings.Level)), turn(curve.Interval(t, c.settings.InnerLevel)))
	if events == 0 {
		e.Reading = sentence("None of %d modes followed for %d days after %s came back; up to %s would be compatible with the data (%s, exact).%s",
			known, days, since, percent(e.High), percent(c.settings.Level), caveat)
		return e
	}
	e.Reading = sentence("%d of %d modes came back within %d days after %s: %s of them by then, with %s to %s compatible with the data (%s, Kaplan–Meier).%s",
		events, curve.N, days, since, percent(e.Value), percent(e.Low), percent(e.High), percent(c.settings.Level), caveat)
	return e
}

func (c *computation) several(metric string, curve stats.MeanCumulative, days int, since, caveat string) Estimate {
	t := float64(days)
	followed := curve.AtRisk(t)
	e := Estimate{
		Metric: metric, N: int64(curve.N()), Events: int64(curve.EventsBy(t)), Exposure: float64(curve.N()),
		Censored: int64(curve.N() - followed),
		Method:   "mean cumulative function; log-normal bounds, the larger of Nelson's and the robust variance",
	}
	if followed < fewestModes {
		e.Lacks = int64(fewestModes - followed)
		return refuse(e, Insufficient, sentence(
			"Not enough data: n = %s followed for %d days after %s, needs %d. No figure is shown.", numbered(int64(followed), "modes"), days, since, fewestModes))
	}
	e.Value = curve.At(t)
	e.bounds(curve.Interval(t, c.settings.Level), curve.Interval(t, c.settings.InnerLevel))
	e.Reading = sentence("%s of %d modes within %d days after %s: %s for each mode, with %s to %s compatible with the data (%s, mean cumulative function).%s",
		numbered(e.Events, "recurrences"), e.N, days, since, number(e.Value), number(e.Low), number(e.High), percent(c.settings.Level), caveat)
	return e
}

const apartUnended = "A failure counts from an earlier one that had ended by then, whichever others last; those that came while none had are left out, and counted apart."

// repeatRateMetrics are what is said of each.
var repeatRateMetrics = []Metric{
	{
		"repeat_rate.repeats", "share", "lower", "10 failures of a known mode",
		"Failures of a mode met before on the same service, after its declared fix, of all failures of a known mode. " + apartUnended,
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"repeat_rate.known_open", "share", "lower", "10 failures of a known mode",
		"Failures of a mode met before on the same service, while an improvement for it was declared and not known to be closed, of all failures of a known mode. " + apartUnended,
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"repeat_rate.unaddressed", "share", "lower", "10 failures of a known mode",
		"Failures of a mode met before on the same service, with nothing opened for it, of all failures of a known mode. " + apartUnended,
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"repeat_rate.fix_did_not_hold", "count", "lower", "none",
		"Incidents between a fix declared within the merging window of a failure and that window's end.",
		"count",
		"", "",
	},
	{
		"repeat_rate.after_fix.30d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 30 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end). A quarter holds the modes whose clock began in it.",
		"1 − S(30 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_fix.90d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 90 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end). A quarter holds the modes whose clock began in it.",
		"1 − S(90 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_fix.180d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 180 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end). A quarter holds the modes whose clock began in it.",
		"1 − S(180 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_fix.mean_180d", "ratio", "lower", "10 modes followed for 180 days",
		"Mean number of recurrences of a mode within 180 days of the mode's first declared fix (the later of stated and first witnessed; within a merging window, its end).",
		"mean cumulative function; log-normal bounds",
		"Nelson 1995; Lawless & Nadeau 1995", "repeat_rate.after_fix.180d",
	},
	{
		"repeat_rate.after_end.30d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 30 days of when the first of the mode's failures ended, or its merging window if that is later. A quarter holds the modes whose clock began in it.",
		"1 − S(30 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_end.90d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 90 days of when the first of the mode's failures ended, or its merging window if that is later. A quarter holds the modes whose clock began in it.",
		"1 − S(90 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_end.180d", "share", "lower", "10 modes whose fate by then is known",
		"Probability that a failure mode comes back on its service within 180 days of when the first of the mode's failures ended, or its merging window if that is later. A quarter holds the modes whose clock began in it.",
		"1 − S(180 d), Kaplan–Meier; log(−log) Greenwood",
		"Kaplan & Meier 1958; Kalbfleisch & Prentice", "",
	},
	{
		"repeat_rate.after_end.mean_180d", "ratio", "lower", "10 modes followed for 180 days",
		"Mean number of recurrences of a mode within 180 days of when the first of the mode's failures ended, or its merging window if that is later.",
		"mean cumulative function; log-normal bounds",
		"Nelson 1995; Lawless & Nadeau 1995", "repeat_rate.after_end.180d",
	},
}
