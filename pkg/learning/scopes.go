package learning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The kinds of scope.
const (
	wholeOrganisation = "organisation"
	team              = "team"
	oneService        = "service"
	environment       = "environment"
	failureMode       = "failure_mode"
)

// ScopeKinds are the kinds of scope, the widest first.
var ScopeKinds = []string{wholeOrganisation, team, environment, failureMode, oneService}

// notGiven are the metrics, by the beginnings of their names, that a kind of
// scope is not given. A service has too few modes to learn their rates, and too few costs; an
// improvement or a monitoring gap names no environment. A failure mode is no
// place: no change belongs to it, it is new once on each service, and what is
// said of the whole of the modes (the placebo, the trend over modes) is not
// said of one.
var notGiven = map[string][]string{
	oneService:  {perFailure, repeatTrends, "tuition.typical_cost", "tuition.delay.per_week", "tuition.avoided", "premortem.happened", "premortem.stated", "postmortem.factor", "postmortem.improvements", "stagnation"},
	environment: {"monitoring_gaps.found", "monitoring_gaps.open", "monitoring_gaps.closed", "monitoring_gaps.proven", "monitoring_gaps.reopened", "monitoring_gaps.unproven", "monitoring_gaps.time_to_close", "durations.improvement", "known_open.improvements", "known_open.oldest", "postmortem.improvements", "stagnation"},
	failureMode: {"new_modes", "change_safety", "severity_trend", perFailure + ".placebo", perFailure + ".trend", perFailure + ".power", perFailure + ".novel_rate", perFailure + ".coarser", perFailure + ".any_mode", "durations.rollback", "durations.flag_off", "premortem.happened", "premortem.stated", "postmortem.factor", "postmortem.improvements", "stagnation"},
}

// wholeOnly are the metrics, by the beginnings of their names, that are said of
// the whole record and of no quarter: of no kind of scope under "", as a quarter
// holds too little to learn them from or they are of the present, and else of
// a kind. A quarter of a service holds too few failures for what is told by how long
// things took, how far they reached or what became of them later, and there may
// be very many services.
var wholeOnly = map[string][]string{
	"":         {perFailure + ".trend", perFailure + ".power", "new_modes.chance", "severity_trend", "tuition.typical_cost", "tuition.delay.per_week", "tuition.avoided", "stagnation"},
	oneService: {"learning_derivative", "durations", "change_safety.excess", "change_safety.failed_share.", "repeat_rate.after_", "improvement_effectiveness", "monitoring_gaps.time_to_close", "tuition", "blast_radius", "near_miss", "forewarned", "premortem", "postmortem"},
}

// span is which windows a kind of scope is given of a metric.
type span uint8

const (
	notAtAll     span = iota
	wholeRecord       // the whole record, and no quarter
	atCloses          // and of a quarter what was said at its close, where something could be
	onceOver          // and the quarters that are over
	everyQuarter      // and every quarter, the one that has begun as far as it has come
)

// spanOf says which windows a kind of scope is given of a metric. A failure mode
// has too few failures for quarters.
func spanOf(metric, kind string) span {
	begins := func(beginning string) bool { return strings.HasPrefix(metric, beginning) }
	place := kind == team || kind == oneService
	watched := begins("watch.")
	switch {
	case slices.ContainsFunc(notGiven[kind], begins),
		strings.HasSuffix(metric, drawn) && !place,
		watched && !place && kind != wholeOrganisation,
		begins("counted.") && kind != wholeOrganisation && metric != "counted.failures":
		return notAtAll
	case kind == failureMode, slices.ContainsFunc(wholeOnly[""], begins), slices.ContainsFunc(wholeOnly[kind], begins),
		strings.HasSuffix(metric, drawn), strings.HasSuffix(metric, ".since_start"), strings.HasSuffix(metric, ".per_doubling"),
		watched && (strings.Contains(metric, ".better") || strings.Contains(metric, ".power_")):
		return wholeRecord
	case watched:
		return atCloses
	case begins("learning_derivative."):
		return onceOver
	default:
		return everyQuarter
	}
}

