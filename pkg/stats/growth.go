package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// PowerLaw is the Crow–AMSAA process, with rate λβt^(β−1) from the start of
// service (MIL-HDBK-189). β below 1: failures grow rarer.
type PowerLaw struct {
	N                int
	End              float64
	Beta, Lambda     float64 // maximum likelihood
	sumLogs          float64 // Σ ln(End/t)
	failureTruncated bool
}

// CrowAMSAA fits sorted times in (0, end]. With failureTruncated, end is the last of them.
func CrowAMSAA(times []float64, end float64, failureTruncated bool) PowerLaw {
	var sum float64
	for _, t := range times {
		sum += math.Log(end / t)
	}
	out := PooledPowerLaw(len(times), sum)
	out.End, out.failureTruncated = end, failureTruncated
	out.Lambda = float64(out.N) / math.Pow(end, out.Beta)
	return out
}

// PooledPowerLaw gives the β common to several systems, each followed for a
// time of its own from its own start, given Σ ln(End/t) over all their n
// failures. It conditions on each system's count, so their λ may differ;
// Lambda and End are therefore NaN.
func PooledPowerLaw(n int, sumLogs float64) PowerLaw {
	return PowerLaw{N: n, Beta: float64(n) / sumLogs, sumLogs: sumLogs, Lambda: math.NaN(), End: math.NaN()}
}

// free is the number of failures whose times are free.
func (p PowerLaw) free() int {
	if p.failureTruncated {
		return p.N - 1
	}
	return p.N
}

// Unbiased is β without the bias of its maximum-likelihood estimate; NaN where
// fewer than two times are free.
func (p PowerLaw) Unbiased() float64 {
	if p.free() < 2 {
		return math.NaN()
	}
	return float64(p.free()-1) / float64(p.N) * p.Beta
}

// Interval for β: exact, as 2Nβ/β̂ is χ² with twice the free failures as degrees of freedom.
// Where none are free it is everything.
func (p PowerLaw) Interval(level float64) Interval {
	if p.free() < 1 {
		return Interval{0, math.Inf(1)}
	}
	tail := (1 - level) / 2
	df, scale := 2*float64(p.free()), p.Beta/(2*float64(p.N))
	return Interval{chiSquaredQuantile(tail, df) * scale, chiSquaredQuantile(1-tail, df) * scale}
}

// Intensity is the failure rate at the end of observation.
func (p PowerLaw) Intensity() float64 {
	return p.Lambda * p.Beta * math.Pow(p.End, p.Beta-1)
}

// MilHdbk is the test of β = 1 of MIL-HDBK-189: 2Σ ln(End/t), its degrees of
// freedom, and the p of a falling rate.
func (p PowerLaw) MilHdbk() (chiSquared float64, df int, improving float64) {
	df = 2 * p.free()
	return 2 * p.sumLogs, df, distuv.ChiSquared{K: float64(df)}.Survival(2 * p.sumLogs)
}

// CramerVonMises is the distance of sorted times from the fitted power law;
// MIL-HDBK-189 tabulates it (about 0.22 at 5 % from 15 failures).
func (p PowerLaw) CramerVonMises(times []float64) float64 {
	m := p.free()
	beta := p.Unbiased()
	sum := 1 / (12 * float64(m))
	for i, t := range times[:m] {
		d := math.Pow(t/p.End, beta) - (2*float64(i)+1)/(2*float64(m))
		sum += d * d
	}
	return sum
}

// PerDoubling is what every doubling of the failures so far multiplies the
// failure rate by (Wright 1936, on failures): 2^(1−1/β).
func PerDoubling(beta float64) float64 { return math.Exp2(1 - 1/beta) }
