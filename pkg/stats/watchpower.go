package stats

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// WatchPlan is a year's watch as it is laid out beforehand. Time is counted in
// weeks from the year's start; exposure in any unit.
type WatchPlan struct {
	Before     float64 // events before the year
	Exposure   float64 // in which they came
	Weekly     float64 // exposure of each week of the year
	Factors    []float64
	Dispersion float64
	Bar        float64
	Target     bool // the rate before is stated, and Shiryaev–Roberts watches it
}

const (
	// Candidates of a year come every CandidateEvery weeks, from its start on.
	Candidates     = 13
	CandidateEvery = 4
	// looksAWeek bounds how often a simulated year is looked at.
	looksAWeek = 4
	// ChangeWeek is when the change comes that the power is stated for.
	ChangeWeek = 16
)

// Caught is what a watch would do if the rate were multiplied at ChangeWeek.
type Caught struct {
	Share float64 // of years in which the evidence reaches the bar between the change and the year's end
	Delay float64 // weeks from the change to the bar, median of those; NaN if there are none
}

// Power simulates so many years in which the rate is that of the events before,
// and times the multiple from ChangeWeek on. Equal plans and seeds give equal answers.
func (w WatchPlan) Power(multiple float64, years int, seed uint64) Caught {
	r := rand.New(rand.NewPCG(seed, seed))
	weekly := w.Before / w.Exposure * w.Weekly // events a week before the change
	one := w.rise
	if w.Target {
		one = w.excess
	}
	var delays []float64
	for range years {
		if delay, caught := one(r, weekly, multiple); caught {
			delays = append(delays, delay)
		}
	}
	out := Caught{Share: float64(len(delays)) / float64(years), Delay: math.NaN()}
	if len(delays) > 0 {
		slices.Sort(delays)
		out.Delay = delays[len(delays)/2]
	}
	return out
}

// rise is one year against an unknown baseline, looked at with each event.
func (w WatchPlan) rise(r *rand.Rand, weekly, multiple float64) (delay float64, caught bool) {
	p := EProcess{Factors: w.Factors, Dispersion: w.Dispersion, Planned: Candidates}
	n, from := w.Before, 0.0
	for candidate := 0; candidate <= ChangeWeek; candidate += CandidateEvery {
		n += poissonDraw(r, weekly*(float64(candidate)-from))
		from = float64(candidate)
		p.Candidate(n, w.Exposure+from*w.Weekly)
	}
	bar := math.Log(w.Bar)
	next := from + CandidateEvery
	// Where events come thick, looking at each tells no more than looking a few times a week.
	every := int(math.Ceil(weekly * multiple / looksAWeek))
	seen, earliest := 0, 0.0
	for at := from + r.ExpFloat64()/(weekly*multiple); at < weeksOfYear; at += r.ExpFloat64() / (weekly * multiple) {
		for ; next <= math.Min(at, weeksOfYear-CandidateEvery); next += CandidateEvery {
			p.Candidate(n, w.Exposure+next*w.Weekly)
		}
		n++
		if seen++; seen%every != 0 || n < earliest {
			continue
		}
		evidence := p.LogEvidence(n, w.Exposure+at*w.Weekly)
		if evidence >= bar {
			return at - ChangeWeek, true
		}
		earliest = n + p.fewestUntil(bar-evidence)
	}
	return 0, false
}

// excess is one year against a stated rate, looked at every week.
func (w WatchPlan) excess(r *rand.Rand, weekly, multiple float64) (delay float64, caught bool) {
	s := ShiryaevRoberts{Factors: w.Factors, Dispersion: w.Dispersion}
	for week := 1; week <= weeksOfYear; week++ {
		rate := weekly
		if week > ChangeWeek {
			rate *= multiple
		}
		s.Step(poissonDraw(r, rate), weekly)
		if week > ChangeWeek && s.LogEvidence() >= math.Log(w.Bar) {
			return float64(week - ChangeWeek), true
		}
	}
	return 0, false
}

func poissonDraw(r *rand.Rand, mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: mean, Src: r}.Rand()
}
