package learning

import (
	"cmp"
	"math"
	"slices"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	weekMillis = 7 * dayMillis
	// watchYear is how long one promise holds: 13 candidate starts, four weeks apart.
	watchYear       = 52 * weekMillis
	weeksInYear     = 52
	serviceWeeks    = 13 // of weekly points that a service is given
	fewestDeploys   = 10 // before the year, for its failures to be read by deploys
	watchMethod     = "e_process"
	targetMethod    = "shiryaev_roberts"
	clockOfDays     = "days"
	clockOfDeploys  = "deploys"
	clockOfExpected = "expected"
)

// WatchPoint is what the regression watch said of one scope at one moment.
// Weekly points end at Mondays of the baseline's start; one more is at as_of.
type WatchPoint struct {
	Scope    Scope
	What     string // uncontained, repeats, told_by_customer
	Clock    string // days, deploys; of repeats expected: the recurrences to be expected after fixes
	Method   string // e_process; shiryaev_roberts where a target rate is stated
	YearFrom int64  // start of the 52 weeks that the bar is for
	At       int64
	Latest   bool // at as_of

	Evidence, Better float64 // of regression, of improvement; NaN where there is none
	Bar              float64 // set at the year's start, for either
	Dispersion       float64 // φ, from the baseline
	N0, N1           int64   // failures before the year and in it
	E0, E1           float64 // exposure of both: service-days, deploys or expected recurrences
	State            State
	CrossedAt        int64   // when the evidence first reached the bar on this clock; 0 not yet
	AlarmSince       int64   // when it reached the bar on every clock that can be read; latched for the year
	BetterSince      int64   // the same of improvement
	RaisedAt         int64   // when a published run raised the alarm first; 0 in a Run
	Doubling         float64 // chance that a doubling at week 16 of the current year is caught by its end; NaN unknown
	Tripling         float64 // the same of a tripling
	Delay            float64 // weeks until a tripling is caught, median of those caught; NaN unknown
	Reading          string
}

// Alarms are the points of the current year on which an alarm stands, one for
// each scope and thing: that of the clock with the least evidence.
func (r Run) Alarms() []WatchPoint {
	type key struct {
		scope Scope
		what  string
	}
	index := map[key]int{}
	var out []WatchPoint
	for _, p := range r.Watch {
		if !p.alarming() {
			continue
		}
		i, found := index[key{p.Scope, p.What}]
		switch {
		case !found:
			index[key{p.Scope, p.What}] = len(out)
			out = append(out, p)
		case !(out[i].Evidence <= p.Evidence): // that of a clock without a figure is NaN
			out[i] = p
		}
	}
	return out
}

// alarming: it is of the current moment, and an alarm stands.
func (p *WatchPoint) alarming() bool { return p.Latest && p.AlarmSince != 0 }

// WatchTarget is a rate stated beforehand: instead of asking whether the rate
// grew, the watch asks whether it exceeds this one.
type WatchTarget struct {
	What  string  // uncontained, told_by_customer
	Scope Scope   // the organisation where empty
	Clock string  // days or deploys
	Rate  float64 // failures per 1,000 service-days or 1,000 deploys
}

// watchStart is where the baseline begins: as set, or the first Monday of the record.
func (c *computation) watchStart() int64 {
	if c.settings.WatchBaseline != 0 {
		return c.settings.WatchBaseline
	}
	const monday = 4 * dayMillis // 5 January 1970
	weeks := (c.org.start - monday + weekMillis - 1) / weekMillis
	return monday + weeks*weekMillis
}

// watched says whether a kind of scope is.
func (c *computation) watched(kind string) bool { return slices.Contains(c.settings.WatchScopes, kind) }

// watchYears are the starts of the watch's years.
func (c *computation) watchYears() []int64 {
	start := c.watchStart()
	out := []int64{start}
	for at := start + watchYear; at < c.org.asOf; at += watchYear {
		out = append(out, at)
	}
	return out
}

// join notes the years in which a scope is watched: those at whose start it had exposure.
func (c *computation) join(g *group) {
	if !c.watched(g.Kind) {
		return
	}
	for _, from := range c.watchYears() {
		c.joined[g.Scope] = append(c.joined[g.Scope], g.clock.days(from+dayMillis) > 0)
	}
}

