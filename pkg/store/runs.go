package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// runTables hold what runs publish, by run; last the one by which the views find them.
var runTables = []string{"estimate_row", "estimate_basis", "watch_row", "estimate_run"}

// DropRuns removes what finished runs published that were computed before a moment
// and do not count any more, and says how many they were: each new event makes a run,
// and as a whole they would fill any disk. What was said of the past (Record) and
// alarms that were raised are kept apart and stay. Give readers of the one before
// time to finish.
func (s *Store) DropRuns(ctx context.Context, before time.Time) (int, error) {
	runs, err := texts(ctx, s.conn, query("runs_replaced"), clickhouse.Named("before", fmt.Sprint(before.UnixMilli())))
	if err != nil {
		return 0, fmt.Errorf("read which runs were replaced: %w", err)
	}
	if len(runs) == 0 {
		return 0, nil
	}
	list := "['" + strings.Join(runs, "','") + "']" // hexadecimal
	err = s.onEveryServer(ctx, func(conn driver.Conn) error {
		var faults []error
		for _, table := range runTables {
			sql := fmt.Sprintf("DELETE FROM %s%s WHERE run IN {runs:Array(String)}", table, tables{s.config}.Local())
			faults = append(faults, conn.Exec(ctx, sql, clickhouse.Named("runs", list)))
		}
		return errors.Join(faults...)
	})
	if err != nil {
		return 0, fmt.Errorf("drop the runs that were replaced: %w", err)
	}
	return len(runs), s.DropEvidence(ctx, time.Now().Add(-2*evidenceToldEvery))
}

// DropEvidence removes parts of evidence that were told of before a moment and that
// nothing rests on. A publication that is not finished may rest on what it found to be
// told of within evidenceToldEvery: leave that.
func (s *Store) DropEvidence(ctx context.Context, before time.Time) error {
	sql, err := s.render("clickhouse/query/evidence_unnamed.sql")
	if err != nil {
		return err
	}
	return s.onEveryServer(ctx, func(conn driver.Conn) error {
		if err := conn.Exec(ctx, sql, clickhouse.Named("before", fmt.Sprint(before.UnixMilli()))); err != nil {
			return fmt.Errorf("drop evidence that nothing rests on: %w", err)
		}
		return nil
	})
}
