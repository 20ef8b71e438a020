package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// world is an organisation whose modes fail at known rates.
type world struct {
	modes   int
	years   float64
	rate    func(*rand.Rand) float64 // per day
	born    float64                  // share of modes that begin within the record
	fix     func(r *rand.Rand, failures int) (wait float64, fixed bool)
	removed float64 // share of the rate that a fix takes away
}

func gammaRates(r *rand.Rand) float64 {
	return math.Max(1e-6, distuv.Gamma{Alpha: 0.5, Beta: 0.5 * 250, Src: r}.Rand())
}

// Two rules of fixing, that wait so many days after so many failures.
func anyTime(r *rand.Rand, failures int) (float64, bool) { return 120 * r.ExpFloat64(), failures == 1 }

func whenRecurring(r *rand.Rand, failures int) (float64, bool) {
	return 14 * r.Float64(), failures == 3
}

func (w world) input(r *rand.Rand) learning.Input {
	total := 365 * w.years
	in := learning.Input{AsOf: since + int64(total)*day, Start: since}
	moment := func(days float64) int64 { return since + int64(days*float64(day)) }
	const perService = 10
	for m := range w.modes {
		name, mode := fmt.Sprintf("service-%03d", m/perService), fmt.Sprintf("mode-%04d", m)
		if m%perService == 0 {
			in.Services = append(in.Services, alive(name, int64(total)))
		}
		rate, from, left := w.rate(r), 0.0, 1.0
		if r.Float64() < w.born {
			from = total * r.Float64()
		}
		fixed, failures := math.Inf(1), 0
		for at := from; ; {
			step := r.ExpFloat64() / rate
			if fixed >= at && at+step > fixed {
				at, left = fixed, 1-w.removed // memoryless: begin again at the fix
				if left == 0 {
					break
				}
				fixed = math.Inf(-1)
				continue
			}
			if math.IsInf(fixed, -1) {
				step /= left
			}
			at += step
			if at >= total {
				break
			}
			failures++
			f := incident(fmt.Sprintf("%s-%d", mode, failures), name, mode, 0)
			f.StartedAt = moment(at)
			in.Incidents = append(in.Incidents, f)
			if wait, now := w.fix(r, failures); now && math.IsInf(fixed, 1) {
				fixed = at + math.Max(wait, 3)
				if fixed < total {
					in.Improvements = append(in.Improvements, learning.Improvement{
						ID: mode, Service: name, FailureMode: mode,
						OpenedAt: moment(at), ClosedAt: moment(fixed), WitnessedClosedAt: moment(fixed),
					})
				}
			}
			at += 3 // merged
		}
	}
	return in
}

// Of very many modes half are due to come back: taking like histories together leaves the figure right.
func TestVeryManyModes(t *testing.T) {
	w := world{modes: 3000, years: 3, rate: gammaRates, born: 0.3, fix: whenRecurring, removed: 0.5}
	e := compute(w.input(rand.New(rand.NewPCG(12, 9)))).organisation(t, "learning_per_failure.declared")
	if e.State != learning.OK || math.Abs(e.Value-0.5) > 0.1 || !strings.Contains(e.Method, "at most 1000 cells, 50 resamples") {
		t.Errorf("got %+v", e)
	}
}

// Fixed at once, nobody knows how often they would have come back.
func TestFixedTooSoon(t *testing.T) {
	in := learning.Input{AsOf: since + 1000*day, Start: since}
	for i := range 40 {
		name := fmt.Sprintf("service-%02d", i)
		in.Services = append(in.Services, alive(name, 1000))
		at := int64(24 * (20 + 5*i))
		in.Incidents = append(in.Incidents, incident(name, name, "disk", at))
		closed := since + at*hour + 4*day
		in.Improvements = append(in.Improvements, learning.Improvement{ID: name, Service: name, FailureMode: "disk", ClosedAt: closed, WitnessedClosedAt: closed})
	}
	got := compute(heard(in, "service-00", 220))
	for _, metric := range []string{"learning_per_failure", "learning_per_failure.declared", "learning_per_failure.trend", "learning_per_failure.power"} {
		if e := got.organisation(t, metric); e.State != learning.AssumptionFailed || !strings.Contains(e.Reading, "fixed too soon to know the rate without a fix") {
			t.Errorf("%s: %s %s", metric, e.State, e.Reading)
		}
	}
	if e := got.organisation(t, "learning_per_failure.placebo"); e.State != learning.Insufficient {
		t.Errorf("no mode is unfixed: %+v", e)
	}
}

