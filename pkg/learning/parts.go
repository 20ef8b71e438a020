package learning

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// environments are the scopes of the log cut by environment: each as if nothing
// had been told of the others. A failure belongs to the environment that its
// incidents name, a service to those in which something was seen of it.
func (o *organisation) environments(mergeWindow int64) []*group {
	groups := map[string]*group{}
	for _, s := range o.services {
		for _, part := range s.byEnvironment() {
			part.failures = merge(part.incidents, asCalled, mergeWindow)
			part.modes = modeHistories(part.failures, o.closed.of(s.name))
			part.observe(o.asOf)
			g := groups[part.environment]
			if g == nil {
				g = &group{Scope: Scope{environment, part.environment}}
				groups[part.environment] = g
			}
			g.services = append(g.services, part)
		}
	}
	out := sorted(groups)
	for _, g := range out {
		g.clock = newClock(g.services)
		g.deploys = newDeployClock(g.services, o.asOf)
		if !slices.ContainsFunc(g.services, func(s *service) bool { return s.listed }) {
			g.unobserved = "Not reported: only failures tell which services run in " + g.Name + ", so its exposure is not known. Deploys that name the environment would tell."
		}
	}
	return out
}

// byEnvironment cuts a service, in the order of the environments' names.
func (s *service) byEnvironment() []*service {
	parts := map[string]*service{}
	of := func(name string) *service {
		p := parts[name]
		if p == nil {
			p = &service{name: s.name, team: s.team, whole: s, environment: name}
			parts[name] = p
		}
		return p
	}
	for i := range s.presence {
		row := &s.presence[i]
		p := of(row.Environment)
		p.listed = true
		p.from, p.to = row.AliveFrom, min(row.AliveTo, s.to)
		p.deploys = AddDeploys(row.Deploys)
	}
	told := len(s.presence) > 0
	for _, row := range s.changes {
		p := of(row.Environment)
		p.changes = append(p.changes, row)
		if first, known := quarterNamed(row.Quarter); known && !told && first < s.to && s.to > s.from {
			p.seen(max(first, s.from), s.to)
		}
	}
	for _, row := range s.failed {
		p := of(row.Environment)
		p.failed = append(p.failed, row)
	}
	where := map[string]string{}
	for _, i := range s.incidents {
		p := of(i.Environment)
		p.incidents = append(p.incidents, i)
		where[i.ID] = i.Environment
	}
	for _, row := range s.crossover {
		if name, known := where[row.IncidentID]; known {
			p := of(name)
			p.crossover = append(p.crossover, row)
		}
	}
	delete(parts, "")
	out := make([]*service, 0, len(parts))
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		out = append(out, parts[name])
	}
	return out
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
func (o *organisation) modeGroups() []*group {
	groups := map[string]*group{}
	for _, s := range o.services {
		for _, part := range s.byMode() {
			g := groups[part.mode]
			if g == nil {
				g = &group{Scope: Scope{failureMode, part.mode}}
				groups[part.mode] = g
			}
			g.services = append(g.services, part)
		}
	}
	alive, deploys := lives(o.services), newDeployClock(o.services, o.asOf)
	out := sorted(groups)
	for _, g := range out {
		g.clock = alive.without(g.services)
		g.deploys = deploys
	}
	return out
}

// byMode cuts a service, in the order of the modes' first failures and then of their names.
func (s *service) byMode() []*service {
	parts := map[string]*service{}
	var out []*service
	of := func(mode string) *service {
		p := parts[mode]
		if p == nil {
			p = &service{name: s.name, team: s.team, whole: s, mode: mode, listed: s.listed, from: s.from, to: s.to}
			parts[mode] = p
			out = append(out, p)
		}
		return p
	}
	for _, h := range s.modes {
		p := of(h.failures[0].mode)
		p.failures = h.failures
		p.modes = []*modeHistory{h}
		for _, f := range h.failures {
			if to := min(f.until, s.to); to > f.at {
				p.dead = append(p.dead, dead{f.at, to, 1})
			}
		}
	}
	mode := map[string]string{}
	for _, i := range s.incidents {
		if i.FailureMode != "" {
			p := of(i.FailureMode)
			p.incidents = append(p.incidents, i)
			mode[i.ID] = i.FailureMode
		}
	}
	for _, g := range s.gaps {
		if g.FailureMode != "" {
			p := of(g.FailureMode)
			p.gaps = append(p.gaps, g)
		}
	}
	for _, i := range s.improvements {
		if name := cmp.Or(i.FailureMode, mode[i.FromFailure]); name != "" {
			p := of(name)
			p.improvements = append(p.improvements, i)
		}
	}
	return out
}

func sorted(groups map[string]*group) []*group {
	return slices.SortedFunc(maps.Values(groups), func(a, b *group) int { return cmp.Compare(a.Name, b.Name) })
}

// quarterNamed is the first moment of a quarter given by its name.
func quarterNamed(name string) (int64, bool) {
	var year, quarter int
	if n, err := fmt.Sscanf(name, "%d-Q%d", &year, &quarter); n != 2 || err != nil {
		return 0, false
	}
	return time.Date(year, time.Month(3*quarter-2), 1, 0, 0, 0, 0, time.UTC).UnixMilli(), true
}
