// Package learning turns folded rows into honest numbers. Deliberately narrow:
// it reads an Input and gives a Run, and knows no server, no clock and no file.
// An Estimate never loses its interval, its state or its reading.
package learning

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Compute makes every estimate of a run, with all its evidence. It is pure: the
// same input, in whatever order its slices are, and the same settings give the same
// bytes. A verdict is given at a quarter's close alone, on what was fixed beforehand.
func Compute(in Input, settings Settings) Run {
	var held Held
	run := ComputeTo(in, settings, &held)
	run.Evidence = held.Of(run.Estimates)
	return run
}

// ComputeTo is Compute, but for the evidence: that goes to the sink as it is found,
// and is not part of the run. A sink of nil: nobody asks for it.
func ComputeTo(in Input, settings Settings, sink EvidenceSink) Run {
	c := newComputation(in, settings, sink)
	c.hold()
	c.compute()
	c.sort()
	sortWatch(c.run.Watch)
	return c.run
}

func (c *computation) compute() {
	mergeWindow := c.settings.MergeWindow.Milliseconds()
	c.hush()
	c.perFailure(c.org.outlines())
	for g := range c.org.groups(mergeWindow) {
		c.countFailures(g)
		if g.given(perFailure + ".any_mode") {
			for _, w := range c.windows(g, perFailure+".any_mode") {
				c.anyMode(g, w)
			}
		}
		c.repeats(g)
		c.derivatives(g)
		c.monitoring(g)
		if g.given("change_safety") {
			c.changes(g)
		}
		c.containment(g)
		if g.given("new_modes") {
			c.newModes(g)
		}
		if g.given("severity_trend") {
			c.severities(g)
		}
		c.effects(g)
		c.knownOpen(g)
		c.durations(g)
		c.tuition(g)
		c.blastRadius(g)
		c.warnings(g)
		c.premortem(g)
		c.postmortems(g)
		c.stagnation(g)
		c.ledger.settle(g.Scope)
		c.join(g)
	}
	c.shrunk()
	c.ledger.settleAll()
	c.watch()
	c.countApart()
	c.letGo()
	c.closes()
	c.ledger.settleAll()
}

// letGo gives back what quarters' closes have no use for: each makes failures of its own.
func (c *computation) letGo() {
	c.headline, c.declared, c.whole = nil, nil, nil
	c.facts.mishaps.room = nil
	for _, s := range c.org.services {
		s.failures, s.modes, s.crossover, s.failed = nil, nil, nil, nil
	}
}

func newComputation(in Input, settings Settings, sink EvidenceSink) *computation {
	c := &computation{
		settings: settings,
		alike:    map[string][]shrinking{},
		joined:   map[Scope][]bool{},
		org:      newOrganisation(&in, settings.MergeWindow.Milliseconds()),
		run:      Run{ID: runID(in.Hash, settings, in.AsOf), AsOf: in.AsOf, InputEvents: in.InputEvents},
		ledger:   newLedger(sink),
	}
	c.everything = window{name: all, from: math.MinInt64, to: in.AsOf}
	c.quarters = quarters(c.org.start, in.AsOf)
	c.facts = newFacts(&in, c.org, settings)
	return c
}

func runID(inputHash string, settings Settings, asOf int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d", inputHash, settings.Hash(), asOf))
	return hex.EncodeToString(sum[:16])
}

type computation struct {
	settings   Settings
	org        *organisation
	whole      *group // the organisation as a scope, while it is watched
	facts      *facts
	everything window
	quarters   []window
	headline   *expectation // what was due after interventions
	declared   *expectation // what was due after declared fixes
	fades      string       // why learning cannot be told from modes that change by themselves
	run        Run
	tell       func(Estimate)   // takes each estimate
	point      func(WatchPoint) // takes each point of the watch
	ledger     ledger
	untrimmed  bool                   // what is not worth a row is kept too
	closed     []Estimate             // of quarters' closes: they wait for verdicts
	candidates []judgement            // for a verdict
	quiet      map[int64]string       // why the organisation's silence up to a moment leaves no trend, "" if it does
	alike      map[string][]shrinking // by kind of scope
	joined     map[Scope][]bool       // of what is watched: had it exposure when each year of the watch began
}

// emit adds an estimate, completed with what all of them carry.
func (c *computation) emit(g *group, w window, e Estimate) {
	e.State = cmp.Or(e.State, OK)
	metric, _ := Lookup(e.Metric)
	if g.unobserved != "" && (metric.Unit == "per_1000_service_days" || strings.HasPrefix(e.Metric, "learning_derivative.")) {
		e = refuse(e, AssumptionFailed, g.unobserved)
	}
	e = unless(c.hushed(&metric, w), e)
	if !g.givenIn(w, e.Metric) || !c.untrimmed && !g.keeps(w, &e) {
		return
	}
	e.Scope, e.Window, e.AsOf, e.Level, e.Unit = g.Scope, w.name, c.run.AsOf, c.settings.Level, metric.Unit
	if metric.Unit == "money" {
		e.Unit = cmp.Or(c.facts.costs.currency, metric.Unit)
	}
	e.Origin = cmp.Or(e.Origin, "measured")
	if e.State != OK {
		e = e.withoutFigure()
	}
	c.ledger.keep(e.account())
	c.tell(e)
}

