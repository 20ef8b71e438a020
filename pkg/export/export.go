// Package export gives the newest run's estimates to Prometheus. Each number
// comes with its bounds, its n and its state; one that may not be read is
// absent, never zero.
package export

import (
	"math"
	"sort"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// DefaultMaxEstimates bounds how many estimates one scrape holds. Each is at
// most five time series.
const DefaultMaxEstimates = 2000

// Collector is a prometheus.Collector over the newest snapshot.
type Collector struct {
	snapshot func() (learning.Snapshot, bool)
	most     int

	value, low, high, n, state   *prometheus.Desc
	asOf, computed, events, left *prometheus.Desc
	watch                        watchGauges
}

// NewCollector reads the snapshot anew at each scrape; false means that there
// is none yet. At most maxEstimates are exported (0 takes the default): the
// organisation's first, then teams, services and the rest by name; how many
// were left out is a metric of its own.
func NewCollector(snapshot func() (learning.Snapshot, bool), maxEstimates int) *Collector {
	if maxEstimates <= 0 {
		maxEstimates = DefaultMaxEstimates
	}
	labels := []string{"metric", "scope_kind", "scope", "window"}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tuition_estimate"+name, help, labels, nil)
	}
	return &Collector{
		snapshot: snapshot,
		most:     maxEstimates,
		value:    desc("", "Estimate in its own unit. Absent where the data does not allow a figure.", labels...),
		low:      desc("_low", "Lower end of the 95 % interval. Absent where there is none.", labels...),
		high:     desc("_high", "Upper end of the 95 % interval. Absent where there is none.", labels...),
		n:        desc("_n", "How many things the estimate counted.", labels...),
		state:    desc("_state_code", "State of the estimate: 0 ok, 1 insufficient, 2 assumption failed.", labels...),
		asOf:     desc("_as_of_seconds", "Until when things that happened were counted, in seconds since 1970."),
		computed: desc("_computed_seconds", "When the newest run was computed, in seconds since 1970."),
		events:   desc("_input_events", "Distinct events that the newest run was computed from."),
		left:     desc("_left_out", "Estimates of the newest run that were not exported, to bound the number of time series."),
		watch:    newWatchGauges(),
	}
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.value, c.low, c.high, c.n, c.state, c.asOf, c.computed, c.events, c.left} {
		ch <- d
	}
	c.watch.describe(ch)
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	s, ok := c.snapshot()
	if !ok {
		return
	}
	gauge := func(d *prometheus.Desc, x float64, labels ...string) {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, x, labels...)
		}
	}
	kept, left := choose(s.Estimates, c.most)
	for _, e := range kept {
		labels := []string{e.Metric, e.Scope.Kind, strings.ToValidUTF8(e.Scope.Name, "�"), e.Window} // a label that is not UTF-8 would fail the whole scrape
		gauge(c.n, float64(e.N), labels...)
		gauge(c.state, float64(e.State.Code()), labels...)
		if e.State == learning.OK {
			gauge(c.value, e.Value, labels...)
			gauge(c.low, e.Low, labels...)
			gauge(c.high, e.High, labels...)
		}
	}
	gauge(c.asOf, float64(s.AsOf)/1000)
	gauge(c.computed, float64(s.ComputedAt.UnixMilli())/1000)
	gauge(c.events, float64(s.InputEvents))
	gauge(c.left, float64(left))
	c.watch.collect(s.Watch, c.most/seriesOfAPoint, gauge)
}

// choose keeps the whole record and the two newest quarters, at most so many.
// Older quarters are no loss: they are in ClickHouse, and do not move.
func choose(all []learning.Estimate, most int) (kept []learning.Estimate, left int) {
	windows := map[string]bool{"all": true}
	for _, w := range newest(all, 2) {
		windows[w] = true
	}
	for _, e := range all {
		if windows[e.Window] {
			kept = append(kept, e)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool { return before(kept[i], kept[j]) })
	if len(kept) > most {
		kept, left = kept[:most], len(kept)-most
	}
	return kept, left
}

func newest(all []learning.Estimate, most int) []string {
	seen := map[string]bool{"all": true}
	var out []string
	for _, e := range all {
		if !seen[e.Window] {
			seen[e.Window] = true
			out = append(out, e.Window)
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(out))) // "2026-Q3" sorts by time
	return out[:min(len(out), most)]
}

var kinds = map[string]int{"organisation": 0, "team": 1, "environment": 2, "failure_mode": 3, "service": 4}

func before(a, b learning.Estimate) bool {
	ka, kb := rank(a), rank(b)
	switch {
	case ka != kb:
		return ka < kb
	case a.Scope.Kind != b.Scope.Kind:
		return a.Scope.Kind < b.Scope.Kind
	case a.Scope.Name != b.Scope.Name:
		return a.Scope.Name < b.Scope.Name
	case a.Metric != b.Metric:
		return a.Metric < b.Metric
	}
	return a.Window < b.Window
}

func rank(e learning.Estimate) int {
	if k, ok := kinds[e.Scope.Kind]; ok {
		return k
	}
	return len(kinds)
}
