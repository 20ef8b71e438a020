package stats

import "math"

// ShiryaevRoberts gathers evidence that a Poisson rate left a stated one, at a
// moment that nobody knows: R ← (1+R)·(rˣ·e^(−λ₀(r−1)))^(1/Dispersion) for each
// step in which x events came and λ₀ were due, averaged over the factors
// (Shiryaev, Theory Probab. Appl. 8, 1963; Roberts, Technometrics 8, 1966;
// Pollak, Ann. Stat. 13, 1985). While the rate is the stated one or better, R
// less the number of steps is a supermartingale: the mean time to a false alarm
// at the bar A is at least A steps, and by Doob's inequality one comes within n
// steps with probability at most n/A.
type ShiryaevRoberts struct {
	Factors    []float64
	Dispersion float64   // at least 1
	logs       []float64 // ln R of each factor; empty: R = 0
}

// Step takes one more step.
func (s *ShiryaevRoberts) Step(events, due float64) {
	if s.logs == nil {
		s.logs = make([]float64, len(s.Factors))
		for i := range s.logs {
			s.logs[i] = math.Inf(-1)
		}
	}
	for i, r := range s.Factors {
		// ln(1+R) without leaving logarithms: R may pass what a float64 holds.
		grown := math.Max(s.logs[i], 0) + math.Log1p(math.Exp(-math.Abs(s.logs[i])))
		s.logs[i] = grown + LogKnownRate(events, due, r)/s.Dispersion
	}
}

// LogEvidence is the logarithm of the mean of R over the factors; −Inf before the first step.
func (s *ShiryaevRoberts) LogEvidence() float64 {
	if s.logs == nil {
		return math.Inf(-1)
	}
	return logMean(s.logs, 0)
}

// LogKnownRate is the logarithm of the likelihood ratio of r times a known rate
// to the rate itself, for so many events where so many were due: rˣ·e^(−due(r−1)).
func LogKnownRate(events, due, r float64) float64 {
	return events*math.Log(r) - due*(r-1)
}
