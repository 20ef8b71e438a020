package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Inequality is the Gini coefficient of amounts, of which one at least is above 0.
type Inequality struct {
	N       int
	Value   float64 // Gini·n/(n−1): between 0, all equal, and 1, one has everything, whatever n
	SE      float64
	Largest float64 // share of the largest
}

// FitInequality estimates it from two amounts or more, none below 0, with the
// standard error of Davidson (J. Econometrics 2009):
// Z_i = −(G+1)x_i + (2i−1)/n·x_i − (2/n)Σ_{j≤i} x_j over the sorted x, and
// SE² = Σ(Z_i − Z̄)²/(n·mean)².
func FitInequality(amounts []float64) Inequality {
	sorted := slices.Sorted(slices.Values(amounts))
	n := float64(len(sorted))
	gini := Gini(sorted)
	var sum float64
	z := make([]float64, len(sorted))
	for i, x := range sorted {
		sum += x
		z[i] = -(gini+1)*x + (2*float64(i)+1)/n*x - 2/n*sum
	}
	var mean, squares float64
	for _, v := range z {
		mean += v / n
	}
	for _, v := range z {
		squares += (v - mean) * (v - mean)
	}
	larger := n / (n - 1)
	return Inequality{
		N: len(sorted), Value: math.Min(1, gini*larger), SE: math.Sqrt(squares) / sum * larger, Largest: sorted[len(sorted)-1] / sum,
	}
}

// Interval is Student's t on the log odds, so that it stays between 0 and 1;
// from 0 to 0 where all are equal, and to 1 where one has everything.
func (i Inequality) Interval(level float64) Interval {
	if i.Value <= 0 || i.Value >= 1 || i.SE == 0 {
		return Interval{i.Value, i.Value}
	}
	odds := math.Log(i.Value / (1 - i.Value))
	width := distuv.StudentsT{Sigma: 1, Nu: float64(i.N - 1)}.Quantile((1+level)/2) * i.SE / (i.Value * (1 - i.Value))
	share := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	return Interval{share(odds - width), share(odds + width)}
}

// Tail is a Pareto tail: of the amounts above From, those above x are
// (From/x)^Index. The smaller the index, the heavier; up to 2 there is no variance,
// up to 1 no mean.
type Tail struct {
	N     int // amounts above From
	From  float64
	Index float64
	most  float64 // 0: unbounded
	bound LogLinear
}

// ParetoTail fits the k largest of more than k amounts above 0, by maximum
// likelihood: Hill's estimator (Ann. Stat. 1975) from the next largest on.
// Amounts that cannot be above a bound (shares: 1) have a Pareto tail cut off
// there (Aban, Meerschaert & Panorska, JASA 2006): the logs above From then
// have density ∝ e^(−index·y) on [0, ln(bound/From)], which is a log-linear trend.
func ParetoTail(amounts []float64, k int, bound float64) Tail {
	sorted := slices.Sorted(slices.Values(amounts))
	from := sorted[len(sorted)-1-k]
	out := Tail{N: k, From: from, most: bound}
	logs := make([]float64, k)
	var sum float64
	for i, x := range sorted[len(sorted)-k:] {
		logs[i] = math.Log(x / from)
		sum += logs[i]
	}
	if bound > 0 {
		out.bound = CoxLewis(logs, math.Log(bound/from))
		out.Index = -out.bound.B
	} else {
		out.Index = float64(k) / sum
	}
	return out
}

// Interval of the index: exact where there is no bound, as k·index/estimate is
// gamma distributed with shape k; the profile likelihood's where there is one.
func (t Tail) Interval(level float64) Interval {
	if t.most > 0 {
		i := t.bound.Interval(level)
		return Interval{-i.High, -i.Low}
	}
	tail, df := (1-level)/2, 2*float64(t.N)
	return Interval{t.Index * chiSquaredQuantile(tail, df) / df, t.Index * chiSquaredQuantile(1-tail, df) / df}
}
