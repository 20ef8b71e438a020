package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// rateDraws is how finely rates are drawn: their product with costs is of 400.
const rateDraws = 40

// reckoned is what the costs told say of those that are not: modelled, and labelled so.
func (c *computation) reckoned(g *group) {
	var amounts []float64
	var ids []*costed
	for _, u := range c.facts.costs.paid[g.Scope] {
		if u.sum.n > 0 && c.everything.holds(u.at) {
			amounts = append(amounts, u.sum.likely)
			ids = append(ids, u)
		}
	}
	e, draws := c.typicalCost(amounts)
	for _, u := range ids {
		c.evidence(g, c.everything, "tuition.typical_cost", "event", u.kind, u.id)
	}
	c.emit(g, c.everything, e)
	c.delayPerWeek(g, e, draws)
	c.avoided(g, e, draws)
}

// typicalCost is what a failure costs on average, none counting for more than the cap.
func (c *computation) typicalCost(amounts []float64) (Estimate, stats.Draws) {
	limit, currency := c.settings.CostCap, c.facts.costs.currency
	n := int64(len(amounts))
	e := Estimate{
		Metric: "tuition.typical_cost", N: n, Events: n, Exposure: float64(n), Origin: "modelled",
		Method: "limited mean of costs with normal logs under a normal–inverse-χ² prior (4 degrees of freedom, deviation 1.5, flat mean); quantiles of its posterior",
	}
	some := 0
	for _, a := range amounts {
		if a > 0 {
			some++
		}
	}
	switch {
	case currency == "" && len(c.facts.costs.told) > 0:
		return refuse(e, Insufficient, c.facts.costs.noCurrency()), nil
	case n < fewestCosts || some == 0:
		return tooFew(e, int64(some), fewestCosts, "costed failures"), nil
	case limit == 0:
		return refuse(e, Insufficient, "Not reported: no cap is set on what one failure counts as (setting analysis.cost_cap), and without one costs so uneven have no mean that could be told. No figure is shown."), nil
	}
	fit := stats.FitLogCosts(amounts)
	draws := fit.LimitedDraws(limit)
	e.Value = fit.Limited(limit)
	outer := draws.Interval(c.settings.Level)
	e.bounds(stats.Interval{Low: math.Min(outer.Low, e.Value), High: math.Max(outer.High, e.Value)}, draws.Interval(c.settings.InnerLevel))
	e.Reading = fmt.Sprintf("Modelled from %s: the next would cost %s %s on average, none counting for more than %s, with %s to %s compatible with the data (%s, normal–inverse-χ²).",
		plural(int(n), "costed failure", "costed failures"), currency, amount(e.Value), amount(limit), amount(e.Low), amount(e.High), percent(c.settings.Level))
	return e, draws
}

// delayPerWeek is what a further week costs in which the open improvements stay open.
func (c *computation) delayPerWeek(g *group, cost Estimate, draws stats.Draws) {
	const metric = "tuition.delay.per_week"
	e := Estimate{
		Metric: metric, Origin: "modelled",
		Method: "recurrences to be expected of modes with an open improvement, at the rates of learning_per_failure, times the limited mean of costs; quantiles of the product",
	}
	var rate, variance float64
	var resampled []float64 // the sum of the rates under each resample of the modes
	var unknown int64
	for _, s := range g.services {
		whole := s.entire()
		open := c.org.open.of(whole.name)
		if len(open) == 0 {
			continue
		}
		rates := map[*modeHistory]*stage{}
		for _, i := range c.headline.of[whole] {
			rates[c.headline.stages[i].mode] = c.headline.stages[i]
		}
		for _, h := range whole.modes {
			waiting := open[h.failures[0].mode]
			if len(waiting) == 0 || !s.holds(h) {
				continue
			}
			st := rates[h]
			if st == nil {
				unknown++
				continue
			}
			e.N++
			rate += st.rate
			variance += st.variance
			if resampled == nil {
				resampled = make([]float64, len(st.rates))
			}
			for b, r := range st.rates {
				resampled[b] += float64(r)
			}
			for _, improvement := range waiting {
				c.evidence(g, c.everything, metric, "event", "improvement", improvement.ID)
			}
		}
	}
	e.Events, e.Exposure, e.Censored = e.N, 7*rate, unknown
	switch {
	case draws == nil:
		e = refuse(e, cost.State, cost.Reading)
	case rate <= 0:
		e = refuse(e, Insufficient, "Not enough data: no mode of known rate has an open improvement. No figure is shown.")
	default:
		if len(resampled) > 1 {
			variance += math.Pow(stats.Deviation(resampled), 2)
		}
		product := stats.GammaDraws(7*rate, math.Max(enlarged*variance/(rate*rate), 1e-9), rateDraws).Times(draws)
		e.Value = product.Quantile(0.5)
		e.bounds(product.Interval(c.settings.Level), product.Interval(c.settings.InnerLevel))
		e.Reading = fmt.Sprintf("Modelled: every further week in which the improvements for %s stay open costs %s %s, with %s to %s compatible with the data (%s): %s recurrences a week are to be expected.",
			plural(int(e.N), "mode", "modes"), c.facts.costs.currency, amount(e.Value), amount(e.Low), amount(e.High), percent(c.settings.Level), number(7*rate))
	}
	if unknown > 0 {
		e.Reading += fmt.Sprintf(" Of %s the rate is not known.", plural(int(unknown), "other mode", "other modes"))
	}
	c.emit(g, c.everything, e)
}

