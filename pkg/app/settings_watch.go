package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// WatchSettings are the promises of the regression watch. They are made before
// looking: changing one starts another watch.
type WatchSettings struct {
	Alpha         float64          `yaml:"alpha" env:"ALPHA" doc:"chance of any false alarm in a year where nothing changes, over all that is watched; as much again for improvements"`
	BaselineStart string           `yaml:"baseline_start" env:"BASELINE_START" doc:"where the baseline begins, a date like 2025-01-06; empty: the first Monday of the record, which older events, imported later, would move"`
	Scopes        WatchScopes      `yaml:"scopes" env:"SCOPES" doc:"kinds of scope that are watched, of organisation, team and service; each gets an equal part of alpha, so fewer are watched more closely"`
	Targets       []TargetSettings `yaml:"targets" doc:"rates stated beforehand, each with what (uncontained or told_by_customer), clock (days or deploys), rate (per 1,000 service-days or deploys) and, but for the organisation, scope (team:Payments) (file only)"`
}

// WatchScopes are kinds of scope.
type WatchScopes []string

// TargetSettings is one rate stated beforehand.
type TargetSettings struct {
	What  string  `yaml:"what"`
	Clock string  `yaml:"clock"`
	Rate  float64 `yaml:"rate"`
	Scope string  `yaml:"scope"`
}

func (w *WatchSettings) validate(fault func(ok bool, name, want string)) {
	fault(w.Alpha >= 0.001 && w.Alpha <= 0.2, "watch.alpha", "0.001 to 0.2")
	if w.BaselineStart != "" {
		_, err := time.Parse(time.DateOnly, w.BaselineStart)
		fault(err == nil, "watch.baseline_start", "empty, or a date like 2025-01-06")
	}
	fault(len(w.Scopes) > 0, "watch.scopes", "at least one of organisation, team, service")
	for i, kind := range w.Scopes {
		fault(watchedKind(kind), "watch.scopes", fmt.Sprintf("%q is not one of organisation, team, service", kind))
		fault(!slices.Contains(w.Scopes[:i], kind), "watch.scopes", fmt.Sprintf("%q stands there twice", kind))
	}
	for i, t := range w.Targets {
		name := fmt.Sprintf("watch.targets[%d]", i)
		fault(t.What == "uncontained" || t.What == "told_by_customer", name+".what", fmt.Sprintf("%q is not uncontained or told_by_customer", t.What))
		fault(t.Clock == "days" || t.Clock == "deploys", name+".clock", fmt.Sprintf("%q is not days or deploys", t.Clock))
		fault(t.Rate > 0 && t.Rate <= 1e6, name+".rate", "above 0, to 1e6: failures per 1,000 service-days or deploys")
		kind, scope, named := strings.Cut(t.Scope, ":")
		whole := t.Scope == "" || t.Scope == "organisation"
		fault(whole || named && scope != "" && watchedKind(kind) && kind != "organisation", name+".scope",
			fmt.Sprintf("%q is not organisation, team:NAME or service:NAME", t.Scope))
		for _, other := range w.Targets[:i] {
			fault(other.What != t.What || other.Scope != t.Scope, name, "another target is stated for the same thing and scope; one clock decides")
		}
	}
}

func watchedKind(kind string) bool {
	return slices.Contains([]string{"organisation", "team", "service"}, kind)
}

// apply hands the promises to the estimators.
func (w *WatchSettings) apply(to *learning.Settings) {
	to.WatchAlpha, to.WatchScopes = w.Alpha, w.Scopes
	if start, err := time.Parse(time.DateOnly, w.BaselineStart); err == nil {
		to.WatchBaseline = start.UnixMilli()
	}
	for _, t := range w.Targets {
		target := learning.WatchTarget{What: t.What, Clock: t.Clock, Rate: t.Rate}
		if kind, name, named := strings.Cut(t.Scope, ":"); named {
			target.Scope = learning.Scope{Kind: kind, Name: name}
		}
		to.WatchTargets = append(to.WatchTargets, target)
	}
}
