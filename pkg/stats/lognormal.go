package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// LogNormal is a normal distribution fitted to the natural logs of lifetimes.
type LogNormal struct {
	Mean, SD float64 // of the logs; SD as its unbiased square, n − 1 below, where nothing is censored
	// Effective is how many finished lifetimes would tell the mean as well:
	// their number where nothing is censored.
	Effective float64
	Freedom   float64 // degrees of freedom of SD: one fewer than their number where nothing is censored
}

// newtonSteps and the halvings of each are enough from any start: the likelihood is concave.
const (
	newtonSteps  = 40
	stepHalvings = 20
)

// FitLogNormal fits lifetimes above zero by maximum likelihood, those without
// an event censored. It is NaN without two different finished ones. In 1/σ and
// μ/σ the likelihood is concave (Olsen, Econometrica 1978).
func FitLogNormal(lifetimes []Lifetime) LogNormal {
	var finished, censored []float64
	for _, l := range lifetimes {
		if l.Event {
			finished = append(finished, math.Log(l.Time))
		} else {
			censored = append(censored, math.Log(l.Time))
		}
	}
	nan := math.NaN()
	none := LogNormal{nan, nan, nan, nan}
	if len(finished) < 2 {
		return none
	}
	var sum float64
	for _, y := range finished {
		sum += y
	}
	centre, scale := sum/float64(len(finished)), Deviation(finished)
	if !(scale > 0) {
		return none
	}
	l := logNormalLikelihood{d: float64(len(finished)), squares: float64(len(finished) - 1), censored: censored}
	for i := range censored {
		censored[i] = (censored[i] - centre) / scale
	}
	mean, sd := l.maximum()
	own, cross, spread := l.information(mean, sd)
	known := (spread - cross*cross/own) / 2
	return LogNormal{
		Mean:      centre + scale*mean,
		SD:        scale * sd * math.Sqrt(known/(known-1)),
		Effective: own - cross*cross/spread,
		Freedom:   known - 1,
	}
}

// logNormalLikelihood is of logs less the mean of the finished ones, by their deviation.
type logNormalLikelihood struct {
	d, squares float64   // how many finished ones there are, and the sum of their squares; their sum is 0
	censored   []float64 // logs
}

// at is the log likelihood at 1/σ = p and μ/σ = q, its gradient and its negative Hessian.
func (l logNormalLikelihood) at(p, q float64) (value, dp, dq, pp, pq, qq float64) {
	value = l.d*math.Log(p) - (p*p*l.squares+l.d*q*q)/2
	dp, dq = l.d/p-p*l.squares, -l.d*q
	pp, qq = l.d/(p*p)+l.squares, l.d
	for _, y := range l.censored {
		z := p*y - q
		logQ, hazard := normalTail(z)
		w := hazard * (hazard - z)
		value += logQ
		dp -= hazard * y
		dq += hazard
		pp += w * y * y
		pq -= w * y
		qq += w
	}
	return value, dp, dq, pp, pq, qq
}

// maximum gives μ and σ by Newton's steps, halved where they overshoot.
func (l logNormalLikelihood) maximum() (mean, sd float64) {
	p, q := 1.0, 0.0
	value, dp, dq, pp, pq, qq := l.at(p, q)
	for range newtonSteps {
		det := pp*qq - pq*pq
		stepP, stepQ := (qq*dp-pq*dq)/det, (pp*dq-pq*dp)/det
		rose := false
		for range stepHalvings {
			if p+stepP > 0 {
				if v, a, b, aa, ab, bb := l.at(p+stepP, q+stepQ); v > value {
					p, q, rose = p+stepP, q+stepQ, true
					value, dp, dq, pp, pq, qq = v, a, b, aa, ab, bb
					break
				}
			}
			stepP, stepQ = stepP/2, stepQ/2
		}
		if !rose {
			break // the top, to the last digit of the likelihood
		}
	}
	return q / p, 1 / p
}

// information is the observed one of μ, of μ with ln σ, and of ln σ, in units of σ.
func (l logNormalLikelihood) information(mean, sd float64) (own, cross, spread float64) {
	own = l.d
	cross = -2 * l.d * mean / sd
	spread = 2 * (l.squares + l.d*mean*mean) / (sd * sd)
	for _, y := range l.censored {
		z := (y - mean) / sd
		_, hazard := normalTail(z)
		w := hazard * (hazard - z)
		own += w
		cross += z*w + hazard
		spread += z*z*w + z*hazard
	}
	return own, cross, spread
}

// normalTail is ln P(Z > z) and the hazard φ(z)/P(Z > z) of a normal Z, far out
// by the first terms of their asymptotic series.
func normalTail(z float64) (logQ, hazard float64) {
	const far = 30
	logPhi := distuv.UnitNormal.LogProb(z)
	if z > far {
		hazard = z + 1/z - 2/(z*z*z)
		return logPhi - math.Log(hazard), hazard
	}
	logQ = math.Log(math.Erfc(z/math.Sqrt2) / 2)
	return logQ, math.Exp(logPhi - logQ)
}

// Detectable is the smallest reduction of the typical lifetime, as a share of
// it, that two periods like this one would show: that Welch's t test of the
// means of the logs rejects at the level with the power stated. That is the
// chance over both periods and over what this one leaves open of the spread,
// which is larger than power were the spread known.
//
// The test rejects where Z + kU > tV: k the shift by its standard error as
// estimated here, U and V the deviations estimated here and in the two
// periods by the true one, t Student's quantile. It is taken for normal with
// its exact mean and variance, as Johnson & Welch (Biometrika 1940) took the
// noncentral t.
func (f LogNormal) Detectable(level, power float64) float64 {
	return f.reduction(f.SD, f.shift(level, power, f.Freedom))
}

// DetectableInterval holds, at the level of confidence stated, the reduction that would be
// detectable were the spread known for planning: of χ² for the spread.
func (f LogNormal) DetectableInterval(level, power, confidence float64) Interval {
	sd := DeviationInterval(f.SD, f.Freedom, confidence)
	k := f.shift(level, power, math.Inf(1))
	return Interval{f.reduction(sd.Low, k), f.reduction(sd.High, k)}
}

func (f LogNormal) reduction(sd, shift float64) float64 {
	return -math.Expm1(-shift * sd * math.Sqrt(2/f.Effective))
}

// shift solves (k·a − t·b)² = z²(1 + k²(1−a²) + t²(1−b²)) for the larger k: a
// and b are the means of U and V.
func (f LogNormal) shift(level, power, freedom float64) float64 {
	t := distuv.StudentsT{Sigma: 1, Nu: 2 * f.Freedom}.Quantile((1 + level) / 2)
	zz := math.Pow(distuv.UnitNormal.Quantile(power), 2)
	a, b := meanDeviation(freedom), meanDeviation(2*f.Freedom)
	// square·k² − 2·half·k + rest = 0
	square, half, rest := a*a-zz*(1-a*a), a*b*t, t*t*b*b-zz*(1+t*t*(1-b*b))
	return (half + math.Sqrt(half*half-square*rest)) / square
}

// meanDeviation is E√(χ²/ν) = √(2/ν)·Γ((ν+1)/2)/Γ(ν/2).
func meanDeviation(freedom float64) float64 {
	if math.IsInf(freedom, 1) {
		return 1
	}
	return math.Sqrt(2*math.Pi/freedom) * math.Exp(-mathext.Lbeta(freedom/2, 0.5))
}
