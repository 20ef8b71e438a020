package learning_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// One service for 400 days; deploys name production from its second quarter
// (day 90) on, staging is told of from day 100 to 300. Failures without a mode
// lose no exposure: production has 310 days, staging 200.
func TestEnvironments(t *testing.T) {
	api := alive("api", 400)
	api.Environments = []learning.Presence{
		{Environment: "production", AliveFrom: since + 90*day, AliveTo: since + 400*day},
		{Environment: "staging", AliveFrom: since + 100*day, AliveTo: since + 300*day},
	}
	in := learning.Input{AsOf: since + 400*day, Start: since, Services: []learning.Service{api}}
	for i := range 24 {
		f := incident(fmt.Sprint(i), "api", "", int64(24*(101+8*i)))
		f.Environment = []string{"production", "staging"}[i%2]
		in.Incidents = append(in.Incidents, f)
	}
	nowhere := incident("nowhere", "api", "", 24*350)
	in.Incidents = append(in.Incidents, nowhere)
	got := compute(in)
	for name, days := range map[string]float64{"production": 310, "staging": 200} {
		e := got.of(t, "containment.uncontained", "environment", name, "all")
		near(t, name+" service-days", e.Exposure, days)
		near(t, name+" rate", e.Value, 12/days*1000)
	}
	if e := got.organisation(t, "containment.uncontained"); e.Events != 25 {
		t.Errorf("the organisation counts %d", e.Events)
	}

	// Without the stated presence, changes tell of production by their quarter.
	in.Services[0].Environments = nil
	in.Changes = []learning.ChangeCount{{ChangeOf: &learning.ChangeOf{Service: "api", Environment: "production", Kind: "deploy"}, Quarter: "2023-Q2", Changes: 30, EndingTold: 30, Failed: 3}}
	got = compute(in)
	near(t, "from the quarter of the first change", got.of(t, "containment.uncontained", "environment", "production", "all").Exposure, 310)
	near(t, "share of its changes", got.of(t, "change_safety.failed_share", "environment", "production", "all").Value, 0.1)
	e := got.of(t, "containment.uncontained", "environment", "staging", "all")
	if e.State != learning.AssumptionFailed {
		t.Errorf("only failures tell of staging, and yet: %+v", e)
	}
	if e := got.of(t, "monitoring_gaps.told_by_customer.share", "environment", "staging", "all"); e.State == learning.AssumptionFailed {
		t.Errorf("a share needs no exposure: %+v", e)
	}
}

// Twenty services for 300 days, of which two met the mode, ten times each,
// every 20 days: the other eighteen could have met it, and count. Each window
// of three days is lost: 20·300 − 20·3 = 5,940 days.
func TestFailureModes(t *testing.T) {
	in := learning.Input{AsOf: since + 300*day, Start: since}
	for i := range 20 {
		in.Services = append(in.Services, alive(fmt.Sprintf("service-%02d", i), 300))
	}
	for i := range 20 {
		in.Incidents = append(in.Incidents, incident(fmt.Sprintf("%02d", i), fmt.Sprintf("service-%02d", i%2), "disk", int64(24*(10+20*(i/2)))),
			incident(fmt.Sprintf("other-%02d", i), "service-05", "dns", int64(24*(10+14*i))))
	}
	got := compute(in)
	e := got.of(t, "containment.uncontained", "failure_mode", "disk", "all")
	near(t, "service-days", e.Exposure, 5940)
	near(t, "rate", e.Value, 20/5.94)
	if e := got.of(t, "counted.failures", "failure_mode", "dns", "all"); e.Value != 20 {
		t.Errorf("dns: %+v", e)
	}
	for key, e := range got {
		if e.Scope.Kind == "failure_mode" && (e.Window != "all" || !learning.Given(e.Metric, e.Scope.Kind)) {
			t.Errorf("%s is given", key)
		}
	}
}

// A quiet service has one row, and is there when it is asked for.
func TestAQuietServiceDoesNotVanish(t *testing.T) {
	in := random(5, 3, 60, 400)
	in.Services = append(in.Services, alive("quiet", 400))
	run := learning.Compute(in, learning.DefaultSettings())
	quiet := learning.Scope{Kind: "service", Name: "quiet"}
	rows := 0
	for _, e := range run.Estimates {
		if e.Scope == quiet {
			rows++
			if e.Metric != "counted.failures" || e.Value != 0 {
				t.Errorf("%+v", e)
			}
		}
	}
	if rows != 1 {
		t.Errorf("%d rows", rows)
	}
	all := learning.Of(run.Estimates, quiet)
	given := 0
	for _, m := range learning.Metrics {
		for _, w := range []string{"all", "2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4", "2024-Q1"} {
			if learning.Absent(run.Estimates, m.Name, "service", w) == "" {
				given++
			}
		}
	}
	if len(all) != given || given < 100 {
		t.Errorf("%d estimates where %d are given", len(all), given)
	}
	for _, e := range all {
		if e.State != learning.Insufficient && e.Metric != "counted.failures" {
			t.Errorf("%+v", e)
		}
	}
	if learning.Of(run.Estimates, learning.Scope{Kind: "service", Name: "nobody"}) != nil {
		t.Error("a scope that there is not has estimates")
	}
}

