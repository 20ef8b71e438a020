package stats

import (
	"math"
	"slices"
)

// Rises and Falls are the factors by which a watched rate may have changed:
// evidence is averaged over them, so that none has to be chosen.
var (
	Rises = []float64{1.5, 2, 3, 5}
	Falls = []float64{1 / 1.5, 1. / 2, 1. / 3, 1. / 5}
)

// EProcess gathers evidence that a Poisson rate which nobody knows changed at
// one of several candidate moments. For a change by the factor r at a moment
// before which n₀ events came in exposure E₀, the likelihood ratio of what does
// not depend on the unknown rate is rⁿ¹((E₀+E₁)/(E₀+rE₁))^(n₀+n₁), after
// Pérez-Ortiz, Lardy, de Heide & Grünwald (E-statistics, group invariance and
// anytime-valid testing, Ann. Stat. 52, 2024). It is raised to 1/Dispersion, averaged over
// the factors and over all planned candidates with equal weight; a candidate
// that is not reached yet, or had fewer than two events before it, counts 1.
//
// Given the number of events, its mean is 1 at any moment fixed beforehand if
// the rate does not change (the events then are binomial), and by Ville's
// inequality it reaches 1/α at any time with probability at most α where the
// candidates are moments of events. Candidates of the calendar are not; that the
// bound holds for them is shown by simulation.
type EProcess struct {
	Factors    []float64
	Dispersion float64 // at least 1; a power of at most 1 of an e-value is one, by Jensen's inequality
	Planned    int     // candidates of the whole time that the bound is for
	before     []onset
	logs       []float64 // room for one look
	logFactors []float64
}

// onset is a candidate: events and exposure before it.
type onset struct{ events, exposure float64 }

// fewestBefore is how many events a candidate needs before it.
const fewestBefore = 2

// Candidate marks the moment at which so many events in so much exposure have been seen.
func (p *EProcess) Candidate(events, exposure float64) {
	p.before = append(p.before, onset{events, exposure})
}

// LogEvidence is the natural logarithm of the evidence once so many events in
// so much exposure, all counted from the start of the baseline, have been seen.
func (p *EProcess) LogEvidence(events, exposure float64) float64 {
	if p.logFactors == nil {
		for _, r := range p.Factors {
			p.logFactors = append(p.logFactors, math.Log(r))
		}
	}
	ones := p.Planned * len(p.Factors)
	p.logs = p.logs[:0]
	for _, o := range p.before {
		if o.events < fewestBefore || o.exposure <= 0 {
			continue
		}
		ones -= len(p.Factors)
		n1, e1 := events-o.events, exposure-o.exposure
		for i, r := range p.Factors {
			p.logs = append(p.logs, logRateChange(o.events, o.exposure, n1, e1, r, p.logFactors[i])/p.Dispersion)
		}
	}
	return logMean(p.logs, ones)
}

// fewestUntil is how many more events there must be, at the least, before the
// logarithm of the evidence can have grown by so much: each multiplies every
// likelihood ratio by at most the largest factor, and exposure without events
// lowers all of them. Factors below 1 grow with exposure alone: no such number is known.
func (p *EProcess) fewestUntil(growth float64) float64 {
	const rounding = 1e-6
	if slices.Min(p.Factors) < 1 {
		return 0
	}
	return math.Floor((growth - rounding) * p.Dispersion / math.Log(slices.Max(p.Factors)))
}

// LogRateChange is the logarithm of rⁿ¹((E₀+E₁)/(E₀+rE₁))^(n₀+n₁): the evidence
// that the rate changed by the factor r. E₀ > 0. The logarithm of the quotient is
// taken of its distance from 1, so that millions of events lose no digits.
func LogRateChange(n0, e0, n1, e1, r float64) float64 {
	return logRateChange(n0, e0, n1, e1, r, math.Log(r))
}

func logRateChange(n0, e0, n1, e1, r, logR float64) float64 {
	return n1*logR - (n0+n1)*math.Log1p((r-1)*e1/(e0+e1))
}

// logMean is the logarithm of the mean of exp(logs) and so many ones.
func logMean(logs []float64, ones int) float64 {
	top := math.Inf(-1)
	if ones > 0 {
		top = 0
	}
	for _, l := range logs {
		top = math.Max(top, l)
	}
	if math.IsInf(top, 0) {
		return top
	}
	sum := float64(ones) * math.Exp(-top)
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum/float64(len(logs)+ones))
}
