package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	watchAlpha = 0.05
	weeksAYear = 52
)

// arrivals are the moments, in weeks, of events whose rate is at most the given one.
func arrivals(r *rand.Rand, weeks, most float64, rate func(week float64) float64) []float64 {
	var out []float64
	for t := r.ExpFloat64() / most; t < weeks; t += r.ExpFloat64() / most {
		if r.Float64()*most < rate(t) {
			out = append(out, t)
		}
	}
	return out
}

// alarmAt watches one year after a baseline, looking at each event, and gives
// the week of that year in which the evidence reaches the bar; NaN if it does not.
func alarmAt(events []float64, baseline, dispersion, bar float64) float64 {
	p := stats.EProcess{Factors: stats.Rises, Dispersion: dispersion, Planned: stats.Candidates}
	first, _ := slices.BinarySearch(events, baseline)
	candidate := baseline
	for i := first; i < len(events); i++ {
		for ; candidate <= events[i]; candidate += stats.CandidateEvery {
			p.Candidate(float64(i), candidate)
		}
		if p.LogEvidence(float64(i+1), events[i]) >= math.Log(bar) {
			return events[i] - baseline
		}
	}
	return math.NaN()
}

// betterAt is the same turned round, looked at every week.
func betterAt(events []float64, baseline, bar float64) float64 {
	p := stats.EProcess{Factors: stats.Falls, Dispersion: 1, Planned: stats.Candidates}
	for week := range weeksAYear {
		at := baseline + float64(week)
		n, _ := slices.BinarySearch(events, at)
		if week%stats.CandidateEvery == 0 {
			p.Candidate(float64(n), at)
		}
		n, _ = slices.BinarySearch(events, at+1)
		if p.LogEvidence(float64(n), at+1) >= math.Log(bar) {
			return float64(week + 1)
		}
	}
	return math.NaN()
}

func rang(measure string, week float64) []campaign.Outcome {
	return campaign.Event(measure, !math.IsNaN(week))
}

// within says that the promised chance is kept, the simulation's own error included.
func within(measure string) campaign.Target {
	return campaign.Target{Measure: measure, Of: campaign.Shown, Most: watchAlpha, Sure: true}
}

var _ = register(campaign.Campaign{
	Name: "watch-false-alarms",
	About: "One watched rate that never changes, after a baseline of 52 or 104 weeks, at a bar of 20 (α = 5 % a year): how often a year has an alarm. " +
		"*up* is the e-process for a rise, looked at with each event, *down* its twin for a fall, looked at every week; *stated* is Shiryaev–Roberts " +
		"against the true rate at a bar of 52/α.",
	Seed: 20261101, N: 20_000, Short: 400,
	Cells: falseAlarms(),
})

func falseAlarms() []campaign.Cell {
	var out []campaign.Cell
	for _, baseline := range []float64{52, 104} {
		for _, rate := range []float64{0.05, 0.1, 0.5, 1.5, 5} {
			out = append(out, campaign.Cell{
				Setting: fmt.Sprintf("%v a week, baseline %v weeks", rate, baseline),
				Targets: []campaign.Target{within("up"), within("down"), within("stated")},
				Replicate: func(r *rand.Rand) []campaign.Outcome {
					events := arrivals(r, baseline+weeksAYear, rate, func(float64) float64 { return rate })
					s := stats.ShiryaevRoberts{Factors: stats.Rises, Dispersion: 1}
					stated := math.NaN()
					for week := range weeksAYear {
						from, _ := slices.BinarySearch(events, baseline+float64(week))
						to, _ := slices.BinarySearch(events, baseline+float64(week+1))
						s.Step(float64(to-from), rate)
						if s.LogEvidence() >= math.Log(weeksAYear/watchAlpha) {
							stated = float64(week)
						}
					}
					return slices.Concat(rang("up", alarmAt(events, baseline, 1, 1/watchAlpha)),
						rang("down", betterAt(events, baseline, 1/watchAlpha)), rang("stated", stated))
				},
			})
		}
	}
	return out
}

var _ = register(campaign.Campaign{
	Name: "watch-power",
	About: "The rate is multiplied at week 16 of the watch's year, after a baseline of 52 weeks: *shown* is how often an alarm comes between then and the " +
		"year's end at a bar of 20, and the mean and median are the weeks it takes, of those caught. The bars 120 and 360 are those of an organisation " +
		"watched alone, on both clocks and for three kinds of failure, and beside its teams and services.",
	Seed: 20261102, N: 20_000, Short: 300,
	Cells: watchPower(),
})

