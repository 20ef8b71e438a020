package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Wilson is the score interval for k of n (Wilson, JASA 1927); 0 to 1 when n is 0.
func Wilson(k, n int64, level float64) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	return wilson(float64(k)/float64(n), float64(n), z(level))
}

func wilson(p, n, z float64) Interval {
	z2 := z * z
	middle := (p + z2/(2*n)) / (1 + z2/n)
	half := z / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	out := Interval{math.Max(0, middle-half), math.Min(1, middle+half)}
	// Rounding must not push a bound past the share itself.
	return Interval{math.Min(out.Low, p), math.Max(out.High, p)}
}

// ClopperPearson is the exact interval for k of n (Biometrika 1934); 0 to 1 when n is 0.
func ClopperPearson(k, n int64, level float64) Interval {
	tail := (1 - level) / 2
	out := Interval{0, 1}
	if k > 0 {
		out.Low = mathext.InvRegIncBeta(float64(k), float64(n-k+1), tail)
	}
	if k < n {
		out.High = mathext.InvRegIncBeta(float64(k+1), float64(n-k), 1-tail)
	}
	return out
}

// Share counts events in one cluster (a service).
type Share struct{ Events, Of int64 }

// ClusterShare is a share over clusters with an interval that knows that
// the members of one cluster are alike.
type ClusterShare struct {
	Events, Of int64
	Value      float64 // NaN when nothing was counted
	Clusters   int     // clusters with members
	Effective  float64 // clusters of equal size that would tell as much: N²/Σm²
	Design     float64 // design effect, at least 1
}

// ClusterWilson pools shares over clusters: a jackknife over clusters
// gives the design effect, Wilson's interval takes N/deff, and Student's t on
// max(effective clusters − 1, 1) degrees of freedom replaces the normal.
// Clusters without members change nothing. A single cluster has nothing to be
// compared with: it gets the plain Wilson interval of its members.
func ClusterWilson(shares []Share) ClusterShare {
	out := ClusterShare{Value: math.NaN(), Design: 1}
	var squares float64
	for _, s := range shares {
		if s.Of == 0 {
			continue
		}
		out.Events += s.Events
		out.Of += s.Of
		out.Clusters++
		squares += float64(s.Of) * float64(s.Of)
	}
	if out.Of == 0 {
		return out
	}
	n := float64(out.Of)
	out.Value = float64(out.Events) / n
	out.Effective = n * n / squares
	p := (float64(out.Events) + 0.5) / (n + 1)
	var sum float64
	for _, s := range shares {
		m := float64(s.Of)
		if s.Of == 0 {
			continue
		}
		r := (float64(s.Events) - p*m) / math.Max(1-m/n, 0.05)
		sum += r * r
	}
	count := float64(out.Clusters)
	variance := (count - 1) / count * sum / (n * n)
	out.Design = math.Max(1, variance/(p*(1-p)/n))
	return out
}

// Quantile is the multiplier that Interval uses: Student's t, or the normal
// quantile for a single cluster.
func (s ClusterShare) Quantile(level float64) float64 {
	if s.Clusters < 2 {
		return z(level)
	}
	return distuv.StudentsT{Sigma: 1, Nu: math.Max(s.Effective-1, 1)}.Quantile((1 + level) / 2)
}

// Interval is the cluster-robust Wilson interval; 0 to 1 when nothing was counted.
func (s ClusterShare) Interval(level float64) Interval {
	if s.Of == 0 {
		return Interval{0, 1}
	}
	return wilson(s.Value, float64(s.Of)/s.Design, s.Quantile(level))
}
