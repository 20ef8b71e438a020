package store

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
)

const week = 7 * 86_400_000

// rising is an organisation whose failures come four times as often from the
// 70th week on; without the late news that they were drills it alarms.
func rising(asOf int64, drills bool) learning.Input {
	in := learning.Input{AsOf: asOf, Start: int64(start), Hash: "rising", InputEvents: 500}
	var deploys []int64
	for t := int64(start); t < asOf; t += week / 3 {
		deploys = append(deploys, t)
	}
	in.Services = []learning.Service{{Name: "api", Team: "core", InCatalog: true, AliveFrom: int64(start), AliveTo: asOf, Deploys: learning.CountDeploys(deploys...)}}
	// 1.37 and 0.31 of a week are no multiples of the deploys' third, nor of a day.
	for i, t := 0, int64(start)+week/2; t < asOf; i++ {
		in.Incidents = append(in.Incidents, learning.Incident{
			ID: "i" + string(rune('a'+i/26/26%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26)), Service: "api", Team: "core",
			StartedAt: t, DetectedAt: t, DetectionSource: "monitoring", Containment: "uncontained",
			StatedDetectSeconds: -1, StatedResolveSeconds: -1,
			IsDrill: drills && t > int64(start)+70*week && i%4 != 0,
		})
		if t < int64(start)+70*week {
			t += week * 137 / 100
		} else {
			t += week * 31 / 100
		}
	}
	if drills {
		in.Hash, in.InputEvents = "corrected", 600
	}
	return in
}

// The rows of the watch but for the run and when the alarm was raised.
const watchRows = `SELECT scope_kind, scope, what, clock, at, latest, method, evidence, improvement, bar, dispersion, n_before, n_since,
	exposure_before, exposure_since, state, crossed_at, alarm_since, improved_since, raised_at IS NULL, raised_evidence, alarm, power_doubling, power_tripling, delay_weeks, reading
	FROM watch ORDER BY scope_kind, scope, what, clock, at`

func TestAnAlarmOnceRaisedStays(t *testing.T) {
	s := open(t)
	asOf := int64(start) + 100*week
	run := learning.Compute(rising(asOf, false), learning.DefaultSettings())
	if err := s.Publish(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	const alarms = "SELECT scope_kind, scope, what, clock, alarm, alarm_since IS NOT NULL, raised_at IS NOT NULL FROM watch WHERE latest AND alarm ORDER BY ALL"
	first := read(t, s, alarms)
	for _, want := range []string{"organisation||uncontained|days|1|1|1", "organisation||uncontained|deploys|1|1|1", "team|core|uncontained|days|1|1|1", "service|api|uncontained|days|1|1|1"} {
		if !slices.Contains(first, want) {
			t.Fatalf("no %s among %q", want, first)
		}
	}
	const raised = "SELECT raised_at, raised_by, raised_evidence FROM watch WHERE latest AND scope_kind = 'organisation' AND what = 'uncontained' AND clock = 'days'"
	before, rows := read(t, s, raised), read(t, s, watchRows)

	// The analyser is killed and starts again: it computes and publishes the same.
	again := dial(t, servertest.Engine(t), s.config.Database, "")
	if err := again.Publish(t.Context(), learning.Compute(rising(asOf, false), learning.DefaultSettings())); err != nil {
		t.Fatal(err)
	}
	if got := read(t, again, raised); !slices.Equal(got, before) {
		t.Errorf("after a restart the alarm was raised %q, before %q", got, before)
	}
	if got := read(t, again, watchRows); !slices.Equal(got, rows) {
		t.Error("a restart changed the watch")
	}

	// Late news: most of what came was drills.
	if err := s.Publish(t.Context(), learning.Compute(rising(asOf, true), learning.DefaultSettings())); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, raised); !slices.Equal(got, before) {
		t.Errorf("after the correction the alarm was raised %q, before %q", got, before)
	}
	got := read(t, s, "SELECT alarm, alarm_since IS NULL, reading FROM watch WHERE latest AND scope_kind = 'organisation' AND what = 'uncontained' AND clock = 'days'")
	if len(got) != 1 || !strings.HasPrefix(got[0], "1|1|An alarm was raised on 20") || !strings.Contains(got[0], "after later corrections: Evidence of regression in uncontained incidents is") {
		t.Errorf("%q", got)
	}
	snapshot, err := s.Estimates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range snapshot.Watch {
		if p.Scope.Kind == "organisation" && p.What == "uncontained" && p.Clock == "days" {
			found = true
			if p.RaisedAt == 0 || p.AlarmSince != 0 || math.IsNaN(p.Evidence) {
				t.Errorf("%+v", p)
			}
		}
	}
	if !found {
		t.Error("the snapshot has no watch of the organisation")
	}
}

// The points read back are those of the run.
func TestWatchIsReadBack(t *testing.T) {
	s := open(t)
	run := learning.Compute(rising(int64(start)+60*week, false), learning.DefaultSettings())
	if err := s.Publish(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	snapshot, err := s.Estimates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var want []learning.WatchPoint
	for _, p := range run.Watch {
		if p.Latest {
			want = append(want, p)
		}
	}
	if len(want) == 0 || len(want) != len(snapshot.Watch) {
		t.Fatalf("%d points at as_of, %d read back", len(want), len(snapshot.Watch))
	}
	for i, p := range snapshot.Watch {
		if p.AlarmSince == 0 {
			p.RaisedAt = 0
		}
		if a, b := fmt.Sprintf("%+v", p), fmt.Sprintf("%+v", want[i]); a != b {
			t.Errorf("read  %s\nwrote %s", a, b)
		}
	}
	if got := read(t, s, "SELECT count(), countIf(latest) FROM watch")[0]; got == "0|0" {
		t.Error("no weeks")
	}
}

// TestAnAlarmStaysWhenYearsBeginElsewhere: without a set beginning of the baseline an
// import of older history moves the watch's years. What was raised stays to the end of
// the year that it was raised in, and not longer.
func TestAnAlarmStaysWhenYearsBeginElsewhere(t *testing.T) {
	s := open(t)
	publish := func(id string, from, at event.Millis, raised bool) {
		t.Helper()
		p := learning.WatchPoint{
			Scope: learning.Scope{Kind: "organisation"}, What: "uncontained", Clock: "days", YearFrom: int64(from),
			At: int64(at), Latest: true, Evidence: 3, Bar: 20, State: learning.OK, Reading: "Not crossed.",
		}
		if raised {
			p.Evidence, p.CrossedAt, p.AlarmSince = 500, int64(day(90)), int64(day(90))
		}
		r := estimateRun(id, int64(at), 10, 0.5)
		r.Watch = []learning.WatchPoint{p}
		if err := s.Publish(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	seen := func() string {
		t.Helper()
		points, err := s.watch(t.Context())
		if err != nil || len(points) != 1 {
			t.Fatal(points, err)
		}
		return fmt.Sprint(read(t, s, "SELECT alarm, raised_by, startsWith(reading, 'An alarm was raised') FROM watch")[0], " ", points[0].RaisedAt != 0)
	}
	publish("first", day(0), day(100), true)
	for _, c := range []struct {
		run      string
		from, at event.Millis
		want     string
	}{
		{"older history", day(-70), day(101), "1|first|1 true"},
		{"its year's end", day(-70 + 364), day(364), "1|first|1 true"},
		{"after it", day(-70 + 364), day(365), "0|?|0 false"},
	} {
		publish(c.run, c.from, c.at, false)
		if got := seen(); got != c.want {
			t.Errorf("%s: %s, want %s", c.run, got, c.want)
		}
	}
}
