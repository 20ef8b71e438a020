package learning

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"maps"
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
	environments := map[*service][]string{}
	for _, s := range c.org.services {
		environments[s] = s.changedIn()
	}
	for _, q := range c.quarters {
		if !q.whole {
			continue
		}
		told := closed.of(c.closeKey(q, environments), func() atClose { return c.close(q) })
		c.candidates = append(c.candidates, told.candidates...)
		for _, e := range told.estimates {
			e.AsOf = c.run.AsOf
			c.ledger.keep(e.account())
			c.closed = append(c.closed, e)
		}
	}
	c.judge()
}

// atClose is what is said of a quarter's end, before verdicts.
type atClose struct {
	estimates  []Estimate
	candidates []judgement
}

// closed are the closes of the last computations. Each may hold some hundred kilobytes.
var closed = remembered[[sha256.Size]byte, atClose]{most: 64}

// close gives the trends up to one quarter's end, by a computation that knows no more
// than what had happened by then.
func (c *computation) close(q window) (out atClose) {
	then := &computation{settings: c.settings, org: c.org.until(q.to, c.settings.MergeWindow.Milliseconds()), facts: c.facts, run: c.run, ledger: newLedger(nil), declared: &expectation{}, untrimmed: c.untrimmed}
	then.everything, then.quarters = c.everything, c.quarters
	then.tell = func(e Estimate) { out.estimates = append(out.estimates, e) }
	if then.org.repeated() >= fewestForTrend {
		then.declared = then.expect(perFailure+".declared", fine, byDeclaration, false)
	}
	for g := range inTurn(then.org.teams(), then.org.environments(c.settings.MergeWindow.Milliseconds())) {
		for _, t := range trends {
			failures, opened := g.following(t.counts)
			then.overTime(g, q, t.metric, t.what, failures, opened)
		}
		then.repeatTrend(g, q)
	}
	out.candidates = then.candidates
	return out
}

// closeKey is all that a quarter's close depends on, as close and until read it: of
// services and incidents what was so before the quarter's end, the fixes declared by
// then, and whether verdicts may be given already. Of changes it is the environments
// that they name, and where nothing else tells when a service ran in one, the quarters.
func (c *computation) closeKey(q window, environments map[*service][]string) (key [sha256.Size]byte) {
	sum := sha256.New()
	d := digester{Writer: bufio.NewWriterSize(sum, 1<<16)}
	const part = -1 // no text is so long: here one list ends and another begins
	d.texts(c.settings.Hash(), q.name)
	d.numbers(q.from, q.to)
	d.bool(c.settled(q))
	for _, s := range c.org.services {
		d.texts(s.name, s.team, string(s.deploys.Before(q.to)))
		d.bool(s.listed)
		d.numbers(s.aliveFrom, min(s.aliveTo, q.to))
		present := false
		for i := range s.presence {
			if p := &s.presence[i]; p.AliveFrom < q.to {
				present = true
				d.texts(p.Environment, string(p.Deploys.Before(q.to)))
				d.numbers(p.AliveFrom, min(p.AliveTo, q.to))
			}
		}
		d.numbers(part)
		d.texts(environments[s]...)
		d.numbers(part)
		for _, row := range s.changes {
			if present {
				break
			}
			if first, known := quarterNamed(row.Quarter); known && first < q.to {
				d.texts(row.Environment, row.Quarter)
			}
		}
		incidents := s.before(q.to)
		d.numbers(int64(len(incidents)))
		for _, i := range incidents {
			d.texts(i.ID, i.FailureMode, i.Environment, i.Containment)
			d.numbers(i.At(), int64(i.Severity))
		}
		fixes := c.org.closed.of(s.name)
		for _, mode := range slices.Sorted(maps.Keys(fixes)) {
			for _, fix := range fixes[mode] {
				if fix.WitnessedClosedAt < q.to {
					d.texts(mode, fix.ID)
					d.numbers(fix.WitnessedClosedAt)
					d.bool(fix.Imported)
				}
			}
		}
		d.numbers(part)
	}
	_ = d.Flush() // a hash takes everything
	sum.Sum(key[:0])
	return key
}

// changedIn are the environments that its changes name, in order.
func (s *service) changedIn() []string {
	names := map[string]bool{}
	for _, row := range s.changes {
		names[row.Environment] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// before are a service's incidents before a moment.
func (s *service) before(end int64) []*Incident {
	return s.incidents[:sort.Search(len(s.incidents), func(i int) bool { return s.incidents[i].At() >= end })]
}

// until is the organisation as it was at a moment.
func (o *organisation) until(end, mergeWindow int64) *organisation {
	out := &organisation{unended: o.unended, closed: o.closed, start: o.start, asOf: end, past: true}
	for _, s := range o.services {
		part := &service{
			name: s.name, team: s.team, listed: s.listed,
			from: s.aliveFrom, to: min(s.aliveTo, end),
			incidents: s.before(end),
			deploys:   s.deploys.Before(end),
			changes:   s.changes,
		}
		if s.listed && part.from >= end {
			part.from, part.to = end, end // it was not there yet
		}
		for _, p := range s.presence {
			if p.AliveFrom < end {
				p.AliveTo = min(p.AliveTo, end)
				p.Deploys = p.Deploys.Before(end)
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
	if w.name == all || !c.settled(w) || !c.settings.Judges(one.Metric, g.Scope) ||
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

// Judges says whether a metric of a scope is one of those fixed beforehand.
func (s Settings) Judges(metric string, scope Scope) bool {
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
