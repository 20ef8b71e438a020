package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/schemas"
)

// What was so at a moment is what the views make of the log cut there, so that
// nothing that happened later can be seen in any of them: each view that the queries
// of LoadInput read, directly or not, is asked once more, under its name with
// untilPrefix, over the cut log instead of the event table. Incidents and changes to
// which nothing happened since are taken as they were folded; the others, few at the
// end of a log, are folded anew.
//
// If few were touched, the snapshot is cut itself: see cut.
//
// The answers of these views are kept in temporary tables, each made from those
// before it: as subqueries of each other they take ten times as long.
const untilPrefix = "until_"

// mostFrozen is how many events a log may have for what is kept of it to lie in the
// server's memory, a few hundred bytes for each; of more it lies on the server's disk.
var mostFrozen uint64 = 2_000_000 // less in tests

// until is the log up to a moment.
type until struct {
	store *Store // that asks: its connection has the tables
	whole source
	cut   *parts // of a snapshot as of the moment: what lies in one is read from there; nil: there is none
}

// source is where the whole log is read from: prefixes of names.
type source struct {
	folded string // of what all events fold to: a snapshot, the views, or what was frozen of them
	other  string // of the events and of what was configured
}

var (
	ofViews = source{}
	ofTwins = source{folded: twinPrefix}
	held    = source{folded: frozenPrefix, other: frozenPrefix}
)

// untilOwn are the names that have files of their own. All others are views.
var untilOwn = []string{"touched", "event", "touched_event", "incident_told", "change_told", "rollback"}

// statement is what gives a view's rows as of a moment.
func (u *until) statement(name string) (string, error) {
	if slices.Contains(untilOwn, name) {
		return u.over(query(untilPrefix+name), name), nil
	}
	text, err := u.store.render(path.Join(viewFolder, name+".sql"))
	if err != nil {
		return "", err
	}
	at := madeAs.FindStringIndex(text)
	if at == nil {
		return "", fmt.Errorf("the file of the view %s makes none", name)
	}
	return u.over(text[at[1]:], name), nil
}

var madeAs = regexp.MustCompile(`CREATE OR REPLACE VIEW \w+ AS\s`)

// over is a query over views turned into the same over what they gave at the moment.
// The events stand in it as a subquery: they are read where they lie.
func (u *until) over(sql, name string) string {
	events := "event"
	if name == "incident_entity" || name == "change_entity" {
		events = "touched_event"
	}
	own := slices.Contains(untilOwn, name)
	return readOrMade.ReplaceAllStringFunc(sql, func(match string) string {
		words := readOrMade.FindStringSubmatch(match)
		from, read := words[1]+words[2], words[3]
		whole, isWhole := strings.CutPrefix(read, "whole_")
		switch {
		case u.cut != nil && slices.Contains(snapshotted, read):
			return from + "(" + ofParts(read, *u.cut) + ")"
		case isWhole:
			return from + u.whole.folded + whole
		case read == "event" && own:
			return from + u.whole.other + read
		case read == "event":
			return from + "(" + u.over(query(untilPrefix+events), events) + ")"
		case slices.Contains(untilViews(), read):
			return from + untilPrefix + read
		case slices.Contains(configuredViews(), read):
			return from + u.whole.other + read
		}
		return match
	})
}

// until prepares reading the log as of a moment. Close it. There is none for who may
// only read, if the log is too large to be held or temporary tables are not granted:
// what such a reader explains is then as new as the snapshot.
func (s *Store) until(ctx context.Context, asOf int64, events uint64, whole source) (*until, error) {
	if s.config.ReadOnly && events > mostFrozen {
		s.log.Warn("what is read as of a moment may rest on events of after it: who may only read cannot cut so large a log; pages served by the process that computes (all roles in one) rest on what it computed from",
			zap.Uint64("events", events), zap.Uint64("most", mostFrozen))
		return nil, nil
	}
	u := &until{store: s, whole: whole}
	if !s.held {
		conn, err := s.single()
		if err != nil {
			return nil, err
		}
		u.store = &Store{config: s.config, conn: conn, log: s.log}
	}
	kept := "Memory"
	if events > mostFrozen {
		kept = "MergeTree ORDER BY tuple()"
	}
	if whole == ofTwins && !s.config.ReadOnly {
		if err := u.cutSnapshot(ctx, s, asOf); err != nil {
			return nil, errors.Join(fmt.Errorf("fold as of %s: %w", time.UnixMilli(asOf).UTC().Format(time.RFC3339), err), u.close(s))
		}
	}
	for _, name := range append([]string{"touched"}, untilViews()...) {
		if u.cut != nil && (slices.Contains(snapshotted, name) || slices.Contains(folding, name)) {
			continue
		}
		statement, err := u.statement(name)
		if err == nil {
			err = u.keep(ctx, name, kept, statement, asOf)
		}
		if refused(err) && kept != "Memory" {
			s.log.Warn("what is read of so large a log is held in the server's memory: GRANT CREATE ARBITRARY TEMPORARY TABLE ON *.* lets it lie on disk", zap.Error(err))
			kept = "Memory"
			err = u.keep(ctx, name, kept, statement, asOf)
		}
		switch {
		case refused(err) && s.config.ReadOnly:
			s.log.Warn("what is explained may rest on events of after the computation: GRANT CREATE TEMPORARY TABLE ON *.* lets them be left out", zap.Error(err))
			return nil, u.close(s)
		case err != nil:
			return nil, errors.Join(fmt.Errorf("%s as of %s: %w", name, time.UnixMilli(asOf).UTC().Format(time.RFC3339), err), u.close(s))
		}
	}
	return u, nil
}

