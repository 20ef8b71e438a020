package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Crossing is one event of a case-crossover study (Maclure 1991): was it
// exposed, and in what share of its own reference windows would it have been.
type Crossing struct {
	Exposed   bool
	Reference float64
}

// Crossover is the share of the events beyond what their own references explain.
type Crossover struct {
	N          int
	Exposed    float64 // share of events that were exposed
	Discordant float64 // N + D: what the comparison rests on
	Contrast   float64 // mean of 1 − reference: how much room the references leave
	OddsRatio  float64 // Mantel–Haenszel N/D; +Inf when D is 0
	Share      float64 // x̄(1 − D/N): attributable share
	groups     []crossingGroup
	group      []int // of each event
}

type crossingGroup struct {
	Crossing
	count int
}

// CaseCrossover estimates the attributable share. There is at least one crossing.
func CaseCrossover(crossings []Crossing) Crossover {
	sorted := slices.Clone(crossings)
	slices.SortFunc(sorted, func(a, b Crossing) int {
		if a.Exposed != b.Exposed {
			if a.Exposed {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Reference, b.Reference)
	})
	out := Crossover{N: len(sorted)}
	for _, c := range sorted {
		if last := len(out.groups) - 1; last >= 0 && out.groups[last].Crossing == c {
			out.groups[last].count++
		} else {
			out.groups = append(out.groups, crossingGroup{c, 1})
		}
		out.group = append(out.group, len(out.groups)-1)
	}
	var n, d, room float64
	for _, g := range out.groups {
		room += float64(g.count) * (1 - g.Reference)
	}
	counts := make([]float64, len(out.groups))
	for i, g := range out.groups {
		counts[i] = float64(g.count)
	}
	out.Exposed, n, d = out.sums(counts)
	out.Contrast = room / float64(out.N)
	out.Discordant = n + d
	out.OddsRatio = n / d
	if n > 0 {
		out.Share = out.Exposed * (1 - d/n)
	} else {
		out.Share = out.Exposed * (1 - (d+0.25)/(n+0.25))
	}
	return out
}

func (c Crossover) sums(counts []float64) (exposed, n, d float64) {
	for i, g := range c.groups {
		if g.Exposed {
			exposed += counts[i]
			n += counts[i] * (1 - g.Reference)
		} else {
			d += counts[i] * g.Reference
		}
	}
	return exposed / float64(c.N), n, d
}

// Resamples is how often a percentile bootstrap draws.
const Resamples = 2000

// Bootstrap gives intervals for Share at each level, by resampling events
// with replacement, ¼ added to both sums so that none is empty. They always
// hold Share.
func (c Crossover) Bootstrap(seed uint64, levels ...float64) []Interval {
	random := rand.New(rand.NewPCG(seed, seed))
	shares := make([]float64, Resamples)
	counts := make([]float64, len(c.groups))
	for b := range shares {
		c.resample(random, counts)
		exposed, n, d := c.sums(counts)
		shares[b] = exposed * (1 - (d+0.25)/(n+0.25))
	}
	slices.Sort(shares)
	out := make([]Interval, len(levels))
	for i, level := range levels {
		tail := (1 - level) / 2
		low := shares[int(tail*float64(Resamples))]
		high := shares[Resamples-1-int(tail*float64(Resamples))]
		out[i] = Interval{math.Min(low, c.Share), math.Max(high, c.Share)}
	}
	return out
}

// few is how many events are drawn one by one; more are drawn as a
// multinomial over the groups of those alike, at a cost that does not grow.
const few = 500

func (c Crossover) resample(random *rand.Rand, counts []float64) {
	if c.N <= few {
		clear(counts)
		for range c.N {
			counts[c.group[random.IntN(c.N)]]++
		}
		return
	}
	left, weight := float64(c.N), float64(c.N)
	for i, g := range c.groups {
		counts[i] = left
		if p := float64(g.count) / weight; p < 1 && left > 0 {
			counts[i] = distuv.Binomial{N: left, P: p, Src: random}.Rand()
		}
		left -= counts[i]
		weight -= float64(g.count)
	}
}
