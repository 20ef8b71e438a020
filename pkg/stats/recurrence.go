package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// RecurrenceRatio is the interval for ρ, observed by expected recurrences,
// when the observed count is negative binomial with mean ρ·expected and size
// 1/c (c the squared coefficient of variation of what was expected): both
// exact tails inverted.
func RecurrenceRatio(observed int, expected, c, level float64) Interval {
	tail := (1 - level) / 2
	size := 1 / c
	// atMost is P(O ≤ k) for mean m.
	atMost := func(k int, m float64) float64 {
		return mathext.RegIncBeta(size, float64(k)+1, size/(size+m))
	}
	const largest = 1e9 // mean counts
	out := Interval{High: bisect(func(m float64) float64 { return tail - atMost(observed, m) }, 0, largest) / expected}
	if observed > 0 {
		out.Low = bisect(func(m float64) float64 { return 1 - atMost(observed-1, m) - tail }, 0, largest) / expected
	}
	return out
}

// ModeHistory is a failure mode until it was intervened on, in units of exposure.
type ModeHistory struct {
	First       float64 // from the start of observation to the first failure
	Recurrences float64 // from then to the intervention, the one that triggered it included
	Until       float64 // from the first failure to the intervention
	Observed    float64 // from the start of observation to its end
}

// RateMixture is the distribution of the modes' failure rates.
type RateMixture struct {
	Grid    []float64
	Weights []float64
	Born    float64 // π̂: the share of modes that began within the observation
}

// LogGrid has n points from low to high, equally far apart on the log scale.
func LogGrid(low, high float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Exp(math.Log(low) + (math.Log(high)-math.Log(low))*float64(i)/float64(n-1))
	}
	return out
}

// FitRates estimates how the rates of modes are distributed when a mode is
// seen only because it failed: non-parametric maximum likelihood by a fixed
// number of EM steps, with ghosts for the modes never seen. Some modes may have
// begun within the observation; both kinds share the distribution.
func FitRates(modes []ModeHistory, grid []float64, steps int) RateMixture {
	k := len(grid)
	m := RateMixture{Grid: grid, Weights: make([]float64, k), Born: 0.5}
	for j := range m.Weights {
		m.Weights[j] = 1 / float64(k)
	}
	seen, unseen := make([][]float64, len(modes)), make([][]float64, len(modes))
	for i, h := range modes {
		seen[i] = m.likelihood(h)
		unseen[i] = make([]float64, 2*k)
		for j, rate := range grid {
			unseen[i][j] = math.Exp(-rate * h.Observed)
			unseen[i][k+j] = -math.Expm1(-rate*h.Observed) / (rate * h.Observed)
		}
	}
	next := make([]float64, 2*k)
	for range steps {
		q := m.prior()
		clear(next)
		for i := range modes {
			var sum, hidden float64
			for x := range q {
				sum += q[x] * seen[i][x]
				hidden += q[x] * unseen[i][x]
			}
			for x := range q {
				next[x] += q[x]*seen[i][x]/sum + q[x]*unseen[i][x]/(1-hidden)
			}
		}
		var total, born float64
		for x, v := range next {
			total += v
			if x >= k {
				born += v
			}
		}
		for j := range k {
			m.Weights[j] = (next[j] + next[k+j]) / total
		}
		m.Born = born / total
	}
	return m
}

// prior weighs old modes at each rate, then those born within the observation.
func (m RateMixture) prior() []float64 {
	k := len(m.Grid)
	out := make([]float64, k, 2*k)
	for j, w := range m.Weights {
		out[j] = w * (1 - m.Born)
	}
	for _, w := range m.Weights {
		out = append(out, w*m.Born)
	}
	return out
}

func (m RateMixture) likelihood(h ModeHistory) []float64 {
	k := len(m.Grid)
	out := make([]float64, k, 2*k)
	for j, rate := range m.Grid {
		out[j] = math.Pow(rate, h.Recurrences+1) * math.Exp(-rate*(h.First+h.Until))
	}
	for _, rate := range m.Grid {
		out = append(out, math.Pow(rate, h.Recurrences)*math.Exp(-rate*h.Until)*-math.Expm1(-rate*h.First)/h.Observed)
	}
	return out
}

// Posterior is the mean and variance of a mode's rate, given its history.
func (m RateMixture) Posterior(h ModeHistory) (mean, variance float64) {
	q, like := m.prior(), m.likelihood(h)
	var sum, first, second float64
	for x := range q {
		rate, w := m.Grid[x%len(m.Grid)], q[x]*like[x]
		sum += w
		first += w * rate
		second += w * rate * rate
	}
	mean = first / sum
	return mean, second/sum - mean*mean
}
