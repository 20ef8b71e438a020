package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// TestWhatHappenedLaterIsNotSeen has one log for each way in which what happened at a
// moment or after it could be seen as of the moment, and one for each correction.
func TestWhatHappenedLaterIsNotSeen(t *testing.T) {
	s := open(t)
	publish(t, s, joinCatalog, nil)
	asOf := start + 60*days
	failed := func(e *event.Event) { e.Outcome = "failed" }
	automatic := func(e *event.Event) {
		e.AutomaticRollback = event.Yes
		e.Stated |= event.StatedAutomaticRollback
	}
	lasted := func(from event.Millis) func(*event.Event) {
		return func(e *event.Event) { e.StartedAt = from; e.Stated |= event.StatedStartedAt }
	}
	touching := func(share float64) func(*event.Event) {
		return func(e *event.Event) { e.BlastRadius = share; e.Stated |= event.StatedBlastRadius }
	}
	severity := func(n uint8) func(*event.Event) {
		return func(e *event.Event) { e.Severity = n; e.Stated |= event.StatedSeverity }
	}
	since := func(at event.Millis) string { return fmt.Sprintf("%+.0fh", float64(at-asOf)/float64(hour)) }
	incidents := func(in learning.Input) string {
		var told []string
		for _, i := range in.Incidents {
			end := "open"
			if i.ResolvedAt != 0 {
				end = since(event.Millis(i.ResolvedAt))
			}
			told = append(told, fmt.Sprint(i.ID, " ", end, " reopened ", i.ReopenCount, " severity ", i.Severity, " ", i.Containment))
		}
		return strings.Join(told, ", ")
	}
	failures := func(in learning.Input) string {
		told, changes := []string{}, int64(0)
		for _, c := range in.Changes {
			changes += c.Changes
		}
		for _, f := range in.FailedChange {
			told = append(told, f.ID+" "+f.Why+" "+f.Containment)
		}
		return fmt.Sprint(changes, " changes; ", strings.Join(told, ", "))
	}
	exposed := func(in learning.Input) string {
		var told []string
		for _, c := range in.Crossover {
			told = append(told, fmt.Sprint(c.IncidentID, " ", c.Exposed, " ", c.References))
		}
		return strings.Join(told, ", ")
	}
	improvements := func(in learning.Input) string {
		var told []string
		for _, i := range in.Improvements {
			told = append(told, fmt.Sprint(i.ID, " closed ", i.ClosedAt != 0, " verified ", i.VerifiedAt != 0, " abandoned ", i.AbandonedAt != 0, " reopened ", i.ReopenedAt != 0))
		}
		return strings.Join(told, ", ")
	}
	examples := []struct {
		name string
		log  []event.Event
		see  func(learning.Input) string
		want string
	}{
		{
			"an incident resolved before and reopened after is resolved",
			log(began("i", "shop", "m", asOf-5*hour, asOf-4*hour), one(incident(event.PredicateReopened, "i", asOf+hour, nil))),
			incidents, "i -4h reopened 0 severity 0 uncontained",
		},
		{
			"one reopened and resolved again after was resolved when it first was",
			log(began("i", "shop", "m", asOf-5*hour, asOf-4*hour), one(incident(event.PredicateReopened, "i", asOf+hour, nil), resolved("i", asOf+2*hour))),
			incidents, "i -4h reopened 0 severity 0 uncontained",
		},
		{
			"one reopened before and resolved again after is open",
			log(began("i", "shop", "m", asOf-5*hour, asOf-4*hour), one(incident(event.PredicateReopened, "i", asOf-hour, nil), resolved("i", asOf+2*hour))),
			incidents, "i open reopened 1 severity 0 uncontained",
		},
		{
			"what is told of at the moment is not known yet, a millisecond before it is",
			log(one(detected("at", "shop", "m", asOf), detected("before", "shop", "m", asOf-1))),
			incidents, "before open reopened 0 severity 0 uncontained",
		},
		{
			"what began before and was told of after is not known yet",
			one(incident(event.PredicateDetected, "i", asOf+hour, all(on("shop"), lasted(asOf-hour)))),
			incidents, "",
		},
		{
			"an amendment counts whenever it is made, a severity told later does not",
			log(began("i", "shop", "m", asOf-5*hour, asOf-4*hour), began("j", "shop", "m", asOf-3*hour, asOf-2*hour), one(
				incident(event.PredicateAmended, "i", asOf+days, severity(1)), incident(event.PredicateAcknowledged, "j", asOf+days, severity(1)))),
			incidents, "i -4h reopened 0 severity 1 uncontained, j -2h reopened 0 severity 0 uncontained",
		},
		{
			"what is retracted later never was",
			log(began("i", "shop", "m", asOf-5*hour, asOf-4*hour), one(retract(event.KindIncident, "i", asOf+days))),
			incidents, "",
		},
		{
			"a rollback after it makes no change failed",
			one(deployed("d", "shop", asOf-3*days), rolledBack("shop", asOf+hour, automatic)),
			failures, "1 changes; ",
		},
		{
			"one before it does",
			one(deployed("d", "shop", asOf-3*days), rolledBack("shop", asOf-hour, automatic)),
			failures, "1 changes; d rolled_back contained",
		},
		{
			"a failure is not contained by a rollback to come",
			one(deployed("d", "shop", asOf-3*days, failed), rolledBack("shop", asOf+hour, automatic)),
			failures, "1 changes; d outcome uncontained",
		},
		{
			"nor is an incident",
			log(began("i", "shop", "m", asOf-hour, asOf+2*hour, touching(0)), one(rolledBack("shop", asOf+hour, automatic))),
			incidents, "i open reopened 0 severity 0 uncontained",
		},
		{
			"what the tool says of the deploy later makes it no failed one",
			one(deployed("d", "shop", asOf-3*days), deployed("d", "shop", asOf+hour, failed)),
			failures, "1 changes; ",
		},
		{
			"nor does what another tool says of it",
			one(deployed("d", "shop", asOf-25*hour, commit("c"), by("a")), deployed("e", "shop", asOf-25*hour+10*minute, commit("c"), by("b")),
				deployed("e", "shop", asOf+hour, commit("c"), by("b"), failed)),
			failures, "1 changes; ",
		},
		{
			"an incident that is told of later makes no change failed",
			log(one(deployed("d", "shop", asOf-3*days)), began("i", "shop", "m", asOf+hour, asOf+2*hour, links("change:d"))),
			failures, "1 changes; ",
		},
		{
			"a link that is amended later does",
			log(one(deployed("d", "shop", asOf-3*days)), began("i", "shop", "m", asOf-hour, asOf+hour), one(incident(event.PredicateAmended, "i", asOf+hour, links("change:d")))),
			failures, "1 changes; d stated uncontained",
		},
		{
			"a flag switched back later is not undone yet",
			log(one(flag("f", "dark", "off", "on", "shop", asOf-3*hour), flag("g", "dark", "on", "off", "shop", asOf+hour)), began("i", "shop", "m", asOf-2*hour, asOf+2*hour)),
			failures, "0 changes; ",
		},
		{
			"the case-crossover sees no change that ends later",
			log(one(deployed("old", "shop", asOf-50*days), deployed("d", "shop", asOf+hour, lasted(asOf-2*hour))), began("i", "shop", "m", asOf-hour, asOf+2*hour)),
			exposed, "i false 4",
		},
		{
			"nor one that is told to",
			log(one(deployed("old", "shop", asOf-50*days), deployed("d", "shop", asOf-hour, lasted(asOf-2*hour), func(e *event.Event) {
				e.FinishedAt = asOf + hour
				e.Stated |= event.StatedFinishedAt
			})), began("i", "shop", "m", asOf-hour, asOf+2*hour)),
			exposed, "i false 4",
		},
		{
			"but one that ended before",
			log(one(deployed("old", "shop", asOf-50*days), deployed("d", "shop", asOf-minute, lasted(asOf-2*hour))), began("i", "shop", "m", asOf-hour, asOf+2*hour)),
			exposed, "i true 4",
		},
		{
			"an improvement closed, verified or abandoned later is open, one reopened later is closed",
			log(one(
				improvement(event.PredicateOpened, "p", asOf-5*days), improvement(event.PredicateClosed, "p", asOf+hour), improvement(event.PredicateVerified, "p", asOf+hour),
				improvement(event.PredicateOpened, "q", asOf-4*days), improvement(event.PredicateAbandoned, "q", asOf+hour),
				improvement(event.PredicateOpened, "r", asOf-3*days), improvement(event.PredicateClosed, "r", asOf-days), improvement(event.PredicateOpened, "r", asOf+hour),
				improvement(event.PredicateOpened, "s", asOf-2*days), improvement(event.PredicateAbandoned, "s", asOf-days), improvement(event.PredicateOpened, "s", asOf+hour),
			)),
			improvements, "p closed false verified false abandoned false reopened false, q closed false verified false abandoned false reopened false, " +
				"r closed true verified false abandoned false reopened false, s closed false verified false abandoned true reopened false",
		},
		{
			"a gap found again later is closed still",
			one(gap(event.PredicateFound, "g", asOf-3*days, mode("m"), on("shop")), gap(event.PredicateClosed, "g", asOf-days), gap(event.PredicateFound, "g", asOf+hour)),
			func(in learning.Input) string { return fmt.Sprint(len(in.Gaps), in.Gaps[0].State) }, "1unproven",
		},
		{
			"of a post-mortem the latest revision counts, if it was there at all",
			one(
				entity(event.KindPostmortem, event.PredicatePublished)("pm", asOf-days, attributes(`{"incidents":["i"],"surprises":["one"]}`)),
				entity(event.KindPostmortem, event.PredicatePublished)("pm", asOf+days, attributes(`{"incidents":["i"],"surprises":["two"]}`)),
				entity(event.KindPostmortem, event.PredicatePublished)("later", asOf+days, attributes(`{"incidents":["i"],"surprises":["three"]}`)),
			),
			func(in learning.Input) string { return fmt.Sprint(len(in.Postmortems), in.Postmortems[0].Surprises) }, "1 [two]",
		},
		{
			"a cost that is superseded later counts still, the later one does not",
			one(
				cost("c", asOf-days, attributes(`{"failure":"i","currency":"EUR","low":1,"high":2}`)),
				cost("d", asOf+days, attributes(`{"failure":"i","currency":"EUR","low":3,"high":4,"supersedes":"c"}`)),
			),
			func(in learning.Input) string { return fmt.Sprint(len(in.Costs), in.Costs[0].Low) }, "1 1",
		},
	}
	// One log of all, each with entities and a service of its own.
	own := func(n int) string { return fmt.Sprintf("%02d/", n) }
	for n, x := range examples {
		for i := range x.log {
			e := &x.log[i]
			e.Entity, e.ID = own(n)+e.Entity, own(n)+e.ID
			if e.Service != "" {
				e.Service = own(n) + e.Service
			}
			for j := range e.Services {
				e.Services[j] = own(n) + e.Services[j]
			}
			for j := range e.Links {
				e.Links[j] = strings.Replace(e.Links[j], ":", ":"+own(n), 1)
			}
			e.Attributes = strings.ReplaceAll(e.Attributes, `"supersedes":"`, `"supersedes":"`+own(n))
			identify(e)
		}
		insert(t, s, x.log...)
	}
	in, err := s.LoadInput(t.Context(), LoadOptions{AsOf: int64(asOf)})
	if err != nil {
		t.Fatal(err)
	}
	for n, x := range examples {
		t.Run(x.name, func(t *testing.T) {
			if got := strings.ReplaceAll(x.see(ownOf(in, own(n))), own(n), ""); got != x.want {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
		})
	}
}

// ownOf are the rows whose names have a prefix.
func ownOf(in learning.Input, prefix string) learning.Input {
	return learning.Input{
		Incidents:    rowsOf(in.Incidents, prefix, func(x learning.Incident) string { return x.ID }),
		Improvements: rowsOf(in.Improvements, prefix, func(x learning.Improvement) string { return x.ID }),
		Gaps:         rowsOf(in.Gaps, prefix, func(x learning.MonitoringGap) string { return x.ID }),
		Changes:      rowsOf(in.Changes, prefix, func(x learning.ChangeCount) string { return x.Service }),
		FailedChange: rowsOf(in.FailedChange, prefix, func(x learning.FailedChange) string { return x.ID }),
		Crossover:    rowsOf(in.Crossover, prefix, func(x learning.Crossover) string { return x.IncidentID }),
		Postmortems:  rowsOf(in.Postmortems, prefix, func(x learning.Postmortem) string { return x.ID }),
		Costs:        rowsOf(in.Costs, prefix, func(x learning.Cost) string { return x.ID }),
	}
}

func rowsOf[T any](rows []T, prefix string, name func(T) string) (own []T) {
	for _, row := range rows {
		if strings.HasPrefix(name(row), prefix) {
			own = append(own, row)
		}
	}
	return own
}

// What is so at a moment is the same whether it is read from the snapshot or from the
// events, held in memory or on disk, or frozen; over shards too.
func TestAMomentIsReadInManyWays(t *testing.T) {
	s := open(t)
	readInManyWays(t, s, start+10*hour, start+25*hour)
	t.Run("shards", func(t *testing.T) { readInManyWays(t, sharded(t)[0], start+15*hour) })
}

func readInManyWays(t *testing.T, s *Store, moments ...event.Millis) {
	publish(t, s, testCatalog, testRules)
	insert(t, s, rapid.SliceOfN(rapid.Custom(randomEvent), 300, 300).Example(11)...)
	reader := &Store{config: s.config, conn: s.conn, log: s.log}
	reader.config.ReadOnly = true
	frozen, err := s.Freeze(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer frozen.Close()
	for _, asOf := range moments {
		load := func(from *Store, newest bool) string {
			t.Helper()
			in, err := from.LoadInput(t.Context(), LoadOptions{AsOf: int64(asOf), SettingsHash: "s", Newest: newest})
			if err != nil {
				t.Fatal(err)
			}
			return in.Hash
		}
		want := load(s, false)
		for _, x := range []struct{ how, got string }{
			{"from the views", load(reader, false)},
			{"from the snapshot, by who may only read", load(reader, true)},
			{"from what was frozen", load(frozen, false)},
			{"on disk", func() string {
				defer func(most uint64) { mostFrozen = most }(mostFrozen)
				mostFrozen = 0
				return load(s, false)
			}()},
		} {
			if x.got != want {
				t.Errorf("as of %d, %s: other rows", asOf, x.how)
			}
		}
	}
}
