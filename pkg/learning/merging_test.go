package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// trials is how many organisations are simulated: ten times more with TUITION_LONG=1.
func trials() int {
	if os.Getenv("TUITION_LONG") == "1" {
		return 200
	}
	return 20
}

// stationary is an organisation of four services, each with so many modes that
// fail at a rate per day without any trend, for two years. Customers tell of all failures.
func stationary(r *rand.Rand, modes int, perDay float64) learning.Input {
	const days = 730
	in := learning.Input{AsOf: since + days*day, Start: since}
	for s := range 4 {
		name := fmt.Sprint("service-", s)
		in.Services = append(in.Services, alive(name, days))
		for m := range modes {
			for at := r.ExpFloat64() / perDay; at < days; at += r.ExpFloat64() / perDay {
				f := incident(fmt.Sprintf("%d-%d-%g", s, m, at), name, fmt.Sprint("mode-", m), 0)
				f.StartedAt = since + int64(at*float64(day))
				f.DetectionSource = "customer"
				in.Incidents = append(in.Incidents, f)
			}
		}
	}
	return in
}

// With a dead time τ after each failure a fixed window shows λ/(1+λτ) per day
// alive, and λ per day of exposure; that holds for services with one mode,
// and for those with several, where a window is dead to its own mode alone.
func TestMergingLeavesTheRateRight(t *testing.T) {
	for _, c := range []struct {
		modes  int
		perDay float64
	}{{1, 0.2}, {2, 0.1}, {8, 0.03}} {
		r := rand.New(rand.NewPCG(5, uint64(c.modes)))
		truth := 1000 * float64(c.modes) * c.perDay
		var sum float64
		hits := 0
		for range trials() {
			e := compute(stationary(r, c.modes, c.perDay)).organisation(t, "monitoring_gaps.told_by_customer")
			sum += e.Value
			if e.Low <= truth && truth <= e.High {
				hits++
			}
		}
		n := float64(trials())
		if mean := sum / n; math.Abs(mean/truth-1) > 0.02 {
			t.Errorf("%d modes of %v a day: the mean rate is %.1f, should be %.1f", c.modes, c.perDay, mean, truth)
		}
		// Dead time makes counts more even than Poisson's, so Garwood is conservative.
		if share := float64(hits) / n; share < 0.95-3*math.Sqrt(0.95*0.05/n) {
			t.Errorf("%d modes of %v a day: covers %.3f", c.modes, c.perDay, share)
		}
	}
}

// Stationary services show no trend, whatever the merging does.
func TestNoTrendWhereThereIsNone(t *testing.T) {
	for _, c := range []struct {
		modes  int
		perDay float64
	}{{1, 0.2}, {4, 0.01}} {
		r := rand.New(rand.NewPCG(6, uint64(c.modes)))
		outside := 0
		for range trials() {
			e := compute(stationary(r, c.modes, c.perDay)).organisation(t, "learning_derivative.uncontained")
			if e.Low > 0 || e.High < 0 {
				outside++
			}
		}
		n := float64(trials())
		if share := float64(outside) / n; share > 0.06+3*math.Sqrt(0.05*0.95/n) {
			t.Errorf("%d modes of %v a day: a trend is seen in %.3f of the organisations that have none", c.modes, c.perDay, share)
		}
	}
}

// One mode that fails again as soon as its rate lets it after every window of
// three days, and twice more within each: what is seen a week is λ/(1+λτ), a
// counter with a fixed dead time (Knoll, Radiation Detection and Measurement,
// chapter 4), and without the windows' exposure it is λ again.
func TestRateOfMergedFailures(t *testing.T) {
	const weeks, tau = 520, 3.0 / 7
	for perWeek, seen := range map[float64]float64{0.5: 0.411764705882353, 7. / 3: 1.166666666666667, 5: 1.590909090909091, 10: 1.891891891891892} {
		in := learning.Input{AsOf: since + weeks*7*day, Start: since, Services: []learning.Service{alive("api", weeks*7)}}
		between := tau + 1/perWeek // weeks
		n := int(weeks / between)
		for i := range n {
			for k, later := range []float64{0, 0.1, tau - 0.01} {
				f := incident(fmt.Sprint(i, k), "api", "disk", 0)
				f.StartedAt = since + int64(((float64(i)+1)*between-tau+later)*7*float64(day))
				in.Incidents = append(in.Incidents, f)
			}
		}
		got := compute(in)
		e := got.organisation(t, "containment.uncontained")
		// Exposure is counted to the end of the record, which falls between two failures.
		if want := float64(n); float64(e.Events) != want || math.Abs(want/weeks/seen-1) > between/weeks {
			t.Errorf("%v a week: %d failures in %d weeks, %v a week expected", perWeek, e.Events, weeks, seen)
		}
		near(t, "failures a week of calendar", 1/between, seen)
		alone := (weeks - float64(n)*tau) * 7 // days outside the windows
		if math.Abs(e.Exposure-alone) > 4 {
			t.Errorf("%v a week: %v service-days of exposure, should be %v", perWeek, e.Exposure, alone)
		}
		if rate := e.Value * 7 / 1000; math.Abs(rate/perWeek-1) > 4/alone+2/float64(n) {
			t.Errorf("%v a week is estimated at %v", perWeek, rate)
		}
	}
}
