package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
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
	fades   float64 // share of the rate left after each quarter, of itself; 0: all
}

func gammaRates(r *rand.Rand) float64 {
	return math.Max(1e-6, distuv.Gamma{Alpha: 0.5, Beta: 0.5 * 250, Src: r}.Rand())
}

func lognormalRates(r *rand.Rand) float64 { return math.Min(0.5, math.Exp(r.NormFloat64()*1.2)/500) }

func twoRates(r *rand.Rand) float64 {
	if r.Float64() < 0.2 {
		return 1.0 / 40
	}
	return 1.0 / 900
}

// Three rules of fixing, that wait so many days after so many failures.
func anyTime(r *rand.Rand, failures int) (float64, bool) { return 120 * r.ExpFloat64(), failures == 1 }

func whenRecurring(r *rand.Rand, failures int) (float64, bool) {
	return 14 * r.Float64(), failures == 3
}
func atOnce(r *rand.Rand, failures int) (float64, bool) { return 14 * r.Float64(), failures == 1 }

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
			if w.fades > 0 && r.Float64() > math.Pow(w.fades, (at-from)/91) {
				continue
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

// outcome is what many organisations showed of one measure.
type outcome struct {
	mean, deviation float64
	covers, shown   float64 // shares of those reported
	reported        int
}

// run simulates organisations and looks how each metric's estimate stands to the truth.
func (w world) run(seed uint64, organisations int, truth map[string]float64) map[string]outcome {
	r := rand.New(rand.NewPCG(seed, 9))
	out := map[string]outcome{}
	for range organisations {
		estimates := compute(w.input(r))
		for metric, true := range truth {
			e := estimates[metric+"|organisation||all"]
			if e.State != learning.OK {
				continue
			}
			o := out[metric]
			o.reported++
			o.mean += e.Value
			o.deviation += e.Value * e.Value
			if e.Low <= true && true <= e.High {
				o.covers++
			}
			if e.Low > 0 || e.High < 0 {
				o.shown++
			}
			out[metric] = o
		}
	}
	for metric, o := range out {
		n := float64(o.reported)
		o.mean /= n
		o.deviation = math.Sqrt(math.Max(0, o.deviation/n-o.mean*o.mean))
		o.covers /= n
		o.shown /= n
		out[metric] = o
	}
	return out
}

// organisations is how many are simulated, and of how many modes each.
func organisations() (n, modes int) {
	if os.Getenv("TUITION_LONG") == "1" {
		return 100, 150
	}
	return 4, 80
}

// Without learning the mean is zero within 0.1 and the interval holds zero in
// nine of ten organisations or more, whatever the rates and whatever is fixed,
// whether the modes are old or begin within the record. The placebo too.
func TestNoLearningWhereThereIsNone(t *testing.T) {
	rates := []struct {
		name string
		draw func(*rand.Rand) float64
	}{{"gamma", gammaRates}, {"lognormal", lognormalRates}, {"two-point", twoRates}}
	fixes := []struct {
		name string
		wait func(*rand.Rand, int) (float64, bool)
	}{{"at any time", anyTime}, {"when recurring", whenRecurring}}
	n, modes := organisations()
	truth := map[string]float64{"learning_per_failure": 0, "learning_per_failure.declared": 0, "learning_per_failure.placebo": 0, "learning_per_failure.trend": 0}
	for i, rate := range rates {
		for j, fix := range fixes {
			for k, born := range []float64{0, 0.5} {
				if os.Getenv("TUITION_LONG") != "1" && (i+j+k)%3 > 0 {
					continue
				}
				w := world{modes: modes, years: 3, rate: rate.draw, born: born, fix: fix.wait}
				for metric, o := range w.run(1, n, truth) {
					t.Logf("%s, fixed %s, born %v, %s: %+v", rate.name, fix.name, born, metric, o)
					k := float64(o.reported)
					if slack := 0.1 + 3*math.Max(o.deviation, 0.2)/math.Sqrt(k); math.Abs(o.mean) > slack {
						t.Errorf("%s, fixed %s, born %v: the mean of %s is %.3f", rate.name, fix.name, born, metric, o.mean)
					}
					if o.covers < 0.9-3*math.Sqrt(0.09/k) {
						t.Errorf("%s, fixed %s, born %v: %s covers %.3f of %d", rate.name, fix.name, born, metric, o.covers, o.reported)
					}
				}
			}
		}
	}
}

// Half of the rate, or four fifths of it, is removed by the fixes.
func TestLearningIsFound(t *testing.T) {
	n, modes := organisations()
	for _, removed := range []float64{0.5, 0.8} {
		w := world{modes: modes, years: 3, rate: gammaRates, born: 0.3, fix: whenRecurring, removed: removed}
		o := w.run(2, n, map[string]float64{"learning_per_failure.declared": removed})["learning_per_failure.declared"]
		t.Logf("removed %v: %+v", removed, o)
		k := float64(o.reported)
		if slack := 0.1 + 3*math.Max(o.deviation, 0.15)/math.Sqrt(k); math.Abs(o.mean-removed) > slack || o.covers < 0.9-3*math.Sqrt(0.09/k) {
			t.Errorf("removed %v: %+v", removed, o)
		}
	}
}

// Where modes fade by themselves the placebo says so, and nothing is claimed.
func TestModesThatFade(t *testing.T) {
	never := func(*rand.Rand, int) (float64, bool) { return 0, false }
	often := func(*rand.Rand) float64 { return 1.0 / 25 }
	w := world{modes: 60, years: 3, rate: often, fix: never, fades: 0.7, born: 1}
	r := rand.New(rand.NewPCG(3, 9))
	failed, n := 0, 4
	for range n {
		got := compute(w.input(r))
		if e := got.organisation(t, "learning_per_failure"); e.State == learning.AssumptionFailed && strings.Contains(e.Reading, "modes fade without a fix") {
			failed++
		}
	}
	if failed < n-1 {
		t.Errorf("the placebo spoke in %d of %d organisations whose modes fade", failed, n)
	}
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
	got := compute(in)
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
