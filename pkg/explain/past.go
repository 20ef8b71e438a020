package explain

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Past is one computation of an estimate, as of now or of a moment in the past.
type Past struct {
	AsOf       string         `json:"as_of"`
	ComputedAt string         `json:"computed_at"`
	Value      *float64       `json:"value"`
	Low        *float64       `json:"low"`
	High       *float64       `json:"high"`
	N          int64          `json:"n"`
	State      learning.State `json:"state"`
	Reading    string         `json:"reading"`

	// Replaced says that a later computation as of the same moment says otherwise.
	Replaced bool `json:"replaced"`

	asOf, computed int64
}

// PastOf is one computation of an estimate as explanations show it.
func PastOf(e learning.Estimate, computedAt time.Time, replaced bool) Past {
	row := learning.RowOf(e)
	return Past{
		row.AsOf, learning.Instant(computedAt.UnixMilli()), row.Value, row.Low, row.High, e.N, e.State, e.Reading, replaced,
		e.AsOf, computedAt.UnixMilli(),
	}
}

// pastShown bounds how many moments of the past an explanation lists.
const pastShown = 26

// history is what was said before of the same moment, if it was something else,
// and what is said of moments before it, the latest first.
func history(all []Past, now learning.Estimate) (before *Past, past []Past) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Past) int {
		return cmp.Or(cmp.Compare(b.asOf, a.asOf), cmp.Compare(b.computed, a.computed))
	})
	for i := range all {
		switch p := &all[i]; {
		case p.asOf == now.AsOf && before == nil && !p.says(now) && !p.empty():
			before = p
		case p.asOf < now.AsOf && !p.Replaced && len(past) < pastShown:
			past = append(past, *p)
		}
	}
	return before, past
}

// empty is what was computed before anything was there to be counted: it said nothing
// that is other now.
func (p *Past) empty() bool { return p.N == 0 && p.State == learning.Insufficient }

// says tells whether a computation said the same.
func (p *Past) says(e learning.Estimate) bool {
	now := learning.RowOf(e)
	return p.State == e.State && p.N == e.N && p.Reading == e.Reading && equal(p.Value, now.Value) && equal(p.Low, now.Low) && equal(p.High, now.High)
}

func equal(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b || math.IsNaN(*a) && math.IsNaN(*b)
}
