package campaign

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// What a target is about.
const (
	Coverage = "coverage" // share of the intervals that held the truth
	Shown    = "shown"    // share of all replicates that spoke
	Refusal  = "refused"  // share of all replicates without a figure
	Bias     = "bias"     // mean of value − truth
	Mean     = "mean"     // of the values, where no truth is known
)

// Target is where something should lie. Both ends belong to it.
type Target struct {
	Measure     string
	Of          string
	Least, Most float64
	// Sure wants the whole 99 % interval of a simulated share inside, not only
	// nothing against it; asked of whole runs, not of short ones.
	Sure bool
}

func (t Target) String() string {
	return fmt.Sprintf("%s %s–%s", t.Of, figure(t.Least), figure(t.Most))
}

// share gives the counts that a target is about; false for means.
func (t Target) share(r Row) (k, n int64, ok bool) {
	switch t.Of {
	case Coverage:
		return r.Covered, r.Intervals, true
	case Shown:
		return r.Shown, r.N, true
	case Refusal:
		return r.Refused, r.N, true
	}
	return 0, 0, false
}

// P is the chance of a result at least as far outside as this one where the
// truth is the nearest end of the target: one-sided and exact for shares, by
// Student's t for means. It is 1 inside, and where nothing can be said.
func (t Target) P(r Row) float64 {
	if k, n, ok := t.share(r); ok {
		switch {
		case n == 0:
			return 1
		case float64(k) < t.Least*float64(n):
			return atMost(k, n, t.Least)
		case float64(k) > t.Most*float64(n):
			return 1 - atMost(k-1, n, t.Most)
		}
		return 1
	}
	value, se := r.Bias, r.BiasSE
	if t.Of == Mean {
		value, se = r.Mean, r.SD/math.Sqrt(float64(r.values))
	}
	out := math.Max(t.Least-value, value-t.Most)
	if math.IsNaN(value) || math.IsNaN(se) || !(out > 0) {
		return 1
	}
	if se == 0 {
		return 0
	}
	return distuv.StudentsT{Sigma: 1, Nu: float64(r.values - 1)}.Survival(out / se)
}

// atMost is P(X ≤ k) of a binomial X.
func atMost(k, n int64, p float64) float64 {
	switch {
	case k < 0:
		return 0
	case k >= n || p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// contradicted is the chance below which a whole run is taken to say no.
const contradicted = 0.001

// Verdict says how a whole run stands to a target: "met", "not contradicted"
// or "NOT MET".
func (t Target) Verdict(r Row) string {
	k, n, share := t.share(r)
	if share && t.Sure {
		i := stats.ClopperPearson(k, n, level)
		if i.Low >= t.Least && i.High <= t.Most {
			return "met"
		}
		return "NOT MET"
	}
	switch p := t.P(r); {
	case p == 1:
		return "met"
	case p >= contradicted:
		return "not contradicted"
	default:
		return "NOT MET"
	}
}
