package learning_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// One service for 200 days. Modes a to f fail once, g twice, h four times:
// n = 12, f₁ = 6, f₂ = 1. Each window of 3 days weighs its mode's share of the
// failures, 3·(6·1 + 2·2 + 4·4)/12 = 6.5 service-days in all.
func TestNewModes(t *testing.T) {
	in := learning.Input{AsOf: since + 200*day, Start: since, Services: []learning.Service{alive("api", 200)}}
	for i, mode := range strings.Split("a b g h c d g h e f h h", " ") {
		in.Incidents = append(in.Incidents, incident(fmt.Sprint(i), "api", mode, int64(24*(10+10*i))))
	}
	got := compute(in)
	e := got.organisation(t, "new_modes.chance")
	near(t, "chance", e.Value, 0.5)
	g := 8.0 / 16
	width := z * math.Sqrt(8*(1-g)+2*2) / 16
	near(t, "low", e.Low, g-width)
	near(t, "high", e.High, g+width)
	// Eight first failures; Garwood's interval for 8 is 3.453832 to 15.763189.
	for _, metric := range []string{"new_modes.rate", "learning_per_failure.novel_rate"} {
		e = got.organisation(t, metric)
		near(t, "service-days", e.Exposure, 193.5)
		near(t, "rate", e.Value, 8/0.1935)
		near(t, "low", e.Low, 3.4538322/0.1935)
		near(t, "high", e.High, 15.7631892/0.1935)
	}
	// A repeat under a new name is no repeat, and moves here.
	in.Incidents[11].FailureMode = "h again"
	renamed := compute(in).organisation(t, "new_modes.rate")
	if renamed.Events != 9 {
		t.Errorf("renamed: %+v", renamed)
	}
	for i := range in.Incidents[:6] {
		in.Incidents[i].FailureMode = ""
	}
	in.Incidents = append(in.Incidents, incident("x", "api", "a", 150*24), incident("y", "api", "b", 160*24), incident("z", "api", "c", 170*24), incident("w", "api", "d", 180*24))
	if e := compute(in).organisation(t, "new_modes.rate"); e.State != learning.AssumptionFailed {
		t.Errorf("6 of 16 failures without a mode: %+v", e)
	}
}

// Twelve failures without a mode in 100 days: no windows are lost.
func TestContainment(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	for i := range 12 {
		f := incident(fmt.Sprint(i), "api", "", int64(24*(5+i)))
		f.Containment = []string{"contained", "escaped", "uncontained", ""}[i%4]
		f.Severity = uint8(1 + i%5)
		in.Incidents = append(in.Incidents, f)
	}
	got := compute(in)
	near(t, "contained", got.organisation(t, "containment.contained").Value, 30)
	near(t, "escaped", got.organisation(t, "containment.escaped").Value, 30)
	e := got.organisation(t, "containment.uncontained")
	near(t, "uncontained", e.Value, 60)
	near(t, "low", e.Low, 2.2018939*10) // Garwood for 6
	near(t, "high", e.High, 13.0594740*10)
	// Uncontained are 2, 3, 6, 7, 10, 11, of severities 3, 4, 2, 3, 1, 2.
	near(t, "severe", got.organisation(t, "containment.severe").Value, 30)
	if e := got.of(t, "containment.uncontained", "organisation", "", "2023-Q2"); e.State != learning.Insufficient {
		t.Errorf("no failure in the second quarter: %+v", e)
	}
	// What is merged is as bad as the worst of it.
	in.Incidents = in.Incidents[:11]
	in.Incidents[0].FailureMode, in.Incidents[1].FailureMode = "disk", "disk"
	near(t, "merged", compute(in).organisation(t, "containment.contained").Value*compute(in).organisation(t, "containment.contained").Exposure/1000, 2)
}

