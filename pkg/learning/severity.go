package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	fewestSeverities   = 10
	fewestForOdds      = 20
	fewestWithoutFirth = 40
	fewestOfLevel      = 3 // failures of each of two severities
)

// severities: does the mix of severities shift with time. It says nothing of how many failures there are.
func (c *computation) severities(g *group) {
	const metric = "severity_trend"
	var times []float64
	var levels []int // 1 mildest
	counts := [6]int{}
	unknown := 0
	origin := int64(math.MaxInt64)
	for _, s := range g.services {
		for _, f := range s.failures {
			origin = min(origin, f.at)
		}
	}
	for _, s := range g.services {
		for _, f := range s.failures {
			if f.severity == 0 || f.severity > 5 {
				unknown++
				continue
			}
			// Whole days, so that many failures make few different times.
			times = append(times, math.Floor(days(f.at-origin))/quarterDays)
			levels = append(levels, 6-int(f.severity))
			c.evidence(g, c.everything, metric, "event", "incident", f.first.ID)
			counts[6-f.severity]++
		}
	}
	n := len(levels)
	odds := Estimate{
		Metric: metric, N: int64(n), Events: int64(n), Exposure: float64(n),
		Method: "proportional odds of a worse severity, maximum likelihood; Wald interval",
	}
	tau := Estimate{
		Metric: metric + ".tau_b", N: int64(n), Events: int64(n), Exposure: float64(n),
		Method: "Kendall's τ-b of severity and time; jackknife on Fisher's scale",
	}
	both := func(refused func(Estimate) Estimate) {
		c.emit(g, c.everything, refused(odds))
		c.emit(g, c.everything, refused(tau))
	}
	enough := 0
	for _, k := range counts {
		if k >= fewestOfLevel {
			enough++
		}
	}
	switch {
	case n < fewestSeverities:
		both(func(e Estimate) Estimate {
			return tooFew(e, int64(n), fewestSeverities, "failures of a known severity")
		})
		return
	case enough < 2:
		both(func(e Estimate) Estimate {
			return refuse(e, Insufficient, sentence("Not enough data: fewer than two severities with %d failures each. No figure is shown.", fewestOfLevel))
		})
		return
	}
	k := stats.Kendall(times, levels)
	if math.IsNaN(k.TauB) || math.IsNaN(k.Interval(c.settings.Level).Low) {
		both(func(e Estimate) Estimate {
			return refuse(e, Insufficient, "Not enough data: all failures, or all but one, came on one day. No figure is shown.")
		})
		return
	}
	caveat := ""
	if unknown > 0 {
		caveat = fmt.Sprintf(" Not among them: %s of unknown severity.", plural(unknown, "failure", "failures"))
	}
	tau.Value = k.TauB
	tau.bounds(k.Interval(c.settings.Level), k.Interval(c.settings.InnerLevel))
	tau.Method += fmt.Sprintf("; Mann–Kendall with ties z = %s, p = %s", number(k.Z), number(k.P))
	tau.Reading = sentence("τ-b = %s, with %s to %s compatible with the data (%s, %d failures); above zero they grow more severe.%s",
		number(tau.Value), number(tau.Low), number(tau.High), percent(c.settings.Level), n, caveat)
	c.emit(g, c.everything, c.severityOdds(g, odds, times, levels, counts, caveat))
	c.emit(g, c.everything, tau)
}

func (c *computation) severityOdds(g *group, e Estimate, times []float64, levels []int, counts [6]int, caveat string) Estimate {
	n := len(levels)
	need := fewestForOdds
	if g.small() {
		need = fewestWithoutFirth // the penalty is dear, and of few failures of one service it leaves room for almost any trend
	}
	if n < need {
		return tooFew(e, int64(n), int64(need), "failures of a known severity")
	}
	rank, next := [6]int{}, 0 // levels that occur, from 1
	for l, k := range counts {
		if k > 0 {
			next++
			rank[l] = next
		}
	}
	ranked := make([]int, n)
	for i, l := range levels {
		ranked[i] = rank[l]
	}
	fit := stats.FitProportionalOdds
	if n < fewestWithoutFirth {
		fit = stats.FirthProportionalOdds
		e.Method = "proportional odds of a worse severity, likelihood with Firth's penalty; Wald interval"
	}
	p := fit(times, ranked)
	outer := p.Interval(c.settings.Level)
	if !(outer.High-outer.Low <= math.Log(tooWide)) {
		return refuse(e, Insufficient, sentence("Not enough data: the severities of %d failures leave room for almost any trend. No figure is shown.%s", n, caveat))
	}
	factor := func(i stats.Interval) stats.Interval {
		return stats.Interval{Low: math.Exp(i.Low), High: math.Exp(i.High)}
	}
	e.Value = math.Exp(p.Beta)
	e.bounds(factor(outer), factor(p.Interval(c.settings.InnerLevel)))
	about := sentence("the odds of a worse severity are multiplied by %s a quarter, interval %s to %s, %d failures (%s, proportional odds)",
		number(e.Value), number(e.Low), number(e.High), n, percent(c.settings.Level))
	switch {
	case e.High < 1:
		e.Reading = "The whole interval lies below one: " + about + ". This says what happened, not why." + caveat
	case e.Low > 1:
		e.Reading = "The whole interval lies above one: " + about + ". This says what happened, not why." + caveat
	default:
		e.Reading = "We cannot tell whether failures grow more or less severe: " + about + "." + caveat
	}
	return e
}

// severityTrendMetrics are what is said of each.
var severityTrendMetrics = []Metric{
	{
		"severity_trend", "ratio", "lower", "20 failures of a known severity (40 of a service), two severities with 3 each",
		"What a quarter (91 days) multiplies the odds of a worse severity by: below 1 failures grow milder. It says nothing of how many there are.",
		"exp(β), logit P(severity at most j) = θ_j − β·t; Firth's penalty below 40; Wald interval",
		"McCullagh 1980; Firth 1993", "",
	},
	{
		"severity_trend.tau_b", "ratio", "lower", "10 failures of a known severity, two severities with 3 each",
		"Rank correlation of time and severity: above 0 failures grow more severe. The Mann–Kendall test stands beside.",
		"(C − D)/√[(pairs − tied times)(pairs − tied severities)]; jackknife on Fisher's scale",
		"Kendall 1945; Mann 1945", "severity_trend",
	},
}
