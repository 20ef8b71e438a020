package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Shrunk figures hold the truth of the services they are of in 95 of 100 of
// these, services of every size taken together: what an empirical Bayes
// interval promises (Morris 1983).
func shrunkCover(t *testing.T, least float64, organisations, services int, truth func(*rand.Rand) float64, count func(*rand.Rand, float64) stats.Counted, shrink func([]stats.Counted) []stats.Shrunk) {
	t.Helper()
	r := rand.New(rand.NewPCG(20260101, 17))
	if trials() > 2000 {
		organisations *= 20
	}
	var hits, all, shrunk, raw float64
	for range organisations {
		truths, counted := make([]float64, services), make([]stats.Counted, services)
		for i := range truths {
			truths[i] = truth(r)
			counted[i] = count(r, truths[i])
		}
		for i, s := range shrink(counted) {
			all++
			if holds(s.Interval(0.95), truths[i]) {
				hits++
			}
			off, own := s.Value-truths[i], counted[i].Events/counted[i].Of-truths[i]
			shrunk += off * off
			raw += own * own
		}
	}
	t.Logf("%.4f of %.0f; squared error %.2f of its own figure's", hits/all, all, shrunk/raw)
	// Those of one organisation share one prior: the error is that of organisations.
	slack := 3 * math.Sqrt(0.05*0.95/all) * 3
	if hits/all < least-slack || hits/all > 0.995+slack {
		t.Errorf("covers %.4f", hits/all)
	}
	if shrunk > raw {
		t.Errorf("further from the truth than its own figure: %.2f of the squared error", shrunk/raw)
	}
}

func TestShrunkRatesCover(t *testing.T) {
	for _, shape := range []float64{0.5, 2, 20} {
		for _, services := range []int{8, 40} {
			shrunkCover(t, 0.93, 1200/services, services, func(r *rand.Rand) float64 { return distuv.Gamma{Alpha: shape, Beta: shape / 2, Src: r}.Rand() },
				func(r *rand.Rand, rate float64) stats.Counted {
					exposure := math.Exp(r.NormFloat64())
					return stats.Counted{Events: distuv.Poisson{Lambda: math.Max(rate*exposure, 1e-12), Src: r}.Rand(), Of: exposure}
				}, stats.ShrinkRates)
		}
	}
}

func TestShrunkSharesCover(t *testing.T) {
	for _, size := range []float64{3, 20, 100} {
		for _, services := range []int{8, 40} {
			shrunkCover(t, 0.93, 1200/services, services, func(r *rand.Rand) float64 {
				return distuv.Beta{Alpha: 0.2 * size, Beta: 0.8 * size, Src: r}.Rand()
			}, func(r *rand.Rand, share float64) stats.Counted {
				n := 1 + distuv.Poisson{Lambda: 8, Src: r}.Rand()
				return stats.Counted{Events: distuv.Binomial{N: n, P: share, Src: r}.Rand(), Of: n}
			}, stats.ShrinkShares)
		}
	}
}

// With the distribution known the posterior is exact: gamma(2, 4) and 3 events
// in 6 days give (2 + 3)/(4 + 6), drawn 4/(4 + 6) of the way to 2/4.
func TestNothingIsShrunkOfFew(t *testing.T) {
	few := []stats.Counted{{Events: 1, Of: 2}, {Events: 2, Of: 3}, {Events: 0, Of: 1}, {Events: 4, Of: 2}}
	if stats.ShrinkRates(few) != nil || stats.ShrinkShares(few[:3]) != nil {
		t.Error("four say nothing of how they differ")
	}
	if stats.ShrinkRates(make([]stats.Counted, 10)) != nil {
		t.Error("without an event there is nothing to be drawn toward")
	}
	mean, _ := stats.GammaPoisson{Shape: 2, Rate: 4}.Posterior(3, 6, 0.95)
	if math.Abs(mean-0.5) > 1e-12 {
		t.Errorf("got %v", mean)
	}
}
