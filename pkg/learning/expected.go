package learning

import (
	"hash/fnv"
	"math"
	"slices"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	untilIntervention = 13 * 7 * dayMillis // after the first failure, where no fix is declared earlier
	untilPlacebo      = 26 * 7 * dayMillis
	gridPoints        = 60
	emSteps           = 2000
	rateResamples     = 200
	manyModes         = 500 // from here on a quarter of the resamples: they vary little
)

// stage is one mode on one service, cut at its intervention: what came before
// tells its rate, and what was due after is compared with what came.
type stage struct {
	service *service
	mode    *modeHistory
	history stats.ModeHistory // days
	from    int64             // the intervention
	until   int64             // when counting ends
	due     float64           // exposure from the one to the other, in days
	came    []*failure

	rate, variance float64 // per day, of the posterior
	expected       float64 // recurrences after the intervention
	unsure         float64 // variance of that, as the rate is not known
	likelihoods    []stats.Likelihood
}

// expectation is what an organisation's modes had to be expected to do
// without learning. Rates are estimated for all of its modes together, so that
// those of a small team are drawn toward the organisation's.
type expectation struct {
	stages    []*stage
	of        map[*service][]int // indices of stages
	born      float64            // π̂
	before    int64              // Σn: recurrences before intervention
	opened    map[*service]int   // modes left out, as no exposure lies before their first failure
	resampled [][]float64        // what each stage expects under each resample
}

// cut is when a mode was intervened on and until when it counts.
type cut func(h *modeHistory, end int64) (from, until int64)

// byIntervention: every mode counts from its first declared fix or 13 weeks
// after its first failure, whichever is earlier, so that nobody gains by
// declaring late, early or never.
func byIntervention(h *modeHistory, end int64) (from, until int64) {
	from = h.failures[0].at + untilIntervention
	if h.fix != nil {
		from = min(from, h.fix.at)
	}
	return from, end
}

// byDeclaration: from the first declared fix only.
func byDeclaration(h *modeHistory, end int64) (from, until int64) {
	if h.fix == nil {
		return end, end
	}
	return h.fix.at, end
}

// byPlacebo: what is still unfixed after 26 weeks, until it is fixed. The
// recurrence that triggers a fix lies before it, and counts. How long a mode
// stays unfixed tells its rate: those that recur are fixed. The rate at the 26
// weeks times the exposure until the fix therefore expects too much (a mean
// placebo of +0.2 to +0.5 was simulated where modes are fixed for recurring);
// so the rate is learned anew at every moment, which makes observed less
// expected a martingale whatever rule stops it (Aalen, Ann. Stat. 1978).
func byPlacebo(h *modeHistory, end int64) (from, until int64) {
	from, until = h.failures[0].at+untilPlacebo, end
	if h.fix != nil {
		until = min(until, h.fix.at)
	}
	return min(from, until), until
}

// expect estimates the rates under one rule of intervention. With learning
// they go on being learned after it.
func (c *computation) expect(name string, rule cut, learning bool) *expectation {
	e := &expectation{of: map[*service][]int{}, opened: map[*service]int{}}
	var histories []stats.ModeHistory
	longest := 0.0
	for _, s := range c.org.services {
		if s.name == Unknown || s.to <= s.from {
			continue
		}
		for _, h := range s.modes {
			first := h.failures[0]
			if first.opens {
				e.opened[s]++ // a service that is known by its first failure would say that modes fail at once
				continue
			}
			st := &stage{service: s, mode: h}
			st.from, st.until = rule(h, s.to)
			st.from = min(st.from, s.to)
			st.history = stats.ModeHistory{First: days(first.at - s.from), Until: h.exposed(first.at, st.from), Observed: days(s.to - s.from)}
			st.due = h.exposed(st.from, st.until)
			for _, f := range h.failures[1:] {
				switch {
				case f.at < st.from:
					st.history.Recurrences++
				case f.at < st.until || (f.at == s.to && st.until == s.to):
					st.came = append(st.came, f)
				}
			}
			e.before += int64(st.history.Recurrences)
			e.of[s] = append(e.of[s], len(e.stages))
			e.stages = append(e.stages, st)
			histories = append(histories, st.history)
			longest = max(longest, st.history.Observed)
		}
	}
	if len(histories) == 0 {
		return e
	}
	// The fastest rate is one a day, as merging leaves nothing faster to be seen.
	fit := stats.FitRates(histories, stats.LogGrid(math.Min(0.2/longest, 0.1), 1, gridPoints), emSteps)
	e.born = fit.Born
	for i, st := range e.stages {
		like := stats.NewLikelihood(histories[i], fit.Grid)
		st.rate, st.variance = fit.Posterior(like)
		st.likelihoods = []stats.Likelihood{like}
		if learning && st.due > 0 {
			st.likelihoods = st.stretches(fit.Grid)
		} else {
			st.unsure = st.variance * st.due * st.due
		}
	}
	for i, expected := range e.expects(fit) {
		e.stages[i].expected = expected
	}
	if !slices.ContainsFunc(e.stages, func(st *stage) bool { return st.due > 0 }) {
		return e // nothing was due, so nothing is compared
	}
	seed := fnv.New64a()
	seed.Write([]byte(name))
	resamples := rateResamples
	if len(histories) > manyModes {
		resamples /= 4
	}
	for _, m := range stats.ResampleRates(histories, fit, seed.Sum64()+c.settings.Seed, resamples) {
		e.resampled = append(e.resampled, e.expects(m))
	}
	return e
}

