package simulate

import (
	"fmt"
	"math"
	"slices"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// Planted is the true value of one metric, of the whole log. It is what the
// estimator estimates, computed from the parameters of the simulation.
type Planted struct {
	Metric string // as in learning.Estimate
	Scope  learning.Scope
	Value  float64
	Unit   string
	Why    string // which parameters make it
	// Realised: the parameters are averaged over the failure modes that came to
	// be, which are themselves drawn. No outcome of them enters.
	Realised bool
}

// Truth is what was planted, in a fixed order.
type Truth struct {
	AsOf    int64 // milliseconds since 1970; the estimates to compare with are those of this moment
	Planted []Planted
}

// Catalog is the catalogue file of the organisation. One service runs outside it.
func (s *Simulation) Catalog() catalog.Catalog { return s.world.catalog() }

// Truth computes what was planted, for the organisation and its teams.
func (s *Simulation) Truth() Truth {
	t := Truth{AsOf: s.world.end}
	everything := truth{world: s.world, scope: learning.Scope{Kind: "organisation"}}
	for i := range s.world.services {
		everything.services = append(everything.services, i)
	}
	t.Planted = everything.planted()
	for i, team := range s.world.teams {
		one := truth{world: s.world, scope: learning.Scope{Kind: "team", Name: team.name}, why: team.why}
		for j := range s.world.services {
			if s.world.services[j].team == i {
				one.services = append(one.services, j)
			}
		}
		t.Planted = append(t.Planted, one.planted()...)
	}
	return t
}

// truth computes the planted values of one scope.
type truth struct {
	*world
	scope    learning.Scope
	services []int
	why      string // how the team behaves
	all      []Planted
}

func (t *truth) plant(p Planted) {
	if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
		return // nothing of the kind was planted in this scope
	}
	p.Scope = t.scope
	t.all = append(t.all, p)
}

func (t *truth) planted() []Planted {
	t.trend()
	t.toldByCustomers()
	t.repeats()
	t.failedChanges()
	t.excess()
	t.durations()
	return t.all
}

// mean is the mean of a property of services, weighted by their expected failures.
func (t *truth) mean(of func(*service) float64) float64 {
	var sum, weight float64
	for _, i := range t.services {
		s := &t.world.services[i]
		n := t.expected(s)
		sum += n * of(s)
		weight += n
	}
	return sum / weight
}

// expected is the failures that a service is to be expected to have in the log.
func (t *truth) expected(s *service) float64 {
	return s.failures * integral(s.from, s.to, s.trend/quarterDays)
}

// daily gives failures, service-days and deployments expected on each day.
func (t *truth) daily() (failures, alive, deploys []float64) {
	n := int(math.Round(t.days()))
	failures, alive, deploys = make([]float64, n), make([]float64, n), make([]float64, n)
	for _, i := range t.services {
		s := &t.world.services[i]
		for day := range n {
			noon := float64(day) + 0.5
			if noon < s.from || noon >= s.to {
				continue
			}
			failures[day] += s.failureRate(noon)
			alive[day]++
			deploys[day] += s.deployRate(noon) + caused*s.failureRate(noon)
		}
	}
	return failures, alive, deploys
}

// lastQuarter is the exposure of the log's last 91 days.
func (t *truth) lastQuarter(exposure []float64) (sum float64) {
	for _, e := range exposure[max(len(exposure)-91, 0):] {
		sum += e
	}
	return sum
}

func (t *truth) trend() {
	failures, alive, deploys := t.daily()
	why := "services' rates change by exp(b·quarters) with their team's b"
	if t.why != "" {
		why = fmt.Sprintf("b = %+.2f a quarter: it %s", t.world.services[t.services[0]].trend, t.why)
	}
	beta := t.powerLaw()
	for _, part := range []string{"uncontained", "severe"} {
		b := logLinearTrend(failures, alive)
		t.plant(Planted{Metric: "learning_derivative." + part, Unit: "ratio", Value: math.Expm1(b * t.lastQuarter(alive)), Why: why})
		b = logLinearTrend(failures, deploys)
		t.plant(Planted{Metric: "learning_derivative." + part + ".per_deploy", Unit: "ratio", Value: math.Expm1(b * t.lastQuarter(deploys)),
			Why: fmt.Sprintf("%s; deployments grow by exp(%.2f·quarters)", why, deployGrowth)})
		t.plant(Planted{Metric: "learning_derivative." + part + ".since_start", Unit: "ratio", Value: beta, Why: why})
		t.plant(Planted{Metric: "learning_derivative." + part + ".per_doubling", Unit: "ratio", Value: math.Exp2(1 - 1/beta), Why: why})
	}
}