// The worked example of proportional odds, a tenth of the unit a quarter's
// tenth: severity 1 is the worst here too, so that β turns its sign.
func TestSeverityTrend(t *testing.T) {
	severities := []uint8{3, 3, 2, 3, 4, 3, 2, 3, 3, 2, 3, 2, 2, 3, 1, 2, 3, 2, 2, 1, 2, 2, 3, 1, 2, 2, 1, 2, 1, 2}
	in := learning.Input{AsOf: since + 600*day, Start: since, Services: []learning.Service{alive("api", 600)}}
	// Each twice, so that no penalty is needed: the same β, and a standard error smaller by √2.
	for i := range 60 {
		f := incident(fmt.Sprint(i), "api", "", 24*91*int64(i/2)/10)
		f.StartedAt = since + int64(i/2)*91*day/10/day*day
		f.Severity = severities[i/2]
		in.Incidents = append(in.Incidents, f)
	}
	e := compute(in).organisation(t, "severity_trend")
	// Days are whole, so a tenth of a quarter is 9 days, or 10.
	if math.Abs(math.Log(e.Value)-1.645678295) > 0.02 || math.Abs(math.Log(e.High/e.Low)-2*z*0.52427574/math.Sqrt2) > 0.02 {
		t.Errorf("got %v, %v to %v", e.Value, e.Low, e.High)
	}
	tau := compute(in).organisation(t, "severity_trend.tau_b")
	if tau.State != learning.OK || !(tau.Low > 0) {
		t.Errorf("got %+v", tau)
	}
	in.Incidents = in.Incidents[:18]
	got := compute(in)
	if e := got.organisation(t, "severity_trend"); e.State != learning.Insufficient {
		t.Errorf("18 are too few for odds: %+v", e)
	}
	if e := got.organisation(t, "severity_trend.tau_b"); e.State != learning.OK {
		t.Errorf("18 are enough for a rank correlation: %+v", e)
	}
	for i := range in.Incidents {
		in.Incidents[i].Severity = 2
	}
	if e := compute(in).organisation(t, "severity_trend.tau_b"); e.State != learning.Insufficient {
		t.Errorf("one severity has no trend: %+v", e)
	}
}

// A mode fails on day 0 and twice more, 50 days of exposure apart; its fix on
// day 159 has 150 days of exposure before it. With n₀ = 2 it takes 8.15 times
// as many quiet ones to prove it: 1,222 days and a half.
func TestEffectOfImprovements(t *testing.T) {
	made := func(daysAfter int64, again ...int64) index {
		in := learning.Input{AsOf: since + (1+159+daysAfter)*day, Start: since}
		in.Services = []learning.Service{alive("api", 1+159+daysAfter)}
		for i, at := range append([]int64{0, 53, 106}, again...) {
			in.Incidents = append(in.Incidents, incident(fmt.Sprint(i), "api", "disk", 24*(1+at)))
		}
		closed := since + (1+159)*day
		in.Improvements = []learning.Improvement{{ID: "fix", Service: "api", FailureMode: "disk", OpenedAt: closed - day, ClosedAt: closed, WitnessedClosedAt: closed}}
		return compute(in)
	}
	counts := func(name string, got index, want string) {
		t.Helper()
		for _, effect := range []string{"proven", "not_yet", "failed", "untestable"} {
			e := got.organisation(t, "improvement_effectiveness."+effect)
			expected := 0.0
			if effect == want {
				expected = 1
			}
			near(t, name+": "+effect, e.Value, expected)
			if e.N != 1 {
				t.Errorf("%s: of %d fixes, should be 1", name, e.N)
			}
		}
	}
	counts("1,210 days", made(1210), "not_yet")
	counts("1,235 days", made(1235), "proven")
	counts("came back at once", made(100, 165, 175, 185), "failed")
	got := made(722)
	const want = "1 of 1 fixes are not proven yet. The next needs 500 more days without a recurrence."
	if e := got.organisation(t, "improvement_effectiveness.not_yet"); e.Reading != want {
		t.Errorf("got  %s\nwant %s", e.Reading, want)
	}
	// The trend of repeats needs ten recurrences before a fix, and three after.
	if e := made(100, 165, 175, 185).organisation(t, "learning_derivative.repeats"); e.State == learning.OK {
		t.Errorf("got %+v", e)
	}
}

