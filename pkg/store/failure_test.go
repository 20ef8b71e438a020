package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

func TestFailures(t *testing.T) {
	s := open(t)
	publish(t, s, entityCatalog, nil)
	severity := func(n uint8) func(*event.Event) {
		return func(e *event.Event) { e.Severity = n; e.Stated |= event.StatedSeverity }
	}
	outcome := func(word string) func(*event.Event) { return func(e *event.Event) { e.Outcome = word } }
	rollout := func(word string) func(*event.Event) {
		return func(e *event.Event) { e.Rollout = word; e.Stated |= event.StatedRollout }
	}
	refuted := attributes(`{"verdict":"refuted"}`)
	ask := func(service string) string {
		return "SELECT failure_id, occurrences, containment FROM seen WHERE service = '" + service + "' ORDER BY began_at, failure_id"
	}
	run(t, s, "failure", []example{
		{
			"an incident",
			began("a1", "PD1", "m", day(1), day(2), severity(2)),
			"SELECT failure_id, kind, service, team, environment, failure_mode, severity, " + onDay("began_at") + ", " + onDay("ended_at") + ", containment, occurrences, members.kind, members.id FROM seen WHERE service = 'known'",
			[]string{`a1|incident|known|owners|production|m|2|1|2|uncontained|1|["incident"]|["a1"]`},
		},
		{
			"within 72 hours of the first, never of one that follows",
			log(began("b1", "b", "m", day(1), day(2)), began("b2", "b", "m", day(3), day(4)), began("b3", "b", "m", day(4), day(5)), began("b4", "b", "m", day(5), day(6))),
			ask("b"),
			[]string{"b1|2|uncontained", "b3|2|uncontained"},
		},
		{
			"not of another mode or service; without a mode nothing is one",
			log(began("c1", "c", "m", day(1), day(2)), began("c2", "c", "n", day(1), day(2)), began("c3", "c", "", day(1), day(2)), began("c4", "c", "", day(1), day(2)), began("c5", "c-other", "m", day(1), day(2))),
			ask("c"),
			[]string{"c1|1|uncontained", "c2|1|uncontained", "c3|1|uncontained", "c4|1|uncontained"},
		},
		{
			"as bad as the worst, and lasting until all ended",
			log(began("d1", "d", "m", day(1), day(2), contained(event.Yes)), began("d2", "d", "m", day(1)+hour, day(7), severity(3), contained(event.No)), began("d3", "d", "m", day(2), day(3), severity(2), contained(event.Yes)),
				one(detected("d4", "d", "n", day(1))), began("d5", "d", "n", day(2), day(3))),
			"SELECT failure_id, severity, containment, " + onDay("ended_at") + " FROM seen WHERE service = 'd' ORDER BY failure_id",
			[]string{"d1|2|escaped|7", "d4|?|uncontained|?"},
		},
		{
			"drills and duplicates are none",
			log(began("e1", "e", "m", day(1), day(2), func(e *event.Event) { e.Planned = event.Yes; e.Stated |= event.StatedPlanned }),
				began("e2", "e", "m", day(1), day(2), func(e *event.Event) { e.DuplicateOf = "a1"; e.Stated |= event.StatedDuplicateOf })),
			ask("e"),
			[]string{},
		},
		{
			"refuted experiments and near misses are; of one mode with an incident they are one failure",
			log(one(experimented("f1", day(1), onServices("f"), mode("m"), refuted), experimented("f2", day(1), onServices("f"), mode("n"), attributes(`{"verdict":"held"}`)),
				experimented("f3", day(20), onServices("f"), mode("m"), refuted, contained(event.No)), missed("f4", day(30), onServices("f"), mode("m"))), began("f5", "f", "m", day(2), day(3))),
			ask("f"),
			[]string{"f1|2|uncontained", "f3|1|escaped", "f4|1|contained"},
		},
		{
			"failed and rolled-back changes are, contained by their net; a cause of an incident is one failure with it",
			log(one(deployed("g1", "g", day(1), outcome("failed")), deployed("g2", "g", day(3), outcome("failed"), rollout("canary")), deployed("g3", "g", day(5)), rolledBack("g", day(5)+hour),
				deployed("g4", "g", day(7)), deployed("g5", "g", day(9), outcome("cancelled")), deployed("g6", "g", day(11), outcome("failed")), deployed("g7", "g", day(13), outcome("failed"), rollout("canary"), contained(event.No))),
				began("g8", "g", "m", day(11)+hour, day(12), links("change:g6"))),
			ask("g"),
			[]string{"g1|1|uncontained", "g2|1|contained", "g3|1|uncontained", "g8|1|uncontained", "g7|1|escaped"},
		},
	})
	counts := func(want string) {
		t.Helper()
		if got := read(t, s, "SELECT count() FROM failure WHERE service = 'b'")[0]; got != want {
			t.Errorf("%s failures, want %s", got, want)
		}
	}
	for merge, want := range map[time.Duration]string{0: "4", 48 * time.Hour: "3", 49 * time.Hour: "2"} {
		if err := s.SetWindows(t.Context(), Windows{Attribution: 24 * time.Hour, Merge: merge}); err != nil {
			t.Fatal(err)
		}
		counts(want)
	}
	if got := read(t, s, "SELECT drills, duplicates FROM coverage")[0]; got != "1|1" {
		t.Errorf("drills and duplicates %s", got)
	}
}

