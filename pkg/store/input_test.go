package store

import (
	"reflect"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// TestInput reads one small log as of two moments.
func TestInput(t *testing.T) {
	s := open(t)
	publish(t, s, joinCatalog, nil)
	day := func(n event.Millis) event.Millis { return start + n*days }
	ms := func(n event.Millis) int64 { return int64(day(n)) }
	failed := func(e *event.Event) { e.Outcome = "failed" }
	cancelled := func(e *event.Event) { e.Outcome = "cancelled" }
	insert(t, s, log(
		one(deployed("d1", "shop", day(0)), deployed("d2", "shop", day(40)-2*hour), deployed("d3", "shop", day(41), failed),
			deployed("d4", "shop", day(41)+1, cancelled), deployed("d5", "shop", day(42)-hour), deployed("d6", "shop", day(33)-hour)),
		began("i1", "shop", "m", day(40), day(40)+hour), one(rolledBack("shop", day(40)+hour)),
		began("i2", "shop", "m", day(44), day(44)+hour),
		one(improvement(event.PredicateOpened, "p", day(41), attributes(`{"fromFailure":"i1","kind":"test"}`)),
			improvement(event.PredicateClosed, "p", day(43), func(e *event.Event) { e.EmittedAt = e.OccurredAt + 5 })),
		one(gap(event.PredicateFound, "g", day(40), mode("m"), on("shop")), gap(event.PredicateClosed, "g", day(41))),
	)...)
	load := func(asOf int64) learning.Input {
		t.Helper()
		input, err := s.LoadInput(t.Context(), LoadOptions{AsOf: asOf, Window: 24 * time.Hour, SettingsHash: "s"})
		if err != nil {
			t.Fatal(err)
		}
		return input
	}
	equal := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
		}
	}

	in := load(ms(42))
	incident := learning.Incident{
		ID: "i1", Service: "shop", Team: "front", Environment: "production", DetectedAt: ms(40),
		ResolvedAt: ms(40) + int64(hour), DetectionSource: "monitoring", FailureMode: "m", Containment: "uncontained", BlastRadius: -1,
		StatedDetectSeconds: -1, StatedResolveSeconds: -1,
	}
	equal("incidents", in.Incidents, []learning.Incident{incident})
	equal("recurrences", len(in.Recurrences), 0)
	fix := learning.Improvement{ID: "p", Service: "shop", Team: "front", FailureMode: "m", Kind: "test", FromFailure: "i1", OpenedAt: ms(41)}
	equal("improvements", in.Improvements, []learning.Improvement{fix})
	hole := learning.MonitoringGap{ID: "g", Service: "shop", Team: "front", FailureMode: "m", FoundAt: ms(40), ClosedAt: ms(41), State: "unproven"}
	equal("gaps", in.Gaps, []learning.MonitoringGap{hole})
	equal("changes: d5 is younger than the window, the cancelled one never was one", in.Changes, []learning.ChangeCount{
		{ChangeOf: &learning.ChangeOf{Service: "shop", Team: "front", Environment: "production", Kind: "deploy"}, Quarter: "2026-Q1", Changes: 4, Failed: 2, TooYoung: 1, EndingTold: 4},
	})
	equal("failed changes", in.FailedChange, []learning.FailedChange{
		{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: "shop", Team: "front", Environment: "production", Kind: "deploy"}, Why: "rolled_back", Containment: "uncontained", Blamed: true}, ID: "d2", FinishedAt: ms(40) - 2*int64(hour), RolledBackAt: ms(40) + int64(hour)},
		{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: "shop", Team: "front", Environment: "production", Kind: "deploy"}, Why: "outcome", Containment: "uncontained"}, ID: "d3", FinishedAt: ms(41)},
	})
	equal("crossover: exposed, and so was one of the four weeks before", in.Crossover, []learning.Crossover{
		{IncidentID: "i1", At: ms(40), Exposed: true, ReferenceShare: 0.25, References: 4},
	})
	equal("services", in.Services, []learning.Service{
		{Name: "disks", Team: "unassigned", InCatalog: true, AliveFrom: ms(42), AliveTo: ms(42)},
		{
			Name: "shop", Team: "front", InCatalog: true, AliveFrom: ms(0), AliveTo: ms(42), Deploys: learning.CountDeploys(ms(0), ms(33)-int64(hour), ms(40)-2*int64(hour), ms(41), ms(42)-int64(hour)),
			Environments: []learning.Presence{{Environment: "production", AliveFrom: ms(0), AliveTo: ms(42), Deploys: learning.CountDeploys(ms(0), ms(33)-int64(hour), ms(40)-2*int64(hour), ms(41), ms(42)-int64(hour))}},
		},
		{Name: "stock", Team: "back", InCatalog: true, AliveFrom: ms(42), AliveTo: ms(42)},
	})
	equal("coverage", in.Coverage, learning.Coverage{Incidents: 1, NoStart: 1, NoSeverity: 1, AutomaticSource: 1})
	equal("start", in.Start, ms(0))

	later := load(ms(45))
	equal("recurrences", later.Recurrences, []learning.Recurrence{{IncidentID: "i2", EarlierID: "i1", Class: "repeat", GapSeconds: 4*86400 - 3600}})
	fix.ClosedAt, fix.WitnessedClosedAt = ms(43), ms(43)+5
	equal("improvements", later.Improvements, []learning.Improvement{fix})
	hole.State, hole.DecidedAt = "proven", ms(44)
	equal("gaps", later.Gaps, []learning.MonitoringGap{hole})
	equal("fixes", later.Coverage.Fixes, int64(1))

	if again := load(ms(42)); again.Hash != in.Hash || in.Hash == later.Hash {
		t.Errorf("hashes %s, %s, later %s", in.Hash, again.Hash, later.Hash)
	}
	equal("events", in.InputEvents, uint64(15))
}