// Twelve improvements opened on day 1: eight closed after 1 to 8 days, two
// abandoned on day 5, two open. At risk: 12, 11, 10, 9, then 8 on day 5 (the
// abandoned leave after it), then 5, 4, 3 of the last three closings. Survival
// after day 5 is 7/12, after day 6 it is 7/12·4/5 = 0.4667: the median is day 6.
func TestTimeToLearn(t *testing.T) {
	in := learning.Input{AsOf: since + 60*day, Start: since, Services: []learning.Service{alive("api", 60)}}
	for i := range 12 {
		improvement := learning.Improvement{ID: fmt.Sprint(i), Service: "api", Team: "payments", FailureMode: "disk", OpenedAt: since + day}
		switch {
		case i < 8:
			improvement.ClosedAt = since + day + int64(i+1)*day
			improvement.WitnessedClosedAt = improvement.ClosedAt
		case i < 10:
			improvement.AbandonedAt = since + day + 5*day
		}
		in.Improvements = append(in.Improvements, improvement)
	}
	e := compute(in).organisation(t, "durations.improvement_closed.median")
	if e.N != 12 || e.Events != 8 || e.Censored != 4 {
		t.Errorf("got %+v", e)
	}
	if e.State == learning.OK {
		near(t, "median", e.Value, 6*86400)
	} else if !strings.Contains(e.Reading, "no upper bound") {
		t.Errorf("got %+v", e)
	}
	if e := compute(in).organisation(t, "durations.improvement_verified.median"); e.State != learning.Insufficient || e.Events != 0 {
		t.Errorf("none is verified: %+v", e)
	}
	// Nobody may have told of those that came from history whether they were closed.
	if e := compute(in).organisation(t, "durations.improvement_closed.median"); strings.Contains(e.Reading, "imported") {
		t.Errorf("got %+v", e)
	}
	in.Improvements[0].Imported, in.Improvements[11].Imported = true, true
	if e := compute(in).organisation(t, "durations.improvement_closed.median"); !strings.Contains(e.Reading, " 1 of those that were not come from imported history") {
		t.Errorf("got %+v", e)
	}
	// Those abandoned leave; were they still open the median would be later.
	for i := range in.Improvements {
		in.Improvements[i].AbandonedAt = 0
	}
	if e := compute(in).organisation(t, "durations.improvement_closed.median"); e.State == learning.OK && e.Value <= 6*86400 {
		t.Errorf("got %+v", e)
	}
}

// Twelve modes alike, each fixed on day 200 after two recurrences: what is due
// after the fix runs evenly, so repeats that lie symmetrically show no trend,
// and repeats in its first quarter alone a falling one. A merging window of 3
// days of one mode in twelve moves the middle by less than a hundredth.
func TestTrendOfRepeats(t *testing.T) {
	made := func(at ...int64) learning.Estimate {
		in := learning.Input{AsOf: since + 600*day, Start: since}
		for i := range 12 {
			name := fmt.Sprintf("service-%02d", i)
			in.Services = append(in.Services, alive(name, 600))
			for _, d := range []int64{40, 90, 140, at[i%len(at)]} {
				in.Incidents = append(in.Incidents, incident(fmt.Sprint(name, d), name, "disk", 24*d))
			}
			closed := since + 200*day
			in.Improvements = append(in.Improvements, learning.Improvement{ID: name, Service: name, FailureMode: "disk", ClosedAt: closed, WitnessedClosedAt: closed})
		}
		return compute(heard(in, "service-00", 290)).organisation(t, "learning_derivative.repeats")
	}
	e := made(240, 560, 320, 480)
	if e.State != learning.OK || e.N != 12 || math.Abs(e.Value) > 0.01 {
		t.Errorf("got %+v", e)
	}
	if e := made(210, 230, 250, 290); e.State != learning.OK || !(e.High < 0) {
		t.Errorf("got %+v", e)
	}
}

// Durations that are all equal, of whatever length, tell nothing of their spread.
func TestEqualDurationsTellNoSpread(t *testing.T) {
	in := learning.Input{AsOf: since + 300*day, Start: since, Services: []learning.Service{alive("api", 300)}}
	for i := range 12 {
		f := incident(fmt.Sprint(i), "api", "", int64(24*(20+20*i)))
		f.ResolvedAt = f.DetectedAt + 4_321_000
		in.Incidents = append(in.Incidents, f)
	}
	e := compute(in).organisation(t, "durations.resolve.detectable")
	if e.State != learning.Insufficient || !strings.Contains(e.Reading, "lasted equally long") {
		t.Errorf("%s: %s", e.State, e.Reading)
	}
}