func TestExposure(t *testing.T) {
	s := open(t)
	publish(t, s, catalog.Catalog{Services: []catalog.Service{
		{Name: "a", Team: "owners", Tier: "1", Aliases: []string{"PD1"}, AliveFrom: int64(day(0))}, {Name: "quiet", AliveFrom: int64(day(40))}, {Name: "nothing"},
	}}, nil)
	ask := func(service string) string {
		return "SELECT team, tier, in_catalog, days_alive, deploys, flag_changes, experiments, failures, " + onDay("last_failed_at") + ", " + onDay("last_exercised_at") + ", quiet FROM seen WHERE service = '" + service + "'"
	}
	removed := func(id, service string, at event.Millis, more ...func(*event.Event)) event.Event {
		return entity(event.KindChange, event.PredicateRemoved)(id, at, append([]func(*event.Event){on(service), environment("production")}, more...)...)
	}
	gone := say(event.KindChange, event.PredicateRemoved, "b-gone", day(30), on("b"))
	run(t, s, "exposure", []example{
		{
			"deploys, flags, experiments, failures, by the catalog's name and date",
			log(one(deployed("a1", "PD1", day(3)), deployed("a2", "a", day(4), func(e *event.Event) { e.Outcome = "cancelled" }), flag("a3", "f", "off", "on", "a", day(5)),
				experimented("a4", day(6), onServices("other", "PD1"), attributes(`{"verdict":"held"}`)), experimented("a5", day(8), onServices("a"), mode("m"), attributes(`{"verdict":"refuted"}`))),
				began("a6", "a", "m", day(9), day(10)), began("a7", "a", "m", day(20), day(21)), one(deployed("last", "z", day(100)))),
			ask("a"),
			[]string{"owners|1|true|100|1|1|2|2|20|8|false"},
		},
		{"alive from its first sign to its removal", log(one(deployed("b1", "b", day(10)), gone)), ask("b"), []string{"unassigned|?|false|20|1|0|0|0|?|?|true"}},
		{
			"removed from one environment it lives in the others; from the last of them it ends", log(
				one(deployed("c1", "c", day(1)), deployed("c2", "c", day(2), environment("staging")), removed("c3", "c", day(10), environment("staging"))),
				one(deployed("e1", "e", day(1)), deployed("e2", "e", day(2), environment("staging")), removed("e3", "e", day(10), environment("staging")), removed("e4", "e", day(12)))),
			"SELECT service, days_alive FROM seen WHERE service IN ('c', 'e') ORDER BY service",
			[]string{"c|99", "e|11"},
		},
		{
			"removed without a word of where: from all; from where it never was: from nowhere, unless nobody told where it is", log(
				one(deployed("f1", "f", day(1)), deployed("f2", "f", day(2), environment("staging")), removed("f3", "f", day(10), environment(""))),
				one(deployed("g1", "g", day(1)), removed("g2", "g", day(10), environment("staging"))),
				one(deployed("h1", "h", day(1), environment("")), removed("h2", "h", day(10)))),
			"SELECT service, days_alive FROM seen WHERE service IN ('f', 'g', 'h') ORDER BY service",
			[]string{"f|9", "g|99", "h|9"},
		},
		{"neither seen to fail nor exercised", nil, ask("quiet"), []string{"unassigned|?|true|60|0|0|0|0|?|?|true"}},
		{"of which nothing is known", nil, ask("nothing"), []string{"unassigned|?|true|0|0|0|0|0|?|?|true"}},
		{"known by an experiment alone", nil, ask("other"), []string{"unassigned|?|false|94|0|0|1|0|?|6|false"}},
	})
}

