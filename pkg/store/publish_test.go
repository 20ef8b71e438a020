package store

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
)

func estimateRun(id string, asOf int64, events uint64, value float64) learning.Run {
	scope := learning.Scope{Kind: "service", Name: "checkout"}
	return learning.Run{
		ID: id, AsOf: asOf, InputEvents: events,
		Estimates: []learning.Estimate{
			{
				Metric: "a", Scope: scope, Window: "all", AsOf: asOf, Value: value, Low: 0, High: 1, Level: 0.95, Low50: 0.1, High50: 0.2, Unit: "share",
				N: 3, Events: 2, Exposure: 1.5, Censored: 1, State: learning.OK, Method: "m", Origin: "measured", Verdict: "better", Reading: "r",
			},
			{Metric: "b", Scope: learning.Scope{Kind: "organisation"}, Window: "2026-Q3", AsOf: asOf, Value: math.NaN(), Low: math.NaN(), High: math.NaN(), State: learning.Insufficient},
		},
		Evidence: []learning.Evidence{{Metric: "a", Scope: scope, Window: "all", Role: "event", Kind: "incident", Entity: "i"}},
	}
}

func TestTheNewestFinishedRunCounts(t *testing.T) {
	s := open(t)
	counts := func(want string) {
		t.Helper()
		snapshot, err := s.Estimates(t.Context())
		if err != nil || snapshot.RunID != want {
			t.Errorf("run %q counts, want %q (%v)", snapshot.RunID, want, err)
		}
	}
	first := estimateRun("first", 100, 10, 0.5)
	for range 2 { // publishing again changes nothing
		if err := s.Publish(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	snapshot, err := s.Estimates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%+v", snapshot.Estimates) != fmt.Sprintf("%+v", first.Estimates) || snapshot.InputEvents != 10 || snapshot.AsOf != 100 {
		t.Errorf("got  %+v\nwant %+v", snapshot, first)
	}
	evidence, err := s.Evidence(t.Context(), "a", "service", "checkout", "all")
	if err != nil || !reflect.DeepEqual(evidence, first.Evidence) {
		t.Errorf("evidence %+v, %v", evidence, err)
	}
	if got := read(t, s, "SELECT metric, value, low, state_code, n FROM estimate ORDER BY metric"); !slices.Equal(got, []string{"a|0.5|0|0|3", "b|?|?|1|0"}) {
		t.Errorf("%q", got)
	}

	publishRun := func(run learning.Run) {
		t.Helper()
		if err := s.Publish(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	publishRun(estimateRun("zz-of-fewer-events", 200, 9, 0))
	counts("first")
	publishRun(estimateRun("later", 200, 10, 0))
	counts("later")
	if err := s.SetWindows(t.Context(), Windows{Attribution: time.Hour, Merge: 72 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LoadInput(t.Context(), LoadOptions{AsOf: 1}); err != nil {
		t.Fatal(err)
	}
	publishRun(estimateRun("aa-of-new-settings", 200, 10, 0))
	counts("aa-of-new-settings")

	// Settings that the views do not know, or another version of the program: the events are the same.
	publishRun(estimateRun("zz-of-the-old-program", 200, 10, 0))
	time.Sleep(2 * time.Millisecond) // the clock of runs counts milliseconds
	publishRun(estimateRun("ab-of-the-new-program", 200, 10, 0))
	counts("ab-of-the-new-program")
	publishRun(estimateRun("zz-of-fewer-events", 200, 9, 0))
	counts("ab-of-the-new-program")

	// Half-written: rows, but no run.
	half := estimateRun("half", 300, 99, 0)
	err = s.insert(t.Context(), "estimate_row", func(batch driver.Batch) error {
		e := half.Estimates[0]
		return batch.Append(half.ID, e.Metric, e.Scope.Kind, e.Scope.Name, e.Window, e.AsOf, e.Value, e.Low, e.High, e.Level, e.Low50, e.High50,
			e.Unit, e.N, e.Events, e.Exposure, e.Censored, string(e.State), uint8(0), e.Method, e.Origin, e.Verdict, e.Reading, e.Lacks)
	})
	if err != nil {
		t.Fatal(err)
	}
	counts("ab-of-the-new-program")
	clearRuns(t, s)
	counts("")
}

func TestTheCatalogPublishedLastCounts(t *testing.T) {
	s := open(t)
	of := func(team string) catalog.Catalog {
		return catalog.Catalog{Services: []catalog.Service{{Name: "checkout", Team: team}}}
	}
	for _, team := range []string{"a", "b", "b", "a"} {
		publish(t, s, of(team), nil)
		if got := read(t, s, "SELECT name, team FROM service"); !slices.Equal(got, []string{"checkout|" + team}) {
			t.Fatalf("after publishing team %s: %q", team, got)
		}
	}
	if got := read(t, s, "SELECT count() FROM publication WHERE subject = 'catalog'"); got[0] != "3" {
		t.Errorf("%s publications: what counts already was published again", got[0])
	}
	publish(t, s, catalog.Catalog{}, nil)
	if got := read(t, s, "SELECT name FROM service"); len(got) != 0 {
		t.Errorf("an empty catalog leaves %q", got)
	}
}

// TestUsers: the one who ingests and analyses needs no more than the grants given,
// to drop what newer snapshots replaced too, and the reader cannot write.
func TestUsers(t *testing.T) {
	engine := servertest.Engine(t)
	admin := dial(t, engine, servertest.Granted(t, engine), "")
	if _, err := admin.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	engine.Admin = engine.Ingest
	ingest := dial(t, engine, admin.config.Database, "")
	warned, warnings := observer.New(zap.WarnLevel)
	ingest.log = zap.New(warned)
	publish(t, ingest, testCatalog, testRules)
	for i := range 3 {
		insert(t, ingest, detected("i", "s", "m", start+event.Millis(i)))
		if _, err := ingest.LoadInput(t.Context(), LoadOptions{AsOf: int64(start)}); err != nil {
			t.Error(err)
		}
	}
	if n := warnings.Len(); n > 0 {
		t.Errorf("%d warnings: %v", n, warnings.All()[0])
	}
	if got := read(t, admin, "SELECT count() FROM fold_touched"); got[0] != "0" {
		t.Errorf("%s rows of parts that nothing needs are left", got[0])
	}
	func() { // of a log too large for memory
		defer func(most uint64) { mostFrozen = most }(mostFrozen)
		mostFrozen = 0
		if _, err := ingest.LoadInput(t.Context(), LoadOptions{AsOf: int64(start)}); err != nil {
			t.Error(err)
		}
	}()
	if n := warnings.Len(); n > 0 {
		t.Errorf("%d warnings: %v", n, warnings.All()[0])
	}
	frozen, err := ingest.Freeze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := frozen.Close(); err != nil {
		t.Error(err)
	}
	if err := ingest.Publish(t.Context(), estimateRun("r", 1, 1, 1)); err != nil {
		t.Error(err)
	}
	for i, id := range []string{"a0", "a1", "a2"} { // each folded more than the one before
		if err := ingest.Publish(t.Context(), estimateRun(id, 1, uint64(10+i), 1)); err != nil {
			t.Error(err)
		}
	}
	counts := func() []string {
		return read(t, admin, "SELECT (SELECT uniqExact(run) FROM estimate_run), (SELECT uniqExact(run) FROM estimate_row), (SELECT count() FROM estimate)")
	}
	before := counts()
	if n, err := ingest.DropRuns(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil || !slices.Equal(counts(), before) {
		t.Errorf("dropped %d runs that may still be read (%v): %v, before %v", n, err, counts(), before)
	}
	if n, err := ingest.DropRuns(t.Context(), time.Now().Add(time.Hour)); n != 3 || err != nil || !slices.Equal(counts(), []string{"1|1|" + strings.Split(before[0], "|")[2]}) {
		t.Errorf("dropped %d of three runs that do not count (%v): %v, before %v", n, err, counts(), before)
	}
	if err := ingest.Publish(t.Context(), estimateRun("a1", 1, 11, 1)); err != nil {
		t.Error(err)
	}
	if got := read(t, admin, "SELECT count() > 0 FROM estimate_row WHERE run = 'a1'"); got[0] != "1" {
		t.Error("what was dropped cannot be published again")
	}
	if err := ingest.conn.Exec(t.Context(), "TRUNCATE TABLE estimate_run"); err == nil {
		t.Error("the ingesting user may drop what was published")
	}
	if err := ingest.conn.Exec(t.Context(), "DELETE FROM estimate_history_row WHERE 1"); err == nil {
		t.Error("the ingesting user may delete what was said of the past")
	}
	if err := ingest.conn.Exec(t.Context(), "ALTER TABLE event DELETE WHERE 1"); err == nil {
		t.Error("the ingesting user may delete events")
	}
	engine.Admin = engine.Read
	reader := dial(t, engine, admin.config.Database, "")
	if got := read(t, reader, "SELECT incident_id FROM incident"); !slices.Equal(got, []string{"i"}) {
		t.Errorf("the reader sees %q", got)
	}
	reader.config.ReadOnly, reader.log = true, zap.New(warned)
	for _, newest := range []bool{true, false} {
		if _, err := reader.LoadInput(t.Context(), LoadOptions{AsOf: int64(start), Newest: newest}); err != nil {
			t.Error(err)
		}
	}
	if n := warnings.Len(); n > 0 {
		t.Errorf("%d warnings: %v", n, warnings.All()[0])
	}
	for _, sql := range []string{"INSERT INTO publication VALUES ('a', 'b', 1)", "TRUNCATE TABLE event", "CREATE TABLE x (a Int8) ENGINE = Memory"} {
		if _, err := reader.Query(t.Context(), sql); err == nil {
			t.Errorf("the reader may %s", sql)
		}
	}
}

func TestCells(t *testing.T) {
	s := open(t)
	rows, err := s.Query(t.Context(), "SELECT 1::UInt8 AS a, NULL AS b, 'x' AS c, [1,2] AS d, map('k','v') AS e, true AS f, toUInt128('340282366920938463463374607431768211455') AS g, toDateTime64('2026-01-05 00:00:00', 3, 'UTC') AS h, [1.5, nan, -inf] AS i, map('k', nan) AS j, map('a', [1]) AS k")
	if err != nil {
		t.Fatal(err)
	}
	want := []any{uint8(1), nil, "x", "[1,2]", `{"k":"v"}`, true, "340282366920938463463374607431768211455", time.UnixMilli(int64(start)).UTC(), "[1.5,null,null]", `{"k":null}`, `{"a":"[1]"}`}
	if !reflect.DeepEqual(rows.Rows[0], want) {
		t.Errorf("got  %#v\nwant %#v", rows.Rows[0], want)
	}
	if !slices.Equal(rows.Columns, []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}) {
		t.Errorf("columns %q", rows.Columns)
	}
}

// Whatever is published by run is dropped with the run, but for what is kept for good.
func TestEveryTableOfRunsIsDropped(t *testing.T) {
	s := open(t)
	kept := []string{
		"estimate_history_row", "estimate_history_run", "watch_alarm", // what was said, and raised
		"estimate_evidence_row",                                              // emptied by 0009, and written no more
		"publication", "catalog_service", "failure_mode_rule", "setting_row", // of which the newest counts
	}
	for _, table := range read(t, s, "SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'run' AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree')") {
		if !slices.Contains(kept, table) && !slices.Contains(runTables, table) && !strings.HasPrefix(table, "fold_") {
			t.Errorf("%s grows with every run: name it in runTables, and let the ingesting user delete from it (schemas/clickhouse/users.sql and its two likes)", table)
		}
	}
}

// TestWhatIsSetBackShows: estimates as of an earlier moment than those before count
// once they are asked for, and a process that was asked before cannot bring the others back.
func TestWhatIsSetBackShows(t *testing.T) {
	s := open(t)
	runs := func(setting string, run learning.Run) {
		t.Helper()
		if err := s.SetAsOf(t.Context(), setting); err != nil {
			t.Fatal(err)
		}
		if _, err := s.LoadInput(t.Context(), LoadOptions{AsOf: run.AsOf}); err != nil {
			t.Fatal(err)
		}
		if err := s.Publish(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	counts := func(want string) {
		t.Helper()
		if got, err := s.NewestRun(t.Context()); err != nil || got != want {
			t.Errorf("run %q counts, want %q (%v)", got, want, err)
		}
	}
	paused := dial(t, servertest.Engine(t), s.config.Database, "")
	runs("2026-06-30", estimateRun("june", 200, 10, 0.5))
	if _, err := paused.LoadInput(t.Context(), LoadOptions{AsOf: 200}); err != nil {
		t.Fatal(err)
	}
	runs("2026-03-31", estimateRun("march", 100, 10, 0.5))
	counts("march")
	if err := paused.Publish(t.Context(), estimateRun("paused", 200, 10, 0.5)); err != nil {
		t.Fatal(err)
	}
	counts("march")
	runs("2026-03-31", estimateRun("march-of-more-events", 100, 11, 0.5))
	counts("march-of-more-events")
}

// TestWhatIsErasedIsForgotten: after a rebuild estimates of fewer events replace those
// of more, those of now and those of the past; before it a slow process cannot do so.
func TestWhatIsErasedIsForgotten(t *testing.T) {
	s := open(t)
	say := func(run learning.Run) {
		t.Helper()
		if _, err := s.LoadInput(t.Context(), LoadOptions{AsOf: run.AsOf}); err != nil {
			t.Fatal(err)
		}
		if err := s.Publish(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // computed_at is in milliseconds
		if _, err := s.Record(t.Context(), run, "rows of "+run.ID, everything); err != nil {
			t.Fatal(err)
		}
	}
	shows := func(want string) {
		t.Helper()
		newest, err := s.NewestRun(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := s.Recorded(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := s.EstimatesAsOf(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(newest, " ", recorded[100], " ", snapshot.Estimates[0].Value, " ",
			read(t, s, "SELECT value FROM estimate_history WHERE metric = 'a'"), read(t, s, "SELECT value FROM estimate_revision WHERE metric = 'a' AND current"))
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	say(estimateRun("more", 100, 10, 0.5))
	say(estimateRun("slow", 100, 9, 0.25))
	shows("more rows of more 0.5 [0.5] [0.5]")
	if err := s.StartAnew(t.Context()); err != nil {
		t.Fatal(err)
	}
	say(estimateRun("rebuilt", 100, 9, 0.125))
	shows("rebuilt rows of rebuilt 0.125 [0.125] [0.125]")
}

// clearRuns takes away everything that runs published.
func clearRuns(t *testing.T, s *Store) {
	t.Helper()
	for _, table := range runTables {
		if err := s.conn.Exec(t.Context(), "TRUNCATE TABLE "+table+tables{s.config}.Local()); err != nil {
			t.Fatal(err)
		}
	}
}
