package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

var joinCatalog = catalog.Catalog{Services: []catalog.Service{
	{Name: "shop", Team: "front", DependsOn: []string{"PD-STOCK"}},
	{Name: "stock", Team: "back", Aliases: []string{"PD-STOCK"}, DependsOn: []string{"disks"}},
	{Name: "disks"},
}}

// began is an incident that a monitor saw at a time, with its end.
func began(entity, service, mode string, at, end event.Millis, more ...func(*event.Event)) []event.Event {
	e := detected(entity, service, mode, at)
	for _, change := range more {
		change(&e)
	}
	identify(&e)
	return []event.Event{e, resolved(entity, end)}
}

func log(parts ...[]event.Event) []event.Event {
	var all []event.Event
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func one(events ...event.Event) []event.Event { return events }

var incidentChangeExamples = func() []example {
	at := start + 10*days
	links := func(prefix string) string {
		return fmt.Sprintf("SELECT incident_id, change_id, rank, link, weight, lag_seconds, environment_unknown FROM seen WHERE incident_id LIKE '%s%%' ORDER BY incident_id, rank", prefix)
	}
	return []example{
		{
			"all changes of the service in the window, the nearest first; not older, not later, not elsewhere",
			log(began("ia1", "sa", "", at, at+hour), one(deployed("a1", "sa", at-1*hour), deployed("a2", "sa", at-23*hour), deployed("a3", "sa", at-25*hour),
				deployed("a4", "sa", at+minute), deployed("a5", "sa", at-2*hour, environment("staging")), deployed("a6", "sa-other", at-hour))),
			links("ia"),
			[]string{"ia1|a1|1|inferred|0.5|3600|false", "ia1|a2|2|inferred|0.5|82800|false"},
		},
		{"no match is no row", began("ib1", "sb", "", at, at+hour), links("ib"), []string{}},
		{
			"services affected and those they directly depend on, by alias; no further",
			log(began("ic1", "shop", "", at, at+hour), one(deployed("c1", "stock", at-hour), deployed("c2", "disks", at-hour), deployed("c3", "PD-STOCK", at-2*hour))),
			links("ic"),
			[]string{"ic1|c1|1|inferred|0.5|3600|false", "ic1|c3|2|inferred|0.5|7200|false"},
		},
		{
			"every affected service, each change once",
			log(began("id1", "sd", "", at, at+hour, on("sd", "sd2")), one(deployed("d1", "sd2", at-hour), deployed("d2", "sd", at-2*hour))),
			links("id"),
			[]string{"id1|d1|1|inferred|0.5|3600|false", "id1|d2|2|inferred|0.5|7200|false"},
		},
		{
			"an unknown environment matches any, flagged",
			log(began("ie1", "se", "", at, at+hour, environment("")), one(deployed("e1", "se", at-hour, environment("staging")))),
			links("ie"),
			[]string{"ie1|e1|1|inferred|1|3600|true"},
		},
		{
			"under way when it began, for however long",
			log(began("if1", "sf", "", at, at+hour), one(deployed("f1", "sf", at+hour, func(e *event.Event) { e.StartedAt = at - 5*days; e.Stated |= event.StatedStartedAt }))),
			links("if"),
			[]string{"if1|f1|1|inferred|1|0|false"},
		},
		{
			"the incident began when it is stated to have started, else when it was detected",
			log(began("ig1", "sg", "", at, at+hour, func(e *event.Event) { e.StartedAt = at - 2*hour; e.Stated |= event.StatedStartedAt }),
				one(deployed("g1", "sg", at-hour), deployed("g2", "sg", at-3*hour))),
			links("ig"),
			[]string{"ig1|g2|1|inferred|1|3600|false"},
		},
		{
			"stated links win: by deploy id, commit and event",
			log(began("ih1", "sh", "", at, at+hour, func(e *event.Event) { e.Links = []string{"change:h1"}; e.Stated |= event.StatedLinks }),
				began("ih2", "sh", "", at, at+hour, func(e *event.Event) { e.Links = []string{"commit:abc"}; e.Stated |= event.StatedLinks }),
				began("ih3", "sh", "", at, at+hour, func(e *event.Event) {
					e.Links = []string{"event:" + deployed("h3", "sh", at-2*hour).ID}
					e.Stated |= event.StatedLinks
				}),
				one(deployed("h1", "sh", at-3*days), deployed("h2", "sh", at-hour, commit("abc")), deployed("h3", "sh", at-2*hour))),
			links("ih"),
			[]string{"ih1|h1|1|stated|1|259200|false", "ih2|h2|1|stated|1|3600|false", "ih3|h3|1|stated|1|7200|false"},
		},
		{
			"a rollback that ends the incident corroborates; one that comes long after does not",
			log(began("ij1", "sj", "", at, at+hour), one(deployed("j1", "sj", at-hour), deployed("j2", "sj", at-2*hour), rolledBack("sj", at+50*minute)),
				began("ij2", "sj2", "", at, at+hour), one(deployed("j3", "sj2", at-hour), rolledBack("sj2", at+3*hour))),
			links("ij"),
			[]string{"ij1|j1|1|corroborated|0.5|3600|false", "ij1|j2|2|inferred|0.5|7200|false", "ij2|j3|1|inferred|1|3600|false"},
		},
		{
			"a flag set back corroborates",
			log(began("ik1", "sk", "", at, at+hour), one(flag("k1", "key", "off", "on", "sk", at-hour), flag("k2", "key", "on", "off", "sk", at+hour+5*minute))),
			links("ik"),
			[]string{"ik1|k1|1|corroborated|1|3600|false"},
		},
		{
			"a drill and a duplicate have no causes",
			log(began("il1", "sl", "", at, at+hour, func(e *event.Event) { e.Planned = event.Yes; e.Stated |= event.StatedPlanned }),
				began("il2", "sl", "", at, at+hour, func(e *event.Event) { e.DuplicateOf = "ia1"; e.Stated |= event.StatedDuplicateOf }), one(deployed("l1", "sl", at-hour))),
			links("il"),
			[]string{},
		},
		{
			"what two tools tell is one candidate",
			log(began("im1", "sm", "", at, at+hour), one(deployed("m1", "sm", at-hour, commit("fff"), by("tool-a")), deployed("m2", "sm", at-hour+minute, commit("fff"), by("tool-b")))),
			links("im"),
			[]string{"im1|m1|1|inferred|1|3540|false"},
		},
	}
}()

func TestIncidentChange(t *testing.T) {
	s := open(t)
	publish(t, s, joinCatalog, nil)
	run(t, s, "incident_change", incidentChangeExamples)
}

// TestIncidentChangeOnShards: the joins do not rest on rows lying together.
func TestIncidentChangeOnShards(t *testing.T) {
	whole, shards := open(t), sharded(t)
	var log []event.Event
	for _, x := range incidentChangeExamples {
		log = append(log, x.log...)
	}
	for _, s := range []*Store{whole, shards[1]} {
		publish(t, s, joinCatalog, nil)
		insert(t, s, log...)
	}
	for _, s := range shards {
		if read(t, s, "SELECT count() > 0 FROM event_local")[0] != "1" {
			t.Errorf("no event lies on %s: nothing was spread", s.config.Addrs)
		}
		const ask = "SELECT * FROM incident_change ORDER BY incident_id, rank"
		if got, want := read(t, s, ask), read(t, whole, ask); !slices.Equal(got, want) {
			t.Errorf("%s\n got %q\nwant %q", s.config.Addrs, got, want)
		}
	}
}

func TestRecurrence(t *testing.T) {
	s := open(t)
	day := func(n event.Millis) event.Millis { return start + n*days }
	incidentOn := func(id, service string, from, to event.Millis) []event.Event {
		return began(id, service, "m", from, to)
	}
	fix := func(predicate event.Predicate, id, service string, at event.Millis) event.Event {
		return improvement(predicate, id, at, mode("m"), on(service))
	}
	ask := func(service string) string {
		return "SELECT incident_id, earlier_incident_id, class, gap_seconds, also_open, abandoned FROM seen WHERE service = '" + service + "' ORDER BY began_at"
	}
	opened, closed, abandoned := event.PredicateOpened, event.PredicateClosed, event.PredicateAbandoned
	run(t, s, "recurrence", []example{
		{
			"unaddressed, after the latest earlier one", log(incidentOn("a1", "a", day(0), day(0)+hour), incidentOn("a2", "a", day(1), day(1)+hour), incidentOn("a3", "a", day(2), day(2)+hour)),
			ask("a"),
			[]string{"a2|a1|unaddressed|82800|false|false", "a3|a2|unaddressed|82800|false|false"},
		},
		{
			"not of another mode, nor on another service", log(incidentOn("b1", "b", day(0), day(0)+hour), began("b2", "b", "other", day(1), day(1)+hour), incidentOn("b3", "b-other", day(1), day(1)+hour)),
			ask("b"),
			[]string{},
		},
		{"without a mode nothing recurs", log(began("c1", "c", "", day(0), day(0)+hour), began("c2", "c", "", day(1), day(1)+hour)), ask("c"), []string{}},
		{
			"while no earlier one has ended it is the same failure; what lasts hides nothing", log(incidentOn("d1", "d", day(0), day(3)), incidentOn("d2", "d", day(1), day(1)+hour), incidentOn("d3", "d", day(4), day(4)+hour),
				one(detected("d4", "d", "m", day(5))), incidentOn("d5", "d", day(6), day(6)+hour)),
			ask("d"),
			[]string{"d3|d1|unaddressed|86400|false|false", "d4|d3|unaddressed|82800|false|false", "d5|d3|unaddressed|169200|false|false"},
		},
		{
			"an incident that nobody resolved hides no later recurrence", log(one(detected("n1", "n", "m", day(0))), incidentOn("n2", "n", day(10), day(10)+hour),
				incidentOn("n3", "n", day(20), day(20)+hour), incidentOn("n4", "n", day(30), day(30)+hour)),
			ask("n"),
			[]string{"n3|n2|unaddressed|860400|false|false", "n4|n3|unaddressed|860400|false|false"},
		},
		{
			"what ends at the moment had ended; none recurs to itself", log(incidentOn("o1", "o", day(0), day(5)), incidentOn("o2", "o", day(5), day(5)), incidentOn("o3", "o", day(5), day(5))),
			"SELECT incident_id, earlier_incident_id, gap_seconds FROM seen WHERE service = 'o' ORDER BY incident_id",
			[]string{"o2|o1|0", "o3|o2|0"},
		},
		{
			"repeat: an improvement was closed before", log(incidentOn("e1", "e", day(0), day(0)+hour), incidentOn("e2", "e", day(5), day(5)+hour), one(fix(opened, "e-fix", "e", day(1)), fix(closed, "e-fix", "e", day(2)))),
			ask("e"),
			[]string{"e2|e1|repeat|428400|false|false"},
		},
		{
			"known open: opened, not closed before", log(incidentOn("f1", "f", day(0), day(0)+hour), incidentOn("f2", "f", day(5), day(5)+hour), one(fix(opened, "f-fix", "f", day(1)), fix(closed, "f-fix", "f", day(6)))),
			ask("f"),
			[]string{"f2|f1|known_open|428400|false|false"},
		},
		{
			"closed one and opened another: repeat, also open", log(incidentOn("g1", "g", day(0), day(0)+hour), incidentOn("g2", "g", day(5), day(5)+hour),
				one(fix(opened, "g-fix", "g", day(1)), fix(closed, "g-fix", "g", day(2)), fix(opened, "g-fix2", "g", day(3)))),
			ask("g"),
			[]string{"g2|g1|repeat|428400|true|false"},
		},
		{
			"one that was never told to be opened was not open", log(incidentOn("m1", "m", day(0), day(0)+hour), incidentOn("m2", "m", day(5), day(5)+hour), one(fix(closed, "m-fix", "m", day(6)))),
			ask("m"),
			[]string{"m2|m1|unaddressed|428400|false|false"},
		},
		{
			"abandoned: unaddressed, flagged", log(incidentOn("h1", "h", day(0), day(0)+hour), incidentOn("h2", "h", day(5), day(5)+hour), one(fix(opened, "h-fix", "h", day(1)), fix(abandoned, "h-fix", "h", day(2)))),
			ask("h"),
			[]string{"h2|h1|unaddressed|428400|false|true"},
		},
		{
			"repeat, also open: the improvement was closed before it, and opened again because of it",
			log(incidentOn("r1", "r", day(0), day(0)+hour), incidentOn("r2", "r", day(5), day(5)+hour), incidentOn("r3", "r", day(8), day(8)+hour),
				one(fix(opened, "r-fix", "r", day(1)), fix(closed, "r-fix", "r", day(2)), fix(opened, "r-fix", "r", day(6)))),
			"SELECT incident_id, class, also_open FROM seen WHERE service = 'r' ORDER BY incident_id",
			[]string{"r2|repeat|false", "r3|repeat|true"},
		},
		{
			"an improvement has the mode and service of the failure it came from", log(incidentOn("i1", "i", day(0), day(0)+hour), incidentOn("i2", "i", day(5), day(5)+hour),
				one(improvement(opened, "i-fix", day(1), attributes(`{"fromFailure":"i1"}`)))),
			ask("i"),
			[]string{"i2|i1|known_open|428400|false|false"},
		},
		{
			"an improvement for another service does not count", log(incidentOn("j1", "j", day(0), day(0)+hour), incidentOn("j2", "j", day(5), day(5)+hour), one(fix(opened, "j-fix", "j-other", day(1)))),
			ask("j"),
			[]string{"j2|j1|unaddressed|428400|false|false"},
		},
		{
			"a fix back-dated to before the failure was witnessed after it", log(incidentOn("k1", "k", day(0), day(0)+hour), incidentOn("k2", "k", day(5), day(5)+hour),
				one(fix(opened, "k-fix", "k", day(1)), improvement(closed, "k-fix", day(2), mode("m"), on("k"), func(e *event.Event) { e.EmittedAt = day(7) }))),
			ask("k"),
			[]string{"k2|k1|known_open|428400|false|false"},
		},
		{
			"drills and duplicates do not recur", log(incidentOn("l1", "l", day(0), day(0)+hour), began("l2", "l", "m", day(5), day(5)+hour, func(e *event.Event) { e.Planned = event.Yes; e.Stated |= event.StatedPlanned })),
			ask("l"),
			[]string{},
		},
	})
}

func TestMonitoringGaps(t *testing.T) {
	s := open(t)
	day := func(n event.Millis) event.Millis { return start + n*days }
	told := func(by string) func(*event.Event) { return func(e *event.Event) { e.DetectionSource = by } }
	of := func(service string, log ...event.Event) []event.Event { return log }
	hole := func(predicate event.Predicate, service string, at event.Millis) event.Event {
		return gap(predicate, "gap-"+service, at, mode("m"), on(service))
	}
	found, closed := event.PredicateFound, event.PredicateClosed
	ask := func(service string) string {
		return "SELECT state, dateDiff('day', toDateTime('2026-01-05', 'UTC'), decided_at) FROM seen WHERE gap_id = 'gap-" + service + "'"
	}
	run(t, s, "monitoring_gap", []example{
		{"open", of("a", hole(found, "a", day(0))), ask("a"), []string{"open|?"}},
		{"closed, nothing since: unproven", log(of("b", hole(found, "b", day(1)), hole(closed, "b", day(2))), began("b1", "b", "m", day(0), day(0)+hour)), ask("b"), []string{"unproven|?"}},
		{"closed, then a monitor fired first: proven", log(of("c", hole(found, "c", day(1)), hole(closed, "c", day(2))), began("c1", "c", "m", day(3), day(4))), ask("c"), []string{"proven|3"}},
		{"closed, then a customer told us: reopened", log(of("d", hole(found, "d", day(1)), hole(closed, "d", day(2))), began("d1", "d", "m", day(3), day(4)), began("d2", "d", "m", day(5), day(6), told("customer"))), ask("d"), []string{"reopened|5"}},
		{"an employee decides nothing", log(of("e", hole(found, "e", day(1)), hole(closed, "e", day(2))), began("e1", "e", "m", day(3), day(4), told("employee"))), ask("e"), []string{"unproven|?"}},
		{"found again: open", of("f", hole(found, "f", day(1)), hole(closed, "f", day(2)), hole(found, "f", day(3))), ask("f"), []string{"open|?"}},
		{"the mode and service of the incident in which it showed", log(one(gap(found, "gap-g", day(1), attributes(`{"incident":"g0"}`)), gap(closed, "gap-g", day(2))), began("g0", "g", "m", day(0), day(0)+hour), began("g1", "g", "m", day(3), day(4))), ask("g"), []string{"proven|3"}},
	})
}

func TestAttributionWindowIsASetting(t *testing.T) {
	s := open(t)
	at := start + 10*days
	insert(t, s, log(began("i1", "s", "", at, at+hour), one(deployed("d1", "s", at-hour), deployed("d2", "s", at-3*hour)))...)
	count := func() string { return read(t, s, "SELECT count() FROM incident_change")[0] }
	if got := count(); got != "2" {
		t.Fatalf("%s candidates within a day", got)
	}
	if err := s.SetWindows(t.Context(), Windows{Attribution: 2 * time.Hour, Merge: 72 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	if got := count(); got != "1" {
		t.Fatalf("%s candidates within two hours", got)
	}
}

// TestOfOneMillisecondTheEndIsLast: what is opened and closed at one moment is closed,
// whatever the hashes of the two events.
func TestOfOneMillisecondTheEndIsLast(t *testing.T) {
	s := open(t)
	for i := range 20 {
		id := func(name string) string { return fmt.Sprint(name, i) }
		insert(t, s,
			improvement(event.PredicateOpened, id("fix"), day(1)), improvement(event.PredicateClosed, id("fix"), day(1)),
			improvement(event.PredicateOpened, id("again"), day(0)), improvement(event.PredicateClosed, id("again"), day(1)), improvement(event.PredicateOpened, id("again"), day(1)),
			improvement(event.PredicateOpened, id("later"), day(0)), improvement(event.PredicateClosed, id("later"), day(1)), improvement(event.PredicateOpened, id("later"), day(1)+1),
			improvement(event.PredicateOpened, id("left"), day(1)), improvement(event.PredicateAbandoned, id("left"), day(1)),
			gap(event.PredicateFound, id("gap"), day(1)), gap(event.PredicateClosed, id("gap"), day(1)),
			detected(id("inc"), "shop", "", day(0)), resolved(id("inc"), day(1)), incident(event.PredicateReopened, id("inc"), day(1), nil))
	}
	for sql, want := range map[string]string{
		"SELECT countIf(closed_at IS NOT NULL), countIf(reopened_at IS NOT NULL) FROM improvement WHERE improvement_id LIKE 'fix%'":   "20|0",
		"SELECT countIf(closed_at IS NOT NULL), countIf(reopened_at IS NOT NULL) FROM improvement WHERE improvement_id LIKE 'again%'": "20|0",
		"SELECT countIf(closed_at IS NOT NULL), countIf(reopened_at IS NOT NULL) FROM improvement WHERE improvement_id LIKE 'later%'": "20|20",
		"SELECT countIf(abandoned_at IS NOT NULL) FROM improvement WHERE improvement_id LIKE 'left%'":                                 "20",
		"SELECT countIf(state = 'unproven') FROM monitoring_gap":                                                                      "20",
		"SELECT countIf(resolved_at IS NOT NULL), sum(reopen_count) FROM incident":                                                    "20|20",
	} {
		if got := read(t, s, sql)[0]; got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
}
