package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Steadiness says how far weekly counts keep to one Poisson rate.
type Steadiness struct {
	// Dispersion is Pearson's χ² by its degrees of freedom, the largest of
	// those of four-week counts, of thirteen-week counts and of the slow swings;
	// at least 1.
	Dispersion float64
	// Slow is the p-value of a steady rate against swings of half a year and
	// longer, Season against one of a year. 1 if there is too little to tell.
	Slow, Season float64
}

// leastSteady is the p-value below which a rate is not taken as steady; either test takes half of it.
const leastSteady = 0.05

// Handled says whether dividing by the dispersion is enough. A rate that swings
// as slowly as the changes that are looked for cannot be told from one.
func (s Steadiness) Handled() bool { return math.Min(s.Slow, s.Season) >= leastSteady/2 }

const (
	weeksOfYear   = 52
	slowestWeeks  = 26 // swings of this period and longer are slow
	shortestWeeks = 8  // of a baseline that is tested at all
)

// Steady compares counts of consecutive weeks with one rate over the exposure of each.
func Steady(counts, exposure []float64) Steadiness {
	out := Steadiness{Dispersion: 1, Slow: 1, Season: 1}
	var n, e float64
	for i := range counts {
		n += counts[i]
		e += exposure[i]
	}
	if n < fewestBefore || e <= 0 || len(counts) < shortestWeeks {
		return out
	}
	expected := make([]float64, len(counts))
	for i := range expected {
		expected[i] = n * exposure[i] / e
	}
	for _, width := range []int{4, 13} {
		out.Dispersion = math.Max(out.Dispersion, pearson(counts, expected, width))
	}
	weeks := float64(len(counts))
	if slowest := int(weeks / slowestWeeks); slowest > 0 {
		var sum float64
		for k := 1; k <= slowest; k++ {
			sum += swing(counts, expected, weeks/float64(k))
		}
		df := 2 * float64(slowest)
		out.Dispersion = math.Max(out.Dispersion, sum/df)
		out.Slow = distuv.ChiSquared{K: df}.Survival(sum)
	}
	if weeks >= weeksOfYear {
		out.Season = distuv.ChiSquared{K: 2}.Survival(swing(counts, expected, weeksOfYear))
	}
	return out
}

// pearson is χ² by its degrees of freedom over stretches of so many weeks; a
// stretch without exposure is joined to the next.
func pearson(counts, expected []float64, width int) float64 {
	var chi, seen, due float64
	bins, in := 0, 0
	for i := range counts {
		seen += counts[i]
		due += expected[i]
		if in++; in >= width && due > 0 {
			chi += (seen - due) * (seen - due) / due
			bins++
			in, seen, due = 0, 0, 0
		}
	}
	if bins < 2 {
		return 1
	}
	return chi / float64(bins-1)
}

// swing is the score statistic of a sine and a cosine of the given period in
// weeks, about χ² on two degrees of freedom where the rate is steady.
func swing(counts, expected []float64, period float64) float64 {
	var out float64
	for _, wave := range []func(float64) float64{math.Sin, math.Cos} {
		var score, mean, square, n float64
		for i := range counts {
			x := wave(2 * math.Pi * (float64(i) + 0.5) / period)
			score += (counts[i] - expected[i]) * x
			mean += expected[i] * x
			square += expected[i] * x * x
			n += expected[i]
		}
		if variance := square - mean*mean/n; variance > 1e-9*n {
			out += score * score / variance
		}
	}
	return out
}
