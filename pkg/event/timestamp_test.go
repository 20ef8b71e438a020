package event

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTimeAgreesWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nanos := rapid.Int64Range(-62167219200, 253402300799).Draw(t, "second")
		at := time.Unix(nanos, rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
		at = at.In(time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "offset")))
		if at.Year() < 0 || at.Year() > 9999 {
			t.Skip()
		}
		s := at.Format(time.RFC3339Nano)
		got, ok := parseTime(s)
		if !ok || int64(got) != at.UnixMilli() {
			t.Fatalf("%s: %d %v, want %d", s, got, ok, at.UnixMilli())
		}
	})
}

func TestParseTimeEdges(t *testing.T) {
	for s, want := range map[string]Millis{
		"1970-01-01T00:00:00Z":                 0,
		"1969-12-31T23:59:59.9999Z":            -1, // cut towards the past
		"2016-12-31T23:59:60Z":                 1483228800000,
		"2017-01-01T00:59:60+01:00":            1483228800000,
		"2024-02-29t12:00:00.000z":             1709208000000,
		"2026-03-20T14:27:05.315999999999999Z": 1774016825315,
	} {
		if got, ok := parseTime(s); !ok || got != want {
			t.Errorf("%s: %d %v, want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{
		"", "2026-03-20", "2026-03-20T14:27:05", "2026-03-20 14:27:05Z", "2026-03-20T14:27:05.Z", "2026-3-20T14:27:05Z ",
		"2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+0100", "2026-01-01T00:00:00ZZ", "20260-01-01T00:00:00Z", "2026-01-00T00:00:00Z",
	} {
		if got, ok := parseTime(s); ok {
			t.Errorf("%q: accepted as %d", s, got)
		}
	}
}
