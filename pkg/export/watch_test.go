package export_test

import (
	"math"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tuition-hq/tuition/pkg/export"
	"github.com/tuition-hq/tuition/pkg/learning"
)

func watchCollector(most int, points ...learning.WatchPoint) *export.Collector {
	return export.NewCollector(func() (learning.Snapshot, bool) { return learning.Snapshot{Watch: points}, true }, most)
}

func watchPoint(kind, scope, clock string) learning.WatchPoint {
	return learning.WatchPoint{
		Scope: learning.Scope{Kind: kind, Name: scope}, What: "uncontained", Clock: clock, Latest: true,
		Evidence: 6.2, Better: 0.5, Bar: 360, State: learning.OK, Doubling: 0.12, Tripling: math.NaN(),
	}
}

func TestWatchGauges(t *testing.T) {
	refused := watchPoint("organisation", "", "deploys")
	refused.State, refused.Evidence, refused.Better = learning.AssumptionFailed, math.NaN(), math.NaN()
	raised := watchPoint("service", "api", "days")
	raised.RaisedAt = 1
	c := watchCollector(0, watchPoint("organisation", "", "days"), refused, raised)
	want := `
# HELP tuition_watch_alarm 1 if the evidence reached the bar on every clock that can be read, in the watch's current year. It stays 1 to the end of the year in which it was raised, whatever is told later.
# TYPE tuition_watch_alarm gauge
tuition_watch_alarm{scope="",scope_kind="organisation",what="uncontained"} 0
tuition_watch_alarm{scope="api",scope_kind="service",what="uncontained"} 1
# HELP tuition_watch_evidence Evidence (e-value) that failures come more often than in the baseline, to be held against tuition_watch_bar. Absent where the data does not allow a figure. Low evidence is no proof of safety.
# TYPE tuition_watch_evidence gauge
tuition_watch_evidence{clock="days",scope="",scope_kind="organisation",what="uncontained"} 6.2
tuition_watch_evidence{clock="days",scope="api",scope_kind="service",what="uncontained"} 6.2
# HELP tuition_watch_power Chance that a rate multiplied as the label change says, at week 16 of the watch's year, is caught by the year's end.
# TYPE tuition_watch_power gauge
tuition_watch_power{change="doubling",clock="days",scope="",scope_kind="organisation",what="uncontained"} 0.12
tuition_watch_power{change="doubling",clock="days",scope="api",scope_kind="service",what="uncontained"} 0.12
# HELP tuition_watch_state_code State of the watch: 0 ok, 1 insufficient, 2 assumption failed.
# TYPE tuition_watch_state_code gauge
tuition_watch_state_code{clock="days",scope="",scope_kind="organisation",what="uncontained"} 0
tuition_watch_state_code{clock="deploys",scope="",scope_kind="organisation",what="uncontained"} 2
tuition_watch_state_code{clock="days",scope="api",scope_kind="service",what="uncontained"} 0
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "tuition_watch_alarm", "tuition_watch_evidence", "tuition_watch_power", "tuition_watch_state_code"); err != nil {
		t.Error(err)
	}
	if got := testutil.CollectAndCount(c, "tuition_watch_bar"); got != 2 {
		t.Errorf("%d bars, want those of the two that have figures", got)
	}
}

// The number of series is bounded, but an alarm is never left out.
func TestWatchGaugesAreBounded(t *testing.T) {
	var points []learning.WatchPoint
	for i := range 40 {
		points = append(points, watchPoint("service", string(rune('a'+i/26))+string(rune('a'+i%26)), "days"))
	}
	points[39].AlarmSince = 1
	points = append(points, watchPoint("organisation", "", "days"))
	c := watchCollector(70, points...)
	if got := testutil.CollectAndCount(c, "tuition_watch_evidence"); got != 10 {
		t.Errorf("%d points, want 10", got)
	}
	want := `
# HELP tuition_watch_left_out Points of the watch that were not exported, to bound the number of time series. One with an alarm never is.
# TYPE tuition_watch_left_out gauge
tuition_watch_left_out 31
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "tuition_watch_left_out"); err != nil {
		t.Error(err)
	}
	for i := range points {
		points[i].AlarmSince = 1
	}
	if got := testutil.CollectAndCount(watchCollector(70, points...), "tuition_watch_alarm"); got != 41 {
		t.Errorf("%d alarms of 41", got)
	}
}
