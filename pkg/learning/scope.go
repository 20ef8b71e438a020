package learning

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Unknown is the scope of incidents that name no service. Nothing is known of
// its exposure, so it has shares and durations but no rates.
const Unknown = "(unknown)"

const unassigned = "unassigned"

// service is all that happened on one service, each slice in order of time and then of id.
type service struct {
	name, team string
	tier       string // the organisation's own word
	listed     bool   // the input knows its exposure
	from, to   int64  // alive; equal when nothing is known of its exposure
	aliveFrom  int64  // as the input has it
	aliveTo    int64
	incidents  []*Incident
	failures   []*failure
	modes      []*modeHistory
	deploys    Deploys
	gaps       []*MonitoringGap
	changes    []*ChangeCount
	failed     []*FailedChange
	crossover  []*Crossover
	presence   []Presence

	improvements []*Improvement

	whole             *service // what this is a part of; nil: it is whole
	environment, mode string   // which part
}

// entire is the service that this is, or is a part of.
func (s *service) entire() *service {
	if s.whole != nil {
		return s.whole
	}
	return s
}

// holds says whether a mode of the entire service belongs to this part of it:
// to an environment if it was first met there.
func (s *service) holds(h *modeHistory) bool {
	first := h.failures[0]
	return (s.mode == "" || s.mode == first.mode) && (s.environment == "" || s.environment == first.first.Environment)
}

// group is a scope with its services, sorted by name.
type group struct {
	Scope
	services []*service
	clock    clock // service-days
	deploys  deployClock

	unobserved string  // why its exposure is not known; "" if it is
	moments    []int64 // see told
}

// organisation is the input, sorted into services; what is no failure is counted apart.
type organisation struct {
	services   []*service
	named      map[string]*service
	again      []*Recurrence   // by incident, sorted by its id
	unended    map[string]bool // as UnendedBefore
	drills     []*Incident
	duplicates []*Incident
	undated    []*Incident
	closed     improvements // by when the closing was witnessed
	open       improvements // at as_of
	openable   improvements // that were ever opened
	start      int64        // of the earliest exposure or failure
	asOf       int64
	past       bool // as it was at a quarter's end, of which trends alone are asked
}

func newOrganisation(in *Input, mergeWindow int64) *organisation {
	index := map[string]*service{}
	o := &organisation{named: index, again: recurrences(in.Recurrences), unended: UnendedBefore(in), asOf: in.AsOf}
	of := func(name, owner string) *service {
		if name == "" {
			name, owner = Unknown, unassigned
		}
		s := index[name]
		if s == nil {
			s = &service{name: name, team: cmp.Or(owner, unassigned)}
			index[name] = s
			o.services = append(o.services, s)
		}
		return s
	}
	for i := range in.Services {
		row := &in.Services[i]
		s := of(row.Name, row.Team)
		s.listed, s.tier = true, row.Tier
		s.from, s.to = row.AliveFrom, min(row.AliveTo, in.AsOf)
		s.aliveFrom, s.aliveTo = s.from, s.to
		s.deploys = row.Deploys
		s.presence = row.Environments
	}
	byID := map[string]*Incident{}
	for i := range in.Incidents {
		incident := &in.Incidents[i]
		byID[incident.ID] = incident
		switch {
		case incident.IsDrill:
			o.drills = append(o.drills, incident)
		case incident.DuplicateOf != "":
			o.duplicates = append(o.duplicates, incident)
		case incident.At() == 0:
			o.undated = append(o.undated, incident)
		default:
			s := of(incident.Service, incident.Team)
			s.incidents = append(s.incidents, incident)
		}
	}
	sortIncidents(o.drills)
	sortIncidents(o.duplicates)
	sortIncidents(o.undated)
	for i := range in.Gaps {
		s := of(in.Gaps[i].Service, in.Gaps[i].Team)
		s.gaps = append(s.gaps, &in.Gaps[i])
	}
	for i := range in.Changes {
		s := of(in.Changes[i].Service, in.Changes[i].Team)
		s.changes = append(s.changes, &in.Changes[i])
	}
	for i := range in.FailedChange {
		s := of(in.FailedChange[i].Service, in.FailedChange[i].Team)
		s.failed = append(s.failed, &in.FailedChange[i])
	}
	for i := range in.Crossover {
		if of, known := byID[in.Crossover[i].IncidentID]; known {
			if s := index[cmp.Or(of.Service, Unknown)]; s != nil {
				s.crossover = append(s.crossover, &in.Crossover[i])
			}
		}
	}
	for i := range in.Improvements {
		row := &in.Improvements[i]
		name, owner := row.Service, row.Team
		if from := byID[row.FromFailure]; name == "" && from != nil {
			name, owner = from.Service, from.Team
		}
		s := of(name, owner)
		s.improvements = append(s.improvements, row)
	}
	for i := range in.Experiments {
		of(in.Experiments[i].Service, in.Experiments[i].Team)
	}
	for i := range in.NearMisses {
		of(in.NearMisses[i].Service, in.NearMisses[i].Team)
	}
	for i := range in.Risks {
		of(in.Risks[i].Service, in.Risks[i].Team)
	}
	slices.SortFunc(o.services, func(a, b *service) int { return cmp.Compare(a.name, b.name) })
	o.open = openImprovements(in.Improvements, byID)
	o.closed = closedImprovements(in.Improvements, byID)
	o.openable = placed(in.Improvements, byID, openedAt)
	o.start = in.AsOf
	for _, s := range o.services {
		s.sort()
		s.failures = o.recalled(merge(s.incidents, asCalled, mergeWindow))
		fixes := o.closed.of(s.name)
		s.modes = modeHistories(s.failures, fixes)
		s.observe(in.AsOf)
		o.start = min(o.start, s.earliest(in.AsOf))
	}
	return o
}

