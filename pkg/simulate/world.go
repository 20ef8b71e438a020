package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Planted rates that all teams share, so that the organisation's value is each service's value.
const (
	heldPerDay   = 0.0008 // recurrences a day of a mode whose fix was declared closed
	window       = 3      // days within which failures of one mode on one service are one failure
	echoes       = 0.04   // share of failures of a known mode that are told a second time within the window
	unstatedMode = 0.04   // share of failures whose mode nobody states
	verifiedRate = 0.6    // share of closed improvements that are verified
	contained    = 0.12   // share of failures met inside a safety net
	severe       = 0.3    // share of severity 1 and 2 among failures whose severity is stated
	noSeverity   = 0.08   // share of failures whose severity nobody states
	noStart      = 0.05   // share of failures whose start nobody states
	caused       = 0.35   // share of failures that a deployment caused
	linked       = 0.6    // share of those whose cause somebody states
	causedBack   = 0.7    // share of those whose deployment is rolled back to end them
	gapFound     = 0.8    // share of modes, first told by customers, that become a monitoring gap
	gapClosed    = 0.85   // share of gaps that are closed
)

// Planted durations, in the unit that the name says.
var (
	closing    = lognormal{20, 0.7} // days from opening an improvement to closing it
	abandoning = lognormal{25, 0.5} // days from opening an improvement to giving it up
	gapClosing = lognormal{25, 0.6} // days from finding a gap to closing it

	// Minutes. Acknowledging, mitigating and resolving, all from detection, share one
	// draw: an incident that is long is long in all its parts, and they keep their order.
	detecting     = map[string]lognormal{"monitoring": {4, 0.9}, "employee": {18, 0.8}, "customer": {45, 0.8}}
	acknowledging = lognormal{6, incidentSpread}
	mitigating    = lognormal{48, incidentSpread}
	resolving     = lognormal{110, incidentSpread}
	causeLag      = lognormal{45, 1}   // from the end of a deployment to the failure that it causes, 12 hours at most
	rollingBack   = lognormal{22, 0.6} // from the end of a failed deployment, unless it ends an incident
)

const incidentSpread = 0.8

// notFixedPerDay are the recurrences a day of a mode that is not fixed, equally likely.
var notFixedPerDay = [2]float64{0.003, 0.007}

// lognormal is a duration's planted distribution: the median, and the sd of the logarithm.
type lognormal struct{ median, spread float64 }

func (l lognormal) draw(r *rand.Rand) float64 { return l.median * math.Exp(l.spread*r.NormFloat64()) }

// mode is one way of failing on one service: from its first failure it recurs at
// unfixed a day, from its fix at heldPerDay. Times are days of the log; +Inf never.
type mode struct {
	service int
	name    string
	unfixed float64
	first   float64
	opened  float64
	closed  float64
	given   float64 // abandoned
	quiet   float64 // a failure before it is still the last one, told again
}

// rate is the recurrences a day on a day, the window after a failure left out.
func (m *mode) rate(day float64) float64 {
	if day >= m.closed {
		return heldPerDay
	}
	return m.unfixed
}

// failure is one incident as it really was. Moments are milliseconds, 0 never.
type failure struct {
	id      string
	service int
	mode    *mode // nil: nobody states one
	earlier bool  // its mode had failed before

	started, detected, acknowledged, mitigated, resolved int64

	told      string // monitoring, customer, employee
	severity  int    // 0 nobody states it
	contained bool
	noStart   bool
	cause     *change // the deployment that caused it
	stated    bool    // and somebody says so
	drill     bool
	duplicate string // the incident that it duplicates
	retracted bool   // a false alarm
	echo      bool   // of a mode that failed within the window before: the same failure again
}

// counts reports whether it is a failure of its own: no drill, duplicate, echo or false alarm.
func (f *failure) counts() bool { return !f.drill && f.duplicate == "" && !f.retracted && !f.echo }

type improvement struct {
	id   string
	mode *mode
	from string // the failure it came from

	opened, closed, verified, abandoned int64
	late                                int64 // closing it was told this much later
}

type gap struct {
	id            string
	mode          *mode
	found, closed int64
}

// world is what happened, but for the ordinary changes, which are made week by week.
type world struct {
	organisation
	begin, end   int64
	modes        []*mode
	failures     []*failure // by start
	improvements []*improvement
	gaps         []*gap
	causes       []*change // deployments that caused a failure, by finish
	experiments  []*experiment
	nearMisses   []*nearMiss
	risks        []*risk
	costs        []*cost
}