// powerLaw is what Crow–AMSAA's β estimates when every service counts from its own
// start: the failures over the mean of Σ ln(T/t).
func (t *truth) powerLaw() float64 {
	const steps = 2000
	var failures, logs float64
	for _, i := range t.services {
		s := &t.world.services[i]
		length := s.to - s.from
		for step := range steps {
			part := (float64(step) + 0.5) / steps
			w := s.failureRate(s.from+part*length) * length / steps
			failures += w
			logs -= w * math.Log(part)
		}
	}
	return failures / logs
}

func (t *truth) toldByCustomers() {
	failures, alive, _ := t.daily()
	share := t.mean(func(s *service) float64 { return s.customers })
	var told, days float64
	for i := range failures {
		told += failures[i]
		days += alive[i]
	}
	t.plant(Planted{Metric: "monitoring_gaps.told_by_customers", Unit: "per_1000_service_days", Value: 1000 * told * share / days,
		Why: fmt.Sprintf("%.1f failures in %.0f service-days, of which customers told first of %.0f %%", told, days, 100*share)})
	t.plant(Planted{Metric: "monitoring_gaps.told_by_customers.share", Unit: "share", Value: share, Why: "the mean of the teams' shares, by their failures"})
}

// repeats plants how likely a mode is to come back, and how often, on both clocks.
func (t *truth) repeats() {
	var modes []*mode
	for _, m := range t.modes {
		if slices.Contains(t.services, m.service) {
			modes = append(modes, m)
		}
	}
	held := fmt.Sprintf("a mode whose fix is declared closed recurs %.4f times a day", heldPerDay)
	drawn := fmt.Sprintf("mean over %d modes: %.3f or %.3f times a day until each one's fix, %.4f after", len(modes), notFixedPerDay[0], notFixedPerDay[1], heldPerDay)
	mean := func(of func(*mode) float64) (sum float64) {
		for _, m := range modes {
			sum += of(m)
		}
		return sum / float64(len(modes))
	}
	const longest = 180
	for _, days := range []float64{30, 90, longest} {
		t.plant(Planted{Metric: fmt.Sprintf("repeat_rate.after_fix.%.0fd", days), Unit: "share", Value: -math.Expm1(-heldPerDay * days), Why: held})
		t.plant(Planted{Metric: fmt.Sprintf("repeat_rate.after_end.%.0fd", days), Unit: "share", Realised: true, Why: drawn,
			Value: mean(func(m *mode) float64 {
				before := min(max(m.closed-m.first-window, 0), days)
				return -math.Expm1(-m.unfixed*before - heldPerDay*(days-before))
			})})
	}
	t.plant(Planted{Metric: fmt.Sprintf("repeat_rate.after_fix.mean_%dd", longest), Unit: "count", Why: held,
		Value: recurrences(longest, func(float64) float64 { return heldPerDay })})
	t.plant(Planted{Metric: fmt.Sprintf("repeat_rate.after_end.mean_%dd", longest), Unit: "count", Realised: true, Why: drawn,
		Value: mean(func(m *mode) float64 {
			return recurrences(longest, func(day float64) float64 { return m.rate(m.first + window + day) })
		})})
}

// recurrences is the expected number of recurrences in so many days when a mode
// recurs at rate(day), but not within the window of the recurrence before. What
// is at risk is what did not recur in the last `window` days.
func recurrences(days float64, rate func(float64) float64) float64 {
	const steps = 24 // a day
	n := int(days * steps)
	sum := make([]float64, n+1)
	for i := range n {
		atRisk := 1.0
		if back := i - window*steps; back >= 0 {
			atRisk -= sum[i] - sum[back]
		} else {
			atRisk -= sum[i]
		}
		sum[i+1] = sum[i] + atRisk*rate((float64(i)+0.5)/steps)/steps
	}
	return sum[n]
}

