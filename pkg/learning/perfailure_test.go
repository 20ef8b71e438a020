package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
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
			if fixed > at && at+step > fixed {
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
					in.Improvements = append(in.Improvements, learning.Improvement{ID: mode, Service: name, FailureMode: mode,
						OpenedAt: moment(at), ClosedAt: moment(fixed), WitnessedClosedAt: moment(fixed)})
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

func TestZZ(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("ZZ"))
	if n == 0 {
		t.Skip()
	}
	modes, _ := strconv.Atoi(os.Getenv("MODES"))
	rem, _ := strconv.ParseFloat(os.Getenv("REM"), 64)
	for _, rate := range []struct {
		n string
		f func(*rand.Rand) float64
	}{{"gamma", gammaRates}, {"lognormal", lognormalRates}, {"two", twoRates}} {
		for _, fix := range []struct {
			n string
			f func(*rand.Rand, int) (float64, bool)
		}{{"any", anyTime}, {"recurring", whenRecurring}, {"once", atOnce}} {
			for _, born := range []float64{0, 0.5} {
				w := world{modes: modes, years: 3, rate: rate.f, born: born, fix: fix.f, removed: rem}
				for m, o := range w.run(1, n, map[string]float64{"learning_per_failure": 0, "learning_per_failure.declared": rem, "learning_per_failure.placebo": 0, "learning_per_failure.trend": 0}) {
					fmt.Printf("%s %s born %v %s: %+v\n", rate.n, fix.n, born, m, o)
				}
			}
		}
	}
}