// expects gives the recurrences due after each intervention under a distribution of rates.
func (e *expectation) expects(m stats.RateMixture) []float64 {
	mean, hazard := m.Means(), m.Hazards()
	out := make([]float64, len(e.stages))
	for k, st := range e.stages {
		switch {
		case st.due <= 0:
		case len(st.likelihoods) == 1:
			out[k] = mean(st.likelihoods[0]) * st.due
		default:
			for i := 0; i < len(st.likelihoods); i += 2 {
				out[k] += hazard(st.likelihoods[i], st.likelihoods[i+1])
			}
		}
	}
	return out
}

// stretches are the quiet times between the recurrences after the
// intervention: the likelihood at the start of each and at its end.
func (s *stage) stretches(grid []float64) []stats.Likelihood {
	var out []stats.Likelihood
	from, history := s.from, s.history
	quiet := func(to int64) {
		exposure := s.mode.exposed(from, to)
		like := stats.NewLikelihood(history, grid)
		out = append(out, like, like.Quiet(grid, exposure))
		history.Until += exposure
		from = to
	}
	for _, f := range s.came {
		quiet(f.at)
		history.Recurrences++
	}
	quiet(s.until)
	return out
}

func days(millis int64) float64 { return float64(millis) / dayMillis }

// exposed are the days between two moments in which the mode could fail: all but its merging windows.
func (h *modeHistory) exposed(from, to int64) float64 {
	if to <= from {
		return 0
	}
	left := to - from
	for _, f := range h.failures {
		left -= max(0, min(to, f.until)-max(from, f.at))
	}
	return days(max(0, left))
}

// comparison is observed against expected over some of the modes.
type comparison struct {
	stages         []*stage // those with exposure after intervention
	resampled      [][]float64
	failures       int64   // of these modes, all of them
	came           int64   // O
	expected       float64 // E
	c              float64 // squared coefficient of variation of E, enlarged
	blind          float64 // c without what the outcome itself says
	before, opened int64   // Σn of the whole, and what the scope leaves out
	unwitnessed    int     // fixes taken as stated
	fixes          int
}

// compare sums over a scope and the modes that first failed in a window.
func (e *expectation) compare(g *group, w window) comparison {
	out := comparison{before: e.before}
	var chosen []int
	for _, s := range g.services {
		if w.name == all && e.opened[s.entire()] > 0 {
			for _, h := range s.entire().modes {
				if h.failures[0].opens && s.holds(h) {
					out.opened++
				}
			}
		}
		for _, i := range e.of[s.entire()] {
			st := e.stages[i]
			if st.due <= 0 || !s.holds(st.mode) || !w.holds(st.mode.failures[0].at) {
				continue
			}
			chosen = append(chosen, i)
			out.stages = append(out.stages, st)
			out.failures += int64(len(st.mode.failures))
			out.came += int64(len(st.came))
			out.expected += st.expected
			if fix := st.mode.fix; fix != nil && fix.at <= st.from {
				out.fixes++
				if fix.improvement.Imported {
					out.unwitnessed++
				}
			}
		}
	}
	if out.expected > 0 {
		for _, expected := range e.resampled {
			out.resampled = append(out.resampled, only(expected, chosen))
		}
		out.c, out.blind = out.spread()
	}
	return out
}

func only(all []float64, chosen []int) []float64 {
	out := make([]float64, len(chosen))
	for k, i := range chosen {
		out[k] = all[i]
	}
	return out
}

// enlarged is by how much the variances found fall short of those simulated.
const enlarged = 1.6

// spread is the squared coefficient of variation of what was expected, as the
// observed count sees it: of the modes' own rates, of the distribution of
// rates, and of what the intervention did to each of them.
func (c comparison) spread() (all, blind float64) {
	var rates, squares float64
	ratio := float64(c.came) / c.expected
	for _, st := range c.stages {
		rates += st.unsure
		d := float64(len(st.came)) - ratio*st.expected
		squares += d * d
	}
	logs := make([]float64, len(c.resampled))
	for b, expected := range c.resampled {
		var sum float64
		for _, e := range expected {
			sum += e
		}
		logs[b] = math.Log(sum)
	}
	fits := stats.Deviation(logs)
	uneven := 0.0
	if came := float64(c.came); came > 0 {
		uneven = math.Max(0, (squares-came-ratio*ratio*rates)/(came*came))
	}
	const least = 1e-9
	known := rates/(c.expected*c.expected) + fits*fits
	return math.Max(enlarged*(known+uneven), least), math.Max(enlarged*known, least)
}

// trend fits how observed by expected change with the time of the first
// failure; what the distribution of rates leaves open is added to its variance.
func (c comparison) trend(first []float64) stats.RatioTrend {
	things := make([]stats.Expected, len(c.stages))
	for i, st := range c.stages {
		things[i] = stats.Expected{X: first[i], Observed: float64(len(st.came)), Expected: st.expected, Spread: st.variance / (st.rate * st.rate)}
	}
	fit := stats.FitRatioTrend(things)
	slopes := make([]float64, len(c.resampled))
	for b, expected := range c.resampled {
		for i := range things {
			things[i].Expected = expected[i]
		}
		slopes[b] = stats.FitRatioTrend(things).B
	}
	open := stats.Deviation(slopes)
	return fit.Unsure(enlarged*open*open + (enlarged-1)*fit.SE*fit.SE)
}

// firstFailures are the times of the first failures of the compared modes, in quarters from the earliest.
func (c comparison) firstFailures() []float64 {
	out := make([]float64, len(c.stages))
	for i, st := range c.stages {
		out[i] = days(st.mode.failures[0].at) / quarterDays
	}
	if len(out) > 0 {
		origin := slices.Min(out)
		for i := range out {
			out[i] -= origin
		}
	}
	return out
}
