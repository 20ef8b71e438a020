package review

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// fewestResolved is below what a curve of resolution times says nothing.
const fewestResolved = 6

// resolveChart is the Kaplan–Meier curve of the time to resolve: the share of
// incidents still open so long after they were noticed, those of the quarter
// before the whole record. Unfinished ones are ticks, not losses. Its incidents
// are those of durations.resolve.
func resolveChart(f *Facts, q Quarter) (chart, bool) {
	var own, every []stats.Lifetime
	for i := range f.Input.Incidents {
		x := &f.Input.Incidents[i]
		noticed := cmp.Or(x.DetectedAt, x.StartedAt)
		if x.IsDrill || x.DuplicateOf != "" || noticed == 0 || noticed > f.Snapshot.AsOf || (x.ResolvedAt != 0 && x.ResolvedAt < noticed) {
			continue
		}
		l := stats.Lifetime{Time: float64(x.ResolvedAt-noticed) / 1000, Event: true}
		if x.ResolvedAt == 0 {
			l = stats.Lifetime{Time: float64(f.Snapshot.AsOf-noticed) / 1000}
		}
		every = append(every, l)
		if q.Holds(x.At()) {
			own = append(own, l)
		}
	}
	whole, quarter := stats.KaplanMeier(every), stats.KaplanMeier(own)
	if whole.Events < fewestResolved {
		return chart{}, false
	}
	c := chart{ID: "resolve", Title: "Share of incidents still open after so long", Width: chartWidth, Height: 278}
	const top, bottom = 14.0, 224.0
	y := scale{lo: 0, hi: 1, step: 0.25, top: top, bottom: bottom}
	c.yAxis(y, "share")
	x := newLogScale(whole)
	for _, t := range x.ticks() {
		c.line("grid", x.x(t), top, x.x(t), bottom)
		anchor := "middle"
		if t == x.to {
			anchor = "end"
		}
		c.text("tick", anchor, x.x(t), bottom+20, duration(t))
	}
	c.line("guide", marginLeft, y.y(0.5), chartWidth-marginRight, y.y(0.5))
	c.curve("step record", whole, every, x, y, "whole record")
	c.Legend = []legend{{"record", "step", fmt.Sprintf("whole record, n = %s", count(whole.N))}}
	if quarter.Events >= fewestResolved {
		c.curve("step", quarter, own, x, y, q.String())
		c.Legend = append(c.Legend, legend{"own", "step", fmt.Sprintf("%s, n = %s", q, count(quarter.N))})
	}
	c.Legend = append(c.Legend, legend{"censor", "tick", "still open when last seen"})
	c.text("tick", "middle", (marginLeft+chartWidth-marginRight)/2, bottom+42, "time since the incident was noticed, on a logarithmic scale")
	c.Desc = fmt.Sprintf("Step curves falling from 100\u00a0%% to %s. In the whole record half of the incidents were resolved within %s.",
		quantity(whole.At(math.Inf(1)), "share"), duration(whole.Quantile(0.5)))
	c.Columns = []string{"After", "Still open, whole record", "Still open, " + q.String()}
	for _, t := range x.ticks() {
		own := "–"
		if quarter.Events >= fewestResolved {
			own = quantity(quarter.At(t), "share")
		}
		c.Rows = append(c.Rows, []string{duration(t), quantity(whole.At(t), "share"), own})
	}
	return c, true
}

func (c *chart) curve(class string, s stats.Survival, lifetimes []stats.Lifetime, x logScale, y scale, name string) {
	var d strings.Builder
	d.WriteString("M" + round1(x.x(0)) + " " + round1(y.y(1)))
	for _, step := range s.Steps {
		d.WriteString("H" + round1(x.x(step.Time)) + "V" + round1(y.y(step.Survival)))
	}
	d.WriteString("H" + round1(x.x(s.Longest)))
	c.path(class, d.String(), name)
	for _, l := range lifetimes {
		if !l.Event {
			at := y.y(s.At(l.Time))
			c.line("censor", x.x(l.Time), at-5, x.x(l.Time), at+5)
		}
	}
}

// logScale runs over the decades of times; what is shorter than its start
// lies at its left edge.
type logScale struct{ from, to float64 }

var roundTimes = []float64{1, 10, 60, 600, 3600, 6 * 3600, 86400, 4 * 86400, 14 * 86400, 60 * 86400, 365 * 86400}

func newLogScale(s stats.Survival) logScale {
	last := s.Steps[len(s.Steps)-1].Time
	first := s.Steps[0].Time
	out := logScale{from: roundTimes[0], to: roundTimes[len(roundTimes)-1]}
	for _, t := range roundTimes {
		if t <= first {
			out.from = t
		}
	}
	for i := len(roundTimes) - 1; i >= 0; i-- {
		if roundTimes[i] >= last && roundTimes[i] > out.from {
			out.to = roundTimes[i]
		}
	}
	return out
}

func (s logScale) x(t float64) float64 {
	t = math.Max(s.from, math.Min(s.to, t))
	return marginLeft + math.Log(t/s.from)/math.Log(s.to/s.from)*(chartWidth-marginLeft-marginRight)
}

func (s logScale) ticks() []float64 {
	var out []float64
	for _, t := range roundTimes {
		if t >= s.from && t <= s.to {
			out = append(out, t)
		}
	}
	return out
}
