package learning

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Choice is a setting that a number depends on.
type Choice struct{ Name, Value, Means string }

// Choices are the settings that a metric's numbers, states or verdicts depend on.
func (s Settings) Choices(m Metric) []Choice {
	var out []Choice
	for _, c := range choices {
		if c.governs(m) {
			out = append(out, Choice{c.name, c.value(s), c.means})
		}
	}
	return out
}

// choice is a field of Settings: every one has its own.
type choice struct {
	field, name, means string
	value              func(Settings) string
	governs            func(Metric) bool
}

// of are the metrics whose names begin so.
func of(beginnings ...string) func(Metric) bool {
	return func(m Metric) bool {
		return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(m.Name, b) })
	}
}

// but are the metrics of the one that are none of the other.
func but(one func(Metric) bool, beginnings ...string) func(Metric) bool {
	other := of(beginnings...)
	return func(m Metric) bool { return one(m) && !other(m) }
}

func either(one, other func(Metric) bool) func(Metric) bool {
	return func(m Metric) bool { return one(m) || other(m) }
}

var (
	everyMetric = func(Metric) bool { return true }
	// measured have an interval of confidence, or say nothing where it would be of no use.
	measured = but(func(m Metric) bool { return m.Unit != "count" }, "watch.", "tuition.paid", "containment.loss_avoided", "known_open.oldest", "premortem.stated")
	resample = either(but(of(perFailure, "change_safety.excess", "tuition.avoided", "tuition.delay."), perFailure+".any_mode", perFailure+".novel_rate"),
		func(m Metric) bool { return strings.HasPrefix(m.Name, "watch.") && strings.Contains(m.Name, ".power_") })
	inMoney = but(of("tuition", "blast_radius.cost", "containment.loss_avoided"), "tuition.costed_share")
	judged  = func(m Metric) bool { return slices.Contains(Judged, m.Name) }
	// judgedThen are judged when a quarter closes, by whatever method.
	judgedThen = either(judged, func(m Metric) bool { return spanOf(m.Name, wholeOrganisation) == atCloses })
)

// choices are all of Settings, in the order in which they are told.
var choices = []choice{
	{
		"AttributionWindow", "attribution window", "so long before a failure a change may lie to be a candidate for its cause, or to have failed by having been undone in it",
		func(s Settings) string { return inHours(s.AttributionWindow) },
		but(of("change_safety", "durations.rollback", "durations.flag_off", "containment", "tuition", "blast_radius.cost", "stagnation"), "containment.severe", "containment.loss_avoided"),
	},
	{
		"MergeWindow", "merge window", "failures of one mode on one service within it of the first are one failure",
		func(s Settings) string { return inHours(s.MergeWindow) },
		either(of("durations.postmortem_published", "monitoring_gaps.told_by", "premortem.recall"),
			but(everyMetric, "durations", "monitoring_gaps", "premortem", "change_safety.failed_share", "containment.loss_avoided", "known_open.improvements", "known_open.oldest", "postmortem.improvements", "counted.drills", "counted.duplicates", "counted.undated", "counted.costs_apart")),
	},
	{
		"Level", "level", "of the interval, two-sided",
		func(s Settings) string { return percent(s.Level) }, measured,
	},
	{
		"InnerLevel", "inner level", "of the narrow interval inside it",
		func(s Settings) string { return percent(s.InnerLevel) },
		but(measured, perFailure+".power", "tuition.avoided."),
	},
	{
		"Seed", "seed", "of the resamples: the same seed gives the same bytes",
		func(s Settings) string { return fmt.Sprint(s.Seed) }, resample,
	},
	{
		"Currency", "currency", "of the sums",
		func(s Settings) string {
			if s.Currency == "" {
				return "that of the costs, if all are told in one"
			}
			return s.Currency
		}, inMoney,
	},
	{
		"ExchangeRates", "exchange rates", "what one unit of another currency is worth; costs in a currency without a rate are counted apart",
		func(s Settings) string {
			var rates []string
			for _, currency := range slices.Sorted(maps.Keys(s.ExchangeRates)) {
				rates = append(rates, fmt.Sprintf("%s %g", currency, s.ExchangeRates[currency]))
			}
			return orNone(rates)
		}, inMoney,
	},
	{
		"CostCap", "cost cap", "what one failure counts as at most where costs are averaged",
		func(s Settings) string {
			if s.CostCap == 0 {
				return "none"
			}
			return fmt.Sprintf("%s %s", s.Currency, whole(s.CostCap))
		}, of("tuition.typical_cost", "tuition.delay.per_week", "tuition.avoided"),
	},
	{
		"Horizon", "horizon", "over which avoided costs are reckoned",
		func(s Settings) string { return inDays(s.Horizon) }, of("tuition.avoided"),
	},
	{
		"Stagnation", "stagnation", "a service that has neither failed nor been exercised for so long counts",
		func(s Settings) string { return inDays(s.Stagnation) }, of("stagnation"),
	},
	{
		"WatchAlpha", "watch alpha", "chance of any alarm within a year where nothing changes, shared by all that is watched; it sets the bar",
		func(s Settings) string { return percent(s.WatchAlpha) }, of("watch."),
	},
	{
		"WatchBaseline", "watch baseline", "where the baseline begins",
		func(s Settings) string {
			if s.WatchBaseline == 0 {
				return "the first Monday of the record"
			}
			return dayOf(s.WatchBaseline)
		}, of("watch."),
	},
	{
		"WatchScopes", "watch scopes", "kinds of scope that are watched and share alpha",
		func(s Settings) string { return orNone(s.WatchScopes) }, of("watch."),
	},
	{
		"WatchTargets", "watch targets", "rates stated beforehand, which are watched instead of a baseline",
		func(s Settings) string {
			var targets []string
			for _, t := range s.WatchTargets {
				per := map[string]string{clockOfDays: "service-days", clockOfDeploys: "deploys"}[t.Clock]
				scope := strings.TrimSpace(t.Scope.Kind + " " + t.Scope.Name)
				targets = append(targets, strings.TrimSpace(fmt.Sprintf("%s %s: %g per 1,000 %s", scope, t.What, t.Rate, per)))
			}
			return orNone(targets)
		}, of("watch."),
	},
	{
		"Settling", "settling", "so long after a quarter's end its verdicts are given",
		func(s Settings) string { return inDays(s.Settling) }, judgedThen,
	},
	{
		"VerdictScopes", "verdict scopes", "those that are judged at a quarter's close",
		func(s Settings) string { return orNone(s.VerdictScopes) }, judged,
	},
	{
		"VerdictMetrics", "verdict metrics", "what is judged of them",
		func(s Settings) string { return orNone(s.VerdictMetrics) }, judged,
	},
	{
		"FalseDiscoveries", "false discoveries", "share of false verdicts, among those given at a close, that is held",
		func(s Settings) string { return percent(s.FalseDiscoveries) }, judged,
	},
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func inHours(d time.Duration) string { return fmt.Sprintf("%g h", d.Hours()) }

func inDays(d time.Duration) string { return fmt.Sprintf("%g days", d.Hours()/24) }
