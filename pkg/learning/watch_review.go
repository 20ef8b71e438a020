package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// reviews are the closes of quarters, at which the evidence of all scopes is
// judged together. It is the evidence of that moment, not the largest before it.
type reviews struct {
	closes []window
	open   map[int64][]reviewed // by the moment of closing
	newest int64
}

// reviewed is one thing in one scope at a close. It holds what is to be said and not
// the race that found it, as every service has some.
type reviewed struct {
	group         *group
	points        []Estimate // of each clock that has figures
	worse, better float64    // logarithms of e-values, the least of the clocks that can be read
}

func newReviews(quarters []window) *reviews {
	out := &reviews{open: map[int64][]reviewed{}}
	for _, q := range quarters {
		if q.whole {
			out.closes = append(out.closes, q)
			out.newest = q.to
		}
	}
	return out
}

// note keeps what is to be judged: services only at the newest close.
func (v *reviews) note(r *race, m mark) {
	for _, q := range v.closes {
		if q.to != m.at || r.group.Kind == "service" && q.to != v.newest {
			continue
		}
		one := reviewed{group: r.group, worse: math.Inf(1), better: math.Inf(1)}
		for i, c := range r.clocks {
			if c.unread != "" || !m.ready[i] {
				continue
			}
			steps := 0.0
			if c.target > 0 { // R has a mean of at most the number of steps
				steps = math.Log(math.Max(1, float64((m.at-r.from)/weekMillis)))
			}
			one.worse = math.Min(one.worse, m.evidence[i]-steps)
			one.better = math.Min(one.better, m.improved[i]-steps)
		}
		if math.IsInf(one.worse, 1) || r.unnoticed(m.at) {
			continue
		}
		if r.silent(m.at) {
			one.better = math.Inf(-1)
		}
		for i, c := range r.clocks {
			if p := r.pointAt(i, c, m); p.State == OK {
				one.points = append(one.points, p.estimate())
			}
		}
		v.open[m.at] = append(v.open[m.at], one)
	}
}

// review judges each close by e-BH over its scopes, worse and better apart.
func (c *computation) review(v *reviews) {
	for _, q := range v.closes {
		all := v.open[q.to]
		worse, better := make([]float64, len(all)), make([]float64, len(all))
		for i, one := range all {
			worse[i], better[i] = one.worse, one.better
		}
		isWorse := stats.EBenjaminiHochberg(worse, c.settings.WatchAlpha)
		isBetter := stats.EBenjaminiHochberg(better, c.settings.WatchAlpha)
		for i, one := range all {
			verdict, said := "", ""
			switch {
			case isWorse[i]:
				verdict, said = "worse", "worse"
			case isBetter[i]:
				verdict, said = "better", "better"
			default:
				said = "no verdict"
			}
			for _, e := range one.points {
				e.Verdict = verdict
				e.Reading = fmt.Sprintf("At the close of %s, of %s by e-BH at %s: %s. %s",
					q.name, plural(len(all), "watch", "watches"), percent(c.settings.WatchAlpha), said, e.Reading)
				c.emit(one.group, q, e)
			}
		}
	}
}
