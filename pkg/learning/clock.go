package learning

import (
	"cmp"
	"math"
	"slices"
)

const dayMillis = 86_400_000

// clock runs with the exposure of a scope: a service alive for a day, outside
// merging windows, is one service-day.
type clock struct {
	at      []int64   // moments where the running exposure changes
	elapsed []float64 // service-milliseconds by then
	running []float64 // services from then on
	base    *clock    // what this one only corrects; nil: it stands alone
}

// edge is where the running exposure changes.
type edge struct {
	at    int64
	delta float64
}

func newClock(services []*service) clock {
	edges := make([]edge, 0, edgesOf(services))
	for _, s := range services {
		if s.to <= s.from {
			continue
		}
		edges = append(edges, edge{s.from, 1}, edge{s.to, -1})
		edges = s.deadEdges(edges)
	}
	return clockOf(edges)
}

// edgesOf is how many there can be.
func edgesOf(services []*service) int {
	n := 0
	for _, s := range services {
		n += 2 + 2*len(s.failures)
	}
	return n
}

// lives is the clock of services that are alive, merging windows or not.
func lives(services []*service) clock {
	var edges []edge
	for _, s := range services {
		if s.to > s.from {
			edges = append(edges, edge{s.from, 1}, edge{s.to, -1})
		}
	}
	return clockOf(edges)
}

// without is the clock that also stands still in the merging windows of these services.
func (c *clock) without(services []*service) clock {
	edges := make([]edge, 0, edgesOf(services))
	for _, s := range services {
		edges = s.deadEdges(edges)
	}
	out := clockOf(edges)
	out.base = c
	return out
}

// deadEdges are the merging windows: in one there is no exposure to the mode that
// failed. The others can still fail in it, so it takes from the exposure of the service
// only the mode's share of the service's failures; were the hours of all modes taken
// whole, several modes would make each other's rates look higher.
func (s *service) deadEdges(edges []edge) []edge {
	if s.name == Unknown {
		return edges
	}
	counts := map[string]int{}
	for _, f := range s.failures {
		counts[f.mode]++
	}
	for _, f := range s.failures {
		if to := min(f.until, s.to); to > f.at {
			weight := float64(counts[f.mode]) / float64(len(s.failures))
			edges = append(edges, edge{f.at, -weight}, edge{to, weight})
		}
	}
	return edges
}

func clockOf(edges []edge) clock {
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.delta, b.delta))
	})
	moments := 0
	for i := range edges {
		if i == 0 || edges[i].at != edges[i-1].at {
			moments++
		}
	}
	c := clock{at: make([]int64, 0, moments), elapsed: make([]float64, 0, moments), running: make([]float64, 0, moments)}
	var elapsed, running float64
	for i, e := range edges {
		if i > 0 {
			elapsed += running * float64(e.at-edges[i-1].at)
		}
		running += e.delta
		if last := len(c.at) - 1; last >= 0 && c.at[last] == e.at {
			c.running[last] = running
			continue
		}
		c.at = append(c.at, e.at)
		c.elapsed = append(c.elapsed, elapsed)
		c.running = append(c.running, running)
	}
	if last := len(c.at) - 1; last >= 0 {
		c.running[last] = 0 // every service is over: what the sum left is rounding
	}
	return c
}

// days are the service-days elapsed by t.
func (c *clock) days(t int64) float64 {
	var days float64
	if c.base != nil {
		days = c.base.days(t)
	}
	i, found := slices.BinarySearch(c.at, t)
	if !found {
		i--
	}
	if i < 0 {
		return days
	}
	return days + (c.elapsed[i]+c.running[i]*float64(t-c.at[i]))/dayMillis
}

// start is when the clock begins to run; it never does if it has nothing to run for.
func (c *clock) start() int64 {
	switch {
	case c.base != nil:
		return c.base.start()
	case len(c.at) == 0:
		return math.MaxInt64
	default:
		return c.at[0]
	}
}
