package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// One candidate of two planned, r = 2 alone, 3 events in 6 weeks before, 4 in 2
// after: 2⁴(8/10)⁷ = 3.3554432, and the other candidate counts 1.
func TestEvidence(t *testing.T) {
	p := stats.EProcess{Factors: []float64{2}, Dispersion: 1, Planned: 2}
	near(t, "before a candidate", p.LogEvidence(2, 5), 0)
	p.Candidate(3, 6)
	near(t, "at the candidate", p.LogEvidence(3, 6), 0)
	near(t, "after it", math.Exp(p.LogEvidence(7, 8)), (3.3554432+1)/2)
	p.Dispersion = 2
	near(t, "overdispersed", math.Exp(p.LogEvidence(7, 8)), (math.Sqrt(3.3554432)+1)/2)
	few := stats.EProcess{Factors: []float64{2}, Dispersion: 1, Planned: 1}
	few.Candidate(1, 6)
	near(t, "one event before", few.LogEvidence(9, 7), 0)
}

// A million events tell what a hundred thousand times less would, if it were the
// rate that changed by as much less: the exponent is n·KL, to nine digits.
func TestEvidenceOfVeryMany(t *testing.T) {
	// n₀ = n₁ = 10⁶, E₀ = 1, E₁ = ½: ln e = 10⁶(ln 2 − 2·ln(2/1.5)).
	near(t, "2,000,000 events", stats.LogRateChange(1e6, 1, 1e6, 0.5, 2), 1e6*(math.Log(2)-2*math.Log(4./3)))
	p := stats.EProcess{Factors: stats.Rises, Dispersion: 1, Planned: 13}
	p.Candidate(1e6, 1)
	if got := p.LogEvidence(9e6, 1.5); math.IsInf(got, 0) || math.IsNaN(got) || got < 1e5 {
		t.Errorf("ln e = %v", got)
	}
	var s stats.ShiryaevRoberts
	s.Factors, s.Dispersion = stats.Rises, 1
	for range 100 {
		s.Step(1e6, 1)
	}
	if got := s.LogEvidence(); math.IsInf(got, 0) || math.IsNaN(got) {
		t.Errorf("ln R = %v", got)
	}
}

// Given their number the events after are binomial, so the evidence at a fixed
// moment has mean 1 whatever n is: Σ C(n,k) pᵏ(1−p)ⁿ⁻ᵏ e(n−k, k) = 1.
func TestEvidenceHasMeanOne(t *testing.T) {
	for _, n := range []int{1, 7, 60} {
		for _, r := range slices.Concat(stats.Rises, stats.Falls) {
			const e0, e1 = 3.0, 1.25
			var mean float64
			for k := 0; k <= n; k++ {
				up, _ := math.Lgamma(float64(n + 1))
				a, _ := math.Lgamma(float64(k + 1))
				b, _ := math.Lgamma(float64(n - k + 1))
				log := up - a - b + float64(k)*math.Log(e1/(e0+e1)) + float64(n-k)*math.Log(e0/(e0+e1))
				mean += math.Exp(log + stats.LogRateChange(float64(n-k), e0, float64(k), e1, r))
			}
			near(t, fmt.Sprintf("n = %d, r = %v", n, r), mean, 1)
		}
	}
}

// Two steps by hand, r = 2: R₁ = 2²e⁻¹, R₂ = (1+R₁)·2⁰e⁻¹.
func TestShiryaevRoberts(t *testing.T) {
	s := stats.ShiryaevRoberts{Factors: []float64{2}, Dispersion: 1}
	if !math.IsInf(s.LogEvidence(), -1) {
		t.Error("evidence before the first step")
	}
	s.Step(2, 1)
	near(t, "R₁", math.Exp(s.LogEvidence()), 4/math.E)
	s.Step(0, 1)
	near(t, "R₂", math.Exp(s.LogEvidence()), (1+4/math.E)/math.E)
}

// The mean time to a false alarm is at least the bar, and one comes within n
// steps with probability at most n over the bar.
func TestShiryaevRobertsKeepsItsRunLength(t *testing.T) {
	const bar, n = 40.0, 2000
	r := rand.New(rand.NewPCG(5, 9))
	var length, early float64
	for range n {
		s := stats.ShiryaevRoberts{Factors: stats.Rises, Dispersion: 1}
		step := 0.0
		for s.LogEvidence() < math.Log(bar) {
			s.Step(distuv.Poisson{Lambda: 0.7, Src: r}.Rand(), 0.7)
			step++
		}
		length += step / n
		if step <= 10 {
			early++
		}
	}
	t.Logf("mean run length %.1f, %.0f of %d within 10 steps", length, early, n)
	// Run lengths are about exponential: three standard errors.
	if length < bar*(1-3/math.Sqrt(n)) || early/n > 10/bar+3*math.Sqrt(0.25*0.75/n) {
		t.Errorf("mean run length %v, %v within 10 steps; the bar is %v", length, early/n, bar)
	}
}

