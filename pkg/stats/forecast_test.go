package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Probability-of-precipitation forecasts for the United States, October 1980 to
// March 1981 (Wilks, Statistical Methods in the Atmospheric Sciences, table 7.3):
// how often each was stated, in ten-thousandths, and how often it rained then.
var rain = []struct {
	stated   float64
	n        int
	happened float64
}{
	{0, 4112, 0.006},
	{0.05, 671, 0.019},
	{0.1, 1833, 0.059},
	{0.2, 986, 0.150},
	{0.3, 616, 0.277},
	{0.4, 366, 0.377},
	{0.5, 303, 0.511},
	{0.6, 275, 0.587},
	{0.7, 245, 0.723},
	{0.8, 220, 0.779},
	{0.9, 170, 0.934},
	{1, 203, 0.933},
}

func TestDecompositionOfRainForecasts(t *testing.T) {
	var p []float64
	var happened []bool
	for _, c := range rain {
		events := int(math.Round(float64(c.n) * c.happened))
		for i := range c.n {
			p = append(p, c.stated)
			happened = append(happened, i < events)
		}
	}
	score, parts := stats.ScoreForecasts(p, happened), stats.DecomposeForecasts(p, happened)
	// The table gives it rained 0.162 of the time, so that the uncertainty is 0.162·0.838.
	if math.Abs(parts.Uncertainty-0.162*0.838) > 5e-4 {
		t.Errorf("uncertainty %v", parts.Uncertainty)
	}
	// Σ n(p−ō)²/N by hand from the table's rows: 1.25e-3; and Σ n(ō_i−ō)²/N: 0.0737.
	var reliability, resolution float64
	for _, c := range rain {
		reliability += float64(c.n) / 1e4 * (c.stated - c.happened) * (c.stated - c.happened)
		resolution += float64(c.n) / 1e4 * (c.happened - 0.162) * (c.happened - 0.162)
	}
	if math.Abs(parts.Reliability-reliability) > 2e-5 || math.Abs(parts.Resolution-resolution) > 2e-4 {
		t.Errorf("reliability %v, resolution %v; by the table %v, %v", parts.Reliability, parts.Resolution, reliability, resolution)
	}
	near(t, "the parts make the score", parts.Reliability-parts.Resolution+parts.Uncertainty, score.Brier)
	near(t, "skill", score.Skill, (parts.Resolution-parts.Reliability)/parts.Uncertainty)
}

// Ten forecasts of 0.2 of which four happen: Σ(y−p)(1−2p) = 0.6·(4−2) = 1.2, with
// variance 10·0.36·0.16 = 0.576.
func TestSpiegelhalter(t *testing.T) {
	p, happened := make([]float64, 10), make([]bool, 10)
	for i := range p {
		p[i], happened[i] = 0.2, i < 4
	}
	near(t, "z", stats.ScoreForecasts(p, happened).Z, 1.2/math.Sqrt(0.576))
	if z := stats.ScoreForecasts([]float64{0, 1}, []bool{false, true}).Z; !math.IsNaN(z) {
		t.Errorf("certain of everything: %v", z)
	}
	near(t, "all right", stats.ScoreForecasts([]float64{0, 1}, []bool{false, true}).Interval(0.95).High, 0)
}

// Stated probabilities, right and too sure of themselves, of 30 and 100 risks.
// The true scores are means over what may be stated.
func TestForecastIntervalsCover(t *testing.T) {
	for _, sure := range []float64{1, 2} {
		// What is stated: log odds that are sure times too large.
		state := func(p float64) float64 {
			return 1 / (1 + math.Exp(-sure*math.Log(p/(1-p))))
		}
		density := func(p float64) float64 { return distuv.Beta{Alpha: 1.5, Beta: 3}.Prob(p) }
		brier := simpson(func(p float64) float64 {
			if p <= 0 || p >= 1 {
				return 0
			}
			q := state(p)
			return density(p) * (p*(1-q)*(1-q) + (1-p)*q*q)
		}, 0, 1)
		skill := 1 - brier/(2.0/9) // the mean of Beta(1.5, 3) is a third
		for _, n := range []int{30, 100} {
			draw := func(r *rand.Rand) stats.Forecast {
				p, happened := make([]float64, n), make([]bool, n)
				for i := range p {
					truth := distuv.Beta{Alpha: 1.5, Beta: 3, Src: r}.Rand()
					p[i], happened[i] = state(truth), r.Float64() < truth
				}
				return stats.ScoreForecasts(p, happened)
			}
			t.Run(fmt.Sprintf("score, %d, sure %v", n, sure), func(t *testing.T) {
				coversIn(t, trials(), 0.92, 0.97, func(r *rand.Rand) bool { return holds(draw(r).Interval(0.95), brier) })
			})
			t.Run(fmt.Sprintf("skill, %d, sure %v", n, sure), func(t *testing.T) {
				coversIn(t, trials(), 0.92, 0.98, func(r *rand.Rand) bool { return holds(draw(r).SkillInterval(0.95), skill) })
			})
		}
	}
}
