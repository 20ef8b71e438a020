package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	fewestForGini = 20
	fewestInTail  = 10
)

// blastRadius says how unevenly failures reach users, and cost: what is true of
// most of them says little of the few that matter. It judges nothing: all of it
// depends on how many failures there were.
func (c *computation) blastRadius(g *group) {
	for _, w := range c.windows(g) {
		if g.small() && w.name != all {
			continue
		}
		var reach []float64
		var unknown int64
		for _, s := range g.services {
			for _, f := range s.failuresIn(w) {
				r := f.first.BlastRadius
				for _, m := range f.merged {
					r = math.Max(r, m.BlastRadius)
				}
				if r < 0 {
					unknown++
					continue
				}
				reach = append(reach, math.Min(r, 1))
				c.evidence(g, w, "blast_radius", "event", "incident", f.first.ID)
			}
		}
		caveat := ""
		if unknown > 0 {
			caveat = fmt.Sprintf(" Of %s nobody says how far it reached.", plural(int(unknown), "other failure", "other failures"))
		}
		c.largest(g, w, "blast_radius", reach, unknown, "of the reach of all", caveat)
		c.gini(g, w, reach, unknown, caveat)
		c.tail(g, w, "blast_radius.tail", reach, 1, unknown, caveat)
		var amounts []float64
		for _, u := range c.facts.costs.paid[g.Scope] {
			if u.sum.n > 0 && w.holds(u.at) {
				amounts = append(amounts, u.sum.likely)
				c.evidence(g, w, "blast_radius.cost", "event", u.kind, u.id)
			}
		}
		c.largest(g, w, "blast_radius.cost", amounts, 0, "of what all cost", "")
		c.tail(g, w, "blast_radius.cost.tail", amounts, 0, 0, "")
	}
}

// largest is the share of the largest of all. It describes those told of; a
// resample never holds more than the largest seen, so that no bootstrap bounds it.
func (c *computation) largest(g *group, w window, metric string, amounts []float64, unknown int64, of, caveat string) {
	n := int64(len(amounts))
	e := Estimate{
		Metric: metric, N: n, Events: min(n, 1), Exposure: float64(n), Censored: unknown,
		Method: "share of the largest in the sum; of those told of, so without an interval",
	}
	largest, total := extremes(amounts)
	switch {
	case n < fewestFailures:
		e = tooFew(e, n, fewestFailures, "failures of known size")
	case total == 0:
		e = refuse(e, Insufficient, sentence("Not enough data: all %d failures are of no size. No figure is shown.", n))
	default:
		e.Value = largest / total
		only := stats.Interval{Low: e.Value, High: e.Value}
		e.bounds(only, only)
		e.Reading = sentence("The largest of %d failures has %s %s. The more failures there are, the smaller is its share: compare only at equal n.", n, percent(e.Value), of)
	}
	e.Reading += caveat
	c.emit(g, w, e)
}

func extremes(amounts []float64) (largest, total float64) {
	for _, a := range amounts {
		largest = math.Max(largest, a)
		total += a
	}
	return largest, total
}

func (c *computation) gini(g *group, w window, reach []float64, unknown int64, caveat string) {
	n := int64(len(reach))
	e := Estimate{
		Metric: "blast_radius.gini", N: n, Events: n, Exposure: float64(n), Censored: unknown,
		Method: "Gini coefficient·n/(n−1); Davidson's standard error, Student's t on the log odds",
	}
	if _, total := extremes(reach); n < fewestForGini {
		e = tooFew(e, n, fewestForGini, "failures of known reach")
	} else if total == 0 {
		e = refuse(e, Insufficient, sentence("Not enough data: none of %d failures reached users. No figure is shown.", n))
	} else {
		fit := stats.FitInequality(reach)
		e.Value = fit.Value
		e.bounds(fit.Interval(c.settings.Level), fit.Interval(c.settings.InnerLevel))
		e.Reading = sentence("How unevenly %d failures reached users, from 0 (all alike) to 1 (one reached all that were reached): %s, with %s to %s compatible with the data (%s, Davidson). Compare only at equal n.",
			n, number(e.Value), number(e.Low), number(e.High), percent(c.settings.Level))
	}
	e.Reading += caveat
	c.emit(g, w, e)
}

