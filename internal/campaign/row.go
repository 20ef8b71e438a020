package campaign

import (
	"math"
	"slices"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// level of every interval for a simulated share.
const level = 0.99

// Row sums up what all replicates of a cell said of one measure.
type Row struct {
	Setting, Measure string
	N, Refused       int64
	Truth            float64 // mean
	Mean, SD         float64 // of the values
	Bias, BiasSE     float64 // mean of value − truth, and its standard error
	Median           float64 // of the values
	values           int     // how many there were
	Intervals        int64   // how many replicates gave one and knew the truth
	Covered          int64   // of those, how many held it
	Asked            bool    // whether any might have spoken
	Shown            int64   // how many of all N spoke
	Targets          []Target
}

// rows sums up outcomes, the measures in the order in which they first came.
func rows(cell Cell, replicates [][]Outcome) []Row {
	var order []string
	by := map[string][]Outcome{}
	for _, outcomes := range replicates {
		for _, o := range outcomes {
			if _, known := by[o.Measure]; !known {
				order = append(order, o.Measure)
			}
			by[o.Measure] = append(by[o.Measure], o)
		}
	}
	var out []Row
	for _, measure := range order {
		row := sum(by[measure])
		row.Setting, row.Measure = cell.Setting, measure
		for _, t := range cell.Targets {
			if t.Measure == measure {
				row.Targets = append(row.Targets, t)
			}
		}
		out = append(out, row)
	}
	return out
}

func sum(outcomes []Outcome) Row {
	out := Row{N: int64(len(outcomes))}
	var truths, values, errs []float64
	for _, o := range outcomes {
		if o.Refused {
			out.Refused++
			continue
		}
		out.Asked = out.Asked || o.Asked
		if o.Shown {
			out.Shown++
		}
		if !math.IsNaN(o.Value) {
			values = append(values, o.Value)
		}
		if math.IsNaN(o.Truth) {
			continue
		}
		truths = append(truths, o.Truth)
		if !math.IsNaN(o.Value) {
			errs = append(errs, o.Value-o.Truth)
		}
		if !math.IsNaN(o.Low) {
			out.Intervals++
			if o.Low <= o.Truth && o.Truth <= o.High {
				out.Covered++
			}
		}
	}
	out.values = len(values)
	out.Truth, out.Mean, out.Median = mean(truths), mean(values), math.NaN()
	out.SD, out.Bias, out.BiasSE = math.NaN(), mean(errs), math.NaN()
	if len(values) > 0 {
		slices.Sort(values)
		n := len(values)
		out.Median = (values[(n-1)/2] + values[n/2]) / 2
	}
	if len(values) > 1 {
		out.SD = stats.Deviation(values)
	}
	if len(errs) > 1 {
		out.BiasSE = stats.Deviation(errs) / math.Sqrt(float64(len(errs)))
	}
	return out
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values)) // NaN of none
}
