package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Counted are events in an exposure, or events of so many.
type Counted struct{ Events, Of float64 }

// Shrunk is a rate or a share of one of many, drawn toward what the others say
// (Efron & Morris, JASA 1975).
type Shrunk struct {
	Value    float64
	Toward   float64 // share of the way from its own figure to the mean of all
	variance float64
	share    bool
	none     bool // no event was counted
	every    bool // every one counted was an event
}

const (
	fewestAlike = 5   // fewer of them tell nothing of how they differ
	mostAlike   = 200 // that tell how they differ
	pulls       = 20  // steps in which the strength of the pull is taken
	means       = 15  // and the mean of all, at each
	reach       = 4.0 // deviations to either side that these cover
)

// A family is what the rates or the shares of all are drawn from: gamma for
// Poisson counts, beta for binomial ones. size is in events or in things counted.
type family struct {
	likelihood func(mean, size float64, c Counted) float64 // its logarithm
	posterior  func(mean, size float64, c Counted) (m, variance, toward float64)
	// of the mean of all, as the transform on which it is about normal
	transform, back func(float64) float64
	deviation       func(mean, size, events, of, n float64) float64
	share           bool
}

var rates = family{
	likelihood: func(mean, size float64, c Counted) float64 {
		b := size / mean
		return lgamma(size+c.Events) - lgamma(size) + size*math.Log(b/(b+c.Of)) + c.Events*math.Log(c.Of/(b+c.Of))
	},
	posterior: func(mean, size float64, c Counted) (m, variance, toward float64) {
		rate := size/mean + c.Of
		m = (size + c.Events) / rate
		return m, m / rate, size / mean / rate
	},
	transform: math.Log, back: math.Exp,
	deviation: func(_, size, events, _, n float64) float64 { return math.Sqrt(1/events + 1/(n*size)) },
}

var portions = family{
	likelihood: func(mean, size float64, c Counted) float64 {
		a, b := mean*size, (1-mean)*size
		return lgamma(a+c.Events) - lgamma(a) + lgamma(b+c.Of-c.Events) - lgamma(b) + lgamma(size) - lgamma(size+c.Of)
	},
	posterior: func(mean, size float64, c Counted) (m, variance, toward float64) {
		n := size + c.Of
		m = (mean*size + c.Events) / n
		return m, m * (1 - m) / (n + 1), size / n
	},
	transform: func(p float64) float64 { return math.Log(p / (1 - p)) },
	back:      func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	deviation: func(mean, size, _, of, n float64) float64 {
		return math.Sqrt((1/of + 1/(n*(size+1))) / (mean * (1 - mean)))
	},
	share: true,
}

func lgamma(x float64) float64 { v, _ := math.Lgamma(x); return v }

// ShrinkRates draws each rate toward the others. How much they differ is not
// known either: the rates are gamma distributed about a mean of which nothing
// is known beforehand (flat on the log scale), and every strength of the pull
// toward it, from none to all, is as likely for one that is counted as much as
// they are in the mean (Christiansen & Morris, JASA 1997). So the interval is
// not too narrow where few tell how they differ. Exposures are positive.
// Nothing if there are fewer than five, or no events.
func ShrinkRates(counted []Counted) []Shrunk { return rates.shrink(counted) }

// ShrinkShares does so for shares, which are beta distributed.
func ShrinkShares(counted []Counted) []Shrunk { return portions.shrink(counted) }

// at is one distribution that all may be drawn from, and how likely it is.
type at struct{ mean, size, weight float64 }

func (f family) shrink(counted []Counted) []Shrunk {
	some := everyNth(counted, mostAlike)
	var events, of float64
	for _, c := range some {
		events += c.Events
		of += c.Of
	}
	if len(counted) < fewestAlike || events == 0 {
		return nil
	}
	grid := f.grid(some, events, of)
	out := make([]Shrunk, len(counted))
	for i, c := range counted {
		var mean, squares, toward float64
		for _, g := range grid {
			m, v, t := f.posterior(g.mean, g.size, c)
			mean += g.weight * m
			squares += g.weight * (v + m*m)
			toward += g.weight * t
		}
		out[i] = Shrunk{Value: mean, Toward: toward, variance: squares - mean*mean, share: f.share, none: c.Events == 0, every: f.share && c.Events == c.Of}
	}
	return out
}

// grid takes the pull in even steps, and the mean in even steps of its own
// deviation at each.
func (f family) grid(counted []Counted, events, of float64) []at {
	n := float64(len(counted))
	typical := events / n
	pooled := events / of
	if f.share {
		typical = of / n
		pooled = (events + 0.5) / (of + 1)
	}
	grid := make([]at, 0, pulls*means)
	most := math.Inf(-1)
	for i := range pulls {
		pull := (float64(i) + 0.5) / pulls
		size := typical * pull / (1 - pull)
		deviation := f.deviation(pooled, size, events, of, n)
		for k := range means {
			step := reach * (2*float64(k)/(means-1) - 1)
			g := at{mean: f.back(f.transform(pooled) + step*deviation), size: size}
			for _, c := range counted {
				g.weight += f.likelihood(g.mean, g.size, c)
			}
			g.weight += math.Log(deviation)
			most = math.Max(most, g.weight)
			grid = append(grid, g)
		}
	}
	var sum float64
	for i := range grid {
		grid[i].weight = math.Exp(grid[i].weight - most)
		sum += grid[i].weight
	}
	for i := range grid {
		grid[i].weight /= sum
	}
	return grid
}

// everyNth takes at most so many, evenly from the whole.
func everyNth(counted []Counted, most int) []Counted {
	if len(counted) <= most {
		return counted
	}
	out := make([]Counted, most)
	for i := range out {
		out[i] = counted[i*len(counted)/most]
	}
	return out
}

// Interval is equal-tailed, of the gamma or beta distribution with this mean
// and variance. It begins at 0 where there was no event, and ends at 1 where
// there was nothing else: what the others say cannot rule that out.
func (s Shrunk) Interval(level float64) Interval {
	out := s.tails((1 - level) / 2)
	if s.none {
		out.Low = 0
	}
	if s.every {
		out.High = 1
	}
	return out
}

func (s Shrunk) tails(tail float64) Interval {
	if s.share {
		size := s.Value*(1-s.Value)/s.variance - 1
		a, b := s.Value*size, (1-s.Value)*size
		return Interval{mathext.InvRegIncBeta(a, b, tail), mathext.InvRegIncBeta(a, b, 1-tail)}
	}
	shape := s.Value * s.Value / s.variance
	scale := s.variance / s.Value
	return Interval{mathext.GammaIncRegInv(shape, tail) * scale, mathext.GammaIncRegInv(shape, 1-tail) * scale}
}
