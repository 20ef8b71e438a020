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

const (
	// readFor is how long whoever began to read a snapshot, or to build on one, may
	// still need its parts after another took its place.
	readFor = 10 * time.Minute
	// abandonedAfter is how old a part must be that no snapshot names: another
	// process may still be writing one.
	abandonedAfter = 24 * time.Hour
)

var foldTables = []string{
	"fold_change", "fold_incident", "fold_touched", "fold_merged", "fold_rollback", "fold_rolled_back",
	"fold_change_state", "fold_incident_state", "fold_linked",
}

// dropParts drops what no snapshot needs any more, and what the steps of this run left to each other.
func (s *Store) dropParts(ctx context.Context, run string) error {
	now := time.Now()
	kept, named := map[string]bool{}, map[string]bool{}
	supersededAt := now.UnixMicro()
	err := s.each(ctx, "fold_newest", nil, func(rows driver.Rows) error { // the newest first
		var p parts
		err := rows.Scan(&p.run, &p.sequence, &p.changeBase, &p.changeDelta, &p.incidentBase, &p.incidentDelta, &p.joined,
			&p.stateBase, &p.stateDelta, &p.incidentState)
		for _, part := range []string{p.changeBase, p.changeDelta, p.incidentBase, p.incidentDelta, p.joined, p.stateBase, p.stateDelta, p.incidentState} {
			named[part] = true
			if supersededAt > now.Add(-readFor).UnixMicro() {
				kept[part] = true
			}
		}
		supersededAt = p.sequence
		return err
	})
	if err != nil {
		return err
	}
	abandoned := stamp(now.Add(-abandonedAfter))
	return s.drop(ctx, func(part string) bool {
		if part != run && strings.HasPrefix(part, run) {
			return true
		}
		return !kept[part] && (named[part] || part < abandoned)
	})
}

// dropRun drops all parts of one run.
func (s *Store) dropRun(ctx context.Context, run string) error {
	return s.drop(ctx, func(part string) bool { return strings.HasPrefix(part, run) })
}

// drop drops the parts chosen, on every server.
func (s *Store) drop(ctx context.Context, chosen func(part string) bool) error {
	return s.onEveryServer(ctx, func(conn driver.Conn) error {
		var faults []error
		for _, table := range foldTables {
			local := table + tables{s.config}.Local()
			var ids []string
			rows, err := conn.Query(ctx, query("fold_partitions"), clickhouse.Named("table", local))
			if err != nil {
				return err
			}
			for rows.Next() {
				var id, part string
				if err := rows.Scan(&id, &part); err != nil {
					return errors.Join(err, rows.Close())
				}
				if chosen(part) {
					ids = append(ids, id)
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
			for _, id := range ids {
				faults = append(faults, conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP PARTITION ID '%s'", local, id)))
			}
		}
		return errors.Join(faults...)
	})
}
