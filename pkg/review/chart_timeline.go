package review

import (
	"fmt"
	"math"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// A happening is one mark of the quarter's timeline.
type happening struct {
	at    int64
	lane  int
	class string
	what  string
}

var lanes = []string{"Incidents", "Failed changes", "Gaps found", "Fixes declared"}

const (
	pileStep = 11.0
	pileMost = 8
)

// timelineChart lays out what happened in the quarter, a lane for each kind.
// Marks that would hide each other are piled up, and a lane is as high as its
// highest pile. A pile has at most eight marks, the rest is told by its number.
func timelineChart(f *Facts, q Quarter, classes map[string]string, continued map[string]bool) (chart, bool) {
	var all []happening
	unended := learning.UnendedBefore(&f.Input)
	for i := range f.Input.Incidents {
		x := &f.Input.Incidents[i]
		if x.IsDrill || x.DuplicateOf != "" || continued[x.ID] || !q.Holds(x.At()) {
			continue
		}
		class, kind := "m-first", "not met before"
		if x.FailureMode == "" {
			class, kind = "m-unknown", "failure mode unknown"
		}
		if unended[x.ID] {
			class, kind = "m-unknown", "met before, no earlier one known to have ended"
		}
		if k := classes[x.ID]; k != "" {
			class, kind = "m-"+k, classWords[k]
		}
		all = append(all, happening{x.At(), 0, class, f.title(x.ID) + " (" + kind + ")"})
	}
	for _, x := range f.Input.FailedChange {
		if q.Holds(x.FinishedAt) {
			all = append(all, happening{x.FinishedAt, 1, "m-change", "change of " + x.Service + " (" + whyFailed(x.Why) + ")"})
		}
	}
	for _, x := range f.Input.Gaps {
		if q.Holds(x.FoundAt) {
			all = append(all, happening{x.FoundAt, 2, "m-gap", f.title(x.ID)})
		}
	}
	for _, x := range f.Input.Improvements {
		if q.Holds(x.ClosedAt) {
			all = append(all, happening{x.ClosedAt, 3, "m-fix", f.title(x.ID)})
		}
	}
	if len(all) == 0 {
		return chart{}, false
	}
	const left, right = 164.0, chartWidth - marginRight
	c := chart{ID: "timeline", Title: "The quarter, day by day", Width: chartWidth, Screen: true}
	c.Columns = []string{"Day", "What", "Kind"}
	slots := int(math.Floor((right - left) / pileStep))
	step := (right - left) / float64(slots)
	at := func(t time.Time) float64 {
		return left + float64(t.Sub(q.Start()))/float64(q.End().Sub(q.Start()))*(right-left)
	}
	pile := map[[2]int][]happening{}
	counts, highest := make([]int, len(lanes)), make([]int, len(lanes))
	for _, h := range all {
		key := [2]int{h.lane, min(slots-1, int((at(time.UnixMilli(h.at).UTC())-left)/step))}
		pile[key] = append(pile[key], h)
		counts[h.lane]++
		highest[h.lane] = min(pileMost, max(highest[h.lane], len(pile[key])))
	}
	const top = 12.0
	bottom := top
	base := make([]float64, len(lanes))
	var used []int
	for lane, n := range counts {
		if n > 0 {
			bottom += 24 + max(34, float64(highest[lane])*pileStep)
			base[lane] = bottom - 12
			used = append(used, lane)
		}
	}
	c.Height = bottom + 32
	start, end := q.Start(), q.End()
	for m := 0; m < 3; m++ {
		from, to := start.AddDate(0, m, 0), start.AddDate(0, m+1, 0)
		c.line("grid", at(from), top, at(from), bottom)
		c.text("tick", "middle", (at(from)+at(to))/2, bottom+20, from.Format("January"))
	}
	c.line("grid", at(end), top, at(end), bottom)
	c.Desc = "Events of " + q.String() + " by day: "
	for k, lane := range used {
		y := base[lane]
		c.line("zero", left, y+8, chartWidth-marginRight, y+8)
		c.text("lane", "start", 0, y-10, lanes[lane])
		c.text("tick", "start", 0, y+10, count(counts[lane]))
		if k > 0 {
			c.Desc += ", "
		}
		c.Desc += fmt.Sprintf("%s %d", lanes[lane], counts[lane])
	}
	c.Desc += ". The table holds every one."
	if asOf := time.UnixMilli(f.Snapshot.AsOf).UTC(); asOf.After(start) && asOf.Before(end) {
		c.rect("unseen", at(asOf), top, at(end)-at(asOf), bottom-top, "not yet observed")
	}
	for lane := range lanes {
		for slot := range slots {
			hs := pile[[2]int{lane, slot}]
			x := left + (float64(slot)+0.5)*step
			for i, h := range hs {
				c.Rows = append(c.Rows, []string{day(h.at), h.what, lanes[lane]})
				if i == pileMost-1 && len(hs) > pileMost {
					c.text("tick", "middle", x, base[lane]-float64(i)*pileStep+4, "+"+count(len(hs)-i))
				}
				if i >= pileMost-1 && len(hs) > pileMost {
					continue
				}
				c.shape(h.class, x, base[lane]-float64(i)*pileStep, day(h.at)+": "+h.what)
			}
		}
	}
	c.Legend = timelineLegend(all)
	return c, true
}

func (c *chart) shape(class string, x, y float64, tip string) {
	switch class {
	case "m-repeat":
		c.triangle(class, x, y, 5, tip)
	case "m-known_open", "m-gap":
		c.square(class, x, y, 4, tip)
	case "m-fix", "m-unaddressed":
		c.diamond(class, x, y, 5, tip)
	default:
		c.dot(class, x, y, 4.2, tip)
	}
}

var classWords = map[string]string{
	"repeat":      "repeat of a failure declared fixed",
	"known_open":  "known, its fix declared, not known to be closed",
	"unaddressed": "recurrence that nothing addressed",
}

func timelineLegend(all []happening) []legend {
	known := []legend{
		{"m-first", "dot", "not met before"},
		{"m-repeat", "triangle", classWords["repeat"]},
		{"m-known_open", "square", classWords["known_open"]},
		{"m-unaddressed", "diamond", classWords["unaddressed"]},
		{"m-unknown", "dot", "failure mode unknown, or met before and not known to have ended"},
	}
	has := map[string]bool{}
	for _, h := range all {
		has[h.class] = true
	}
	var out []legend
	for _, l := range known {
		if has[l.Class] {
			out = append(out, l)
		}
	}
	return out
}

// classesOf says of each incident which kind of recurrence it is. An incident
// that recurs to several earlier ones has one class, the view's own.
func classesOf(rs []learning.Recurrence) map[string]string {
	out := make(map[string]string, len(rs))
	for _, r := range rs {
		out[r.IncidentID] = r.Class
	}
	return out
}