func (s *service) sort() {
	sortIncidents(s.incidents)
	slices.SortFunc(s.gaps, func(a, b *MonitoringGap) int {
		return cmp.Or(cmp.Compare(a.FoundAt, b.FoundAt), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.improvements, func(a, b *Improvement) int {
		return cmp.Or(cmp.Compare(a.OpenedAt, b.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.changes, func(a, b *ChangeCount) int {
		return cmp.Or(cmp.Compare(a.Quarter, b.Quarter), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Rollout, b.Rollout),
			cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Changes, b.Changes), cmp.Compare(a.Failed, b.Failed))
	})
	slices.SortFunc(s.failed, func(a, b *FailedChange) int {
		return cmp.Or(cmp.Compare(a.FinishedAt, b.FinishedAt), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.crossover, func(a, b *Crossover) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.IncidentID, b.IncidentID))
	})
}

// observe sets what exposure the service has. A failure outside the time it
// was known to be alive shows that it was: the time is widened to it. One at
// its very first sign opens the observation. A service known by its failures
// alone is taken to live on.
func (s *service) observe(asOf int64) {
	if s.name == Unknown {
		return
	}
	if !s.listed && len(s.failures) > 0 {
		s.from, s.to = s.failures[0].at, asOf
	}
	for _, f := range s.failures {
		s.from = min(s.from, f.at)
		s.to = max(s.to, f.at)
	}
	s.to = max(s.to, s.from)
	for _, f := range s.failures {
		f.opens = f.at <= s.from
	}
}

// earliest is the service's first moment of any kind.
func (s *service) earliest(asOf int64) int64 {
	first := asOf
	note := func(t int64) {
		if t > 0 {
			first = min(first, t)
		}
	}
	note(s.from)
	if len(s.incidents) > 0 {
		note(s.incidents[0].At())
	}
	if len(s.gaps) > 0 {
		note(s.gaps[0].FoundAt)
	}
	if len(s.failed) > 0 {
		note(s.failed[0].FinishedAt)
	}
	for day := range s.deploys.Days() {
		note(day.from())
		break
	}
	return first
}

// improvements are those closed by service, then by mode, the first witnessed first; or those open, the first opened first.
type improvements map[string]map[string][]*Improvement

// closedImprovements places improvements. One that names no service or mode
// takes those of the failure it came from; one that still names no service
// holds for its mode on every service.
func closedImprovements(rows []Improvement, incidents map[string]*Incident) improvements {
	return placed(rows, incidents, func(i *Improvement) int64 { return i.WitnessedClosedAt })
}

// openImprovements are neither closed, unless they were opened again, nor abandoned.
func openImprovements(rows []Improvement, incidents map[string]*Incident) improvements {
	return placed(rows, incidents, func(i *Improvement) int64 {
		if (i.ClosedAt != 0 || i.WitnessedClosedAt != 0) && i.ReopenedAt == 0 || i.AbandonedAt != 0 {
			return 0
		}
		return i.OpenedAt
	})
}

// placed are the improvements that have a time.
func placed(rows []Improvement, incidents map[string]*Incident, time func(*Improvement) int64) improvements {
	out := improvements{}
	sorted := make([]*Improvement, 0, len(rows))
	for i := range rows {
		if time(&rows[i]) != 0 {
			sorted = append(sorted, &rows[i])
		}
	}
	slices.SortFunc(sorted, func(a, b *Improvement) int {
		return cmp.Or(cmp.Compare(time(a), time(b)), cmp.Compare(a.ID, b.ID))
	})
	for _, improvement := range sorted {
		name, mode := improvement.Service, improvement.FailureMode
		if from := incidents[improvement.FromFailure]; from != nil {
			name, mode = cmp.Or(name, from.Service), cmp.Or(mode, from.FailureMode)
		}
		if mode == "" {
			continue
		}
		if out[name] == nil {
			out[name] = map[string][]*Improvement{}
		}
		out[name][mode] = append(out[name][mode], improvement)
	}
	return out
}

// of gives a service's improvements by mode, those for every service included.
func (i improvements) of(name string) map[string][]*Improvement {
	own, everywhere := i[name], i[""]
	if len(everywhere) == 0 {
		return own
	}
	out := map[string][]*Improvement{}
	for mode, list := range own {
		out[mode] = list
	}
	for mode, list := range everywhere {
		merged := append(slices.Clone(out[mode]), list...)
		slices.SortStableFunc(merged, func(a, b *Improvement) int { return cmp.Compare(a.WitnessedClosedAt, b.WitnessedClosedAt) })
		out[mode] = merged
	}
	return out
}

// recurrences are the rows sorted by their incidents, to be found by these: a map of a
// million incidents takes five times as much.
func recurrences(rows []Recurrence) []*Recurrence {
	out := make([]*Recurrence, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	slices.SortFunc(out, func(a, b *Recurrence) int { return cmp.Compare(a.IncidentID, b.IncidentID) })
	return out
}

// recurrence is that of an incident, nil if its mode had not been met before.
func (o *organisation) recurrence(incident string) *Recurrence {
	i, found := slices.BinarySearchFunc(o.again, incident, func(r *Recurrence, id string) int { return cmp.Compare(r.IncidentID, id) })
	if !found {
		return nil
	}
	return o.again[i]
}

// recalled are failures that know what they repeat.
func (o *organisation) recalled(failures []*failure) []*failure {
	for _, f := range failures {
		f.again = o.recurrence(f.first.ID)
	}
	return failures
}

// groups are the scopes: the organisation, its teams, services, environments and
// failure modes. Each is made when its turn comes: all at once they take more than the
// rows they are of.
func (o *organisation) groups(mergeWindow int64) iter.Seq[*group] {
	return inTurn(o.teams(), o.each(), o.environments(mergeWindow), o.modeGroups())
}

func inTurn(all ...iter.Seq[*group]) iter.Seq[*group] {
	return func(yield func(*group) bool) {
		for _, groups := range all {
			for g := range groups {
				if !yield(g) {
					return
				}
			}
		}
	}
}

// entirety is the organisation as a scope.
func (o *organisation) entirety() *group {
	return o.timed(&group{Scope: Scope{Kind: wholeOrganisation}, services: o.services})
}

func (o *organisation) timed(g *group) *group {
	g.clock = newClock(g.services)
	g.deploys = newDeployClock(g.services, o.asOf)
	return g
}

// teams are the organisation and its teams.
func (o *organisation) teams() iter.Seq[*group] {
	return func(yield func(*group) bool) {
		if !yield(o.entirety()) {
			return
		}
		teams := map[string][]*service{}
		for _, s := range o.services {
			teams[s.team] = append(teams[s.team], s)
		}
		for _, name := range slices.Sorted(maps.Keys(teams)) {
			if !yield(o.timed(&group{Scope: Scope{team, name}, services: teams[name]})) {
				return
			}
		}
	}
}

// each service is a scope.
func (o *organisation) each() iter.Seq[*group] {
	return func(yield func(*group) bool) {
		for _, s := range o.services {
			if !yield(o.timed(&group{Scope: Scope{oneService, s.name}, services: []*service{s}})) {
				return
			}
		}
	}
}