// keep makes the table of one view. Only the first may be given another connection than
// it ought to, see again: before the others nothing is read.
func (u *until) keep(ctx context.Context, name, kept, statement string, asOf int64) error {
	return again(func() error {
		return u.store.conn.Exec(ctx, fmt.Sprintf("CREATE OR REPLACE TEMPORARY TABLE %s%s ENGINE = %s AS %s", untilPrefix, name, kept, statement),
			clickhouse.Named("as_of", asOf))
	})
}

// refused says whether the user lacks a right.
func refused(err error) bool {
	const accessDenied = 497
	var fault *clickhouse.Exception
	return errors.As(err, &fault) && fault.Code == accessDenied
}

// folding are the names that only what lies in a snapshot is made from.
var folding = []string{"touched", "incident_entity", "change_entity"}

// cutSnapshot prepares reading from the snapshot, if it can be cut at the moment.
func (u *until) cutSnapshot(ctx context.Context, s *Store, asOf int64) error {
	cut, none, err := s.cut(ctx, asOf)
	if err != nil || none {
		return errors.Join(err, s.dropCut(ctx, cut))
	}
	u.cut = &cut
	return nil
}

// close leaves the tables of the store that it was made from.
func (u *until) close(of *Store) (err error) {
	if u.cut != nil {
		err = of.dropCut(context.Background(), *u.cut)
	}
	if u.store == of {
		return err
	}
	return errors.Join(err, u.store.Close())
}

// dropCut drops what was made for one moment.
func (s *Store) dropCut(ctx context.Context, cut parts) error {
	if cut.run == "" {
		return nil
	}
	return s.dropRun(ctx, cut.run)
}

// each reads one query of LoadInput.
func (u *until) each(ctx context.Context, name string, args []any, row func(driver.Rows) error) error {
	return again(func() error { return u.store.eachOf(ctx, name, u.over(query("input_"+name), ""), args, row) })
}

// again does what reads temporary tables. The driver lets go of its one connection
// before it has put it back, so that a statement may be given a new one, which has none
// of the tables: the next is given the old one again.
func again(do func() error) (err error) {
	const unknownTable, tries = 60, 5
	for range tries {
		err = do()
		var fault *clickhouse.Exception
		if !errors.As(err, &fault) || fault.Code != unknownTable {
			return err
		}
	}
	return fmt.Errorf("the connection that held the folded log was lost; start again: what was recorded stays: %w", err)
}

// untilViews are the views that the queries of LoadInput read, directly or not, and
// that rest on events, each after those that it reads.
var untilViews = sync.OnceValue(func() []string {
	return slices.DeleteFunc(inputViews(), func(name string) bool { return !restsOnEvents(name) })
})

// configuredViews are those that rest on none.
var configuredViews = sync.OnceValue(func() []string {
	return slices.DeleteFunc(inputViews(), restsOnEvents)
})

func inputViews() []string {
	found := map[string]bool{}
	add := func(file string) {
		for _, name := range readIn(file) {
			found[name] = true
		}
	}
	files, err := fs.Glob(schemas.ClickHouse, schemaFolder+"/query/input_*.sql")
	if err != nil {
		panic(err) // the files are part of the binary
	}
	for _, file := range files {
		add(file)
	}
	for _, name := range slices.Backward(views) {
		if found[name] {
			add(path.Join(viewFolder, name+".sql"))
		}
	}
	return slices.DeleteFunc(slices.Clone(views), func(name string) bool { return !found[name] })
}

func restsOnEvents(name string) bool {
	return slices.ContainsFunc(readIn(path.Join(viewFolder, name+".sql")), func(read string) bool {
		return read == "event" || read != name && slices.Contains(views, read) && restsOnEvents(read)
	})
}

// readIn are the names that a file reads from; {{events}} and {{aliases}} stand for some.
func readIn(file string) (names []string) {
	text, err := schemas.ClickHouse.ReadFile(file)
	if err != nil {
		panic(err) // the files are part of the binary
	}
	for _, match := range readOrMade.FindAllStringSubmatch(string(text), -1) {
		if match[1] != "REPLACE VIEW" {
			names = append(names, match[3])
		}
	}
	if strings.Contains(string(text), "{{events ") {
		names = append(names, "event")
	}
	if strings.Contains(string(text), "{{aliases}}") {
		names = append(names, "service_alias")
	}
	return names
}
