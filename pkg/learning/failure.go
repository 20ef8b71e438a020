package learning

import (
	"cmp"
	"slices"
)

// failure is one incident, or several of one mode on one service within the
// merging window of the first.
type failure struct {
	first    *Incident
	merged   []*Incident // the others
	again    *Recurrence // what it repeats; nil: nothing, or of the past, where nobody asks
	mode     string      // "" unknown: never merged
	at       int64
	over     int64 // when the last of them ended; 0 while one lasts
	until    int64 // end of the merging window; at itself without a mode
	severity uint8 // the worst known; 0 if none is
	class    class
	novel    bool // the first of its mode on its service
	opens    bool // the very first sign of its service: it began the observation, so no exposure lies before it
}

// class is how a failure met users; that of several incidents is the worst of theirs.
type class uint8

const (
	contained class = iota
	escaped
	uncontained
)

// classOf takes what is not known as uncontained.
func classOf(i *Incident) class { return classNamed(i.Containment) }

func classNamed(containment string) class {
	switch containment {
	case "contained":
		return contained
	case "escaped":
		return escaped
	default:
		return uncontained
	}
}

// asCalled is the mode of an incident.
func asCalled(i *Incident) string { return i.FailureMode }

// merge makes failures of one service's incidents, sorted by time and id; mode says which belong together.
func merge(incidents []*Incident, mode func(*Incident) string, mergeWindow int64) []*failure {
	var out []*failure
	open := map[string]*failure{} // the last failure of each mode
	for _, incident := range incidents {
		at, name := incident.At(), mode(incident)
		if f := open[name]; f != nil && at < f.until {
			f.add(incident)
			continue
		}
		f := &failure{first: incident, mode: name, at: at, until: at}
		f.take(incident)
		f.over = incident.End()
		if f.mode != "" {
			f.until = at + mergeWindow
			open[f.mode] = f
		}
		out = append(out, f)
	}
	return out
}

func (f *failure) add(incident *Incident) {
	f.merged = append(f.merged, incident)
	if end := incident.End(); f.over != 0 && (end == 0 || end > f.over) {
		f.over = end
	}
	f.take(incident)
}

// take lets a failure be as bad as the worst of its incidents.
func (f *failure) take(incident *Incident) {
	if s := incident.Severity; s != 0 && (f.severity == 0 || s < f.severity) {
		f.severity = s
	}
	f.class = max(f.class, classOf(incident))
}

// severe: severity 1 or 2, and nothing contained it.
func (f *failure) severe() bool {
	return f.class == uncontained && (f.severity == 1 || f.severity == 2)
}

// fix is the first declared fix of a mode on a service, after its first failure.
type fix struct {
	at          int64 // when it takes effect
	improvement *Improvement
}

// modeHistory is one failure mode on one service from its first failure on.
type modeHistory struct {
	failures []*failure
	fix      *fix // nil: none declared yet
	heldNot  []*Incident
}

// modeHistories follows the known modes of a service, in the order of their
// first failures. A fix declared inside a merging window takes effect at its
// end; incidents between are listed in heldNot.
func modeHistories(failures []*failure, closed map[string][]*Improvement) []*modeHistory {
	index := map[string]*modeHistory{}
	var out []*modeHistory
	for _, f := range failures {
		if f.mode == "" {
			continue
		}
		h := index[f.mode]
		if h == nil {
			h = &modeHistory{}
			index[f.mode] = h
			out = append(out, h)
		}
		h.failures = append(h.failures, f)
	}
	for _, h := range out {
		h.failures[0].novel = true
		for _, improvement := range closed[h.failures[0].mode] {
			at := improvement.WitnessedClosedAt
			if at < h.failures[0].at {
				continue // declared before the mode was first met: prevention, not a fix of it
			}
			for _, f := range h.failures {
				if at < f.at || at >= f.until {
					continue
				}
				for _, m := range f.merged {
					if m.At() > at {
						h.heldNot = append(h.heldNot, m)
					}
				}
				at = f.until
			}
			h.fix = &fix{at, improvement}
			break
		}
	}
	return out
}

func sortIncidents(incidents []*Incident) {
	slices.SortFunc(incidents, func(a, b *Incident) int {
		return cmp.Or(cmp.Compare(a.At(), b.At()), cmp.Compare(a.ID, b.ID))
	})
}
