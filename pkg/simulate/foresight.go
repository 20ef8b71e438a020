package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// What is planted of foresight and of costs. A service whose team opens many
// improvements also looks ahead more often: the rates are for one that always does.
const (
	triedPerDay   = 1.0 / 60  // experiments a day
	missedPerDay  = 1.0 / 120 // near misses a day
	foreseenDaily = 1.0 / 120 // risks recorded a day
	refutes       = 0.35      // share of experiments that refute
	gotOut        = 0.1       // share of those that got out of their net
	lossTold      = 0.5       // share of those whose avoided loss is told
	comingMode    = 0.5       // share of refuting experiments and near misses that meet a mode still to come, if there is one
	horizonDays   = 90        // of every risk
	costed        = 0.3       // share of failures whose cost is told
	recosted      = 0.15      // share of those costs that a later one supersedes
	amendedLater  = 0.05      // share of all these that are corrected
	neverWas      = 0.02      // share that are retracted
)

// Costs of a failure, in euros: lognormal, told as a range.
var costing = lognormal{8000, 1}

type experiment struct {
	id, mode, kind string
	service        int
	at             int64
	refuted        bool
	escaped        bool
	low, high      int // of the loss avoided; 0 not told
}

type nearMiss struct {
	id, mode, avertedBy string
	service             int
	at                  int64
}

// risk states the true probability: predictions are calibrated.
type risk struct {
	id, mode    string
	service     int
	at          int64
	probability float64
}

type cost struct {
	id, failure, supersedes string
	at                      int64
	low, likely, high       int
}

// foresee makes what was tried, nearly happened, was feared, and was paid.
func (w *world) foresee() {
	for i := range w.services {
		s := &w.services[i]
		r := w.random(forForesight, uint64(i))
		own := w.modesOf(i)
		each := func(perDay float64, do func(day float64)) {
			for day := s.from + r.ExpFloat64()/perDay; day < s.to; day += r.ExpFloat64() / perDay {
				do(day)
			}
		}
		if s.opens > 0 {
			each(triedPerDay*s.opens, func(day float64) { w.try(r, i, own, day) })
			each(missedPerDay*s.opens, func(day float64) {
				w.nearMisses = append(w.nearMisses, &nearMiss{
					id: fmt.Sprintf("NM-%08X", r.Uint32()), mode: toCome(r, own, day), service: i, at: w.at(day),
					avertedBy: []string{"a quota", "a retry", "the review of a change", "spare capacity"}[r.IntN(4)],
				})
			})
			each(foreseenDaily*s.opens, func(day float64) { w.fear(r, i, own, day) })
		}
	}
	r := w.random(forForesight, uint64(len(w.services)))
	for _, f := range w.failures {
		if !f.counts() || r.Float64() >= costed {
			continue
		}
		c := w.costOf(r, f, f.resolved)
		if r.Float64() < recosted {
			w.costOf(r, f, c.at).supersedes = c.id
		}
	}
}

func (w *world) modesOf(service int) (own []*mode) {
	for _, m := range w.modes {
		if m.service == service {
			own = append(own, m)
		}
	}
	return own
}

// toCome is a mode that the service will meet later, or one that it never meets.
func toCome(r *rand.Rand, own []*mode, day float64) string {
	var coming []*mode
	for _, m := range own {
		if m.first > day+1 {
			coming = append(coming, m)
		}
	}
	if len(coming) > 0 && r.Float64() < comingMode {
		return coming[r.IntN(len(coming))].name
	}
	name := symptoms[r.IntN(len(symptoms))]
	if slices.ContainsFunc(own, func(m *mode) bool { return m.name == name }) {
		name += "-elsewhere"
	}
	return name
}

func (w *world) try(r *rand.Rand, service int, own []*mode, day float64) {
	x := &experiment{
		id: fmt.Sprintf("EXP-%08X", r.Uint32()), mode: toCome(r, own, day), service: service, at: w.at(day),
		kind: []string{"chaos", "game-day", "ab", "staging", "canary"}[r.IntN(5)], refuted: r.Float64() < refutes,
	}
	if x.refuted {
		x.escaped = r.Float64() < gotOut
		if r.Float64() < lossTold {
			likely := costing.draw(r)
			x.low, x.high = int(likely/2), int(likely*2)
		}
	}
	w.experiments = append(w.experiments, x)
}

