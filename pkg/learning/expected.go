package learning

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
	"sort"

	"github.com/tuition-hq/tuition/pkg/stats"
)

const (
	untilIntervention = 13 * 7 * dayMillis // after the first failure, where no fix is declared earlier
	untilPlacebo      = 26 * 7 * dayMillis
	gridPoints        = 60
	emSteps           = 2000
	rateResamples     = 100 // 200 give the same deviation within some hundredths of it, fewer EM steps in each a smaller one
	manyModes         = 500 // from here on fewer: they vary little
	manyResamples     = 50
	resampleSteps     = 40 // EM steps of each
	// learningSteps are those of the placebo, whose rates are learned anew: nothing but
	// the resamples says how far they may be off, and where rates lie at two points
	// 40 steps leave the weights between too near to where they were. Of 400 such modes
	// 13 % of 120 organisations were said to fade that did not, with 400 steps 3 %.
	learningSteps = 120
)

// stage is one mode on one service, cut at its intervention: what came before
// tells its rate, and what was due after is compared with what came.
type stage struct {
	service *service
	mode    *modeHistory
	from    int64   // the intervention
	until   int64   // when counting ends
	due     float64 // exposure from the one to the other, in days
	came    []*failure

	rate, variance float64   // per day, of the posterior
	expected       float64   // recurrences after the intervention
	unsure         float64   // variance of that, as the rate is not known
	resampled      []float32 // what is expected under each resample of the modes; none where nothing was due
	waits          bool      // an improvement of the mode is open
	rates          []float32 // of a mode that waits, under each resample
}

