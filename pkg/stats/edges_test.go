package stats_test

import (
	"math"
	"testing"

	"github.com/tuition-hq/tuition/pkg/stats"
)

func TestNothingCounted(t *testing.T) {
	for name, i := range map[string]stats.Interval{
		"Wilson": stats.Wilson(0, 0, 0.95), "Clopper–Pearson": stats.ClopperPearson(0, 0, 0.95),
		"clusters": stats.ClusterWilson(nil).Interval(0.95), "empty clusters": stats.ClusterWilson(make([]stats.Share, 3)).Interval(0.95),
		"survival": stats.KaplanMeier(nil).Interval(1, 0.95),
	} {
		if i != (stats.Interval{Low: 0, High: 1}) {
			t.Errorf("%s of nothing: got %v, want 0 to 1", name, i)
		}
	}
	if !math.IsInf(stats.KaplanMeier(nil).Quantile(0.5), 1) {
		t.Error("nothing has a median")
	}
	if r := stats.ComparePoisson(0, 1, 0, 1, 0.95); !math.IsNaN(r.Ratio) || r.Central != 1 || !math.IsInf(r.Interval.High, 1) {
		t.Errorf("no events on either side: %+v", r)
	}
	if chi, p := stats.LogRank(nil, nil); chi != 0 || p != 1 {
		t.Errorf("log-rank of nothing: %v, %v", chi, p)
	}
	if stats.MCF(nil).At(1) != 0 || len(stats.BenjaminiHochberg(nil)) != 0 || stats.Laplace(nil, 1, false) != 0 {
		t.Error("nothing gives something")
	}
}

func TestOneThing(t *testing.T) {
	one := stats.KaplanMeier([]stats.Lifetime{{Time: 5, Event: true}})
	near(t, "median", one.Quantile(0.5), 5)
	// 1 − 0.025^(1/1): one event bounds nothing below 97.5 %.
	near(t, "survival after it", one.Interval(5, 0.95).High, 0.975)
	near(t, "censored", stats.KaplanMeier([]stats.Lifetime{{Time: 5}}).At(9), 1)
	// One service is not a sample of services: the plain interval.
	if got, want := stats.ClusterWilson([]stats.Share{{Events: 3, Of: 10}}).Interval(0.95), stats.Wilson(3, 10, 0.95); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if !math.IsNaN(stats.LewisRobinson([]float64{3}, 9)) {
		t.Error("one event has a spread of gaps")
	}
}

func TestTiesAndEqualValues(t *testing.T) {
	var equal []stats.Lifetime
	for range 8 {
		equal = append(equal, stats.Lifetime{Time: 3, Event: true})
	}
	curve := stats.KaplanMeier(equal)
	if len(curve.Steps) != 1 || curve.At(3) != 0 || curve.At(2.9) != 1 {
		t.Errorf("got %+v", curve)
	}
	if i := curve.QuantileInterval(0.5, 0.95); i != (stats.Interval{Low: 3, High: 3}) {
		t.Errorf("all equal: got %v", i)
	}
	near(t, "Gini", stats.Gini([]float64{4, 4, 4}), 0)
	if !math.IsNaN(stats.LewisRobinson([]float64{1, 2, 3, 4}, 5)) {
		t.Error("equal gaps have no spread to divide by")
	}
	if stats.Deviation([]float64{2, 2, 2}) != 0 {
		t.Error("equal values spread")
	}
	// Events come before censorings at the same time.
	tied := stats.KaplanMeier([]stats.Lifetime{{Time: 3}, {Time: 3, Event: true}, {Time: 4, Event: true}})
	near(t, "tied", tied.At(3), 2.0/3)
	if tied.Known(3) != 3 || tied.Known(3.5) != 2 {
		t.Errorf("known: %d at 3, %d at 3.5; want 3 and 2", tied.Known(3), tied.Known(3.5))
	}
}

func TestSixDurationsBoundTheMedianAndThirtySixTheNinetiethPercentile(t *testing.T) {
	for _, c := range []struct {
		n       int
		p       float64
		bounded bool
	}{{5, 0.5, false}, {6, 0.5, true}, {35, 0.9, false}, {36, 0.9, true}} {
		var lifetimes []stats.Lifetime
		for i := range c.n {
			lifetimes = append(lifetimes, stats.Lifetime{Time: float64(i + 1), Event: true})
		}
		if got := !math.IsInf(stats.KaplanMeier(lifetimes).QuantileInterval(c.p, 0.95).High, 1); got != c.bounded {
			t.Errorf("%d values, p %v: bounded above %v, want %v", c.n, c.p, got, c.bounded)
		}
	}
}

