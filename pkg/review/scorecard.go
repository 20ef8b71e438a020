package review

import (
	"math"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// A scoreFamily is the measures of one question, under what they cannot say.
type scoreFamily struct {
	Title, CannotSay string
	Rows             []scoreRow
}

type scoreRow struct {
	Title, Unit string
	Link        string        // to its explanation
	Figures     []scoreFigure // of the quarter and of the whole record
}

// A scoreFigure is an estimate with all that is needed to read it. Without a
// figure the state stands in its place.
type scoreFigure struct {
	Window, Value, Bounds, N string
	Strip                    *chart
	State                    stateMark
	Verdict                  string
}

// scorecard sets the quarter beside the whole record, a row for each measure.
// A measure that has had nothing to count is left to the table of all measures.
func scorecard(f *Facts, q Quarter, es estimates) section {
	s := section{
		ID: "scorecard", Title: "Scorecard",
		Lead: "Each measure with its 95\u00a0% interval: the values that the data is compatible with. The dark band holds half of the chances. Where the data does not allow a figure, none is shown.",
	}
	s.Windows = []string{q.String(), "Whole record, to " + day(f.Snapshot.AsOf)}
	for _, fam := range families {
		out := scoreFamily{Title: fam.title, CannotSay: fam.cannotSay}
		for _, m := range fam.measures {
			row := scoreRow{Title: m.title, Link: es.link(m.metric, learning.Scope{Kind: organisation}, q.String())}
			var counted int64
			windows := []string{q.String(), wholeRecord}
			within := es.extent(m.metric, windows)
			for i, window := range windows {
				row.Figures = append(row.Figures, es.figure(m.metric, window, s.Windows[i], within))
				if e, ok := es.of(m.metric, window); ok {
					counted += e.N
					row.Unit = unitWords(e.Unit)
				}
			}
			if counted > 0 {
				out.Rows = append(out.Rows, row)
			}
		}
		if len(out.Rows) > 0 {
			s.Scorecard = append(s.Scorecard, out)
		}
	}
	return s
}

// figure is that of an estimate; of one that is not given it is empty but for its window.
func (es estimates) figure(metric, window, called string, within extent) scoreFigure {
	e, ok := es.of(metric, window)
	if !ok {
		return scoreFigure{Window: called}
	}
	out := scoreFigure{Window: called, N: count(e.N), State: markOf(e.State), Verdict: e.Verdict}
	if e.State != learning.OK {
		return out
	}
	out.Value, out.Bounds, out.Strip = valueOf(e), interval(e), strip(e, within)
	if out.Bounds == "–" {
		out.Bounds = "" // the value stands alone
		if _, bar, ok := strings.Cut(e.Method, "; bar "); ok {
			out.Bounds = "of a bar of " + bar // what the evidence of the watch is held against
		}
	}
	return out
}

// valueOf is an estimate's value. No chance is certain: a power that rounds to
// all or to nothing is told as more or less than what rounding shows.
func valueOf(e learning.Estimate) string {
	if e.State == learning.OK && strings.Contains(e.Metric, ".power") {
		switch {
		case e.Value > 0.99:
			return "> 99\u00a0%"
		case e.Value < 0.01:
			return "< 1\u00a0%"
		}
	}
	return quantity(e.Value, e.Unit)
}

// interval is from where to where a value may lie; a count of all, and the
// evidence of a watch, have none.
func interval(e learning.Estimate) string {
	if e.Low == e.High {
		return "–"
	}
	low, high := quantity(e.Low, e.Unit), quantity(e.High, e.Unit)
	if low == "" && high == "" {
		return "–"
	}
	if low == "" {
		return "at most " + high
	}
	if high == "" {
		return "at least " + low
	}
	return low + " – " + high
}

// extent is a stretch of values, zero always within.
type extent struct{ from, to float64 }

// extent is what a measure's strips share, so that the quarter and the whole
// record can be compared by eye.
func (es estimates) extent(metric string, windows []string) extent {
	var out extent
	for _, window := range windows {
		e, ok := es.of(metric, window)
		if !ok || e.State != learning.OK {
			continue
		}
		for _, x := range []float64{e.Value, e.Low, e.High} {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				out.from, out.to = math.Min(out.from, x), math.Max(out.to, x)
			}
		}
	}
	return out
}

// strip is an interval as a small drawing for a table's row. Its numbers stand
// beside it, so it is silent for those who listen.
func strip(e learning.Estimate, within extent) *chart {
	from, to := within.from, within.to
	if e.State != learning.OK || to <= from || e.Low == e.High || math.IsNaN(e.Low) || math.IsNaN(e.High) || math.IsInf(e.High, 0) {
		return nil
	}
	c := &chart{Width: 132, Height: 16}
	x := func(v float64) float64 { return 4 + (v-from)/(to-from)*124 }
	c.line("zero", x(0), 1, x(0), 15)
	c.rect("band95", x(e.Low), 4, math.Max(x(e.High)-x(e.Low), 1), 8, "")
	if !math.IsNaN(e.Low50) && !math.IsNaN(e.High50) {
		c.rect("band50", x(e.Low50), 4, math.Max(x(e.High50)-x(e.Low50), 1), 8, "")
	}
	c.dot("estimate", x(e.Value), 8, 3.5, "")
	return c
}
