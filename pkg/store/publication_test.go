package store

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// manyFailures is a run in which the organisation and one service counted the same n failures.
func manyFailures(id string, events uint64, n int) learning.Run {
	run := learning.Run{ID: id, InputEvents: events}
	for _, scope := range []learning.Scope{{Kind: "organisation"}, {Kind: "service", Name: "checkout"}} {
		run.Estimates = append(run.Estimates, learning.Estimate{Metric: "a", Scope: scope, Window: "all", State: learning.OK})
		for i := range n {
			run.Evidence = append(run.Evidence, learning.Evidence{Metric: "a", Scope: scope, Window: "all", Role: "event", Kind: "incident", Entity: fmt.Sprintf("incident-%05d", i)})
		}
	}
	return run
}

// What was published is not published again: not for another estimate, not for the next run.
func TestEvidenceIsPublishedOnce(t *testing.T) {
	s := open(t)
	parts := func() string {
		return read(t, s, "SELECT concat(toString(count()), ' ', toString(sum(length(entities)))) FROM evidence_part")[0]
	}
	of := func(run learning.Run, scope learning.Scope) {
		t.Helper()
		var want []learning.Evidence
		for _, e := range run.Evidence {
			if e.Scope == scope {
				want = append(want, e)
			}
		}
		got, err := s.Evidence(t.Context(), "a", scope.Kind, scope.Name, "all")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("run %s, %s: %d rows of evidence, want %d (%v)", run.ID, scope.Kind, len(got), len(want), err)
		}
	}
	publish := func(run learning.Run) string {
		t.Helper()
		if err := s.Publish(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		of(run, learning.Scope{Kind: "organisation"})
		of(run, learning.Scope{Kind: "service", Name: "checkout"})
		if got, want := read(t, s, "SELECT count() FROM estimate_evidence")[0], fmt.Sprint(len(run.Evidence)); got != want {
			t.Errorf("run %s: the view shows %s rows, want %s", run.ID, got, want)
		}
		return parts()
	}
	first := publish(manyFailures("first", 1, 1000))
	if !strings.HasSuffix(first, " 1000") {
		t.Errorf("parts and entries of a thousand failures counted twice: %s", first)
	}
	if again := publish(manyFailures("again", 2, 1000)); again != first {
		t.Errorf("the same evidence of another run made %s of %s", again, first)
	}
	var before, after, rows int
	_, _ = fmt.Sscan(first, &before)
	_, _ = fmt.Sscan(publish(manyFailures("more", 3, 1010)), &after, &rows)
	if after-before > 10 || rows > 1000+10+700 { // the last part has other entries now, at most so many
		t.Errorf("ten failures more made %d parts of %d, %d entries", after, before, rows)
	}
	// A run that is not finished, and one that failed, are not seen.
	half := s.Publishing(t.Context())
	learning.Tell(manyFailures("half", 9, 5).Evidence, half)
	half.send()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	broken := s.Publishing(stopped)
	learning.Tell(manyFailures("broken", 9, 5).Evidence, broken)
	if err := broken.Finish(manyFailures("broken", 9, 5)); err == nil {
		t.Error("a publication whose evidence could not be sent is finished")
	}
	of(manyFailures("more", 3, 1010), learning.Scope{Kind: "organisation"})

	// What no run rests on can be removed; what one does stays.
	clearRuns(t, s)
	if err := s.Publish(t.Context(), manyFailures("few", 1, 7)); err != nil {
		t.Fatal(err)
	}
	if err := s.DropEvidence(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := parts(); strings.HasSuffix(got, " 7") {
		t.Error("dropped what an unfinished run may rest on")
	}
	if err := s.DropEvidence(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := parts(); !strings.HasSuffix(got, " 7") {
		t.Errorf("parts and entries left of seven failures: %s", got)
	}
	of(manyFailures("few", 1, 7), learning.Scope{Kind: "organisation"})
}

// Evidence published by a version that kept it by run is carried over.
func TestEvidenceOfOlderVersions(t *testing.T) {
	engine := servertest.Engine(t)
	s := dial(t, engine, servertest.Database(t, engine), "")
	names, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.conn.Exec(t.Context(), query("migration_table")); err != nil {
		t.Fatal(err)
	}
	for _, name := range names[:slices.Index(names, "0009_evidence")] {
		if err := s.execFile(t.Context(), s.conn, "clickhouse/"+name+".sql"); err != nil {
			t.Fatal(err)
		}
		if err := s.conn.Exec(t.Context(), query("migration_done"), name); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		"INSERT INTO estimate_run VALUES ('old', 1, 1, 0, 0), ('newer', 2, 2, 0, 0)",
		"INSERT INTO estimate_evidence_row SELECT run, 'a', 'service', 'checkout', window, role, 'incident', concat('i-', toString(number)) FROM numbers(3) ARRAY JOIN ['old', 'newer', 'newer'] AS run, ['all', 'all', '2026-Q1'] AS window, ['event', 'event', 'censored'] AS role",
	} {
		if err := s.conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"2026-Q1|censored|i-0", "2026-Q1|censored|i-1", "2026-Q1|censored|i-2", "all|event|i-0", "all|event|i-1", "all|event|i-2"}
	if got := read(t, s, "SELECT window, role, entity FROM estimate_evidence WHERE metric = 'a' AND scope = 'checkout' ORDER BY ALL"); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := read(t, s, "SELECT (SELECT count() FROM evidence_part), (SELECT count() FROM estimate_basis), (SELECT count() FROM estimate_evidence_row)"); got[0] != "2|3|0" {
		t.Errorf("parts, bases and old rows: %s", got[0])
	}
}
