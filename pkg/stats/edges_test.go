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
