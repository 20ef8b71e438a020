package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Shares of users between 0 and 1. Of a log-uniform X on [a, 1], L = −ln a, the
// mean is (1−a)/L and E|X−X'|/2 = ((1+a)·L − 2(1−a))/L², so that the Gini
// coefficient is ((1+a)L/(1−a) − 2)/L. Of any other on [0, 1] it is ∫F(1−F)/mean.
func TestInequalityCovers(t *testing.T) {
	const a = 0.001
	l := -math.Log(a)
	beta := func(x float64) float64 { return mathext.RegIncBeta(0.5, 5, x) }
	spread := simpson(func(y float64) float64 { x := y * y; return 2 * y * beta(x) * (1 - beta(x)) }, 0, 1)
	for _, c := range []struct {
		name  string
		draw  func(*rand.Rand) float64
		truth float64
		least float64
	}{
		{"uniform", (*rand.Rand).Float64, 1.0 / 3, 0.94},
		{"log-uniform", func(r *rand.Rand) float64 { return math.Exp(-l * r.Float64()) }, ((1+a)*l/(1-a) - 2) / l, 0.93},
		{"beta", func(r *rand.Rand) float64 { return distuv.Beta{Alpha: 0.5, Beta: 5, Src: r}.Rand() }, spread / (0.5 / 5.5), 0.92},
		{"outages of a few or of all", func(r *rand.Rand) float64 {
			if r.Float64() < 0.2 {
				return 1
			}
			return 0.1 * r.Float64()
		}, 0.8*0.2*(1-0.05)/(0.2+0.04) + 0.64*(0.1/6)/(0.2+0.04), 0.92},
	} {
		for _, n := range []int{20, 100} {
			t.Run(fmt.Sprintf("%s, %d", c.name, n), func(t *testing.T) {
				coversIn(t, trials(), c.least, 0.99, func(r *rand.Rand) bool {
					amounts := make([]float64, n)
					for i := range amounts {
						amounts[i] = c.draw(r)
					}
					return holds(stats.FitInequality(amounts).Interval(0.95), c.truth)
				})
			})
		}
	}
}

// The index of a Pareto tail, and of one cut off at 1, from the 20 largest of 60.
func TestParetoTailCovers(t *testing.T) {
	for _, bound := range []float64{0, 1} {
		for _, index := range []float64{0.6, 1.5} {
			t.Run(fmt.Sprintf("index %v, bound %v", index, bound), func(t *testing.T) {
				coversIn(t, trials(), 0.93, 0.97, func(r *rand.Rand) bool {
					amounts := make([]float64, 60)
					for i := range amounts {
						u := r.Float64()
						if bound > 0 { // below 1, from 1/1000 on
							u = 1 - u*(1-math.Pow(0.001, index))
							amounts[i] = 0.001 * math.Pow(u, -1/index)
							continue
						}
						amounts[i] = math.Pow(1-u, -1/index)
					}
					return holds(stats.ParetoTail(amounts, 20, bound).Interval(0.95), index)
				})
			})
		}
	}
}

// The incomes of R's package ineq: 0.46209113 as they are, 0.51343459 without the bias of n.
func TestInequality(t *testing.T) {
	fit := stats.FitInequality([]float64{541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261})
	near(t, "Gini", fit.Value, 0.5134345891862487)
	near(t, "largest", fit.Largest, 0.3343195266272189)
	if i := fit.Interval(0.95); !(i.Low < fit.Value && fit.Value < i.High && i.High < 1) {
		t.Errorf("got %v", i)
	}
	if i := stats.FitInequality([]float64{3, 3, 3}).Interval(0.95); i != (stats.Interval{}) {
		t.Errorf("all equal: %v", i)
	}
	one := stats.FitInequality([]float64{0, 0, 0, 7})
	near(t, "one has everything", one.Value, 1)
	near(t, "and is the largest", one.Largest, 1)
}

// Hill's estimate from 1, 2, 4, 8, 16 above 1 is 4/(ln 2·(1+2+3+4)) = 0.577078; its
// interval is that times χ² with 8 degrees of freedom by 8: 2.179731 and 17.534546.
func TestHill(t *testing.T) {
	fit := stats.ParetoTail([]float64{1, 16, 2, 8, 4}, 4, 0)
	near(t, "index", fit.Index, 0.5770780163555852)
	near(t, "low", fit.Interval(0.95).Low, 0.5770780163555852*2.179730747252651/8)
	near(t, "high", fit.Interval(0.95).High, 0.5770780163555852*17.534546139484643/8)
	near(t, "from", fit.From, 1)
}
