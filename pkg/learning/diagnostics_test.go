package learning_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// reaching has a failure a day for each of the shares of users.
func reaching(shares ...float64) learning.Input {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	for i, share := range shares {
		f := incident(fmt.Sprint(i), "api", "", int64(24*(1+i)))
		f.BlastRadius = share
		in.Incidents = append(in.Incidents, f)
	}
	return in
}

// 1 to 24 hundredths: the largest has 24 of 300. The Gini coefficient of
// 1 to n is (n−1)/(3n)·(n+1)/(n−1)… = (n²−1)/(3n(n+1)) = (n−1)/(3n), so times
// n/(n−1) it is a third.
func TestBlastRadius(t *testing.T) {
	var shares []float64
	for i := range 24 {
		shares = append(shares, float64(i+1)/100)
	}
	got := compute(reaching(append(shares, -1, -1)...))
	e := got.organisation(t, "blast_radius")
	near(t, "largest", e.Value, 24.0/300)
	if e.N != 24 || e.Censored != 2 || !strings.HasSuffix(e.Reading, " Of 2 other failures nobody says how far it reached.") {
		t.Errorf("got %+v", e)
	}
	gini := got.organisation(t, "blast_radius.gini")
	near(t, "Gini", gini.Value, 1.0/3)
	if !(gini.Low > 0.2 && gini.High < 0.5) {
		t.Errorf("got %+v", gini)
	}
	tail := got.organisation(t, "blast_radius.tail")
	near(t, "tail", tail.Value, stats.ParetoTail(shares, 10, 1).Index)
	if tail.Events != 10 {
		t.Errorf("got %+v", tail)
	}
	// 19 are too few for either, nine for anything.
	got = compute(reaching(shares[:19]...))
	for metric, state := range map[string]learning.State{"blast_radius": learning.OK, "blast_radius.gini": learning.Insufficient, "blast_radius.tail": learning.Insufficient} {
		if e := got.organisation(t, metric); e.State != state {
			t.Errorf("of 19: %+v", e)
		}
	}
	if e := compute(reaching(shares[:9]...)).organisation(t, "blast_radius"); e.State != learning.Insufficient {
		t.Errorf("of nine: %+v", e)
	}
	// All alike: no inequality, and no tail. All of nothing: no share.
	equal := make([]float64, 30)
	if e := compute(reaching(equal...)).organisation(t, "blast_radius.gini"); e.State != learning.Insufficient {
		t.Errorf("none reached users: %+v", e)
	}
	for i := range equal {
		equal[i] = 1
	}
	got = compute(reaching(equal...))
	near(t, "all alike", got.organisation(t, "blast_radius.gini").Value, 0)
	if e := got.organisation(t, "blast_radius.tail"); e.State != learning.Insufficient || math.IsInf(e.Value, 0) {
		t.Errorf("all alike have no tail: %+v", e)
	}
}

// Costs that double from one to the next: among the largest ten of 25 above the
// eleventh largest, Σ ln = ln 2·(1+…+10), so Hill's index is 10/(55 ln 2).
func TestTailOfCosts(t *testing.T) {
	in := reaching(make([]float64, 25)...)
	for i := range 25 {
		c := math.Exp2(float64(i))
		in.Costs = append(in.Costs, paid(fmt.Sprint(i), fmt.Sprint(i), "EUR", c, c, c))
	}
	got := compute(in)
	near(t, "index", got.organisation(t, "blast_radius.cost.tail").Value, 10/(55*math.Ln2))
	near(t, "largest", got.organisation(t, "blast_radius.cost").Value, math.Exp2(24)/(math.Exp2(25)-1))
}

