package learning

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const (
	longSilence     = 26 * 7 * dayMillis
	unlikelySilence = 0.01
	// A shorter silence of who failed often: six weeks are longer than a freeze of changes
	// at the end of a year. What comes within three days counts once.
	shortSilence   = 6 * 7 * dayMillis
	hardlySilence  = 1e-3
	fewestForShort = 20
	stormApart     = 3 * dayMillis
	// stragglers are so few that they do not end a silence.
	stragglers = 2
)

// silence looks at the stretch before the first incident of a scope and after
// its last up to a moment. One of 26 weeks and more that the rate next to it
// would leave less than once in a hundred is as likely a matter of reporting,
// and no trend can be read from it; so is one of six weeks and more after twenty failures,
// those within three days counted once, if less than once in a thousand. Every
// failure that was told of counts, of whatever severity and containment: where the
// harmless are still told of, the absence of others is news. It gives "" or why there
// is no figure: the organisation's silence after its last is that of all its scopes.
func (c *computation) silence(g *group, to int64) string {
	after, before := g.silences(to)
	if g.Kind == wholeOrganisation {
		if c.quiet == nil {
			c.quiet = map[int64]string{}
		}
		c.quiet[to] = after
	}
	return cmp.Or(c.quiet[to], after, before)
}

// hush notes the organisation's silences at the ends of all windows.
func (c *computation) hush() {
	whole := c.org.entirety()
	for _, w := range append([]window{c.everything}, c.quarters...) {
		c.silence(whole, w.to)
	}
}

// followed are the metrics, by the beginnings of their names, for which it counts that
// nothing came back up to as_of, whichever window they are of.
var followed = []string{perFailure, "repeat_rate.after_", "improvement_effectiveness", "tuition.avoided", "tuition.delay", "premortem"}

// hushed says why an estimate has no figure in an organisation that fell silent: the
// time of an end of reporting would count as time without failures.
func (c *computation) hushed(m *Metric, w window) string {
	switch {
	case slices.ContainsFunc(followed, func(beginning string) bool { return strings.HasPrefix(m.Name, beginning) }):
		return c.quiet[c.everything.to]
	case m.Unit == "per_1000_service_days", strings.HasPrefix(m.Name, "near_miss"):
		return c.quiet[w.to]
	}
	return ""
}

func (g *group) silences(to int64) (after, before string) {
	start, told := g.clock.start(), g.told()
	begins, _ := slices.BinarySearch(told, start)
	ends, _ := slices.BinarySearch(told, to)
	told = told[begins:max(begins, ends)]
	// A silence ends when three have been told of: one that is imported late tells of no more.
	for since := range min(stragglers+1, len(told)) {
		until, heard := to, told[:len(told)-since]
		if since > 0 {
			until = told[len(told)-since]
		}
		if since > 0 && len(heard) < fewestForShort || !g.silentAfter(heard, until) {
			continue
		}
		last := heard[len(heard)-1]
		after = fmt.Sprintf("Not reported: the last incident told of is of %s; %s of silence since are as likely an end of reporting as an end of failing. No figure is shown.",
			dayOf(last), months(to-last))
		if since > 0 {
			after = fmt.Sprintf("Not reported: after %s no incident was told of for %s, and only %d since; that is as likely an end of reporting as an end of failing. No figure is shown.",
				dayOf(last), months(until-last), since)
		}
		break
	}
	if len(told) < fewestForTrend {
		return after, ""
	}
	end := g.clock.days(to)
	third := (len(told) + 2) / 3
	first := told[0]
	if first-start >= longSilence && quietChance(end-g.clock.days(told[third]), end-g.clock.days(first), end, third) < unlikelySilence {
		before = fmt.Sprintf("Not reported: the first incident told of is of %s; %s of silence before are as likely a time before reporting as one without failing. No figure is shown.",
			dayOf(first), months(first-start))
	}
	return after, before
}

// silentAfter says whether no more was told of after these moments, up to another.
func (g *group) silentAfter(told []int64, to int64) bool {
	if len(told) < fewestForTrend {
		return false
	}
	last := told[len(told)-1]
	chance := func(told []int64) float64 {
		third := (len(told) + 2) / 3
		return quietChance(g.clock.days(told[len(told)-1-third]), g.clock.days(last), g.clock.days(to), third)
	}
	if to-last >= longSilence && chance(told) < unlikelySilence {
		return true
	}
	if to-last < shortSilence {
		return false
	}
	often := storms(told)
	return len(often) >= fewestForShort && chance(often) < hardlySilence
}

// storms are the last moments of each storm: failures come in clusters, and that one of
// these is over is no silence.
func storms(told []int64) []int64 {
	var out []int64
	for _, at := range slices.Backward(told) {
		if len(out) == 0 || out[len(out)-1]-at >= stormApart {
			out = append(out, at)
		}
	}
	slices.Reverse(out)
	return out
}

// quietChance is the chance that the last of some moments leaves at least as much of
// [0, end] behind it, at the rate of the last third of them:
// ((last−before)/(end−before))ᵏ given k moments after that before the third. The last
// third, so that a rate that has been falling is held against its own lower end.
func quietChance(before, last, end float64, third int) float64 {
	if end <= last {
		return 1
	}
	return math.Pow((last-before)/(end-before), float64(third))
}

// unless puts the reason for which there is no figure in its place.
func unless(reason string, e Estimate) Estimate {
	if reason == "" || e.State == Insufficient {
		return e
	}
	return refuse(e, AssumptionFailed, reason)
}

func dayOf(millis int64) string { return time.UnixMilli(millis).UTC().Format("2 Jan 2006") }

func months(millis int64) string {
	return number(float64(millis)/(quarterDays*dayMillis)*3) + " months"
}
