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

// Deviation is the standard deviation of a sample of two or more.
func Deviation(sample []float64) float64 {
	var sum float64
	for _, x := range sample {
		sum += x
	}
	mean := sum / float64(len(sample))
	var squares float64
	for _, x := range sample {
		squares += (x - mean) * (x - mean)
	}
	return math.Sqrt(squares / float64(len(sample)-1))
}

// DeviationInterval is the exact interval for the deviation of normal values, of which n had sd.
func DeviationInterval(sd float64, n int, level float64) Interval {
	tail, df := (1-level)/2, float64(n-1)
	return Interval{
		sd * math.Sqrt(df/chiSquaredQuantile(1-tail, df)),
		sd * math.Sqrt(df/chiSquaredQuantile(tail, df)),
	}
}
