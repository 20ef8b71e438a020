package review_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
)

func board(t *testing.T, f review.BoardFacts) string {
	t.Helper()
	var b bytes.Buffer
	if err := review.BoardPage(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The six numbers stand on the page of every kind of record, each with its state and
// what it cannot say, and a figure only where the state allows one.
func TestBoardShowsAllSix(t *testing.T) {
	for name, facts := range reviewtest.Fixtures {
		f := facts()
		for i := range f.Snapshot.Estimates { // a number that a state forbids is not shown though it is there
			if e := &f.Snapshot.Estimates[i]; e.State != learning.OK {
				e.Value, e.Low, e.High = 0.5, 0.25, 0.75
			}
		}
		for _, scope := range []learning.Scope{{Kind: "organisation"}, {Kind: "team", Name: "Payments"}} {
			body := board(t, review.BoardFacts{Scope: scope, Quarters: []string{"2026-Q3", "2026-Q2"}, Snapshot: f.Snapshot})
			for _, item := range learning.Board {
				if !strings.Contains(body, item.Title+"</a>") || !strings.Contains(body, item.CannotSay) {
					t.Errorf("%s, %s: %s is missing", name, scope, item.Title)
				}
			}
			plain := text(body)
			if hit := banned.FindString(plain); hit != "" || strings.Contains(plain, "NaN") || strings.Contains(plain, "Inf") {
				t.Errorf("%s, %s: the page says %q, NaN or Inf", name, scope, hit)
			}
			if figures := strings.Count(body, `class="bounds"`); name == "assumption_failed" && figures > 0 {
				t.Errorf("%s, %s: %d figures that may not be read", name, scope, figures)
			}
		}
	}
}

// A quarter in which nothing of the scope was there is not offered.
func TestBoardOffersQuartersOfItsScope(t *testing.T) {
	f := reviewtest.Normal()
	payments := learning.Scope{Kind: "team", Name: "Payments"}
	for i := range f.Snapshot.Estimates {
		if e := &f.Snapshot.Estimates[i]; e.Scope == payments && e.Window == "2026-Q2" {
			e.N, e.Exposure = 0, 0
		}
	}
	for _, c := range []struct {
		scope learning.Scope
		want  bool
	}{{learning.Scope{Kind: "organisation"}, true}, {payments, false}} {
		body := board(t, review.BoardFacts{Scope: c.scope, Quarter: "2026-Q3", Quarters: []string{"2026-Q3", "2026-Q2"}, Snapshot: f.Snapshot})
		if got := strings.Contains(body, ">2026-Q2</a>"); got != c.want {
			t.Errorf("%s: 2026-Q2 offered: %v", c.scope, got)
		}
	}
}