// However steep, every figure stays finite and in order.
func TestSteepTrends(t *testing.T) {
	for _, times := range [][]float64{{0, 0, 0}, {1, 1, 1}, {0.5, 0.5, 0.5}, {0, 1}, {0.999, 1, 1}} {
		fit := stats.CoxLewis(times, 1)
		i := fit.Interval(0.95)
		if math.IsNaN(fit.B) || !(i.Low <= fit.B && fit.B <= i.High) || fit.LikelihoodRatio() < 0 {
			t.Errorf("%v: b = %v in %v", times, fit.B, i)
		}
	}
	near(t, "symmetrical", stats.CoxLewis([]float64{2, 8}, 10).B, 0)
}

func TestRecurrenceRatioOfNone(t *testing.T) {
	if i := stats.RecurrenceRatio(0, 5, 0.1, 0.95); i.Low != 0 || i.High <= 0 {
		t.Errorf("got %v", i)
	}
}

func TestBootstrapIsTheSameEveryTime(t *testing.T) {
	var few, many []stats.Crossing
	for i := range 3000 {
		c := stats.Crossing{Exposed: i%3 == 0, Reference: float64(i%5) / 4}
		many = append(many, c)
		if i < 100 {
			few = append(few, c)
		}
	}
	for _, crossings := range [][]stats.Crossing{few, many} {
		fit := stats.CaseCrossover(crossings)
		first, second := fit.Bootstrap(3, 0.95, 0.5), fit.Bootstrap(3, 0.95, 0.5)
		if first[0] != second[0] || first[1] != second[1] {
			t.Errorf("%v, then %v", first, second)
		}
		if other := fit.Bootstrap(4, 0.95); other[0] == first[0] {
			t.Error("the seed changes nothing")
		}
		if !(first[0].Low <= first[1].Low && first[1].High <= first[0].High) {
			t.Errorf("the narrow band leaves the wide one: %v", first)
		}
	}
}