func (t *truth) failedChanges() {
	var failed, all float64
	for _, i := range t.services {
		s := &t.world.services[i]
		ordinary := s.deploys * integral(s.from, s.to, deployGrowth/quarterDays)
		causing := caused * t.expected(s)
		failed += ordinary*s.failing*(1-reportedFailed) + ordinary*s.failing*reportedFailed
		failed += causing * (1 - (1-linked)*(1-causedBack))
		if s.flags {
			ordinary *= 1 + flagShare
		}
		all += ordinary + causing
	}
	t.plant(Planted{Metric: "change_safety.failed", Unit: "share", Value: failed / all,
		Why: fmt.Sprintf("of %.0f changes %.0f fail, are rolled back or are stated as a cause", all, failed)})
}

func (t *truth) durations() {
	plant := func(name string, cdf func(float64) float64, why string) {
		for _, q := range []struct {
			name string
			p    float64
		}{{"median", 0.5}, {"p90", 0.9}} {
			t.plant(Planted{Metric: "durations." + name + "." + q.name, Unit: "seconds", Value: quantile(q.p, cdf), Why: why})
		}
	}
	customers := t.mean(func(s *service) float64 { return s.customers })
	employees := t.mean(func(s *service) float64 { return s.employees })
	shares := map[string]float64{"monitoring": 1 - customers - employees, "employee": employees, "customer": customers}
	mixture := func(part func(lognormal) func(float64) float64) func(float64) float64 {
		parts := map[string]func(float64) float64{}
		for who, l := range detecting {
			parts[who] = part(l)
		}
		return func(x float64) (p float64) {
			for _, who := range []string{"monitoring", "employee", "customer"} {
				p += shares[who] * parts[who](x)
			}
			return p
		}
	}
	plant("detect", mixture(func(l lognormal) func(float64) float64 { return l.seconds().probability }),
		fmt.Sprintf("lognormal; monitors take %g min, employees %g, customers %g in the median", detecting["monitoring"].median, detecting["employee"].median, detecting["customer"].median))
	for _, d := range []struct {
		name string
		l    lognormal
	}{{"acknowledge", acknowledging}, {"mitigate", mitigating}, {"resolve", resolving}} {
		plant(d.name, d.l.seconds().probability, fmt.Sprintf("lognormal from detection, median %g min, sd of the logarithm %g", d.l.median, d.l.spread))
	}
	days := lognormal{closing.median * 24 * 60, closing.spread}
	plant("improvement_closed", days.seconds().probability, fmt.Sprintf("lognormal, median %g days", closing.median))
}

// seconds turns a distribution of minutes into one of seconds.
func (l lognormal) seconds() lognormal { return lognormal{l.median * 60, l.spread} }

// excess is what the case-crossover estimates: x̄(1 − D/N) with each service's and
// hour's own probability that the window before holds an ordinary deployment.
// Where that probability is not the same everywhere, this is not quite the share
// that was caused: the odds ratio is pooled over hours that leave different room.
func (t *truth) excess() {
	const windowHours = 24
	var n, d, exposed, weight float64
	for _, i := range t.services {
		s := &t.world.services[i]
		for at := range int(math.Ceil(t.days() / quarterDays)) {
			day := (float64(at) + 0.5) * quarterDays
			failures := s.failureRate(day)
			if failures == 0 {
				continue
			}
			perDay := s.changeRate(day)
			for _, dep := range s.deps {
				perDay += t.world.services[dep].changeRate(day)
			}
			for hour := range 168 {
				var busy float64
				for back := range windowHours {
					busy += deployWeek[(hour-back+168)%168] / 24
				}
				p := -math.Expm1(-perDay * busy)
				w := failures * failureWeek[hour]
				x := caused + (1-caused)*p
				weight += w
				exposed += w * x
				n += w * x * (1 - p)
				d += w * (1 - x) * p
			}
		}
	}
	t.plant(Planted{Metric: "change_safety.excess", Unit: "share", Value: exposed / weight * (1 - d/n),
		Why: fmt.Sprintf("%.0f %% of failures are caused by a deployment within the window; deployments are more frequent where the comparison leaves less room", 100*caused)})
}

// changeRate is all changes of a service a day.
func (s *service) changeRate(day float64) float64 {
	rate := s.deployRate(day)
	if s.flags {
		rate *= 1 + flagShare
	}
	return rate + caused*s.failureRate(day)
}
