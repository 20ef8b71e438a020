package app

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/adapter"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/store"
)

// MetricsOptions choose which estimates are printed.
type MetricsOptions struct {
	Metric string // a pattern, "" for all
	Scope  string // kind, kind:name or all
	Window string // all, every, or a quarter
	AsOf   string // as the setting analysis.as_of; "" takes the setting
}

// Metrics computes the estimates of the log as it is and writes nothing.
func (s *Session) Metrics(ctx context.Context, o MetricsOptions) (Table, error) {
	keep, err := o.filter()
	if err != nil {
		return Table{}, usage(err)
	}
	if o.AsOf == "" {
		o.AsOf = s.settings.Analysis.AsOf
	}
	if _, err := asOf(o.AsOf, time.Now(), 0); err != nil {
		return Table{}, err
	}
	if err := s.prepare(ctx); err != nil {
		return Table{}, err
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Read)
	if err != nil {
		return Table{}, err
	}
	key, err := s.logKey(ctx, st, o.AsOf)
	if err != nil {
		return Table{}, err
	}
	_, run, err := s.compute(ctx, st, key.asOf)
	if err != nil {
		return Table{}, err
	}
	t := Table{Columns: []string{"metric", "scope", "window", "value", "low", "high", "unit", "n", "state", "reading"}}
	for _, e := range run.Estimates {
		if keep(e) {
			t.Rows = append(t.Rows, []any{e.Metric, scopeText(e.Scope), e.Window, e.Value, e.Low, e.High, e.Unit, e.N, string(e.State), e.Reading})
		}
	}
	return t, nil
}

func scopeText(s learning.Scope) string {
	if s.Name == "" {
		return s.Kind
	}
	return s.Kind + ":" + s.Name
}

var scopeKinds = []string{"all", "organisation", "team", "service"}

func (o MetricsOptions) filter() (func(learning.Estimate) bool, error) {
	kind, name, named := strings.Cut(o.Scope, ":")
	if !slices.Contains(scopeKinds, kind) || named && name == "" {
		return nil, fmt.Errorf("--scope %q: one of %s, or one by kind:name as in team:payments", o.Scope, strings.Join(scopeKinds, ", "))
	}
	if o.Window != "all" && o.Window != "every" {
		if _, err := review.ParseQuarter(o.Window); err != nil {
			return nil, fmt.Errorf("--window: %w; or all, or every", err)
		}
	}
	if _, err := path.Match(o.Metric, ""); err != nil {
		return nil, fmt.Errorf("--metric %q is not a pattern: * matches anything, ? one character, [abc] one of them", o.Metric)
	}
	return func(e learning.Estimate) bool {
		match, _ := path.Match(o.Metric, e.Metric) // the pattern was checked
		return (o.Metric == "" || match) &&
			(kind == "all" || e.Scope.Kind == kind && (!named || e.Scope.Name == name)) &&
			(o.Window == "every" || e.Window == o.Window)
	}, nil
}

// SQL runs one query of the views as the read-only user.
func (s *Session) SQL(ctx context.Context, query string) (Table, error) {
	if err := s.prepare(ctx); err != nil {
		return Table{}, err
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Read)
	if err != nil {
		return Table{}, err
	}
	rows, err := st.Query(ctx, query)
	if store.Classify(err) == store.Halt {
		return Table{}, usage(fmt.Errorf("query: %w; `tuition sql --help` shows how it is used", err))
	}
	if err != nil {
		return Table{}, err
	}
	return Table{Columns: rows.Columns, Rows: rows.Rows}, nil
}

// Rebuilt says what a rebuild made.
type Rebuilt struct {
	ID        string
	Estimates int
	Events    uint64
}

// Rebuild removes every published estimate and publishes them again from the log.
func (s *Session) Rebuild(ctx context.Context) (Rebuilt, error) {
	if err := s.prepare(ctx); err != nil {
		return Rebuilt{}, err
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Admin)
	if err != nil {
		return Rebuilt{}, err
	}
	if err := s.publishSettings(ctx, st); err != nil {
		return Rebuilt{}, err
	}
	key, err := s.logKey(ctx, st, s.settings.Analysis.AsOf)
	if err != nil {
		return Rebuilt{}, err
	}
	_, run, err := s.compute(ctx, st, key.asOf)
	if err != nil {
		return Rebuilt{}, err
	}
	if err := st.ClearRuns(ctx); err != nil {
		return Rebuilt{}, err
	}
	return Rebuilt{run.ID, len(run.Estimates), run.InputEvents}, st.Publish(ctx, run)
}

// Check says what was found in order, and as an error what was not.
func (s *Session) Check(ctx context.Context, connect bool) ([]string, error) {
	done := []string{"settings are in order"}
	if s.settings.CatalogFile != "" {
		done = append(done, fmt.Sprintf("catalog %s: %d services", s.settings.CatalogFile, len(s.catalog.Services)))
	}
	if s.settings.FailureModesFile != "" {
		done = append(done, fmt.Sprintf("failure modes %s: %d rules", s.settings.FailureModesFile, len(s.rules)))
	}
	for _, w := range s.warnings {
		done = append(done, "warning: "+w)
	}
	adapters, err := adapter.Load(s.settings.AdaptersDir)
	if err != nil {
		return done, usage(err)
	}
	done = append(done, "adapters: "+strings.Join(adapters.Names(), ", "))
	if _, err := s.newDecoder(); err != nil {
		return done, err
	}
	if err := s.connection().Check(); err != nil {
		return done, usage(err)
	}
	if !connect {
		return done, nil
	}
	var faults []error
	for _, user := range []UserSettings{s.settings.ClickHouse.Admin, s.settings.ClickHouse.Ingest, s.settings.ClickHouse.Read} {
		st, err := s.openStore(ctx, user)
		if err == nil {
			err = st.Ping(ctx)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("user %s: %w", user.Username, err))
			continue
		}
		done = append(done, "ClickHouse answers user "+user.Username)
	}
	if err := consume.Reach(ctx, s.connection()); err != nil {
		faults = append(faults, err)
	} else {
		done = append(done, "Kafka answers at "+strings.Join(s.settings.Kafka.Brokers, ", "))
	}
	return done, errors.Join(faults...)
}
