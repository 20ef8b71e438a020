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

// Given says whether a kind of scope is given a metric.
func Given(metric, scopeKind string) bool {
	if strings.HasSuffix(metric, drawn) && scopeKind != team && scopeKind != oneService {
		return false
	}
	for _, beginning := range notGiven[scopeKind] {
		if strings.HasPrefix(metric, beginning) {
			return false
		}
	}
	return !strings.HasPrefix(metric, "counted.") || scopeKind == wholeOrganisation || metric == "counted.failures"
}

func (g *group) given(metric string) bool { return Given(metric, g.Kind) }

// small scopes are many, and have few failures each.
func (g *group) small() bool { return g.Kind == oneService || g.Kind == failureMode }

// windows are those that a scope is given: all time and its quarters. A failure
// mode has too few failures for quarters.
func (c *computation) windows(g *group) []window {
	given := c.quarters
	switch g.Kind {
	case oneService:
		given = given[max(0, len(given)-c.settings.ServiceQuarters):]
	case failureMode:
		given = nil
	}
	return append([]window{c.everything}, given...)
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
// and says so. Nothing of a scope that they do not know.
func Of(estimates []Estimate, scope Scope) []Estimate {
	type row struct{ metric, window string }
	have := map[row]Estimate{}
	windows := []string{all}
	var known *Estimate
	for i := range estimates {
		e := &estimates[i]
		if e.Scope == scope {
			have[row{e.Metric, e.Window}] = *e
			known = e
		}
		if e.Metric == "counted.failures" && e.Scope.Kind == wholeOrganisation && e.Window != all && scope.Kind != failureMode {
			windows = append(windows, e.Window)
		}
	}
	if known == nil {
		return nil
	}
	var out []Estimate
	for _, m := range Metrics {
		if !Given(m.Name, scope.Kind) {
			continue
		}
		for _, w := range windows {
			e, found := have[row{m.Name, w}]
			if !found {
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

// Gone is an estimate that was given once and is no longer: a correction has
// taken away what it counted.
func Gone(metric string, scope Scope, window string, asOf int64) Estimate {
	m, known := Lookup(metric)
	if !known {
		m = Metric{Name: metric, Minimum: "none"}
	}
	return missing(m, scope, window, &Estimate{AsOf: asOf, Level: DefaultSettings().Level})
}

// missing is an estimate that has no row of its own.
func missing(m Metric, scope Scope, window string, like *Estimate) Estimate {
	reading := "Not enough data: nothing was counted here."
	if m.Minimum != "none" {
		reading = fmt.Sprintf("Not enough data: too little was counted here, needs %s.", m.Minimum)
	}
	e := Estimate{
		Metric: m.Name, Scope: scope, Window: window, AsOf: like.AsOf, Level: like.Level, Unit: m.Unit,
		State: Insufficient, Method: "none: too little was counted", Origin: "measured", Reading: reading + " No figure is shown.",
	}
	return e.withoutFigure()
}
