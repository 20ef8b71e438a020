package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// simpson integrates by 20,000 parabolas, as an independent reckoning.
func simpson(f func(float64) float64, from, to float64) float64 {
	const n = 40_000
	h := (to - from) / n
	sum := f(from) + f(to)
	for i := 1; i < n; i++ {
		sum += f(from+float64(i)*h) * float64(2+2*(i%2))
	}
	return sum * h / 3
}

// The mean of min(X, limit) from the density of ln X, against the closed form.
func TestLimitedLognormalIsTheIntegral(t *testing.T) {
	for _, c := range []struct{ mu, sigma, limit float64 }{
		{0, 1, 1}, {10, 1.5, 1e5}, {10, 0.2, 1e5}, {3, 2, 1e6}, {3, 9, 10}, {3, 12, 1000}, {10, 1.5, 100},
	} {
		want := simpson(func(y float64) float64 {
			return math.Min(math.Exp(y), c.limit) * distuv.Normal{Mu: c.mu, Sigma: c.sigma}.Prob(y)
		}, c.mu-14*c.sigma, math.Log(c.limit)) + c.limit*(distuv.Normal{Mu: c.mu, Sigma: c.sigma}.Survival(math.Log(c.limit)))
		near(t, "limited mean", stats.LimitedLognormal(c.mu, c.sigma, c.limit), want)
	}
	// At the limit e^μ both terms are known: e^(σ²/2)·Φ(−σ) + ½, with Φ(−1) = 0.158655254.
	near(t, "at the median", stats.LimitedLognormal(0, 1, 1), math.Sqrt(math.E)*0.15865525393145707+0.5)
	near(t, "no spread", stats.LimitedLognormal(2, 0, 5), 5)
	near(t, "no spread, no limit reached", stats.LimitedLognormal(1, 0, 5), math.E)
	if far := stats.LimitedLognormal(-50, 60, 1e4); !(far > 0 && far < 1e4) {
		t.Errorf("a wide spread gives %v", far)
	}
}

// Five costs with logs 8, 9, 10, 11, 12: ȳ = 10, Σ(y−ȳ)² = 10, so DF = 8 and
// DF·s² = 9 + 10. The predictive mean is the closed form given σ, averaged
// over σ², of which 19/σ² is χ² with 8 degrees of freedom: density
// of w = 19/σ² is w³e^(−w/2)/96.
func TestLogCostsPosterior(t *testing.T) {
	var costs []float64
	for y := range 5 {
		costs = append(costs, math.Exp(float64(8+y)))
	}
	fit := stats.FitLogCosts(costs)
	near(t, "mean", fit.Mean, 10)
	near(t, "degrees of freedom", fit.DF, 8)
	near(t, "scale", fit.Scale, math.Sqrt(19.0/8))
	const limit = 2e5
	want := simpson(func(w float64) float64 {
		if w == 0 {
			return 0
		}
		return w * w * w * math.Exp(-w/2) / 96 * stats.LimitedLognormal(10, math.Sqrt(19/w*1.2), limit)
	}, 0, 120)
	near(t, "limited mean of the next", fit.Limited(limit), want)
	draws := fit.LimitedDraws(limit)
	var mean float64
	for _, d := range draws {
		mean += d / float64(len(draws))
	}
	if math.Abs(mean/want-1) > 0.005 {
		t.Errorf("the draws' mean is %v, should be %v", mean, want)
	}
	// Without a limit there is no mean: it grows with the limit for ever.
	if a, b := fit.Limited(1e12), fit.Limited(1e16); b < 1.5*a {
		t.Errorf("the mean settles at %v", b)
	}
	// Costs of nothing take their share.
	near(t, "half of nothing", stats.FitLogCosts(append(costs, 0, 0, 0, 0, 0)).Limited(limit), want/2)
	if half := stats.FitLogCosts(append(costs, 0, 0, 0, 0, 0)).LimitedDraws(limit); !(half.Quantile(0.5) < 0.7*draws.Quantile(0.5)) {
		t.Errorf("half of nothing: %v of %v", half.Quantile(0.5), draws.Quantile(0.5))
	}
}

func TestLogCostsAllEqual(t *testing.T) {
	fit := stats.FitLogCosts([]float64{1000, 1000, 1000, 1000, 1000})
	// Only the prior tells a spread: 4·1.5²/8.
	near(t, "scale", fit.Scale, math.Sqrt(9.0/8))
	i := fit.LimitedDraws(1e5).Interval(0.95)
	if !(i.Low > 500 && i.Low < 1500 && i.High > 2000) {
		t.Errorf("got %v", i)
	}
}

