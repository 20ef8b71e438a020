package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/store"
)

// ExplainOptions choose the estimate to explain.
type ExplainOptions struct {
	Metric string // a metric, or a family to list its parts; "" for all
	Scope  string // kind or kind:name
	Window string // all or a quarter
	AsOf   string // as the setting analysis.as_of; "" takes the setting
	Limit  int    // how many of what it counted are listed
}

// Explanation is what ExplainMetric gives.
type Explanation = explain.Explanation

func (o ExplainOptions) ask() (explain.Ask, error) {
	if err := knownMetric(o.Metric); err != nil {
		return explain.Ask{}, err
	}
	scope, err := parseScope(o.Scope)
	if err != nil {
		return explain.Ask{}, err
	}
	if o.Window != "all" {
		if _, err := review.ParseQuarter(o.Window); err != nil {
			return explain.Ask{}, fmt.Errorf("--window: %w; or all", err)
		}
	}
	if o.Limit < 0 {
		return explain.Ask{}, fmt.Errorf("--limit %d: give 0 or more", o.Limit)
	}
	return explain.Ask{Metric: o.Metric, Scope: scope, Window: o.Window, Limit: o.Limit}, nil
}

func knownMetric(name string) error {
	if err := explain.Known(name); err != nil {
		return fmt.Errorf("%w; `tuition explain` lists them all", err)
	}
	return nil
}

// parseScope reads kind or kind:name.
func parseScope(text string) (learning.Scope, error) {
	kind, name, named := strings.Cut(text, ":")
	one := scopeKinds[1:] // not all of them at once
	switch {
	case !slices.Contains(one, kind):
		return learning.Scope{}, fmt.Errorf("--scope %q: one of %s, all but the first with a name, as in team:payments", text, strings.Join(one, ", "))
	case (kind == "organisation") == named, named && name == "":
		return learning.Scope{}, fmt.Errorf("--scope %q: organisation has no name, every other kind has one, as in team:payments; `tuition metrics --scope %s` lists them", text, kind)
	}
	return learning.Scope{Kind: kind, Name: name}, nil
}

// ExplainMetric computes the estimates of the log as it is and says of one what
// it means, rests on and would take to change. It writes nothing.
func (s *Session) ExplainMetric(ctx context.Context, o ExplainOptions) (*Explanation, error) {
	ask, err := o.ask()
	if err != nil {
		return nil, usage(err)
	}
	if o.AsOf == "" {
		o.AsOf = s.settings.Analysis.AsOf
	}
	if err := checkAsOf(o.AsOf); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Read)
	if err != nil {
		return nil, err
	}
	key, err := s.logKey(ctx, st, o.AsOf)
	if err != nil {
		return nil, err
	}
	var held learning.Held
	input, run, err := s.computeSlowly(ctx, st, key.asOf, &held)
	if err != nil {
		return nil, err
	}
	facts := explain.Facts{
		Snapshot: learning.Snapshot{RunID: run.ID, AsOf: run.AsOf, InputEvents: run.InputEvents, Estimates: run.Estimates},
		Input:    &input,
	}
	counted := countedBy(ask)
	facts.Evidence = held.Of([]learning.Estimate{{Metric: counted.Metric, Scope: ask.Scope, Window: ask.Window}})
	x, err := s.explained(ctx, st, facts, ask)
	var missing explain.Missing
	if errors.As(err, &missing) {
		return nil, usage(err)
	}
	return x, err
}

// countedBy is the metric whose evidence shows what the one that is asked for counted.
func countedBy(ask explain.Ask) explain.Ask {
	if m, known := learning.Lookup(ask.Metric); known && m.Evidence != "" {
		ask.Metric = m.Evidence
	}
	return ask
}

// explained fills in what the store and the page know beside the run.
func (s *Session) explained(ctx context.Context, st *store.Store, facts explain.Facts, ask explain.Ask) (*Explanation, error) {
	var err error
	facts.Settings = s.learningSettings()
	if facts.Titles, err = st.Titles(ctx); err != nil {
		return nil, err
	}
	told, err := st.History(ctx, ask.Metric, ask.Scope, ask.Window, historyRows)
	if err != nil {
		return nil, err
	}
	facts.Past = pastOf(told)
	x, err := explain.Of(facts, ask)
	if err != nil {
		return nil, err
	}
	x.CannotSay = review.CannotSay(ask.Metric)
	return &x, nil
}

// ExplainList is all metrics, or those of a family, with a line each. It needs no server.
func ExplainList(family string) (Table, error) {
	if err := knownMetric(family); family != "" && err != nil {
		return Table{}, usage(err)
	}
	t := Table{Columns: []string{"metric", "unit", "better", "needs", "definition"}}
	for _, f := range explain.Families() {
		if family != "" && f != family {
			continue
		}
		for _, m := range explain.Parts(f) {
			t.Rows = append(t.Rows, []any{m.Name, m.Unit, m.Better, m.Minimum, explain.FirstSentence(m.Definition)})
		}
	}
	return t, nil
}

// IsMetric says that a name is a metric, not only a family.
func IsMetric(name string) bool {
	_, known := learning.Lookup(name)
	return known
}