// tail looks at the largest fifth, ten at least.
func (c *computation) tail(g *group, w window, metric string, amounts []float64, bound float64, unknown int64, caveat string) {
	var above []float64
	for _, a := range amounts {
		if a > 0 {
			above = append(above, a)
		}
	}
	n := int64(len(above))
	k := max(fewestInTail, len(above)/5)
	e := Estimate{
		Metric: metric, N: n, Exposure: float64(n), Censored: unknown,
		Method: "Hill's index of the largest fifth, ten at least; exact (gamma)",
	}
	if bound > 0 {
		e.Method = "index of a Pareto tail cut off at all users, of the largest fifth, ten at least; profile likelihood"
	}
	switch {
	case n < fewestForGini:
		e = tooFew(e, n, fewestForGini, "failures of known size, ten of them for a tail")
	default:
		fit := stats.ParetoTail(above, k, bound)
		e.Events = int64(k)
		if _, most := extremes(above); fit.From >= most || bound > 0 && fit.From >= bound || larger(above, fit.From) < fewestInTail {
			e = refuse(e, Insufficient, sentence("Not enough data: fewer than %d of %d failures are larger than %s. No figure is shown.", fewestInTail, n, number(fit.From)))
			break
		}
		e.Value = fit.Index
		e.bounds(fit.Interval(c.settings.Level), fit.Interval(c.settings.InnerLevel))
		e.Reading = sentence("Among the largest %d of %d failures, those twice as large are %s times as many, index %s, with %s to %s compatible with the data (%s). The smaller the index, the heavier the tail; up to 2 there is no variance, up to 1 no mean to plan with. Compare only at equal n.",
			k, n, number(math.Exp2(-e.Value)), number(e.Value), number(e.Low), number(e.High), percent(c.settings.Level))
		if bound > 0 {
			e.Reading = sentence("Among the largest %d of %d failures, short of reaching all users, those twice as large are %s times as many, index %s, with %s to %s compatible with the data (%s). The smaller the index, the heavier the tail. Compare only at equal n.",
				k, n, number(math.Exp2(-e.Value)), number(e.Value), number(e.Low), number(e.High), percent(c.settings.Level))
		}
	}
	e.Reading += caveat
	c.emit(g, w, e)
}

// larger counts the amounts above one of them: those that equal it tell no tail.
func larger(amounts []float64, from float64) int {
	n := 0
	for _, a := range amounts {
		if a > from {
			n++
		}
	}
	return n
}

// blastRadiusMetrics are what is said of each.
var blastRadiusMetrics = []Metric{
	{
		"blast_radius", "share", "", "10 failures of known reach",
		"Share of the largest failure in the reach of all (the share of users or requests affected, summed). A description of those told of, without an interval; it falls with the number of failures: compare only at equal n.",
		"max/Σ",
		"no bootstrap bounds a maximum: Bickel & Freedman 1981", "",
	},
	{
		"blast_radius.gini", "ratio", "", "20 failures of known reach",
		"How unevenly failures reached users: 0 where all reached as many, 1 where one reached all that were reached. Where few are very large it is too small for few failures: compare only at equal n.",
		"G·n/(n−1); Student's t on ln(G/(1−G)) with the linearised standard error",
		"Gini 1912; Deltas 2003; Davidson 2009", "blast_radius",
	},
	{
		"blast_radius.tail", "ratio", "", "20 failures that reached users, 10 of them in the tail",
		"Index of the tail of the reach: of the largest fifth (ten at least) those x times as large are x^−index times as many, until all users are reached. The smaller, the heavier.",
		"maximum likelihood of a Pareto distribution cut off at 1 above the next largest; profile likelihood",
		"Aban, Meerschaert & Panorska 2006", "blast_radius",
	},
	{
		"blast_radius.cost", "share", "", "10 costed failures",
		"Share of the failure that cost most in what all cost. A description of those told of, without an interval: compare only at equal n.",
		"max/Σ",
		"no bootstrap bounds a maximum: Bickel & Freedman 1981", "",
	},
	{
		"blast_radius.cost.tail", "ratio", "", "20 costed failures, 10 of them in the tail",
		"Index of the tail of the costs: of the largest fifth (ten at least) those x times as large are x^−index times as many. Up to 2 costs have no variance, up to 1 no mean to plan with.",
		"k/Σ ln(x/x_(k+1)); 2k·index/estimate ~ χ²(2k)",
		"Hill 1975", "blast_radius.cost",
	},
}
