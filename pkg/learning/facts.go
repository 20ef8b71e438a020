package learning

import (
	"cmp"
	"slices"
)

// place is where something happened, as far as it is told.
type place struct{ service, team, environment, mode string }

func placeOf(service, owner, environment, mode string) place {
	if service == "" {
		service, owner = Unknown, unassigned
	}
	return place{service, cmp.Or(owner, unassigned), environment, mode}
}

// byScope gives the things of a scope, each in the order in which they were added.
type byScope[T any] map[Scope][]T

func (b byScope[T]) add(p place, thing T) {
	b.addOnly(p, thing, wholeOrganisation, team, oneService, environment, failureMode)
}

func (b byScope[T]) addOnly(p place, thing T, kinds ...string) {
	for _, kind := range kinds {
		name := map[string]string{team: p.team, oneService: p.service, environment: p.environment, failureMode: p.mode}[kind]
		if name != "" || kind == wholeOrganisation {
			b[Scope{kind, name}] = append(b[Scope{kind, name}], thing)
		}
	}
}

// facts are what is told beside incidents and changes, by scope and in order of time and then of id.
type facts struct {
	mishaps     *mishaps
	nearMisses  byScope[*NearMiss]
	experiments byScope[*Experiment]
	risks       byScope[*Risk]
	exercised   map[string]int64         // when a service was last, in any experiment that names it
	warnings    map[string][]*Warning    // by incident
	postmortems map[string][]*Postmortem // by incident
	costs       *costs
}

func newFacts(in *Input, o *organisation, settings Settings) *facts {
	f := &facts{
		nearMisses: byScope[*NearMiss]{}, experiments: byScope[*Experiment]{}, risks: byScope[*Risk]{},
		exercised: map[string]int64{}, warnings: map[string][]*Warning{}, postmortems: map[string][]*Postmortem{},
	}
	for _, n := range inTime(in.NearMisses, func(n *NearMiss) (int64, string) { return n.At, n.ID }) {
		f.nearMisses.add(placeOf(n.Service, n.Team, n.Environment, n.FailureMode), n)
	}
	for _, e := range inTime(in.Experiments, func(e *Experiment) (int64, string) { return e.at(), e.ID }) {
		f.experiments.add(placeOf(e.Service, e.Team, e.Environment, e.FailureMode), e)
		for _, name := range append([]string{e.Service}, e.Services...) {
			f.exercised[name] = max(f.exercised[name], e.at())
		}
	}
	for _, r := range inTime(in.Risks, func(r *Risk) (int64, string) { return r.RecordedAt, r.ID }) {
		f.risks.add(placeOf(r.Service, r.Team, r.Environment, r.FailureMode), r)
	}
	for _, w := range inTime(in.Warnings, func(w *Warning) (int64, string) { return w.At, w.Entity }) {
		f.warnings[w.IncidentID] = append(f.warnings[w.IncidentID], w)
	}
	for _, p := range inTime(in.Postmortems, func(p *Postmortem) (int64, string) { return p.PublishedAt, p.ID }) {
		for _, incident := range p.Incidents {
			f.postmortems[incident] = append(f.postmortems[incident], p)
		}
	}
	f.mishaps = newMishaps(in, settings.MergeWindow.Milliseconds())
	f.costs = newCosts(in, o, settings, f.mishaps)
	return f
}

// inTime gives the rows in the order of a time and then of an id.
func inTime[T any](rows []T, key func(*T) (int64, string)) []*T {
	out := make([]*T, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	slices.SortFunc(out, func(a, b *T) int {
		atA, idA := key(a)
		atB, idB := key(b)
		return cmp.Or(cmp.Compare(atA, atB), cmp.Compare(idA, idB))
	})
	return out
}

func (e *Experiment) at() int64 { return cmp.Or(e.FinishedAt, e.StartedAt) }

// clusters counts by service, in the order in which services are first met.
type clusters[T any] struct {
	index map[string]int
	of    []T
}

func (c *clusters[T]) at(service string) *T {
	i, found := c.index[service]
	if !found {
		if c.index == nil {
			c.index = map[string]int{}
		}
		i = len(c.of)
		c.index[service] = i
		c.of = append(c.of, *new(T))
	}
	return &c.of[i]
}
