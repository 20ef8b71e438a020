package learning

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	repeatTrends   = "learning_derivative.repeats"
	fewestForTrend = 3
	quarterDays    = 91
	// tooWide is the ratio of the bounds, as factors, from which a trend is no figure.
	tooWide = 100
)

// kinds of failure whose rate is followed on the clocks of service-days and
// deploys. Repeats have a clock of their own.
var trends = []struct {
	metric, what string
	counts       func(*failure) bool
}{
	{"learning_derivative.uncontained", "uncontained incidents", func(f *failure) bool { return f.class == uncontained }},
	{"learning_derivative.severe", "uncontained incidents of severity 1 or 2", (*failure).severe},
}

// derivatives are the trends up to as_of, and those since each service's start.
func (c *computation) derivatives(g *group) {
	now := window{name: all, from: c.org.asOf - quarterDays*dayMillis, to: c.org.asOf}
	for _, t := range trends {
		failures, opened := g.following(t.counts)
		for _, f := range failures {
			c.evidence(g, now, t.metric, "event", "incident", f.first.ID)
		}
		c.overTime(g, now, t.metric, t.what, failures, opened)
		c.sinceStart(g, t.metric, t.what, t.counts)
	}
	if g.given(repeatTrends) {
		c.repeatTrend(g, now)
	}
}

// following are a scope's failures of a kind that have exposure before them, in time, and how many have none.
func (g *group) following(counts func(*failure) bool) (failures []*failure, opened int) {
	for _, s := range g.services {
		if s.to <= s.from {
			continue
		}
		for _, f := range s.failures {
			switch {
			case !counts(f):
			case f.opens:
				opened++
			default:
				failures = append(failures, f)
			}
		}
	}
	slices.SortStableFunc(failures, func(a, b *failure) int { return cmp.Compare(a.at, b.at) })
	return failures, opened
}

// overTime gives the trend up to the end of a window, by service-days and by
// deploys, over the exposure of the window.
func (c *computation) overTime(g *group, w window, metric, what string, failures []*failure, opened int) {
	days := make([]float64, len(failures))
	deploys := make([]float64, len(failures))
	for i, f := range failures {
		days[i] = g.clock.days(f.at)
		deploys[i] = g.deploys.deploys(f.at)
	}
	firstDeploy := int64(math.MaxInt64)
	if first, known := g.deploys.first(math.MinInt64); known {
		firstDeploy = first
	}
	undeployed := sort.Search(len(failures), func(i int) bool { return failures[i].at >= firstDeploy })
	observed := max(0, w.to-g.clock.start())
	caveat := ""
	if opened > 0 {
		caveat = fmt.Sprintf(" %s not counted: no exposure lies before %s.", plural(opened, "failure is", "failures are"), itThem(opened))
	}
	quiet := c.silence(g, w.to)
	byDays, p := c.trend(metric, what, "service-days", days, g.clock.days(w.to), g.clock.days(w.to)-g.clock.days(w.from), observed, caveat)
	byDeploys, q := c.trend(metric+".per_deploy", what, "deploys", deploys[undeployed:],
		g.deploys.deploys(w.to), g.deploys.deploys(w.to)-g.deploys.deploys(w.from), observed, caveat)
	byDays, byDeploys = unless(quiet, byDays), unless(quiet, byDeploys)
	c.candidate(g, w, byDays, p, byDeploys, q)
	c.emit(g, w, byDays)
	c.emit(g, w, byDeploys)
}

// repeatTrend is that of recurrences after a declared fix, on the clock of those
// to be expected: the pool of fixed modes grows, and with it what can repeat.
func (c *computation) repeatTrend(g *group, w window) {
	const metric, what = repeatTrends, "recurrences after a declared fix"
	due, repeats, first := c.repeatClock(g)
	times := make([]float64, len(repeats))
	for i, f := range repeats {
		times[i] = due.days(f.at)
		if w.name == all {
			c.evidence(g, w, metric, "event", "incident", f.first.ID)
		}
	}
	end := due.days(w.to)
	caveat := c.declared.compare(g, c.everything).caveat(c.declared.born)
	e, p := c.trend(metric, what, "expected recurrences", times, end, end-due.days(w.from), max(0, w.to-first), caveat)
	if e.State != Insufficient && c.declared.before < fewestBefore {
		e = refuse(e, AssumptionFailed, sentence("Not reported: fixed too soon to know the rate without a fix. The organisation saw %s before a fix, needs %d.",
			plural(int(c.declared.before), "recurrence", "recurrences"), fewestBefore))
	}
	e = unless(c.silence(g, w.to), e)
	c.candidate(g, w, e, p, e, p)
	c.emit(g, w, e)
}

