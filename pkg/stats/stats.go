// Package stats holds the estimators, intervals and tests that the metrics
// rest on. Deliberately narrow: it knows numbers, not incidents, and imports
// nothing else of the module. Everything is deterministic: seeds are given,
// iteration counts are fixed, sums run in the order of the arguments.
//
// Levels are two-sided confidence levels between 0 and 1, such as 0.95.
package stats

import (
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a closed interval; a bound that the data do not give is ±Inf.
type Interval struct{ Low, High float64 }

// halvings is the largest number of bisection steps: enough to exhaust a
// float64 mantissa from any bracket used here.
const halvings = 200

// bisect finds where the increasing function f crosses zero in [low, high].
func bisect(f func(float64) float64, low, high float64) float64 {
	for range halvings {
		mid := low + (high-low)/2
		if mid == low || mid == high {
			break // neighbours: nothing would move any more
		}
		if f(mid) < 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return low + (high-low)/2
}

// NormalQuantile leaves (1−level)/2 of the normal distribution above it.
func NormalQuantile(level float64) float64 { return z(level) }

// z is the normal quantile that leaves (1−level)/2 above it.
func z(level float64) float64 { return distuv.UnitNormal.Quantile((1 + level) / 2) }

func chiSquaredQuantile(p, df float64) float64 {
	return distuv.ChiSquared{K: df}.Quantile(p)
}