// Nothing seen, one thing, all alike, nothing finished, no exposure: no
// estimator fails, and none says more than it can know.
func TestEdgesOfEveryEstimator(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	everything := stats.Interval{Low: math.Inf(-1), High: inf}
	positive := stats.Interval{High: inf}
	interval := func(what string, got, want stats.Interval) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	figure := func(what string, got, want float64) {
		t.Helper()
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	for what, fit := range map[string]stats.LogLinear{
		"no failures": stats.CoxLewis(nil, 1), "no exposure": stats.CoxLewis(make([]float64, 9), 0),
	} {
		figure("trend, "+what, fit.B, nan)
		interval("trend, "+what, fit.Interval(0.95), everything)
		figure("its test, "+what, fit.Test(make([]float64, fit.N)).P, nan)
	}
	figure("test of one failure", stats.CoxLewis([]float64{0.3}, 1).Test([]float64{0.3}).P, nan)
	if fit := stats.CoxLewis([]float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, 1); math.Abs(fit.B) > 1e-9 {
		t.Errorf("six at once in the middle: b = %v", fit.B)
	}
	interval("β of none", stats.CrowAMSAA(nil, 1, false).Interval(0.95), positive)
	interval("β of one, followed to it", stats.CrowAMSAA([]float64{1}, 1, true).Interval(0.95), positive)
	interval("β pooled of none", stats.PooledPowerLaw(0, 0).Interval(0.95), positive)
	figure("β of one without bias", stats.CrowAMSAA([]float64{0.3}, 1, false).Unbiased(), nan)
	figure("β of none in groups", stats.CrowGrouped(nil, nil).Beta, nan)
	figure("β of empty groups", stats.CrowGrouped([]float64{1, 2}, []int{0, 0}).Beta, nan)
	figure("Laplace of one, followed to it", stats.Laplace([]float64{0.2}, 1, true), 0)
	for what, odds := range map[string]stats.ProportionalOdds{
		"of none": stats.FitProportionalOdds(nil, nil), "of one level": stats.FitProportionalOdds([]float64{1, 2, 3}, []int{1, 1, 1}),
		"at one time": stats.FirthProportionalOdds([]float64{1, 1, 1, 1}, []int{1, 2, 1, 2}),
	} {
		figure("odds "+what, odds.Beta, nan)
	}
	for what, k := range map[string]stats.Concordance{
		"of none": stats.Kendall(nil, nil), "of one": stats.Kendall([]float64{1}, []int{1}), "at one time": stats.Kendall([]float64{1, 1, 1}, []int{1, 2, 3}),
	} {
		figure("τ-b "+what, k.TauB, nan)
		figure("S "+what, k.S, 0)
	}
	interval("recurrences of nobody", stats.MCF(nil).Interval(1, 0.95), positive)
	interval("recurrences of one", stats.MCF([]stats.History{{End: 2, Events: []float64{1}}}).Interval(1, 0.95), positive)
	interval("recurrences without exposure", stats.MCF(make([]stats.History, 2)).Interval(1, 0.95), positive)
	near(t, "recurrences of one that had none", stats.MCF([]stats.History{{End: 2}}).Interval(1, 0.95).High, 3.688879454)
	// Nobody's lifetime ended: of forty the median lies beyond the last time until which enough are followed. Of
	// six followed for longer the exact lower bound of survival is 0.025^(1/6) = 0.54, of five 0.48.
	var followed []stats.Lifetime
	for i := range 40 {
		followed = append(followed, stats.Lifetime{Time: float64(i + 1)})
	}
	interval("median of the unfinished", stats.KaplanMeier(followed).QuantileInterval(0.5, 0.95), stats.Interval{Low: 35, High: inf})
	interval("median of two unfinished", stats.KaplanMeier(followed[:2]).QuantileInterval(0.5, 0.95), positive)
	if chi, p := stats.LogRank(followed[:9], followed[:3]); chi != 0 || p != 1 {
		t.Errorf("log-rank of the unfinished: %v, %v", chi, p)
	}
	chance, next := stats.NewKind(0, 0, 0, 0.95)
	figure("new kind after none", chance, nan)
	interval("new kind after none", next, stats.Interval{High: 1})
	none := stats.CaseCrossover(nil)
	figure("excess of none", none.Share, nan)
	figure("excess where there is always a change", stats.CaseCrossover([]stats.Crossing{{Exposed: true, Reference: 1}}).Share, 0)
	figure("mixture of none", stats.FitRates(nil, stats.LogGrid(0.01, 1, 9), 9).Born, nan)
	interval("ratio where none was expected", stats.RecurrenceRatio(0, 0, 0.1, 0.95), positive)
	figure("power where none was expected", stats.RecurrencePower(0.5, 0, 0.1, 0.95), 0)
	figure("rates without exposure", stats.FitGammaPoisson([]float64{0, 0}, []float64{0, 0}).Shape, nan)
	figure("rates of none", stats.FitGammaPoisson(nil, nil).Shape, nan)
	if mean, i := stats.FitGammaPoisson([]float64{0, 0, 0}, []float64{1, 1, 1}).Posterior(0, 1, 0.95); !(mean >= 0 && mean < 0.1 && i.Low >= 0) {
		t.Errorf("rate where nothing ever failed: %v in %v", mean, i)
	}
	figure("forecasts of nothing", stats.ScoreForecasts(nil, nil).Brier, nan)
	figure("skill where all happened", stats.ScoreForecasts([]float64{0.3}, []bool{true}).Skill, nan)
	for n, mean := range []float64{nan, 3} {
		got, i := stats.GeometricMean([]float64{3}[:n], 0.95)
		if !(got == mean || math.IsNaN(mean) && math.IsNaN(got)) && math.Abs(got-mean) > 1e-9 || i != positive {
			t.Errorf("geometric mean of %d: %v in %v", n, got, i)
		}
	}
	figure("Gini of none", stats.Gini(nil), nan)
	figure("Gini of nothing", stats.Gini([]float64{0, 0}), nan)
	figure("Gini of one", stats.Gini([]float64{1}), 0)
	figure("evidence without exposure", stats.RateChange(0, 0, 0, 0, []float64{0.5}, 1), 1)
	figure("evidence of nothing", stats.RateChange(0, 1, 0, 0, []float64{0.5}, 1), 1)
	interval("rates without one's exposure", stats.ComparePoisson(3, 0, 1, 1, 0.95).Interval, positive)
	figure("deviation of one", stats.Deviation([]float64{1}), nan)
	if lower, upper := stats.QuantileRanks(1, 0.5, 0.95); lower != 1 || upper != 0 {
		t.Errorf("ranks of one: %d and %d", lower, upper)
	}
}
