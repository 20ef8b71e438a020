package stats

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
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
	cells := cellsOf(modes)
	newLikelihoods(cells.histories, grid).maximise(&m, cells.sizes(), steps)
	return m
}

// MostCells is how many different histories are told apart.
const MostCells = 1000

// cells are modes taken together, as a fit costs as much for each history.
type cells struct {
	histories []ModeHistory
	of        []int // of each mode
}

// cellsOf gives each mode a cell of its own up to MostCells. More are taken
// together where their first failure, recurrences and exposures (each plus
// one) lie within the same 2 %, or 4 %, 8 % and so on until the cells are few
// enough; a cell's history is the mean of its modes', which keeps the sums
// that the likelihood of an old mode is made of.
func cellsOf(modes []ModeHistory) cells {
	if len(modes) <= MostCells {
		own := make([]int, len(modes))
		for i := range own {
			own[i] = i
		}
		return cells{modes, own}
	}
	for width := 0.02; ; width *= 2 {
		cell := func(x float64) float64 { return math.Floor(math.Log1p(x) / width) }
		index := map[ModeHistory]int{}
		out := cells{of: make([]int, len(modes))}
		for i, h := range modes {
			key := ModeHistory{cell(h.First), cell(h.Recurrences), cell(h.Until), cell(h.Observed)}
			k, known := index[key]
			if !known {
				k = len(out.histories)
				index[key] = k
				out.histories = append(out.histories, ModeHistory{})
			}
			out.of[i] = k
			sum := &out.histories[k]
			sum.First += h.First
			sum.Recurrences += h.Recurrences
			sum.Until += h.Until
			sum.Observed += h.Observed
		}
		if len(out.histories) > MostCells {
			continue
		}
		for k, n := range out.sizes() {
			h := &out.histories[k]
			*h = ModeHistory{h.First / n, h.Recurrences / n, h.Until / n, h.Observed / n}
		}
		return out
	}
}

// sizes counts the modes of each cell.
func (c cells) sizes() []float64 {
	out := make([]float64, len(c.histories))
	for _, k := range c.of {
		out[k]++
	}
	return out
}

// ResampleRates fits so many resamples of the modes: what the distribution
// owes to which modes happened to be seen. Each fit is so many EM steps from the
// given one, a fiftieth of it spread evenly so that nothing that died out
// stays dead.
func ResampleRates(modes []ModeHistory, fit RateMixture, seed uint64, resamples, steps int) []RateMixture {
	const spread = 0.02
	cells := cellsOf(modes)
	all := newLikelihoods(cells.histories, fit.Grid)
	random := rand.New(rand.NewPCG(seed, seed))
	counts := make([]float64, len(cells.histories))
	out := make([]RateMixture, resamples)
	for b := range out {
		clear(counts)
		for range modes {
			counts[cells.of[random.IntN(len(modes))]]++
		}
		m := RateMixture{Grid: fit.Grid, Weights: make([]float64, len(fit.Weights)), Born: (1-spread)*fit.Born + spread/2}
		for j, w := range fit.Weights {
			m.Weights[j] = (1-spread)*w + spread/float64(len(fit.Weights))
		}
		all.maximise(&m, counts, steps)
		out[b] = m
	}
	return out
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

// Likelihood is that of a history at each rate of a grid, of old modes first
// and then of those born, up to a factor: by its largest value, as a mode that
// failed hundreds of times would underflow otherwise.
type Likelihood []float64

// NewLikelihood is that of a history.
func NewLikelihood(h ModeHistory, grid []float64) Likelihood {
	out := make(Likelihood, 2*len(grid))
	h.likelihood(out, grid)
	return out
}

func (h ModeHistory) likelihood(out, grid []float64) {
	k := len(grid)
	top := math.Inf(-1)
	for j, rate := range grid {
		out[j] = (h.Recurrences+1)*math.Log(rate) - rate*(h.First+h.Until)
		out[k+j] = h.Recurrences*math.Log(rate) - rate*h.Until + math.Log(-math.Expm1(-rate*h.First)/h.Observed)
		top = max(top, out[j], out[k+j])
	}
	for x := range out {
		out[x] = math.Exp(out[x] - top)
	}
}

// Quiet is the likelihood after so much more exposure without a failure, up to the same factor.
func (l Likelihood) Quiet(grid []float64, exposure float64) Likelihood {
	out := make(Likelihood, len(l))
	for j, rate := range grid {
		still := math.Exp(-rate * exposure)
		out[j], out[len(grid)+j] = l[j]*still, l[len(grid)+j]*still
	}
	return out
}

// RateMixtures are distributions on one grid, asked together.
type RateMixtures struct {
	prior, rated blas64.General // a row each; rated is by the rate
	x, y         []float64
}

// NewRateMixtures takes distributions on one grid, one at least.
func NewRateMixtures(mixtures []RateMixture) *RateMixtures {
	n, k := len(mixtures), len(mixtures[0].Grid)
	out := &RateMixtures{general(n, 2*k), general(n, 2*k), make([]float64, n), make([]float64, n)}
	for i, m := range mixtures {
		for j, q := range m.prior() {
			out.prior.Data[i*2*k+j] = q
			out.rated.Data[i*2*k+j] = q * m.Grid[j%k]
		}
	}
	return out
}

// Means gives a mode's mean rate under each, that of Posterior. The slice is
// good until the next question.
func (m *RateMixtures) Means(like Likelihood) []float64 {
	blas64.Gemv(blas.NoTrans, 1, m.prior, vector(like), 0, vector(m.x))
	blas64.Gemv(blas.NoTrans, 1, m.rated, vector(like), 0, vector(m.y))
	for i, q := range m.x {
		m.y[i] /= q
	}
	return m.y
}

// Hazards gives how many failures were due under each between two likelihoods,
// the second being the first after a quiet stretch, when what is expected is
// learned anew at each moment: ∫E[λ | quiet so far] = −ln of the chance of the
// quiet. The slice is good until the next question.
func (m *RateMixtures) Hazards(before, quiet Likelihood) []float64 {
	blas64.Gemv(blas.NoTrans, 1, m.prior, vector(before), 0, vector(m.y))
	blas64.Gemv(blas.NoTrans, 1, m.prior, vector(quiet), 0, vector(m.x))
	for i, q := range m.x {
		m.y[i] = math.Log(m.y[i] / q)
	}
	return m.y
}

// Posterior is the mean and variance of the rate of a mode.
func (m RateMixture) Posterior(like Likelihood) (mean, variance float64) {
	prior, k := m.prior(), len(m.Grid)
	var sum, first, second float64
	for j, rate := range m.Grid {
		w := prior[j]*like[j] + prior[k+j]*like[k+j]
		sum += w
		first += w * rate
		second += w * rate * rate
	}
	mean = first / sum
	return mean, math.Max(0, second/sum-mean*mean)
}
