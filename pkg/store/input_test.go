package store

import (
	"fmt"
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

// TestServiceEndsWithItsLastEnvironment: what is removed from one lives on in the others.
func TestServiceEndsWithItsLastEnvironment(t *testing.T) {
	s := open(t)
	removed := func(id, service string, at event.Millis, where string) event.Event {
		return entity(event.KindChange, event.PredicateRemoved)(id, at, on(service), environment(where))
	}
	insert(t, s,
		deployed("a1", "one", day(0)), deployed("a2", "one", day(1), environment("staging")), removed("a3", "one", day(5), "staging"),
		deployed("b1", "all", day(0)), deployed("b2", "all", day(1), environment("staging")), removed("b3", "all", day(5), ""),
		deployed("c1", "both", day(0)), deployed("c2", "both", day(1), environment("staging")), removed("c3", "both", day(5), "staging"), removed("c4", "both", day(7), "production"),
		deployed("d1", "back", day(0)), removed("d2", "back", day(5), "production"), deployed("d3", "back", day(6)))
	in, err := s.LoadInput(t.Context(), LoadOptions{AsOf: int64(day(10)), Window: 24 * time.Hour, SettingsHash: "s"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range in.Services {
		text := fmt.Sprint(x.Name, " ", (x.AliveTo-int64(start))/int64(days))
		for _, p := range x.Environments {
			text += fmt.Sprint(" ", p.Environment, " ", (p.AliveTo-int64(start))/int64(days))
		}
		got = append(got, text)
	}
	want := []string{"all 5 production 5 staging 5", "back 10 production 10", "both 7 production 7 staging 5", "one 10 production 10 staging 5"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// TestFirstToldIsNoDetection: of an incident of which only a later step is told nobody
// knows when it was detected, so neither how long that step took.
func TestFirstToldIsNoDetection(t *testing.T) {
	s := open(t)
	for i := range 8 {
		id := func(name string) string { return fmt.Sprint(name, i) }
		insert(t, s,
			incident(event.PredicateResolved, id("ended"), day(10+float64(i)), on("shop")),
			incident(event.PredicateAcknowledged, id("seen"), day(20+float64(i)), on("shop")), resolved(id("seen"), day(21+float64(i))))
	}
	in, err := s.LoadInput(t.Context(), LoadOptions{AsOf: int64(day(100)), Window: 24 * time.Hour, SettingsHash: "s"})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range in.Incidents {
		if x.StartedAt != 0 || x.DetectedAt != 0 || x.FirstToldAt == 0 || x.At() != x.FirstToldAt {
			t.Fatalf("%s: started %d, detected %d, first told of %d", x.ID, x.StartedAt, x.DetectedAt, x.FirstToldAt)
		}
	}
	for _, e := range learning.Compute(in, learning.DefaultSettings()).Estimates {
		if e.Metric == "durations.acknowledge.median" || e.Metric == "durations.resolve.median" {
			if e.N != 0 || e.State != learning.Insufficient {
				t.Errorf("%s of %s in %s is %v of %d: %s", e.Metric, e.Scope.Name, e.Window, e.Value, e.N, e.Reading)
			}
		}
	}
}

// TestStatedFlagHasATimeToSwitchItOff: that a flag is stated as the cause takes nothing
// from what undoing it tells; one switched back long after the end tells nothing.
func TestStatedFlagHasATimeToSwitchItOff(t *testing.T) {
	s := open(t)
	for i, back := range []event.Millis{2 * hour, 5 * days} {
		id, service := func(name string) string { return fmt.Sprint(name, i) }, fmt.Sprint("shop-", i)
		insert(t, s, flag(id("on"), id("key"), "off", "on", service, day(10)), flag(id("off"), id("key"), "on", "off", service, day(10)+back))
		insert(t, s, began(id("i"), service, "", day(10)+hour, day(10)+2*hour, links("change:"+id("on")))...)
	}
	in, err := s.LoadInput(t.Context(), LoadOptions{AsOf: int64(day(100)), Window: 24 * time.Hour, SettingsHash: "s"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range in.FailedChange {
		got = append(got, fmt.Sprint(f.ID, " ", f.Why, " ", max(0, f.RolledBackAt-f.FinishedAt)/int64(hour)))
	}
	if want := []string{"on0 stated 2", "on1 stated 0"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
