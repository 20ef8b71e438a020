package app

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tuition-hq/tuition/pkg/adapter"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/explain"
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
	if err := checkAsOf(o.AsOf); err != nil {
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
	_, run, err := s.computeSlowly(ctx, st, key.asOf, nil)
	if err != nil {
		return Table{}, err
	}
	if err := o.scopeExists(run.Estimates); err != nil {
		return Table{}, usage(err)
	}
	if err := o.windowExists(run.Estimates); err != nil {
		return Table{}, usage(err)
	}
	s.sayAsOf(key)
	t := Table{Columns: []string{"metric", "scope", "window", "value", "low", "high", "unit", "n", "state", "reading"}}
	for _, e := range o.scoped(run.Estimates) {
		if keep(e) {
			t.Rows = append(t.Rows, []any{e.Metric, scopeText(e.Scope), e.Window, e.Value, e.Low, e.High, e.Unit, e.N, string(e.State), e.Reading})
		}
	}
	if len(t.Rows) == 0 {
		if err := o.absent(run.Estimates); err != nil {
			return Table{}, usage(err)
		}
	}
	return t, nil
}

// staleAfter is from when on the end of the log is said beside the moment that is asked for.
const staleAfter = 14 * 24 * time.Hour

// sayAsOf tells, beside the table, of which moment it is, and how long before that the
// log ends: what happened since is counted as nothing.
func (s *Session) sayAsOf(key logKey) {
	words := "as of " + learning.Instant(key.asOf)
	if silent := time.Duration(key.asOf-key.last) * time.Millisecond; key.last != 0 && silent > staleAfter {
		words += fmt.Sprintf("; the log's last event is of %s, %.0f days before: --as-of log computes as of then", learning.Instant(key.last), silent.Hours()/24)
	}
	fmt.Fprintln(s.stderr, words)
}

// absent says why there is nothing of one metric, kind of scope and window.
func (o MetricsOptions) absent(estimates []learning.Estimate) error {
	kind, _, _ := strings.Cut(o.Scope, ":")
	if _, one := learning.Lookup(o.Metric); !one || kind == "all" || o.Window == "every" {
		return nil
	}
	if why := learning.Absent(estimates, o.Metric, kind, o.Window); why != "" {
		return fmt.Errorf("%s %s", o.Metric, why)
	}
	return nil
}

// scoped are all estimates; of a scope that is named also those that too little was counted for.
func (o MetricsOptions) scoped(estimates []learning.Estimate) []learning.Estimate {
	kind, name, _ := strings.Cut(o.Scope, ":")
	if name == "" {
		return estimates
	}
	return learning.Of(estimates, learning.Scope{Kind: kind, Name: name})
}

func scopeText(s learning.Scope) string {
	if s.Name == "" {
		return s.Kind
	}
	return s.Kind + ":" + s.Name
}

var scopeKinds = append([]string{"all"}, learning.ScopeKinds...)

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
	if known := metricNames(); o.Metric != "" && !slices.ContainsFunc(known, func(name string) bool {
		match, _ := path.Match(o.Metric, name)
		return match
	}) {
		if err := explain.Known(o.Metric); err != nil {
			return nil, fmt.Errorf("--metric: %w; * matches anything", err)
		}
		return nil, fmt.Errorf("--metric %q is a family of metrics: give %q", o.Metric, o.Metric+".*")
	}
	return func(e learning.Estimate) bool {
		match, _ := path.Match(o.Metric, e.Metric) // the pattern was checked
		return (o.Metric == "" || match) &&
			(kind == "all" || e.Scope.Kind == kind && (!named || e.Scope.Name == name)) &&
			(o.Window == "every" || e.Window == o.Window)
	}, nil
}

func metricNames() []string {
	var names []string
	for _, m := range learning.Metrics {
		names = append(names, m.Name)
	}
	return names
}

