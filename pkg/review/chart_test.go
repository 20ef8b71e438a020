package review

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

func row(window string, value float64) learning.Estimate {
	return learning.Estimate{
		Metric: "change_safety.failed_share", Scope: learning.Scope{Kind: organisation}, Window: window, Unit: "share",
		Value: value, Low: value / 2, High: value * 2, Low50: value * 0.8, High50: value * 1.2, Level: 0.95, N: 40, State: learning.OK, Reading: window + " reads",
	}
}

func at(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestIntervalChartDrawsEveryQuarterInItsPlace(t *testing.T) {
	few := row("2026-Q2", math.NaN())
	few.State, few.N = learning.Insufficient, 3
	failed := row("2026-Q3", math.NaN())
	failed.State = learning.AssumptionFailed
	c, ok := intervalChart("x", "Changes", []learning.Estimate{row("2025-Q3", 0.1), row("2026-Q1", 0.2), few, failed}, "2026-Q3")
	if !ok {
		t.Fatal("no chart")
	}
	if n := len(marksOf(c, "estimate")); n != 2 {
		t.Errorf("%d points, want one for each of the two quarters that may be read", n)
	}
	if len(marksOf(c, "insufficient")) != 1 || len(marksOf(c, "attention")) != 1 {
		t.Error("a quarter that may not be read has no shape of its own")
	}
	for i, outer := range marksOf(c, "band95") {
		inner, dot := marksOf(c, "band50")[i], marksOf(c, "estimate")[i]
		top, bottom := at(t, outer.Y), at(t, outer.Y)+at(t, outer.Y2)
		innerTop, innerBottom := at(t, inner.Y), at(t, inner.Y)+at(t, inner.Y2)
		y := at(t, dot.Y)
		if !(top < innerTop && innerTop < y && y < innerBottom && innerBottom < bottom) {
			t.Errorf("quarter %d: bands %v to %v and %v to %v around %v", i, top, bottom, innerTop, innerBottom, y)
		}
	}
	var labels []string
	for _, m := range c.Marks {
		if m.Kind == "text" {
			labels = append(labels, m.Text)
		}
	}
	// 2025-Q4 has no estimate at all: its place stays empty, it is not skipped.
	if all := strings.Join(labels, " "); !strings.Contains(all, "Q3 2025 40 Q4 – Q1 2026 40 Q2 3 Q3 40") {
		t.Errorf("labels %q", all)
	}
	if len(c.Rows) != 4 || c.Rows[2][1] != "" {
		t.Errorf("table %v: want four rows, and no figure for the third", c.Rows)
	}
}

func TestALoneQuarterIsReadable(t *testing.T) {
	c, ok := intervalChart("x", "Changes", []learning.Estimate{row("2026-Q3", 0.1)}, "2026-Q3")
	if !ok || len(marksOf(c, "estimate")) != 1 || len(marksOf(c, "band95")) != 1 {
		t.Fatal("a lone quarter has no point or no band")
	}
	if w := at(t, marksOf(c, "band95")[0].X2); w < 10 || w > 40 {
		t.Errorf("its band is %v wide", w)
	}
}

func TestLongHistoriesKeepTheNewest(t *testing.T) {
	var rows []learning.Estimate
	for i := QuarterOf(0).index(); len(rows) < 40; i++ {
		rows = append(rows, row(quarterAt(i).String(), 0.1))
	}
	c, _ := intervalChart("x", "Changes", rows, "")
	if n := len(marksOf(c, "estimate")); n != mostQuarters {
		t.Errorf("%d quarters drawn, want the newest %d", n, mostQuarters)
	}
	if len(c.Rows) != 40 || !strings.Contains(c.Desc, "16 earlier quarters") {
		t.Errorf("%d rows in the table, description %q", len(c.Rows), c.Desc)
	}
}

func TestScalesHoldWhatTheyShow(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		unit   string
	}{{0, 0.43, "share"}, {0, 1, "share"}, {-0.3, 0.2, "change_per_quarter"}, {0, 2400, "seconds"}, {0, 8.1 * 3600, "seconds"}, {0, 0, "share"}, {0, 1e-4, "share"}, {0, 31, "per_1000_service_days"}} {
		s := newScale(c.lo, c.hi, c.unit, 10, 200)
		if s.lo > c.lo || s.hi < c.hi {
			t.Errorf("%v to %v %s: the scale is %v to %v", c.lo, c.hi, c.unit, s.lo, s.hi)
		}
		if n := len(s.ticks()); n < 2 || n > 9 {
			t.Errorf("%v to %v %s: %d ticks", c.lo, c.hi, c.unit, n)
		}
		if s.y(s.lo) != 200 || s.y(s.hi) != 10 {
			t.Errorf("%v to %v: the ends lie at %v and %v", c.lo, c.hi, s.y(s.lo), s.y(s.hi))
		}
	}
}

