package learning

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Judged are the metrics of which a verdict can be given at a quarter's close:
// those with a value that means "as before" and rows up to each quarter's end.
// learning_per_failure is none of them: a quarter's failures have had no time
// to come back when the quarter is over.
var Judged = []string{"learning_derivative.uncontained", "learning_derivative.severe", repeatTrends}

// fewestForVerdict is from where bursts can be told from a trend: LR/φ̂ needs three bins of two.
const fewestForVerdict = 6

// closes gives the trends up to each past quarter's end, from what had happened
// by then: the same whenever they are computed, unless late events or
// corrections tell more of that time.
func (c *computation) closes() {
	whole, declared := c.org, c.declared
	c.closing = true
	for _, q := range c.quarters {
		if !q.whole {
			continue
		}
		c.org = whole.until(q.to, c.settings.MergeWindow.Milliseconds())
		c.declared = &expectation{}
		if c.org.repeated() >= fewestForTrend {
			c.declared = c.expect(perFailure+".declared", fine, byDeclaration, false)
		}
		for _, g := range slices.Concat(c.org.teams(), c.org.environments(c.settings.MergeWindow.Milliseconds())) {
			for _, t := range trends {
				failures, opened := g.following(t.counts)
				c.overTime(g, q, t.metric, t.what, failures, opened)
			}
			c.repeatTrend(g, q)
		}
	}
	c.org, c.declared = whole, declared
	c.judge()
}

// until is the organisation as it was at a moment.
func (o *organisation) until(end, mergeWindow int64) *organisation {
	out := &organisation{classes: o.classes, closed: o.closed, start: o.start, asOf: end, past: true}
	for _, s := range o.services {
		part := &service{
			name: s.name, team: s.team, listed: s.listed,
			from: s.aliveFrom, to: min(s.aliveTo, end),
			incidents: s.incidents[:sort.Search(len(s.incidents), func(i int) bool { return s.incidents[i].At() >= end })],
			deploys:   deploysBefore(s.deploys, end),
			changes:   s.changes,
		}
		if s.listed && part.from >= end {
			part.from, part.to = end, end // it was not there yet
		}
		for _, p := range s.presence {
			if p.AliveFrom < end {
				p.AliveTo = min(p.AliveTo, end)
				p.Deploys = deploysBefore(AddDeploys(p.Deploys), end)
				part.presence = append(part.presence, p)
			}
		}
		part.failures = merge(part.incidents, asCalled, mergeWindow)
		part.modes = modeHistories(part.failures, o.closed.of(s.name))
		for _, h := range part.modes {
			if h.fix != nil && h.fix.at >= end {
				h.fix = nil
			}
		}
		part.observe(end)
		out.services = append(out.services, part)
	}
	return out
}

// repeated counts the failures after a declared fix.
func (o *organisation) repeated() int {
	n := 0
	for _, s := range o.services {
		for _, h := range s.modes {
			for _, f := range h.failures {
				if h.fix != nil && f.at >= h.fix.at {
					n++
				}
			}
		}
	}
	return n
}

// trendP is the chance of a trend at least as steep where there is none: the
// larger of the likelihood ratio's, which says as much as the interval does,
// and of the test that allows for bursts.
func trendP(fit stats.LogLinear, times []float64) float64 {
	if fit.N < fewestForVerdict {
		return math.NaN()
	}
	return max(distuv.ChiSquared{K: 1}.Survival(fit.LikelihoodRatio()), fit.Test(times).P)
}

// judgement is an estimate on which a verdict may be given.
type judgement struct {
	of      account
	p       float64
	verdict string // if it may be given
}

// candidate notes what may be judged of a quarter: a metric and a scope that
// were fixed beforehand, of a quarter that is over and settled. Both clocks must
// tell of the same direction; what they do not agree on counts as a test that
// found nothing.
func (c *computation) candidate(g *group, w window, one Estimate, p float64, other Estimate, q float64) {
	if w.name == all || !c.settled(w) || !c.settings.judges(one.Metric, g.Scope) ||
		one.State == Insufficient || one.State == AssumptionFailed || other.State == Insufficient || other.State == AssumptionFailed ||
		math.IsNaN(p) || math.IsNaN(q) {
		return
	}
	j := judgement{of: account{one.Metric, g.Scope, w.name}, p: max(p, q)}
	switch {
	case one.High < 0 && other.High < 0:
		j.verdict = "better"
	case one.Low > 0 && other.Low > 0:
		j.verdict = "worse"
	default:
		j.p = 1
	}
	c.candidates = append(c.candidates, j)
}

// settled: the quarter is over, and late events have had their time.
func (c *computation) settled(w window) bool {
	return w.to+c.settings.Settling.Milliseconds() <= c.run.AsOf
}

// judges says whether a metric of a scope is one of those fixed beforehand.
func (s Settings) judges(metric string, scope Scope) bool {
	return slices.Contains(s.VerdictMetrics, metric) &&
		(slices.Contains(s.VerdictScopes, scope.Kind) || slices.Contains(s.VerdictScopes, scope.Kind+":"+scope.Name))
}

// judge gives the verdicts of each close: Benjamini–Hochberg over all its scopes and metrics.
func (c *computation) judge() {
	verdicts := map[account]string{}
	closes := map[string][]judgement{}
	for _, j := range c.candidates {
		closes[j.of.window] = append(closes[j.of.window], j)
	}
	for _, together := range closes {
		p := make([]float64, len(together))
		for i, j := range together {
			p[i] = j.p
		}
		for i, q := range stats.BenjaminiHochberg(p) {
			if together[i].verdict != "" && q <= c.settings.FalseDiscoveries {
				verdicts[together[i].of] = together[i].verdict
			}
		}
	}
	c.closing = false
	for _, e := range c.closed {
		if verdict := verdicts[e.account()]; verdict != "" {
			e.Verdict = verdict
			e.pronounce(len(closes[e.Window]))
		}
		c.tell(e)
	}
}

// pronounce says what the verdict is, and how it came about.
func (e *Estimate) pronounce(judged int) {
	direction := "Falling: t"
	if e.Low > 0 {
		direction = "Rising: t"
	}
	e.Reading = direction + strings.TrimPrefix(e.Reading, "T") + fmt.Sprintf(" Judged at the close of %s, one of %s.",
		e.Window, plural(judged, "measure that could be", "measures and scopes that could be"))
}