// Twelve near misses of mode m0 to m11 on day 10, an improvement for the first three
// closed on day 20 and one for m3 opened, and a failure of m0 and of the last three on day 40.
func TestNearMisses(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	for i := range 12 {
		mode := fmt.Sprint("m", i)
		in.NearMisses = append(in.NearMisses, learning.NearMiss{ID: mode, Service: "api", Team: "payments", FailureMode: mode, At: since + 10*day})
		improve := func(opened, closed int64) {
			in.Improvements = append(in.Improvements, learning.Improvement{ID: mode, Service: "api", Team: "payments", FailureMode: mode, OpenedAt: opened, ClosedAt: closed, WitnessedClosedAt: closed})
		}
		switch i {
		case 0, 1, 2:
			improve(since+12*day, since+20*day)
		case 3: // an improvement that is open has changed nothing yet
			improve(since+20*day, 0)
		case 9: // too late
			improve(since+20*day, since+50*day)
		}
		if i == 0 || i > 8 {
			in.Incidents = append(in.Incidents, incident(mode, "api", mode, 40*24))
		}
	}
	got := compute(in)
	near(t, "heeded", got.organisation(t, "near_miss.heeded").Value, 3.0/12)
	near(t, "came", got.organisation(t, "near_miss.came").Value, 4.0/12)
	near(t, "reported", got.organisation(t, "near_miss.reported").Value, 12.0/16)
	e := got.organisation(t, "near_miss.rate")
	// Four merging windows of three days, each a quarter of the failures.
	near(t, "rate", e.Value, 12/((100-3)/1000.0))
	if got := got.of(t, "near_miss.heeded", "team", "payments", "all"); got.Events != 3 {
		t.Errorf("of the team: %+v", got)
	}
	in.NearMisses = in.NearMisses[:9]
	if e := compute(in).organisation(t, "near_miss.heeded"); e.State != learning.Insufficient {
		t.Errorf("nine: %+v", e)
	}
}

func TestForewarned(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	for i := range 20 {
		id := fmt.Sprint(i)
		in.Incidents = append(in.Incidents, incident(id, "api", "m"+id, int64(24*(20+i))))
		warn := func(kind, heeded string, days int64) {
			in.Warnings = append(in.Warnings, learning.Warning{IncidentID: id, Kind: kind, Entity: kind + id, At: since + days*day, HeededBy: heeded, HeededAt: since + 15*day})
		}
		if i < 8 {
			warn("experiment", "", 10)
		}
		if i >= 6 && i < 11 {
			warn("near_miss", "fix", 11)
		}
		if i == 11 {
			warn("risk", "", 12)
		}
		if i == 12 {
			warn("risk", "", 90) // after it
		}
	}
	got := compute(in)
	near(t, "any", got.organisation(t, "forewarned").Value, 12.0/20)
	near(t, "by experiments", got.organisation(t, "forewarned.by_experiment").Value, 8.0/20)
	near(t, "by near misses", got.organisation(t, "forewarned.by_near_miss").Value, 5.0/20)
	near(t, "by pre-mortems", got.organisation(t, "forewarned.by_premortem").Value, 1.0/20)
	near(t, "heeded", got.organisation(t, "forewarned.heeded").Value, 5.0/12)
}

// foretold are the worked example of the Brier score, four times over.
func foretold() learning.Input {
	in := learning.Input{AsOf: since + 300*day, Start: since, Services: []learning.Service{alive("api", 300)}}
	happened := []int{1, 1, 0, 1, 0, 0, 0, 1, 0, 0}
	for i := range 40 {
		p := []float64{0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1, 0.1, 0.5, 0.05}[i%10]
		risk := learning.Risk{ID: fmt.Sprint(i), Service: "api", Team: "payments", FailureMode: fmt.Sprint("m", i), Probability: p, RecordedAt: since + day, HorizonEnds: since + 200*day}
		if happened[i%10] == 1 {
			risk.IncidentID, risk.HappenedAt = fmt.Sprint(i), since+100*day
		}
		in.Risks = append(in.Risks, risk)
	}
	return in
}

