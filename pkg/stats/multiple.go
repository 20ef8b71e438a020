package stats

import (
	"cmp"
	"math"
	"slices"
)

// BenjaminiHochberg adjusts p-values so that rejecting those at or below q
// keeps the expected share of false rejections at q (JRSS B 1995), for
// independent or positively dependent tests. The order is kept.
func BenjaminiHochberg(p []float64) []float64 { return stepUp(p, 1) }

func stepUp(p []float64, factor float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	out := make([]float64, len(p))
	smallest := 1.0
	for rank := len(p); rank >= 1; rank-- {
		i := order[rank-1]
		smallest = math.Min(smallest, p[i]*factor*float64(len(p))/float64(rank))
		out[i] = smallest
	}
	return out
}

// EBenjaminiHochberg says which hypotheses to reject, given an e-value of each,
// so that the expected share of false rejections stays at α whatever the
// dependence: the k largest, for the greatest k with k·e₍ₖ₎ ≥ K/α (Wang &
// Ramdas, False discovery rate control with e-values, JRSS B 84, 2022). They
// must be e-values at a moment fixed beforehand or a stopping time, not the
// largest seen so far. Given and kept as logarithms.
func EBenjaminiHochberg(logs []float64, alpha float64) []bool {
	order := make([]int, len(logs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logs[b], logs[a]) })
	out := make([]bool, len(logs))
	for rank := len(order); rank >= 1; rank-- {
		if logs[order[rank-1]]+math.Log(float64(rank)) >= math.Log(float64(len(logs))/alpha) {
			for _, i := range order[:rank] {
				out[i] = true
			}
			break
		}
	}
	return out
}
