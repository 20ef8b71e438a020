package store

import (
	"slices"
	"testing"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

// example is a short log and what a query then gives, unknown as "?".
type example struct {
	name string
	log  []event.Event
	sql  string
	want []string
}

// run inserts all examples as one log, whose entities and services must not meet,
// keeps what a view then gives in the table seen, and asks that one by one.
func run(t *testing.T, s *Store, view string, examples []example) {
	var log []event.Event
	for _, x := range examples {
		log = append(log, x.log...)
	}
	insert(t, s, log...)
	if err := s.conn.Exec(t.Context(), "CREATE TABLE seen ENGINE = Memory AS SELECT * FROM "+view); err != nil {
		t.Fatal(err)
	}
	for _, x := range examples {
		t.Run(x.name, func(t *testing.T) {
			if got := read(t, s, x.sql); !slices.Equal(got, x.want) {
				t.Errorf("%s\n got %q\nwant %q", x.sql, got, x.want)
			}
		})
	}
}

func TestIncidentsFold(t *testing.T) {
	s := open(t)
	publish(t, s, catalog.Catalog{Services: []catalog.Service{
		{Name: "known", Team: "owners", Aliases: []string{"PD1"}}, {Name: "teamless"},
	}}, []catalog.Rule{
		{FailureMode: "by-id", Incidents: []string{"r1", "r3", "r4"}},
		{FailureMode: "by-label", Service: "given", Labels: map[string]string{"symptom": "^x509"}},
		{FailureMode: "by-label-later", Labels: map[string]string{"symptom": "."}},
	})
	amended := event.PredicateAmended
	at := func(e event.Millis) func(*event.Event) {
		return func(x *event.Event) { x.StartedAt = e; x.Stated |= event.StatedStartedAt }
	}
	severity := func(n uint8) func(*event.Event) {
		return func(x *event.Event) { x.Severity = n; x.Stated |= event.StatedSeverity }
	}
	resolvedAt := func(e event.Millis) func(*event.Event) {
		return func(x *event.Event) { x.ResolvedAt = e; x.Stated |= event.StatedResolvedAt }
	}
	source := func(word string) func(*event.Event) {
		return func(x *event.Event) { x.DetectionSource = word; x.Stated |= event.StatedDetectionSource }
	}
	net := func(contained event.Tristate, by string) func(*event.Event) {
		return func(x *event.Event) {
			x.Contained, x.ContainedBy = contained, by
			x.Stated |= event.StatedContained | event.StatedContainedBy
		}
	}
	touching := func(share float64) func(*event.Event) {
		return func(x *event.Event) { x.BlastRadius = share; x.Stated |= event.StatedBlastRadius }
	}
	clock := func(column string) string {
		return "dateDiff('minute', toDateTime('2026-01-05', 'UTC'), " + column + ")"
	}
	run(t, s, "incident", []example{
		{
			"what is not told is NULL",
			[]event.Event{incident(event.PredicateReported, "u1", start, nil)},
			"SELECT service, team, environment, severity, started_at, acknowledged_at, mitigated_at, resolved_at, detection_source, failure_mode, cause_category, containment, blast_radius, is_drill, duplicate_of, reopen_count, title FROM seen WHERE incident_id = 'u1'",
			[]string{"?|unassigned|?|?|?|?|?|?|?|?|?|uncontained|?|false|?|0|?"},
		},
		{
			"the earliest detection and acknowledgement, the latest end",
			[]event.Event{
				incident(event.PredicateDetected, "t1", start+2*minute, nil), incident(event.PredicateDetected, "t1", start+1*minute, nil),
				incident(event.PredicateAcknowledged, "t1", start+5*minute, nil), incident(event.PredicateAcknowledged, "t1", start+4*minute, nil),
				resolved("t1", start+8*minute), resolved("t1", start+9*minute),
			},
			"SELECT " + clock("detected_at") + "," + clock("acknowledged_at") + "," + clock("resolved_at") + " FROM seen WHERE incident_id = 't1'",
			[]string{"1|4|9"},
		},
		{
			"an amendment beats a later original",
			[]event.Event{
				incident(event.PredicateDetected, "a1", start, severity(3)), incident(amended, "a1", start+1*minute, severity(1)),
				incident(event.PredicateAcknowledged, "a1", start+2*minute, severity(4)),
			},
			"SELECT severity FROM seen WHERE incident_id = 'a1'",
			[]string{"1"},
		},
		{
			"the latest amendment counts",
			[]event.Event{
				incident(event.PredicateDetected, "a2", start, severity(3)), incident(amended, "a2", start+2*minute, severity(2)), incident(amended, "a2", start+1*minute, severity(1)),
			},
			"SELECT severity FROM seen WHERE incident_id = 'a2'",
			[]string{"2"},
		},
		{
			"an amendment to null makes unknown",
			[]event.Event{
				incident(event.PredicateDetected, "a3", start, all(severity(3), at(start))), incident(amended, "a3", start+1*minute, all(severity(0), at(0))),
			},
			"SELECT severity, started_at FROM seen WHERE incident_id = 'a3'",
			[]string{"?|?"},
		},
		{
			"an amendment is silent of what it does not state",
			[]event.Event{
				incident(event.PredicateDetected, "a4", start, all(severity(3), at(start-5*minute))), incident(amended, "a4", start+1*minute, source("customer")),
			},
			"SELECT severity, detection_source, " + clock("started_at") + " FROM seen WHERE incident_id = 'a4'",
			[]string{"3|customer|-5"},
		},
		{
			"an amended list replaces, originals are united",
			[]event.Event{
				incident(event.PredicateDetected, "l1", start, on("b", "c")), incident(event.PredicateAcknowledged, "l1", start+1*minute, on("a")),
				incident(event.PredicateDetected, "l2", start, on("b", "c")), incident(amended, "l2", start+1*minute, on("a")),
			},
			"SELECT service, services FROM seen WHERE incident_id IN ('l1', 'l2') ORDER BY incident_id",
			[]string{`a|["a","b","c"]`, `a|["a"]`},
		},
		{
			"an amendment may come before what it amends",
			[]event.Event{
				incident(amended, "a5", start, severity(2)), incident(event.PredicateDetected, "a5", start+1*minute, severity(5)),
			},
			"SELECT severity FROM seen WHERE incident_id = 'a5'",
			[]string{"2"},
		},
		{
			"an amendment of nothing is no incident",
			[]event.Event{incident(amended, "a6", start, severity(2))},
			"SELECT count() FROM seen WHERE incident_id = 'a6'",
			[]string{"0"},
		},
		{
			"a retracted one vanishes, also when told of again",
			[]event.Event{
				incident(event.PredicateDetected, "x1", start, nil), incident(event.PredicateRetracted, "x1", start+1*minute, nil), incident(amended, "x1", start+2*minute, severity(1)),
			},
			"SELECT count() FROM seen WHERE incident_id = 'x1'",
			[]string{"0"},
		},
		{
			"reopened after the end: open",
			[]event.Event{
				incident(event.PredicateDetected, "o1", start, nil), resolved("o1", start+1*minute), incident(event.PredicateReopened, "o1", start+2*minute, nil),
			},
			"SELECT resolved_at, reopen_count FROM seen WHERE incident_id = 'o1'",
			[]string{"?|1"},
		},
		{
			"reopened and ended again: the last end",
			[]event.Event{
				incident(event.PredicateDetected, "o2", start, nil), resolved("o2", start+1*minute), incident(event.PredicateReopened, "o2", start+2*minute, nil), resolved("o2", start+3*minute),
			},
			"SELECT " + clock("resolved_at") + ", reopen_count FROM seen WHERE incident_id = 'o2'",
			[]string{"3|1"},
		},
		{
			"a corrected end does not outlive a reopening",
			[]event.Event{
				incident(event.PredicateDetected, "o3", start, nil), resolved("o3", start+5*minute), incident(amended, "o3", start+6*minute, resolvedAt(start+4*minute)),
				incident(event.PredicateReopened, "o3", start+7*minute, nil), resolved("o3", start+9*minute),
			},
			"SELECT " + clock("resolved_at") + " FROM seen WHERE incident_id = 'o3'",
			[]string{"9"},
		},
		{
			"a corrected end counts",
			[]event.Event{
				incident(event.PredicateDetected, "o4", start, nil), resolved("o4", start+5*minute), incident(amended, "o4", start+6*minute, resolvedAt(start+4*minute)),
			},
			"SELECT " + clock("resolved_at") + " FROM seen WHERE incident_id = 'o4'",
			[]string{"4"},
		},
		{
			"an end corrected to unknown is open",
			[]event.Event{
				incident(event.PredicateDetected, "o5", start, nil), resolved("o5", start+5*minute), incident(amended, "o5", start+6*minute, resolvedAt(0)),
			},
			"SELECT resolved_at FROM seen WHERE incident_id = 'o5'",
			[]string{"?"},
		},
		{
			"detected is a monitor's; of reported it is not known whose; who was first counts",
			[]event.Event{
				incident(event.PredicateDetected, "d1", start, nil), incident(event.PredicateReported, "d2", start, nil),
				incident(event.PredicateReported, "d3", start, source("customer")), incident(event.PredicateDetected, "d3", start+minute, nil),
			},
			"SELECT detection_source FROM seen WHERE incident_id IN ('d1', 'd2', 'd3') ORDER BY incident_id",
			[]string{"monitoring", "?", "customer"},
		},
		{
			"aliases are the catalog's service",
			[]event.Event{incident(event.PredicateDetected, "c1", start, on("PD1", "known", "teamless", "stranger"))},
			"SELECT service, team, in_catalog, services FROM seen WHERE incident_id = 'c1'",
			[]string{`known|owners|true|["known","stranger","teamless"]`},
		},
		{
			"a stated mode beats the rules; of the rules the first that holds",
			[]event.Event{
				incident(event.PredicateDetected, "r1", start, nil), incident(event.PredicateDetected, "r2", start, attributes(`{"labels":{"symptom":"x509: expired"}}`)),
				incident(event.PredicateDetected, "r3", start, mode("stated")), incident(event.PredicateDetected, "r4", start, attributes(`{"labels":{"symptom":"x509: expired"}}`)),
				incident(event.PredicateDetected, "r5", start, all(on("other"), attributes(`{"labels":{"symptom":"x509: expired"}}`))),
			},
			"SELECT failure_mode, service FROM seen WHERE incident_id LIKE 'r_' ORDER BY incident_id",
			[]string{"by-id|?", "by-label|given", "stated|?", "by-id|?", "by-label-later|other"},
		},
		{
			"containment is stated, or an automatic rollback before anybody was touched",
			[]event.Event{
				incident(event.PredicateDetected, "k1", start, net(event.Yes, "canary")), incident(event.PredicateDetected, "k2", start, net(event.No, "canary")),
				incident(event.PredicateDetected, "k3", start, nil),
				incident(event.PredicateDetected, "k4", start, all(on("rolling"), touching(0))), resolved("k4", start+9*minute),
				incident(event.PredicateDetected, "k5", start, all(on("rolling"), touching(0.3))), resolved("k5", start+9*minute),
				rolledBack("rolling", start+5*minute, func(e *event.Event) { e.AutomaticRollback = event.Yes; e.Stated |= event.StatedAutomaticRollback }),
			},
			"SELECT containment FROM seen WHERE incident_id LIKE 'k_' ORDER BY incident_id",
			[]string{"contained", "escaped", "uncontained", "contained", "uncontained"},
		},
		{
			"stated durations stand apart",
			[]event.Event{
				incident(event.PredicateDetected, "s1", start, attributes(`{"statedDetectSeconds":90,"title":"No cards"}`)),
				incident(amended, "s1", start+1*minute, attributes(`{"statedResolveSeconds":0}`)),
			},
			"SELECT stated_detect_seconds, stated_resolve_seconds, title FROM seen WHERE incident_id = 's1'",
			[]string{"90|0|No cards"},
		},
	})
}

func TestChangesFold(t *testing.T) {
	s := open(t)
	publish(t, s, catalog.Catalog{Services: []catalog.Service{{Name: "m4", Aliases: []string{"argo/m4"}}}}, nil)
	failed := func(e *event.Event) { e.Outcome = "failed" }
	cdevents := func(entity, service string) event.Event {
		return say(event.KindChange, event.PredicateDeployed, entity, start, all(on(service), environment("production"),
			func(e *event.Event) { e.ChangeKind = event.ChangeDeploy }))
	}
	run(t, s, "change", []example{
		{
			"deployed means succeeded",
			[]event.Event{cdevents("p1", "p1")},
			"SELECT kind, service, environment, outcome, automatic_rollback, told_by FROM seen WHERE change_id = 'p1'",
			[]string{"deploy|p1|production|succeeded|?|1"},
		},
		{
			"published and removed are no change of production",
			[]event.Event{
				say(event.KindChange, event.PredicatePublished, "p2", start, on("p2")), say(event.KindChange, event.PredicateRemoved, "p3", start, on("p2")),
			},
			"SELECT count() FROM seen WHERE service = 'p2'",
			[]string{"0"},
		},
		{
			"what tells of a deploy that is done with says nothing of when it finished, nor of when it was rolled back",
			[]event.Event{
				deployed("q1", "q1", start), say(event.KindChange, event.PredicatePublished, "q1", start+10*minute, on("q1")),
				say(event.KindChange, event.PredicateRemoved, "q1", start+30*days, on("q1")),
				deployed("q2", "q2", start), rolledBack("q2", start+minute, func(e *event.Event) {
					e.Entity, e.Links, e.StartedAt = "q2", []string{"change:q2"}, start+minute
					e.Stated |= event.StatedLinks | event.StatedStartedAt
				}), say(event.KindChange, event.PredicatePublished, "q2", start+10*minute, on("q2")),
			},
			"SELECT change_id, dateDiff('second', toDateTime('2026-01-05', 'UTC'), finished_at), started_at, dateDiff('second', finished_at, rolled_back_at) FROM seen WHERE change_id IN ('q1', 'q2') ORDER BY change_id",
			[]string{"q1|0|?|?", "q2|0|?|60"},
		},
		{
			"a rollback belongs to the latest earlier deploy of its service and environment",
			[]event.Event{
				deployed("b1", "b", start), deployed("b2", "b", start+1*hour), deployed("b3", "b", start+3*hour),
				deployed("b4", "b", start+1*hour+1, environment("staging")), rolledBack("b", start+2*hour),
			},
			"SELECT change_id, dateDiff('minute', finished_at, rolled_back_at) FROM seen WHERE service = 'b' ORDER BY change_id",
			[]string{"b1|?", "b2|60", "b3|?", "b4|?"},
		},
		{
			"a rollback that names its deploy belongs to that",
			[]event.Event{
				deployed("n1", "n", start), deployed("n2", "n", start+1*hour), rolledBack("n", start+2*hour, links("change:n1")),
			},
			"SELECT change_id, rolled_back_at IS NOT NULL FROM seen WHERE service = 'n' ORDER BY change_id",
			[]string{"n1|1", "n2|0"},
		},
		{
			"two tools tell of one deploy: once, counted",
			[]event.Event{
				deployed("m1", "m", start, commit("abc"), by("tool-a")), deployed("m2", "m", start+14*minute, commit("abc"), by("tool-b"), failed),
			},
			"SELECT change_id, told_by, outcome FROM seen WHERE service = 'm'",
			[]string{"m1|2|failed"},
		},
		{
			"by artifact where no commit is known, by alias, and a commit that only one knows",
			[]event.Event{
				deployed("m5", "m4", start, commit("abc"), artifact("img:1"), by("tool-a")), deployed("m6", "argo/m4", start+2*minute, artifact("img:1"), by("tool-b")),
				deployed("m7", "m4", start+20*hour, artifact("img:2"), by("tool-a")), deployed("m8", "m4", start+20*hour, artifact("img:2"), by("tool-b")),
			},
			"SELECT change_id, told_by, commit_sha FROM seen WHERE service = 'm4' ORDER BY change_id",
			[]string{"m5|2|abc", "m7|2|?"},
		},
		{
			"not after 15 minutes, not in another environment, not another commit",
			[]event.Event{
				deployed("w1", "w", start, commit("abc"), by("tool-a")), deployed("w2", "w", start+16*minute, commit("abc"), by("tool-b")),
				deployed("w3", "w", start, commit("abc"), environment("staging"), by("tool-b")), deployed("w4", "w", start, commit("def"), by("tool-b")),
			},
			"SELECT count() FROM seen WHERE service = 'w'",
			[]string{"4"},
		},
		{
			"a tool that tells twice tells of two deploys",
			[]event.Event{
				deployed("v1", "v", start, commit("abc"), by("tool-a"), failed), deployed("v2", "v", start+5*minute, commit("abc"), by("tool-a")),
				deployed("v3", "v", start+6*minute, commit("abc"), by("tool-b")),
			},
			"SELECT change_id, told_by FROM seen WHERE service = 'v' ORDER BY change_id",
			[]string{"v1|1", "v2|2"},
		},
		{
			"a retracted telling merges with nothing",
			[]event.Event{
				deployed("y1", "y", start, commit("abc"), by("tool-a")), deployed("y2", "y", start, commit("abc"), by("tool-b")),
				say(event.KindChange, event.PredicateRetracted, "y1", start+1*hour, nil),
			},
			"SELECT change_id, told_by FROM seen WHERE service = 'y'",
			[]string{"y2|1"},
		},
		{
			"a flag",
			[]event.Event{flag("f1", "dark-mode", "off", "on", "f", start)},
			"SELECT kind, flag_key, flag_from, flag_to, outcome FROM seen WHERE change_id = 'f1'",
			[]string{"flag|dark-mode|off|on|?"},
		},
	})
}

func publish(t testing.TB, s *Store, c catalog.Catalog, rules []catalog.Rule) {
	t.Helper()
	if err := s.SetCatalog(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := s.SetRules(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
}
