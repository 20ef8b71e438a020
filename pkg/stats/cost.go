package stats

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// What is taken to be known of the spread of log costs before any is told: a
// variance of 1.5², as much worth as four costs say (a scaled inverse χ²).
// Nothing is taken to be known of their mean.
const (
	priorCosts     = 4.0
	priorDeviation = 1.5
)

// LogCosts is what is known of costs whose logs are normal, with the normal–
// inverse-χ² prior (Gelman et al., Bayesian Data Analysis, 3rd ed., 3.3): of
// the variance, DF·Scale²/σ² is χ² with DF degrees of freedom; of the mean
// given the variance, normal about Mean with variance σ²/N. With a flat mean
// and n costs of log mean ȳ and variance s²: DF = 4 + n − 1 and
// DF·Scale² = 4·1.5² + (n−1)s².
type LogCosts struct {
	N         int
	Mean      float64
	DF, Scale float64
	costs     []float64
	nothing   int // costs of nothing have no log
}

// manyCosts is how many costs tell enough of their own distribution to be
// asked without the lognormal. Below, the plain mean's interval covers too
// little (.66 to .90 of simulated truths with 20); above, the lognormal's does
// where the tail is heavier (.78 with 200 and Student's t of four degrees of
// freedom as logs). From there on each has half of the say.
const manyCosts = 50

// FitLogCosts takes costs of zero or more, of which at least one is above zero.
func FitLogCosts(costs []float64) LogCosts {
	out := LogCosts{costs: costs}
	var logs []float64
	for _, c := range costs {
		if c > 0 {
			logs = append(logs, math.Log(c))
			out.Mean += math.Log(c)
		} else {
			out.nothing++
		}
	}
	out.N = len(logs)
	out.Mean /= float64(out.N)
	squares := priorCosts * priorDeviation * priorDeviation
	for _, y := range logs {
		squares += (y - out.Mean) * (y - out.Mean)
	}
	out.DF = priorCosts + float64(out.N) - 1
	out.Scale = math.Sqrt(squares / out.DF)
	return out
}

// LimitedLognormal is E[min(X, limit)] of X whose log is normal: with
// z = (ln limit − μ)/σ it is e^(μ+σ²/2)·Φ(z−σ) + limit·Φ(−z) (Klugman, Panjer &
// Willmot, Loss Models, appendix A). Far in the tail the first term is
// limit·φ(z)·Φ(z−σ)/φ(z−σ), which does not overflow.
func LimitedLognormal(mu, sigma, limit float64) float64 {
	if sigma == 0 {
		return math.Min(math.Exp(mu), limit)
	}
	z := (math.Log(limit) - mu) / sigma
	below := limit * distuv.UnitNormal.Prob(z) * mills(sigma-z)
	if z-sigma > -8 {
		below = math.Exp(mu+sigma*sigma/2) * distuv.UnitNormal.CDF(z-sigma)
	}
	return below + limit*distuv.UnitNormal.CDF(-z)
}

// mills is Φ(−x)/φ(x) for x ≥ 8, by its asymptotic series (Abramowitz & Stegun 26.2.12).
func mills(x float64) float64 {
	q := 1 / (x * x)
	return (1 - q*(1-3*q*(1-5*q*(1-7*q)))) / x
}

// Limited is the mean of the next cost, counted as the limit where it is
// larger. The log of the next cost is Student's t about Mean with scale
// s√(1+1/n), so that without a limit it has no mean, whatever the costs were;
// with one it is the integral of the chance of more up to it,
// ∫ e^y·P(ln C > y) dy to ln limit, by Gauss and Legendre.
func (l LogCosts) Limited(limit float64) float64 {
	next := distuv.StudentsT{Mu: l.Mean, Sigma: l.Scale * math.Sqrt(1+1/float64(l.N)), Nu: l.DF}
	const deep, stretches, points = 40.0, 8, 16 // e^−40 of the limit is nothing
	top := math.Log(limit)
	var sum float64
	for i := range stretches {
		to := top - float64(i)*deep/stretches
		sum += quad.Fixed(func(y float64) float64 { return math.Exp(y) * next.Survival(y) }, to-deep/stretches, to, points, quad.Legendre{}, 1)
	}
	n := float64(len(l.costs))
	sum *= (n - float64(l.nothing)) / n
	if len(l.costs) < manyCosts {
		return sum
	}
	mean, _ := l.limited(limit)
	return (sum + mean) / 2
}

// limited is the plain mean of the costs, each counted as the limit at most, and its standard error.
func (l LogCosts) limited(limit float64) (mean, se float64) {
	capped := make([]float64, len(l.costs))
	n := float64(len(l.costs))
	for i, c := range l.costs {
		capped[i] = math.Min(c, limit)
		mean += capped[i] / n
	}
	return mean, Deviation(capped) / math.Sqrt(n)
}

// LimitedDraws spread E[min(C, limit)] by what is not known of the mean and
// the variance of the logs, and of the share of costs of nothing (Jeffreys);
// from 50 costs on half of them are Student's t about the plain mean, on the
// log scale.
func (l LogCosts) LimitedDraws(limit float64) Draws {
	const means, deviations, shares = 60, 60, 20
	out := make(Draws, 0, means*deviations)
	quantiles := make([]float64, means)
	for j := range quantiles {
		quantiles[j] = distuv.UnitNormal.Quantile(middle(j, means))
	}
	for i := range deviations {
		sigma := l.Scale * math.Sqrt(l.DF/chiSquaredQuantile(middle(i, deviations), l.DF))
		for _, q := range quantiles {
			out = append(out, LimitedLognormal(l.Mean+q*sigma/math.Sqrt(float64(l.N)), sigma, limit))
		}
	}
	out = out.thinned(finest)
	if l.nothing > 0 {
		some := make(Draws, shares)
		for i := range some {
			some[i] = mathext.InvRegIncBeta(float64(l.N)+0.5, float64(l.nothing)+0.5, middle(i, shares))
		}
		out = out.Times(some)
	}
	if len(l.costs) < manyCosts {
		return out
	}
	mean, se := l.limited(limit)
	t := distuv.StudentsT{Sigma: se / mean, Nu: float64(len(l.costs) - 1)}
	for i := range len(out) {
		out = append(out, math.Min(limit, mean*math.Exp(t.Quantile(middle(i, finest)))))
	}
	return out.thinned(finest)
}
