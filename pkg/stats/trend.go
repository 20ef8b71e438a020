package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// LogLinear is the trend of a Poisson process whose rate is exp(a + b·t) on a
// clock of exposure (Cox & Lewis 1966). Given the number of events the
// likelihood depends on their times by the sum alone, and a drops out.
type LogLinear struct {
	N    int
	End  float64 // the clock at the end of observation
	B    float64 // change of the log rate per unit of the clock
	sum  float64 // Σ t/End
	best float64 // B·End
}

// steepest bounds |b·End|: e^700 is the largest power that a float64 holds.
const steepest = 700

// CoxLewis fits b by conditional maximum likelihood. Times lie in [0, end].
// Without events or exposure b is NaN, and its interval everything.
func CoxLewis(times []float64, end float64) LogLinear {
	out := LogLinear{N: len(times), End: end}
	if out.N == 0 || end <= 0 {
		out.B, out.best = math.NaN(), math.NaN()
		return out
	}
	for _, t := range times {
		out.sum += t / end
	}
	mean := out.sum / float64(out.N)
	out.best = bisect(func(c float64) float64 { return truncatedMean(c) - mean }, -steepest, steepest)
	out.B = out.best / end
	return out
}

// truncatedMean is the mean of the density ∝ e^(c·u) on [0, 1].
func truncatedMean(c float64) float64 {
	if math.Abs(c) < 1e-4 {
		return 0.5 + c/12
	}
	return 1/(-math.Expm1(-c)) - 1/c
}

// logLikelihood of c = b·End.
func (l LogLinear) logLikelihood(c float64) float64 {
	var norm float64 // ln ∫ e^(c·u) du over [0, 1]
	switch {
	case math.Abs(c) < 1e-4:
		norm = c/2 + c*c/24
	case c > 0:
		norm = c + math.Log(-math.Expm1(-c)/c)
	default:
		norm = math.Log(math.Expm1(c) / c)
	}
	return c*l.sum - float64(l.N)*norm
}

// Interval for b by the profile likelihood.
func (l LogLinear) Interval(level float64) Interval {
	if math.IsNaN(l.B) {
		return Interval{math.Inf(-1), math.Inf(1)}
	}
	drop := chiSquaredQuantile(level, 1) / 2
	top := l.logLikelihood(l.best)
	low := bisect(func(c float64) float64 { return drop - (top - l.logLikelihood(c)) }, -steepest, l.best)
	high := bisect(func(c float64) float64 { return top - l.logLikelihood(c) - drop }, l.best, steepest)
	return Interval{math.Min(low/l.End, l.B), math.Max(high/l.End, l.B)}
}

// LikelihoodRatio is twice the log-likelihood gained over b = 0.
func (l LogLinear) LikelihoodRatio() float64 {
	return math.Max(0, 2*(l.logLikelihood(l.best)-l.logLikelihood(0)))
}

// DispersionTest is the test of b = 0 that allows events to come in bursts.
type DispersionTest struct {
	Bins       int
	Dispersion float64 // Pearson's χ² about the fit by its degrees of freedom, at least 1
	P          float64 // of LR/dispersion against F(1, bins−2)
}

// Test cuts the clock into bins that expect equally many events under the
// fit, at least two each and at most 40. Below three bins (six events) there
// is no test: P is NaN.
func (l LogLinear) Test(times []float64) DispersionTest {
	out := DispersionTest{Bins: min(l.N/2, 40), Dispersion: math.NaN(), P: math.NaN()}
	if out.Bins < 3 || math.IsNaN(l.B) {
		return out
	}
	counts := make([]int, out.Bins)
	for _, t := range times {
		share := t / l.End
		if math.Abs(l.best) > 1e-9 {
			share = math.Expm1(l.best*share) / math.Expm1(l.best)
		}
		counts[min(int(share*float64(out.Bins)), out.Bins-1)]++
	}
	expected := float64(l.N) / float64(out.Bins)
	var pearson float64
	for _, c := range counts {
		pearson += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	df := float64(out.Bins - 2)
	out.Dispersion = math.Max(1, pearson/df)
	out.P = distuv.F{D1: 1, D2: df}.Survival(l.LikelihoodRatio() / out.Dispersion)
	return out
}

// Laplace is the centroid statistic of a trend, about standard normal without
// one; below zero the events grow rarer. With failureTruncated observation
// ended at the last event, which then tells nothing.
func Laplace(times []float64, end float64, failureTruncated bool) float64 {
	n := len(times)
	if failureTruncated {
		n--
	}
	if n == 0 {
		return 0
	}
	var sum float64
	for _, t := range times[:n] {
		sum += t
	}
	return (sum/float64(n) - end/2) / (end / math.Sqrt(12*float64(n)))
}

// LewisRobinson divides Laplace by the coefficient of variation of the gaps
// between events (Lewis & Robinson 1974): it tests for a trend in any renewal
// process. Times are sorted; NaN below three events or when all gaps are equal.
func LewisRobinson(times []float64, end float64) float64 {
	if len(times) < 3 {
		return math.NaN()
	}
	gaps := make([]float64, len(times))
	previous, sum := 0.0, 0.0
	for i, t := range times {
		gaps[i] = t - previous
		previous = t
		sum += gaps[i]
	}
	mean := sum / float64(len(gaps))
	var squares float64
	for _, g := range gaps {
		squares += (g - mean) * (g - mean)
	}
	deviation := math.Sqrt(squares / float64(len(gaps)-1))
	if deviation <= 1e-12*mean {
		return math.NaN()
	}
	return Laplace(times, end, false) * mean / deviation
}