// e = 200, 90, 30, 1 at α = 0.05 and K = 4: 1·200 ≥ 80, 2·90 ≥ 80, 3·30 ≥ 80, 4·1 < 80.
func TestEBenjaminiHochberg(t *testing.T) {
	logs := []float64{math.Log(30), math.Log(1), math.Log(200), math.Log(90)}
	if got := stats.EBenjaminiHochberg(logs, 0.05); !slices.Equal(got, []bool{true, false, true, true}) {
		t.Errorf("rejects %v", got)
	}
	// 70 < 80 alone; with a second of 45 both pass: 2·45 ≥ 80.
	if got := stats.EBenjaminiHochberg([]float64{math.Log(70), 0, 0, 0}, 0.05); slices.Contains(got, true) {
		t.Errorf("rejects %v", got)
	}
	if got := stats.EBenjaminiHochberg([]float64{math.Log(70), math.Log(45), 0, 0}, 0.05); !slices.Equal(got, []bool{true, true, false, false}) {
		t.Errorf("rejects %v", got)
	}
	if len(stats.EBenjaminiHochberg(nil, 0.05)) != 0 {
		t.Error("rejects nothing at all")
	}
}

func TestSteady(t *testing.T) {
	weeks := func(f func(i int) float64) (counts, exposure []float64) {
		for i := range 52 {
			counts, exposure = append(counts, f(i)), append(exposure, 1)
		}
		return counts, exposure
	}
	// Two a week, each week: nothing varies.
	if got := stats.Steady(weeks(func(int) float64 { return 2 })); got.Dispersion != 1 || !got.Handled() {
		t.Errorf("constant counts: %+v", got)
	}
	// Four a week for half a year, then none: a wave of the year.
	if got := stats.Steady(weeks(func(i int) float64 { return 4 * float64(1-i/26) })); got.Handled() || got.Dispersion < 10 {
		t.Errorf("half a year of silence: %+v", got)
	}
	// Eight in every fourth week, shifted by the four-week bins: bursts, but no season.
	if got := stats.Steady(weeks(func(i int) float64 {
		if i%8 == 3 {
			return 16
		}
		return 0
	})); !got.Handled() || got.Dispersion < 5 {
		t.Errorf("bursts: %+v", got)
	}
	// Twice the exposure, twice the counts: steady on this clock.
	counts, exposure := weeks(func(i int) float64 { return 2 + 2*float64(i/26) })
	for i := range exposure {
		exposure[i] = 1 + float64(i/26)
	}
	if got := stats.Steady(counts, exposure); !got.Handled() || got.Dispersion != 1 {
		t.Errorf("growing exposure: %+v", got)
	}
	for _, none := range [][]float64{nil, {1, 0, 3}, make([]float64, 60)} {
		if got := stats.Steady(none, make([]float64, len(none))); got.Dispersion != 1 || !got.Handled() {
			t.Errorf("%v: %+v", none, got)
		}
	}
}

// A rate of no failures ever is no year of the watch, and much more evidence is needed for a higher bar.
func TestPower(t *testing.T) {
	plan := stats.WatchPlan{Before: 26, Exposure: 52, Weekly: 1, Factors: stats.Rises, Dispersion: 1, Bar: 20}
	low := plan.Power(3, 400, 1)
	if low != plan.Power(3, 400, 1) {
		t.Error("equal plans give other answers")
	}
	plan.Bar = 1e4
	high := plan.Power(3, 400, 1)
	if !(low.Share > 0.95 && low.Share > high.Share && low.Delay < high.Delay) {
		t.Errorf("%+v at 20, %+v at 10,000", low, high)
	}
	plan.Bar = 20
	if double := plan.Power(2, 400, 1); double.Share >= low.Share || double.Share < 0.4 {
		t.Errorf("%+v for a doubling", double)
	}
	plan.Target, plan.Before, plan.Exposure, plan.Bar = true, 0.5, 1, 1040
	if target := plan.Power(3, 400, 1); target.Share < 0.95 || target.Delay > 20 {
		t.Errorf("%+v against a stated rate", target)
	}
}
