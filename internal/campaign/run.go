package campaign

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// Scale says how many replicates of its cells a run makes.
type Scale struct {
	Short  bool    // as many as in tests
	Factor float64 // of N otherwise; 0 is 1
}

// Replicates is how many of a cell are run.
func (s Scale) Replicates(c Campaign, cell Cell) int {
	n, short := cell.N, cell.Short
	if n == 0 {
		n = c.N
	}
	if short == 0 {
		short = c.Short
	}
	switch {
	case s.Short && cell.Long:
		return 0
	case s.Short:
		return short
	case s.Factor > 0:
		return max(2, int(float64(n)*s.Factor))
	default:
		return n
	}
}

// Run simulates every cell, one after the other, on all cores. It calls
// finished after each replicate, with the cell it belongs to, from several
// goroutines.
func (c Campaign) Run(ctx context.Context, scale Scale, finished func(cell int)) ([]Row, error) {
	var out []Row
	for i, cell := range c.Cells {
		outcomes := make([][]Outcome, scale.Replicates(c, cell))
		name := fnv.New64a()
		name.Write([]byte(c.Name + "\x00" + cell.Setting))
		seed := c.Seed ^ name.Sum64()
		var next atomic.Int64
		var all sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			all.Go(func() {
				for ctx.Err() == nil {
					k := int(next.Add(1)) - 1
					if k >= len(outcomes) {
						return
					}
					outcomes[k] = cell.Replicate(rand.New(rand.NewPCG(seed, uint64(k))))
					finished(i)
				}
			})
		}
		all.Wait()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out = append(out, rows(cell, outcomes)...)
	}
	return out, nil
}

// Total is how many replicates a run makes.
func (c Campaign) Total(scale Scale) int {
	n := 0
	for _, cell := range c.Cells {
		n += scale.Replicates(c, cell)
	}
	return n
}
