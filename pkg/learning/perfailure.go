package learning

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	perFailure       = "learning_per_failure"
	fewestExpected   = 3   // recurrences
	fewestBefore     = 10  // recurrences before intervention
	fewestForSlope   = 10  // modes
	shortestForSlope = 2   // quarters
	widestLearning   = 3.0 // of an interval for 1 − O/E where O = E
)

const perFailureMethod = "1 − observed/expected recurrences after intervention; rates without learning by non-parametric maximum likelihood over %d modes with modes never seen (2,000 EM steps)%s, negative binomial tails inverted"

// shortened is what the method leaves out where there are many modes.
func (e *expectation) shortened() string {
	out := ""
	if len(e.stages) > stats.MostCells {
		out += sentence(", similar histories taken together in at most %d cells", stats.MostCells)
	}
	if len(e.stages) > manyModes {
		out += sentence(", %d resamples", manyResamples)
	}
	return out
}

// PerFailure makes the estimates of learning_per_failure alone, of the whole
// organisation over all time: what Compute would say of them.
func PerFailure(in Input, settings Settings) []Estimate {
	c := newComputation(in, settings, nil)
	c.hold()
	c.quarters = nil
	c.perFailure(func(yield func(*group) bool) { yield(c.org.entirety()) })
	c.anyMode(c.org.entirety(), c.everything)
	c.sort()
	return c.run.Estimates
}

// perFailure gives learning per failure; services have too few modes of their own. What
// one rule of intervention leads to expect is let go before the next is asked for, but
// for what other metrics rest on.
func (c *computation) perFailure(scopes iter.Seq[*group]) {
	say := func(e *expectation, metric, since, fading string) {
		for g := range scopes {
			if !g.given(metric) {
				continue
			}
			for _, w := range c.windows(g) {
				c.learned(g, w, e, metric, since, fading)
				c.ledger.settleOne(account{metric, g.Scope, w.name})
			}
		}
	}
	placebo := c.expect(perFailure+".placebo", fine, byPlacebo, true)
	// Whether modes fade by themselves is asked once, of the whole.
	c.fades = c.fading(placebo.compare(&group{services: c.org.services}, c.everything))
	say(placebo, perFailure+".placebo", "26 weeks without a fix", "")
	placebo = nil
	coarse := func(s *service) []*modeHistory {
		return s.coarserModes(c.org.closed.of(s.name), c.settings.MergeWindow.Milliseconds())
	}
	coarser := slices.ContainsFunc(c.org.services, func(s *service) bool { return len(coarse(s)) < len(s.modes) })
	if coarser {
		say(c.expect(perFailure+".coarser", coarse, byIntervention, false), perFailure+".coarser", "their intervention", c.fades)
	}
	c.declared = c.expect(perFailure+".declared", fine, byDeclaration, false)
	say(c.declared, perFailure+".declared", "their declared fix", c.fades)
	c.headline = c.expect(perFailure, fine, byIntervention, false)
	say(c.headline, perFailure, "their intervention", c.fades)
	if !coarser {
		say(c.headline, perFailure+".coarser", "their intervention", c.fades)
	}
	for g := range scopes {
		if g.given(perFailure + ".trend") {
			c.perFailureTrend(g, c.headline, c.fades)
			c.perFailurePower(g, c.headline)
		}
	}
}

// fading says why learning cannot be told from modes that change by themselves; "" if it can.
func (c *computation) fading(p comparison) string {
	if p.refusal() != nil {
		return ""
	}
	i := p.learning(c.settings.Level)
	switch {
	case i.Low > 0:
		return "modes fade without a fix"
	case i.High < 0:
		return "modes come back more and more without a fix"
	default:
		return ""
	}
}

// learning is the interval for 1 − O/E.
func (p comparison) learning(level float64) stats.Interval {
	ratio := stats.RecurrenceRatio(int(p.came), p.expected, p.c, level)
	return stats.Interval{Low: 1 - ratio.High, High: 1 - ratio.Low}
}

// wide: the interval would be of no use. Asked of what was expected and not of
// what came, since the interval is wider the more came: leaving out those
// would make the ones reported look like learning.
func (p comparison) wide(level float64) bool {
	i := stats.RecurrenceRatio(int(math.Round(p.expected)), p.expected, p.blind, level)
	return i.High-i.Low > widestLearning
}

// refusal is why there is no figure: the state and the reading; nil if there can be one.
func (p comparison) refusal() *Estimate {
	switch {
	case p.expected < fewestExpected:
		return &Estimate{State: Insufficient, Reading: sentence(
			"Not enough data: %s recurrences were to be expected, needs %d. No figure is shown.", number(p.expected), fewestExpected)}
	case p.before < fewestBefore:
		return &Estimate{State: AssumptionFailed, Reading: sentence(
			"Not reported: fixed too soon to know the rate without a fix. The organisation saw %s before intervention, needs %d.",
			plural(int(p.before), "recurrence", "recurrences"), fewestBefore)}
	default:
		return nil
	}
}

