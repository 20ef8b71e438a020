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

// mishaps are all of them. There are several for each incident, so they are made
// whenever a service's turn comes, and nothing but what is no incident and no change is
// held: a failed change knows no mode and is merged with nothing.
type mishaps struct {
	window int64
	others map[string][]mishap // refuted experiments and near misses, by service
	placed byScope[string]     // the services of those
	room   []mishap            // of the service whose turn it is
}

func newMishaps(in *Input, mergeWindow int64) *mishaps {
	out := &mishaps{window: mergeWindow, others: map[string][]mishap{}, placed: byScope[string]{}}
	note := func(m mishap) {
		out.others[m.service] = append(out.others[m.service], m)
		out.placed.add(m.place, m.service)
	}
	for i := range in.Experiments {
		if e := &in.Experiments[i]; e.Verdict == "refuted" {
			note(mishap{place: placeOf(e.Service, e.Team, e.Environment, e.FailureMode), kind: "experiment", id: e.ID, at: e.at(), class: e.class()})
		}
	}
	for i := range in.NearMisses {
		n := &in.NearMisses[i]
		note(mishap{place: placeOf(n.Service, n.Team, n.Environment, n.FailureMode), kind: "near_miss", id: n.ID, at: n.At, class: contained})
	}
	return out
}

// of gives the mishaps of a service, or of a part of it, in order of time, merged apart by environment if
// asked for. They are others after the call.
func (m *mishaps) of(s *service, apart bool, do func(*mishap)) {
	told := m.room[:0]
	for _, i := range s.incidents {
		told = append(told, mishap{
			place: place{s.name, s.team, i.Environment, i.FailureMode},
			kind:  "incident", id: i.ID, at: i.At(), class: classOf(i),
		})
	}
	if others := m.others[s.name]; len(others) > 0 {
		told = append(told, others...)
		slices.SortFunc(told, compareMishaps)
	}
	m.room = told
	merged := mergeMishaps(told, s.failed, m.window, apart)
	var change mishap
	failed := s.failed
	for i := range merged {
		for len(failed) > 0 {
			f := failed[0]
			if f.blamed() {
				failed = failed[1:]
				continue
			}
			change = mishapOf(s, f)
			if compareMishaps(change, merged[i]) > 0 {
				break
			}
			do(&change)
			failed = failed[1:]
		}
		do(&merged[i])
	}
	for _, f := range failed {
		if !f.blamed() {
			change = mishapOf(s, f)
			do(&change)
		}
	}
}

func mishapOf(s *service, f *FailedChange) mishap {
	return mishap{
		place: place{s.name, s.team, f.Environment, ""},
		kind:  "change", id: f.ID, at: f.FinishedAt, until: f.FinishedAt, class: classNamed(f.Containment),
	}
}

func compareMishaps(a, b mishap) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(slices.Index(mishapKinds, a.kind), slices.Index(mishapKinds, b.kind)), cmp.Compare(a.id, b.id))
}

// each gives a scope's mishaps, service by service, each with the part of its service
// that the scope has: nil if it has none.
func (c *computation) eachMishap(g *group, do func(m *mishap, s *service)) {
	parts := map[string]*service{}
	wholes := make([]*service, 0, len(g.services))
	for _, s := range g.services {
		parts[s.entire().name] = s
		wholes = append(wholes, s.entire())
	}
	for _, name := range c.facts.mishaps.placed[g.Scope] { // what the scope has no incident and no change of
		if s := c.org.named[name]; s != nil && parts[name] == nil && !slices.Contains(wholes[len(g.services):], s) {
			wholes = append(wholes, s)
		}
	}
	if len(wholes) > len(g.services) {
		slices.SortFunc(wholes, func(a, b *service) int { return cmp.Compare(a.name, b.name) })
	}
	for _, s := range wholes {
		part := parts[s.name]
		if part == nil && g.Kind == failureMode {
			part = s // a mode that no incident of the service had
		}
		of := s
		if len(c.facts.mishaps.others[s.name]) == 0 {
			of = part // nothing else is merged with what the scope has of the service
		}
		c.facts.mishaps.of(of, g.Kind == environment, func(m *mishap) {
			if g.has(m.place) {
				do(m, part)
			}
		})
	}
}

// has says whether what happened somewhere belongs to the scope.
func (g *group) has(p place) bool {
	switch g.Kind {
	case team:
		return p.team == g.Name
	case oneService:
		return p.service == g.Name
	case environment:
		return p.environment == g.Name
	case failureMode:
		return p.mode == g.Name
	default:
		return true
	}
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

// mergeMishaps merges those of one service, sorted by time, in their place; apart by
// environment, as if nothing had been told of the others, if asked for. The changes are
// merged with nothing, and count in what share of all a mode is.
func mergeMishaps(told []mishap, changes []*FailedChange, mergeWindow int64, apart bool) []mishap {
	type key struct{ environment, mode string }
	open := map[key]int{}
	counts := map[key]float64{}
	all := map[string]float64{}
	weighed := false
	keyOf := func(m *mishap) key {
		if apart {
			return key{m.environment, m.mode}
		}
		return key{"", m.mode}
	}
	out := told[:0]
	for _, m := range told {
		k := keyOf(&m)
		if i, found := open[k]; found && m.at < out[i].until {
			out[i].class = max(out[i].class, m.class)
			out[i].merged = append(out[i].merged, m.id)
			continue
		}
		m.until = m.at
		if m.mode != "" {
			m.until += mergeWindow
			open[k] = len(out)
		}
		counts[k]++
		all[k.environment]++
		weighed = weighed || m.kind != "incident"
		out = append(out, m)
	}
	if !weighed { // the windows of incidents are in the clocks already
		return out
	}
	for _, f := range changes {
		if m := (mishap{place: place{environment: f.Environment}}); !f.blamed() {
			k := keyOf(&m)
			counts[k]++
			all[k.environment]++
		}
	}
	for i := range out {
		k := keyOf(&out[i])
		out[i].weight = counts[k] / all[k.environment]
	}
	return out
}

// met is how many mishaps of a scope in a window have exposure before them, of what
// class and kind, how many have none, and the service-days that the merging windows of
// those that are no incidents take from the scope's clock.
type met struct {
	n       int64
	classes [uncontained + 1]int64
	kinds   map[string]int
	opened  int
	dead    float64
}

// met counts within each of some windows, the first of which is everything. Evidence of
// each class goes to the metrics given.
func (c *computation) met(g *group, windows []window, metrics map[class]string) []met {
	out := make([]met, len(windows))
	for i := range out {
		out[i].kinds = map[string]int{}
	}
	books := make([][uncontained + 1]*book, len(windows))
	for i, w := range windows {
		for class, metric := range metrics {
			books[i][class] = c.ledger.of(account{metric, g.Scope, w.name})
		}
	}
	c.eachMishap(g, func(m *mishap, s *service) {
		exposed := s != nil && s.to > s.from && m.at > s.from && m.at <= s.to
		if exposed && m.kind != "incident" && m.until > m.at {
			for i, w := range windows {
				if days := days(min(m.until, s.to, w.to) - max(m.at, w.from)); days > 0 {
					out[i].dead += days * m.weight
				}
			}
		}
		for _, i := range holding(windows, m.at) {
			if !exposed {
				out[i].opened++
				continue
			}
			out[i].n++
			out[i].classes[m.class]++
			out[i].kinds[m.kind]++
			c.ledger.write(books[i][m.class], Entry{"event", m.kind, m.id})
		}
	})
	return out
}