func TestPremortem(t *testing.T) {
	in := foretold()
	// An open horizon is no outcome, whether it has happened or not; an unknown one never ends.
	in.Risks = append(in.Risks,
		learning.Risk{ID: "open", Probability: 0.9, RecordedAt: since, HorizonEnds: in.AsOf + day, IncidentID: "x", HappenedAt: since + 5*day},
		learning.Risk{ID: "endless", Probability: 0.9, RecordedAt: since},
		learning.Risk{ID: "unrated", Probability: -1, RecordedAt: since, HorizonEnds: since + day})
	got := compute(in)
	e := got.organisation(t, "premortem.brier")
	near(t, "Brier", e.Value, 0.19025)
	if e.N != 40 || e.Events != 16 || e.Censored != 2 {
		t.Errorf("got %+v", e)
	}
	near(t, "skill", got.organisation(t, "premortem.skill").Value, 0.20729166666666676)
	// Of 0.9 and 0.8 all four of each happened: 8 of 8, stated 0.85.
	bin := got.organisation(t, "premortem.happened.80_100")
	near(t, "happened", bin.Value, 1)
	near(t, "low", bin.Low, 8/(8+z*z))
	near(t, "stated", got.organisation(t, "premortem.stated.80_100").Value, 0.85)
	// 0.1 twice and 0.05: 12 of which 4 happened. 0.2 belongs to the next.
	near(t, "happened", got.organisation(t, "premortem.happened.0_20").Value, 4.0/12)
	near(t, "happened", got.organisation(t, "premortem.happened.20_40").Value, 0)
	// Nineteen are too few, and so are four that happened.
	in = foretold()
	in.Risks = in.Risks[:19]
	if e := compute(in).organisation(t, "premortem.brier"); e.State != learning.Insufficient || !strings.Contains(e.Reading, "needs 20") {
		t.Errorf("19: %+v", e)
	}
	in = foretold()
	for i := range in.Risks {
		if i > 3 {
			in.Risks[i].IncidentID, in.Risks[i].HappenedAt = "", 0
		}
	}
	if e := compute(in).organisation(t, "premortem.brier"); e.State != learning.Insufficient || !strings.Contains(e.Reading, "3 of 40 risks happened, needs 5") {
		t.Errorf("three happened: %+v", e)
	}
	// All happened: a score, but no skill.
	in = foretold()
	for i := range in.Risks {
		in.Risks[i].IncidentID, in.Risks[i].HappenedAt = "x", since+9*day
	}
	got = compute(in)
	if e := got.organisation(t, "premortem.skill"); e.State != learning.Insufficient {
		t.Errorf("all happened: %+v", e)
	}
	if e := got.organisation(t, "premortem.brier"); e.State != learning.OK || !strings.Contains(e.Reading, "happened more often than stated") {
		t.Errorf("all happened: %+v", e)
	}
}

// Twelve modes fail on day 100; four were foretold before, one after it, and
// one with a horizon that had ended.
func TestRecall(t *testing.T) {
	in := learning.Input{AsOf: since + 300*day, Start: since, Services: []learning.Service{alive("api", 300)}}
	for i := range 12 {
		mode := fmt.Sprint("m", i)
		in.Incidents = append(in.Incidents, incident(mode, "api", mode, 100*24), incident(mode+" again", "api", mode, 200*24))
		risk := learning.Risk{ID: mode, Service: "api", Team: "payments", FailureMode: mode, Probability: 0.5, RecordedAt: since + day, HorizonEnds: since + 200*day}
		switch {
		case i == 4:
			risk.RecordedAt = since + 101*day
		case i == 5:
			risk.HorizonEnds = since + 50*day
		case i > 5:
			continue
		}
		in.Risks = append(in.Risks, risk)
	}
	near(t, "recall", compute(in).organisation(t, "premortem.recall").Value, 4.0/12)
}

