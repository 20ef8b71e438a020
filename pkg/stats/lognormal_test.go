package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Without censoring the fit is the mean and the deviation of the logs.
func TestLogNormalUncensored(t *testing.T) {
	var lifetimes []stats.Lifetime
	logs := []float64{0.5, 1, 1, 2.5, -3, 0}
	for _, y := range logs {
		lifetimes = append(lifetimes, stats.Lifetime{Time: math.Exp(y), Event: true})
	}
	fit := stats.FitLogNormal(lifetimes)
	near(t, "mean", fit.Mean, 1.0/3)
	near(t, "deviation", fit.SD, stats.Deviation(logs))
	near(t, "effective", fit.Effective, 6)
	near(t, "freedom", fit.Freedom, 5)
}

// With censoring the fit is where the likelihood, written out here, is flat;
// what it knows is the inverse of the observed information: Var μ̂ = σ̂²/m, and
// Var ln σ̂ = 1/(2(f + 1)).
func TestLogNormalCensored(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ n, late int }{{12, 4}, {40, 25}, {200, 180}} {
		var lifetimes []stats.Lifetime
		for i := range c.n {
			l := stats.Lifetime{Time: math.Exp(8 + 1.5*r.NormFloat64()), Event: i >= c.late}
			if !l.Event {
				l.Time *= 2 * r.Float64()
			}
			lifetimes = append(lifetimes, l)
		}
		fit := stats.FitLogNormal(lifetimes)
		logLikelihood := func(x []float64) float64 {
			normal := distuv.Normal{Mu: x[0], Sigma: math.Exp(x[1])}
			var sum float64
			for _, l := range lifetimes {
				if y := math.Log(l.Time); l.Event {
					sum += normal.LogProb(y)
				} else {
					sum += math.Log(normal.Survival(y))
				}
			}
			return sum
		}
		known := fit.Freedom + 1
		sigma := fit.SD * math.Sqrt((known-1)/known)
		at := []float64{fit.Mean, math.Log(sigma)}
		for k, slope := range fd.Gradient(nil, logLikelihood, at, &fd.Settings{Formula: fd.Central}) {
			if math.Abs(slope) > 1e-4 {
				t.Errorf("%d of %d censored: slope %d is %g at %+v", c.late, c.n, k, slope, fit)
			}
		}
		hessian := mat.NewSymDense(2, nil)
		fd.Hessian(hessian, logLikelihood, at, &fd.Settings{Formula: fd.Central, Step: 1e-3})
		var inverse mat.Dense
		if err := inverse.Inverse(hessian); err != nil {
			t.Fatal(err)
		}
		if got, want := sigma*sigma/fit.Effective, -inverse.At(0, 0); math.Abs(got/want-1) > 1e-4 {
			t.Errorf("%d of %d censored: variance of the mean %g, want %g", c.late, c.n, got, want)
		}
		if got, want := 1/(2*known), -inverse.At(1, 1); math.Abs(got/want-1) > 1e-4 {
			t.Errorf("%d of %d censored: variance of ln σ %g, want %g", c.late, c.n, got, want)
		}
	}
}

func TestLogNormalEdges(t *testing.T) {
	event := func(x ...float64) (out []stats.Lifetime) {
		for _, x := range x {
			out = append(out, stats.Lifetime{Time: x, Event: true})
		}
		return out
	}
	for name, lifetimes := range map[string][]stats.Lifetime{
		"none": nil, "one": event(3), "all equal": event(3, 3, 3), "all censored": {{Time: 3}, {Time: 4}, {Time: 5}},
	} {
		if fit := stats.FitLogNormal(lifetimes); !math.IsNaN(fit.Mean) || !math.IsNaN(fit.SD) || !math.IsNaN(fit.Effective) || !math.IsNaN(fit.Freedom) {
			t.Errorf("%s: got %+v", name, fit)
		}
	}
	// One that lasts a million times as long as those almost alike that are finished.
	fit := stats.FitLogNormal(append(event(1, 1.01, 1.02, 1, 1.01, 1.02, 1.01), stats.Lifetime{Time: 1e6}))
	if !(fit.SD > 1 && fit.Effective > 0 && !math.IsInf(fit.Mean, 0)) {
		t.Errorf("one far out: got %+v", fit)
	}
}

// power.t.test of R: two groups of 22.02110 show a difference of one deviation
// with power 0.9, two of 20 with power 0.8689528 (its documented examples).
func TestDetectableOfKnownSpread(t *testing.T) {
	for n, power := range map[float64]float64{22.02110: 0.9, 20: 0.8689528} {
		fit := stats.LogNormal{SD: 1, Effective: n, Freedom: n - 1}
		spread := stats.DeviationInterval(1, n-1, 0.5)
		got := fit.DetectableInterval(0.95, power, 0.5)
		for _, one := range [][2]float64{{got.Low, spread.Low}, {got.High, spread.High}} {
			if shift := -math.Log1p(-one[0]) / one[1]; math.Abs(shift-1) > 0.002 {
				t.Errorf("two groups of %g, power %g: shift of %g deviations, want 1", n, power, shift)
			}
		}
	}
}
