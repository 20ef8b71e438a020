package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Gini is the inequality of amounts: 0 when all are equal, (n−1)/n when one
// has everything. It depends on n: compare only at equal n. NaN when they sum to 0.
func Gini(amounts []float64) float64 {
	sorted := slices.Sorted(slices.Values(amounts))
	var sum, weighted float64
	for i, x := range sorted {
		sum += x
		weighted += (2*float64(i) + 1 - float64(len(sorted))) * x
	}
	return weighted / (float64(len(sorted)) * sum)
}

// QuantileRanks are the ranks, from 1, of the order statistics of n values
// that hold the p-quantile of any continuous distribution at the level, equal
// in the tails. upper is 0 when even the largest value does not reach that far.
func QuantileRanks(n int, p, level float64) (lower, upper int) {
	tail := (1 - level) / 2
	below := distuv.Binomial{N: float64(n), P: p}
	for k := range n {
		if below.CDF(float64(k)) <= tail {
			lower = k + 1
		}
	}
	for k := n; k >= 1; k-- {
		if below.CDF(float64(k-1)) >= 1-tail {
			upper = k
		}
	}
	return max(lower, 1), upper
}

// GeometricMean of positive values, with Student's t interval on their
// logs. Fewer than two values bound nothing.
func GeometricMean(values []float64, level float64) (mean float64, interval Interval) {
	logs := make([]float64, len(values))
	var sum float64
	for i, v := range values {
		logs[i] = math.Log(v)
		sum += logs[i]
	}
	n := float64(len(values))
	if n < 2 {
		return math.Exp(sum / n), Interval{0, math.Inf(1)}
	}
	width := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile((1+level)/2) * Deviation(logs) / math.Sqrt(n)
	return math.Exp(sum / n), Interval{math.Exp(sum/n - width), math.Exp(sum/n + width)}
}

// NewKind is the chance that the next of n things is of a kind never seen
// before, when once of the kinds were seen once and twice of them twice:
// Good–Turing with Esty's variance (Ann. Stat. 1983), two added as Agresti does.
func NewKind(n, once, twice int, level float64) (chance float64, interval Interval) {
	size := float64(n) + 4
	g := (float64(once) + 2) / size
	width := z(level) * math.Sqrt((float64(once)+2)*(1-g)+2*(float64(twice)+1)) / size
	return float64(once) / float64(n), Interval{math.Max(0, g-width), math.Min(1, g+width)}
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

// DeviationInterval is the interval for the deviation of normal values when
// it was estimated as sd on so many degrees of freedom; exact for n − 1 of n values.
func DeviationInterval(sd, df, level float64) Interval {
	tail := (1 - level) / 2
	return Interval{
		sd * math.Sqrt(df/chiSquaredQuantile(1-tail, df)),
		sd * math.Sqrt(df/chiSquaredQuantile(tail, df)),
	}
}