// scopeExists says which scopes of a kind there are if the one that was named is none.
func (o MetricsOptions) scopeExists(estimates []learning.Estimate) error {
	kind, name, named := strings.Cut(o.Scope, ":")
	if !named {
		return nil
	}
	var names []string
	for _, e := range estimates {
		if e.Scope.Kind == kind {
			names = append(names, e.Scope.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if slices.Contains(names, name) {
		return nil
	}
	there := "there is none yet"
	if len(names) > 0 {
		there = "there are " + strings.Join(names[:min(len(names), 30)], ", ")
	}
	return fmt.Errorf("--scope %q: no such %s; %s", o.Scope, kind, there)
}

// windowExists says from when to when there are quarters if the one that was named is none of them.
func (o MetricsOptions) windowExists(estimates []learning.Estimate) error {
	first, last := "", ""
	for _, e := range estimates {
		if e.Window == o.Window || o.Window == "every" {
			return nil
		}
		if e.Window != "all" {
			if first == "" || e.Window < first {
				first = e.Window
			}
			last = max(last, e.Window)
		}
	}
	if first == "" {
		return fmt.Errorf("--window %s: the record holds no quarter yet; leave out --window", o.Window)
	}
	return fmt.Errorf("--window %s: the record does not reach it; its quarters are %s to %s", o.Window, first, last)
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

// Rebuild folds and computes everything again from the log, publishes it, and then drops
// what was published before.
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
	if err := errors.Join(st.SetAsOf(ctx, s.settings.Analysis.AsOf), st.StartAnew(ctx)); err != nil {
		return Rebuilt{}, err
	}
	key, err := s.logKey(ctx, st, s.settings.Analysis.AsOf)
	if err != nil {
		return Rebuilt{}, err
	}
	if _, err := st.FoldAnew(ctx); err != nil {
		return Rebuilt{}, err
	}
	publication := st.Publishing(ctx)
	_, run, err := s.computeSlowly(ctx, st, key.asOf, publication)
	if err != nil {
		return Rebuilt{}, err
	}
	if err := publication.Finish(run); err != nil {
		return Rebuilt{}, err
	}
	// Dropped only now, so that there is something to read at any moment. Evidence goes
	// at once, since what was erased from the log must not stay there: a computation
	// that runs meanwhile may lose parts of its own, and the next one tells them again.
	if _, err := st.DropRuns(ctx, time.Now()); err != nil {
		return Rebuilt{}, err
	}
	return Rebuilt{run.ID, len(run.Estimates), run.InputEvents}, st.DropEvidence(ctx, time.Now())
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
	if err := s.missingKey(); err != nil && s.embedded == "" {
		done = append(done, "warning: "+err.Error()+"; only --embedded makes its own")
	}
	if err := s.connection().Check(); err != nil {
		return done, usage(err)
	}
	if !connect {
		return done, nil
	}
	reached, err := s.checkServers(ctx)
	return append(done, reached...), err
}

const answerWithin = 20 * time.Second

// checkServers asks Kafka and ClickHouse, as each of its users, at once.
func (s *Session) checkServers(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	users := []UserSettings{s.settings.ClickHouse.Admin, s.settings.ClickHouse.Ingest, s.settings.ClickHouse.Read}
	errs := make([]error, len(users)+1) // Kafka's is the last
	var asked sync.WaitGroup
	for i, user := range users {
		st, err := s.openStore(ctx, user)
		if err != nil {
			return nil, err
		}
		asked.Go(func() { errs[i] = st.Ping(ctx) })
	}
	asked.Go(func() { errs[len(users)] = consume.Reach(ctx, s.connection()) })
	asked.Wait()
	var done []string
	var faults []error
	away := false
	for i, err := range errs {
		switch {
		case err == nil && i == len(users):
			done = append(done, "Kafka answers at "+strings.Join(s.settings.Kafka.Brokers, ", "))
		case err == nil:
			done = append(done, "ClickHouse answers user "+users[i].Username)
		case i == len(users):
			faults = append(faults, s.unreached(err))
		case !unreachable(err):
			faults = append(faults, fmt.Errorf("user %s (clickhouse.%s): %w", users[i].Username, []string{"admin", "ingest", "read"}[i], err))
		case !away: // said once, not for each user
			away = true
			faults = append(faults, s.unreached(err))
		}
	}
	return done, errors.Join(faults...)
}