// repeatClock runs with the recurrences to be expected after declared fixes; it
// comes with those that came, in order, and the moment of the first fix.
func (c *computation) repeatClock(g *group) (due clock, repeats []*failure, first int64) {
	var edges []edge
	first = int64(math.MaxInt64)
	for _, s := range g.services {
		for _, i := range c.declared.of[s.entire()] {
			st := c.declared.stages[i]
			if st.due <= 0 || !s.holds(st.mode) {
				continue
			}
			first = min(first, st.from)
			edges = append(edges, edge{st.from, st.rate}, edge{st.until, -st.rate})
			for _, f := range st.mode.failures {
				if from, to := max(f.at, st.from), min(f.until, st.until); to > from {
					edges = append(edges, edge{from, -st.rate}, edge{to, st.rate})
				}
			}
			repeats = append(repeats, st.came...)
		}
	}
	slices.SortFunc(repeats, func(a, b *failure) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.first.ID, b.first.ID))
	})
	return clockOf(edges), repeats, first
}

// trend is the change of a rate over one quarter's exposure, and the chance of
// as much where there is none: NaN where it cannot be told.
func (c *computation) trend(metric, what, clock string, times []float64, end, lastQuarter float64, observed int64, caveat string) (e Estimate, p float64) {
	e = Estimate{
		Metric: metric, N: int64(len(times)), Events: int64(len(times)), Exposure: end,
		Method: "log-linear Poisson rate on the clock of " + clock + " (Cox–Lewis), conditional likelihood; profile likelihood interval",
	}
	quarters := float64(observed) / (quarterDays * dayMillis)
	switch {
	case len(times) < fewestForTrend:
		e = tooFew(e, int64(len(times)), fewestForTrend, what)
		e.Reading += caveat
		return e, math.NaN()
	case quarters < 1:
		return refuse(e, Insufficient, sentence("Not enough data: %s of observation, needs %d days. No figure is shown.%s",
			lasting(float64(observed)/1000), quarterDays, caveat)), math.NaN()
	case lastQuarter <= 0 || end <= 0:
		return refuse(e, Insufficient, fmt.Sprintf("Not enough data: no %s in the last quarter. No figure is shown.%s", clock, caveat)), math.NaN()
	}
	fit := stats.CoxLewis(times, end)
	perQuarter := func(b float64) float64 { return math.Expm1(b * lastQuarter) }
	both := func(i stats.Interval) stats.Interval {
		return stats.Interval{Low: perQuarter(i.Low), High: perQuarter(i.High)}
	}
	e.Value = perQuarter(fit.B)
	e.bounds(both(fit.Interval(c.settings.Level)), both(fit.Interval(c.settings.InnerLevel)))
	e.Method += tests(fit, times, end)
	if (1+e.High)/(1+e.Low) > tooWide {
		return refuse(e, Insufficient, sentence("Not enough data: %d %s in %s quarters leave room for almost any trend. No figure is shown.%s",
			len(times), what, number(quarters), caveat)), math.NaN()
	}
	e.Reading = slope(e, sentence("%d %s in %s quarters of exposure in %s", len(times), what, number(quarters), clock))
	e.Reading += caveat
	return e, trendP(fit, times)
}

// tests names the tests of a trend beside the interval.
func tests(fit stats.LogLinear, times []float64, end float64) string {
	out := ""
	if d := fit.Test(times); !math.IsNaN(d.P) {
		out += sentence("; LR/φ̂ p = %s (φ̂ %s, %d bins)", number(d.P), number(d.Dispersion), d.Bins)
	}
	out += fmt.Sprintf("; Laplace z = %s", number(stats.Laplace(times, end, false)))
	if lr := stats.LewisRobinson(times, end); !math.IsNaN(lr) {
		out += fmt.Sprintf("; Lewis–Robinson z = %s", number(lr))
	}
	return out
}

