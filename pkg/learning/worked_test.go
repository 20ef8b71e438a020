package learning_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// z is the 97.5 % point of the normal distribution, from a table.
const z = 1.959963984540054

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6*math.Max(1, math.Abs(want))) {
		t.Errorf("%s: got %.9g, want %.9g", what, got, want)
	}
}

// alive is a service that was there from the start to as_of.
func alive(name string, days int64) learning.Service {
	return learning.Service{Name: name, Team: "payments", AliveFrom: since, AliveTo: since + days*day}
}

// incident happened so many hours after the start, was noticed at once and took an hour.
func incident(id, service, mode string, hours int64) learning.Incident {
	at := since + hours*hour
	return learning.Incident{
		ID: id, Service: service, Team: "payments", FailureMode: mode, Severity: 2,
		StartedAt: at, DetectedAt: at, AcknowledgedAt: at, MitigatedAt: at + hour, ResolvedAt: at + hour,
		DetectionSource: "monitoring", Containment: "uncontained", StatedDetectSeconds: -1, StatedResolveSeconds: -1,
	}
}

// The window is fixed from the first and never chained: of failures at 0, 71,
// 73 and 145 hours the second joins the first (0–72 h), the third begins
// another (73–145 h), and the fourth, at its end, a third. Chained, all four
// would be one. Without a mode none is merged.
func TestMerging(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	for i, hours := range []int64{0, 71, 73, 145} {
		in.Incidents = append(in.Incidents, incident(fmt.Sprint("mode", i), "api", "disk", 240+hours),
			incident(fmt.Sprint("none", i), "api", "", 240+hours))
	}
	got := compute(in)
	near(t, "merged", got.organisation(t, "counted.merged").Value, 1)
	e := got.organisation(t, "learning_derivative.uncontained")
	if e.N != 3+4 {
		t.Errorf("failures: got %d, want 7", e.N)
	}
	// Three windows of 3 days, each weighing 3 of 7 failures: 100 − 3·3·3/7 days.
	near(t, "exposure", e.Exposure, 100-27.0/7)
}

// Twelve modes on twelve services fail on day 5, are fixed on day 15, and
// three of them come back 30, 50 and 100 days later; all are followed for 250
// days. Nothing is censored before 180 days, so the survival is a plain share,
// and Greenwood's sum for 1 of 12 is 1/(12·11).
func TestRepeatRate(t *testing.T) {
	in := learning.Input{AsOf: since + 265*day, Start: since}
	back := map[int]int64{0: 30, 1: 50, 2: 100}
	for i := range 12 {
		name := fmt.Sprintf("service-%d", i)
		in.Services = append(in.Services, alive(name, 265))
		in.Incidents = append(in.Incidents, incident(name+"-first", name, "disk", 5*24))
		closed := since + 15*day
		in.Improvements = append(in.Improvements, learning.Improvement{
			ID: name, Service: name, FailureMode: "disk",
			ClosedAt: closed, WitnessedClosedAt: closed, Imported: i == 11,
		})
		if days, recurs := back[i]; recurs {
			in.Incidents = append(in.Incidents, incident(name+"-again", name, "disk", (15+days)*24))
		}
	}
	got := compute(in)
	e := got.organisation(t, "repeat_rate.after_fix.30d")
	near(t, "30 days", e.Value, 1.0/12)
	width := z * math.Sqrt(1.0/(12*11)) / -math.Log(11.0/12)
	near(t, "low", e.Low, 1-math.Pow(11.0/12, math.Exp(-width)))
	near(t, "high", e.High, 1-math.Pow(11.0/12, math.Exp(width)))
	if !strings.Contains(e.Reading, "1 of 12 fixes are taken as stated") {
		t.Errorf("the fix without a witness is not told: %s", e.Reading)
	}
	near(t, "90 days", got.organisation(t, "repeat_rate.after_fix.90d").Value, 2.0/12)
	near(t, "180 days", got.organisation(t, "repeat_rate.after_fix.180d").Value, 3.0/12)
	near(t, "recurrences", got.organisation(t, "repeat_rate.after_fix.mean_180d").Value, 3.0/12)
	// The other clock starts at the end of the merging window, on day 8: seven
	// days earlier, so the recurrences are 37, 57 and 107 days off.
	near(t, "30 days after the end", got.organisation(t, "repeat_rate.after_end.30d").Value, 0)
	near(t, "90 days after the end", got.organisation(t, "repeat_rate.after_end.90d").Value, 2.0/12)

	// Back-dating does not help: a fix stated for day 15 but witnessed on day 50
	// counts from day 50. The recurrences of days 45, 65 and 115 are then one
	// before it, and two 15 and 65 days after it.
	for i := range in.Improvements {
		in.Improvements[i].WitnessedClosedAt = since + 50*day
	}
	got = compute(in)
	near(t, "witnessed late, 30 days", got.organisation(t, "repeat_rate.after_fix.30d").Value, 1.0/12)
	near(t, "witnessed late, 90 days", got.organisation(t, "repeat_rate.after_fix.90d").Value, 2.0/12)

	// A fix declared an hour after the failure takes effect at the window's
	// end, day 8; what failed between is one failure with the first, and told.
	for i := range in.Improvements {
		in.Improvements[i].WitnessedClosedAt = since + 5*day + hour
	}
	in.Incidents = append(in.Incidents, incident("held-not", "service-7", "disk", 6*24))
	got = compute(in)
	near(t, "did not hold", got.organisation(t, "repeat_rate.fix_did_not_hold").Value, 1)
	near(t, "fixed at once, 30 days", got.organisation(t, "repeat_rate.after_fix.30d").Value, 0)
	near(t, "fixed at once, 90 days", got.organisation(t, "repeat_rate.after_fix.90d").Value, 2.0/12)
}

