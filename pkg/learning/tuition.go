package learning

import (
	"fmt"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const fewestCosts = 5

// tuition is what failures cost: what is told of it, and what is reckoned from that.
func (c *computation) tuition(g *group) {
	windows := c.windows(g)
	if g.small() {
		windows = windows[:1]
	}
	c.costedShare(g, windows)
	for _, w := range windows {
		c.paid(g, w, "tuition.paid", "", func(*costed) bool { return true })
		c.paid(g, w, "tuition.delay", " of failures that came while an improvement for their mode was open", c.whileOpen)
		c.notCosted(g, w)
	}
	if g.given("tuition.typical_cost") {
		c.reckoned(g)
	}
}

// whileOpen: an improvement for the mode was open when it failed again.
func (c *computation) whileOpen(u *costed) bool {
	for _, id := range append([]string{u.id}, u.merged...) {
		if r := c.org.recurrence(id); r != nil && (r.Class == "known_open" || r.AlsoOpen) {
			return true
		}
	}
	return false
}

// paid sums what failures are stated to have cost.
func (c *computation) paid(g *group, w window, metric, which string, counts func(*costed) bool) {
	var total sum
	var failures int64
	for _, u := range c.facts.costs.paid[g.Scope] {
		if !w.holds(u.at) || !counts(u) {
			continue
		}
		total.add(u.sum)
		if u.sum.n > 0 {
			failures++
		}
		for _, cost := range u.told {
			c.evidence(g, w, metric, "event", "cost", cost.ID)
		}
	}
	e := total.estimate(metric, int64(total.n))
	switch {
	case c.facts.costs.currency == "" && len(c.facts.costs.told) > 0:
		e = refuse(e, Insufficient, c.facts.costs.noCurrency())
	case total.n < fewestCosts:
		e = tooFew(e, int64(total.n), fewestCosts, "costs"+which)
		e.Reading += total.unconverted()
	default:
		e.Reading = fmt.Sprintf("%s of %s%s: %s.", plural(total.n, "cost", "costs"), plural(int(failures), "failure", "failures"),
			which, total.words(c.facts.costs.currency)) + total.apart()
	}
	c.emit(g, w, e)
}

// costedShare is over all failures but near misses, which cost nothing by their nature.
func (c *computation) costedShare(g *group, windows []window) {
	const metric = "tuition.costed_share"
	known := map[string]bool{}
	for _, u := range c.facts.costs.paid[g.Scope] {
		known[u.id] = u.sum.n > 0 || len(u.sum.foreign) > 0
	}
	shares := make([]clusters[stats.Share], len(windows))
	c.eachMishap(g, func(m *mishap, _ *service) {
		if m.kind == "near_miss" {
			return
		}
		for _, i := range holding(windows, m.at) {
			share := shares[i].at(m.service)
			share.Of++
			if known[m.id] {
				share.Events++
				c.evidence(g, windows[i], metric, "event", m.kind, m.id)
			}
		}
	})
	for i, w := range windows {
		c.emit(g, w, c.share(metric, shares[i].of, fewestFailures, "are costed", "failures"))
	}
}

// notCosted counts what is told of money and is in no sum.
func (c *computation) notCosted(g *group, w window) {
	if g.Kind != wholeOrganisation {
		return
	}
	const metric = "counted.costs_apart"
	var n int64
	for _, cost := range c.facts.costs.unplaced {
		if w.holds(cost.RecordedAt) {
			n++
			c.evidence(g, w, metric, "event", "cost", cost.ID)
		}
	}
	reading := fmt.Sprintf("%s of no failure that is counted: unknown, a drill, or a change or an experiment that did not fail.",
		plural(int(n), "cost is told", "costs are told"))
	if n == 0 {
		reading = "No cost is told of anything but a failure that is counted."
	}
	c.emit(g, w, count(metric, n, n, reading))
}

// tuitionMetrics are what is said of each.
var tuitionMetrics = []Metric{
	{
		"tuition.paid", "money", "lower", "5 costs",
		"Sum of what failures of any kind are stated to have cost, in the currency of the settings, with the sums of the lower and of the upper ends as its range: no confidence interval. A quarter holds the failures that happened in it. Costs in other currencies are converted at the stated exchange rates, or left out and counted. Where no likely cost is told it is the middle of the range, where an end of the range is not, the likely cost; of which nothing is told is left out, and counted.",
		"Σ likely; Σ low to Σ high",
		"", "",
	},
	{
		"tuition.delay", "money", "lower", "5 costs of such failures",
		"Cost of delay: the part of tuition.paid for failures of a mode met before, that came while an improvement for the mode was open.",
		"Σ likely; Σ low to Σ high",
		"", "",
	},
	{
		"tuition.costed_share", "share", "higher", "10 failures",
		"Failures that a cost is told of, of all failures but near misses. It says how much of the tuition the sums know of.",
		"k/n",
		"Wilson 1927; over services a jackknife gives the design effect, Student's t on N²/Σm²−1 degrees of freedom", "",
	},
	{
		"counted.costs_apart", "count", "lower", "none",
		"Costs of no failure that is counted: of an unknown one, of a drill, of a change or an experiment that did not fail. A quarter holds those recorded in it.",
		"count",
		"", "",
	},
	{
		"tuition.typical_cost", "money", "lower", "5 costed failures, a cap",
		"What the next failure would cost on average, as failures of this scope that are costed did, none counting for more than the cap of the settings. Without a cap costs so heavy-tailed have no mean that could be told.",
		"E min(C, cap) = ∫ P(C > u) du to the cap, ln C Student's t with 4 + n − 1 degrees of freedom about the mean of the logs: normal logs, inverse-χ² prior of the variance (4 degrees of freedom, deviation 1.5), flat mean; from 50 costs on the mean of this and of the capped costs. Interval: quantiles of e^(μ+σ²/2)Φ(z−σ) + cap·Φ(−z), z = (ln cap − μ)/σ, over the posterior of μ and σ, from 50 costs on half and half with Student's t about the log of the mean of the capped costs",
		"Gelman et al., Bayesian Data Analysis 3.3; Klugman, Panjer & Willmot, Loss Models, appendix A", "",
	},
	{
		"tuition.delay.per_week", "money", "lower", "5 costed failures, a cap; an open improvement for a mode of known rate",
		"Modelled: what a further week costs in which the open improvements stay open: the recurrences to be expected of their modes at the rates of learning_per_failure, times tuition.typical_cost.",
		"7·Σλ̃·E min(C, cap); median of the product of a gamma distribution with the mean of Σλ̃ and 1.6 times its variance, of the modes' own rates and over 100 resamples of the modes, and the posterior of E min(C, cap)",
		"as learning_per_failure and tuition.typical_cost", "",
	},
	{
		"tuition.avoided", "money", "higher", "5 costed failures, a cap, and what learning_per_failure needs",
		"Modelled: what the recurrences that no longer come would cost within the horizon of the settings, if the modes intervened on went on failing as they do since. Below zero where more came than was to be expected. It rests on the costed failures being like the others.",
		"H·(λ₀−λ₁)·E min(C, cap): λ₀ = Σλ̃ over modes intervened on, gamma with the squared coefficient of variation c of learning_per_failure; λ₁ = λ₀·O/E, with Garwood's tails of O; median and quantiles of the product",
		"as learning_per_failure and tuition.typical_cost; Schweder & Hjort 2002", "learning_per_failure",
	},
	{
		"tuition.avoided.p10", "money", "higher", "as tuition.avoided",
		"Modelled: tuition.avoided is more than this nine times in ten.",
		"10 % quantile",
		"as tuition.avoided", "learning_per_failure",
	},
	{
		"tuition.avoided.p90", "money", "higher", "as tuition.avoided",
		"Modelled: tuition.avoided is more than this once in ten times.",
		"90 % quantile",
		"as tuition.avoided", "learning_per_failure",
	},
	{
		"tuition.avoided.exceeds_spent", "share", "higher", "as tuition.avoided, and a cost of an improvement",
		"Modelled: chance that what is avoided within the horizon is more than what the improvements are stated to have cost.",
		"P(tuition.avoided > Σ likely costs of improvements)",
		"as tuition.avoided", "learning_per_failure",
	},
}
