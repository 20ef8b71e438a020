package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// By hand: of the ten pairs of (1, 2, 2, 3, 4) with (1, 2, 1, 2, 2) five are
// concordant, none discordant, one is tied in time and four in level.
// τ-b = 5/√(9·6). Var S = [5·4·15 − (2·1·9) − (2·1·9 + 3·2·11)]/18
// + (2·1)(2·1 + 3·2)/(2·5·4) = 11 + 0.4, the term of triples being 0.
func TestKendallByHand(t *testing.T) {
	k := stats.Kendall([]float64{1, 2, 2, 3, 4}, []int{1, 2, 1, 2, 2})
	near(t, "S", k.S, 5)
	near(t, "τ-b", k.TauB, 5/math.Sqrt(54))
	near(t, "z", k.Z, 4/math.Sqrt(11.4))
	near(t, "p", k.P, 2*distuv.UnitNormal.Survival(4/math.Sqrt(11.4)))
}

func TestKendallAgainstAllPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 50 {
		n := 3 + r.IntN(30)
		times, levels := make([]float64, n), make([]int, n)
		for i := range n {
			times[i], levels[i] = float64(r.IntN(9)), 1+r.IntN(4)
		}
		var s, timesDiffer, levelsDiffer float64
		for i := range n {
			for j := range i {
				a, b := times[i]-times[j], float64(levels[i]-levels[j])
				if a*b > 0 {
					s++
				} else if a*b < 0 {
					s--
				}
				if a != 0 {
					timesDiffer++
				}
				if b != 0 {
					levelsDiffer++
				}
			}
		}
		k := stats.Kendall(times, levels)
		near(t, "S", k.S, s)
		if timesDiffer > 0 && levelsDiffer > 0 {
			near(t, "τ-b", k.TauB, s/math.Sqrt(timesDiffer*levelsDiffer))
		}
	}
	if k := stats.Kendall([]float64{1, 2, 3}, []int{2, 2, 2}); !math.IsNaN(k.TauB) || k.P != 1 {
		t.Errorf("all equal: %+v", k)
	}
}

// With two levels it is a logistic regression: without overlap maximum
// likelihood has no answer and Firth's penalty a finite one. Ten against ten
// at two times is a 2×2 table with ½ added to each cell: β = 2·ln(10.5/0.5).
func TestFirthWithoutOverlap(t *testing.T) {
	var x []float64
	var levels []int
	for i := range 20 {
		x = append(x, float64(i/10))
		levels = append(levels, 1+i/10)
	}
	if fit := stats.FitProportionalOdds(x, levels); !math.IsNaN(fit.Beta) {
		t.Errorf("got %v of levels that do not overlap", fit.Beta)
	}
	if got, want := stats.FirthProportionalOdds(x, levels).Beta, 2*math.Log(10.5/0.5); math.Abs(got-want) > 1e-4 {
		t.Errorf("got %v, want %v", got, want)
	}
}

// With no spread but Poisson's, by summing: none of 10 expected, half removed.
func TestRecurrencePower(t *testing.T) {
	largest := -1
	for k := range 10 {
		if stats.RecurrenceRatio(k, 10, 1e-9, 0.95).High < 1 {
			largest = k
		}
	}
	if got, want := stats.RecurrencePower(0.5, 10, 1e-6, 0.95), (distuv.Poisson{Lambda: 5}).CDF(float64(largest)); math.Abs(got-want) > 1e-5 {
		t.Errorf("got %v, want %v", got, want)
	}
	if p := stats.RecurrencePower(0.5, 1, 0.1, 0.95); p != 0 {
		t.Errorf("one to be expected shows nothing, yet %v", p)
	}
}

// A rate of either of two values, each half of the modes: by hand the chance
// of a quiet stretch of 3 is (e^−3 + e^−6)/2.
func TestHazard(t *testing.T) {
	m := stats.RateMixture{Grid: []float64{1, 2}, Weights: []float64{0.5, 0.5}}
	before := stats.Likelihood{1, 1, 0, 0}
	near(t, "due", stats.NewRateMixtures([]stats.RateMixture{m}).Hazards(before, before.Quiet(m.Grid, 3))[0], -math.Log((math.Exp(-3)+math.Exp(-6))/2))
	mean, variance := m.Posterior(before)
	near(t, "mean", mean, 1.5)
	near(t, "mean alone", stats.NewRateMixtures([]stats.RateMixture{m}).Means(before)[0], 1.5)
	near(t, "variance", variance, 0.25)
}
