package review

import (
	"fmt"
	"math"
	"sort"

	"github.com/tuition-hq/tuition/pkg/learning"
)

const (
	chartWidth    = 720
	marginLeft    = 64
	marginRight   = 16
	mostQuarters  = 24
	intervalPlotH = 190
)

// intervalChart draws a metric by quarter: a dot for the estimate, a dark bar
// for the 50 % interval and a light one for the 95 % interval, n below. What
// may not be read as a number has a shape of its own and no height.
func intervalChart(id, title string, rows []learning.Estimate, now string) (chart, bool) {
	if len(rows) == 0 {
		return chart{}, false
	}
	c := chart{ID: id, Title: title, Width: chartWidth, Height: intervalPlotH + 96}
	unit := rows[0].Unit
	if w := unitWords(unit); w != "" {
		c.Note = w
	}
	c.Columns = []string{"Quarter", "Estimate", "Low", "High", "50 % low", "50 % high", "n", "State"}
	for _, e := range rows {
		c.Rows = append(c.Rows, []string{
			e.Window, quantity(e.Value, unit), quantity(e.Low, unit), quantity(e.High, unit),
			quantity(e.Low50, unit), quantity(e.High50, unit), count(e.N), stateWord(e.State),
		})
	}
	first, last := mustIndex(rows[0].Window), mustIndex(rows[len(rows)-1].Window)
	if now != "" {
		last = max(last, mustIndex(now))
	}
	hidden := max(0, last-first+1-mostQuarters)
	first += hidden
	byIndex := map[int]learning.Estimate{}
	lo, hi := 0.0, 0.0
	var highs []float64
	highest := 0.0
	shown := 0
	for _, e := range rows {
		i := mustIndex(e.Window)
		if i < first {
			continue
		}
		byIndex[i] = e
		if e.State != learning.OK {
			continue
		}
		shown++
		for _, x := range []float64{e.Value, e.Low, e.High} {
			if !math.IsNaN(x) && !math.IsInf(x, 0) {
				lo, hi = math.Min(lo, x), math.Max(hi, x)
			}
		}
		if !math.IsNaN(e.High) && !math.IsInf(e.High, 0) {
			highs = append(highs, e.High)
		}
		if !math.IsNaN(e.Value) {
			highest = math.Max(highest, e.Value)
		}
	}
	hi = math.Min(hi, ceiling(highs, highest))
	c.Desc = fmt.Sprintf("%s by quarter from %s to %s: %d of %d quarters have a figure. The table holds every value.",
		title, quarterAt(first), quarterAt(last), shown, last-first+1)
	if hidden > 0 {
		c.Desc += fmt.Sprintf(" %d earlier quarters stand in the table only.", hidden)
	}
	s := newScale(lo, hi, unit, 24, 24+intervalPlotH)
	c.yAxis(s, unit)
	bottom := 24.0 + intervalPlotH
	slot := (chartWidth - marginLeft - marginRight) / float64(last-first+1)
	slot = math.Min(slot, 96)
	wide := math.Min(22, slot*0.55)
	for i := first; i <= last; i++ {
		x := marginLeft + (float64(i-first)+0.5)*slot
		c.quarterLabel(quarterAt(i), x, bottom, i == first, quarterAt(i).String() == now)
		e, ok := byIndex[i]
		if !ok {
			c.text("tick", "middle", x, bottom+54, "–")
			continue
		}
		c.text("tick", "middle", x, bottom+54, count(e.N))
		c.interval(s, e, x, wide, bottom, e.Window == now)
	}
	c.text("tick", "end", marginLeft-12, bottom+54, "n")
	c.Legend = []legend{{"estimate", "dot", "estimate"}, {"band50", "bar", "50 % interval"}, {"band95", "bar", "95 % interval"}}
	for _, e := range byIndex {
		if e.State == learning.Insufficient {
			c.Legend = append(c.Legend, legend{"insufficient", "ring", "not enough data"})
			break
		}
	}
	if len(marksOf(c, "cut")) > 0 {
		c.Legend = append(c.Legend, legend{"cut", "triangle", "reaches higher"})
	}
	for _, e := range byIndex {
		if e.State == learning.AssumptionFailed {
			c.Legend = append(c.Legend, legend{"attention", "triangle", "assumption failed"})
			break
		}
	}
	return c, true
}