func TestModesMet(t *testing.T) {
	s := open(t)
	publish(t, s, entityCatalog, nil)
	verdict := func(word string) func(*event.Event) { return attributes(fmt.Sprintf(`{"verdict":%q}`, word)) }
	tried := func(id, service string, at event.Millis, word string) event.Event {
		return experimented(id, at, onServices(service), mode("m"), verdict(word))
	}
	experiments := func(service string) string {
		return "SELECT experiment_id, incident_id, relation, verdict, gap_seconds FROM seen WHERE service = '" + service + "' ORDER BY finished_at, relation"
	}
	t.Run("experiment_incident", func(t *testing.T) {
		run(t, s, "experiment_incident", []example{
			{
				"refuted before it: forewarned, of several the last; the first of several incidents and the next",
				log(one(tried("a1", "a", day(1), "refuted"), tried("a2", "a", day(2), "refuted")), began("a3", "a", "m", day(3), day(4)), began("a4", "a", "m", day(5), day(6))),
				experiments("a"),
				[]string{"a2|a3|forewarned|refuted|86400", "a2|a4|forewarned|refuted|259200"},
			},
			{
				"held before it: missed; after it: verification",
				log(one(tried("b1", "b", day(1), "held")), began("b2", "b", "m", day(3), day(4)), one(tried("b3", "b", day(5), "held"), tried("b4", "b", day(6), "inconclusive"))),
				experiments("b"),
				[]string{"b1|b2|missed|held|172800", "b3|b2|verification|held|-172800"},
			},
			{
				"refuted, and never in production: prevented; held, and never: nothing",
				one(tried("c1", "c", day(1), "refuted"), tried("c2", "c", day(1), "held")),
				experiments("c"),
				[]string{"c1|?|prevented|refuted|?"},
			},
			{
				"on any of its services; on none in particular: on all",
				log(one(experimented("d1", day(1), onServices("d-front", "PD1"), mode("md"), verdict("refuted")), experimented("d2", day(2), mode("me"), verdict("refuted"))),
					began("d3", "known", "md", day(3), day(4)), began("d4", "d", "me", day(3), day(4))),
				"SELECT experiment_id, incident_id, relation FROM seen WHERE failure_mode IN ('md', 'me') ORDER BY experiment_id",
				[]string{"d1|d3|forewarned", "d2|d4|forewarned"},
			},
			{
				"not of another mode, nor a drill, nor at the same moment",
				log(one(tried("e1", "e", day(1), "refuted")), began("e2", "e", "other", day(3), day(4)), began("e3", "e", "m", day(1), day(4)),
					began("e4", "e", "m", day(3), day(4), func(e *event.Event) { e.Planned = event.Yes; e.Stated |= event.StatedPlanned })),
				experiments("e"),
				[]string{"e1|?|prevented|refuted|?"},
			},
		})
	})
	closed := func(id, service, m string, at event.Millis) event.Event {
		return improvement(event.PredicateClosed, id, at, mode(m), on(service))
	}
	near := func(id, service string, at event.Millis) event.Event {
		return missed(id, at, onServices(service), mode("n"))
	}
	if err := s.conn.Exec(t.Context(), "DROP TABLE seen"); err != nil {
		t.Fatal(err)
	}
	misses := func(service string) string {
		return "SELECT near_miss_id, incident_id, heeded, heeded_by, gap_seconds FROM seen WHERE service = '" + service + "' ORDER BY happened_at"
	}
	t.Run("near_miss_incident", func(t *testing.T) {
		run(t, s, "near_miss_incident", []example{
			{
				"not heeded: nothing was closed between",
				log(one(near("p1", "p", day(1)), closed("p0", "p", "n", day(0)), closed("p3", "p", "n", day(6)), closed("p4", "p-other", "n", day(2)), closed("p5", "p", "other", day(2))), began("p2", "p", "n", day(5), day(6))),
				misses("p"),
				[]string{"p1|p2|false|?|345600"},
			},
			{
				"heeded: closed between, for the service or for all; of several the first",
				log(one(near("q1", "q", day(1)), closed("q3", "q", "n", day(3)), closed("q4", "q", "n", day(2))), began("q2", "q", "n", day(5), day(6)), began("q5", "q", "n", day(9), day(9))),
				misses("q"),
				[]string{"q1|q2|true|q4|345600"},
			},
			{
				"no incident yet: heeded by what was closed since, or not",
				one(near("r1", "r", day(1)), closed("r2", "r", "n", day(3)), near("r3", "r", day(4))),
				misses("r"),
				[]string{"r1|?|true|r2|?", "r3|?|false|?|?"},
			},
			{
				"closed in time, witnessed too late: not heeded",
				log(one(near("s1", "s", day(1)), improvement(event.PredicateClosed, "s2", day(2), mode("n"), on("s"), func(e *event.Event) { e.EmittedAt = day(7) })), began("s3", "s", "n", day(5), day(6))),
				misses("s"),
				[]string{"s1|s3|false|?|345600"},
			},
		})
	})
	if err := s.conn.Exec(t.Context(), "DROP TABLE seen"); err != nil {
		t.Fatal(err)
	}
	risk := func(id, service string, at event.Millis, horizon int) event.Event {
		return foreseen(id, at, on(service), mode("k"), attributes(fmt.Sprintf(`{"probability":0.5,"horizonDays":%d}`, horizon)))
	}
	risks := func(service string) string {
		return "SELECT risk_id, incident_id, class FROM seen WHERE service = '" + service + "' AND failure_mode = 'k' ORDER BY ifNull(risk_id, ''), began_at"
	}
	t.Run("risk_incident", func(t *testing.T) {
		run(t, s, "risk_incident", []example{
			{
				"unpredicted before it was recorded, predicted once, then foretold; unpredicted after the horizon",
				log(began("t1", "t", "k", day(1), day(2)), one(risk("t2", "t", day(3), 10)), began("t3", "t", "k", day(5), day(6)), began("t4", "t", "k", day(7), day(8)), began("t5", "t", "k", day(20), day(21))),
				risks("t"),
				[]string{"?|t1|unpredicted", "?|t5|unpredicted", "t2|t3|predicted"},
			},
			{
				"did not happen, and open",
				one(risk("u1", "u", day(3), 5), risk("u2", "u", day(3), 500), deployed("u3", "u", day(20))),
				risks("u"),
				[]string{"u1|?|did_not_happen", "u2|?|open"},
			},
			{
				"of two risks each is predicted by its first incident",
				log(one(risk("v1", "v", day(1), 30), risk("v2", "v", day(4), 30)), began("v3", "v", "k", day(3), day(3)), began("v4", "v", "k", day(6), day(6))),
				risks("v"),
				[]string{"v1|v3|predicted", "v2|v4|predicted"},
			},
		})
	})
}