// None of twelve came back: the upper bound is exact, 1 − 0.025^(1/12).
func TestRepeatRateWithoutRecurrence(t *testing.T) {
	in := learning.Input{AsOf: since + 300*day, Start: since}
	for i := range 12 {
		name := fmt.Sprintf("service-%d", i)
		in.Services = append(in.Services, alive(name, 300))
		in.Incidents = append(in.Incidents, incident(name, name, "disk", 24))
	}
	e := compute(heard(in, "service-0", 1)).organisation(t, "repeat_rate.after_end.90d")
	near(t, "value", e.Value, 0)
	near(t, "low", e.Low, 0)
	near(t, "high", e.High, 1-math.Pow(0.025, 1.0/12))
	// Nine followed for 90 days are too few, however many began.
	in.AsOf = since + 60*day
	e = compute(in).organisation(t, "repeat_rate.after_end.90d")
	if e.State != learning.Insufficient || e.N != 12 || e.Censored != 12 {
		t.Errorf("got %+v", e)
	}
}

// Of 23 failures of known modes on one service 7 came after a declared fix.
// Wilson's interval for 7/23 is 0.1560 to 0.5087 (Newcombe's formula by hand).
func TestClassesOfRecurrence(t *testing.T) {
	in := learning.Input{AsOf: since + 400*day, Start: since, Services: []learning.Service{alive("api", 400)}}
	for i := range 23 {
		id := fmt.Sprintf("incident-%02d", i)
		in.Incidents = append(in.Incidents, incident(id, "api", "disk", int64(24+i*24*10)))
		class := "unaddressed"
		switch {
		case i == 0:
			continue
		case i <= 7:
			class = "repeat"
		case i <= 9:
			class = "known_open"
		}
		in.Recurrences = append(in.Recurrences, learning.Recurrence{IncidentID: id, Class: class})
	}
	in.Incidents = append(in.Incidents, incident("no mode", "api", "", 77))
	got := compute(in)
	e := got.organisation(t, "repeat_rate.repeats")
	p, n := 7.0/23, 23.0
	middle, half := (p+z*z/(2*n))/(1+z*z/n), z/(1+z*z/n)*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	near(t, "share", e.Value, p)
	near(t, "low", e.Low, middle-half)
	near(t, "high", e.High, middle+half)
	const want = "7 of 23 failures of a known mode repeated a known failure after its declared fix: 30 %, with 16 % to 51 % compatible with the data (95 %, Wilson). Not among them: 1 failure without a failure mode."
	if e.Reading != want {
		t.Errorf("got  %s\nwant %s", e.Reading, want)
	}
	near(t, "known open", got.organisation(t, "repeat_rate.known_open").Value, 2.0/23)
	near(t, "unaddressed", got.organisation(t, "repeat_rate.unaddressed").Value, 13.0/23)
}