// A team's expectation is part of the organisation's, and no service has one.
func TestTeamsShareTheRates(t *testing.T) {
	in := random(11, 9, 300, 900)
	got := compute(in)
	var expected float64
	var came int64
	for key, e := range got {
		if strings.HasPrefix(key, "learning_per_failure|team|") && e.Window == "all" {
			expected += e.Exposure
			came += e.Events
		}
		if strings.HasPrefix(key, "learning_per_failure|service|") {
			t.Errorf("a service has too few modes: %+v", e)
		}
	}
	whole := got.organisation(t, "learning_per_failure")
	near(t, "expected", expected, whole.Exposure)
	if came != whole.Events {
		t.Errorf("teams saw %d recurrences, the organisation %d", came, whole.Events)
	}
}

// Every mode counts 13 weeks after its first failure, so to declare a fix
// later than that, or never, changes nothing; nor does stating a time before
// the fix was first witnessed.
func TestDeclaringLateDoesNotPay(t *testing.T) {
	in := random(7, 6, 150, 400)
	in.AsOf += 200 * day
	for i := range in.Services {
		in.Services[i].AliveTo = in.AsOf
	}
	late := slices.Clone(in.Improvements)
	for i := range late {
		late[i].WitnessedClosedAt = in.AsOf - 10*day
	}
	in.Improvements = nil
	never := compute(in).organisation(t, "learning_per_failure")
	in.Improvements = late
	if got := compute(in).organisation(t, "learning_per_failure"); never.Events == 0 || got.Exposure != never.Exposure || got.Events != never.Events || got.State != never.State {
		t.Errorf("never declared: %+v\ndeclared late: %+v", never, got)
	}
}

// All modes are fixed on day 200; deploys come once a day until then, and as given after.
func TestPerFailureSaysOfDeploys(t *testing.T) {
	for after, want := range map[int32]string{
		3: "Deploys came 3 times as often after the interventions as before: if failures come with deploys, no learning at all would read −200 %.",
		1: "", 0: "Deploys came 0 times as often after the interventions as before: if failures come with deploys, no learning at all would read 100 %.",
	} {
		s := alive("api", 400)
		for d := range int32(400) {
			deploys := int32(1)
			if d >= 200 {
				deploys = after
			}
			if deploys > 0 {
				s.Deploys = learning.AddDeploys(s.Deploys, learning.PackDeploys(learning.DeployDay{Day: int32(since/day) + d, Deploys: deploys}))
			}
		}
		in := learning.Input{AsOf: since + 400*day, Start: since, Services: []learning.Service{s}}
		for m := range 5 {
			mode := fmt.Sprint("mode", m)
			for k := range 3 {
				in.Incidents = append(in.Incidents, incident(fmt.Sprint(mode, "-", k), "api", mode, int64(24*(150+10*k))))
			}
			in.Improvements = append(in.Improvements, learning.Improvement{
				ID: mode, Service: "api", FailureMode: mode, ClosedAt: since + 200*day, WitnessedClosedAt: since + 200*day,
			})
		}
		for _, e := range learning.PerFailure(in, learning.DefaultSettings()) {
			if e.Metric != "learning_per_failure.declared" || e.Window != "all" {
				continue
			}
			if said := strings.Contains(e.Reading, "Deploys came"); said != (want != "") || !strings.Contains(e.Reading, want) {
				t.Errorf("%d deploys a day after: got %q, want %q in it", after, e.Reading, want)
			}
		}
	}
}
