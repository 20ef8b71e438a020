package stats

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// Lifetime is one thing followed until its event, or until it was last seen without it.
type Lifetime struct {
	Time  float64
	Event bool // false: censored at Time
}

// Step is one event time of a Kaplan–Meier curve.
type Step struct {
	Time           float64
	AtRisk, Events int
	Survival       float64 // just after Time
	greenwood      float64 // Σ d/(n(n−d)); Inf at survival 0
}

// GreenwoodSE is the standard error of the survival by Greenwood's formula (0 at survival 0).
func (s Step) GreenwoodSE() float64 {
	if s.Survival == 0 {
		return 0
	}
	return s.Survival * math.Sqrt(s.greenwood)
}

// Survival is a Kaplan–Meier curve (JASA 1958).
type Survival struct {
	N, Events int
	Longest   float64 // the longest follow-up
	Steps     []Step
	times     []float64 // sorted, all
}

// KaplanMeier estimates the survival of lifetimes; events at a time come before censorings at it.
func KaplanMeier(lifetimes []Lifetime) Survival {
	sorted := slices.Clone(lifetimes)
	slices.SortFunc(sorted, func(a, b Lifetime) int { return cmp.Compare(a.Time, b.Time) })
	out := Survival{N: len(sorted), times: make([]float64, len(sorted))}
	survival, greenwood := 1.0, 0.0
	for i := 0; i < len(sorted); {
		atRisk, events := len(sorted)-i, 0
		at := sorted[i].Time
		for ; i < len(sorted) && sorted[i].Time == at; i++ {
			out.times[i] = at
			if sorted[i].Event {
				events++
			}
		}
		if events == 0 {
			continue
		}
		out.Events += events
		survival *= 1 - float64(events)/float64(atRisk)
		greenwood += float64(events) / (float64(atRisk) * float64(atRisk-events))
		out.Steps = append(out.Steps, Step{at, atRisk, events, survival, greenwood})
	}
	if len(sorted) > 0 {
		out.Longest = sorted[len(sorted)-1].Time
	}
	return out
}

// before gives how many steps lie at or before t.
func (s Survival) before(t float64) int {
	n, found := slices.BinarySearchFunc(s.Steps, t, func(step Step, t float64) int { return cmp.Compare(step.Time, t) })
	if found {
		n++
	}
	return n
}

// At is the share that has lasted beyond t.
func (s Survival) At(t float64) float64 {
	if n := s.before(t); n > 0 {
		return s.Steps[n-1].Survival
	}
	return 1
}

// EventsBy counts the events at or before t.
func (s Survival) EventsBy(t float64) int {
	events := 0
	for _, step := range s.Steps[:s.before(t)] {
		events += step.Events
	}
	return events
}

// Known counts those whose fate at t is known: the event came by t, or they were followed for t without it.
func (s Survival) Known(t float64) int {
	i, _ := slices.BinarySearch(s.times, t)
	followed := len(s.times) - i
	atT := 0
	if n := s.before(t); n > 0 && s.Steps[n-1].Time == t {
		atT = s.Steps[n-1].Events
	}
	return s.EventsBy(t) + followed - atT
}

// Interval bounds At(t) by Greenwood's variance on the log(−log) scale
// (Kalbfleisch & Prentice). That has no width at 0 and 1: there the exact
// binomial bound is taken, of those followed for t without an event, or, when
// none is left, of as many as the variance before that was worth.
func (s Survival) Interval(t, level float64) Interval {
	n := s.before(t)
	if n == 0 {
		return Interval{ClopperPearson(int64(s.Known(t)), int64(s.Known(t)), level).Low, 1}
	}
	return s.stepInterval(n-1, level)
}

func (s Survival) stepInterval(i int, level float64) Interval {
	step := s.Steps[i]
	if step.Survival == 0 {
		return Interval{0, 1 - math.Pow((1-level)/2, 1/s.worth(i))}
	}
	width := z(level) * math.Sqrt(step.greenwood) / -math.Log(step.Survival)
	return Interval{
		math.Pow(step.Survival, math.Exp(width)),
		math.Pow(step.Survival, math.Exp(-width)),
	}
}

// worth is how many lifetimes without censoring would leave the variance that
// was there before a step (Cutler & Ederer, J. Chronic Dis. 1958).
func (s Survival) worth(i int) float64 {
	if i == 0 {
		return float64(s.Steps[0].AtRisk)
	}
	before := s.Steps[i-1]
	return (1 - before.Survival) / (before.Survival * before.greenwood)
}

// Quantile is the time by which the share p has had its event; +Inf when the
// curve does not come down so far within the follow-up. On a flat stretch at
// exactly 1−p it is the middle of the stretch, as in R's survfit.
func (s Survival) Quantile(p float64) float64 {
	const rounding = 1e-12 // of the products that make the curve
	for i, step := range s.Steps {
		if step.Survival > 1-p+rounding {
			continue
		}
		if step.Survival > 1-p-rounding && i+1 < len(s.Steps) {
			return (step.Time + s.Steps[i+1].Time) / 2
		}
		return step.Time
	}
	return math.Inf(1)
}

// QuantileInterval inverts the pointwise log(−log) bands (Brookmeyer &
// Crowley, Biometrics 1982). A band that does not cross gives +Inf above, and
// below the time until which enough were followed without an event.
func (s Survival) QuantileInterval(p, level float64) Interval {
	out := Interval{math.Inf(1), math.Inf(1)}
	for i := range s.Steps {
		band := s.stepInterval(i, level)
		if math.IsInf(out.Low, 1) && band.Low <= 1-p {
			out.Low = s.Steps[i].Time
		}
		if band.High <= 1-p {
			out.High = s.Steps[i].Time
			break
		}
	}
	if math.IsInf(out.Low, 1) {
		out.Low = s.uneventful(p, level)
	}
	value := s.Quantile(p)
	return Interval{math.Min(out.Low, value), math.Max(out.High, value)}
}

// uneventful is the time until which enough were followed without an event, where
// no step's band comes down to 1−p. Before the first step fewer are followed the
// later it is, and the bound comes down with them; after it none does.
func (s Survival) uneventful(p, level float64) float64 {
	quiet := sort.Search(len(s.times), func(i int) bool { return s.before(s.times[i]) > 0 })
	at := sort.Search(quiet, func(i int) bool { return s.Interval(s.times[i], level).Low <= 1-p })
	switch {
	case at < quiet && at == 0, len(s.times) == 0:
		return 0
	case at < quiet:
		return s.times[at-1]
	default:
		return s.times[len(s.times)-1]
	}
}