func TestDraws(t *testing.T) {
	d := stats.Draws{1, 2, 3, 4}
	near(t, "median", d.Quantile(0.5), 2.5)
	near(t, "first", d.Quantile(0), 1)
	near(t, "last", d.Quantile(1), 4)
	near(t, "between", d.Quantile(0.25), 1.5)
	near(t, "above", d.Above(2), 0.625)
	product := d.Times(stats.Draws{2})
	near(t, "product", product.Quantile(0.5), 5)
	near(t, "one", stats.Draws{7}.Quantile(0.9), 7)
	// Of a product with a wide one, 400 are kept.
	wide := make(stats.Draws, 1000)
	for i := range wide {
		wide[i] = float64(i)
	}
	if got := wide.Times(stats.Draws{1}); len(got) != 400 || math.Abs(got.Quantile(0.5)-499.5) > 0.01 {
		t.Errorf("%d draws with the median %v", len(got), got.Quantile(0.5))
	}
}

// Garwood's interval for 10 is 4.795 to 18.39; the draws, half from each tail, are a little tighter.
func TestCountDraws(t *testing.T) {
	d := stats.CountDraws(10, 400)
	want, got := stats.Garwood(10, 0.95), d.Interval(0.95)
	if !(got.Low > want.Low && got.Low < 1.1*want.Low && got.High < want.High && got.High > 0.95*want.High) {
		t.Errorf("got %v within %v", got, want)
	}
	none := stats.CountDraws(0, 400)
	if none[0] != 0 || none.Quantile(0.45) != 0 || !(none.Quantile(0.6) > 0) {
		t.Errorf("none came: %v", none.Interval(0.9))
	}
	// Of a difference of two Poisson means, 20 and 12 seen.
	if m := stats.CountDraws(20, 60).Minus(stats.CountDraws(12, 60)).Quantile(0.5); math.Abs(m-8) > 0.2 {
		t.Errorf("the median of the difference is %v", m)
	}
}

// A gamma distribution of shape 4 and mean 2: its quartiles are half those of
// χ² with 8 degrees of freedom, 5.070640 and 10.218855, halved again.
func TestGammaDraws(t *testing.T) {
	d := stats.GammaDraws(2, 0.25, 1000)
	if math.Abs(d.Quantile(0.25)-5.070640/4) > 1e-4 || math.Abs(d.Quantile(0.75)-10.218855/4) > 1e-4 {
		t.Errorf("quartiles %v and %v", d.Quantile(0.25), d.Quantile(0.75))
	}
	near(t, "scaled", d.By(3)[17], 3*d[17])
}

// Costs whose logs are normal, and costs with heavier tails: logs as Student's
// t with four degrees of freedom, and a fifth of them Pareto with index 1.2,
// which has no variance. The truth is from the closed form or by integration.
func TestLimitedMeanCovers(t *testing.T) {
	const limit = 1e6
	top := math.Log(limit)
	normal := func(sd float64) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 { return math.Exp(9 + sd*r.NormFloat64()) }
	}
	student := distuv.StudentsT{Mu: 9, Sigma: 1.2, Nu: 4}
	const index, from = 1.2, 9.8416 // ln of the Pareto's least value
	for _, c := range []struct {
		name  string
		draw  func(*rand.Rand) float64
		truth float64
		least map[int]float64 // by the number of costs
	}{
		{"sd 1", normal(1), stats.LimitedLognormal(9, 1, limit), map[int]float64{5: 0.94, 20: 0.94, 100: 0.94}},
		{"sd 1.5", normal(1.5), stats.LimitedLognormal(9, 1.5, limit), map[int]float64{5: 0.95, 20: 0.94, 100: 0.93}},
		{"sd 2.5", normal(2.5), stats.LimitedLognormal(9, 2.5, limit), map[int]float64{5: 0.92, 20: 0.93, 100: 0.93}},
		{
			"Student's t", func(r *rand.Rand) float64 {
				chi := distuv.ChiSquared{K: 4, Src: r}.Rand()
				return math.Exp(9 + 1.2*r.NormFloat64()/math.Sqrt(chi/4))
			},
			simpson(func(y float64) float64 { return math.Exp(y) * student.Survival(y) }, top-40, top),
			map[int]float64{5: 0.94, 20: 0.86, 100: 0.87},
		},
		{
			"Pareto", func(r *rand.Rand) float64 {
				if r.Float64() < 0.2 {
					return math.Exp(from) * math.Pow(1-r.Float64(), -1/index)
				}
				return math.Exp(9 + r.NormFloat64())
			},
			// E min(X, c) of a Pareto from m: m·(1 + (1 − (m/c)^(a−1))/(a−1)).
			0.8*stats.LimitedLognormal(9, 1, limit) + 0.2*math.Exp(from)*(1+(1-math.Exp((from-top)*(index-1)))/(index-1)),
			map[int]float64{5: 0.94, 20: 0.93, 100: 0.89},
		},
	} {
		for _, n := range []int{5, 20, 100} {
			t.Run(fmt.Sprintf("%s, %d costs", c.name, n), func(t *testing.T) {
				coversIn(t, trials()/16, c.least[n], 1, func(r *rand.Rand) bool {
					costs := make([]float64, n)
					for i := range costs {
						costs[i] = c.draw(r)
					}
					return holds(stats.FitLogCosts(costs).LimitedDraws(limit).Interval(0.95), c.truth)
				})
			})
		}
	}
}
