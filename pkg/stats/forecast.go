package stats

import "math"

// Forecast scores stated probabilities against what happened.
type Forecast struct {
	Brier       float64 // mean squared error: 0 is perfect (Brier 1950)
	Climatology float64 // the score of always stating the share that happened
	Skill       float64 // 1 − Brier/Climatology; NaN when all or none happened
	LogLoss     float64 // mean −ln of the probability given to what happened
}

// ScoreForecasts scores probabilities p of outcomes. There is at least one.
func ScoreForecasts(p []float64, happened []bool) Forecast {
	n := float64(len(p))
	var out Forecast
	var events float64
	for i := range p {
		y := 0.0
		if happened[i] {
			y = 1
			events++
		}
		out.Brier += (p[i] - y) * (p[i] - y) / n
		out.LogLoss -= (y*math.Log(p[i]) + (1-y)*math.Log1p(-p[i])) / n
	}
	out.Climatology = events / n * (1 - events/n)
	out.Skill = 1 - out.Brier/out.Climatology
	if out.Climatology == 0 {
		out.Skill = math.NaN()
	}
	return out
}