func watchPower() []campaign.Cell {
	type cell struct{ multiple, rate, bar, least float64 }
	var cells []cell
	for i, rate := range []float64{0.1, 0.2, 0.5, 1} {
		cells = append(cells,
			cell{3, rate, 20, []float64{0.375, 0.70, 0.975, 0.99}[i]},
			cell{2, rate, 20, []float64{0.095, 0.25, 0.60, 0.88}[i]},
			cell{3, rate, 120, 0}, cell{2, rate, 120, 0}, cell{3, rate, 360, 0}, cell{2, rate, 360, 0})
	}
	var out []campaign.Cell
	for _, c := range cells {
		one := campaign.Cell{
			Setting: fmt.Sprintf("%v a week, times %v, bar %v", c.rate, c.multiple, c.bar),
			Replicate: func(r *rand.Rand) []campaign.Outcome {
				const baseline = 52
				events := arrivals(r, baseline+weeksAYear, c.rate*c.multiple, func(week float64) float64 {
					if week < baseline+stats.ChangeWeek {
						return c.rate
					}
					return c.rate * c.multiple
				})
				delay := alarmAt(events, baseline, 1, c.bar) - stats.ChangeWeek
				caught := delay >= 0
				if !caught {
					delay = math.NaN()
				}
				nan := math.NaN()
				return []campaign.Outcome{{Truth: nan, Value: delay, Low: nan, High: nan, Asked: true, Shown: caught}}
			},
		}
		if c.least > 0 {
			one.Targets = []campaign.Target{{Of: campaign.Shown, Least: c.least, Most: 1}}
		}
		out = append(out, one)
	}
	return out
}

var _ = register(campaign.Campaign{
	Name: "watch-unsteady",
	About: "Rates that no learning changes and that yet are not steady: a season of ±50 % with a phase of its own, or a log-normal factor (sd 0.4) that " +
		"forgets itself in 13 weeks. *without φ* is the e-process at a bar of 20 as if the rate were steady: the bound breaks. *as watched* takes φ̂ and its test " +
		"from the baseline; *refused* is where the test finds that the rate swings as slowly as the changes looked for (`assumption_failed`, no alarm). " +
		"A factor that stays high for months cannot be told from a change when the baseline is one year: there the bound is not kept.",
	Seed: 20261103, N: 20_000, Short: 300,
	Cells: unsteady(),
})

func unsteady() []campaign.Cell {
	var out []campaign.Cell
	add := func(name string, rate, baseline, most float64, factor func(r *rand.Rand, weeks int) []float64) {
		out = append(out, campaign.Cell{
			Setting: fmt.Sprintf("%s, %v a week, baseline %v weeks", name, rate, baseline),
			Targets: []campaign.Target{{Measure: "as watched", Of: campaign.Shown, Most: most}},
			Replicate: func(r *rand.Rand) []campaign.Outcome {
				levels := factor(r, int(baseline)+weeksAYear)
				events := arrivals(r, baseline+weeksAYear, rate*slices.Max(levels), func(week float64) float64 { return rate * levels[int(week)] })
				counts, exposure := make([]float64, int(baseline)), make([]float64, int(baseline))
				for _, t := range events {
					if t < baseline {
						counts[int(t)]++
					}
				}
				for i := range exposure {
					exposure[i] = 1
				}
				steady := stats.Steady(counts, exposure)
				watched := campaign.Refused("as watched")
				if steady.Handled() {
					watched = rang("as watched", alarmAt(events, baseline, steady.Dispersion, 1/watchAlpha))
				}
				return slices.Concat(rang("without φ", alarmAt(events, baseline, 1, 1/watchAlpha)), watched)
			},
		})
	}
	for _, baseline := range []float64{52, 104} {
		for _, rate := range []float64{0.1, 0.5, 1.5, 5} {
			add("steady", rate, baseline, watchAlpha, func(_ *rand.Rand, weeks int) []float64 { return slices.Repeat([]float64{1}, weeks) })
			add("season ±50 %", rate, baseline, watchAlpha, func(r *rand.Rand, weeks int) []float64 {
				phase, levels := 2*math.Pi*r.Float64(), make([]float64, weeks)
				for i := range levels {
					levels[i] = 1 + 0.5*math.Sin(2*math.Pi*float64(i)/weeksAYear+phase)
				}
				return levels
			})
			add("slow factor", rate, baseline, 0.13, slowFactor)
		}
	}
	return out
}

// slowFactor is a log-normal factor of mean 1 whose logarithm is autoregressive.
func slowFactor(r *rand.Rand, weeks int) []float64 {
	const sd, memory = 0.4, 13.0
	keep := math.Exp(-1 / memory)
	x := distuv.UnitNormal
	x.Src = r
	level, out := x.Rand(), make([]float64, weeks)
	for i := range out {
		out[i] = math.Exp(sd*level - sd*sd/2)
		level = keep*level + math.Sqrt(1-keep*keep)*x.Rand()
	}
	return out
}
