package stats_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// trials is how many simulated data sets each coverage is measured on: enough
// to see a gross fault in an ordinary test, and ten times more with
// TUITION_LONG=1.
func trials() int {
	if os.Getenv("TUITION_LONG") == "1" {
		return 20_000
	}
	return 2_000
}

// covers measures how often a 95 % interval holds the truth that made its
// data, and asserts that this lies between two shares, give or take three
// standard errors of the simulation.
func covers(t *testing.T, least, most float64, hit func(*rand.Rand) bool) {
	t.Helper()
	coversIn(t, trials(), least, most, hit)
}

func coversIn(t *testing.T, trials int, least, most float64, hit func(*rand.Rand) bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(20260101, 7))
	hits := 0
	for range trials {
		if hit(r) {
			hits++
		}
	}
	n := float64(trials)
	got := float64(hits) / n
	slack := 3 * math.Sqrt(0.95*0.05/n)
	t.Logf("%.4f of %d", got, trials)
	if got < least-slack || got > most+slack {
		t.Errorf("covers %.4f, want %.3f to %.3f (± %.3f)", got, least, most, slack)
	}
}

func holds(i stats.Interval, truth float64) bool { return i.Low <= truth && truth <= i.High }

func gamma(r *rand.Rand, shape, rate float64) float64 {
	return distuv.Gamma{Alpha: shape, Beta: rate, Src: r}.Rand()
}

func poisson(r *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
}

// Exact by construction, so conservative: 0.96 at a mean of 4.
func TestGarwoodCovers(t *testing.T) {
	covers(t, 0.95, 1, func(r *rand.Rand) bool {
		return holds(stats.Garwood(int64(poisson(r, 4)), 0.95), 4)
	})
}

// Forty services of very different size, whose shares of failed changes differ
// (beta distributed about 10 %).
func TestClusterWilsonCovers(t *testing.T) {
	covers(t, 0.92, 0.98, func(r *rand.Rand) bool {
		shares := make([]stats.Share, 40)
		for i := range shares {
			a, b := gamma(r, 2, 1), gamma(r, 18, 1)
			n := 1 + int(math.Exp(2.5+r.NormFloat64()))
			for range n {
				if r.Float64() < a/(a+b) {
					shares[i].Events++
				}
			}
			shares[i].Of = int64(n)
		}
		return holds(stats.ClusterWilson(shares).Interval(0.95), 0.1)
	})
}

// trendTimes draws n times on [0, 1] with density ∝ e^(ct).
func trendTimes(r *rand.Rand, n int, c float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		if c == 0 {
			out[i] = r.Float64()
		} else {
			out[i] = math.Log1p(r.Float64()*math.Expm1(c)) / c
		}
	}
	return out
}

func TestLogLinearTrendCovers(t *testing.T) {
	for _, n := range []int{3, 5, 10, 30} {
		for _, c := range []float64{0, -1.5} {
			covers(t, 0.925, 0.96, func(r *rand.Rand) bool {
				return holds(stats.CoxLewis(trendTimes(r, n, c), 1).Interval(0.95), c)
			})
		}
	}
}

// Without a trend the test speaks in at most 5 of 100, also when failures come
// in bursts of three on average.
func TestTrendTestSpeaksSeldomWithoutTrend(t *testing.T) {
	for _, burst := range []bool{false, true} {
		covers(t, 0.93, 0.99, func(r *rand.Rand) bool {
			var times []float64
			for len(times) < 30 {
				at, size := r.Float64(), 1
				if burst {
					size += poisson(r, 2)
				}
				for range size {
					times = append(times, at)
				}
			}
			return stats.CoxLewis(times, 1).Test(times).P > 0.05
		})
	}
}

// Three systems of different age and rate with one β.
func TestPooledPowerLawCovers(t *testing.T) {
	covers(t, 0.95, 0.95, func(r *rand.Rand) bool {
		const beta = 0.7
		var n int
		var sum float64
		for _, system := range []struct{ end, mean float64 }{{100, 2}, {1000, 9}, {300, 5}} {
			for range poisson(r, system.mean) {
				n++
				sum -= math.Log(math.Pow(r.Float64(), 1/beta))
			}
		}
		return n == 0 || holds(stats.PooledPowerLaw(n, sum).Interval(0.95), beta)
	})
}

// Twenty exponential lifetimes, of which about a third is censored.
func TestSurvivalCovers(t *testing.T) {
	draw := func(r *rand.Rand) stats.Survival {
		lifetimes := make([]stats.Lifetime, 20)
		for i := range lifetimes {
			life, seen := r.ExpFloat64(), 2.5*r.Float64()
			lifetimes[i] = stats.Lifetime{Time: math.Min(life, seen), Event: life <= seen}
		}
		return stats.KaplanMeier(lifetimes)
	}
	covers(t, 0.93, 0.97, func(r *rand.Rand) bool {
		return holds(draw(r).Interval(0.5, 0.95), math.Exp(-0.5))
	})
	covers(t, 0.93, 0.98, func(r *rand.Rand) bool {
		return holds(draw(r).QuantileInterval(0.5, 0.95), math.Ln2)
	})
}

// Forty modes whose rates differ by a gamma distribution of shape ½: counts
// are far from Poisson, and the variance of independent increments covers 0.75.
func TestMeanCumulativeCovers(t *testing.T) {
	covers(t, 0.90, 0.97, func(r *rand.Rand) bool {
		histories := make([]stats.History, 40)
		for i := range histories {
			histories[i].End = 0.5 + r.Float64()
			for range poisson(r, gamma(r, 0.5, 0.25)*histories[i].End) {
				histories[i].Events = append(histories[i].Events, r.Float64()*histories[i].End)
			}
		}
		return holds(stats.MCF(histories).Interval(0.5, 0.95), 1)
	})
}

// Incidents and deploys both keep busy hours: an incident has a change before
// it with probability m of its hour, and the effect gives one to some of the
// others too.
func TestCaseCrossoverCovers(t *testing.T) {
	trials := trials() / 8 // each of them resamples
	for _, effect := range []float64{0, 0.3} {
		var sum, squares float64
		coversIn(t, trials, 0.93, 0.99, func(r *rand.Rand) bool {
			crossings := make([]stats.Crossing, 80)
			for i := range crossings {
				m := []float64{0.1, 0.4, 0.7}[r.IntN(3)]
				reference := 0.0
				for range 4 {
					if r.Float64() < m {
						reference += 0.25
					}
				}
				crossings[i] = stats.Crossing{Exposed: r.Float64() < effect || r.Float64() < m, Reference: reference}
			}
			fit := stats.CaseCrossover(crossings)
			sum += fit.Share
			squares += fit.Share * fit.Share
			return holds(fit.Bootstrap(r.Uint64(), 0.95)[0], attributable(effect))
		})
		n := float64(trials)
		mean := sum / n
		if slack := 0.01 + 3*math.Sqrt((squares/n-mean*mean)/n); math.Abs(mean-attributable(effect)) > slack {
			t.Errorf("effect %v: the mean estimate is %.3f, should be %.3f (± %.3f)", effect, mean, attributable(effect), slack)
		}
	}
}

// attributable is x̄(1 − D/N) in expectation for the three kinds of hour above.
func attributable(effect float64) float64 {
	var exposed, n, d float64
	for _, m := range []float64{0.1, 0.4, 0.7} {
		x := effect + (1-effect)*m
		exposed += x / 3
		n += x * (1 - m)
		d += (1 - x) * m
	}
	return exposed * (1 - d/n)
}
