package learning

import (
	"cmp"
	"slices"
)

// mishap is a failure of any kind: an incident, a failed or rolled-back change,
// a refuted experiment, a near miss. As with incidents, those of one mode on
// one service within the merging window of the first are one, which is as bad
// as the worst of them.
type mishap struct {
	place
	kind, id  string   // of the first
	merged    []string // ids of the others
	at, until int64
	class     class
	weight    float64 // share of its mode of the mishaps of its service: what its window takes from the exposure
}

// The kinds of a mishap, as evidence names them.
var mishapKinds = []string{"incident", "change", "experiment", "near_miss"}

// mishaps are all of them, by scope.
func mishaps(in *Input, o *organisation, mergeWindow int64) byScope[*mishap] {
	byService := map[string][]mishap{}
	for _, s := range o.services {
		for _, i := range s.incidents {
			byService[s.name] = append(byService[s.name], mishap{
				place: place{s.name, s.team, i.Environment, i.FailureMode},
				kind:  "incident", id: i.ID, at: i.At(), class: classOf(i),
			})
		}
		for _, f := range s.failed {
			if !f.blamed() {
				byService[s.name] = append(byService[s.name], mishap{
					place: place{s.name, s.team, f.Environment, ""},
					kind:  "change", id: f.ID, at: f.FinishedAt, class: classNamed(f.Containment),
				})
			}
		}
	}
	for i := range in.Experiments {
		if e := &in.Experiments[i]; e.Verdict == "refuted" {
			p := placeOf(e.Service, e.Team, e.Environment, e.FailureMode)
			byService[p.service] = append(byService[p.service], mishap{place: p, kind: "experiment", id: e.ID, at: e.at(), class: e.class()})
		}
	}
	for i := range in.NearMisses {
		n := &in.NearMisses[i]
		p := placeOf(n.Service, n.Team, n.Environment, n.FailureMode)
		byService[p.service] = append(byService[p.service], mishap{place: p, kind: "near_miss", id: n.ID, at: n.At, class: contained})
	}
	out := byScope[*mishap]{}
	for _, s := range o.services {
		told := byService[s.name]
		slices.SortFunc(told, func(a, b mishap) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(slices.Index(mishapKinds, a.kind), slices.Index(mishapKinds, b.kind)), cmp.Compare(a.id, b.id))
		})
		for _, m := range mergeMishaps(told, mergeWindow, false) {
			out.addOnly(m.place, m, wholeOrganisation, team, oneService, failureMode)
		}
		for _, m := range mergeMishaps(told, mergeWindow, true) {
			out.addOnly(m.place, m, environment)
		}
	}
	return out
}

// blamed: it is a cause of an incident, and one failure with it.
func (f *FailedChange) blamed() bool {
	return f.Blamed || f.Why == "stated" || f.Why == "corroborated"
}

// class of a refuted experiment: it is a net itself.
func (e *Experiment) class() class {
	if e.Containment == "escaped" {
		return escaped
	}
	return contained
}

// mergeMishaps merges those of one service, sorted by time; apart by
// environment, as if nothing had been told of the others, if asked for.
func mergeMishaps(told []mishap, mergeWindow int64, apart bool) []*mishap {
	type key struct{ environment, mode string }
	open := map[key]*mishap{}
	counts := map[key]float64{}
	all := map[string]float64{}
	var out []*mishap
	keyOf := func(m *mishap) key {
		if apart {
			return key{m.environment, m.mode}
		}
		return key{"", m.mode}
	}
	for i := range told {
		m := told[i]
		k := keyOf(&m)
		if first := open[k]; first != nil && m.at < first.until {
			first.class = max(first.class, m.class)
			first.merged = append(first.merged, m.id)
			continue
		}
		m.until = m.at
		if m.mode != "" {
			m.until += mergeWindow
			open[k] = &m
		}
		counts[k]++
		all[k.environment]++
		out = append(out, &m)
	}
	for _, m := range out {
		k := keyOf(m)
		m.weight = counts[k] / all[k.environment]
	}
	return out
}

// met are a scope's mishaps in a window that have exposure before them, how
// many have none, and the service-days that the merging windows of those that
// are no incidents take from the scope's clock.
func (c *computation) met(g *group, w window) (met []*mishap, opened int, dead float64) {
	services := map[string]*service{}
	for _, s := range g.services {
		services[s.entire().name] = s
	}
	for _, m := range c.facts.mishaps[g.Scope] {
		s := services[m.service]
		if s == nil && g.Kind == failureMode {
			s = c.org.named[m.service] // a mode that no incident of the service had
		}
		exposed := s != nil && s.to > s.from && m.at > s.from && m.at <= s.to
		if exposed && m.kind != "incident" {
			if days := days(min(m.until, s.to, w.to) - max(m.at, w.from)); days > 0 {
				dead += days * m.weight
			}
		}
		switch {
		case !w.holds(m.at):
		case exposed:
			met = append(met, m)
		default:
			opened++
		}
	}
	return met, opened, dead
}