func (c *computation) learned(g *group, w window, e *expectation, metric, since, fading string) {
	p := e.compare(g, w)
	for _, st := range p.stages {
		if len(st.came) == 0 {
			c.evidence(g, w, metric, "censored", "incident", st.mode.failures[0].first.ID)
		}
		for _, f := range st.came {
			c.evidence(g, w, metric, "event", "incident", f.first.ID)
		}
	}
	out := Estimate{
		Metric: metric, N: p.failures, Events: p.came, Exposure: p.expected, Censored: p.quiet(),
		Method: sentence(perFailureMethod, len(e.stages), e.shortened()),
	}
	caveat := p.caveat(e.born) + p.busier(g.deploys)
	if no := p.refusal(); no != nil {
		c.emit(g, w, refuse(out, no.State, no.Reading+caveat))
		return
	}
	caveat += fmt.Sprintf(" Were half of the recurrences to stop, this much data would show it %s of the time.", chance(p.power(c.settings.Level)))
	if fading != "" {
		c.emit(g, w, refuse(out, AssumptionFailed, fmt.Sprintf(
			"Not reported: %s, so that what is seen after one cannot be told from it (see %s.placebo).%s", fading, perFailure, caveat)))
		return
	}
	i := p.learning(c.settings.Level)
	head := fmt.Sprintf("%s of %s after %s, where %s were to be expected: ", plural(int(p.came), "recurrence", "recurrences"),
		plural(len(p.stages), "mode", "modes"), since, number(p.expected))
	if p.wide(c.settings.Level) {
		c.emit(g, w, refuse(out, Insufficient, head+fmt.Sprintf("we cannot tell more, as the rates without learning are known too roughly.%s", caveat)))
		return
	}
	out.Value = 1 - float64(p.came)/p.expected
	inner := p.learning(c.settings.InnerLevel)
	out.bounds(stats.Interval{Low: math.Min(i.Low, out.Value), High: math.Max(i.High, out.Value)}, inner)
	out.Reading = head + fmt.Sprintf("learning of %s, with %s to %s compatible with the data (%s, negative binomial).",
		percent(out.Value), percent(out.Low), percent(out.High), percent(c.settings.Level))
	zero := out.Low <= 0 && out.High >= 0
	switch {
	case metric == perFailure+".placebo" && zero:
		out.Reading += " Nothing was done about these modes, so zero is what to expect, and the interval holds it: that modes fade by themselves is not seen."
	case metric == perFailure+".placebo":
		out.Reading += " Nothing was done about these modes, so zero was to be expected, and the interval lies to one side of it."
	case zero:
		out.Reading += " That holds zero: we cannot tell whether anything was learned."
	default:
		out.Reading += " This says what happened, not why."
	}
	out.Reading += caveat
	c.emit(g, w, out)
}

// quiet counts modes that have not come back.
func (p comparison) quiet() int64 {
	var n int64
	for _, st := range p.stages {
		if len(st.came) == 0 {
			n++
		}
	}
	return n
}

// halved is the share of the rate that power is asked for.
const halved = 0.5

// power is the chance that the interval would lie above zero were half of the
// recurrences to stop.
func (p comparison) power(level float64) float64 {
	return stats.RecurrencePower(1-halved, p.expected, p.c, level)
}

// asStated says how many of the fixes that a number rests on nobody witnessed; "" if none.
func asStated(unwitnessed, fixes int) string {
	if unwitnessed == 0 {
		return ""
	}
	return sentence(" %d of %d fixes are taken as stated, without a witness of when they were declared.", unwitnessed, fixes)
}

// caveat is what the number rests on.
func (p comparison) caveat(born float64) string {
	out := fmt.Sprintf(" Estimated share of modes that began within the record: %s.", percent(math.Round(born*1000)/1000))
	out += asStated(p.unwitnessed, p.fixes)
	if p.opened > 0 {
		out += fmt.Sprintf(" %s not counted: no exposure lies before the first failure.", plural(int(p.opened), "mode is", "modes are"))
	}
	return out
}

