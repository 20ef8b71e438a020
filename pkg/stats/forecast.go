package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Forecast scores stated probabilities against what happened.
type Forecast struct {
	Brier       float64 // mean squared error: 0 is perfect (Brier 1950)
	Climatology float64 // the score of always stating the share that happened
	Skill       float64 // 1 − Brier/Climatology; NaN when all or none happened
	LogLoss     float64 // mean −ln of the probability given to what happened
	Z           float64 // Spiegelhalter's test of calibration: standard normal if what is stated is so; NaN if nothing but 0 and 1 is stated
	squares     []float64
	outcomes    []float64
}

// ScoreForecasts scores probabilities p of outcomes; NaN of none.
func ScoreForecasts(p []float64, happened []bool) Forecast {
	if len(p) == 0 {
		nan := math.NaN()
		return Forecast{Brier: nan, Climatology: nan, Skill: nan, LogLoss: nan, Z: nan}
	}
	n := float64(len(p))
	var out Forecast
	var events, bias, variance float64
	for i := range p {
		y := 0.0
		if happened[i] {
			y = 1
			events++
		}
		out.outcomes = append(out.outcomes, y)
		out.squares = append(out.squares, (p[i]-y)*(p[i]-y))
		out.Brier += (p[i] - y) * (p[i] - y) / n
		bias += (y - p[i]) * (1 - 2*p[i])
		variance += (1 - 2*p[i]) * (1 - 2*p[i]) * p[i] * (1 - p[i])
		out.LogLoss -= (y*math.Log(p[i]) + (1-y)*math.Log1p(-p[i])) / n
	}
	out.Z = bias / math.Sqrt(variance)
	if variance == 0 {
		out.Z = math.NaN()
	}
	out.Climatology = events / n * (1 - events/n)
	out.Skill = 1 - out.Brier/out.Climatology
	if out.Climatology == 0 {
		out.Skill = math.NaN()
	}
	return out
}

// Interval for the score: Student's t on the squared errors, whose mean it is
// (Bradley, Schwartz & Hashino, Weather and Forecasting 2008). It needs two forecasts.
func (f Forecast) Interval(level float64) Interval {
	width := forecastT(len(f.squares), level) * Deviation(f.squares) / math.Sqrt(float64(len(f.squares)))
	return Interval{math.Max(0, f.Brier-width), math.Min(1, f.Brier+width)}
}

func forecastT(n int, level float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile((1 + level) / 2)
}

// SkillInterval is a jackknife over the forecasts of ln(Brier/Climatology), with
// Student's t. It needs two that happened and two that did not, and a score above 0.
func (f Forecast) SkillInterval(level float64) Interval {
	n := float64(len(f.squares))
	var events float64
	for _, y := range f.outcomes {
		events += y
	}
	logs := make([]float64, len(f.squares))
	for i, y := range f.outcomes {
		share := (events - y) / (n - 1)
		logs[i] = math.Log((f.Brier*n - f.squares[i]) / (n - 1) / (share * (1 - share)))
	}
	se := Deviation(logs) * (n - 1) / math.Sqrt(n)
	width := forecastT(len(logs), level) * se
	ratio := f.Brier / f.Climatology
	return Interval{1 - ratio*math.Exp(width), 1 - ratio*math.Exp(-width)}
}

// Decomposition is Murphy's (J. Applied Meteorology 1973) of the Brier score
// over classes of the same stated probability: reliability − resolution + uncertainty.
type Decomposition struct{ Reliability, Resolution, Uncertainty float64 }

// DecomposeForecasts takes those of the same probability together.
func DecomposeForecasts(p []float64, happened []bool) Decomposition {
	type class struct{ n, events float64 }
	classes := map[float64]class{}
	var events float64
	for i, stated := range p {
		c := classes[stated]
		c.n++
		if happened[i] {
			c.events++
			events++
		}
		classes[stated] = c
	}
	n := float64(len(p))
	base := events / n
	out := Decomposition{Uncertainty: base * (1 - base)}
	stated := make([]float64, 0, len(classes))
	for s := range classes {
		stated = append(stated, s)
	}
	slices.Sort(stated)
	for _, s := range stated {
		c := classes[s]
		share := c.events / c.n
		out.Reliability += c.n / n * (s - share) * (s - share)
		out.Resolution += c.n / n * (share - base) * (share - base)
	}
	return out
}
