package store

import (
	"fmt"
	"hash/fnv"
	"math"
	"testing"

	"github.com/tuition-hq/tuition/pkg/event"
)

const (
	minute = event.Millis(60_000)
	hour   = 60 * minute
	days   = 24 * hour
	// start of the tests' logs: 2026-01-05T00:00:00Z, a Monday.
	start = event.Millis(1_767_571_200_000)
)

// say makes an event of an entity at a time; change fills in what it states.
func say(kind event.Kind, predicate event.Predicate, entity string, at event.Millis, change func(*event.Event)) event.Event {
	e := event.Event{
		Kind: kind, Predicate: predicate, Entity: entity, Source: "tool-a", Type: fmt.Sprintf("test.%d.%d", kind, predicate),
		OccurredAt: at, EmittedAt: at, ReceivedAt: at + 1000, OrdHigh: uint64(at), BlastRadius: math.NaN(),
	}
	if change != nil {
		change(&e)
	}
	e.ID = fmt.Sprintf("%s-%d-%d", entity, predicate, at)
	identify(&e)
	return e
}

// identify gives the event the order that its content has.
func identify(e *event.Event) {
	h := fnv.New64a()
	c := *e
	c.EmittedAt, c.ReceivedAt, c.Imported, c.OrdLow = 0, 0, false, 0
	fmt.Fprintf(h, "%+v", c)
	e.OrdLow = h.Sum64()
	e.Canonical = "{}"
}

func incident(predicate event.Predicate, entity string, at event.Millis, change func(*event.Event)) event.Event {
	return say(event.KindIncident, predicate, entity, at, change)
}

// detected is an incident of a mode on a service, told by a monitor.
func detected(entity, service, mode string, at event.Millis) event.Event {
	return incident(event.PredicateDetected, entity, at, func(e *event.Event) {
		on(service)(e)
		environment("production")(e)
		e.FailureMode = mode
		e.Stated |= event.StatedFailureMode
		e.DetectionSource = "monitoring"
		e.Stated |= event.StatedDetectionSource
	})
}

func resolved(entity string, at event.Millis) event.Event {
	return incident(event.PredicateResolved, entity, at, nil)
}

func deployed(entity, service string, at event.Millis, more ...func(*event.Event)) event.Event {
	return say(event.KindChange, event.PredicateFinished, entity, at, func(e *event.Event) {
		e.ChangeKind = event.ChangeDeploy
		e.Service, e.Environment, e.Outcome = service, "production", "succeeded"
		e.Stated = event.StatedService | event.StatedEnvironment | event.StatedOutcome
		for _, change := range more {
			change(e)
		}
	})
}

func rolledBack(service string, at event.Millis, more ...func(*event.Event)) event.Event {
	return say(event.KindChange, event.PredicateRolledBack, fmt.Sprintf("rollback-%s-%d", service, at), at, func(e *event.Event) {
		e.ChangeKind = event.ChangeDeploy
		e.Service, e.Environment = service, "production"
		e.Stated = event.StatedService | event.StatedEnvironment
		for _, change := range more {
			change(e)
		}
	})
}

func flag(entity, key, from, to, service string, at event.Millis) event.Event {
	return say(event.KindChange, event.PredicateChanged, entity, at, func(e *event.Event) {
		e.ChangeKind = event.ChangeFlag
		e.FlagKey, e.FlagFrom, e.FlagTo, e.Service, e.Environment = key, from, to, service, "production"
		e.Stated = event.StatedFlagKey | event.StatedFlagFrom | event.StatedFlagTo | event.StatedService | event.StatedEnvironment
	})
}

func improvement(predicate event.Predicate, entity string, at event.Millis, more ...func(*event.Event)) event.Event {
	return say(event.KindImprovement, predicate, entity, at, func(e *event.Event) {
		for _, change := range more {
			change(e)
		}
	})
}

func gap(predicate event.Predicate, entity string, at event.Millis, more ...func(*event.Event)) event.Event {
	return say(event.KindMonitoringGap, predicate, entity, at, func(e *event.Event) {
		for _, change := range more {
			change(e)
		}
	})
}

// What events may state.

func on(service string, more ...string) func(*event.Event) {
	return func(e *event.Event) {
		e.Service = service
		e.Stated |= event.StatedService
		if e.Kind == event.KindIncident {
			e.Services = append([]string{service}, more...)
			if service == "" {
				e.Services = nil
			}
			e.Stated |= event.StatedServices
		}
	}
}

func mode(m string) func(*event.Event) {
	return func(e *event.Event) { e.FailureMode = m; e.Stated |= event.StatedFailureMode }
}

func environment(name string) func(*event.Event) {
	return func(e *event.Event) { e.Environment = name; e.Stated |= event.StatedEnvironment }
}

func by(source string) func(*event.Event) { return func(e *event.Event) { e.Source = source } }

func links(words ...string) func(*event.Event) {
	return func(e *event.Event) { e.Links = words; e.Stated |= event.StatedLinks }
}

func commit(sha string) func(*event.Event) {
	return func(e *event.Event) { e.Commit = sha; e.Stated |= event.StatedCommit }
}

func artifact(name string) func(*event.Event) {
	return func(e *event.Event) { e.Artifact = name; e.Stated |= event.StatedArtifact }
}

func attributes(json string) func(*event.Event) {
	return func(e *event.Event) { e.Attributes = json; e.Stated |= event.StatedAttributes }
}

func all(more ...func(*event.Event)) func(*event.Event) {
	return func(e *event.Event) {
		for _, change := range more {
			change(e)
		}
	}
}

// insert sends events in one batch.
func insert(t testing.TB, s *Store, events ...event.Event) {
	t.Helper()
	batch := s.NewBatch()
	defer batch.Close()
	for i := range events {
		batch.Append(&events[i])
	}
	if err := batch.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// read gives a query's rows as text, a line each, cells separated by a bar.
func read(t testing.TB, s *Store, sql string) []string {
	t.Helper()
	rows, err := s.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	lines := []string{}
	for _, row := range rows.Rows {
		line := ""
		for i, cell := range row {
			if i > 0 {
				line += "|"
			}
			if cell == nil {
				line += "?"
			} else {
				line += fmt.Sprint(cell)
			}
		}
		lines = append(lines, line)
	}
	return lines
}