func newWorld(c Config) *world {
	w := &world{organisation: newOrganisation(c)}
	w.begin, w.end = c.start().UnixMilli(), c.End.UnixMilli()
	for i := range w.services {
		w.fail(i)
	}
	slices.SortFunc(w.failures, func(a, b *failure) int {
		if a.started != b.started {
			return int(a.started - b.started)
		}
		return strings.Compare(a.id, b.id)
	})
	slices.SortFunc(w.causes, func(a, b *change) int {
		if a.finished != b.finished {
			return int(a.finished - b.finished)
		}
		return strings.Compare(a.id, b.id)
	})
	w.foresee()
	return w
}

func (w *world) at(day float64) int64 { return w.begin + int64(day*dayMillis) }
func (w *world) day(ms int64) float64 { return float64(ms-w.begin) / dayMillis }

// fail makes all failures of one service. Failures come as a Poisson process with
// the service's rate, whatever happened before; each is then given to a mode in
// proportion to the modes' own rates, the rest being modes never seen before. So
// the rate of failures and the recurrence of every mode are both planted exactly.
// One that falls to a mode within the window of its last failure is that failure
// again, and those hours are no exposure of the mode.
func (w *world) fail(service int) {
	s := &w.services[service]
	r := w.random(forFailures, uint64(service))
	var modes []*mode
	peak := max(s.failureRate(s.from), s.failureRate(math.Nextafter(s.to, 0)))
	busiest := slices.Max(failureWeek[:])
	for day := s.from; peak > 0; {
		day += r.ExpFloat64() / (peak * busiest)
		if day >= s.to {
			break
		}
		rate := s.failureRate(day)
		if r.Float64()*peak*busiest > rate*failureWeek[hourOfWeek(w.at(day))] {
			continue
		}
		// Which mode is it? The draw walks along the modes' rates; what is left is new.
		var m *mode
		left := r.Float64() * rate
		for _, old := range modes {
			if left -= old.rate(day); left < 0 {
				m = old
				break
			}
		}
		recurs := m != nil
		if m == nil && r.Float64() > unstatedMode {
			m = w.newMode(r, service, day, len(modes))
			if w.room(s, modes, m) {
				modes = append(modes, m)
				w.modes = append(w.modes, m)
			} else {
				m = nil
			}
		}
		f := w.newFailure(r, service, w.at(day))
		f.mode, f.earlier = m, recurs
		f.echo = recurs && day < m.quiet
		if f.cause != nil {
			w.causes = append(w.causes, f.cause)
		}
		w.failures = append(w.failures, f)
		if m != nil && !f.echo {
			m.quiet = day + window
			w.respond(r, f)
		}
		w.disturb(r, f)
	}
}

// room reports whether the service's failure rate can hold one mode more until
// the end, so that the modes' rates never exceed the whole.
func (w *world) room(s *service, modes []*mode, m *mode) bool {
	moments := []float64{m.first, math.Nextafter(s.to, 0)}
	for _, other := range append(modes, m) {
		for _, at := range []float64{math.Nextafter(other.closed, 0), other.closed} {
			if at > m.first && at < s.to {
				moments = append(moments, at)
			}
		}
	}
	for _, at := range moments {
		sum := m.rate(at)
		for _, other := range modes {
			sum += other.rate(at)
		}
		if sum > s.failureRate(at) {
			return false
		}
	}
	return true
}

var symptoms = []string{
	"pool-exhausted", "certificate-expired", "slow-query", "retry-storm", "disk-full",
	"stale-cache", "bad-configuration", "memory-leak", "queue-backlog", "clock-skew", "lock-contention", "dns-failure",
	"quota-reached", "schema-mismatch", "thundering-herd", "leaked-handles",
}

func (w *world) newMode(r *rand.Rand, service int, day float64, nth int) *mode {
	s := &w.services[service]
	name := symptoms[(nth*5+service*3)%len(symptoms)]
	if nth >= len(symptoms) {
		name += "-" + string(rune('a'+nth/len(symptoms)-1))
	}
	never := math.Inf(1)
	m := &mode{
		service: service, name: name, first: day, opened: never, closed: never, given: never,
		unfixed: notFixedPerDay[r.IntN(len(notFixedPerDay))],
	}
	if r.Float64() < s.opens {
		// Opened after the window of the failure; what comes first, closing or giving up, happens.
		m.opened = day + window + 7*r.Float64()
		m.closed = m.opened + closing.draw(r)
		if r.Float64() < s.abandons {
			if given := m.opened + abandoning.draw(r); given < m.closed {
				m.given, m.closed = given, never
			}
		}
	}
	return m
}
