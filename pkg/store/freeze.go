package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/schemas"
)

// mostFrozen is how many events a log may have to be frozen: the folded rows lie
// in the server's memory, a few hundred bytes for each.
const mostFrozen = 5_000_000

// Freeze gives a store that reads the log as it is now, folded once: for loading it
// as of many moments, where the same folds would be done for each. What the views
// that LoadInput asks give is kept in temporary tables, on one connection; if that is
// lost, so are they, and reading fails. Of a log too large to be held the snapshot is
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
	conn, err := connect(s.config, s.config.Addrs, func(o *clickhouse.Options) {
		o.MaxOpenConns, o.MaxIdleConns, o.ConnMaxLifetime = 1, 1, 24*time.Hour
	})
	if err != nil {
		return nil, err
	}
	frozen := &Store{config: s.config, conn: conn, log: s.log, state: &state}
	if state.Events > mostFrozen {
		return frozen, nil
	}
	names, err := loaded()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	for _, name := range names {
		from := name
		if !live && twins()[name] {
			from = twinPrefix + name
		}
		if err := conn.Exec(ctx, fmt.Sprintf("CREATE TEMPORARY TABLE %s%s AS SELECT * FROM %s", frozenPrefix, name, from)); err != nil {
			return nil, errors.Join(fmt.Errorf("freeze %s: %w", name, err), conn.Close())
		}
	}
	frozen.held = true
	return frozen, nil
}

// frozenPrefix begins the name of a table that holds what a view gave.
const frozenPrefix = "frozen_"

// ofFrozen is a query over views turned into the same over what was frozen of them.
func ofFrozen(sql string) (string, error) {
	names, err := loaded()
	return renamed(sql, frozenPrefix, func(name string) bool { return slices.Contains(names, name) }), err
}

// eachFrozen reads of a frozen log. The driver lets go of its one connection before it
// has put it back, so that a query may be given a new one, which has none of the
// tables: the next is given the old one again.
func (l *loader) eachFrozen(name string, row func(driver.Rows) error) error {
	const unknownTable, tries = 60, 5
	sql, err := ofFrozen(query("input_" + name))
	if err != nil {
		return err
	}
	for range tries {
		err = l.store.eachOf(l.ctx, name, sql, l.args, row)
		var fault *clickhouse.Exception
		if !errors.As(err, &fault) || fault.Code != unknownTable {
			return err
		}
	}
	return fmt.Errorf("the connection that held the folded log was lost; start again: what was recorded stays: %w", err)
}

// loaded are the views that the queries of LoadInput name.
func loaded() ([]string, error) {
	var names []string
	files, err := fs.Glob(schemas.ClickHouse, schemaFolder+"/query/input_*.sql")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := schemas.ClickHouse.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, match := range readOrMade.FindAllStringSubmatch(string(text), -1) {
			if view := match[3]; slices.Contains(views, view) && !slices.Contains(names, view) {
				names = append(names, view)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}
