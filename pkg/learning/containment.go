package learning

import "fmt"

// containment: how many failures of any kind met users with no net, got out of one, or were held by one.
func (c *computation) containment(g *group) {
	kinds := []struct {
		metric, what string
		class        class
	}{
		{"containment.uncontained", "failures of any kind met users with no net", uncontained},
		{"containment.escaped", "failures of any kind began inside a safety net and got out", escaped},
		{"containment.contained", "failures of any kind were met inside a safety net", contained},
	}
	metrics := map[class]string{}
	for _, k := range kinds {
		metrics[k.class] = k.metric
	}
	windows := c.windows(g)
	met := c.met(g, windows, metrics)
	c.shrink(g, met[0])
	for i, w := range windows {
		days := g.clock.days(w.to) - g.clock.days(w.from) - met[i].dead
		for _, k := range kinds {
			e := c.rateOf(k.metric, met[i].classes[k.class], met[i].n, days, fewestFailures, k.what, "failures of any kind")
			e.Reading += met[i].ofKinds() + notCounted(met[i].opened)
			c.emit(g, w, e)
		}
		c.severe(g, w)
		c.lossAvoided(g, w)
	}
}

// ofKinds says what the failures are, where they are not all incidents.
func (m *met) ofKinds() string {
	counts := m.kinds
	if counts["incident"] == int(m.n) {
		return ""
	}
	return sentence(" Of all %d failures %s, %s, %s and %s.", m.n,
		plural(counts["incident"], "is an incident", "are incidents"),
		plural(counts["change"], "is a failed change", "are failed changes"),
		plural(counts["experiment"], "is a refuted experiment", "are refuted experiments"),
		plural(counts["near_miss"], "is a near miss", "are near misses"))
}

// severe: only incidents have a severity.
func (c *computation) severe(g *group, w window) {
	const metric = "containment.severe"
	failures, opened := g.counted(w)
	var n, unknown int64
	for _, f := range failures {
		if f.severe() {
			n++
			c.evidence(g, w, metric, "event", "incident", f.first.ID)
		}
		if f.severity == 0 {
			unknown++
		}
	}
	known := int64(len(failures)) - unknown
	e := c.rateOf(metric, n, known, g.clock.days(w.to)-g.clock.days(w.from), fewestFailures, "incidents of severity 1 or 2 met users with no net", "incidents of a known severity")
	switch {
	case e.State != Insufficient && float64(unknown) > mostUnknown*float64(len(failures)):
		e = refuse(e, AssumptionFailed, sentence("Not reported: nobody told how severe %d of %d failures were.", unknown, len(failures)))
	case unknown > 0:
		e.Reading += fmt.Sprintf(" Nobody told how severe %s.", plural(int(unknown), "other failure was", "other failures were"))
	}
	e.Reading += notCounted(opened)
	c.emit(g, w, e)
}

// lossAvoided sums what refuted experiments are stated to have avoided.
func (c *computation) lossAvoided(g *group, w window) {
	const metric = "containment.loss_avoided"
	var total sum
	var refuted int64
	for _, x := range c.facts.experiments[g.Scope] {
		if x.Verdict != "refuted" || !w.holds(x.at()) {
			continue
		}
		refuted++
		if x.LossAvoided.Currency != "" && c.facts.costs.take(&total, x.LossAvoided) {
			c.evidence(g, w, metric, "event", "experiment", x.ID)
		}
	}
	e := total.estimate(metric, refuted)
	switch {
	case total.n == 0 && len(total.foreign) == 0:
		e = refuse(e, Insufficient, fmt.Sprintf("Not enough data: none of %s tells what loss it avoided. No figure is shown.",
			plural(int(refuted), "refuted experiment", "refuted experiments")))
	case c.facts.costs.currency == "":
		e = refuse(e, Insufficient, c.facts.costs.noCurrency())
	case total.n == 0:
		e = refuse(e, Insufficient, "Not enough data: no loss is told in a currency that can be added. No figure is shown."+total.unconverted())
	default:
		e.Reading = sentence("%d of %s stated to have avoided %s.", total.n,
			plural(int(refuted), "refuted experiment is", "refuted experiments are"), total.words(c.facts.costs.currency)) + total.apart()
	}
	c.emit(g, w, e)
}

// containmentMetrics are what is said of each.
var containmentMetrics = []Metric{
	{
		"containment.uncontained", "per_1000_service_days", "lower", "10 failures of any kind",
		"Failures of any kind that met users with no net, per 1,000 service-days: incidents, failed or rolled-back changes, refuted experiments and near misses. Those of one mode on one service within the merging window of the first are one, as bad as the worst of them; a change that is a cause of an incident is one failure with it. What is not told to be contained is taken not to be; a failed change is contained where it was a flag, a canary or blue-green, or was rolled back automatically.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"containment.escaped", "per_1000_service_days", "lower", "10 failures of any kind",
		"Failures of any kind that began inside a safety net and got out, per 1,000 service-days.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"containment.contained", "per_1000_service_days", "", "10 failures of any kind",
		"Failures of any kind met inside a safety net, per 1,000 service-days; near misses are among them. It grows with exercise and with reporting, too.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"containment.severe", "per_1000_service_days", "lower", "10 incidents of a known severity, two thirds of all",
		"Incidents of severity 1 or 2 that met users with no net, per 1,000 service-days, those within the merging window of one of the same mode and service counted as one with it.",
		"1000·k/service-days",
		"Garwood 1936", "",
	},
	{
		"containment.loss_avoided", "money", "", "1 refuted experiment that tells it",
		"Sum of the losses that refuted experiments are stated to have avoided, in the currency of the settings, with the sums of the lower and of the upper ends as its range: no confidence interval. Where no likely loss is told it is the middle of the range, where an end of the range is not, the likely loss.",
		"Σ likely; Σ low to Σ high",
		"", "",
	},
}
