package learning

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	longSilence     = 26 * 7 * dayMillis
	unlikelySilence = 0.01
)

// silence looks at the stretch before the first incident of a scope and after
// its last up to a moment. One of 26 weeks and more that the rest of the record
// would leave less than once in a hundred is as likely a matter of reporting,
// and no trend can be read from it. Every failure that was told of counts, of
// whatever severity and containment: where the harmless are still told of, the
// absence of others is news. It gives "" or why there is no figure.
func (g *group) silence(to int64) string {
	start := int64(math.MaxInt64)
	if len(g.clock.at) > 0 {
		start = g.clock.at[0]
	}
	var told []int64
	for _, s := range g.services {
		for _, f := range s.failures {
			if f.at >= start && f.at < to {
				told = append(told, f.at)
			}
		}
	}
	if len(told) < fewestForTrend {
		return ""
	}
	slices.Sort(told)
	end := g.clock.days(to)
	forward, backward := make([]float64, len(told)), make([]float64, len(told))
	for i, at := range told {
		forward[i] = g.clock.days(at)
		backward[len(told)-1-i] = end - forward[i]
	}
	first, last := told[0], told[len(told)-1]
	if to-last >= longSilence && quietChance(forward, end) < unlikelySilence {
		return fmt.Sprintf("Not reported: the last incident told of is of %s; %s of silence since are as likely an end of reporting as an end of failing. No figure is shown.",
			dayOf(last), months(to-last))
	}
	if first-start >= longSilence && quietChance(backward, end) < unlikelySilence {
		return fmt.Sprintf("Not reported: the first incident told of is of %s; %s of silence before are as likely a time before reporting as one without failing. No figure is shown.",
			dayOf(first), months(first-start))
	}
	return ""
}

// quietChance is the chance that the last of these sorted moments leaves at
// least as much of [0, end] behind it: (F(last)/F(end))ⁿ given n moments, F
// under a steady rate and under the trend of those before the last, whichever
// makes quiet likelier, so that a rate that has been falling may go on falling.
func quietChance(times []float64, end float64) float64 {
	last, n := times[len(times)-1], float64(len(times))
	if last <= 0 || end <= last {
		return 1
	}
	chance := math.Pow(last/end, n)
	if b := stats.CoxLewis(times[:len(times)-1], last).B; b < 0 {
		chance = math.Max(chance, math.Pow(math.Expm1(b*last)/math.Expm1(b*end), n))
	}
	return chance
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
