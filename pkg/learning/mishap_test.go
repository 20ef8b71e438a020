package learning_test

import (
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Fourteen failures on a service of 200 days: four incidents, four failed
// changes of their own, three refuted experiments, three near misses. The
// change that led to an incident, the experiment that held, and what is
// merged are none of them.
func everyKind() learning.Input {
	in := learning.Input{AsOf: since + 200*day, Start: since, Services: []learning.Service{alive("api", 200)}}
	at := func(days int64) int64 { return since + days*day }
	for _, i := range []struct {
		id, mode, containment string
		day                   int64
	}{{"i1", "disk", "uncontained", 10}, {"i2", "dns", "escaped", 20}, {"i3", "", "", 30}, {"i4", "memory", "contained", 101}} {
		f := incident(i.id, "api", i.mode, 24*i.day)
		f.Containment = i.containment
		in.Incidents = append(in.Incidents, f)
	}
	change := func(id, containment, why string, day int64) learning.FailedChange {
		return learning.FailedChange{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: "api", Team: "payments"}, Containment: containment, Why: why}, ID: id, FinishedAt: at(day)}
	}
	blamed := change("c5", "uncontained", "rolled_back", 9)
	blamed.Blamed = true
	in.FailedChange = []learning.FailedChange{
		change("c1", "uncontained", "outcome", 40), change("c2", "contained", "outcome", 50), change("c3", "contained", "rolled_back", 60),
		change("c4", "contained", "rolled_back", 70), blamed, change("c6", "uncontained", "stated", 19),
	}
	experiment := func(id, verdict, mode, containment string, day int64) learning.Experiment {
		return learning.Experiment{
			ID: id, Service: "api", Team: "payments", Kind: "chaos", Verdict: verdict, FailureMode: mode, Containment: containment,
			StartedAt: at(day), LossAvoided: learning.Money{Low: -1, Likely: -1, High: -1},
		}
	}
	in.Experiments = []learning.Experiment{
		experiment("x1", "refuted", "lock", "contained", 80), experiment("x2", "held", "lock", "contained", 85),
		experiment("x3", "refuted", "memory", "escaped", 100), // the incident a day later is one failure with it
		experiment("x4", "refuted", "lock", "contained", 82),  // within the window of the first
		experiment("x5", "refuted", "lock", "contained", 120),
	}
	near := func(id, mode string, day int64) learning.NearMiss {
		return learning.NearMiss{ID: id, Service: "api", Team: "payments", FailureMode: mode, At: at(day)}
	}
	in.NearMisses = []learning.NearMiss{near("n1", "dns", 130), near("n2", "", 140), near("n3", "", 150)}
	return in
}

// Contained: c2 c3 c4, x1 x5, n1 n2 n3. Escaped: i2, and x3 with i4, which is no
// worse. Uncontained: i1 i3 c1. Merging windows of three days, each weighing its
// mode's share of the failures of its service. The scope's clock knows those of
// the incidents: three of four with a mode, 3·3·¼. Of the others x1 and x5 take
// 3·2/13 each, x3 3·1/13, n1 3·2/13 (dns fails twice).
func TestContainmentOfEveryKind(t *testing.T) {
	got := compute(everyKind())
	exposure := 200 - 3*3.0/4 - 3*(2+2+1+2)/13.0
	for metric, n := range map[string]int64{"containment.contained": 8, "containment.escaped": 2, "containment.uncontained": 3} {
		e := got.organisation(t, metric)
		near(t, metric+": exposure", e.Exposure, exposure)
		if e.Events != n || e.N != 13 {
			t.Errorf("%s: %d of %d, should be %d of 13: %s", metric, e.Events, e.N, n, e.Reading)
		}
		if of := got.of(t, metric, "service", "api", "all"); of.Events != n {
			t.Errorf("%s of the service: %d", metric, of.Events)
		}
	}
	const want = " Of all 13 failures 3 are incidents, 4 are failed changes, 3 are refuted experiments and 3 are near misses."
	if e := got.organisation(t, "containment.escaped"); e.Reading[len(e.Reading)-len(want):] != want {
		t.Errorf("got %q", e.Reading)
	}
	kinds := map[string]int{}
	for _, e := range learning.Compute(everyKind(), learning.DefaultSettings()).Evidence {
		if e.Metric == "containment.contained" && e.Scope.Kind == "team" && e.Window == "all" {
			kinds[e.Kind]++
		}
	}
	if kinds["change"] != 3 || kinds["experiment"] != 2 || kinds["near_miss"] != 3 {
		t.Errorf("evidence of %v", kinds)
	}
	// Of modes a scope has what its mode had, in whatever kind: lock only in experiments.
	if e, found := got["containment.contained|failure_mode|dns|all"]; found && e.N != 2 {
		t.Errorf("dns: %+v", e)
	}
}

func TestLossAvoided(t *testing.T) {
	in := everyKind()
	if e := compute(in).organisation(t, "containment.loss_avoided"); e.State != learning.Insufficient || e.N != 4 {
		t.Errorf("none tells: %+v", e)
	}
	in.Experiments[0].LossAvoided = learning.Money{Currency: "EUR", Low: 1000, Likely: 2000, High: 9000}
	in.Experiments[1].LossAvoided = learning.Money{Currency: "EUR", Low: 1e6, Likely: 1e6, High: 1e6} // it held
	in.Experiments[4].LossAvoided = learning.Money{Currency: "EUR", Low: 100, Likely: -1, High: 300}
	e := compute(in).organisation(t, "containment.loss_avoided")
	near(t, "avoided", e.Value, 2200)
	near(t, "at least", e.Low, 1100)
	near(t, "at most", e.High, 9300)
	const want = "2 of 4 refuted experiments are stated to have avoided EUR 2200, 1100 to 9300 as stated. Of 1 amount no likely amount is told: the middle of the range is taken."
	if e.Reading != want || e.Origin != "stated" {
		t.Errorf("got  %s\nwant %s", e.Reading, want)
	}
	near(t, "of the team", compute(in).of(t, "containment.loss_avoided", "team", "payments", "all").Value, 2200)
}
