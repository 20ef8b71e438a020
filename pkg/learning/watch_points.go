package learning

import (
	"fmt"
	"math"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// largestEvidence is where a figure stops: e³⁰⁰.
const largestEvidence = 300

func evidenceOf(log float64) float64 { return math.Exp(math.Min(log, largestEvidence)) }

// points are the reported ones: every week and as_of, of a service the last 13 weeks.
func (r *race) points() []WatchPoint {
	var out []WatchPoint
	for i, c := range r.clocks {
		if r.refused != "" {
			if r.current {
				p := r.pointBase(c)
				p.At, p.Latest = r.until, true
				p.refuse(r.state, r.refused)
				out = append(out, p)
			}
			continue
		}
		for _, m := range r.marks {
			weekly := (m.at-r.from)%weekMillis == 0 && (r.group.Kind != "service" || r.current && m.at > r.until-serviceWeeks*weekMillis)
			if weekly || r.current && m.at == r.until {
				out = append(out, r.pointAt(i, c, m))
			}
		}
	}
	return out
}

// pointBase is what all points of a clock share.
func (r *race) pointBase(c *watchClock) WatchPoint {
	p := WatchPoint{
		Scope: r.group.Scope, What: r.thing.name, Clock: c.name, Method: watchMethod, YearFrom: r.from,
		Bar: c.bar, Dispersion: c.steady.Dispersion, N0: int64(r.count(c, r.from)), E0: c.exposure(r.from),
		Doubling: c.caught.doubling.Share, Tripling: c.caught.tripling.Share, Delay: c.caught.tripling.Delay,
	}
	if c.target > 0 {
		p.Method = targetMethod
	}
	return p
}

// pointAt is one clock's point at a mark.
func (r *race) pointAt(i int, c *watchClock, m mark) WatchPoint {
	p := r.pointBase(c)
	p.At, p.Latest = m.at, r.current && m.at == r.until
	p.N1, p.E1 = int64(r.count(c, m.at))-p.N0, c.exposure(m.at)-p.E0
	r.say(&p, c, i, m)
	return p
}

func (p *WatchPoint) refuse(state State, reading string) {
	p.State, p.Reading = state, reading
	p.Evidence, p.Better = math.NaN(), math.NaN()
	if p.Bar == 0 {
		p.Bar = math.NaN() // none was set for the year
	}
}

// say gives a point its figures, its state and its sentence.
func (r *race) say(p *WatchPoint, c *watchClock, i int, m mark) {
	switch {
	case c.unread != "":
		p.refuse(c.state, c.unread)
		return
	case !m.ready[i]:
		p.refuse(Insufficient, fmt.Sprintf("Not enough data: n = %s, needs 2 before a change could be seen. No figure is shown.",
			numbered(p.N0+p.N1, r.thing.what)))
		return
	case r.unnoticed(m.at):
		p.refuse(AssumptionFailed, "Not reported: nobody knows who noticed more than a third of the failures.")
		p.CrossedAt, p.AlarmSince = m.crossed[i], m.alarm
		return
	}
	p.State = OK
	p.Evidence, p.Better = evidenceOf(m.evidence[i]), evidenceOf(m.improved[i])
	p.CrossedAt, p.AlarmSince, p.BetterSince = m.crossed[i], m.alarm, m.better
	p.Reading = p.sentence(r.thing.what, r.otherClocks(i))
	if m.better == 0 && p.Better >= p.Bar && r.silent(m.at) {
		p.Reading += " Fewer are not called an improvement: nothing has been told of late, and that is as likely an end of reporting."
	}
}

// otherClocks says whether another clock can be read beside this one.
func (r *race) otherClocks(i int) bool {
	for k, c := range r.clocks {
		if k != i && c.unread == "" {
			return true
		}
	}
	return false
}

// sentence is the reading of a point that has figures.
func (p *WatchPoint) sentence(what string, other bool) string {
	out := fmt.Sprintf("Evidence of regression in %s is %s; the bar set beforehand is %s.", what, evidenceText(p.Evidence), evidenceText(p.Bar))
	switch {
	case p.AlarmSince != 0 && other:
		out += fmt.Sprintf(" Crossed on %s, by service-days and by deploys. This says what happened, not why.", dayOf(p.AlarmSince))
	case p.AlarmSince != 0:
		out += fmt.Sprintf(" Crossed on %s. This says what happened, not why.", dayOf(p.AlarmSince))
		if p.Clock == clockOfDays {
			out += " Deploys could not be read beside it: more of them may be behind it."
		}
	case p.CrossedAt != 0:
		out += fmt.Sprintf(" Crossed on %s by %s alone: no alarm, as the other clock does not agree, and a change of the number of deploys may be behind it.",
			dayOf(p.CrossedAt), clockWords[p.Clock])
	default:
		out += " Not crossed."
	}
	if p.BetterSince != 0 {
		out += fmt.Sprintf(" Evidence of improvement crossed the same bar on %s (%s now).", dayOf(p.BetterSince), evidenceText(p.Better))
	}
	if p.AlarmSince == 0 {
		out += " Low evidence is no proof of safety; " + p.powerText()
	}
	return out
}

func (p *WatchPoint) powerText() string {
	if math.IsNaN(p.Doubling) {
		return "with none before, nobody can tell how often a doubling would be caught."
	}
	return fmt.Sprintf("at this rate a doubling is caught within a year %s, a tripling %s.", inHundred(p.Doubling), inHundred(p.Tripling))
}

func inHundred(share float64) string {
	switch n := math.Round(100 * share); {
	case n < 1:
		return "less than once in 100"
	case n == 1:
		return "once in 100"
	case n > 99:
		return "more than 99 times in 100"
	default:
		return fmt.Sprintf("%.0f times in 100", n)
	}
}

// evidenceText keeps figures that nobody can weigh out of sentences.
func evidenceText(e float64) string {
	const most = 1e6
	if e > most {
		return "more than a million"
	}
	if e < 0.01 {
		return "less than 0.01"
	}
	return number(e)
}

// powerYears are simulated for each distinct plan.
const powerYears = 400

// caught is what a watch would do about a doubling and a tripling at week 16.
type caught struct{ doubling, tripling stats.Caught }

// powers are the plans that were simulated; many scopes share one.
var powers remembered[powerKey, caught]

type powerKey struct {
	before, weekly, dispersion, bar float64
	target                          bool
	seed                            uint64
}

// power is the chance that a change at week 16 is caught by the year's end, at
// the rate of the baseline or, where one is stated, at the target. It is told of
// the current year.
func (r *race) power(c *watchClock) caught {
	before, exposure := r.count(c, r.from), c.exposure(r.from)
	lastYear := exposure - c.exposure(max(r.start, r.from-watchYear))
	unknown := stats.Caught{Share: math.NaN(), Delay: math.NaN()}
	if !r.current || before == 0 && c.target == 0 || lastYear <= 0 || c.unread != "" || r.refused != "" {
		return caught{unknown, unknown}
	}
	// Rounded, the dispersion upwards, so that scopes of like rate share a simulation.
	key := powerKey{near(before), round(lastYear / weeksInYear / exposure), math.Ceil(4*c.steady.Dispersion) / 4, c.bar, false, r.settings.Seed}
	if c.target > 0 {
		key.before, key.weekly, key.target = round(c.target*lastYear/weeksInYear), 1, true
	}
	return powers.of(key, func() caught {
		plan := stats.WatchPlan{
			Before: key.before, Exposure: 1, Weekly: key.weekly, Factors: stats.Rises,
			Dispersion: key.dispersion, Bar: key.bar, Target: key.target,
		}
		return caught{plan.Power(2, powerYears, key.seed), plan.Power(3, powerYears, key.seed)}
	})
}

// round keeps two significant figures.
func round(x float64) float64 {
	if x == 0 {
		return 0
	}
	scale := math.Pow(10, 1-math.Floor(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

// near keeps counts to within 5 %.
func near(n float64) float64 {
	if n < 10 {
		return n
	}
	return math.Pow(1.1, math.Round(math.Log(n)/math.Log(1.1)))
}