// Of a mode whose first incident nobody resolved, thirteen incidents ten days apart:
// the second came while none had ended, the other eleven came back, of twelve. What
// is followed is followed from the second's window.
func TestUnresolvedIncidentHidesNoRecurrence(t *testing.T) {
	in := learning.Input{AsOf: since + 400*day, Start: since, Services: []learning.Service{alive("api", 400)}}
	for i := range 13 {
		x := incident(fmt.Sprintf("incident-%02d", i), "api", "disk", int64(24+i*24*10))
		if i == 0 {
			x.ResolvedAt, x.MitigatedAt = 0, 0
		}
		if i > 1 {
			in.Recurrences = append(in.Recurrences, learning.Recurrence{IncidentID: x.ID, Class: "unaddressed"})
		}
		in.Incidents = append(in.Incidents, x)
	}
	got := compute(in)
	e := got.organisation(t, "repeat_rate.unaddressed")
	if e.Events != 11 || e.N != 12 || !strings.Contains(e.Reading, "Not among them: 1 failure of a mode met before that came while no earlier one had ended") {
		t.Errorf("%d of %d: %s", e.Events, e.N, e.Reading)
	}
	if e := got.organisation(t, "repeat_rate.after_end.mean_180d"); e.Exposure != 1 || e.Events != 11 {
		t.Errorf("%d recurrences of %v modes followed", e.Events, e.Exposure)
	}
}

// Twelve failures at 0.343482376 of four quarters on average: the mean of the
// density ∝ e^(cu) on [0, 1] at c = −2 is 1/(1−e²)+½ = 0.343482376, so b·364
// days = −2 and a quarter of 91 days multiplies the rate by e^(−½). Symmetrical
// times show none.
func TestLearningDerivative(t *testing.T) {
	made := func(at ...float64) learning.Input {
		in := learning.Input{AsOf: since + 364*day, Start: since, Services: []learning.Service{alive("api", 364)}}
		for i := range 364 {
			in.Services[0].Deploys = learning.AddDeploys(in.Services[0].Deploys, learning.CountDeploys(since+int64(i)*day))
		}
		for i := range 12 {
			f := incident(fmt.Sprint(i), "api", "", 0)
			f.StartedAt = since + int64(math.Round(at[i%len(at)]*364*float64(day)))
			in.Incidents = append(in.Incidents, f)
		}
		return in
	}
	share := 1/(1-math.Exp(2)) + 0.5
	early, late := 0.15, 2*share-0.15
	got := compute(made(early, late))
	e := got.organisation(t, "learning_derivative.uncontained")
	near(t, "change", e.Value, math.Exp(-0.5)-1)
	near(t, "exposure", e.Exposure, 364)
	// Six each at two moments t of T: β̂ = 2/Σ ln(T/t), without bias 11/12 of it.
	beta := 11.0 / 12 * 2 / -math.Log(early*late)
	near(t, "β", got.organisation(t, "learning_derivative.uncontained.since_start").Value, beta)
	near(t, "per doubling", got.organisation(t, "learning_derivative.uncontained.per_doubling").Value, math.Exp2(1-1/beta))
	// One deploy a day: a failure lies half-way between two of them, hours at most from where it was.
	deploys := got.organisation(t, "learning_derivative.uncontained.per_deploy")
	if deploys.Exposure != 364 || math.Abs(deploys.Value-e.Value) > 0.01 {
		t.Errorf("by deploys: %+v", deploys)
	}
	near(t, "symmetrical", compute(made(0.1, 0.9, 0.4, 0.6)).organisation(t, "learning_derivative.uncontained").Value, 0)
	few := made(0.3)
	few.Incidents = few.Incidents[:2]
	if e := compute(few).organisation(t, "learning_derivative.uncontained"); e.State != learning.Insufficient ||
		e.Reading != "Not enough data: n = 2 uncontained incidents, needs 3. No figure is shown." {
		t.Errorf("two failures: %+v", e)
	}
}

