package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

// fataler is what *testing.T and *rapid.T share.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func readSorted(t fataler, s *Store, sql string) []string {
	t.Helper()
	rows, err := s.Query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var lines []string
	for _, row := range rows.Rows {
		line := ""
		for _, cell := range row {
			line += fmt.Sprintf("%v|", cell)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func entityNumber(prefix string, i int) string { return fmt.Sprintf("%s-%d", prefix, i) }

// sameAsFolded compares views with their twins.
func sameAsFolded(t fataler, s *Store, when string, views ...string) {
	t.Helper()
	for _, view := range views {
		columns := "*"
		if view == "rollback" {
			columns = "rollback_id, service, environment, of_change, at, automatic" // the name as told is not kept
		}
		want := readSorted(t, s, "SELECT "+columns+" FROM "+view)
		got := readSorted(t, s, "SELECT "+columns+" FROM "+twinPrefix+view)
		if !slices.Equal(want, got) {
			without := func(rows, others []string) []string {
				return slices.DeleteFunc(slices.Clone(rows), func(row string) bool { return slices.Contains(others, row) })
			}
			t.Fatalf("%s: %s has %d rows, its twin %d\nonly the view %q\nonly the twin %q", when, view, len(want), len(got), without(want, got), without(got, want))
		}
	}
}

// TestSnapshotIsAFullFold brings the snapshot up to date after each part of a log
// that comes in any order, with repetitions, corrections, late and retracted
// events, other names of services, and events that were erased.
func TestSnapshotIsAFullFold(t *testing.T) {
	t.Parallel()
	checkSnapshot(t, []*Store{open(t)}, 3)
}

// TestSnapshotOfShardsIsAFullFold is the same over two shards.
func TestSnapshotOfShardsIsAFullFold(t *testing.T) {
	t.Parallel()
	checkSnapshot(t, sharded(t), 1)
}

func checkSnapshot(t *testing.T, shards []*Store, times int) {
	s := shards[0]
	publish(t, s, testCatalog, testRules)
	renamed := catalog.Catalog{Services: slices.Clone(testCatalog.Services)}
	renamed.Services[1].Aliases = []string{"search"}
	check(t, times, func(r *rapid.T) {
		everywhere(t, shards, "TRUNCATE TABLE %s")
		log := rapid.SliceOfN(rapid.Custom(randomEvent), 20, 150).Draw(r, "log")
		for len(log) > 0 {
			n := rapid.IntRange(max(1, len(log)/4), len(log)).Draw(r, "part")
			part := log[:n]
			log = log[n:]
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 10).Draw(r, "repeated") {
				e := part[i]
				e.ReceivedAt += event.Millis(1 - 2*(i%2)) // later, or earlier
				e.Imported = !e.Imported
				part = append(part, e)
			}
			insert(t, s, part...)
			switch rapid.IntRange(0, 4).Draw(r, "besides") {
			case 0:
				everywhere(t, shards, "OPTIMIZE TABLE %s FINAL")
			case 1:
				erased := rapid.SampledFrom(part).Draw(r, "erased").Entity
				everywhere(t, shards, "ALTER TABLE %s DELETE WHERE entity = '"+erased+"' SETTINGS mutations_sync = 1")
			case 2:
				publish(t, s, rapid.SampledFrom([]catalog.Catalog{testCatalog, renamed}).Draw(r, "catalog"), testRules)
			}
			if _, err := s.Fold(t.Context()); err != nil {
				r.Fatal(err)
			}
			// The twins of other views are the same SQL over these.
			sameAsFolded(r, s, "after a part", snapshotted...)
		}
		sameInput(r, s, int64(start)+rapid.Int64Range(0, 2000).Draw(r, "moment")*int64(minute))
	})
}

// spelt is a value as text, with what its pointers point to.
func spelt(t fataler, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sameInput compares what is loaded as of a moment from the snapshot, cut there, with
// what the views themselves give of the log cut there, and what both say of the log.
func sameInput(t fataler, s *Store, moment int64) {
	t.Helper()
	load := func(of *Store) string {
		input, err := of.LoadInput(context.Background(), LoadOptions{AsOf: moment, Newest: !of.config.ReadOnly})
		if err != nil {
			t.Fatal(err)
		}
		return spelt(t, input)
	}
	views := &Store{config: s.config, conn: s.conn, log: s.log}
	views.config.ReadOnly = true
	if want, got := load(views), load(s); want != got {
		t.Fatalf("as of %d the views give\n%s\nand the snapshot\n%s", moment, want, got)
	}
	want, err := s.logState(context.Background(), "log_state")
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.logState(context.Background(), "log_state_folded")
	if err != nil || got != want {
		t.Fatalf("the snapshot is of the log %+v, which is %+v (%v)", got, want, err)
	}
}

// TestFoldTouchesWhatChanged tells of few entities again.
func TestFoldTouchesWhatChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	publish(t, s, testCatalog, nil)
	var log []event.Event
	for i := range 200 {
		at := start + event.Millis(i)*hour
		log = append(log, deployed(entityNumber("d", i), "ledger", at), detected(entityNumber("i", i), "ledger", "m", at))
	}
	insert(t, s, log...)
	fold := func(changes, incidents uint64, whole bool) {
		t.Helper()
		got, err := s.Fold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Changes != changes || got.Incidents != incidents || got.Whole != whole {
			t.Errorf("folded %+v; want %d changes, %d incidents, whole %v", got, changes, incidents, whole)
		}
		sameAsFolded(t, s, "after a fold", snapshotted...)
	}
	fold(200, 200, true)
	fold(0, 0, false)
	insert(t, s, log[:50]...) // the same again, until a merge drops them: another sum, the same state
	everywhere(t, []*Store{s}, "OPTIMIZE TABLE %s FINAL")
	fold(0, 0, false)
	insert(t, s, rolledBack("ledger", start+3*hour+minute), resolved("i-7", start+20*hour))
	fold(1, 1, false)
	everywhere(t, []*Store{s}, "ALTER TABLE %s DELETE WHERE entity = 'd-9' SETTINGS mutations_sync = 1")
	fold(1, 0, false)
	before, err := s.parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.FoldAnew(t.Context()); err != nil || got.Changes != 200 || got.Incidents != 200 || !got.Whole {
		t.Errorf("folded anew: %+v, %v", got, err)
	}
	// Whoever reads the snapshot before still has it.
	if kept := read(t, s, "SELECT count() > 0 FROM fold_change WHERE run = '"+before.changeBase+"'"); !slices.Equal(kept, []string{"1"}) {
		t.Errorf("the snapshot before is gone: %v", kept)
	}
	sameAsFolded(t, s, "at the end", SnapshotViews()...)
}