// fear records a risk of a mode that failed before, with the probability that it
// fails within the horizon: 1 − exp(−∫ rate). The merging window after a failure
// is short against the horizon and left out.
func (w *world) fear(r *rand.Rand, service int, own []*mode, day float64) {
	var met []*mode
	for _, m := range own {
		if m.first < day {
			met = append(met, m)
		}
	}
	if len(met) == 0 {
		return
	}
	m := met[r.IntN(len(met))]
	unfixed := max(0, min(m.closed-day, horizonDays))
	expected := unfixed*m.unfixed + (horizonDays-unfixed)*heldPerDay
	w.risks = append(w.risks, &risk{
		id: fmt.Sprintf("RISK-%08X", r.Uint32()), mode: m.name, service: service, at: w.at(day),
		probability: math.Round(-math.Expm1(-expected)*1000) / 1000,
	})
}

func (w *world) costOf(r *rand.Rand, f *failure, after int64) *cost {
	likely := costing.draw(r)
	c := &cost{
		id: fmt.Sprintf("COST-%08X", r.Uint32()), failure: f.id, at: after + int64((2+20*r.Float64())*dayMillis),
		low: int(likely * 0.6), likely: int(likely), high: int(likely * 1.8),
	}
	w.costs = append(w.costs, c)
	return c
}

// tellForesight tells of what was tried, nearly happened, was feared or was costed in [from, to).
func (t *teller) tellForesight(from, to int64) {
	within := func(at int64) bool { return from <= at && at < to }
	for _, x := range t.experiments {
		if within(x.at) {
			t.tellExperiment(x)
		}
	}
	for _, n := range t.nearMisses {
		if within(n.at) {
			t.record("nearmiss", "recorded", n.id, n.at, map[string]any{
				"service": t.services[n.service].name, "environment": production, "failureMode": n.mode, "avertedBy": n.avertedBy,
			}, map[string]any{"avertedBy": "luck"})
		}
	}
	for _, k := range t.risks {
		if within(k.at) {
			t.record("risk", "recorded", k.id, k.at, map[string]any{
				"service": t.services[k.service].name, "failureMode": k.mode, "probability": k.probability, "horizonDays": horizonDays,
			}, map[string]any{"title": "discussed again"})
		}
	}
	for _, c := range t.costs {
		if within(c.at) {
			content := map[string]any{
				"failure": c.failure, "currency": "EUR", "low": c.low, "likely": c.likely, "high": c.high,
				"covers": []string{"revenue", "people-hours"}, "method": "finance's ledger",
			}
			if c.supersedes != "" {
				content["supersedes"] = c.supersedes
			}
			t.record("cost", "recorded", c.id, c.at, content, map[string]any{"covers": []string{"revenue", "people-hours", "credits"}})
		}
	}
}

func (t *teller) tellExperiment(x *experiment) {
	verdict := "held"
	content := map[string]any{
		"service": t.services[x.service].name, "environment": production, "kind": x.kind, "failureMode": x.mode,
		"hypothesis": "it keeps serving", "startedAt": stamp(x.at - hourMillis),
	}
	if x.refuted {
		verdict = "refuted"
		content["contained"] = !x.escaped
		if x.high > 0 {
			content["lossAvoided"] = map[string]any{"currency": "EUR", "low": x.low, "high": x.high}
		}
	}
	content["verdict"] = verdict
	t.record("experiment", "finished", x.id, x.at, content, map[string]any{"title": "written up"})
}

// record tells of an entity; now and then it is corrected afterwards, or one like it never was.
func (t *teller) record(subject, predicate, id string, at int64, content, correction map[string]any) {
	r := t.random
	told := fact{at: at, typ: own(subject + "." + predicate), source: trackerTool, subject: id, content: content}
	t.tell(told)
	if r.Float64() < amendedLater {
		t.tell(fact{at: at + hourMillis, typ: own(subject + ".amended"), source: trackerTool, subject: id, content: correction})
	}
	if r.Float64() < neverWas {
		told.subject, told.id = "GHOST-"+id, ""
		t.tell(told)
		t.tell(fact{at: at + minuteMillis, typ: own(subject + ".retracted"), source: trackerTool, subject: told.subject, content: map[string]any{"reason": "mistake"}})
	}
}
