package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	fewestResolved  = 20
	fewestForetold  = 5 // that happened
	fewestOfOneSort = 5 // risks in a bin
)

// bins of the stated probability, from ≤ p < to; the last holds 1 too.
var bins = []struct {
	name     string
	from, to float64
}{{"0_20", 0, 0.2}, {"20_40", 0.2, 0.4}, {"40_60", 0.4, 0.6}, {"60_80", 0.6, 0.8}, {"80_100", 0.8, 1.01}}

// premortem holds what was foretold against what happened.
func (c *computation) premortem(g *group) {
	for _, w := range c.windows(g, "premortem") {
		c.forecasts(g, w)
		c.recall(g, w)
	}
}

// forecasts scores the risks whose horizon has ended. One that has happened
// before its horizon's end waits for it like those that have not: counted at
// once, those that happen would be counted sooner than those that do not.
func (c *computation) forecasts(g *group, w window) {
	var stated []float64
	var happened []bool
	var open, events int64
	for _, r := range c.facts.risks[g.Scope] {
		switch {
		case !w.holds(r.RecordedAt) || r.Probability < 0 || r.Probability > 1:
		case r.HorizonEnds == 0 || r.HorizonEnds > c.org.asOf:
			open++
			c.evidence(g, w, "premortem.brier", "censored", "risk", r.ID)
		default:
			came := r.HappenedAt != 0 && r.HappenedAt <= r.HorizonEnds
			stated, happened = append(stated, r.Probability), append(happened, came)
			if came {
				events++
				c.evidence(g, w, "premortem.brier", "event", "risk", r.ID)
			}
		}
	}
	n := int64(len(stated))
	base := Estimate{N: n, Events: events, Exposure: float64(n), Censored: open}
	refused := ""
	switch {
	case n < fewestResolved:
		refused = tooFew(base, n, fewestResolved, "risks whose horizon has ended").Reading
	case events < fewestForetold:
		refused = sentence("Not enough data: %d of %d risks happened, needs %d. No figure is shown.", events, n, fewestForetold)
	}
	if open > 0 {
		base.Reading = fmt.Sprintf(" The horizon of %s has not ended.", plural(int(open), "other risk", "other risks"))
	}
	emit := func(metric, method string, fill func(*Estimate) string) {
		e := base
		e.Metric, e.Method = metric, method
		if refused != "" {
			e = refuse(e, Insufficient, refused+base.Reading)
		} else {
			e.Reading = fill(&e) + base.Reading
		}
		c.emit(g, w, e)
	}
	var score stats.Forecast
	if refused == "" {
		score = stats.ScoreForecasts(stated, happened)
	}
	emit("premortem.brier", "mean squared error of the stated probabilities; Student's t", func(e *Estimate) string {
		e.Value = score.Brier
		e.bounds(score.Interval(c.settings.Level), score.Interval(c.settings.InnerLevel))
		parts := stats.DecomposeForecasts(stated, happened)
		reading := sentence("%d of %d risks happened; the stated probabilities score %s (0 is perfect, always stating the share that happened scores %s), with %s to %s compatible with the data (%s). Off by %s where they are wrong about the share, better by %s for telling risks apart.",
			events, n, number(e.Value), number(score.Climatology), number(e.Low), number(e.High), percent(c.settings.Level), number(parts.Reliability), number(parts.Resolution))
		if math.Abs(score.Z) > stats.NormalQuantile(c.settings.Level) {
			side := "less"
			if score.Z > 0 {
				side = "more"
			}
			reading += fmt.Sprintf(" Risks like these happened %s often than stated (Spiegelhalter's z = %s).", side, number(score.Z))
		}
		return reading
	})
	emit("premortem.skill", "1 − Brier score by that of always stating the share that happened; jackknife of its logarithm, Student's t", func(e *Estimate) string {
		if n-events < 2 || score.Brier == 0 {
			e.State = Insufficient
			return sentence("Not enough data: %d of %d risks happened, and without those that did not there is nothing to tell apart. No figure is shown.", events, n)
		}
		e.Value = score.Skill
		e.bounds(score.SkillInterval(c.settings.Level), score.SkillInterval(c.settings.InnerLevel))
		tail := " That holds zero: we cannot tell whether the stated probabilities say more than that share."
		if e.Low > 0 || e.High < 0 {
			tail = ""
		}
		side := "better"
		if e.Value < 0 {
			side = "worse"
		}
		return sentence("The stated probabilities of %d risks are %s than always stating the share that happened: a skill of %s, with %s to %s compatible with the data (%s, jackknife); 100 %% is perfect, 0 %% no better than that share.",
			n, side, percent(e.Value), percent(e.Low), percent(e.High), percent(c.settings.Level)) + tail
	})
	for _, b := range bins {
		if !g.given("premortem.happened") {
			break // too few risks for bins
		}
		var k, of int64
		var sum float64
		for i, p := range stated {
			if p >= b.from && p < b.to {
				of++
				sum += p
				if happened[i] {
					k++
				}
			}
		}
		words := fmt.Sprintf("%.0f to %.0f %%", 100*b.from, math.Min(100*b.to, 100))
		few := tooFew(Estimate{}, of, fewestOfOneSort, "risks rated "+words).Reading
		emit("premortem.happened."+b.name, "share; Wilson", func(e *Estimate) string {
			e.N, e.Events, e.Exposure = of, k, float64(of)
			if of < fewestOfOneSort {
				e.State = Insufficient
				return few
			}
			e.Value = float64(k) / float64(of)
			e.bounds(stats.Wilson(k, of, c.settings.Level), stats.Wilson(k, of, c.settings.InnerLevel))
			return sentence("Of %d risks rated about %s, %d happened: %s, with %s to %s compatible with the data (%s, Wilson).",
				of, percent(sum/float64(of)), k, percent(e.Value), percent(e.Low), percent(e.High), percent(c.settings.Level))
		})
		emit("premortem.stated."+b.name, "mean of what was stated", func(e *Estimate) string {
			e.N, e.Events, e.Exposure, e.Origin = of, k, float64(of), "stated"
			if of < fewestOfOneSort {
				e.State = Insufficient
				return few
			}
			e.Value = sum / float64(of)
			only := stats.Interval{Low: e.Value, High: e.Value}
			e.bounds(only, only)
			return sentence("%d risks rated %s were rated %s on average.", of, words, percent(e.Value))
		})
	}
}

