package learning

import (
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	power         = 0.8
	fewestFreedom = 3 // degrees, of the spread
)

// detectable is the smallest reduction that two periods like this one would
// show; durations under a second count as one.
func (c *computation) detectable(metric string, lifetimes []stats.Lifetime, of string) Estimate {
	followed := make([]stats.Lifetime, len(lifetimes))
	finished := 0
	shortest, longest := math.Inf(1), 0.0
	for i, l := range lifetimes {
		followed[i] = l
		followed[i].Time = max(followed[i].Time, 1)
		if followed[i].Event {
			finished++
			shortest, longest = min(shortest, followed[i].Time), max(longest, followed[i].Time)
		}
	}
	e := Estimate{
		Metric: metric, N: int64(finished), Events: int64(finished), Exposure: float64(len(lifetimes)), Censored: int64(len(lifetimes) - finished), Origin: "modelled",
		Method: "log-normal durations, unfinished censored; two such periods by Welch's t, 80 % power on average over what is open of the spread; χ² interval of the spread",
	}
	if finished < fewestForMedian {
		return tooFew(e, int64(finished), fewestForMedian, "finished "+of)
	}
	fit := stats.FitLogNormal(followed)
	switch {
	case math.IsNaN(fit.Mean), shortest == longest: // rounding would leave a spread
		return refuse(e, Insufficient, sentence("Not enough data: all %d finished %s lasted equally long, so their spread is unknown. No figure is shown.", finished, of))
	case !(fit.Freedom >= fewestFreedom):
		return refuse(e, Insufficient, sentence("Not enough data: %d of %d %s finished, too few to know their spread. No figure is shown.", finished, len(lifetimes), of))
	}
	e.Value = fit.Detectable(c.settings.Level, power)
	e.bounds(fit.DetectableInterval(c.settings.Level, power, c.settings.Level), fit.DetectableInterval(c.settings.Level, power, c.settings.InnerLevel))
	unfinished := ""
	if e.Censored > 0 {
		unfinished = sentence(" and %d unfinished", e.Censored)
	}
	e.Reading = sentence("With %d finished%s %s in each of two periods, a reduction under %s could not be shown (80 %% power, log-normal).", finished, unfinished, of, percent(e.Value))
	return e
}

// What is said of every figure that two periods would show.
const (
	detectableTest    = ", that two periods like this one would show at 80 % power: by Welch's t test of log-normal times, the unfinished censored. The power is that on average over what is not known of the spread, 75 to 84 % in simulations; the interval is that of the spread."
	detectableFormula = "1 − exp(−k·s·√(2/m)): s the deviation of the logs on f degrees of freedom, m the finished ones that would tell as much, of a log-normal fitted with the unfinished censored; k from Φ((k·a − t·b)/√(1 + k²(1−a²) + t²(1−b²))) = 0.8, t Student's on 2f degrees, a and b = E√(χ²/ν) on f and 2f"
	detectableSource  = "Welch 1947; noncentral t of Johnson & Welch 1940; censored fit of Olsen 1978"
)