// watch follows whether failures come more often than before, year by year.
// Each year's scopes, bars and dispersions are fixed at its start.
func (c *computation) watch() {
	reviews := newReviews(c.quarters)
	var years []*yearWatch
	for k := range c.watchYears() {
		years = append(years, c.watchYear(k, reviews))
	}
	for g := range inTurn(c.org.teams(), c.org.each()) {
		if g.Kind == wholeOrganisation {
			c.whole = g
		}
		if !c.watched(g.Kind) {
			continue
		}
		told := g.told()
		for k, y := range years {
			if g.Kind != oneService || k == len(years)-1 {
				y.watch(g, told)
			}
		}
		c.ledger.settle(g.Scope)
	}
	c.whole = nil
	c.review(reviews)
}

func sortWatch(points []WatchPoint) {
	slices.SortFunc(points, func(a, b WatchPoint) int {
		return cmp.Or(cmp.Compare(a.Scope.Kind, b.Scope.Kind), cmp.Compare(a.Scope.Name, b.Scope.Name),
			cmp.Compare(a.What, b.What), cmp.Compare(a.Clock, b.Clock), cmp.Compare(a.At, b.At))
	})
}

// yearWatch is a year's watch as it is laid out at the year's start.
type yearWatch struct {
	*computation
	start    int64 // of the baseline
	from, to int64
	until    int64              // to, or as_of if that is earlier
	current  bool               // as_of lies in it
	bars     map[string]float64 // 1/α of each stream by kind of scope, before the clocks take their halves
	joined   map[Scope]bool     // scopes that had exposure when the year began
	reviews  *reviews
}

// watchYear divides α: equally over the kinds of scope, over the scopes of each
// that had exposure at the year's start, over what is watched, and over the clocks.
func (c *computation) watchYear(k int, reviews *reviews) *yearWatch {
	start := c.watchStart()
	from := start + int64(k)*watchYear
	y := &yearWatch{
		computation: c, start: start, from: from, to: from + watchYear,
		until: min(from+watchYear, c.org.asOf), current: from+watchYear >= c.org.asOf,
		bars: map[string]float64{}, joined: map[Scope]bool{}, reviews: reviews,
	}
	scopes := map[string]float64{}
	for scope, years := range c.joined {
		if years[k] {
			y.joined[scope] = true
			scopes[scope.Kind]++
		}
	}
	for kind, n := range scopes {
		y.bars[kind] = float64(len(scopes)) * n * float64(len(watchedThings)) / c.settings.WatchAlpha
	}
	return y
}

// watch runs one scope's year and tells its points and estimates.
func (y *yearWatch) watch(g *group, told []int64) {
	for _, thing := range watchedThings {
		r := y.lay(g, thing, told)
		if r.refused == "" {
			r.race()
		}
		for _, p := range r.points() {
			if g.small() && p.N0+p.N1 == 0 {
				continue // nothing of it has failed: there may be very many such
			}
			y.point(p)
			if p.Latest {
				y.emitWatch(g, p)
			}
		}
	}
}

// race is the watch of one thing in one scope over one year, on its clocks.
type race struct {
	*yearWatch
	group   *group
	thing   watchedThing
	at      []int64 // its failures
	told    []int64 // every failure of the scope that was told of
	all     []int64 // failures on the clock of days, of any kind
	unknown []int64 // failures that might be such, were it known who noticed them
	clocks  []*watchClock
	marks   []mark
	state   State
	refused string // why there is nothing to run

	alarm, better int64
}

// mark is what stood at a moment that is reported.
type mark struct {
	at            int64
	evidence      []float64 // logarithm on each clock
	improved      []float64
	alarm, better int64
	crossed       []int64
	ready         []bool // a change could be seen
}

// watchClock is one clock of a race.
type watchClock struct {
	name       string
	from       int64 // what failed before it has no exposure on this clock
	exposure   func(int64) float64
	bar        float64
	steady     stats.Steadiness
	unread     string // why it cannot be read this year; "" if it can
	state      State
	rises      stats.EProcess
	falls      stats.EProcess
	target     float64 // per unit of exposure; 0 none
	above      stats.ShiryaevRoberts
	below      stats.ShiryaevRoberts
	stepped    int64   // until when Shiryaev–Roberts has counted
	candidates float64 // the most failures that a candidate had before it
	crossed    int64
	caught     caught
}

