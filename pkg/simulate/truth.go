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
	t.told()
	t.repeats()
	t.classes()
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
		t.plant(Planted{Metric: "learning_derivative." + part, Unit: "change_per_quarter", Value: math.Expm1(b * t.lastQuarter(alive)), Why: why})
		b = logLinearTrend(failures, deploys)
		t.plant(Planted{
			Metric: "learning_derivative." + part + ".per_deploy", Unit: "change_per_quarter", Value: math.Expm1(b * t.lastQuarter(deploys)),
			Why: fmt.Sprintf("%s; deployments grow by exp(%.2f·quarters)", why, deployGrowth),
		})
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

// told plants who told first: customers, and employees.
func (t *truth) told() {
	failures, alive, _ := t.daily()
	var all, days float64
	for i := range failures {
		all += failures[i]
		days += alive[i]
	}
	for _, by := range []struct {
		who   string
		share float64
	}{
		{"customer", t.mean(func(s *service) float64 { return s.customers })},
		{"employee", t.mean(func(s *service) float64 { return s.employees })},
	} {
		t.plant(Planted{
			Metric: "monitoring_gaps.told_by_" + by.who, Unit: "per_1000_service_days", Value: 1000 * all * by.share / days,
			Why: fmt.Sprintf("%.1f failures in %.0f service-days, of which %ss told first of %.0f %%", all, days, by.who, 100*by.share),
		})
		t.plant(Planted{
			Metric: "monitoring_gaps.told_by_" + by.who + ".share", Unit: "share", Value: by.share,
			Why: "the mean of the teams' shares, by their failures",
		})
	}
	close := lognormal{gapClosing.median * 24 * 60, gapClosing.spread}.seconds()
	t.plant(Planted{
		Metric: "monitoring_gaps.time_to_close", Unit: "seconds",
		Value: quantile(0.5, func(x float64) float64 { return gapClosed * close.probability(x) }),
		Why:   fmt.Sprintf("%.0f %% are ever closed; lognormal, median %g days", 100*gapClosed, gapClosing.median),
	})
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
		t.plant(Planted{
			Metric: fmt.Sprintf("repeat_rate.after_end.%.0fd", days), Unit: "share", Realised: true, Why: drawn,
			Value: mean(func(m *mode) float64 {
				before := min(max(m.closed-m.first-window, 0), days)
				return -math.Expm1(-m.unfixed*before - heldPerDay*(days-before))
			}),
		})
	}
	t.plant(Planted{
		Metric: fmt.Sprintf("repeat_rate.after_fix.mean_%dd", longest), Unit: "ratio", Why: held,
		Value: recurrences(longest, func(float64) float64 { return heldPerDay })[longest*perDay],
	})
	t.plant(Planted{
		Metric: fmt.Sprintf("repeat_rate.after_end.mean_%dd", longest), Unit: "ratio", Realised: true, Why: drawn,
		Value: mean(func(m *mode) float64 {
			return recurrences(longest, func(day float64) float64 { return m.rate(m.first + window + day) })[longest*perDay]
		}),
	})
}

// classes plants how the failures of known modes divide: repeats of what was
// declared fixed, of what lay open, and of what nobody had opened.
func (t *truth) classes() {
	var all, repeats, open, unaddressed float64
	n := 0
	for _, m := range t.modes {
		if !slices.Contains(t.services, m.service) {
			continue
		}
		n++
		end := t.world.services[m.service].to
		byDay := recurrences(end-m.first, func(day float64) float64 {
			if day < window {
				return 0
			}
			return m.rate(m.first + day)
		})
		until := func(day float64) float64 {
			return byDay[min(int((min(day, end)-m.first)*perDay), len(byDay)-1)]
		}
		last, closed, given, opened := until(end), until(m.closed), until(m.given), until(m.opened)
		lay := min(closed, given) - opened
		all += 1 + last
		repeats += last - closed
		open += lay
		unaddressed += closed - lay
	}
	why := fmt.Sprintf("expected of %d modes, from the time of each one's improvement", n)
	for _, class := range []struct {
		name  string
		value float64
	}{{"repeats", repeats}, {"known_open", open}, {"unaddressed", unaddressed}} {
		t.plant(Planted{Metric: "repeat_rate." + class.name, Unit: "share", Value: class.value / all, Realised: true, Why: why})
	}
}

