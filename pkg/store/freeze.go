package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Freeze gives a store that reads the log as it is now, folded once: for loading it
// as of many moments, where the same folds would be done for each. The events and what
// incidents and changes fold to are kept in temporary tables, on one connection; if that
// is lost, so are they, and reading fails. Of a log too large to be held the snapshot is
// read at each moment as it then is. Close it.
func (s *Store) Freeze(ctx context.Context) (*Store, error) {
	var configured int64
	if err := s.conn.QueryRow(ctx, query("configured")).Scan(&configured); err != nil {
		return nil, fmt.Errorf("read what was published: %w", err)
	}
	s.configured.Store(configured) // what is recorded rests on it
	live, err := s.foldFor(ctx, LoadOptions{})
	if err != nil {
		return nil, err
	}
	state, err := s.LogState(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := s.single()
	if err != nil {
		return nil, err
	}
	frozen := &Store{config: s.config, conn: conn, log: s.log, state: &state}
	if state.Events > mostFrozen {
		return frozen, nil
	}
	keep := map[string]string{"event": query("freeze_event")}
	for _, name := range configuredViews() {
		keep[name] = "SELECT * FROM " + name
	}
	for _, name := range []string{"incident_told", "change_told", "rollback"} {
		keep[name] = "SELECT * FROM " + name
		if !live {
			keep[name] = ofSnapshot(keep[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keep)) {
		if err := conn.Exec(ctx, fmt.Sprintf("CREATE TEMPORARY TABLE %s%s AS %s", frozenPrefix, name, keep[name])); err != nil {
			return nil, errors.Join(fmt.Errorf("freeze %s: %w", name, err), conn.Close())
		}
	}
	frozen.held = true
	return frozen, nil
}

// single gives a connection that is one: temporary tables are a connection's own.
func (s *Store) single() (driver.Conn, error) {
	return connect(s.config, s.config.Addrs, func(o *clickhouse.Options) {
		o.MaxOpenConns, o.MaxIdleConns, o.ConnMaxLifetime = 1, 1, 24*time.Hour
	})
}

// frozenPrefix begins the name of a table that holds what was frozen.
const frozenPrefix = "frozen_"
