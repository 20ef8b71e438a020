package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
)

func everything(learning.Estimate) bool { return true }

func record(t *testing.T, s *Store, run learning.Run, want int) {
	t.Helper()
	time.Sleep(2 * time.Millisecond) // computed_at is in milliseconds
	changed, err := s.Record(t.Context(), run, "rows of "+run.ID, everything)
	if err != nil {
		t.Fatal(err)
	}
	if changed != want {
		t.Errorf("recording %s changed %d, want %d", run.ID, changed, want)
	}
}

// What is said of a past moment is corrected and what was said before is kept; an
// equal computation leaves no trace, and the newest run of the other views stays.
func TestThePastIsCorrectedAndKept(t *testing.T) {
	s := open(t)
	newest := estimateRun("newest", 5000, 10, 0.7)
	if err := s.Publish(t.Context(), newest); err != nil {
		t.Fatal(err)
	}
	record(t, s, estimateRun("first", 1000, 10, 0.3), 2)
	record(t, s, estimateRun("first", 1000, 10, 0.3), 0)
	record(t, s, estimateRun("again-of-more-events", 1000, 12, 0.3), 0)
	record(t, s, estimateRun("late-event", 1000, 20, 0.4), 1)
	record(t, s, estimateRun("a-slow-one-of-fewer-events", 1000, 11, 0.9), 1)
	record(t, s, estimateRun("other-week", 2000, 20, 0.5), 2)

	if got := read(t, s, "SELECT metric, as_of, value, state, input_events FROM estimate_history WHERE metric = 'a' ORDER BY as_of"); !slices.Equal(got, []string{
		"a|1970-01-01 00:00:01 +0000 UTC|0.4|ok|20", "a|1970-01-01 00:00:02 +0000 UTC|0.5|ok|20",
	}) {
		t.Errorf("history: %q", got)
	}
	if got := read(t, s, "SELECT metric, scope, value, previous_value, changed, current, previous_computed_at < computed_at FROM estimate_revision ORDER BY current"); !slices.Equal(got, []string{
		`a|checkout|0.9|0.3|["value"]|false|1`, `a|checkout|0.4|0.9|["value"]|true|0`,
	}) {
		t.Errorf("revisions: %q", got)
	}
	if got := read(t, s, "SELECT DISTINCT run FROM estimate_run_current"); !slices.Equal(got, []string{"newest"}) {
		t.Errorf("the newest run is %q", got)
	}
	list, err := s.History(t.Context(), "a", learning.Scope{Kind: "service", Name: "checkout"}, "all", 100)
	if err != nil {
		t.Fatal(err)
	}
	var told []float64
	for _, x := range list {
		told = append(told, x.Estimate.Value)
	}
	if !slices.Equal(told, []float64{0.5, 0.4, 0.9, 0.3}) || list[0].Replaced || list[1].Replaced || !list[2].Replaced || !list[3].Replaced {
		t.Errorf("told %v: %+v", told, list)
	}
	if list, err := s.History(t.Context(), "a", learning.Scope{Kind: "service", Name: "checkout"}, "all", 1); err != nil || len(list) != 1 {
		t.Errorf("a limit of 1 gives %d, %v", len(list), err)
	}
	recorded, err := s.Recorded(t.Context())
	if err != nil || recorded[1000] != "rows of late-event" || recorded[2000] != "rows of other-week" {
		t.Errorf("recorded %v, %v", recorded, err)
	}
}

// What a correction takes away is recorded as gone, not left standing.
func TestWhatIsNoLongerGivenIsRecorded(t *testing.T) {
	s := open(t)
	record(t, s, estimateRun("first", 1000, 10, 0.3), 2)
	without := estimateRun("without", 1000, 11, 0.3)
	without.Estimates = without.Estimates[1:]
	record(t, s, without, 1)
	record(t, s, without, 0)
	snapshot, err := s.EstimatesAsOf(t.Context(), 1000)
	if err != nil || len(snapshot.Estimates) != 2 {
		t.Fatalf("%+v, %v", snapshot, err)
	}
	gone := snapshot.Estimates[0]
	if gone.Metric != "a" || gone.State != learning.Insufficient || gone.Value == gone.Value || gone.Reading == "" {
		t.Errorf("got %+v", gone)
	}
	if got := read(t, s, "SELECT value, previous_value, has(changed, 'state') FROM estimate_revision"); !slices.Equal(got, []string{"?|0.3|1"}) {
		t.Errorf("%q", got)
	}
}

// The order in which computations were recorded, and any duplicates of their
// rows, do not change what holds.
func TestHistoryInAnyOrderWithDuplicates(t *testing.T) {
	want := ""
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2, 0, 1, 2}} {
		s := open(t)
		for _, i := range order {
			if _, err := s.Record(t.Context(), estimateRun([]string{"x", "y", "z"}[i], 1000, uint64(10+i), float64(i)), "", everything); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond)
		}
		got := read(t, s, "SELECT metric, scope, window, as_of, value, n, state FROM estimate_history ORDER BY ALL")
		if joined := strings.Join(got, "\n"); want == "" {
			want = joined
		} else if joined != want {
			t.Errorf("order %v: %q, want %q", order, joined, want)
		}
	}
}

// A log that was folded once gives, as of any moment, what folding it for that
// moment gives.
func TestFrozenLogGivesTheSame(t *testing.T) {
	s := open(t)
	publish(t, s, testCatalog, testRules)
	insert(t, s, rapid.SliceOfN(rapid.Custom(randomEvent), 400, 400).Example(7)...)
	frozen, err := s.Freeze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	if names := untilViews(); len(names) < 20 {
		t.Fatalf("the queries read %v", names)
	}
	if got := read(t, frozen, "SELECT count() FROM frozen_incident_told"); got[0] == "0" {
		t.Fatal("nothing was frozen")
	}
	state, err := s.LogState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64]string{}
	for i := range int64(8) {
		moment := state.First + (state.Last+1-state.First)*i/7
		input, err := s.LoadInput(t.Context(), LoadOptions{AsOf: moment, SettingsHash: "s"})
		if err != nil {
			t.Fatal(err)
		}
		want[moment] = input.Hash
	}
	// What comes now is folded into the snapshot, and not into what was frozen before.
	insert(t, s, began("late", "shop", "m", event.Millis(state.First), event.Millis(state.First)+hour)...)
	moved, err := s.LoadInput(t.Context(), LoadOptions{AsOf: state.Last + 1, SettingsHash: "s"})
	if err != nil || moved.Hash == want[state.Last+1] {
		t.Fatalf("a late incident changes nothing: %v", err)
	}
	for moment, hash := range want {
		options := LoadOptions{AsOf: moment, SettingsHash: "s"}
		got, err := frozen.LoadInput(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		if got.Hash != hash {
			t.Errorf("as of %d: the frozen log gives other rows", moment)
		}
	}
}