// avoided is what the recurrences that no longer come would cost within the horizon.
func (c *computation) avoided(g *group, cost Estimate, draws stats.Draws) {
	p := c.headline.compare(g, c.everything)
	e := Estimate{
		Metric: "tuition.avoided", N: int64(len(p.stages)), Events: p.came, Exposure: p.expected, Origin: "modelled",
		Method: "horizon × (rate without learning − rate since intervention) × limited mean of costs; median and quantiles of the product",
	}
	product, refused := c.avoidance(p, cost, draws)
	parts := []struct {
		metric string
		p      float64
	}{{"tuition.avoided", 0.5}, {"tuition.avoided.p10", 0.1}, {"tuition.avoided.p90", 0.9}}
	for _, part := range parts {
		e.Metric = part.metric
		if refused != nil {
			c.emit(g, c.everything, refuse(e, refused.State, refused.Reading))
			continue
		}
		e.Value = product.Quantile(part.p)
		about := fmt.Sprintf("Modelled: within %s, %s modes intervened on would have cost %s %%s more had they gone on failing as before",
			lasting(c.settings.Horizon.Seconds()), whole(float64(e.N)), c.facts.costs.currency)
		if part.p == 0.5 {
			e.bounds(product.Interval(c.settings.Level), product.Interval(c.settings.InnerLevel))
			e.Reading = fmt.Sprintf(about+", with %s to %s compatible with the data (%s); one time in ten less than %s, one in ten more than %s.",
				amount(e.Value), amount(e.Low), amount(e.High), percent(c.settings.Level), amount(product.Quantile(0.1)), amount(product.Quantile(0.9)))
		} else {
			only := stats.Interval{Low: e.Value, High: e.Value}
			e.bounds(only, only)
			side := "more"
			if part.p > 0.5 {
				side = "less"
			}
			e.Reading = fmt.Sprintf(about+" or %s, nine times in ten.", amount(e.Value), side)
		}
		c.emit(g, c.everything, e)
	}
	c.exceedsSpent(g, e, product, refused)
}

// avoidance is the distribution of what is avoided, or why there is none.
func (c *computation) avoidance(p comparison, cost Estimate, draws stats.Draws) (stats.Draws, *Estimate) {
	switch no := p.refusal(); {
	case draws == nil:
		return nil, &cost
	case no != nil:
		return nil, no
	case c.fades != "":
		return nil, &Estimate{State: AssumptionFailed, Reading: fmt.Sprintf("Not reported: %s (see %s.placebo).", c.fades, perFailure)}
	}
	var rate float64 // per day, without learning
	for _, st := range p.stages {
		rate += st.rate
	}
	horizon := days(c.settings.Horizon.Milliseconds())
	before := stats.GammaDraws(rate, p.c, rateDraws)
	since := stats.CountDraws(p.came, rateDraws).By(rate / p.expected)
	return before.Minus(since).By(horizon).Times(draws), nil
}

// exceedsSpent compares with what the improvements are told to have cost.
func (c *computation) exceedsSpent(g *group, e Estimate, product stats.Draws, refused *Estimate) {
	e.Metric, e.Events = "tuition.avoided.exceeds_spent", e.N
	var spent sum
	for _, cost := range c.facts.costs.spent[g.Scope] {
		c.facts.costs.take(&spent, cost.Money)
	}
	switch {
	case refused != nil:
		e = refuse(e, refused.State, refused.Reading)
	case spent.n == 0:
		e = refuse(e, Insufficient, "Not enough data: no cost of an improvement is told, so that what was spent is not known; a cost that names the improvement would tell. No figure is shown."+spent.unconverted())
	default:
		e.Value = product.Above(spent.likely)
		// What was spent is stated as a range: the chance at either end of it.
		chance := stats.Interval{Low: product.Above(spent.high), High: product.Above(spent.low)}
		e.bounds(chance, stats.Interval{Low: e.Value, High: e.Value})
		e.Reading = fmt.Sprintf("Modelled: what is avoided within %s is more than the %s spent on %s with a chance of %s, %s to %s over the stated range.",
			lasting(c.settings.Horizon.Seconds()), spent.words(c.facts.costs.currency), plural(spent.n, "improvement", "improvements"),
			percent(e.Value), percent(e.Low), percent(e.High)) + spent.apart()
	}
	c.emit(g, c.everything, e)
}
