package simulate

import "github.com/tuition-hq/tuition/pkg/learning"

// Row is one metric's planted and estimated value.
type Row struct {
	Metric   string
	Scope    learning.Scope
	Unit     string
	Planted  float64
	Why      string
	Realised bool

	Value, Low, High float64
	N                int64
	State            learning.State
	Covered          bool // the interval holds the planted value; false unless the state is ok
}

// Compare puts each planted value beside its estimate of the whole log. A metric
// that was not estimated has the state "" and no value.
func Compare(truth Truth, estimates []learning.Estimate) []Row {
	type key struct {
		metric string
		scope  learning.Scope
	}
	index := map[key]learning.Estimate{}
	for _, e := range estimates {
		if e.Window == "all" {
			index[key{e.Metric, e.Scope}] = e
		}
	}
	rows := make([]Row, 0, len(truth.Planted))
	for _, p := range truth.Planted {
		e := index[key{p.Metric, p.Scope}]
		rows = append(rows, Row{
			Metric: p.Metric, Scope: p.Scope, Unit: p.Unit, Planted: p.Value, Why: p.Why, Realised: p.Realised,
			Value: e.Value, Low: e.Low, High: e.High, N: e.N, State: e.State,
			Covered: e.State == learning.OK && e.Low <= p.Value && p.Value <= e.High,
		})
	}
	return rows
}
