package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

func TestBoard(t *testing.T) {
	s := open(t)
	// Before the first run nothing is known, and that is said.
	const all = "SELECT position, metric, scope_kind, scope, window, value, state, state_code, n, length(beside), notEmpty(reading), notEmpty(cannot_say) FROM board "
	if got := read(t, s, all+"ORDER BY position"); len(got) != 6 || got[0] != "1|containment.severe|organisation||all|?|insufficient|1|0|0|1|1" {
		t.Errorf("before the first run: %q", got)
	}
	if got := read(t, s, "SELECT count() FROM board_item")[0]; got != fmt.Sprint(len(learning.Board)) {
		t.Errorf("the view has %s numbers and the pages show %d", got, len(learning.Board))
	}
	for i, item := range learning.Board {
		for _, metric := range append([]string{item.Metric}, item.Beside...) {
			if _, known := learning.Lookup(metric); !known {
				t.Errorf("the board shows %q, which is no metric", metric)
			}
		}
		// What the pages show is what the view has.
		want := fmt.Sprintf("%d|%s|%s|%s|%s", i+1, item.Title, item.Metric, strings.Join(item.Beside, " "), item.CannotSay)
		if got := read(t, s, fmt.Sprintf("SELECT position, item, metric, arrayStringConcat(beside, ' '), cannot_say FROM board_item WHERE position = %d", i+1)); !slices.Equal(got, []string{want}) {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
	}

	estimate := func(metric, scopeKind, scope, window string, value float64, state learning.State) learning.Estimate {
		return learning.Estimate{
			Metric: metric, Scope: learning.Scope{Kind: scopeKind, Name: scope}, Window: window, AsOf: 1000, Value: value, Low: value / 2, High: value * 2,
			Level: 0.95, Unit: "per_1000_service_days", N: 7, State: state, Method: "m", Origin: "measured", Reading: "r",
		}
	}
	err := s.Publish(t.Context(), learning.Run{ID: "r", AsOf: 1000, InputEvents: 3, Estimates: []learning.Estimate{
		estimate("known_open.rate", "organisation", "", "all", 4, learning.OK),
		estimate("known_open.oldest", "organisation", "", "all", 9, learning.OK),
		estimate("known_open.improvements", "organisation", "", "all", 2, learning.OK),
		estimate("known_open.rate", "team", "shop", "2026-Q1", 1, learning.AssumptionFailed),
		estimate("known_open.rate", "service", "api", "all", 1, learning.OK),
		estimate("counted.failures", "organisation", "", "2026-Q1", 1, learning.OK),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"5|known_open.rate|organisation||2026-Q1|?|insufficient|1|0|0|1|1",
		"5|known_open.rate|organisation||all|4|ok|0|7|2|1|1",
		"5|known_open.rate|team|shop|2026-Q1|1|assumption_failed|2|7|0|1|1",
		"5|known_open.rate|team|shop|all|?|insufficient|1|0|0|1|1",
	}
	if got := read(t, s, all+"WHERE position = 5 ORDER BY scope_kind, scope, window"); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	if got := read(t, s, "SELECT count(), countIf(as_of = toDateTime64(1, 3, 'UTC')) FROM board")[0]; got != "24|24" {
		t.Errorf("rows, and rows with the moment: %s, want six for each of two scopes and two windows", got)
	}
	if got := read(t, s, "SELECT beside.metric, beside.value FROM board WHERE position = 5 AND scope_kind = 'organisation' AND window = 'all'")[0]; got != `["known_open.improvements","known_open.oldest"]|[2,9]` {
		t.Errorf("beside: %s", got)
	}
}
