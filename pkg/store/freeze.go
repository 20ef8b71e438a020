package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tuition-hq/tuition/schemas"
)

// mostFrozen is how many events a log may have to be frozen: the folded rows lie
// in the server's memory, a few hundred bytes for each.
const mostFrozen = 5_000_000

// Freeze gives a store that reads the log as it is now, folded once: for loading it
// as of many moments, where the same folds would be done for each. The views that
// LoadInput asks are kept as temporary tables of the same names, on one connection
// that sees them before the views; so the queries are the same, and what they give
// is. A connection that is lost loses the tables: the views then answer again.
// Of a log too large to be held the snapshot is read at each moment as it then is.
// Close it.
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
		// The database is named, or the table would be filled from itself.
		fill := fmt.Sprintf("SELECT * FROM `%s`.%s", s.config.Database, name)
		if !live && twins()[name] {
			fill = fmt.Sprintf("SELECT * FROM `%s`.%s%s", s.config.Database, twinPrefix, name)
		}
		if err := conn.Exec(ctx, fmt.Sprintf("CREATE TEMPORARY TABLE %s AS %s", name, fill)); err != nil {
			return nil, errors.Join(fmt.Errorf("freeze %s: %w", name, err), conn.Close())
		}
	}
	frozen.held = true
	return frozen, nil
}

var reads = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+(\w+)`)

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
		for _, match := range reads.FindAllStringSubmatch(string(text), -1) {
			if view := match[1]; slices.Contains(views, view) && !slices.Contains(names, view) {
				names = append(names, view)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}