// expectation is what an organisation's modes had to be expected to do
// without learning. Rates are estimated for all of its modes together, so that
// those of a small team are drawn toward the organisation's.
type expectation struct {
	stages []*stage
	of     map[*service][]int          // indices of stages
	born   float64                     // π̂
	before int64                       // Σn: recurrences before intervention
	opened map[*service][]*modeHistory // left out, as no exposure lies before their first failure
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

// fine are the modes as they are called.
func fine(s *service) []*modeHistory { return s.modes }

// expect estimates the rates of modes under one rule of intervention. With
// learning they go on being learned after it.
func (c *computation) expect(name string, modes func(*service) []*modeHistory, rule cut, learning bool) *expectation {
	e := &expectation{of: map[*service][]int{}, opened: map[*service][]*modeHistory{}}
	var histories []stats.ModeHistory
	longest := 0.0
	for _, s := range c.org.services {
		if s.name == Unknown || s.to <= s.from {
			continue
		}
		for _, h := range modes(s) {
			if h.failures[0].opens {
				e.opened[s] = append(e.opened[s], h) // a service that is known by its first failure would say that modes fail at once
				continue
			}
			st, history := newStage(s, h, rule)
			st.waits = len(c.org.open.of(s.name)[h.failures[0].mode]) > 0
			e.before += int64(history.Recurrences)
			e.of[s] = append(e.of[s], len(e.stages))
			e.stages = append(e.stages, st)
			histories = append(histories, history)
			longest = max(longest, history.Observed)
		}
	}
	if len(histories) == 0 {
		return e
	}
	// The fastest rate is one a day, as merging leaves nothing faster to be seen.
	fit := fits.of(hashOf(histories), func() stats.RateMixture {
		return stats.FitRates(histories, stats.LogGrid(math.Min(0.2/longest, 0.1), 1, gridPoints), emSteps)
	})
	e.born = fit.Born
	all := []stats.RateMixture{fit}
	if !c.org.past && slices.ContainsFunc(e.stages, func(st *stage) bool { return st.due > 0 }) { // else nothing is compared
		steps := resampleSteps
		if learning {
			steps = learningSteps
		}
		seed := fnv.New64a()
		seed.Write([]byte(name))
		all = append(all, stats.ResampleRates(histories, fit, seed.Sum64()+c.settings.Seed, resamplesOf(len(histories)), steps)...)
	}
	mixtures := stats.NewRateMixtures(all)
	for i, st := range e.stages {
		like := stats.NewLikelihood(histories[i], fit.Grid)
		st.rate, st.variance = fit.Posterior(like)
		if st.due <= 0 && !st.waits {
			continue
		}
		if st.waits && !learning {
			for _, rate := range mixtures.Means(like)[1:] {
				st.rates = append(st.rates, float32(rate))
			}
		}
		if st.due <= 0 {
			continue
		}
		st.resampled = make([]float32, len(all)-1)
		if learning {
			st.learned(histories[i], mixtures, fit.Grid)
			continue
		}
		st.unsure = st.variance * st.due * st.due
		st.add(mixtures.Means(like), st.due)
	}
	return e
}

// fits are those of the last computations: the trends up to a quarter's end rest on
// what had happened by then, of which the next computation seldom knows more.
var fits remembered[[sha256.Size]byte, stats.RateMixture]

func hashOf(histories []stats.ModeHistory) (sum [sha256.Size]byte) {
	hash := sha256.New()
	room := make([]byte, 0, 32)
	for _, h := range histories {
		room = room[:0]
		for _, x := range []float64{h.First, h.Recurrences, h.Until, h.Observed} {
			room = binary.LittleEndian.AppendUint64(room, math.Float64bits(x))
		}
		hash.Write(room)
	}
	hash.Sum(sum[:0])
	return sum
}

// resamplesOf is how many resamples are made of so many modes.
func resamplesOf(modes int) int {
	if modes > manyModes {
		return manyResamples
	}
	return rateResamples
}

// newStage comes with what is known of the mode before its intervention, in days.
func newStage(s *service, h *modeHistory, rule cut) (*stage, stats.ModeHistory) {
	first := h.failures[0]
	st := &stage{service: s, mode: h}
	st.from, st.until = rule(h, s.to)
	st.from = min(st.from, s.to)
	history := stats.ModeHistory{First: days(first.at - s.from), Until: h.exposed(first.at, st.from), Observed: days(s.to - s.from)}
	st.due = h.exposed(st.from, st.until)
	later := h.failures[1:]
	before := sort.Search(len(later), func(i int) bool { return later[i].at >= st.from })
	history.Recurrences = float64(before)
	later = later[before:]
	st.came = later[:sort.Search(len(later), func(i int) bool {
		return later[i].at >= st.until && (later[i].at != s.to || st.until != s.to)
	})]
	return st, history
}

// add takes more recurrences to be due: those under the fit, then those under each resample.
func (s *stage) add(due []float64, times float64) {
	s.expected += due[0] * times
	for b, d := range due[1:] {
		s.resampled[b] += float32(d * times)
	}
}

// learned adds what was due in the quiet times between the recurrences after
// the intervention.
func (s *stage) learned(history stats.ModeHistory, mixtures *stats.RateMixtures, grid []float64) {
	from := s.from
	quiet := func(to int64) {
		exposure := s.mode.exposed(from, to)
		like := stats.NewLikelihood(history, grid)
		s.add(mixtures.Hazards(like, like.Quiet(grid, exposure)), 1)
		history.Until += exposure
		from = to
	}
	for _, f := range s.came {
		quiet(f.at)
		history.Recurrences++
	}
	quiet(s.until)
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
	failures       int64    // of these modes, all of them
	came           int64    // O
	expected       float64  // E
	c              float64  // squared coefficient of variation of E, enlarged
	blind          float64  // c without what the outcome itself says
	before, opened int64    // Σn of the whole, and what the scope leaves out
	unwitnessed    int      // fixes taken as stated
	fixes          int
}

// compare sums over a scope and the modes that first failed in a window.
func (e *expectation) compare(g *group, w window) comparison {
	out := comparison{before: e.before}
	for _, s := range g.services {
		for _, h := range e.opened[s.entire()] {
			if w.name == all && s.holds(h) {
				out.opened++
			}
		}
		for _, i := range e.of[s.entire()] {
			st := e.stages[i]
			if st.due <= 0 || !s.holds(st.mode) || !w.holds(st.mode.failures[0].at) {
				continue
			}
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
		out.c, out.blind = out.spread()
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
	logs := make([]float64, len(c.stages[0].resampled))
	for _, st := range c.stages {
		for b, expected := range st.resampled {
			logs[b] += float64(expected)
		}
	}
	for b, sum := range logs {
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
	slopes := make([]float64, len(c.stages[0].resampled))
	for b := range slopes {
		for i, st := range c.stages {
			things[i].Expected = float64(st.resampled[b])
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