// Given says whether a kind of scope is given a metric.
func Given(metric, scopeKind string) bool { return spanOf(metric, scopeKind) != notAtAll }

func (g *group) given(metric string) bool { return Given(metric, g.Kind) }

// givenIn says whether a scope is given a metric for a window.
func (g *group) givenIn(w window, metric string) bool {
	s := spanOf(metric, g.Kind)
	return s > wholeRecord || s == wholeRecord && w.name == all
}

// small scopes are many, and have few failures each.
func (g *group) small() bool { return g.Kind == oneService || g.Kind == failureMode }

// windows are those for which a scope is given a metric, or what begins with its name.
func (c *computation) windows(g *group, metric string) []window {
	out := []window{c.everything}
	if spanOf(metric, g.Kind) == wholeRecord {
		return out
	}
	return append(out, lastOf(c.quarters, g.Kind)...)
}

// ServiceQuarters is how many of the last quarters services are given;
// organisation, teams and environments get all of them.
const ServiceQuarters = 8

// lastOf are the quarters that a kind of scope is given, of all.
func lastOf[T any](quarters []T, kind string) []T {
	if kind == oneService {
		return quarters[max(0, len(quarters)-ServiceQuarters):]
	}
	return quarters
}

// keeps says whether an estimate is worth a row. All of the organisation's are,
// and a team's, but for its quarters in which nothing was counted. Of services,
// environments and failure modes, of which there may be very many, there is
// what counted something in the whole record, and the quarters that have a
// figure or say why an assumption failed. Each of them has its row of
// counted.failures, so that none vanishes; Of says of the others that they are insufficient.
func (g *group) keeps(w window, e *Estimate) bool {
	nothing := e.N == 0 && e.Events == 0 && e.Censored == 0 && e.State != AssumptionFailed
	switch {
	case g.Kind == wholeOrganisation:
		return true
	case g.Kind == team:
		return w.name == all || !nothing
	case e.Metric == "counted.failures":
		return w.name == all || !nothing
	case w.name == all:
		return !nothing || strings.HasSuffix(e.Metric, drawn)
	default:
		return !nothing && e.State != Insufficient
	}
}

// Of is all that there is to say of one scope, in the order of the estimates
// that it is taken from: what they leave out for want of data is insufficient,
// and says so. What its kind is not given for a window is not among them: Absent
// says why. Nothing of a scope that they do not know.
func Of(estimates []Estimate, scope Scope) []Estimate {
	have := map[account]Estimate{}
	var known *Estimate
	for i := range estimates {
		e := &estimates[i]
		if e.Scope == scope {
			have[e.account()] = *e
			known = e
		}
	}
	if known == nil {
		return nil
	}
	r := recordOf(estimates)
	var out []Estimate
	for _, m := range Metrics {
		for _, w := range append([]string{all}, r.quarters...) {
			e, found := have[account{m.Name, scope, w}]
			if !found {
				if r.absent(m.Name, scope.Kind, w) != "" {
					continue
				}
				e = missing(m, scope, w, known)
			}
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b Estimate) int {
		return cmp.Or(strings.Compare(a.Metric, b.Metric), strings.Compare(a.Window, b.Window))
	})
	return out
}

// Absent says why a kind of scope has no estimate of a metric for a window, as
// the end of a sentence that begins with the metric's name: "is given for the
// whole record only". It is "" where Of has one.
func Absent(estimates []Estimate, metric, scopeKind, window string) string {
	return recordOf(estimates).absent(metric, scopeKind, window)
}

// record is what estimates tell of their run.
type record struct {
	quarters []string // in order
	asOf     int64
	watched  map[string]bool // kinds of scope
}