// busier says how much oftener deploys came after the interventions than before
// them, weighted by what was expected of each mode, where that is more than a
// quarter: the rates are those by service-days, and would change alone with the
// deploys if failures came with these.
func (p comparison) busier(deploys deployClock) string {
	const much = 1.25
	var sum, weight float64
	for _, st := range p.stages {
		rate := func(from, to int64) float64 { return (deploys.deploys(to) - deploys.deploys(from)) / days(to-from) }
		if st.from <= st.service.from || st.until <= st.from {
			continue
		}
		if before := rate(st.service.from, st.from); before > 0 {
			sum += st.expected * rate(st.from, st.until) / before
			weight += st.expected
		}
	}
	times := sum / weight // NaN without deploys
	if !(times > much || times < 1/much) {
		return ""
	}
	return fmt.Sprintf(" Deploys came %s times as often after the interventions as before: if failures come with deploys, no learning at all would read %s.", number(times), percent(1-times))
}

// perFailureTrend is how observed by expected recurrences change with the
// quarter of the first failure. Learning that speeds up makes it fall.
func (c *computation) perFailureTrend(g *group, e *expectation, fading string) {
	p := e.compare(g, c.everything)
	out := Estimate{
		Metric: perFailure + ".trend", N: int64(len(p.stages)), Events: p.came, Exposure: p.expected,
		Method: "log-linear trend of observed by expected recurrences over the time of the mode's first failure; quasi-likelihood, robust variance and that over resampled modes, Student's t",
	}
	first := p.firstFailures()
	span := 0.0
	if len(first) > 0 {
		span = slices.Max(first)
	}
	no := p.refusal()
	switch {
	case no != nil:
		c.emit(g, c.everything, refuse(out, no.State, no.Reading))
		return
	case fading != "":
		c.emit(g, c.everything, refuse(out, AssumptionFailed, fmt.Sprintf(
			"Not reported: %s (see %s.placebo).", fading, perFailure)))
		return
	case len(p.stages) < fewestForSlope || p.came < fewestForTrend || span < shortestForSlope:
		c.emit(g, c.everything, refuse(out, Insufficient, sentence(
			"Not enough data: %s of %s first seen over %s quarters, needs %d, %d and %d. No figure is shown.",
			plural(int(p.came), "recurrence", "recurrences"), plural(len(p.stages), "mode", "modes"), number(span),
			fewestForTrend, fewestForSlope, shortestForSlope)))
		return
	}
	fit := p.trend(first)
	change := func(i stats.Interval) stats.Interval {
		return stats.Interval{Low: math.Expm1(i.Low), High: math.Expm1(i.High)}
	}
	out.Value = math.Expm1(fit.B)
	outer := change(fit.Interval(c.settings.Level))
	if wide := (1 + outer.High) / (1 + outer.Low); !(wide <= tooWide) {
		c.emit(g, c.everything, refuse(out, Insufficient, fmt.Sprintf(
			"Not enough data: %s of %s leave room for almost any trend. No figure is shown.",
			plural(int(p.came), "recurrence", "recurrences"), plural(len(p.stages), "mode", "modes"))))
		return
	}
	out.bounds(outer, change(fit.Interval(c.settings.InnerLevel)))
	out.Reading = slope(out, fmt.Sprintf("of the recurrences that came for each one expected, by when the mode first failed, %s, %s quarters",
		plural(len(p.stages), "mode", "modes"), number(span))) + p.caveat(e.born)
	c.emit(g, c.everything, out)
}

// slope is the plain sentence for a change per quarter.
func slope(e Estimate, of string) string {
	low, high := change(e.Low), change(e.High)
	whole := "The whole interval (%s to %s) lies %s zero: %s a quarter, %s. This says what happened, not why."
	switch {
	case e.High < 0:
		return fmt.Sprintf(whole, low, high, "below", change(e.Value), of)
	case e.Low > 0:
		return fmt.Sprintf(whole, low, high, "above", change(e.Value), of)
	default:
		return fmt.Sprintf("We cannot tell whether this is rising or falling: %s a quarter, interval %s to %s, %s. This is not evidence that nothing changed.",
			change(e.Value), low, high, of)
	}
}

// perFailurePower is the chance that a scope with this many recurrences to be
// expected would show that half of them no longer come.
func (c *computation) perFailurePower(g *group, e *expectation) {
	p := e.compare(g, c.everything)
	out := Estimate{
		Metric: perFailure + ".power", N: int64(len(p.stages)), Exposure: p.expected, Origin: "modelled",
		Method: "chance that the interval of learning_per_failure lies above zero when half of the rate is removed, from its own expectation and spread; calculated, so without an interval",
	}
	if no := p.refusal(); no != nil {
		c.emit(g, c.everything, refuse(out, no.State, no.Reading))
		return
	}
	v := p.power(c.settings.Level)
	out.Value = v
	out.bounds(stats.Interval{Low: v, High: v}, stats.Interval{Low: v, High: v})
	out.Reading = fmt.Sprintf("If half of the recurrences stopped coming, %s with %s to be expected would show it %s of the time. What counts is how many recurrences are to be expected, more than how many modes there are.",
		plural(len(p.stages), "mode", "modes"), number(p.expected), chance(v)) + p.caveat(e.born)
	c.emit(g, c.everything, out)
}

