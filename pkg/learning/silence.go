package learning

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	longSilence     = 26 * 7 * dayMillis
	unlikelySilence = 0.01
	// A shorter silence of who failed often: six weeks are longer than a freeze of changes
	// at the end of a year, and of twenty failures the last third are no single burst.
	shortSilence   = 6 * 7 * dayMillis
	hardlySilence  = 1e-3
	fewestForShort = 20
)

// silence looks at the stretch before the first incident of a scope and after
// its last up to a moment. One of 26 weeks and more that the rate next to it
// would leave less than once in a hundred is as likely a matter of reporting,
// and no trend can be read from it; so is one of six weeks and more after the last of
// twenty failures or more, if less than once in a thousand. Every failure that was told of counts, of
// whatever severity and containment: where the harmless are still told of, the
// absence of others is news. It gives "" or why there is no figure: the
// organisation's silence after its last is that of all its scopes.
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

func (g *group) silences(to int64) (after, before string) {
	start := g.clock.start()
	var told []int64
	for _, s := range g.services {
		for _, f := range s.failures {
			if f.at >= start && f.at < to {
				told = append(told, f.at)
			}
		}
	}
	if len(told) < fewestForTrend {
		return "", ""
	}
	slices.Sort(told)
	end := g.clock.days(to)
	third := (len(told) + 2) / 3
	first, last := told[0], told[len(told)-1]
	chance := quietChance(g.clock.days(told[len(told)-1-third]), g.clock.days(last), end, third)
	if to-last >= longSilence && chance < unlikelySilence || to-last >= shortSilence && chance < hardlySilence && len(told) >= fewestForShort {
		after = fmt.Sprintf("Not reported: the last incident told of is of %s; %s of silence since are as likely an end of reporting as an end of failing. No figure is shown.",
			dayOf(last), months(to-last))
	}
	if first-start >= longSilence && quietChance(end-g.clock.days(told[third]), end-g.clock.days(first), end, third) < unlikelySilence {
		before = fmt.Sprintf("Not reported: the first incident told of is of %s; %s of silence before are as likely a time before reporting as one without failing. No figure is shown.",
			dayOf(first), months(first-start))
	}
	return after, before
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