// sinceStart is Crow–AMSAA's β, each service from its own start, whose choice
// nobody has, and what it means for every doubling of the failures.
func (c *computation) sinceStart(g *group, metric, what string, counts func(*failure) bool) {
	var sumLogs float64
	var n int64
	for _, s := range g.services {
		if s.to <= s.from {
			continue
		}
		own := newClock([]*service{s})
		end := own.days(s.to)
		for _, f := range s.failures {
			t := own.days(f.at)
			if !counts(f) || f.opens || t <= 0 {
				continue
			}
			n++
			sumLogs += math.Log(end / t)
		}
	}
	e := Estimate{
		Metric: metric + ".since_start", N: n, Events: n, Exposure: g.clock.days(c.org.asOf),
		Method: "power law from each service's start (Crow–AMSAA), unbiased β given each service's count; exact χ² interval",
	}
	d := Estimate{
		Metric: metric + ".per_doubling", N: n, Events: n, Exposure: e.Exposure,
		Method: "2^(1−1/β) of Crow–AMSAA's β (Wright); exact χ² interval of β",
	}
	if n < fewestForTrend || sumLogs <= 0 {
		c.emit(g, c.everything, tooFew(e, n, fewestForTrend, what))
		c.emit(g, c.everything, tooFew(d, n, fewestForTrend, what))
		return
	}
	fit := stats.PooledPowerLaw(int(n), sumLogs)
	chi, df, improving := fit.MilHdbk()
	e.Method += sentence("; MIL-HDBK-189 χ² = %s on %d degrees of freedom, p = %s", number(chi), df, number(2*math.Min(improving, 1-improving)))
	e.Value = fit.Unbiased()
	e.bounds(fit.Interval(c.settings.Level), fit.Interval(c.settings.InnerLevel))
	e.Reading = sentence("β = %s, with %s to %s compatible with the data (%s, %d %s since each service's start); below 1 they grow rarer with exposure.",
		number(e.Value), number(e.Low), number(e.High), percent(c.settings.Level), n, what)
	doubling := func(i stats.Interval) stats.Interval {
		return stats.Interval{Low: stats.PerDoubling(i.Low), High: stats.PerDoubling(i.High)}
	}
	d.Value = stats.PerDoubling(e.Value)
	d.bounds(doubling(fit.Interval(c.settings.Level)), doubling(fit.Interval(c.settings.InnerLevel)))
	d.Reading = sentence("Each doubling of the failures so far went with %s times the rate, with %s to %s compatible with the data (%s, %d %s).",
		number(d.Value), number(d.Low), number(d.High), percent(c.settings.Level), n, what)
	quiet := c.silence(g, c.org.asOf)
	c.emit(g, c.everything, unless(quiet, e))
	c.emit(g, c.everything, unless(quiet, d))
}

// learningDerivativeMetrics are what is said of each.
var learningDerivativeMetrics = []Metric{
	{
		"learning_derivative.uncontained", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained incidents over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of service-days; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "",
	},
	{
		"learning_derivative.uncontained.per_deploy", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained incidents over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of deploys; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "learning_derivative.uncontained",
	},
	{
		"learning_derivative.uncontained.since_start", "ratio", "lower", "3 failures",
		"β of the rate of uncontained incidents since each service's start; below 1 they grow rarer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"β̄ = (N−1)/Σ ln(T/t), 2Nβ/β̂ ~ χ²(2N)",
		"Crow, MIL-HDBK-189", "learning_derivative.uncontained",
	},
	{
		"learning_derivative.uncontained.per_doubling", "ratio", "lower", "3 failures",
		"What every doubling of the uncontained incidents so far multiplies their rate by. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"2^(1−1/β)",
		"Wright 1936; Crow, MIL-HDBK-189", "learning_derivative.uncontained",
	},
	{
		"learning_derivative.severe", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained incidents of severity 1 or 2 over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of service-days; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "",
	},
	{
		"learning_derivative.severe.per_deploy", "change_per_quarter", "lower", "3 failures and 91 days",
		"Change of the rate of uncontained incidents of severity 1 or 2 over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of deploys; −0.1 is a tenth fewer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t); profile likelihood",
		"Cox & Lewis 1966", "learning_derivative.severe",
	},
	{
		"learning_derivative.severe.since_start", "ratio", "lower", "3 failures",
		"β of the rate of uncontained incidents of severity 1 or 2 since each service's start; below 1 they grow rarer. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"β̄ = (N−1)/Σ ln(T/t), 2Nβ/β̂ ~ χ²(2N)",
		"Crow, MIL-HDBK-189", "learning_derivative.severe",
	},
	{
		"learning_derivative.severe.per_doubling", "ratio", "lower", "3 failures",
		"What every doubling of the uncontained incidents of severity 1 or 2 so far multiplies their rate by. No figure where the record is silent for 26 weeks or more before its first or after its last failure, where the third of the failures next to the silence, at their rate, would leave it less than once in a hundred; nor where it is for six weeks or more after 20 failures, those within three days counted once, if less than once in a thousand. Fewer than three since end no silence.",
		"2^(1−1/β)",
		"Wright 1936; Crow, MIL-HDBK-189", "learning_derivative.severe",
	},
	{
		"learning_derivative.repeats", "change_per_quarter", "lower", "3 recurrences after a fix, 91 days, 10 recurrences before a fix in the organisation",
		"Change of the rate of recurrences after a declared fix over the exposure of the last 91 days (of a quarter: from the start to its end, over its own exposure), on the clock of the recurrences that were to be expected: the pool of fixed modes grows, and with it what can repeat. −0.1 is a tenth fewer. The interval takes that clock as known, and holds the truth in 88 to 93 % of simulated organisations.",
		"exp(b·exposure of the last quarter) − 1, λ(t) = exp(a + b·t), t = Σλ̃·days after the fix, λ̃ of learning_per_failure.declared; profile likelihood",
		"Cox & Lewis 1966", "",
	},
}