// learningPerFailureMetrics are what is said of each.
var learningPerFailureMetrics = []Metric{
	{
		"learning_per_failure", "share", "higher", "3 recurrences to be expected, 10 seen before intervention in the organisation, no placebo effect",
		"Share of the recurrences to be expected after intervention that did not come. The intervention of a mode on a service is its first declared fix (the later of stated and first witnessed) or 13 weeks after its first failure, whichever is earlier. A quarter holds the modes that first failed in it. Rates are estimated for all modes of the organisation together, so that a team's are drawn toward it. A mode whose first failure opened the record of its service is left out. It counts by service-days: where failures come with deploys, and deploys grow, it shows too little learning, and too much where they get fewer; it then says how much, and gives no verdict.",
		"1 − O/E, E = Σλ̃x; λ̃ the posterior mean under a distribution of rates on 60 points (0.2/observation to 1 a day), modes old or begun within the record, with modes never seen: 2,000 EM steps, more than 1,000 modes in at most that many cells of like histories. c = 1.6·(ΣVx²/E² + Var ln E* over 100 resamples, 50 above 500 modes, + unevenness); O negative binomial with mean ρE and size 1/c, both exact tails inverted",
		"non-parametric maximum likelihood (Laird 1978) of truncated data by EM with ghosts (Turnbull 1976; Dempster, Laird & Rubin 1977)", "",
	},
	{
		"learning_per_failure.declared", "share", "higher", "3 recurrences to be expected, 10 seen before a fix in the organisation, no placebo effect",
		"Share of the recurrences to be expected after a declared fix that did not come; modes without one tell rates only. A quarter holds the modes that first failed in it.",
		"as learning_per_failure",
		"as learning_per_failure", "",
	},
	{
		"learning_per_failure.coarser", "share", "higher", "3 recurrences to be expected, 10 seen before intervention in the organisation, no placebo effect",
		"learning_per_failure with the modes of a service grouped coarser: by their name up to the first of / . : - _ or a space, without digits at its end (disk-full, disk-full-2 and \"Disk (other)\" are all of disk). The first declared fix of any mode of a group is that of the group. If this lies well below learning_per_failure, repeats may have been given new names.",
		"as learning_per_failure",
		"as learning_per_failure", "",
	},
	{
		"learning_per_failure.any_mode", "per_1000_service_days", "lower", "10 failures on services that had failed before",
		"Failures on services that had failed before, of whatever mode, known or not: a repeat counts here whatever it is called.",
		"1000·k/service-days after the first failure of each service",
		"Garwood 1936", "",
	},
	{
		"learning_per_failure.placebo", "share", "", "3 recurrences to be expected, 10 seen before 26 weeks in the organisation",
		"The same for modes still unfixed 26 weeks after their first failure, counted until their fix: zero where nothing is done. If the organisation's interval excludes zero, learning_per_failure is not reported. The rates are learned anew at each moment, as how long a mode stays unfixed tells its rate.",
		"1 − O/E, E = Σ∫E[λ | history so far]dt = −Σ ln P(quiet) over the stretches between recurrences; interval as learning_per_failure, without V",
		"as learning_per_failure; Aalen 1978; negative control: Lipsitch, Tchetgen Tchetgen & Cohen 2010", "",
	},
	{
		"learning_per_failure.trend", "change_per_quarter", "lower", "10 modes, 3 recurrences, 2 quarters, and what learning_per_failure needs",
		"Change per quarter (91 days, by when the mode first failed) of observed by expected recurrences after intervention: below zero, later failures teach more. −0.1 is a tenth fewer.",
		"exp(b) − 1, E[O] = E·exp(a + b·t), weights 1/(1 + Vx²/E²·μ); 1.6·(HC3 robust variance + variance of b over 100 resamples), Student's t on modes − 2 degrees of freedom",
		"McCullagh & Nelder 1989; Mancl & DeRouen 2001", "learning_per_failure",
	},
	{
		"learning_per_failure.power", "share", "", "what learning_per_failure needs",
		"Chance that learning_per_failure would show it if half of the recurrences stopped coming.",
		"P(upper bound of ρ < 1), O negative binomial with mean E/2 and size 1/c",
		"as learning_per_failure", "learning_per_failure",
	},
	{
		"learning_per_failure.novel_rate", "per_1000_service_days", "lower", "10 failures of a known mode, two thirds of all",
		"new_modes.rate, beside learning_per_failure: a repeat called by a new name moves here.",
		"1000·k/service-days",
		"Garwood 1936", "new_modes.rate",
	},
}
