package learning

import (
	"fmt"
	"math"
	"strings"
)

// metricOf is the family's name of what a point says: per deploy for the second clock.
func (p *WatchPoint) metricOf(part string) string {
	name := "watch." + p.What + part
	if p.Clock == clockOfDeploys {
		name += ".per_deploy"
	}
	return name
}

// estimate is a point as a row beside the other estimates. Evidence has no
// sampling error: it is what the bar is compared with.
func (p *WatchPoint) estimate() Estimate {
	e := Estimate{
		Metric: p.metricOf(""), N: p.N0 + p.N1, Events: p.N1, Exposure: p.E0 + p.E1, State: p.State, Reading: p.Reading,
		Value: p.Evidence, Low: p.Evidence, High: p.Evidence, Low50: p.Evidence, High50: p.Evidence,
	}
	method := "e-process against a baseline of unknown rate, 13 candidate starts"
	if p.Method == targetMethod {
		method = "Shiryaev–Roberts against a stated rate, weekly"
	}
	e.Method = fmt.Sprintf("%s, factors 1.5, 2, 3, 5, φ̂ %s", method, number(p.Dispersion))
	if !math.IsNaN(p.Bar) { // nothing is promised of a year without a baseline
		e.Method += "; bar " + evidenceText(p.Bar)
	}
	return e
}

// emitWatch gives the estimates of a point at as_of.
func (c *computation) emitWatch(g *group, p WatchPoint) {
	e := p.estimate()
	c.emit(g, c.everything, e)
	better := e
	better.Metric = p.metricOf(".better")
	better.Method = strings.Replace(e.Method, "1.5, 2, 3, 5", "2/3, 1/2, 1/3, 1/5", 1)
	better.Value, better.Low, better.High, better.Low50, better.High50 = p.Better, p.Better, p.Better, p.Better, p.Better
	if p.State == OK {
		better.Reading = fmt.Sprintf("Evidence of improvement is %s; the bar set beforehand is %s.", evidenceText(p.Better), evidenceText(p.Bar))
		if p.BetterSince != 0 {
			better.Reading += fmt.Sprintf(" Crossed on %s. This says what happened, not why.", dayOf(p.BetterSince))
		} else {
			better.Reading += " No improvement is announced. Silence is not success: fewer failures and fewer reports look the same."
		}
	}
	c.emit(g, c.everything, better)
	if p.Clock == clockOfDeploys {
		return
	}
	for _, power := range []struct {
		part, word string
		share      float64
	}{
		{".power_doubling", "doubling", p.Doubling},
		{".power_tripling", "tripling", p.Tripling},
	} {
		e := Estimate{
			Metric: p.metricOf(power.part), N: powerYears, Events: int64(math.Round(power.share * powerYears)), Exposure: p.E0, Origin: "modelled",
			Method: sentence("%d simulated years at the rate of the baseline, the change at week 16, on one clock", powerYears),
			Value:  power.share, Low: power.share, High: power.share, Low50: power.share, High50: power.share,
		}
		switch {
		case p.State != OK:
			e = refuse(e, p.State, p.Reading)
		case math.IsNaN(power.share):
			e = refuse(e, Insufficient, "Not enough data: none came before the year, so the rate is not known. No figure is shown.")
		default:
			e.Reading = fmt.Sprintf("At this rate a %s that comes at week 16 is caught by the year's end %s.", power.word, inHundred(power.share))
			if power.part == ".power_tripling" && !math.IsNaN(p.Delay) {
				e.Reading += fmt.Sprintf(" Of those caught, half are within %s weeks.", number(p.Delay))
			}
		}
		if e.State != "" && e.State != OK {
			e.N, e.Events = 0, 0
		}
		c.emit(g, c.everything, e)
	}
}

const (
	watchFormula = "mean over 13 starts, four weeks apart, and r = 1.5, 2, 3, 5 of [rⁿ¹((E₀+E₁)/(E₀+rE₁))^(n₀+n₁)]^(1/φ̂); alarm at 1/α'. Against a stated rate: R ← (1+R)·[rˣe^(−λ₀(r−1))]^(1/φ̂) weekly; alarm at 52/α'"
	// The shares are those of watch-unsteady and watch-organisations in docs/campaigns.md.
	watchSlow    = " A rate that by itself stays high or low for months can look like a change: one that varies by 40 % and forgets itself in a quarter raises false alarms in up to 10 % of years instead of 5 % after a baseline of one year, in up to 6 % after two, where it is watched alone at a bar of 20. In whole organisations, whose bars are higher, 3 % of such years had one."
	watchSource  = "Pérez-Ortiz, Lardy, de Heide & Grünwald 2024; Shiryaev 1963, Roberts 1966, Pollak 1985; at a quarter's close e-BH, Wang & Ramdas 2022"
	watchMinimum = "a baseline of 52 weeks, 2 failures before a candidate start"
)

// watchMetrics are what is said of each.
var watchMetrics = func() []Metric {
	var out []Metric
	for _, thing := range watchedThings {
		what, clocks := thing.what, []struct{ suffix, words string }{{"", "service-days"}, {".per_deploy", "deploys"}}
		evidence := map[string]string{
			"uncontained": "learning_derivative.uncontained", "told_by_customer": "monitoring_gaps.told_by_customer", repeatsThing: "learning_derivative.repeats",
		}[thing.name]
		if thing.name == repeatsThing {
			clocks = clocks[:1]
			clocks[0].words = "the recurrences that were to be expected"
		}
		for _, c := range clocks {
			out = append(out,
				Metric{
					"watch." + thing.name + c.suffix, "ratio", "lower", watchMinimum,
					"Evidence that " + what + " come more often than since the start of the baseline, on the clock of " + c.words +
						": 1 says nothing, the bar is 20 or more. It may be looked at any time. α is shared by all that is watched. Low evidence is no proof of safety. A quarter holds the evidence at its close, given once the settling time is over, when all that is watched is judged together, worse and better apart, by e-BH at α." + watchSlow,
					watchFormula, watchSource, evidence,
				},
				Metric{
					"watch." + thing.name + ".better" + c.suffix, "ratio", "higher", watchMinimum,
					"Evidence that " + what + " come more seldom than since the start of the baseline, on the clock of " + c.words + ". Silence of the whole record is not taken for it.",
					strings.Replace(watchFormula, "1.5, 2, 3, 5", "2/3, 1/2, 1/3, 1/5", 1), watchSource, evidence,
				})
		}
		for _, power := range []string{"doubling", "tripling"} {
			out = append(out, Metric{
				"watch." + thing.name + ".power_" + power, "share", "higher", "1 failure before the year",
				"Chance that a " + power + " of the rate of " + what + " at week 16 is caught by the year's end.",
				"simulated: 400 years at the rate of the baseline", watchSource, evidence,
			})
		}
	}
	return out
}()