// The dots are the interval: half on each side of the estimate, and 95 % of
// them, that is 47 or 48 of 50, between its bounds.
func TestDotplotIsTheInterval(t *testing.T) {
	e := row("all", 0.3)
	e.Low, e.High = 0.16, 0.51
	c, ok := dotplot("x", e)
	if !ok {
		t.Fatal("no plot")
	}
	dots := marksOf(c, "estimate chance")
	if len(dots) != dotsInPlot {
		t.Fatalf("%d dots, want %d", len(dots), dotsInPlot)
	}
	share := func(m mark) float64 { // the scale runs to 0.6
		return (at(t, m.X) - marginRight) / (chartWidth - 2*marginRight) * 0.6
	}
	below, within := 0, 0
	for _, d := range dots {
		if share(d) < e.Value {
			below++
		}
		if x := share(d); x > e.Low-0.006 && x < e.High+0.006 { // half a bin
			within++
		}
	}
	if below < 24 || below > 26 || within < 47 || within > 48 {
		t.Errorf("%d dots below the estimate, %d within the interval; want 25 and 47 or 48", below, within)
	}
	e.Low = e.Value
	if _, ok := dotplot("x", e); ok {
		t.Error("an interval without extent on one side was drawn as chances")
	}
}

func TestFigures(t *testing.T) {
	for _, c := range []struct {
		x    float64
		unit string
		want string
	}{
		{0.304, "share", "30\u00a0%"},
		{0.0043, "share", "0.43\u00a0%"},
		{1, "share", "100\u00a0%"},
		{0, "share", "0\u00a0%"},
		{math.NaN(), "share", ""},
		{-0.053, "change_per_quarter", "−5.3\u00a0%"},
		{0.1, "change_per_quarter", "+10\u00a0%"},
		{45, "seconds", "45\u00a0s"},
		{3599, "seconds", "60\u00a0min"},
		{11400, "seconds", "3.2\u00a0h"},
		{100000, "seconds", "28\u00a0h"},
		{172800, "seconds", "2\u00a0days"},
		{math.Inf(1), "seconds", "longer than observed"},
		{4.13, "per_1000_service_days", "4.1"},
		{1234567, "count", "1\u202f234\u202f567"},
		{1234, "ratio", "1200"},
		{1447997, "EUR", "1\u202f400\u202f000"},
		{-86868, "EUR", "−87\u202f000"},
	} {
		if got := quantity(c.x, c.unit); got != c.want {
			t.Errorf("%v %s is printed %q, want %q", c.x, c.unit, got, c.want)
		}
	}
}

func TestQuarters(t *testing.T) {
	q, err := ParseQuarter("2024-Q1")
	if err != nil {
		t.Fatal(err)
	}
	if q.String() != "2024-Q1" || q.Start().Format("2006-01-02") != "2024-01-01" || q.End().Format("2006-01-02") != "2024-04-01" {
		t.Errorf("%v runs from %v to %v", q, q.Start(), q.End())
	}
	if !q.Holds(q.Start().UnixMilli()) || q.Holds(q.End().UnixMilli()) || q.Holds(0) {
		t.Error("a quarter holds its first moment, not the next one's, and nothing unknown")
	}
	if QuarterOf(q.End().UnixMilli()).String() != "2024-Q2" || quarterAt(q.index()) != q {
		t.Error("quarters do not follow each other")
	}
	for _, bad := range []string{"", "2026", "2026-Q5", "2026-Q0", "26-Q1", "2026-q1", "0000-Q1", "20x6-Q1", "2026-Q1 ", "+026-Q1", "2026/Q1"} {
		if _, err := ParseQuarter(bad); err == nil || !strings.Contains(err.Error(), "2026-Q3") {
			t.Errorf("%q: %v, want an error that shows how to write it", bad, err)
		}
	}
}

// A quarter that hardly knows anything is cut, and says so.
func TestOneWideIntervalDoesNotFlattenTheRest(t *testing.T) {
	rows := []learning.Estimate{row("2025-Q3", 0.05), row("2025-Q4", 0.04), row("2026-Q1", 0.05), row("2026-Q2", 0.05)}
	rows[0].High = 0.95
	c, _ := intervalChart("x", "Changes", rows, "2026-Q2")
	if len(marksOf(c, "cut")) != 1 {
		t.Error("the wide interval is not marked as cut")
	}
	if h := at(t, marksOf(c, "band95")[3].Y2); h < intervalPlotH/8 {
		t.Errorf("the last interval is %v high, of %v", h, intervalPlotH)
	}
	if c.Rows[0][3] != "95\u00a0%" {
		t.Errorf("the table gives %q as its upper end, want all of it", c.Rows[0][3])
	}
}
