package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// newFailure draws everything about a failure but its mode. It may give it a deployment as cause.
func (w *world) newFailure(r *rand.Rand, service int, started int64) *failure {
	s := &w.services[service]
	f := &failure{id: w.incidentID(r), service: service, started: started, told: "monitoring"}
	switch u := r.Float64(); {
	case u < s.customers:
		f.told = "customer"
	case u < s.customers+s.employees:
		f.told = "employee"
	}
	f.detected = started + minutes(detecting[f.told].draw(r))
	long := math.Exp(incidentSpread * r.NormFloat64())
	f.acknowledged = f.detected + minutes(acknowledging.median*long)
	f.mitigated = f.detected + minutes(mitigating.median*long)
	f.resolved = f.detected + minutes(resolving.median*long)
	switch u := r.Float64(); {
	case u < noSeverity:
	case u < noSeverity+(1-noSeverity)*severe:
		f.severity = 1 + r.IntN(2)
	default:
		f.severity = 3 + r.IntN(3)
	}
	f.contained = r.Float64() < contained
	f.noStart = r.Float64() < noStart
	if r.Float64() < caused {
		lag := min(minutes(causeLag.draw(r)), 12*hourMillis)
		f.cause = newChange(r, service, started-lag)
		f.cause.outcome = "succeeded"
		f.stated = r.Float64() < linked
		if r.Float64() < causedBack {
			f.cause.rolledBack = f.mitigated
			f.cause.automatic = r.Float64() < 0.3
		}
	}
	return f
}

func minutes(m float64) int64 { return max(int64(m*minuteMillis), 1) }

// incidentID is an identity that says nothing of order, as those of real tools.
func (w *world) incidentID(r *rand.Rand) string {
	return fmt.Sprintf("INC-%08X", r.Uint32())
}

// respond is what the team does after a failure of a known mode: an improvement
// after the first, perhaps another after a repeat, and a monitoring gap where
// customers told first.
func (w *world) respond(r *rand.Rand, f *failure) {
	m := f.mode
	day := w.day(f.started)
	switch {
	case !f.earlier && !math.IsInf(m.opened, 1):
		i := &improvement{id: fmt.Sprintf("IMP-%08X", r.Uint32()), mode: m, from: f.id, opened: w.at(m.opened)}
		if !math.IsInf(m.closed, 1) {
			i.closed = w.at(m.closed)
			if r.Float64() < verifiedRate {
				i.verified = i.closed + int64((5+20*r.Float64())*dayMillis)
			}
			if r.Float64() < 0.05 {
				i.late = int64((10 + 20*r.Float64()) * dayMillis)
			}
		}
		if !math.IsInf(m.given, 1) {
			i.abandoned = w.at(m.given)
		}
		w.improvements = append(w.improvements, i)
	case f.earlier && day > m.closed && r.Float64() < 0.3:
		opened := f.started + int64((window+7*r.Float64())*dayMillis)
		w.improvements = append(w.improvements, &improvement{
			id: fmt.Sprintf("IMP-%08X", r.Uint32()), mode: m, from: f.id,
			opened: opened, closed: opened + int64(closing.draw(r)*dayMillis),
		})
	}
	if f.told == "customer" && !w.hasGap(m) && r.Float64() < gapFound {
		g := &gap{id: fmt.Sprintf("GAP-%08X", r.Uint32()), mode: m, found: f.resolved + int64((0.5+3*r.Float64())*dayMillis)}
		if r.Float64() < gapClosed {
			g.closed = g.found + int64(gapClosing.draw(r)*dayMillis)
		}
		w.gaps = append(w.gaps, g)
	}
}

func (w *world) hasGap(m *mode) bool {
	for _, g := range w.gaps {
		if g.mode == m {
			return true
		}
	}
	return false
}

// disturb adds what is told but is no failure of its own: an echo within the
// window, a duplicate ticket, a drill, a false alarm.
func (w *world) disturb(r *rand.Rand, f *failure) {
	add := func(at int64) *failure {
		other := w.newFailure(r, f.service, at)
		other.cause, other.stated = nil, false
		w.failures = append(w.failures, other)
		return other
	}
	if at := f.resolved + int64(r.Float64()*12*hourMillis); f.mode != nil && r.Float64() < echoes && at < f.started+2*dayMillis {
		echo := add(at)
		echo.mode, echo.earlier, echo.echo, echo.told, echo.contained = f.mode, true, true, f.told, f.contained
	}
	if r.Float64() < 0.04 {
		add(f.started + int64(r.Float64()*30*minuteMillis)).duplicate = f.id
	}
	if r.Float64() < 0.04 {
		add(f.started + int64((10+10*r.Float64())*dayMillis)).drill = true
	}
	if r.Float64() < 0.03 {
		add(f.started + int64((3+5*r.Float64())*dayMillis)).retracted = true
	}
}
