package main

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/app"
)

func TestTablesShowNoControlCharacters(t *testing.T) {
	table := app.Table{Columns: []string{"id", "value"}, Rows: [][]any{{"a\x1b[2J\nb\u202e", math.NaN()}}}
	var out strings.Builder
	if err := printTable(&out, "table", table); err != nil {
		t.Fatal(err)
	}
	if want := `a\u001b[2J\u000ab\u202e`; !strings.Contains(out.String(), want) {
		t.Errorf("got %q, want it to hold %q", out.String(), want)
	}
	out.Reset()
	if err := printTable(&out, "json", table); err != nil || !strings.Contains(out.String(), `"value": null`) {
		t.Errorf("unknown is null in JSON: %q, %v", out.String(), err)
	}
}

func TestCSVHoldsNoFormulas(t *testing.T) {
	table := app.Table{Columns: []string{"id", "value"}, Rows: [][]any{{"=1+1", -0.5}, {"@SUM(A1)", 1.0}, {"a=b", 2.0}}}
	var out strings.Builder
	if err := printTable(&out, "csv", table); err != nil {
		t.Fatal(err)
	}
	if want := "id,value\n'=1+1,-0.5\n'@SUM(A1),1\na=b,2\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// Times are printed for reading; what machines read keeps its unit.
func TestTimesAreReadable(t *testing.T) {
	table := app.Table{Columns: []string{"metric", "value", "low", "unit", "n"}, Rows: [][]any{
		{"durations.resolve.median", 7890.0, 42.0, "seconds", int64(7)}, {"durations.resolve.p90", math.NaN(), 864000.0, "seconds", int64(7)}, {"repeat_rate.repeats", 0.25, 0.125, "share", int64(7)},
	}}
	for format, want := range map[string][]string{
		"table": {"2.19 h", "42 s", "10.0 days", "time", "0.25", "share"}, "csv": {"7890", "42", "seconds"}, "json": {"7890", "42", "seconds"},
	} {
		var out bytes.Buffer
		if err := printTable(&out, format, table); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%s: no %q in\n%s", format, text, out.String())
			}
		}
	}
}