// perDay is the number of steps in which a day is integrated.
const perDay = 24

// recurrences is the expected number of recurrences by each step of so many days
// when a mode recurs at rate(day), but not within the window of the recurrence
// before. What is at risk is what did not recur in the last `window` days.
func recurrences(days float64, rate func(float64) float64) []float64 {
	sum := make([]float64, int(days*perDay)+1)
	for i := range len(sum) - 1 {
		atRisk := 1 - sum[i]
		if back := i - window*perDay; back >= 0 {
			atRisk += sum[back]
		}
		sum[i+1] = sum[i] + atRisk*rate((float64(i)+0.5)/perDay)/perDay
	}
	return sum
}

// failedChanges plants the share of changes that fail, and how long until they are rolled back.
func (t *truth) failedChanges() {
	var failed, all, back, causedBacks float64
	for _, i := range t.services {
		s := &t.world.services[i]
		ordinary := s.deploys * integral(s.from, s.to, deployGrowth/quarterDays)
		causing := caused * t.expected(s)
		failed += ordinary*s.failing + causing*(1-(1-linked)*(1-causedBack))
		back += ordinary * s.failing * (1 - reportedFailed + reportedFailed*reportedBack)
		causedBacks += causing * causedBack
		if s.flags {
			ordinary *= 1 + flagShare
		}
		all += ordinary + causing
	}
	t.plant(Planted{
		Metric: "change_safety.failed_share", Unit: "share", Value: failed / all,
		Why: fmt.Sprintf("of %.0f changes %.0f fail, are rolled back or are stated as a cause", all, failed),
	})
	// One that causes an incident is rolled back when that is mitigated.
	var lags []float64
	for _, lag := range causeLag.seconds().grid(30) {
		for _, detect := range t.detecting().grid(40) {
			lags = append(lags, lag+detect)
		}
	}
	late := after(lags, mitigating.seconds())
	t.quantiles("rollback", func(x float64) float64 {
		return (back*rollingBack.seconds().probability(x) + causedBacks*late(x)) / (back + causedBacks)
	}, fmt.Sprintf("%.0f of them are rolled back, in the median after %g min; %.0f when the incident that they caused is mitigated", back, rollingBack.median, causedBacks))
}

// quantiles plants the median and the ninetieth percentile of a duration.
func (t *truth) quantiles(name string, cdf func(float64) float64, why string) {
	t.plant(Planted{Metric: "durations." + name + ".median", Unit: "seconds", Value: quantile(0.5, cdf), Why: why})
	t.plant(Planted{Metric: "durations." + name + ".p90", Unit: "seconds", Value: quantile(0.9, cdf), Why: why})
}

// detecting is the distribution of the time to detect in the scope.
func (t *truth) detecting() mixture {
	customers := t.mean(func(s *service) float64 { return s.customers })
	employees := t.mean(func(s *service) float64 { return s.employees })
	return mixture{
		{1 - customers - employees, detecting["monitoring"].seconds()},
		{customers, detecting["customer"].seconds()},
		{employees, detecting["employee"].seconds()},
	}
}

func (t *truth) durations() {
	detect := t.detecting()
	t.quantiles("detect", detect.probability, fmt.Sprintf("lognormal; monitors take %g min, employees %g, customers %g in the median",
		detecting["monitoring"].median, detecting["employee"].median, detecting["customer"].median))
	for _, d := range []struct {
		name string
		l    lognormal
	}{{"acknowledge", acknowledging}, {"mitigate", mitigating}, {"resolve", resolving}} {
		t.quantiles(d.name, d.l.seconds().probability,
			fmt.Sprintf("lognormal from detection, median %g min, sd of the logarithm %g", d.l.median, d.l.spread))
	}
}

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
	t.plant(Planted{
		Metric: "change_safety.excess", Unit: "share", Value: exposed / weight * (1 - d/n),
		Why: fmt.Sprintf("%.0f %% of failures are caused by a deployment within the window; deployments are more frequent where the comparison leaves less room", 100*caused),
	})
}

// changeRate is all changes of a service a day.
func (s *service) changeRate(day float64) float64 {
	rate := s.deployRate(day)
	if s.flags {
		rate *= 1 + flagShare
	}
	return rate + caused*s.failureRate(day)
}
