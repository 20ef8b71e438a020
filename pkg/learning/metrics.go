package learning

import (
	"slices"
	"sync"
)

// Metric says what an estimate means: for explain, /metrics and the docs.
type Metric struct {
	Name       string // as in Estimate.Metric
	Unit       string // share, seconds, per_1000_service_days, change_per_quarter, ratio, count, money
	Better     string // lower, higher; "" where neither is good in itself
	Minimum    string // the data below which it is insufficient
	Definition string
	Formula    string // the estimator and its interval
	Source     string // of the formula; "" for a plain count
	// Evidence names the metric whose evidence rows show what this one
	// counted, where the two counted the same; "" for its own.
	Evidence string
}

// Lookup finds a metric by its name.
func Lookup(name string) (Metric, bool) {
	i, found := byName()[name]
	if !found {
		return Metric{}, false
	}
	return Metrics[i], true
}

var byName = sync.OnceValue(func() map[string]int {
	out := make(map[string]int, len(Metrics))
	for i, m := range Metrics {
		out[m.Name] = i
	}
	return out
})

// Metrics are all that Compute gives. Each family stands beside its computation.
var Metrics = slices.Concat(
	learningPerFailureMetrics,
	newModesMetrics,
	containmentMetrics,
	severityTrendMetrics,
	repeatRateMetrics,
	learningDerivativeMetrics,
	improvementEffectivenessMetrics,
	knownOpenMetrics,
	monitoringGapsMetrics,
	changeSafetyMetrics,
	tuitionMetrics,
	blastRadiusMetrics,
	warningMetrics,
	premortemMetrics,
	postmortemMetrics,
	stagnationMetrics,
	durationsMetrics,
	watchMetrics,
	shrunkMetrics,
	countedMetrics,
)
