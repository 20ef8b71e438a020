package stats

// Garwood is the exact interval for the mean of a Poisson count
// (Garwood, Biometrika 1936): divide by the exposure for a rate.
func Garwood(count int64, level float64) Interval {
	tail := (1 - level) / 2
	k := float64(count)
	out := Interval{High: chiSquaredQuantile(1-tail, 2*k+2) / 2}
	if count > 0 {
		out.Low = chiSquaredQuantile(tail, 2*k) / 2
	}
	return out
}
