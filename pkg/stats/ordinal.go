package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// ProportionalOdds is the trend of an ordered category along x:
// logit P(level ≤ j) = θ_j − β·x (McCullagh, JRSS B 1980).
type ProportionalOdds struct {
	Beta, SE      float64
	Thresholds    []float64
	LogLikelihood float64
}

// FitProportionalOdds maximises the likelihood by Newton's steps. Levels run
// from 1 to the largest, and each of them occurs. All is NaN where there is no
// maximum, as when the levels do not overlap.
func FitProportionalOdds(x []float64, levels []int) ProportionalOdds {
	return fitOrdinal(x, levels, false)
}

// FirthProportionalOdds adds half the logarithm of the determinant of the
// expected information to the log-likelihood (Firth, Biometrika 1993): there is
// always a maximum, and small samples exaggerate less. (Outside exponential
// families Firth's correction and this prior of Jeffreys' differ a little:
// Kosmidis, JRSS B 2014.)
func FirthProportionalOdds(x []float64, levels []int) ProportionalOdds {
	return fitOrdinal(x, levels, true)
}

const (
	ordinalSteps = 50
	// ordinalGain is twice what a Newton step promises in log-likelihood where no further
	// one is made: β is then right to 1e-7 of its standard error, with Firth's penalty too.
	ordinalGain = 1e-16
)

func fitOrdinal(x []float64, levels []int, firth bool) ProportionalOdds {
	none := ProportionalOdds{Beta: math.NaN(), SE: math.NaN(), LogLikelihood: math.NaN()}
	if len(x) == 0 {
		return none
	}
	cells := ordinalCells(x, levels)
	top := 0
	for _, l := range levels {
		top = max(top, l)
	}
	cuts := top - 1
	theta := make([]float64, cuts+1) // thresholds, then β
	for j := range cuts {
		below := 0
		for _, l := range levels {
			if l <= j+1 {
				below++
			}
		}
		p := float64(below) / float64(len(levels))
		theta[j] = math.Log(p / (1 - p))
	}
	objective := func(theta []float64) float64 {
		out := ordinalLogLikelihood(cells, theta, cuts)
		if firth {
			out += halfLogDeterminant(cells, theta, cuts)
		}
		return out
	}
	step := mat.NewVecDense(cuts+1, nil)
	var covariance mat.Dense
	for range ordinalSteps {
		gradient, information := ordinalScore(cells, theta, cuts)
		if firth {
			information = ordinalInformation(cells, theta, cuts)
			for a := range theta {
				gradient.SetVec(a, gradient.AtVec(a)+slope(theta, a, func(t []float64) float64 { return halfLogDeterminant(cells, t, cuts) }))
			}
		}
		if err := covariance.Inverse(information); err != nil {
			return none
		}
		step.MulVec(&covariance, gradient)
		// Halve a step that leaves the order of the thresholds or climbs down.
		at, next, climbed := objective(theta), make([]float64, len(theta)), false
		for length := 1.0; length > 1e-3; length /= 2 {
			for j := range theta {
				next[j] = theta[j] + length*step.AtVec(j)
			}
			if objective(next) >= at {
				copy(theta, next)
				climbed = true
				break
			}
		}
		if !climbed || mat.Dot(gradient, step) < ordinalGain {
			break
		}
	}
	const flat = 15 // of a log odds: the levels do not overlap
	se := math.Sqrt(covariance.At(cuts, cuts))
	spread := 0.0
	for _, c := range cells {
		spread = math.Max(spread, math.Abs(theta[cuts]*(c.x-cells[0].x)))
	}
	if !firth && (math.IsNaN(se) || spread > 2*flat) {
		return none
	}
	return ProportionalOdds{
		Beta: theta[cuts], SE: se, Thresholds: theta[:cuts],
		LogLikelihood: ordinalLogLikelihood(cells, theta, cuts),
	}
}

// Interval for Beta by its standard error.
func (p ProportionalOdds) Interval(level float64) Interval {
	return Interval{p.Beta - z(level)*p.SE, p.Beta + z(level)*p.SE}
}

// ordinalCell is how often a level came with an x.
type ordinalCell struct {
	x     float64
	level int
	count float64
}

