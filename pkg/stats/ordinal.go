package stats

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// ProportionalOdds is the trend of an ordered category along x:
// logit P(level ≤ j) = θ_j − β·x (McCullagh, JRSS B 1980).
type ProportionalOdds struct {
	Beta, SE      float64
	Thresholds    []float64
	LogLikelihood float64
}

// FitProportionalOdds maximises the likelihood by 50 Newton steps. Levels run
// from 1 to the largest, and each of them occurs.
func FitProportionalOdds(x []float64, levels []int) ProportionalOdds {
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
	step := mat.NewVecDense(cuts+1, nil)
	var covariance mat.Dense
	for range 50 {
		gradient, information := ordinalScore(x, levels, theta, cuts)
		if err := covariance.Inverse(information); err != nil {
			return ProportionalOdds{Beta: math.NaN(), SE: math.NaN(), LogLikelihood: math.NaN()}
		}
		step.MulVec(&covariance, gradient)
		for j := range theta {
			theta[j] += step.AtVec(j)
		}
	}
	return ProportionalOdds{
		Beta: theta[cuts], SE: math.Sqrt(covariance.At(cuts, cuts)), Thresholds: theta[:cuts],
		LogLikelihood: ordinalLogLikelihood(x, levels, theta, cuts),
	}
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

func ordinalLogLikelihood(x []float64, levels []int, theta []float64, cuts int) float64 {
	var sum float64
	for i, l := range levels {
		low, high, _, _ := edges(x[i], l, theta, cuts)
		sum += math.Log(high - low)
	}
	return sum
}

// ordinalScore gives the gradient and the observed information.
func ordinalScore(x []float64, levels []int, theta []float64, cuts int) (*mat.VecDense, *mat.Dense) {
	gradient := mat.NewVecDense(cuts+1, nil)
	information := mat.NewDense(cuts+1, cuts+1, nil)
	// d and c are the derivatives of the linear predictors at the two ends.
	for i, l := range levels {
		low, high, lowSlope, highSlope := edges(x[i], l, theta, cuts)
		p := high - low
		curveHigh, curveLow := highSlope*(1-2*high), lowSlope*(1-2*low)
		dHigh, dLow := make([]float64, cuts+1), make([]float64, cuts+1)
		if l <= cuts {
			dHigh[l-1], dHigh[cuts] = 1, -x[i]
		}
		if l > 1 {
			dLow[l-2], dLow[cuts] = 1, -x[i]
		}
		slope := make([]float64, cuts+1)
		for a := range slope {
			slope[a] = (highSlope*dHigh[a] - lowSlope*dLow[a]) / p
			gradient.SetVec(a, gradient.AtVec(a)+slope[a])
		}
		for a := range slope {
			for b := range slope {
				second := (curveHigh*dHigh[a]*dHigh[b] - curveLow*dLow[a]*dLow[b]) / p
				information.Set(a, b, information.At(a, b)+slope[a]*slope[b]-second)
			}
		}
	}
	return gradient, information
}
