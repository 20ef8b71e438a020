package review_test

import (
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
)

// What came back, what lies open and since when stand as short lines; of an
// improvement whose source tells no end the page does not say that it is open.
func TestWhatAsksForADecision(t *testing.T) {
	const day = 86_400_000
	f := reviewtest.Normal()
	end := f.Snapshot.AsOf
	f.Input.Recurrences, f.Input.Incidents = nil, nil
	add := func(id, mode, class string, before int64) {
		f.Input.Incidents = append(f.Input.Incidents, learning.Incident{ID: id, Service: "checkout", FailureMode: mode, StartedAt: end - before*day})
		if class != "" {
			f.Input.Recurrences = append(f.Input.Recurrences, learning.Recurrence{IncidentID: id, EarlierID: "first", Class: class})
		}
	}
	add("first", "disk_full", "", 400)
	add("a", "disk_full", "unaddressed", 60)
	add("b", "disk_full", "unaddressed", 40)
	add("b-goes-on", "disk_full", "unaddressed", 39)
	add("c", "bad_configuration", "unaddressed", 30)
	add("d", "queue_backlog", "repeat", 20)
	f.Input.Gaps = []learning.MonitoringGap{{ID: "g", FoundAt: end - 50*day, State: "open"}, {ID: "h", FoundAt: end - 500*day, ClosedAt: end - 200*day, State: "proven"}}
	f.Input.Improvements = []learning.Improvement{{ID: "told", OpenedAt: end - 10*day}, {ID: "untold", OpenedAt: end - 900*day, Imported: true}}
	body := strings.Join(strings.Fields(text(page(t, f))), " ")
	for _, want := range []string{
		"Left out: 1 continuation of an earlier failure.",
		"3 failures came back with nothing done about them: disk full · checkout (2) and bad configuration · checkout (1).",
		"1 failure came back after a declared fix.",
		"1 monitoring gap was open at the end of the quarter, the oldest for 50\u00a0days.",
		"1 known improvement was open at the end of the quarter; the oldest, “told”, since 21 Sep 2026. 1 declared improvement is of unknown state (its source tells no end).",
	} {
		if !strings.Contains(body, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the page does not say: %s", want)
		}
	}
}

// A trend reaches from the start of the record to its quarter, and how its
// interval was made is left to the chapters behind the first.
func TestTheAnswerIsPlain(t *testing.T) {
	body := page(t, reviewtest.Normal())
	answer, _, _ := strings.Cut(body, `<section id="data"`)
	if !strings.Contains(answer, "up to 2026-Q3") {
		t.Error("the trend is not labelled as that of the record up to its quarter")
	}
	for _, name := range []string{"Garwood", "Wilson", "Kaplan"} {
		if strings.Contains(answer, name) {
			t.Errorf("the answer names %s", name)
		}
	}
	if n := strings.Count(answer, "Uncontained are"); n != 1 {
		t.Errorf("uncontained is explained %d times, want once", n)
	}
}

func TestIndexLeavesOutWhatLiesBeforeTheRecord(t *testing.T) {
	f := reviewtest.Normal()
	f.Snapshot.Estimates = append(f.Snapshot.Estimates, learning.Estimate{Metric: "counted.drills", Scope: learning.Scope{Kind: "organisation"}, Window: "2019-Q1", State: learning.OK})
	var b strings.Builder
	if err := review.Index(&b, review.IndexFacts{Quarters: []string{"2026-Q3", "2019-Q1"}, Snapshot: f.Snapshot}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "2019-Q1") || !strings.Contains(b.String(), "2026-Q3") {
		t.Error("the index lists a quarter without anything observed, or not the one with")
	}
}