func ordinalCells(x []float64, levels []int) []ordinalCell {
	sorted := make([]ordinalCell, len(x))
	for i := range x {
		sorted[i] = ordinalCell{x[i], levels[i], 1}
	}
	slices.SortFunc(sorted, func(a, b ordinalCell) int { return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.level, b.level)) })
	out := sorted[:0]
	for _, c := range sorted {
		if last := len(out) - 1; last >= 0 && out[last].x == c.x && out[last].level == c.level {
			out[last].count++
		} else {
			out = append(out, c)
		}
	}
	return out
}

// slope is the derivative along one coordinate, by central differences.
func slope(at []float64, a int, f func([]float64) float64) float64 {
	const h = 1e-5
	t := slices.Clone(at)
	t[a] = at[a] + h
	up := f(t)
	t[a] = at[a] - h
	return (up - f(t)) / (2 * h)
}

func halfLogDeterminant(cells []ordinalCell, theta []float64, cuts int) float64 {
	log, sign := mat.LogDet(ordinalInformation(cells, theta, cuts))
	if sign <= 0 {
		return math.Inf(-1)
	}
	return log / 2
}

// ordinalInformation is the expected one: over all levels that each thing could have had.
func ordinalInformation(cells []ordinalCell, theta []float64, cuts int) *mat.Dense {
	out := mat.NewDense(cuts+1, cuts+1, nil)
	g := make([]float64, cuts+1)
	for _, c := range cells {
		for level := 1; level <= cuts+1; level++ {
			low, high, lowSlope, highSlope := edges(c.x, level, theta, cuts)
			clear(g)
			if level <= cuts {
				g[level-1] = highSlope
			}
			if level > 1 {
				g[level-2] = -lowSlope
			}
			g[cuts] = -c.x * (highSlope - lowSlope)
			p := math.Max(high-low, 1e-300)
			for a := range g {
				for b := range g {
					out.Set(a, b, out.At(a, b)+c.count*g[a]*g[b]/p)
				}
			}
		}
	}
	return out
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// edges are the cumulative probabilities at both ends of a level, and their slopes.
func edges(x float64, level int, theta []float64, cuts int) (low, high, lowSlope, highSlope float64) {
	high = 1
	if level <= cuts {
		high = logistic(theta[level-1] - theta[cuts]*x)
		highSlope = high * (1 - high)
	}
	if level > 1 {
		low = logistic(theta[level-2] - theta[cuts]*x)
		lowSlope = low * (1 - low)
	}
	return low, high, lowSlope, highSlope
}

func ordinalLogLikelihood(cells []ordinalCell, theta []float64, cuts int) float64 {
	var sum float64
	for _, c := range cells {
		low, high, _, _ := edges(c.x, c.level, theta, cuts)
		if high <= low {
			return math.Inf(-1)
		}
		sum += c.count * math.Log(high-low)
	}
	return sum
}

// ordinalScore gives the gradient and the observed information.
func ordinalScore(cells []ordinalCell, theta []float64, cuts int) (*mat.VecDense, *mat.Dense) {
	gradient := mat.NewVecDense(cuts+1, nil)
	information := mat.NewDense(cuts+1, cuts+1, nil)
	// dHigh and dLow are the derivatives of the linear predictors at the two ends.
	dHigh, dLow, slope := make([]float64, cuts+1), make([]float64, cuts+1), make([]float64, cuts+1)
	for _, c := range cells {
		low, high, lowSlope, highSlope := edges(c.x, c.level, theta, cuts)
		p := high - low
		curveHigh, curveLow := highSlope*(1-2*high), lowSlope*(1-2*low)
		clear(dHigh)
		clear(dLow)
		if c.level <= cuts {
			dHigh[c.level-1], dHigh[cuts] = 1, -c.x
		}
		if c.level > 1 {
			dLow[c.level-2], dLow[cuts] = 1, -c.x
		}
		for a := range slope {
			slope[a] = (highSlope*dHigh[a] - lowSlope*dLow[a]) / p
			gradient.SetVec(a, gradient.AtVec(a)+c.count*slope[a])
		}
		for a := range slope {
			for b := range slope {
				second := (curveHigh*dHigh[a]*dHigh[b] - curveLow*dLow[a]*dLow[b]) / p
				information.Set(a, b, information.At(a, b)+c.count*(slope[a]*slope[b]-second))
			}
		}
	}
	return gradient, information
}
