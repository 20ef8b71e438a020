package app

import (
	"strings"
	"testing"
	"time"
)

// What lies ahead was not observed: services would be quiet on days to come.
func TestAsOfStaysWithinWhatWasObserved(t *testing.T) {
	now := time.Date(2026, 7, 10, 15, 0, 0, 0, time.UTC)
	date := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ setting, last, want string }{
		{"", "2026-07-01", "2026-07-10"},
		{"2026-07-09", "2026-07-01", "2026-07-10"},
		{"1990-01-01", "2026-07-01", "1990-01-02"},
		{"2026-07-10", "2026-07-10", "2026-07-11"}, // the log has reached today
		{"2026-12-31", "2026-12-31", "2027-01-01"}, // a simulated log may lie ahead
	} {
		got, err := asOf(c.setting, now, date(c.last).UnixMilli())
		if err != nil || got != date(c.want).UnixMilli() {
			t.Errorf("as of %q with the last event on %s: %s, %v; want %s", c.setting, c.last, utcMillis(got), err, c.want)
		}
	}
	for _, setting := range []string{"2026-07-10", "2026-07-11", "2099-01-01"} {
		_, err := asOf(setting, now, date("2026-07-01").UnixMilli())
		if err == nil || !strings.Contains(err.Error(), "cannot be counted; give 2026-07-09 or earlier") {
			t.Errorf("as of %s: %v", setting, err)
		}
	}
}
