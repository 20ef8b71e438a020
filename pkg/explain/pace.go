package explain

import (
	"fmt"
	"slices"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// pace is how fast what a metric counts has come of late.
type pace struct {
	seen     int64   // of what is counted
	quarters float64 // in which it was seen; 0: not known
	since    string  // over which time, in words
}

const (
	paceQuarters = 4  // the last whole ones
	quarterDays  = 91 // as the trends have it
	dayMillis    = 86_400_000
)

// paceOf takes the last whole quarters of the same metric and scope, else the
// whole record.
func paceOf(m learning.Metric, same []learning.Estimate, f Facts) pace {
	var quarters []learning.Estimate
	var whole learning.Estimate
	current := quarterOf(f.Snapshot.AsOf)
	for _, e := range same {
		switch {
		case e.Window == "all":
			whole = e
		case e.Window < current: // "2026-Q3" is ordered as it is read
			quarters = append(quarters, e)
		}
	}
	slices.SortFunc(quarters, func(a, b learning.Estimate) int {
		if a.Window < b.Window {
			return -1
		}
		return 1
	})
	// A trend of a quarter is that up to its end: what it counts grows on.
	if Family(m.Name) == "learning_derivative" {
		if n := len(quarters); n > 1 {
			k := min(paceQuarters, n-1)
			return pace{quarters[n-1].N - quarters[n-1-k].N, float64(k), overQuarters(k)}
		}
	} else if n := len(quarters); n > 0 {
		k := min(paceQuarters, n)
		p := pace{quarters: float64(k), since: overQuarters(k)}
		for _, e := range quarters[n-k:] {
			p.seen += e.N
		}
		return p
	}
	if f.Input.Start == 0 || f.Snapshot.AsOf <= f.Input.Start {
		return pace{}
	}
	days := float64(f.Snapshot.AsOf-f.Input.Start) / dayMillis
	return pace{whole.N, days / quarterDays, "over the whole record"}
}

func overQuarters(k int) string {
	if k == 1 {
		return "over the last whole quarter"
	}
	return fmt.Sprintf("over the last %d whole quarters", k)
}

// quarterOf is the quarter that a moment lies in.
func quarterOf(t int64) string {
	at := utc(t)
	return fmt.Sprintf("%04d-Q%d", at.Year(), (at.Month()-1)/3+1)
}

// wait says how long it takes until so many more have come.
func (p pace) wait(more int64) string {
	if p.quarters == 0 {
		return "How fast they come is not known yet."
	}
	if p.seen <= 0 {
		return fmt.Sprintf("None came %s: at that rate it does not get there.", p.since)
	}
	median, i := stats.Wait(more, p.seen, p.quarters, 0.95)
	if !(median < foreseeable) {
		return fmt.Sprintf("At the present rate, %s a quarter %s, that takes more than a hundred years.", figure(float64(p.seen)/p.quarters), p.since)
	}
	return fmt.Sprintf("At the present rate, %s a quarter %s, that takes about %s; %s are compatible with that rate (95 %%).",
		figure(float64(p.seen)/p.quarters), p.since, quarters(median, median), quarters(i.Low, i.High))
}

// foreseeable is a hundred years in quarters.
const foreseeable = 400

// quarters prints a time or a range of times, given in quarters: in weeks where it
// is short and in years where it is long.
func quarters(low, high float64) string {
	unit, in := "quarters", 1.0
	switch {
	case low < 1:
		unit, in = "weeks", 1.0/13
	case low >= 12:
		unit, in = "years", 4
	}
	from, to := figure(low/in), figure(high/in)
	if high > foreseeable {
		return from + " " + unit + " to more than a hundred years"
	}
	if from == to {
		if from == "1" {
			unit = unit[:len(unit)-1]
		}
		return from + " " + unit
	}
	return from + " to " + to + " " + unit
}
