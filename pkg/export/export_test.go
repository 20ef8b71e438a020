package export_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tuition-hq/tuition/pkg/export"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
)

func estimate(metric, kind, scope, window string, value float64) learning.Estimate {
	return learning.Estimate{
		Metric: metric, Scope: learning.Scope{Kind: kind, Name: scope}, Window: window,
		Value: value, Low: value / 2, High: value * 2, N: 20, State: learning.OK,
	}
}

func collector(most int, es ...learning.Estimate) *export.Collector {
	s := learning.Snapshot{AsOf: 1_790_812_800_000, InputEvents: 48211, ComputedAt: time.Unix(1_790_823_600, 0), Estimates: es}
	return export.NewCollector(func() (learning.Snapshot, bool) { return s, true }, most)
}

func TestEstimatesComeWithBoundsAndState(t *testing.T) {
	missing := estimate("change_safety.failed", "organisation", "", "2026-Q3", math.NaN())
	missing.N, missing.State = 4, learning.Insufficient
	endless := estimate("durations.resolve", "organisation", "", "all", 7200)
	endless.High = math.Inf(1)
	c := collector(0, missing, endless)
	want := `
# HELP tuition_estimate Estimate in its own unit. Absent where the data does not allow a figure.
# TYPE tuition_estimate gauge
tuition_estimate{metric="durations.resolve",scope="",scope_kind="organisation",window="all"} 7200
# HELP tuition_estimate_as_of_seconds Until when things that happened were counted, in seconds since 1970.
# TYPE tuition_estimate_as_of_seconds gauge
tuition_estimate_as_of_seconds 1.7908128e+09
# HELP tuition_estimate_computed_seconds When the newest run was computed, in seconds since 1970.
# TYPE tuition_estimate_computed_seconds gauge
tuition_estimate_computed_seconds 1.7908236e+09
# HELP tuition_estimate_input_events Distinct events that the newest run was computed from.
# TYPE tuition_estimate_input_events gauge
tuition_estimate_input_events 48211
# HELP tuition_estimate_left_out Estimates of the newest run that were not exported, to bound the number of time series.
# TYPE tuition_estimate_left_out gauge
tuition_estimate_left_out 0
# HELP tuition_estimate_low Lower end of the 95 % interval. Absent where there is none.
# TYPE tuition_estimate_low gauge
tuition_estimate_low{metric="durations.resolve",scope="",scope_kind="organisation",window="all"} 3600
# HELP tuition_estimate_n How many things the estimate counted.
# TYPE tuition_estimate_n gauge
tuition_estimate_n{metric="change_safety.failed",scope="",scope_kind="organisation",window="2026-Q3"} 4
tuition_estimate_n{metric="durations.resolve",scope="",scope_kind="organisation",window="all"} 20
# HELP tuition_estimate_state_code State of the estimate: 0 ok, 1 insufficient, 2 assumption failed.
# TYPE tuition_estimate_state_code gauge
tuition_estimate_state_code{metric="change_safety.failed",scope="",scope_kind="organisation",window="2026-Q3"} 1
tuition_estimate_state_code{metric="durations.resolve",scope="",scope_kind="organisation",window="all"} 0
`
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestNothingIsExportedBeforeTheFirstRun(t *testing.T) {
	c := export.NewCollector(func() (learning.Snapshot, bool) { return learning.Snapshot{}, false }, 0)
	if n := testutil.CollectAndCount(c); n != 0 {
		t.Errorf("%d series before any run, want none", n)
	}
}

func TestOnlyTheRecordAndTheTwoNewestQuarters(t *testing.T) {
	c := collector(0,
		estimate("m", "organisation", "", "2025-Q4", 1), estimate("m", "organisation", "", "2026-Q1", 2),
		estimate("m", "organisation", "", "2026-Q2", 3), estimate("m", "organisation", "", "all", 4))
	if n := testutil.CollectAndCount(c, "tuition_estimate"); n != 3 {
		t.Errorf("%d estimates, want those of 2026-Q1, 2026-Q2 and the whole record", n)
	}
}

func TestTheNumberOfSeriesIsBounded(t *testing.T) {
	var es []learning.Estimate
	for i := range 50 {
		es = append(es, estimate("m", "service", fmt.Sprintf("s%02d", i), "all", 1))
	}
	es = append(es, estimate("m", "organisation", "", "all", 1))
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector(3, es...))
	want := `
# HELP tuition_estimate Estimate in its own unit. Absent where the data does not allow a figure.
# TYPE tuition_estimate gauge
tuition_estimate{metric="m",scope="",scope_kind="organisation",window="all"} 1
tuition_estimate{metric="m",scope="s00",scope_kind="service",window="all"} 1
tuition_estimate{metric="m",scope="s01",scope_kind="service",window="all"} 1
# HELP tuition_estimate_left_out Estimates of the newest run that were not exported, to bound the number of time series.
# TYPE tuition_estimate_left_out gauge
tuition_estimate_left_out 48
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "tuition_estimate", "tuition_estimate_left_out"); err != nil {
		t.Error(err)
	}
}

func TestOneBadNameDoesNotFailTheScrape(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector(0, estimate("m", "service", "bad\xff", "all", 1)))
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

func TestWholeSnapshotsGather(t *testing.T) {
	for name, facts := range reviewtest.Fixtures {
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(collector(0, facts().Snapshot.Estimates...))
		if _, err := registry.Gather(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
