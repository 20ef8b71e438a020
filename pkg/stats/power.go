package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// both is z at the two-sided level plus z at the power.
func both(level, power float64) float64 {
	return z(level) + distuv.UnitNormal.Quantile(power)
}

// LognormalSize is how many durations each of two periods needs to show that
// the typical one fell by the share reduction, when logs have the given
// standard deviation: 2((z₁₋α⸝₂+z_power)·sd/ln(1−reduction))².
func LognormalSize(reduction, sd, level, power float64) float64 {
	x := both(level, power) * sd / math.Log(1-reduction)
	return 2 * x * x
}

// LognormalDetectable is the smallest reduction of the typical duration that
// two periods of n each would show: the inverse of LognormalSize.
func LognormalDetectable(n int, sd, level, power float64) float64 {
	return -math.Expm1(-both(level, power) * sd * math.Sqrt(2/float64(n)))
}