// Two services, 100 days each, five failures of five modes on each: every
// window of 3 days weighs a fifth, so 3 service-days are lost on each. Four
// failures that customers told of in 194 service-days; Garwood's interval for
// 4 is 1.089865 to 10.241589.
func TestToldByCustomer(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100), alive("web", 100)}}
	for i := range 10 {
		f := incident(fmt.Sprint(i), []string{"api", "web"}[i%2], fmt.Sprint("mode", i), int64(24*(5+9*i)))
		if i < 4 {
			f.DetectionSource = "customer"
		}
		in.Incidents = append(in.Incidents, f)
	}
	got := compute(in)
	e := got.organisation(t, "monitoring_gaps.told_by_customer")
	near(t, "service-days", e.Exposure, 194)
	near(t, "rate", e.Value, 4/0.194)
	near(t, "low", e.Low, 1.0898654/0.194)
	near(t, "high", e.High, 10.2415886/0.194)
	// Ten failures of two services: Student's t on one degree of freedom, 12.7, leaves nearly everything possible.
	if e := got.organisation(t, "monitoring_gaps.told_by_customer.share"); e.State != learning.Insufficient ||
		!strings.HasPrefix(e.Reading, "4 of 10 failures whose detection is known were those that customers told us of: we cannot tell more") {
		t.Errorf("got %+v", e)
	}
	if e := got.of(t, "monitoring_gaps.told_by_customer", "service", "api", "all"); e.State != learning.Insufficient {
		t.Errorf("five failures are too few: %+v", e)
	}
	// What nobody knows the detection of is neither: it is told, and from a third of all on nothing is reported.
	for i := range 6 {
		f := incident(fmt.Sprint("unknown", i), "api", "", int64(24*(7+9*i)))
		f.DetectionSource = []string{"", "unknown"}[i%2]
		in.Incidents = append(in.Incidents, f)
	}
	if e := compute(in).organisation(t, "monitoring_gaps.told_by_customer"); e.State != learning.AssumptionFailed ||
		e.Reading != "Not reported: nobody knows who noticed 6 of 16 failures." {
		t.Errorf("got %+v", e)
	}
	in.Incidents = in.Incidents[:13]
	if e := compute(in).organisation(t, "monitoring_gaps.told_by_customer"); e.State != learning.OK || e.N != 10 || e.Events != 4 ||
		!strings.HasSuffix(e.Reading, "Nobody knows who noticed 3 other failures.") {
		t.Errorf("got %+v", e)
	}
	in.Incidents = in.Incidents[:10]
	// A failure at the first sign of its service has no exposure before it.
	in.Services[0].AliveFrom = since + 5*day
	if e := compute(in).organisation(t, "monitoring_gaps.told_by_customer"); e.N != 9 || e.Events != 3 {
		t.Errorf("the failure that opened the observation is counted: %+v", e)
	}
}

func TestMonitoringGaps(t *testing.T) {
	in := learning.Input{AsOf: since + 100*day, Start: since, Services: []learning.Service{alive("api", 100)}}
	// Eight are closed after 1, 2 … 8 days, four are open.
	for i := range 12 {
		gap := learning.MonitoringGap{ID: fmt.Sprint(i), Service: "api", Team: "payments", FoundAt: since + day, State: "open"}
		if i < 8 {
			gap.ClosedAt, gap.State = since+day+int64(i+1)*day, []string{"proven", "proven", "reopened", "unproven"}[i%4]
		}
		in.Gaps = append(in.Gaps, gap)
	}
	got := compute(in)
	for state, want := range map[string]float64{"found": 12, "open": 4, "closed": 8, "proven": 4, "reopened": 2, "unproven": 2} {
		near(t, state, got.organisation(t, "monitoring_gaps."+state).Value, want)
	}
	// Two unproven ones, closed on days 5 and 9 of 100.
	unproven := got.organisation(t, "monitoring_gaps.unproven")
	near(t, "exposure since", unproven.Exposure, 95+91)
	if !strings.HasSuffix(unproven.Reading, "Since then their services have been alive for 186 days together.") {
		t.Errorf("got %s", unproven.Reading)
	}
	// Survival is exactly ½ from day 6 to day 7, so the median is the middle.
	// The upper band does not come down to ½ by day 8 (survival ⅓, Greenwood's
	// sum 1/4 − 1/12 = ⅙): ⅓^exp(−1.96·√⅙/ln 3) = 0.588.
	e := got.organisation(t, "monitoring_gaps.time_to_close")
	if e.State != learning.Insufficient || !strings.Contains(e.Reading, "the median has no upper bound yet") {
		t.Errorf("got %+v", e)
	}
	// Four more, closed after 9 to 12 days, give the upper bound, and move the
	// median of sixteen to the middle of the eighth and ninth.
	for i := range 4 {
		in.Gaps = append(in.Gaps, learning.MonitoringGap{
			ID: fmt.Sprint("late", i), Service: "api", Team: "payments",
			FoundAt: since + day, ClosedAt: since + day + int64(i+9)*day, State: "unproven",
		})
	}
	e = compute(in).organisation(t, "monitoring_gaps.time_to_close")
	near(t, "median", e.Value, 8.5*86400)
	if e.N != 16 || e.Events != 12 || e.Censored != 4 {
		t.Errorf("got %+v", e)
	}
}

