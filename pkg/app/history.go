package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/store"
)

// Which of a run's estimates are kept as what was said of the past: the
// organisation's and the teams' at every moment, all other scopes' at the ends of
// the last quarters, of each the whole record and the quarter that the moment
// lies in. More would be as many rows a week as there are services.
type kept struct {
	asOf    int64
	latest  int64 // the newest moment of the log
	service int   // how many quarters the other scopes are given
	seen    map[learning.Scope]bool
}

func keeping(asOf, latest int64, settings learning.Settings) kept {
	return kept{asOf: asOf, latest: latest, service: settings.ServiceQuarters, seen: map[learning.Scope]bool{}}
}

// sees is what is kept once all estimates of a run are known.
func (k kept) sees(run learning.Run) kept {
	for i := range run.Estimates {
		k.see(&run.Estimates[i])
	}
	return k
}

// see notes that something was counted in a scope.
func (k kept) see(e *learning.Estimate) {
	if e.N > 0 || e.Exposure > 0 {
		k.seen[e.Scope] = true
	}
}

func (k kept) holds(e learning.Estimate) bool { return k.seen[e.Scope] && k.may(&e) }

// may hold it, if anything was counted in its scope.
func (k kept) may(e *learning.Estimate) bool {
	return k.kind(e.Scope.Kind) && (e.Window == "all" || e.Window == review.QuarterOf(k.asOf-1).String())
}

// recorded is a publication that keeps what is to be recorded of the run.
type recorded struct {
	*store.Publication
	kept      kept
	estimates []learning.Estimate
	told      int // estimates, of all of the run
}

// Estimate takes an estimate.
func (r *recorded) Estimate(e learning.Estimate) {
	r.told++
	r.kept.see(&e)
	if r.kept.may(&e) {
		r.estimates = append(r.estimates, e)
	}
	r.Publication.Estimate(e)
}

func (k kept) kind(kind string) bool {
	if kind == "organisation" || kind == "team" {
		return true
	}
	ends := review.QuarterOf(k.asOf).Start().UnixMilli() == k.asOf
	return ends && utcMillis(k.asOf).After(utcMillis(k.latest).AddDate(0, -3*k.service, 0))
}

func utcMillis(t int64) time.Time { return time.UnixMilli(t).UTC() }

// contentOf identifies what a moment is computed from: the rows and the settings,
// not how many events the whole log has.
func contentOf(input learning.Input, settings learning.Settings, k kept) string {
	input.InputEvents, input.Hash = 0, ""
	return input.Digest(settings.Hash(), fmt.Sprint(k.kind("service")))[:32]
}

// record keeps a run as what was said of its as_of.
func (s *Session) record(ctx context.Context, st *store.Store, input learning.Input, run learning.Run, k kept) (int, error) {
	content := contentOf(input, s.learningSettings(), k)
	recorded, err := st.Recorded(ctx)
	if err != nil || recorded[run.AsOf] == content {
		return 0, err
	}
	return st.Record(ctx, run, content, k.holds)
}

// BackfillOptions say which past is computed again.
type BackfillOptions struct {
	From  string // the first day whose end is computed; "" as far back as there is exposure
	Every string // week or quarter
	AsOf  string // the last moment, as the setting analysis.as_of; "" takes the setting
}

// Backfilled is what a backfill did.
type Backfilled struct {
	Moments   int // that there are
	Unchanged int // computed before from the same rows
	Changed   int // estimates that were not recorded so before
}

func (o BackfillOptions) from() (int64, error) {
	if o.Every != "week" && o.Every != "quarter" {
		return 0, fmt.Errorf("--every %q: give week or quarter", o.Every)
	}
	if o.From == "" {
		return 0, nil
	}
	from, err := time.Parse(time.DateOnly, o.From)
	if err != nil {
		return 0, fmt.Errorf("--from %q: give a date like 2024-01-31", o.From)
	}
	return from.UnixMilli(), nil
}

// Backfill computes the estimates as of past moments from the log as it is now and
// records what is not recorded so. Stopped at any moment and started again it ends
// with the same record: a moment whose rows are the same is not computed again.
func (s *Session) Backfill(ctx context.Context, o BackfillOptions) (Backfilled, error) {
	from, err := o.from()
	if err != nil {
		return Backfilled{}, usage(err)
	}
	if o.AsOf == "" {
		o.AsOf = s.settings.Analysis.AsOf
	}
	if err := checkAsOf(o.AsOf); err != nil {
		return Backfilled{}, err
	}
	if err := s.prepare(ctx); err != nil {
		return Backfilled{}, err
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Ingest)
	if err != nil {
		return Backfilled{}, err
	}
	if err := s.publishSettings(ctx, st); err != nil {
		return Backfilled{}, err
	}
	key, err := s.logKey(ctx, st, o.AsOf)
	if err != nil {
		return Backfilled{}, err
	}
	if from >= key.asOf {
		return Backfilled{}, usage(fmt.Errorf("--from %s is not before the last moment, %s; give an earlier date", o.From, utcMillis(key.asOf).Format(time.DateOnly)))
	}
	done := s.slow("folding the log")
	frozen, err := st.Freeze(ctx)
	if err != nil {
		return Backfilled{}, err
	}
	defer func() { _ = frozen.Close() }()
	latest, err := s.loadInput(ctx, frozen, key.asOf)
	done()
	if err != nil {
		return Backfilled{}, err
	}
	if latest.Start == 0 {
		return Backfilled{}, nil // no exposure, no past
	}
	return s.backfill(ctx, st, frozen, latest, moments(max(from, latest.Start), key.asOf, o.Every))
}