// recall is over all modes that happened on a service for the first time in the
// window: had a pre-mortem named them before?
func (c *computation) recall(g *group, w window) {
	var shares clusters[stats.Share]
	for _, s := range g.services {
		for _, h := range s.entire().modes {
			first := h.failures[0]
			if !s.holds(h) || !w.holds(first.at) {
				continue
			}
			share := shares.at(s.entire().name)
			share.Of++
			for _, r := range c.facts.risks[Scope{oneService, s.entire().name}] {
				if r.FailureMode == first.mode && r.RecordedAt < first.at && (r.HorizonEnds == 0 || r.HorizonEnds >= first.at) {
					share.Events++
					c.evidence(g, w, "premortem.recall", "event", "incident", first.first.ID)
					break
				}
			}
		}
	}
	c.emit(g, w, c.share("premortem.recall", shares.of, fewestFailures, "had been foretold", "modes that failed for the first time on their service"))
}

// premortemMetrics are what is said of each.
var premortemMetrics = func() []Metric {
	needs := "20 risks whose horizon has ended, 5 that happened"
	out := []Metric{
		{
			"premortem.brier", "ratio", "lower", needs,
			"Brier score of the probabilities stated in pre-mortems, of risks whose horizon has ended: the mean of (p − y)², y 1 for those that happened within it. A quarter holds the risks recorded in it. The reading gives Murphy's parts and says where Spiegelhalter's z speaks against the stated probabilities.",
			"Σ(p−y)²/n; Student's t on n − 1 degrees of freedom. z = Σ(y−p)(1−2p)/√Σ(1−2p)²p(1−p)",
			"Brier 1950; Murphy 1973; Spiegelhalter 1986; Bradley, Schwartz & Hashino 2008", "",
		},
		{
			"premortem.skill", "share", "higher", needs,
			"How much better the stated probabilities are than always stating the share that happened: 1 is perfect, 0 no better, below 0 worse.",
			"1 − Brier/(ȳ(1−ȳ)); jackknife of ln(Brier/(ȳ(1−ȳ))), Student's t",
			"Murphy 1973; Efron 1982", "premortem.brier",
		},
		{
			"premortem.recall", "share", "higher", "10 modes",
			"Failure modes that failed on their service for the first time and had been foretold for it in a pre-mortem whose horizon had not ended, of all that failed for the first time.",
			"k/n", pooledShare, "",
		},
	}
	for _, b := range bins {
		rated := fmt.Sprintf("%.0f to %.0f %%", 100*b.from, math.Min(100*b.to, 100))
		out = append(out,
			Metric{
				"premortem.happened." + b.name, "share", "", needs + ", 5 in the bin",
				"Share that happened of the risks rated " + rated + ": beside premortem.stated." + b.name + " it shows whether what is stated is so.",
				"k/n", "Wilson 1927", "premortem.brier",
			},
			Metric{
				"premortem.stated." + b.name, "share", "", needs + ", 5 in the bin",
				"Mean stated probability of the risks rated " + rated + ".",
				"mean", "", "premortem.brier",
			})
	}
	return out
}()
