package stats

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// likelihoods are those of all modes at every rate, old modes first, then
// those born: a row each. Below them a row for each length of observation: the
// chance that a mode stays unseen.
type likelihoods struct {
	table  blas64.General
	modes  int
	length []int // of each mode: its row among the lower ones
}

func newLikelihoods(modes []ModeHistory, grid []float64) likelihoods {
	k := len(grid)
	out := likelihoods{modes: len(modes), length: make([]int, len(modes))}
	lengths := map[float64]int{}
	var unseen []float64
	for i, h := range modes {
		row, known := lengths[h.Observed]
		if !known {
			row = len(lengths)
			lengths[h.Observed] = row
			for _, rate := range grid {
				unseen = append(unseen, math.Exp(-rate*h.Observed))
			}
			for _, rate := range grid {
				unseen = append(unseen, -math.Expm1(-rate*h.Observed)/(rate*h.Observed))
			}
		}
		out.length[i] = row
	}
	out.table = general(len(modes)+len(lengths), 2*k)
	for i, h := range modes {
		h.likelihood(out.row(i), grid)
	}
	copy(out.table.Data[len(modes)*2*k:], unseen)
	return out
}

func general(rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)}
}

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }

func (l likelihoods) row(i int) []float64 {
	return l.table.Data[i*l.table.Stride : i*l.table.Stride+l.table.Cols]
}

// weighed is a table of the modes that count, and of the lengths they have.
func (l likelihoods) weighed(counts []float64) (table blas64.General, weights []float64, modes int) {
	hidden := make([]float64, l.table.Rows-l.modes) // modes seen with each length of observation
	var rows []int
	for i, c := range counts {
		if c != 0 {
			rows = append(rows, i)
			weights = append(weights, c)
			hidden[l.length[i]] += c
		}
	}
	modes = len(rows)
	for u, c := range hidden {
		if c != 0 {
			rows = append(rows, l.modes+u)
			weights = append(weights, c)
		}
	}
	table = general(len(rows), l.table.Cols)
	for k, i := range rows {
		copy(table.Data[k*table.Stride:], l.row(i))
	}
	return table, weights, modes
}

// maximise takes EM steps from m; each mode counts as often as counts says.
func (l likelihoods) maximise(m *RateMixture, counts []float64, steps int) {
	const sweep = 100 // steps between looks for rates that have died out
	table, weights, modes := l.weighed(counts)
	k := len(m.Grid)
	alive := make([]int, 2*k)
	for x := range alive {
		alive[x] = x
	}
	q := m.prior()
	ratios := make([]float64, 2*k)
	shares := make([]float64, table.Rows)
	for step := range steps {
		if step%sweep == sweep-1 {
			table, q, alive = withoutDead(table, q, alive)
			ratios = ratios[:len(alive)]
		}
		blas64.Gemv(blas.NoTrans, 1, table, vector(q), 0, vector(shares))
		for i, p := range shares[:modes] {
			shares[i] = weights[i] / p
		}
		for u := modes; u < len(shares); u++ {
			shares[u] = weights[u] / (1 - shares[u])
		}
		blas64.Gemv(blas.Trans, 1, table, vector(shares), 0, vector(ratios))
		var total, born float64
		clear(m.Weights)
		for a, x := range alive {
			v := q[a] * ratios[a]
			total += v
			if x >= k {
				born += v
				x -= k
			}
			m.Weights[x] += v
		}
		for j := range m.Weights {
			m.Weights[j] /= total
		}
		m.Born = born / total
		for a, x := range alive {
			if x < k {
				q[a] = m.Weights[x] * (1 - m.Born)
			} else {
				q[a] = m.Weights[x-k] * m.Born
			}
		}
	}
}

// withoutDead leaves out the rates that have died out. One that still grew
// could hardly come back from there in the steps that are left: with and without
// them, expectations over simulated modes agree to ten digits.
func withoutDead(table blas64.General, q []float64, alive []int) (blas64.General, []float64, []int) {
	const dead = 1e-20
	var keep []int
	for a := range alive {
		if q[a] > dead {
			keep = append(keep, a)
		}
	}
	if len(keep) == len(alive) {
		return table, q, alive
	}
	left := general(table.Rows, len(keep))
	for i := range table.Rows {
		for b, a := range keep {
			left.Data[i*left.Stride+b] = table.Data[i*table.Stride+a]
		}
	}
	kept, living := make([]float64, len(keep)), make([]int, len(keep))
	for b, a := range keep {
		kept[b], living[b] = q[a], alive[a]
	}
	return left, kept, living
}