// The worked example of the jackknife over services: 17 of 161, 3.28 to 29.1 %.
func TestFailedShare(t *testing.T) {
	in := learning.Input{AsOf: since + 89*day, Start: since}
	failed, changes := []int64{1, 0, 5, 2, 9}, []int64{12, 20, 31, 8, 90}
	for i := range failed {
		name := fmt.Sprint("service-", i)
		in.Services = append(in.Services, alive(name, 89))
		in.Changes = append(in.Changes, learning.ChangeCount{ChangeOf: &learning.ChangeOf{Service: name, Team: "payments", Kind: "deploy", Rollout: "canary"}, Quarter: "2023-Q1", Changes: changes[i], EndingTold: changes[i], Failed: failed[i], TooYoung: 1})
	}
	got := compute(in)
	for _, metric := range []string{"change_safety.failed_share", "change_safety.failed_share.rollout.canary", "change_safety.failed_share.kind.deploy"} {
		for _, window := range []string{"all", "2023-Q1"} {
			e := got.of(t, metric, "team", "payments", window)
			near(t, "share", e.Value, 17.0/161)
			near(t, "low", e.Low, 0.03277796551986323)
			near(t, "high", e.High, 0.29141362035360713)
			if e.Censored != 5 {
				t.Errorf("too young: got %d, want 5", e.Censored)
			}
		}
	}
	if e := got.of(t, "change_safety.failed_share", "service", "service-0", "all"); e.State != learning.Insufficient {
		t.Errorf("12 changes are too few: %+v", e)
	}
}

// One service of 3,500 changes without a failure, one of 300 with 200 and one
// of 13 with 10: 210 of 3,813, but what holds of one holds of no other, and the
// bounds differ more than fiftyfold as odds. Two alike that weigh 30 to 1 are
// fewer than two, and their interval of a third is no figure either.
func TestFewServicesSpeakForTheWhole(t *testing.T) {
	made := func(failed, changes []int64) learning.Estimate {
		in := learning.Input{AsOf: since + 89*day, Start: since}
		for i := range failed {
			name := fmt.Sprint("service-", i)
			in.Services = append(in.Services, alive(name, 89))
			in.Changes = append(in.Changes, learning.ChangeCount{ChangeOf: &learning.ChangeOf{Service: name, Team: "payments", Kind: "deploy", Rollout: "canary"}, Quarter: "2023-Q1", Changes: changes[i], EndingTold: changes[i], Failed: failed[i]})
		}
		return compute(in).organisation(t, "change_safety.failed_share")
	}
	for _, e := range []learning.Estimate{
		made([]int64{0, 200, 10}, []int64{3500, 300, 13}),
		made([]int64{18, 1}, []int64{60, 2}),
	} {
		if e.State != learning.Insufficient || !strings.Contains(e.Reading, "we cannot tell more") || !strings.Contains(e.Reading, "services speak for the whole") {
			t.Errorf("%s: %s", e.State, e.Reading)
		}
	}
	if e := made([]int64{1}, []int64{20}); e.State != learning.OK {
		t.Errorf("one failure of a single service is as sure as Wilson's interval: %s", e.Reading)
	}
	if e := made(make([]int64, 5), []int64{90, 80, 95, 70, 100}); e.State != learning.OK || e.Value != 0 {
		t.Errorf("no failure at all has an upper bound: %s", e.Reading)
	}
}

// Where nobody tells how changes end, no failure seen is not no failure.
func TestFailedShareNeedsEndings(t *testing.T) {
	in := learning.Input{AsOf: since + 89*day, Start: since, Services: []learning.Service{alive("api", 89)}}
	row := learning.ChangeCount{ChangeOf: &learning.ChangeOf{Service: "api", Team: "payments", Kind: "deploy"}, Quarter: "2023-Q1", Changes: 500}
	in.Changes = []learning.ChangeCount{row}
	if e := compute(in).organisation(t, "change_safety.failed_share"); e.State != learning.AssumptionFailed || !math.IsNaN(e.Value) {
		t.Errorf("nothing is told of 500 changes: %+v", e)
	}
	row.EndingTold = 500
	in.Changes = []learning.ChangeCount{row}
	if e := compute(in).organisation(t, "change_safety.failed_share"); e.State != learning.OK || e.Value != 0 {
		t.Errorf("500 changes are told to have succeeded: %+v", e)
	}
}

