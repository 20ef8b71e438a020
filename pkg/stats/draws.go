package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Draws are equally likely values of something unknown, sorted: its quantiles
// at the middles of as many equal shares of its probability. They take the
// place of random draws, so that every run gives the same.
type Draws []float64

// finest is how many draws a product keeps.
const finest = 400

// middle is the i-th of n equal shares of probability, at its middle.
func middle(i, n int) float64 { return (float64(i) + 0.5) / float64(n) }

// Quantile is the p-quantile, drawn straight between neighbours. There is at least one draw.
func (d Draws) Quantile(p float64) float64 {
	at := p*float64(len(d)) - 0.5
	i := int(math.Floor(at))
	switch {
	case i < 0:
		return d[0]
	case i >= len(d)-1:
		return d[len(d)-1]
	default:
		return d[i] + (at-float64(i))*(d[i+1]-d[i])
	}
}

// Interval holds the middle of the draws at the level.
func (d Draws) Interval(level float64) Interval {
	tail := (1 - level) / 2
	return Interval{d.Quantile(tail), d.Quantile(1 - tail)}
}

// Above is the share of the draws above x; of those that equal it, half.
func (d Draws) Above(x float64) float64 {
	var above float64
	for _, v := range d {
		switch {
		case v > x:
			above++
		case v == x:
			above += 0.5
		}
	}
	return above / float64(len(d))
}

// Times is the product with an independent quantity.
func (d Draws) Times(other Draws) Draws {
	out := make(Draws, 0, len(d)*len(other))
	for _, a := range d {
		for _, b := range other {
			out = append(out, a*b)
		}
	}
	return out.thinned(finest)
}

// thinned sorts the draws and keeps n of them at most.
func (d Draws) thinned(n int) Draws {
	slices.Sort(d)
	if len(d) <= n {
		return d
	}
	out := make(Draws, n)
	for i := range out {
		out[i] = d.Quantile(middle(i, n))
	}
	return out
}

// GammaDraws are of a gamma distribution with this mean and this squared
// coefficient of variation, both above 0.
func GammaDraws(mean, variation float64, n int) Draws {
	out := make(Draws, n)
	for i := range out {
		out[i] = mathext.GammaIncRegInv(1/variation, middle(i, n)) * mean * variation
	}
	return out
}

// CountDraws are of the mean of a Poisson count: half of them from inverting
// each of Garwood's tails, which are gamma distributions with shapes k and
// k+1, as the count is discrete (Schweder & Hjort, Scand. J. Stat. 2002). n is even.
func CountDraws(count int64, n int) Draws {
	out := make(Draws, 0, n)
	for i := range n / 2 {
		low := 0.0
		if count > 0 {
			low = mathext.GammaIncRegInv(float64(count), middle(i, n/2))
		}
		out = append(out, low, mathext.GammaIncRegInv(float64(count)+1, middle(i, n/2)))
	}
	slices.Sort(out)
	return out
}

// Minus is the difference from an independent quantity.
func (d Draws) Minus(other Draws) Draws {
	out := make(Draws, 0, len(d)*len(other))
	for _, a := range d {
		for _, b := range other {
			out = append(out, a-b)
		}
	}
	return out.thinned(finest)
}

// By multiplies with a known factor of 0 or more.
func (d Draws) By(factor float64) Draws {
	out := make(Draws, len(d))
	for i, v := range d {
		out[i] = v * factor
	}
	return out
}