// moments are those after a first one up to the last: the ends of weeks (Sunday,
// UTC) and of quarters, or of quarters alone, and the last itself.
func moments(from, last int64, every string) []int64 {
	var out []int64
	for end := review.QuarterOf(from).End().UnixMilli(); end <= last; end = review.QuarterOf(end).End().UnixMilli() {
		out = append(out, end)
	}
	if every == "week" {
		const week = 7 * int64(day/time.Millisecond)
		const monday = 4 * int64(day/time.Millisecond) // 5 January 1970
		for end := monday + (from-monday)/week*week; end <= last; end += week {
			if end > from {
				out = append(out, end)
			}
		}
	}
	out = append(out, last)
	slices.Sort(out)
	return slices.Compact(out)
}

// backfill folds the next moment while one is computed.
func (s *Session) backfill(ctx context.Context, st, frozen *store.Store, latest learning.Input, moments []int64) (Backfilled, error) {
	recorded, err := st.Recorded(ctx)
	if err != nil {
		return Backfilled{}, err
	}
	done := Backfilled{Moments: len(moments)}
	settings := s.learningSettings()
	bar := s.progress("computing the past", int64(len(moments)))
	defer bar.finish()
	group, ctx := errgroup.WithContext(ctx)
	folded := make(chan learning.Input)
	group.Go(func() error {
		defer close(folded)
		for _, moment := range moments {
			input := latest
			if moment != latest.AsOf {
				var err error
				if input, err = s.loadInput(ctx, frozen, moment); err != nil {
					return err
				}
			}
			select {
			case folded <- input:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	group.Go(func() error {
		computed := int64(0)
		for input := range folded {
			k := keeping(input.AsOf, latest.AsOf, settings)
			content := contentOf(input, settings, k)
			if recorded[input.AsOf] == content {
				done.Unchanged++
			} else {
				run := learning.ComputeTo(input, settings, nil)
				changed, err := st.Record(ctx, run, content, k.sees(run).holds)
				if err != nil {
					return err
				}
				done.Changed += changed
			}
			computed++
			bar.add(1, computed, int64(len(moments)))
		}
		return nil
	})
	return done, group.Wait()
}

// HistoryOptions choose whose past is printed.
type HistoryOptions struct {
	Metric, Scope, Window string
}

// historyRows bounds a printed history: 50 years of weeks.
const historyRows = 2600

// History is what was said of one metric and scope as of past moments, the latest
// first, with what was said before where that was corrected. It reads what is
// recorded and computes nothing.
func (s *Session) History(ctx context.Context, o HistoryOptions) (Table, error) {
	ask, err := ExplainOptions{Metric: o.Metric, Scope: o.Scope, Window: o.Window}.ask()
	if err == nil && !IsMetric(o.Metric) {
		err = fmt.Errorf("--history %s: that is a family; `tuition explain %s` lists its metrics", o.Metric, o.Metric)
	}
	if err != nil {
		return Table{}, usage(err)
	}
	if err := s.prepare(ctx); err != nil {
		return Table{}, err
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Read)
	if err != nil {
		return Table{}, err
	}
	list, err := st.History(ctx, ask.Metric, ask.Scope, ask.Window, historyRows)
	if err != nil {
		return Table{}, err
	}
	if len(list) == 0 {
		if err := noHistory(ctx, st, ask); err != nil {
			return Table{}, err
		}
	}
	t := Table{Columns: []string{"as_of", "value", "low", "high", "unit", "n", "state", "computed_at", "previous_value", "previous_state", "previous_computed_at", "reading"}}
	for i, told := range list {
		if told.Replaced {
			continue
		}
		e := told.Estimate
		row := []any{utcMillis(e.AsOf), e.Value, e.Low, e.High, e.Unit, e.N, string(e.State), told.ComputedAt, nil, nil, nil, e.Reading}
		if i+1 < len(list) && list[i+1].Replaced {
			before := list[i+1]
			row[8], row[9], row[10] = before.Estimate.Value, string(before.Estimate.State), before.ComputedAt
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// noHistory says why nothing is recorded: the scope is none, or nothing was computed.
func noHistory(ctx context.Context, st *store.Store, ask explain.Ask) error {
	scopes, err := st.HistoryScopes(ctx, ask.Metric, ask.Scope.Kind)
	if err != nil {
		return err
	}
	switch {
	case len(scopes) == 0:
		return usage(fmt.Errorf("nothing is recorded of %s with --scope %s; `tuition metrics --backfill` computes the past", ask.Metric, ask.Scope.Kind))
	case !slices.Contains(scopes, ask.Scope.Name):
		return usage(fmt.Errorf("--scope %s: nothing is recorded of it; there are %s", explain.ScopeText(ask.Scope), strings.Join(scopes[:min(len(scopes), 30)], ", ")))
	}
	return nil
}

// pastOf is a history as explanations show it.
func pastOf(list []store.Told) []explain.Past {
	var out []explain.Past
	for _, t := range list {
		out = append(out, explain.PastOf(t.Estimate, t.ComputedAt, t.Replaced))
	}
	return out
}
