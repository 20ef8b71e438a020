package stats

import "math"

// RateChange is the e-value against "the rate after is that before", for a
// baseline that is not known: n0 events in exposure e0 before, n1 in e1 after,
// averaged over the factors r that the rate may have changed by
// (Pérez-Ortiz et al., Ann. Stat. 2024). It is valid at any time one looks.
// dispersion is at least 1. Without exposure it is 1: nothing was learned.
func RateChange(n0, e0, n1, e1 float64, factors []float64, dispersion float64) float64 {
	if e0+e1 <= 0 {
		return 1
	}
	logs := make([]float64, len(factors))
	for i, r := range factors {
		logs[i] = LogRateChange(n0, e0, n1, e1, r) / dispersion
	}
	return math.Exp(logMean(logs, 0))
}

// FixExposure is how many times the exposure before a fix must pass without
// an event after it, until RateChange reaches the bar. There are n0 ≥ 1 events before.
func FixExposure(n0 float64, factors []float64, bar float64) float64 {
	return bisect(func(ratio float64) float64 { return RateChange(n0, 1, 0, ratio, factors, 1) - bar }, 0, 1e9)
}

// QuietExposure is how much exposure after a change, with the n1 events seen
// so far and no more, brings RateChange to the bar. There are n0 ≥ 2 events
// before and factors below 1; +Inf if no exposure does.
func QuietExposure(n0, e0, n1 float64, factors []float64, bar float64) float64 {
	const longest = 1e9 // times the exposure before
	if RateChange(n0, e0, n1, longest*e0, factors, 1) < bar {
		return math.Inf(1)
	}
	return bisect(func(e1 float64) float64 { return RateChange(n0, e0, n1, e1, factors, 1) - bar }, 0, longest*e0)
}