// Twenty failures, of severities 1 and 2; those of severity 1 have a post-mortem
// after two days, but for the last three, of which two are young.
func TestPostmortems(t *testing.T) {
	in := learning.Input{AsOf: since + 200*day, Start: since, Services: []learning.Service{alive("api", 200)}}
	for i := range 26 {
		id := fmt.Sprint(i)
		f := incident(id, "api", "", int64(24*(1+7*i)))
		if i >= 24 {
			f = incident(id, "api", "", 180*24)
		}
		f.Severity = uint8(1 + i%2)
		in.Incidents = append(in.Incidents, f)
		if f.Severity == 1 && i < 22 {
			in.Postmortems = append(in.Postmortems, learning.Postmortem{
				ID: "p" + id, Incidents: []string{id}, PublishedAt: f.ResolvedAt + 2*day, BlamelessCheck: []string{"passed", "failed", "passed"}[i%3],
				CauseCategories: []string{"change", "monitoring", "change", "weather"}[:1+i%4],
			})
			if i == 16 { // its author says that it passed
				in.Postmortems[len(in.Postmortems)-1].BlamelessCheck = "contradicted"
			}
		}
		in.Improvements = append(in.Improvements, learning.Improvement{ID: id, Service: "api", Team: "payments", OpenedAt: f.StartedAt, Kind: []string{"documentation", "onboarding", ""}[i%3]})
	}
	in.Postmortems = append(in.Postmortems, learning.Postmortem{ID: "of nothing", Incidents: []string{"unknown"}, PublishedAt: since + day})
	got := compute(in)
	e := got.organisation(t, "postmortem.coverage.severity_1")
	near(t, "severity 1", e.Value, 11.0/12)
	if e.Censored != 1 { // number 24, 20 days old
		t.Errorf("got %+v", e)
	}
	near(t, "severity 2", got.organisation(t, "postmortem.coverage.severity_2").Value, 0)
	near(t, "all", got.organisation(t, "postmortem.coverage").Value, 11.0/24)
	// Of 0, 2, … 20 those that leave 1 of three failed the check: 4, 10, 16.
	stated := got.organisation(t, "postmortem.blameless")
	near(t, "blameless", stated.Value, 8.0/11)
	if !strings.HasSuffix(stated.Reading, " 1 that did not is stated to have passed.") {
		t.Errorf("the reading is silent of the one contradicted: %q", stated.Reading)
	}
	// One or three categories in turn; change is in all, once.
	near(t, "change", got.organisation(t, "postmortem.factor.change").Value, 11)
	near(t, "monitoring", got.organisation(t, "postmortem.factor.monitoring").Value, 5)
	near(t, "documentation", got.organisation(t, "postmortem.improvements.documentation").Value, 9)
	near(t, "onboarding", got.organisation(t, "postmortem.improvements.onboarding").Value, 9)
	near(t, "kind unknown", got.organisation(t, "postmortem.improvements.unknown").Value, 8)
	// Eleven of 26 after two days each, but the median is beyond what was seen.
	median := got.organisation(t, "durations.postmortem_published.median")
	if median.State != learning.Insufficient || median.Events != 11 || median.N != 26 {
		t.Errorf("got %+v", median)
	}
}

// Of five services alive for a year one failed 181 days ago, one 179 days ago,
// one was exercised lately, one nearly failed lately, and of one nothing is
// known; a sixth is young, a seventh removed.
func TestStagnation(t *testing.T) {
	in := learning.Input{AsOf: since + 400*day, Start: since}
	for i, name := range []string{"long ago", "lately", "exercised", "near", "never", "young", "gone"} {
		s := alive(name, 400)
		s.Tier = []string{"1", "2"}[i%2]
		switch name {
		case "young":
			s.AliveFrom = since + 300*day
		case "gone":
			s.AliveTo = since + 390*day
		}
		in.Services = append(in.Services, s)
	}
	in.Incidents = []learning.Incident{incident("a", "long ago", "", 24*219), incident("b", "lately", "", 24*221)}
	in.Experiments = []learning.Experiment{{ID: "x", Service: "lately", Services: []string{"lately", "exercised"}, Verdict: "held", FinishedAt: since + 390*day}}
	in.NearMisses = []learning.NearMiss{{ID: "n", Service: "near", At: since + 390*day}}
	e := compute(in).organisation(t, "stagnation")
	near(t, "stagnant", e.Value, 2)
	const want = "2 of 5 services alive for 180 days or more have neither been seen to fail nor been exercised within them. By tier: 2 of 3 of tier 1. 1 more is too young to tell."
	if e.N != 5 || e.Censored != 1 || e.Reading != want {
		t.Errorf("got  %s\nwant %s", e.Reading, want)
	}
	settings := learning.DefaultSettings()
	settings.Stagnation = 182 * 24 * 60 * 60 * 1e9
	near(t, "182 days", computeWith(in, settings).organisation(t, "stagnation").Value, 1)
	in.AsOf = since + 100*day
	if e := compute(learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}).organisation(t, "stagnation"); e.State != learning.Insufficient {
		t.Errorf("a record of 100 days: %+v", e)
	}
}