// A rare mode on services that can all meet it: the interval of its rate holds
// the truth whoever met it. Of those that met it alone it would be twice too high.
func TestModeRateCovers(t *testing.T) {
	const days, services, mean = 300, 40, 24.0
	r := rand.New(rand.NewPCG(20260101, 3))
	hits, trials := 0, 60
	for range trials {
		in := learning.Input{AsOf: since + days*day, Start: since}
		for i := range services {
			in.Services = append(in.Services, alive(fmt.Sprintf("service-%02d", i), days))
		}
		for i := range poisson(r, mean) {
			in.Incidents = append(in.Incidents, incident(fmt.Sprintf("%03d", i), fmt.Sprintf("service-%02d", r.IntN(services)), "disk", 1+r.Int64N(24*days-2)))
		}
		e := compute(in).of(t, "containment.uncontained", "failure_mode", "disk", "all")
		if truth := mean / services / days * 1000; e.Low <= truth && truth <= e.High {
			hits++
		}
	}
	if share := float64(hits) / float64(trials); share < 0.85 {
		t.Errorf("covers %v", share)
	}
}

func poisson(r *rand.Rand, mean float64) int {
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
}

// What is declared to be given is what is computed: of every kind of scope, each
// metric for each window and no other.
func TestWhatIsGivenIsComputed(t *testing.T) {
	in := random(7, 8, 500, 1000) // eleven quarters
	for i := range in.Incidents {
		in.Incidents[i].Environment = []string{"production", "staging"}[i%2]
		in.Incidents[i].DetectionSource = []string{"monitoring", "customer"}[i%2]
	}
	run := learning.Untrimmed(in, inEuros())
	type row struct{ metric, kind, window string }
	computed := map[row]bool{}
	windows := map[string]bool{}
	for _, e := range run.Estimates {
		computed[row{e.Metric, e.Scope.Kind, e.Window}] = true
		windows[e.Window] = true
	}
	if len(windows) != 12 {
		t.Fatalf("windows %v", windows)
	}
	for _, m := range learning.Metrics {
		for _, kind := range learning.ScopeKinds {
			for w := range windows {
				why := learning.Absent(run.Estimates, m.Name, kind, w)
				if strings.Contains(why, "once its close has settled") {
					continue // what could be read then is there
				}
				if got := computed[row{m.Name, kind, w}]; got != (why == "") {
					t.Errorf("%s of a %s for %s: computed %v, said to be absent as it %q", m.Name, kind, w, got, why)
				}
			}
		}
	}
}

// Nothing is said to be too little where it is not what is missing: sixty
// failures of one service in a quarter, ten minutes long each.
func TestWhatIsNotGivenIsNotTooLittle(t *testing.T) {
	in := learning.Input{AsOf: since + 200*day, Start: since, Services: []learning.Service{alive("busy", 200), alive("other", 200)}}
	for i := range 60 {
		f := incident(fmt.Sprint(i), "busy", "", int64(24*91+24*i))
		f.DetectedAt, f.ResolvedAt = f.StartedAt, f.StartedAt+hour/6+int64(i)
		in.Incidents = append(in.Incidents, f)
	}
	run := learning.Compute(in, learning.DefaultSettings())
	found := false
	for _, e := range learning.Of(run.Estimates, learning.Scope{Kind: "service", Name: "busy"}) {
		if e.Window == "2023-Q2" && strings.HasPrefix(e.Metric, "durations.") {
			t.Errorf("%s: %s", e.Metric, e.Reading)
		}
		found = found || e.Metric == "durations.resolve.median" && e.Window == "all" && e.N == 60
	}
	if !found {
		t.Error("the whole record has no median")
	}
	for metric, want := range map[string]string{
		"durations.resolve.median": "is given for the whole record, not for a single quarter of a service",
		"severity_trend":           "is given for the whole record only",
		"learning_per_failure":     "is not given for a service: it is for organisation, team, environment, failure mode",
		"containment.uncontained":  "",
	} {
		if got := learning.Absent(run.Estimates, metric, "service", "2023-Q2"); got != want {
			t.Errorf("%s %s", metric, got)
		}
	}
	if got := learning.Gone("durations.resolve.median", learning.Scope{Kind: "service", Name: "busy"}, "2023-Q2", in.AsOf); !strings.HasPrefix(got.Reading, "Not given any more") {
		t.Errorf("%+v", got)
	}
}
