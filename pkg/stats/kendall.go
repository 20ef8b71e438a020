package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Concordance is Kendall's comparison of all pairs of an order with an ordered
// level, such as times with severities. Ties are frequent among levels.
type Concordance struct {
	N          int
	S          float64 // concordant less discordant pairs
	TauB       float64 // Kendall 1945; NaN when all times or all levels are equal
	Z, P       float64 // Mann–Kendall with tie correction and continuity (Kendall & Gibbons 1990), two-sided
	jackknifed float64 // standard error of TauB
}

// Kendall compares times with levels, which are small whole numbers: it takes
// time in proportion to n·log n and to the number of different levels.
func Kendall(times []float64, levels []int) Concordance {
	n := len(times)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(times[a], times[b]) })
	top := 0
	for _, l := range levels {
		top = max(top, l)
	}
	all := make([]float64, top+1) // of each level
	for _, l := range levels {
		all[l]++
	}
	before, tied := make([]float64, top+1), make([]float64, top+1)
	score := make([]float64, n)    // concordant less discordant pairs with this one
	sameTime := make([]float64, n) // others at its time
	for i := 0; i < n; {
		j := i
		clear(tied)
		for ; j < n && times[order[j]] == times[order[i]]; j++ {
			tied[levels[order[j]]]++
		}
		for _, x := range order[i:j] {
			sameTime[x] = float64(j - i - 1)
			for l := range all {
				after := all[l] - before[l] - tied[l]
				switch {
				case l < levels[x]:
					score[x] += before[l] - after
				case l > levels[x]:
					score[x] += after - before[l]
				}
			}
		}
		for l := range before {
			before[l] += tied[l]
		}
		i = j
	}
	out := Concordance{N: n}
	var tiedTimes, tiedLevels float64 // pairs, counted twice
	for x := range n {
		out.S += score[x] / 2
		tiedTimes += sameTime[x]
		tiedLevels += all[levels[x]] - 1
	}
	pairs := float64(n) * float64(n-1)
	tau := func(s, pairs, times, levels float64) float64 {
		return 2 * s / math.Sqrt((pairs-times)*(pairs-levels))
	}
	out.TauB = tau(out.S, pairs, tiedTimes, tiedLevels)
	out.Z, out.P = out.mannKendall(all, sameTime)
	without := make([]float64, n)
	for x := range n {
		without[x] = tau(out.S-score[x], float64(n-1)*float64(n-2), tiedTimes-2*sameTime[x], tiedLevels-2*(all[levels[x]]-1))
	}
	out.jackknifed = Deviation(without) * float64(n-1) / math.Sqrt(float64(n))
	return out
}

// mannKendall is the test of S with the variance of ties on both sides.
func (c Concordance) mannKendall(levels, sameTime []float64) (z, p float64) {
	n := float64(c.N)
	var levels5, levels3, levels2, times5, times3, times2 float64
	for _, t := range levels {
		levels5 += t * (t - 1) * (2*t + 5)
		levels3 += t * (t - 1) * (t - 2)
		levels2 += t * (t - 1)
	}
	for _, others := range sameTime { // each of t tied ones counts a t-th
		times5 += others * (2*others + 7)
		times3 += others * (others - 1)
		times2 += others
	}
	variance := (n*(n-1)*(2*n+5)-levels5-times5)/18 + levels2*times2/(2*n*(n-1))
	if n > 2 {
		variance += levels3 * times3 / (9 * n * (n - 1) * (n - 2))
	}
	if variance <= 0 {
		return 0, 1
	}
	z = (math.Abs(c.S) - 1) / math.Sqrt(variance)
	z = math.Copysign(math.Max(z, 0), c.S)
	return z, 2 * distuv.UnitNormal.Survival(math.Abs(z))
}

// Interval for TauB: the jackknife's standard error on Fisher's scale; NaN
// where all but one are at the same time or level.
func (c Concordance) Interval(level float64) Interval {
	edge := 1 - 1/float64(c.N*c.N)
	tau := math.Max(-edge, math.Min(edge, c.TauB))
	width := z(level) * c.jackknifed / (1 - tau*tau)
	return Interval{
		math.Min(math.Tanh(math.Atanh(tau)-width), c.TauB),
		math.Max(math.Tanh(math.Atanh(tau)+width), c.TauB),
	}
}