// The worked example of the Mantel–Haenszel case-crossover, each row twice.
func TestExcess(t *testing.T) {
	x := []bool{true, true, false, true, false, false, true, true, false, true}
	m := []float64{0.25, 0.5, 0.25, 0, 0.5, 0, 0.25, 1, 0.25, 0.5}
	made := func(reference func(int) float64) learning.Input {
		in := learning.Input{AsOf: since + 400*day, Start: since, Services: []learning.Service{alive("api", 400)}}
		for i := range 20 {
			f := incident(fmt.Sprint(i), "api", "", int64(1000+i*100))
			in.Incidents = append(in.Incidents, f)
			in.Crossover = append(in.Crossover, learning.Crossover{
				IncidentID: f.ID, At: f.StartedAt,
				Exposed: x[i%10], ReferenceShare: reference(i), References: 4,
			})
		}
		return in
	}
	e := compute(made(func(i int) float64 { return m[i%10] })).organisation(t, "change_safety.excess")
	near(t, "excess", e.Value, 0.42857142857142855)
	if e.N != 20 || e.Events != 12 {
		t.Errorf("got %+v", e)
	}
	always := compute(made(func(int) float64 { return 1 })).organisation(t, "change_safety.excess")
	if always.State != learning.AssumptionFailed {
		t.Errorf("a change in every window says nothing, yet: %+v", always)
	}
	never := made(func(int) float64 { return 0 })
	for i := range never.Crossover {
		never.Crossover[i].Exposed = false
	}
	if e := compute(never).organisation(t, "change_safety.excess"); e.State != learning.Insufficient {
		t.Errorf("no change in any window says nothing, yet: %+v", e)
	}
}

// Twenty durations with a heavy tail, in minutes: the median lies between 38
// and 45, at 41.5.
func TestDurations(t *testing.T) {
	minutes := []int64{4, 7, 9, 12, 15, 18, 22, 25, 31, 38, 45, 52, 66, 80, 95, 120, 180, 260, 540, 2880}
	in := learning.Input{AsOf: since + 50*day, Start: since, Services: []learning.Service{alive("api", 50)}}
	for i, m := range minutes {
		f := incident(fmt.Sprint(i), "api", "", int64(24+i))
		f.ResolvedAt = f.DetectedAt + m*60_000
		f.MitigatedAt = 0
		f.StatedResolveSeconds = 60 * m
		in.Incidents = append(in.Incidents, f)
	}
	got := compute(in)
	e := got.organisation(t, "durations.resolve.median")
	near(t, "median", e.Value, 41.5*60)
	near(t, "stated", got.organisation(t, "durations.stated_resolve.median").Value, 41.5*60)
	if e := got.organisation(t, "durations.resolve.p90"); e.State != learning.Insufficient {
		t.Errorf("20 are too few for a ninetieth percentile: %+v", e)
	}
	// One was resolved without anybody noting when it was detected: missing, not undetected to this day.
	in.Incidents[3].DetectedAt = 0
	if e := compute(in).organisation(t, "durations.detect.median"); e.N != 19 || e.Censored != 0 {
		t.Errorf("got %+v", e)
	}
	in.Incidents[3].DetectedAt = in.Incidents[3].StartedAt
	// All were resolved and none says when it was mitigated: missing, not censored.
	if e := got.organisation(t, "durations.mitigate.median"); e.N != 0 || e.State != learning.Insufficient {
		t.Errorf("got %+v", e)
	}
	// Their logs spread by sd; two periods of 20 show 1 − exp(−k·sd·√0.1). With t₃₈ = 2.0243942,
	// a = E√(χ²₁₉/19) = 0.9869344, b = 0.9934436 and z = 0.8416212, (k·a − t·b)² = z²(1 + k²(1−a²) + t²(1−b²)) gives k.
	var sum, squares float64
	for _, m := range minutes {
		sum += math.Log(float64(m))
	}
	for _, m := range minutes {
		d := math.Log(float64(m)) - sum/20
		squares += d * d
	}
	near(t, "detectable", got.organisation(t, "durations.resolve.detectable").Value,
		1-math.Exp(-3.0055776*math.Sqrt(squares/19)*math.Sqrt(0.1)))
	// Five more that last still move the median up; dropping them would not.
	for i := range 5 {
		f := incident(fmt.Sprint("open", i), "api", "", int64(24+i))
		f.ResolvedAt, f.MitigatedAt = 0, 0
		in.Incidents = append(in.Incidents, f)
	}
	e = compute(in).organisation(t, "durations.resolve.median")
	near(t, "median with open ones", e.Value, 66*60) // the 13th of 25
	if e.Censored != 5 {
		t.Errorf("got %+v", e)
	}
}
