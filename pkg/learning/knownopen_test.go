package learning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Twelve failures of twelve modes on one service, on days 5, 6, … 16 of 100; each
// window of 3 days weighs 1/12 of the service, so that 3 service-days are lost.
func TestKnownOpen(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100), alive("other", 1)}}
	in.Services[1].AliveTo = in.Services[1].AliveFrom
	for i := range 12 {
		in.Incidents = append(in.Incidents, incident(fmt.Sprint(i), "api", fmt.Sprint("mode-", i), int64(24*(5+i))))
	}
	at := func(days int64) int64 { return since + days*day }
	fix := func(id, service, mode string, opened, closed, abandoned int64) {
		in.Improvements = append(in.Improvements, learning.Improvement{
			ID: id, Service: service, Team: "unassigned", FailureMode: mode,
			OpenedAt: opened, ClosedAt: closed, WitnessedClosedAt: closed, AbandonedAt: abandoned,
		})
	}
	fix("open", "api", "mode-0", at(1), 0, 0)                          // counts, and waits
	fix("open-everywhere", "", "mode-1", at(2), 0, 0)                  // counts, and waits
	fix("closed-later", "api", "mode-2", at(1), at(20), 0)             // counts
	fix("closed-before", "api", "mode-3", at(1), at(2), 0)             // does not
	fix("abandoned", "api", "mode-4", at(1), 0, at(2))                 // does not
	fix("abandoned-later", "api", "mode-5", at(1), 0, at(30))          // counts
	fix("opened-later", "api", "mode-6", at(40), 0, 0)                 // waits only
	fix("elsewhere", "other", "mode-7", at(1), 0, 0)                   // waits, for another service
	fix("never-opened", "api", "mode-8", 0, at(50), 0)                 // does not
	fix("of-the-failure", "", "", at(3), 0, 0)                         // counts for the mode of incident 9
	in.Improvements[len(in.Improvements)-1].FromFailure = "9"          // and waits
	fix("of-no-mode", "api", "", at(1), 0, 0)                          // does not
	fix("opened-again", "api", "mode-10", at(1), at(2), 0)             // counts:
	in.Improvements[len(in.Improvements)-1].ReopenedAt = at(12)        // before the failure of day 15, and waits
	fix("witnessed-late", "api", "mode-11", at(1), at(10), 0)          // counts:
	in.Improvements[len(in.Improvements)-1].WitnessedClosedAt = at(60) // it was closed on paper only

	got := compute(in)
	e := got.organisation(t, "known_open.rate")
	if e.Events != 7 || e.N != 12 {
		t.Errorf("%d of %d failures, should be 7 of 12", e.Events, e.N)
	}
	near(t, "service-days", e.Exposure, 97)
	near(t, "rate", e.Value, 7/0.097)
	near(t, "low", e.Low, 2.8143631/0.097) // Garwood's interval for 7 is 2.814363 to 14.422675
	near(t, "high", e.High, 14.4226754/0.097)
	e = got.organisation(t, "known_open.improvements")
	near(t, "waiting", e.Value, 6)
	e = got.organisation(t, "known_open.oldest")
	near(t, "the oldest's age", e.Value, 99*86400)
	if !strings.Contains(e.Reading, "99 days") {
		t.Error(e.Reading)
	}
	near(t, "of the service alone", got.of(t, "known_open.improvements", "service", "api", "all").Value, 4)

	for i := range in.Incidents[:5] {
		in.Incidents[i].FailureMode = ""
	}
	if e := compute(in).organisation(t, "known_open.rate"); e.State != learning.Insufficient {
		t.Errorf("7 failures of a known mode: %+v", e)
	}
	in.Improvements = nil
	if e := compute(in).organisation(t, "known_open.oldest"); e.State != learning.Insufficient {
		t.Errorf("nothing is open: %+v", e)
	}
}
