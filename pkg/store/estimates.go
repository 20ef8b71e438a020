package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Estimates is the newest finished run. Before the first one it is the zero Snapshot.
func (s *Store) Estimates(ctx context.Context) (learning.Snapshot, error) {
	var snapshot learning.Snapshot
	var computed int64
	found := false
	err := s.each(ctx, "estimate_run", nil, func(rows driver.Rows) error {
		found = true
		return rows.Scan(&snapshot.RunID, &snapshot.AsOf, &snapshot.InputEvents, &computed)
	})
	if err != nil || !found {
		return learning.Snapshot{}, err
	}
	snapshot.ComputedAt = time.UnixMilli(computed).UTC()
	err = s.each(ctx, "estimates", []any{clickhouse.Named("run", snapshot.RunID)}, func(rows driver.Rows) error {
		var e learning.Estimate
		var state string
		if err := rows.Scan(&e.Metric, &e.Scope.Kind, &e.Scope.Name, &e.Window, &e.AsOf,
			&e.Value, &e.Low, &e.High, &e.Level, &e.Low50, &e.High50, &e.Unit, &e.N, &e.Events, &e.Exposure, &e.Censored,
			&state, &e.Method, &e.Origin, &e.Verdict, &e.Reading, &e.Lacks); err != nil {
			return err
		}
		e.State = learning.State(state)
		snapshot.Estimates = append(snapshot.Estimates, e)
		return nil
	})
	if err != nil {
		return snapshot, err
	}
	snapshot.Watch, err = s.watch(ctx)
	return snapshot, err
}

// Evidence is what one estimate of the newest finished run counted.
func (s *Store) Evidence(ctx context.Context, metric, scopeKind, scope, window string) ([]learning.Evidence, error) {
	var list []learning.Evidence
	err := s.each(ctx, "evidence", []any{
		clickhouse.Named("metric", metric), clickhouse.Named("scope_kind", scopeKind),
		clickhouse.Named("scope", scope), clickhouse.Named("window", window),
	}, func(rows driver.Rows) error {
		e := learning.Evidence{Metric: metric, Scope: learning.Scope{Kind: scopeKind, Name: scope}, Window: window}
		err := rows.Scan(&e.Role, &e.Kind, &e.Entity)
		list = append(list, e)
		return err
	})
	return list, err
}

// each runs a query of schemas/clickhouse/query over its rows.
func (s *Store) each(ctx context.Context, name string, args []any, row func(driver.Rows) error) error {
	return s.eachOf(ctx, name, query(name), args, row)
}

func (s *Store) eachOf(ctx context.Context, name, sql string, args []any, row func(driver.Rows) error) error {
	began := time.Now()
	rows, err := s.conn.Query(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer func() {
		_ = rows.Close()
		s.log.Debug("read", zap.String("query", name), zap.Duration("took", time.Since(began)))
	}()
	for rows.Next() {
		if err := row(rows); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