// ceiling keeps one quarter that hardly knows anything from flattening all the
// others: no axis goes higher than three times the median upper bound, nor
// lower than any estimate. What is higher is cut, and marked as cut.
func ceiling(highs []float64, highest float64) float64 {
	if len(highs) < 4 {
		return math.Inf(1)
	}
	sort.Float64s(highs)
	return math.Max(3*highs[len(highs)/2], 1.1*highest)
}

func mustIndex(window string) int {
	q, err := ParseQuarter(window)
	if err != nil {
		return 0
	}
	return q.index()
}

func (c *chart) quarterLabel(q Quarter, x, bottom float64, first, now bool) {
	class := "tick"
	if now {
		class = "tick now"
	}
	c.text(class, "middle", x, bottom+20, fmt.Sprintf("Q%d", q.Number))
	if first || q.Number == 1 {
		c.text("tick", "middle", x, bottom+36, fmt.Sprint(q.Year))
	}
}

func marksOf(c chart, class string) []mark {
	var out []mark
	for _, m := range c.Marks {
		if m.Class == class {
			out = append(out, m)
		}
	}
	return out
}

func (c *chart) interval(s scale, e learning.Estimate, x, wide, bottom float64, now bool) {
	tip := e.Window + ": " + e.Reading
	switch {
	case e.State == learning.Insufficient:
		c.dot("insufficient", x, bottom-9, 5, tip)
		return
	case e.State != learning.OK:
		c.triangle("attention", x, bottom-9, 6, tip)
		return
	case math.IsNaN(e.Value):
		return
	}
	if !math.IsNaN(e.Low) && !math.IsNaN(e.High) {
		c.rect("band95", x-wide/2, s.y(e.High), wide, s.y(e.Low)-s.y(e.High), tip)
	}
	if e.High > s.hi {
		c.triangle("cut", x, s.top-8, 5, "reaches up to "+quantity(e.High, e.Unit))
	}
	if !math.IsNaN(e.Low50) && !math.IsNaN(e.High50) {
		c.rect("band50", x-wide/2, s.y(e.High50), wide, s.y(e.Low50)-s.y(e.High50), tip)
	}
	r := 4.0
	if now {
		r = 5.5
	}
	c.dot("estimate", x, s.y(e.Value), r, tip)
}

// A scale maps values to heights; top and bottom are in pixels.
type scale struct {
	lo, hi, step float64
	top, bottom  float64
}

// newScale takes round steps, in the unit's own roundness: durations step in
// minutes, hours and days.
func newScale(lo, hi float64, unit string, top, bottom float64) scale {
	if hi <= lo {
		hi = lo + 1
		if unit == "seconds" {
			hi = lo + 3600
		}
	}
	step := niceStep((hi - lo) / 4)
	if unit == "seconds" {
		step = niceTime((hi - lo) / 4)
	}
	s := scale{lo: math.Floor(lo/step) * step, hi: math.Ceil(hi/step) * step, step: step, top: top, bottom: bottom}
	if unit == "share" && s.hi > 1 {
		s.hi = 1
	}
	return s
}

func niceStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if raw <= m*power*1.0000001 {
			return m * power
		}
	}
	return 10 * power
}

// niceTime is the next round time: people count in quarters of hours, not in
// hundreds of seconds.
func niceTime(raw float64) float64 {
	const minute, hour, day = 60, 3600, 86400
	for _, t := range []float64{1, 5, 15, 30, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day} {
		if raw <= t {
			return t
		}
	}
	return niceStep(raw/day) * day
}

func (s scale) y(v float64) float64 {
	v = math.Max(s.lo, math.Min(s.hi, v))
	return s.bottom - (v-s.lo)/(s.hi-s.lo)*(s.bottom-s.top)
}

func (s scale) ticks() []float64 {
	var out []float64
	for i := 0; ; i++ {
		v := s.lo + float64(i)*s.step
		if v > s.hi+s.step/1e6 {
			return out
		}
		out = append(out, v)
	}
}

func (c *chart) yAxis(s scale, unit string) {
	for _, v := range s.ticks() {
		class := "grid"
		if math.Abs(v) < s.step/1e6 {
			v, class = 0, "zero"
		}
		c.line(class, marginLeft, s.y(v), c.Width-marginRight, s.y(v))
		c.text("tick", "end", marginLeft-12, s.y(v)+4, quantity(v, unit))
	}
}

func sortByWindow(rows []learning.Estimate) {
	sort.Slice(rows, func(i, j int) bool { return rows[i].Window < rows[j].Window })
}
