package export

import (
	"sort"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// seriesOfAPoint is the most time series that one point of the watch has.
const seriesOfAPoint = 7

// watchGauges are the regression watch at as_of.
type watchGauges struct {
	evidence, improvement, bar, state, alarm, power, left *prometheus.Desc
}

func newWatchGauges() watchGauges {
	labels := []string{"scope_kind", "scope", "what", "clock"}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tuition_watch_"+name, help, labels, nil)
	}
	return watchGauges{
		evidence:    desc("evidence", "Evidence (e-value) that failures come more often than in the baseline, to be held against tuition_watch_bar. Absent where the data does not allow a figure. Low evidence is no proof of safety.", labels...),
		improvement: desc("improvement_evidence", "Evidence (e-value) that failures come more seldom than in the baseline, to be held against tuition_watch_bar.", labels...),
		bar:         desc("bar", "What the evidence must reach for an alarm, set at the start of the watch's year.", labels...),
		state:       desc("state_code", "State of the watch: 0 ok, 1 insufficient, 2 assumption failed.", labels...),
		alarm:       desc("alarm", "1 if the evidence reached the bar on every clock that can be read, in the watch's current year. It stays 1 to the end of the year in which it was raised, whatever is told later.", "scope_kind", "scope", "what"),
		power:       desc("power", "Chance that a rate multiplied as the label change says, at week 16 of the watch's year, is caught by the year's end.", append(labels, "change")...),
		left:        desc("left_out", "Points of the watch that were not exported, to bound the number of time series. One with an alarm never is."),
	}
}

func (w watchGauges) describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{w.evidence, w.improvement, w.bar, w.state, w.alarm, w.power, w.left} {
		ch <- d
	}
}

// collect gives at most so many points: those with an alarm first, then the
// organisation's, then teams' and services' by name.
func (w watchGauges) collect(all []learning.WatchPoint, most int, gauge func(d *prometheus.Desc, x float64, labels ...string)) {
	points := append([]learning.WatchPoint(nil), all...)
	sort.SliceStable(points, func(i, j int) bool {
		a, b := &points[i], &points[j]
		if alarmed(a) != alarmed(b) {
			return alarmed(a)
		}
		return rank(learning.Estimate{Scope: a.Scope}) < rank(learning.Estimate{Scope: b.Scope})
	})
	shown := points
	if len(points) > most {
		shown = points[:most]
		for most < len(points) && alarmed(&points[most]) {
			most++
			shown = points[:most]
		}
	}
	if len(all) > 0 {
		gauge(w.left, float64(len(points)-len(shown)))
	}
	type scoped struct{ kind, name, what string }
	told := map[scoped]bool{}
	for i := range shown {
		p := &shown[i]
		name := strings.ToValidUTF8(p.Scope.Name, "�")
		labels := []string{p.Scope.Kind, name, p.What, p.Clock}
		gauge(w.state, float64(p.State.Code()), labels...)
		if p.State == learning.OK {
			gauge(w.evidence, p.Evidence, labels...)
			gauge(w.improvement, p.Better, labels...)
			gauge(w.bar, p.Bar, labels...)
			gauge(w.power, p.Doubling, append(labels, "doubling")...)
			gauge(w.power, p.Tripling, append(labels, "tripling")...)
		}
		if key := (scoped{p.Scope.Kind, name, p.What}); !told[key] {
			told[key] = true
			alarm := 0.0
			if alarmed(p) {
				alarm = 1
			}
			gauge(w.alarm, alarm, p.Scope.Kind, name, p.What)
		}
	}
}

// alarmed: by this run, or by one before it whose alarm still stands.
func alarmed(p *learning.WatchPoint) bool { return p.AlarmSince != 0 || p.RaisedAt != 0 }
