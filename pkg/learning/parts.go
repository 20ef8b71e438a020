package learning

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// environments are the scopes of the log cut by environment: each as if nothing
// had been told of the others. A failure belongs to the environment that its
// incidents name, a service to those in which something was seen of it.
func (o *organisation) environments(mergeWindow int64) iter.Seq[*group] {
	return func(yield func(*group) bool) {
		within := map[string][]*service{}
		for _, s := range o.services {
			for name := range s.environments() {
				within[name] = append(within[name], s)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(within)) {
			g := &group{Scope: Scope{environment, name}}
			for _, s := range within[name] {
				part := s.within(name)
				part.failures = merge(part.incidents, asCalled, mergeWindow)
				if !o.past {
					o.recalled(part.failures)
				}
				part.modes = modeHistories(part.failures, o.closed.of(s.name))
				part.observe(o.asOf)
				g.services = append(g.services, part)
			}
			o.timed(g)
			if !slices.ContainsFunc(g.services, func(s *service) bool { return s.listed }) {
				g.unobserved = "Not reported: only failures tell which services run in " + name + ", so its exposure is not known. Deploys that name the environment would tell."
			}
			if !yield(g) {
				return
			}
		}
	}
}

// outlines are the organisation, its teams, environments and failure modes as far as
// they say which modes of which services are theirs, and which deploys: they have no
// failures and no clock.
func (o *organisation) outlines() iter.Seq[*group] {
	teams, environments, modes := map[string][]*service{}, map[string][]*service{}, map[string][]*service{}
	for _, s := range o.services {
		teams[s.team] = append(teams[s.team], s)
		for name := range s.environments() {
			part := &service{name: s.name, team: s.team, whole: s, environment: name}
			for i := range s.presence {
				if s.presence[i].Environment == name {
					part.deploys = s.presence[i].Deploys
				}
			}
			environments[name] = append(environments[name], part)
		}
		for _, h := range s.modes {
			mode := h.failures[0].mode
			modes[mode] = append(modes[mode], s)
		}
	}
	out := []*group{{Scope: Scope{Kind: wholeOrganisation}, services: o.services}}
	for kind, named := range map[string]map[string][]*service{team: teams, environment: environments} {
		for name, services := range named {
			out = append(out, &group{Scope: Scope{kind, name}, services: services})
		}
	}
	for _, g := range out {
		g.deploys = newDeployClock(g.services, o.asOf)
	}
	return func(yield func(*group) bool) {
		for _, g := range out {
			if !yield(g) {
				return
			}
		}
		for mode, services := range modes {
			g := &group{Scope: Scope{failureMode, mode}, deploys: out[0].deploys}
			for _, s := range services {
				g.services = append(g.services, &service{name: s.name, team: s.team, whole: s, mode: mode})
			}
			if !yield(g) {
				return
			}
		}
	}
}

// environments are those in which something was seen of the service.
func (s *service) environments() map[string]bool {
	out := map[string]bool{}
	for i := range s.presence {
		out[s.presence[i].Environment] = true
	}
	for _, row := range s.changes {
		out[row.Environment] = true
	}
	for _, row := range s.failed {
		out[row.Environment] = true
	}
	for _, i := range s.incidents {
		out[i.Environment] = true
	}
	delete(out, "")
	return out
}

// within is the part of a service in one environment.
func (s *service) within(name string) *service {
	p := &service{name: s.name, team: s.team, whole: s, environment: name}
	for i := range s.presence {
		if row := &s.presence[i]; row.Environment == name {
			p.listed = true
			p.from, p.to = row.AliveFrom, min(row.AliveTo, s.to)
			p.deploys = row.Deploys
		}
	}
	told := len(s.presence) > 0
	for _, row := range s.changes {
		if row.Environment != name {
			continue
		}
		p.changes = append(p.changes, row)
		if first, known := quarterNamed(row.Quarter); known && !told && first < s.to && s.to > s.from {
			p.seen(max(first, s.from), s.to)
		}
	}
	for _, row := range s.failed {
		if row.Environment == name {
			p.failed = append(p.failed, row)
		}
	}
	here := map[string]bool{}
	for _, i := range s.incidents {
		if i.Environment == name {
			p.incidents = append(p.incidents, i)
			if len(s.crossover) > 0 {
				here[i.ID] = true
			}
		}
	}
	for _, row := range s.crossover {
		if here[row.IncidentID] {
			p.crossover = append(p.crossover, row)
		}
	}
	return p
}

// seen: a change told that the service ran there.
func (s *service) seen(from, to int64) {
	if !s.listed {
		s.listed, s.from, s.to = true, from, to
	}
	s.from = min(s.from, from)
}

// modeGroups are the scopes of failure modes, each on all services together. Its
// exposure is that of every service, met by it or not: of the services that a
// mode was met on the rate is at least one failure in their time, however rare it is.
func (o *organisation) modeGroups() iter.Seq[*group] {
	return func(yield func(*group) bool) {
		met := map[string][]modeRows{}
		for _, s := range o.services {
			for mode, rows := range s.byMode() {
				met[mode] = append(met[mode], *rows)
			}
		}
		alive, deploys := lives(o.services), newDeployClock(o.services, o.asOf)
		for _, mode := range slices.Sorted(maps.Keys(met)) {
			g := &group{Scope: Scope{failureMode, mode}, deploys: deploys}
			for i := range met[mode] {
				g.services = append(g.services, met[mode][i].part(mode))
			}
			g.clock = alive.without(g.services)
			if !yield(g) {
				return
			}
		}
	}
}

// modeRows are what a service has of one mode.
type modeRows struct {
	whole        *service
	history      *modeHistory // nil: none of its failures was of it
	incidents    []*Incident
	gaps         []*MonitoringGap
	improvements []*Improvement
}

// part is the service as if nothing but the mode were known of it.
func (r *modeRows) part(mode string) *service {
	s := r.whole
	p := &service{
		name: s.name, team: s.team, whole: s, mode: mode, listed: s.listed, from: s.from, to: s.to,
		incidents: r.incidents, gaps: r.gaps, improvements: r.improvements,
	}
	if r.history != nil {
		p.failures, p.modes = r.history.failures, []*modeHistory{r.history}
	}
	return p
}

// byMode cuts a service.
func (s *service) byMode() map[string]*modeRows {
	parts := map[string]*modeRows{}
	of := func(mode string) *modeRows {
		p := parts[mode]
		if p == nil {
			p = &modeRows{whole: s}
			parts[mode] = p
		}
		return p
	}
	for _, h := range s.modes {
		of(h.failures[0].mode).history = h
	}
	from := map[string]string{} // modes of the failures that improvements came from
	for _, i := range s.improvements {
		if i.FailureMode == "" && i.FromFailure != "" {
			from[i.FromFailure] = ""
		}
	}
	for _, i := range s.incidents {
		if i.FailureMode == "" {
			continue
		}
		p := of(i.FailureMode)
		p.incidents = append(p.incidents, i)
		if _, asked := from[i.ID]; asked {
			from[i.ID] = i.FailureMode
		}
	}
	for _, g := range s.gaps {
		if g.FailureMode != "" {
			p := of(g.FailureMode)
			p.gaps = append(p.gaps, g)
		}
	}
	for _, i := range s.improvements {
		if name := cmp.Or(i.FailureMode, from[i.FromFailure]); name != "" {
			p := of(name)
			p.improvements = append(p.improvements, i)
		}
	}
	return parts
}

// quarterNamed is the first moment of a quarter given by its name.
func quarterNamed(name string) (int64, bool) {
	before, after, _ := strings.Cut(name, "-Q")
	year, err := strconv.Atoi(before)
	quarter, err2 := strconv.Atoi(after)
	if err != nil || err2 != nil {
		return 0, false
	}
	return time.Date(year, time.Month(3*quarter-2), 1, 0, 0, 0, 0, time.UTC).UnixMilli(), true
}