// count is how many of the race's failures lie on the clock before t.
func (r *race) count(c *watchClock, t int64) float64 {
	before, _ := slices.BinarySearch(r.at, t)
	none, _ := slices.BinarySearch(r.at, c.from)
	return float64(max(0, before-none))
}

// race goes through the year's moments in order.
func (r *race) race() {
	for _, c := range r.clocks {
		c.rises = stats.EProcess{Factors: stats.Rises, Dispersion: c.steady.Dispersion, Planned: stats.Candidates}
		c.falls = stats.EProcess{Factors: stats.Falls, Dispersion: c.steady.Dispersion, Planned: stats.Candidates}
		c.above = stats.ShiryaevRoberts{Factors: stats.Rises, Dispersion: c.steady.Dispersion}
		c.below = stats.ShiryaevRoberts{Factors: stats.Falls, Dispersion: c.steady.Dispersion}
		c.stepped = r.from
	}
	next, _ := slices.BinarySearch(r.at, r.from)
	for _, t := range r.moments() {
		for ; next < len(r.at) && r.at[next] < t; next++ {
			r.look(r.at[next]+1, false) // with this failure counted
		}
		if (t-r.from)%(stats.CandidateEvery*weekMillis) == 0 && t < r.to {
			for _, c := range r.clocks {
				n := r.count(c, t)
				c.candidates = math.Max(c.candidates, n)
				c.rises.Candidate(n, c.exposure(t))
				c.falls.Candidate(n, c.exposure(t))
			}
		}
		if t > r.from {
			r.look(t, true)
		}
	}
}

// moments are the year's weeks, the closes of quarters in it and as_of.
func (r *race) moments() []int64 {
	var out []int64
	for t := r.from; t <= r.until; t += weekMillis {
		out = append(out, t)
	}
	for _, q := range r.quarters {
		if q.whole && q.to > r.from && q.to <= r.until {
			out = append(out, q.to)
		}
	}
	out = append(out, r.until)
	slices.Sort(out)
	return slices.Compact(out)
}

// look takes the evidence from all failures before t.
func (r *race) look(t int64, reported bool) {
	m := mark{at: t, evidence: make([]float64, len(r.clocks)), improved: make([]float64, len(r.clocks))}
	agreed, improved := math.Inf(1), math.Inf(1)
	for i, c := range r.clocks {
		n, e := r.count(c, t), c.exposure(t)
		if c.target > 0 {
			if reported && (t-r.from)%weekMillis == 0 {
				seen, due := n-r.count(c, c.stepped), c.target*(e-c.exposure(c.stepped))
				c.above.Step(seen, due)
				c.below.Step(seen, due)
				c.stepped = t
			}
			m.evidence[i], m.improved[i] = c.above.LogEvidence(), c.below.LogEvidence()
		} else {
			m.evidence[i], m.improved[i] = c.rises.LogEvidence(n, e), math.Inf(-1)
			if reported {
				m.improved[i] = c.falls.LogEvidence(n, e)
			}
		}
		if c.crossed == 0 && c.unread == "" && m.evidence[i] >= math.Log(c.bar) {
			c.crossed = t
		}
		if c.unread == "" {
			agreed = math.Min(agreed, m.evidence[i]-math.Log(c.bar))
			improved = math.Min(improved, m.improved[i]-math.Log(c.bar))
		}
		m.crossed = append(m.crossed, c.crossed)
		m.ready = append(m.ready, c.target > 0 || c.candidates >= 2)
	}
	if r.alarm == 0 && agreed >= 0 && !math.IsInf(agreed, 1) {
		r.alarm = t
	}
	if r.better == 0 && improved >= 0 && !math.IsInf(improved, 1) && !r.silent(t) {
		r.better = t
	}
	if reported {
		m.alarm, m.better = r.alarm, r.better
		r.marks = append(r.marks, m)
		r.reviews.note(r, m)
	}
}

// listening is how recently something must have been told for fewer failures to be called an improvement.
const listening = 4 * weekMillis

// silent says that fewer failures up to a moment may be fewer reports: nothing of
// any kind was told of the scope in the four weeks before, or its record has fallen silent.
func (r *race) silent(t int64) bool {
	heard, _ := slices.BinarySearch(r.told, t-listening)
	if heard == len(r.told) || r.told[heard] >= t {
		return true
	}
	if _, known := r.quiet[t]; !known {
		r.silence(r.whole, t)
	}
	return r.silence(r.group, t) != ""
}