func (e Estimate) withoutFigure() Estimate {
	nan := math.NaN()
	e.Value, e.Low, e.High, e.Low50, e.High50 = nan, nan, nan, nan, nan
	return e
}

// refuse is an estimate without a figure.
func refuse(e Estimate, state State, reading string) Estimate {
	e.State, e.Reading = state, reading
	return e
}

// tooFew refuses for want of data: what there is, and what is needed.
func tooFew(e Estimate, have, need int64, of string) Estimate {
	e.Lacks = max(0, need-have)
	return refuse(e, Insufficient, sentence("Not enough data: n = %s, needs %d. No figure is shown.", numbered(have, of), need))
}

func (e *Estimate) bounds(outer, inner stats.Interval) {
	e.Low, e.High, e.Low50, e.High50 = outer.Low, outer.High, inner.Low, inner.High
}

func (c *computation) sort() {
	slices.SortFunc(c.run.Estimates, func(a, b Estimate) int {
		return inOrder(&[4]string{a.Metric, a.Scope.Kind, a.Scope.Name, a.Window}, &[4]string{b.Metric, b.Scope.Kind, b.Scope.Name, b.Window})
	})
}

// inOrder compares by the first that differs: cmp.Or would compare all.
func inOrder(a, b *[4]string) int {
	for i := range a {
		if by := strings.Compare(a[i], b[i]); by != 0 {
			return by
		}
	}
	return 0
}

// count is a number of things that were all counted: it has no sampling error.
func count(metric string, n, of int64, reading string) Estimate {
	v := float64(n)
	return Estimate{
		Metric: metric, Value: v, Low: v, High: v, Low50: v, High50: v,
		N: of, Events: n, Exposure: float64(of), Method: "count of all of them", Reading: reading,
	}
}

const (
	// widest is the width from which an interval for a share tells nothing,
	// widestOfFew that where services weigh so unevenly that fewer than two speak.
	widest, widestOfFew = 0.8, 0.3
	// widestOdds is the ratio of the bounds as odds from which neither is a figure.
	widestOdds = 50
)

// useless says that an interval is too wide for a figure. One that reaches to
// nothing or to everything because nothing or everything was seen is no worse for it.
func useless(pooled stats.ClusterShare, i stats.Interval) bool {
	few := pooled.Clusters > 1 && pooled.Effective < 2
	some := pooled.Events > 0 && pooled.Events < pooled.Of
	odds := i.High / (1 - i.High) / (i.Low / (1 - i.Low))
	return i.High-i.Low > widest || few && i.High-i.Low > widestOfFew || some && odds > widestOdds
}

// share pools a share over services.
func (c *computation) share(metric string, shares []stats.Share, need int64, what, of string) Estimate {
	pooled := stats.ClusterWilson(shares)
	e := Estimate{Metric: metric, Value: pooled.Value, N: pooled.Of, Events: pooled.Events, Exposure: float64(pooled.Of)}
	name := "Wilson"
	if pooled.Clusters > 1 {
		name = "cluster-robust Wilson"
		e.Method = sentence("share; Wilson on n/deff with a jackknife over %d services (deff %s), Student's t on %s degrees of freedom",
			pooled.Clusters, number(pooled.Design), number(math.Max(pooled.Effective-1, 1)))
	} else {
		e.Method = "share; Wilson"
	}
	if pooled.Of < need {
		return tooFew(e, pooled.Of, need, of)
	}
	outer := pooled.Interval(c.settings.Level)
	e.bounds(outer, pooled.Interval(c.settings.InnerLevel))
	head := sentence("%d of %d %s %s: ", pooled.Events, pooled.Of, of, what)
	if useless(pooled, outer) {
		speak := "one service speaks for the whole"
		if pooled.Clusters > 1 {
			speak = sentence("%d services speak for the whole, so unevenly or so differently that they tell little of others", pooled.Clusters)
		}
		return refuse(e, Insufficient, head+fmt.Sprintf("we cannot tell more, as %s to %s are compatible with the data; %s.",
			percent(outer.Low), percent(outer.High), speak))
	}
	e.Reading = head + fmt.Sprintf("%s, with %s to %s compatible with the data (%s, %s).",
		percent(e.Value), percent(e.Low), percent(e.High), percent(c.settings.Level), name)
	return e
}

// rateOf is events per 1,000 service-days, of n failures of a kind.
func (c *computation) rateOf(metric string, events, n int64, days float64, need int64, what, of string) Estimate {
	e := Estimate{
		Metric: metric, N: n, Events: events, Exposure: days,
		Method: "events per 1,000 service-days; Garwood",
	}
	switch {
	case n < need:
		return tooFew(e, n, need, of)
	case days <= 0:
		return refuse(e, Insufficient, "Not enough data: no exposure is known. No figure is shown.")
	}
	per := 1000 / days
	scaled := func(i stats.Interval) stats.Interval { return stats.Interval{Low: i.Low * per, High: i.High * per} }
	e.Value = float64(events) * per
	e.bounds(scaled(stats.Garwood(events, c.settings.Level)), scaled(stats.Garwood(events, c.settings.InnerLevel)))
	e.Reading = fmt.Sprintf("%s in %s service-days: %s per 1,000, with %s to %s compatible with the data (%s, Garwood).",
		numbered(events, what), whole(days), number(e.Value), number(e.Low), number(e.High), percent(c.settings.Level))
	return e
}

func (w window) holds(t int64) bool { return t >= w.from && t < w.to }