func recordOf(estimates []Estimate) record {
	r := record{watched: map[string]bool{}}
	for i := range estimates {
		e := &estimates[i]
		r.asOf = e.AsOf
		switch {
		case strings.HasPrefix(e.Metric, "watch."):
			r.watched[e.Scope.Kind] = true
		case e.Metric == "counted.failures" && e.Scope.Kind == wholeOrganisation && e.Window != all:
			r.quarters = append(r.quarters, e.Window)
		}
	}
	slices.Sort(r.quarters)
	return r
}

func (r record) absent(metric, kind, window string) string {
	s := spanOf(metric, kind)
	others := func(given func(span) bool) (kinds []string) {
		for _, k := range ScopeKinds {
			if given(spanOf(metric, k)) {
				kinds = append(kinds, kindWords(k))
			}
		}
		return kinds
	}
	switch {
	case s == notAtAll:
		return fmt.Sprintf("is not given for %s: it is for %s", article(kindWords(kind)), strings.Join(others(func(s span) bool { return s != notAtAll }), ", "))
	case strings.HasPrefix(metric, "watch.") && !r.watched[kind]:
		return fmt.Sprintf("is given for no %s: none is watched (setting analysis.watch.scopes), or none of them has failed", kindWords(kind))
	case window == all:
		return ""
	case s == wholeRecord && len(others(func(s span) bool { return s > wholeRecord })) > 0:
		return fmt.Sprintf("is given for the whole record, not for a single quarter of %s", article(kindWords(kind)))
	case s == wholeRecord:
		return "is given for the whole record only"
	case !slices.Contains(r.quarters, window):
		return "" // who asks says how far the record reaches
	case !slices.Contains(lastOf(r.quarters, kind), window):
		return fmt.Sprintf("is given for the last %d quarters of %s and for the whole record", ServiceQuarters, article(kindWords(kind)))
	case s == onceOver && r.unfinished(window):
		return fmt.Sprintf("is given for a quarter when it is over, and %s is not", window)
	case s == atCloses:
		return fmt.Sprintf("is said of a quarter once its close has settled, where the evidence could be read then, and nothing is said of %s", window)
	default:
		return ""
	}
}

// unfinished says whether the quarter, of those that there are, is the one that as_of lies in.
func (r record) unfinished(window string) bool {
	return window == quarterName(quarterStart(r.asOf))
}

func kindWords(kind string) string { return strings.ReplaceAll(kind, "_", " ") }

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// Gone is an estimate that was given once and is no longer: a correction has
// taken away what it counted, or it is not given any more.
func Gone(metric string, scope Scope, window string, asOf int64) Estimate {
	m, known := Lookup(metric)
	like := &Estimate{AsOf: asOf, Level: DefaultSettings().Level}
	if s := spanOf(metric, scope.Kind); known && (s > wholeRecord || s == wholeRecord && window == all) {
		return missing(m, scope, window, like)
	}
	e := missing(Metric{Name: metric, Unit: m.Unit}, scope, window, like)
	e.Method, e.Reading = "none: not given any more", "Not given any more for this scope and window. No figure is shown."
	return e
}

// missing is an estimate that has no row of its own: see what keeps keeps.
func missing(m Metric, scope Scope, window string, like *Estimate) Estimate {
	why := "nothing was counted here"
	switch {
	case strings.HasSuffix(m.Name, drawn):
		why = "too few scopes of its kind are known to draw it toward"
	case window != all && scope.Kind != team && m.Minimum != "none":
		why = "what was counted here is too little for a figure, or tells too little"
	}
	if m.Minimum != "none" {
		why += ", needs " + m.Minimum
	}
	e := Estimate{
		Metric: m.Name, Scope: scope, Window: window, AsOf: like.AsOf, Level: like.Level, Unit: m.Unit,
		State: Insufficient, Method: "none: too little was counted", Origin: "measured", Reading: "Not enough data: " + why + ". No figure is shown.",
	}
	return e.withoutFigure()
}
