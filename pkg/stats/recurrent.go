package stats

import (
	"cmp"
	"math"
	"slices"
)

// History is one thing followed from 0 to End, with all its events on the way.
type History struct {
	Events []float64
	End    float64
}

// MeanStep is one event of a mean cumulative function; tied events are steps of their own.
type MeanStep struct {
	Time     float64
	AtRisk   int
	Mean     float64 // events per history by Time
	Variance float64 // with independent increments
}

// Interval bounds the mean on the log scale with the step's own variance.
func (s MeanStep) Interval(level float64) Interval {
	return logNormal(s.Mean, s.Variance, level)
}

// MeanCumulative is the mean number of events per history as time goes on,
// whatever process makes them (Nelson, Technometrics 1995).
type MeanCumulative struct {
	Steps     []MeanStep
	histories []History
	ends      []float64 // sorted
}

// MCF estimates the mean cumulative function. Events after a history's end are ignored.
func MCF(histories []History) MeanCumulative {
	out := MeanCumulative{histories: histories}
	var times []float64
	for _, h := range histories {
		out.ends = append(out.ends, h.End)
		for _, t := range h.Events {
			if t <= h.End {
				times = append(times, t)
			}
		}
	}
	slices.Sort(out.ends)
	slices.Sort(times)
	var mean, variance float64
	for _, t := range times {
		gone, _ := slices.BinarySearch(out.ends, t)
		atRisk := len(out.ends) - gone
		r := float64(atRisk)
		mean += 1 / r
		variance += ((1-1/r)*(1-1/r) + (r-1)/(r*r)) / (r * r)
		out.Steps = append(out.Steps, MeanStep{t, atRisk, mean, variance})
	}
	return out
}

// AtRisk counts the histories that were followed for t or longer.
func (m MeanCumulative) AtRisk(t float64) int {
	gone, _ := slices.BinarySearch(m.ends, t)
	return len(m.ends) - gone
}

func (m MeanCumulative) before(t float64) int {
	n, _ := slices.BinarySearchFunc(m.Steps, t, func(s MeanStep, t float64) int {
		if s.Time <= t {
			return -1
		}
		return 1
	})
	return n
}

// At is the mean number of events per history by t.
func (m MeanCumulative) At(t float64) float64 {
	if n := m.before(t); n > 0 {
		return m.Steps[n-1].Mean
	}
	return 0
}

// Variance is that of At(t): the larger of the independent-increments one and
// the robust one (Lawless & Nadeau, Technometrics 1995), which lets histories
// differ in their rates.
func (m MeanCumulative) Variance(t float64) float64 {
	n := m.before(t)
	if n == 0 {
		return 0
	}
	steps := m.Steps[:n]
	// expected[i] is what a history at risk throughout steps 0…i−1 contributes.
	expected := make([]float64, n+1)
	for i, s := range steps {
		expected[i+1] = expected[i] + 1/(float64(s.AtRisk)*float64(s.AtRisk))
	}
	var robust float64
	for _, h := range m.histories {
		var own float64
		for _, e := range h.Events {
			if e <= t && e <= h.End {
				own += 1 / float64(m.AtRisk(e))
			}
		}
		until, _ := slices.BinarySearchFunc(steps, h.End, func(s MeanStep, end float64) int {
			if s.Time <= end {
				return -1
			}
			return cmp.Compare(s.Time, end)
		})
		d := own - expected[until]
		robust += d * d
	}
	if k := float64(len(m.histories)); k > 1 {
		robust *= k / (k - 1)
	}
	return math.Max(steps[n-1].Variance, robust)
}

// Interval bounds At(t) on the log scale. Without an event the upper bound is
// Garwood's for none, by the histories followed for t. One history tells
// nothing of how others differ.
func (m MeanCumulative) Interval(t, level float64) Interval {
	mean := m.At(t)
	if mean > 0 && len(m.histories) < 2 {
		return Interval{0, math.Inf(1)}
	}
	if mean == 0 {
		return Interval{0, Garwood(0, level).High / float64(m.AtRisk(t))}
	}
	return logNormal(mean, m.Variance(t), level)
}

func logNormal(mean, variance, level float64) Interval {
	w := z(level) * math.Sqrt(variance) / mean
	return Interval{mean * math.Exp(-w), mean * math.Exp(w)}
}

// N is the number of histories.
func (m MeanCumulative) N() int { return len(m.histories) }

// EventsBy counts the events at or before t.
func (m MeanCumulative) EventsBy(t float64) int { return m.before(t) }
