package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Told is one computation of an estimate that said something else than the one before it.
type Told struct {
	Estimate   learning.Estimate
	ComputedAt time.Time
	Replaced   bool // a later computation as of the same moment says otherwise
}

type historyKey struct{ metric, scopeKind, scope, window string }

// Record keeps a run's estimates as what was said of its as_of, those that keep
// lets through. What is recorded already with the same content is not written
// again, and what was recorded and is no longer given is recorded as such: so the
// same run twice writes nothing, and half a recording is completed by the next.
// content identifies what the run was computed from. It counts what changed.
func (s *Store) Record(ctx context.Context, run learning.Run, content string, keep func(learning.Estimate) bool) (changed int, err error) {
	have := map[historyKey]string{}
	err = s.each(ctx, "history_contents", []any{clickhouse.Named("as_of", run.AsOf)}, func(rows driver.Rows) error {
		var k historyKey
		var content string
		err := rows.Scan(&k.metric, &k.scopeKind, &k.scope, &k.window, &content)
		have[k] = content
		return err
	})
	if err != nil {
		return 0, err
	}
	now := time.Now().UnixMilli()
	var told []learning.Estimate
	for _, e := range run.Estimates {
		if !keep(e) {
			continue
		}
		k := historyKey{e.Metric, e.Scope.Kind, e.Scope.Name, e.Window}
		if have[k] != contentOf(&e) {
			told = append(told, e)
		}
		delete(have, k)
	}
	for k, before := range have { // given before, and no longer
		e := learning.Gone(k.metric, learning.Scope{Kind: k.scopeKind, Name: k.scope}, k.window, run.AsOf)
		if keep(e) && before != contentOf(&e) {
			told = append(told, e)
		}
	}
	configured := s.configured.Load()
	err = s.insert(ctx, "estimate_history_row", func(batch driver.Batch) error {
		for i := range told {
			e := &told[i]
			if err := batch.Append(e.Metric, e.Scope.Kind, e.Scope.Name, e.Window, run.AsOf, now, run.InputEvents, configured, run.ID, contentOf(e),
				e.Value, e.Low, e.High, e.Level, e.Low50, e.High50, e.Unit, e.N, e.Events, e.Exposure, e.Censored, e.Lacks,
				string(e.State), uint8(e.State.Code()), e.Method, e.Origin, e.Verdict, e.Reading); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("record estimates: %w", err)
	}
	err = s.insert(ctx, "estimate_history_run", func(batch driver.Batch) error {
		return batch.Append(run.AsOf, now, run.InputEvents, configured, run.ID, content)
	})
	if err != nil {
		return 0, fmt.Errorf("record the run: %w", err)
	}
	return len(told), nil
}

// contentOf identifies what an estimate says; NaN is equal to NaN.
func contentOf(e *learning.Estimate) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", *e))
	return hex.EncodeToString(sum[:12])
}

// Recorded are the moments whose estimates are recorded, each with what it was
// computed from.
func (s *Store) Recorded(ctx context.Context) (map[int64]string, error) {
	out := map[int64]string{}
	err := s.each(ctx, "history_runs", nil, func(rows driver.Rows) error {
		var asOf int64
		var content string
		err := rows.Scan(&asOf, &content)
		out[asOf] = content
		return err
	})
	return out, err
}

// EstimatesAsOf is what is recorded as of a moment; without estimates if nothing is.
func (s *Store) EstimatesAsOf(ctx context.Context, asOf int64) (learning.Snapshot, error) {
	snapshot := learning.Snapshot{AsOf: asOf}
	err := s.each(ctx, "history_estimates", []any{clickhouse.Named("as_of", asOf)}, func(rows driver.Rows) error {
		t, run, events, err := told(rows)
		if t.ComputedAt.After(snapshot.ComputedAt) {
			snapshot.RunID, snapshot.InputEvents, snapshot.ComputedAt = run, events, t.ComputedAt
		}
		snapshot.Estimates = append(snapshot.Estimates, t.Estimate)
		return err
	})
	return snapshot, err
}

// History is what was said of one metric, scope and window, the latest as_of
// first and of each as_of what holds first; the oldest beyond a limit are left out.
func (s *Store) History(ctx context.Context, metric string, scope learning.Scope, window string, limit int) ([]Told, error) {
	var list []Told
	err := s.each(ctx, "history_of", []any{
		clickhouse.Named("metric", metric), clickhouse.Named("scope_kind", scope.Kind), clickhouse.Named("scope", scope.Name),
		clickhouse.Named("window", window), clickhouse.Named("rows", limit),
	}, func(rows driver.Rows) error {
		t, _, _, err := told(rows)
		if n := len(list); n > 0 && list[n-1].Estimate.AsOf == t.Estimate.AsOf {
			t.Replaced = true
		}
		list = append(list, t)
		return err
	})
	return list, err
}

// HistoryScopes names the scopes of a kind that a metric's history knows.
func (s *Store) HistoryScopes(ctx context.Context, metric, kind string) ([]string, error) {
	return texts(ctx, s.conn, query("history_scopes"), clickhouse.Named("metric", metric), clickhouse.Named("scope_kind", kind))
}

func told(rows driver.Rows) (t Told, run string, events uint64, err error) {
	var state string
	var computed int64
	e := &t.Estimate
	err = rows.Scan(&e.Metric, &e.Scope.Kind, &e.Scope.Name, &e.Window, &e.AsOf,
		&e.Value, &e.Low, &e.High, &e.Level, &e.Low50, &e.High50, &e.Unit, &e.N, &e.Events, &e.Exposure, &e.Censored,
		&state, &e.Method, &e.Origin, &e.Verdict, &e.Reading, &e.Lacks, &run, &events, &computed)
	e.State = learning.State(state)
	t.ComputedAt = time.UnixMilli(computed).UTC()
	return t, run, events, err
}
