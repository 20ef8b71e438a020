package store

import (
	"fmt"
	"testing"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

// entity makes an event of an entity of the rarer kinds.
func entity(kind event.Kind, predicate event.Predicate) func(id string, at event.Millis, more ...func(*event.Event)) event.Event {
	return func(id string, at event.Millis, more ...func(*event.Event)) event.Event {
		return say(kind, predicate, id, at, all(more...))
	}
}

var (
	experimented = entity(event.KindExperiment, event.PredicateFinished)
	missed       = entity(event.KindNearMiss, event.PredicateRecorded)
	foreseen     = entity(event.KindRisk, event.PredicateRecorded)
	cost         = entity(event.KindCost, event.PredicateRecorded)
)

// amend and retract speak of an entity of a kind.
func amend(kind event.Kind, id string, at event.Millis, more ...func(*event.Event)) event.Event {
	return entity(kind, event.PredicateAmended)(id, at, more...)
}

func retract(kind event.Kind, id string, at event.Millis, more ...func(*event.Event)) event.Event {
	return entity(kind, event.PredicateRetracted)(id, at, more...)
}

// onServices names the services of an entity as the decoder does.
func onServices(names ...string) func(*event.Event) {
	return func(e *event.Event) {
		e.Service, e.Services = names[0], names
		e.Stated |= event.StatedService | event.StatedServices
	}
}

func contained(is event.Tristate) func(*event.Event) {
	return func(e *event.Event) { e.Contained = is; e.Stated |= event.StatedContained }
}

func day(n float64) event.Millis { return start + event.Millis(n*float64(days)) }

// onDay is a column as days since the start.
func onDay(column string) string {
	return "dateDiff('day', toDateTime('2026-01-05', 'UTC'), " + column + ")"
}

var entityCatalog = catalog.Catalog{Services: []catalog.Service{{Name: "known", Team: "owners", Aliases: []string{"PD1"}}}}

func TestExperimentsFold(t *testing.T) {
	s := open(t)
	publish(t, s, entityCatalog, nil)
	const x = event.KindExperiment
	run(t, s, "experiment", []example{
		{
			"what is not told is NULL",
			one(experimented("u", start)),
			"SELECT kind, service, team, environment, failure_mode, hypothesis, verdict, containment, started_at, " + onDay("finished_at") + ", loss_currency, loss_low, loss_likely, loss_high, contained_by, blast_radius, services, title FROM seen WHERE experiment_id = 'u'",
			[]string{"?|?|unassigned|?|?|?|?|contained|?|0|?|?|?|?|?|?|[]|?"},
		},
		{
			"by its catalog's names, with the loss as a range",
			one(experimented("a", start, onServices("PD1", "known", "stranger"), mode("m"), environment("staging"),
				attributes(`{"kind":"chaos","hypothesis":"it holds","verdict":"refuted","title":"t","lossAvoided":{"currency":"EUR","low":10,"high":20.5}}`))),
			"SELECT kind, service, team, environment, failure_mode, hypothesis, verdict, loss_currency, loss_low, loss_likely, loss_high, services, title FROM seen WHERE experiment_id = 'a'",
			[]string{`chaos|known|owners|staging|m|it holds|refuted|EUR|10|?|20.5|["known","stranger"]|t`},
		},
		{
			"it got out",
			one(experimented("b", start, contained(event.No)), experimented("c", start, contained(event.Yes))),
			"SELECT containment FROM seen WHERE experiment_id IN ('b', 'c') ORDER BY experiment_id",
			[]string{"escaped", "contained"},
		},
		{
			"amended: what is stated counts, what is not is untouched, null is unknown",
			one(amend(x, "d", day(2), mode("other"), contained(event.No), attributes(`{"verdict":"held","lossAvoided":null}`)),
				experimented("d", day(3), mode("m"), attributes(`{"kind":"ab","verdict":"refuted","lossAvoided":{"currency":"EUR","low":1,"likely":2,"high":3}}`)),
				amend(x, "d", day(1), attributes(`{"verdict":"inconclusive"}`))),
			"SELECT kind, failure_mode, verdict, containment, loss_currency, loss_low, loss_likely, loss_high FROM seen WHERE experiment_id = 'd'",
			[]string{"ab|other|held|escaped|?|?|?|?"},
		},
		{
			"its end may be stated and corrected",
			one(experimented("e", day(3), func(e *event.Event) { e.FinishedAt = day(2); e.Stated |= event.StatedFinishedAt }),
				experimented("f", day(3)), amend(x, "f", day(9), func(e *event.Event) { e.FinishedAt = day(1); e.Stated |= event.StatedFinishedAt })),
			"SELECT " + onDay("finished_at") + " FROM seen WHERE experiment_id IN ('e', 'f') ORDER BY experiment_id",
			[]string{"2", "1"},
		},
		{
			"retracted, or only amended: none",
			one(experimented("g", start), retract(x, "g", day(1)), amend(x, "g", day(2), mode("m")), amend(x, "h", start, mode("m"))),
			"SELECT count() FROM seen WHERE experiment_id IN ('g', 'h')",
			[]string{"0"},
		},
	})
}

func TestNearMissesAndPostmortemsFold(t *testing.T) {
	s := open(t)
	publish(t, s, entityCatalog, nil)
	t.Run("near misses", func(t *testing.T) {
		run(t, s, "near_miss", []example{
			{
				"by its catalog's names, as first told",
				one(missed("a", day(2), onServices("PD1"), mode("m"), attributes(`{"avertedBy":"a quota","title":"t"}`)), missed("a", day(1))),
				"SELECT service, team, failure_mode, averted_by, title, " + onDay("happened_at") + ", services, environment FROM seen WHERE near_miss_id = 'a'",
				[]string{`known|owners|m|a quota|t|1|["known"]|?`},
			},
			{
				"amended and retracted",
				one(missed("b", day(1), mode("m"), onServices("x")), amend(event.KindNearMiss, "b", day(3), mode(""), onServices("PD1"), attributes(`{"avertedBy":null}`)),
					missed("c", day(1)), retract(event.KindNearMiss, "c", day(2))),
				"SELECT near_miss_id, failure_mode, service, averted_by, " + onDay("happened_at") + " FROM seen WHERE near_miss_id IN ('b', 'c')",
				[]string{"b|?|known|?|1"},
			},
		})
	})
	if err := s.conn.Exec(t.Context(), "DROP TABLE seen"); err != nil {
		t.Fatal(err)
	}
	published := entity(event.KindPostmortem, event.PredicatePublished)
	run(t, s, "postmortem", []example{
		{
			"published first, as told last",
			one(published("a", day(1), attributes(`{"incidents":["i"],"revision":1,"surprises":["s"]}`)), published("a", day(2), attributes(`{"incidents":["i","j"],"revision":2,"blamelessCheck":"passed"}`))),
			"SELECT incidents, revision, surprises, blameless_check, " + onDay("published_at") + " FROM seen WHERE postmortem_id = 'a'",
			[]string{`["i","j"]|2|["s"]|passed|1`},
		},
		{
			"amended to unknown, and retracted",
			one(published("b", day(1), attributes(`{"incidents":["i"],"revision":3,"title":"t"}`)), amend(event.KindPostmortem, "b", day(2), attributes(`{"revision":null,"title":null,"incidents":["k"]}`)),
				published("c", day(1), attributes(`{"incidents":["i"]}`)), retract(event.KindPostmortem, "c", day(2))),
			"SELECT postmortem_id, incidents, revision, title FROM seen WHERE postmortem_id IN ('b', 'c')",
			[]string{`b|["k"]|?|?`},
		},
	})
}

func TestRisksFold(t *testing.T) {
	s := open(t)
	publish(t, s, entityCatalog, nil)
	risk := func(id, service, m string, at event.Millis, horizon int) event.Event {
		return foreseen(id, at, on(service), mode(m), attributes(fmt.Sprintf(`{"probability":0.2,"horizonDays":%d}`, horizon)))
	}
	ask := func(id string) string {
		return "SELECT outcome, incident_id, " + onDay("happened_at") + ", " + onDay("horizon_ends_at") + " FROM seen WHERE risk_id = '" + id + "'"
	}
	run(t, s, "risk", []example{
		{
			"by its catalog's names",
			one(risk("a", "PD1", "ma", day(1), 1000)),
			"SELECT service, team, failure_mode, probability, horizon_days, " + onDay("recorded_at") + ", outcome FROM seen WHERE risk_id = 'a'",
			[]string{"known|owners|ma|0.2|1000|1|open"},
		},
		{
			"predicted: the first incident after it, not one before, of another mode, elsewhere",
			log(one(risk("b", "b", "m", day(10), 30)), began("b0", "b", "m", day(9), day(9)+hour), began("b1", "b", "other", day(11), day(12)),
				began("b2", "elsewhere", "m", day(11), day(12)), began("b3", "b", "m", day(20), day(21)), began("b4", "b", "m", day(30), day(31))),
			ask("b"),
			[]string{"predicted|b3|20|40"},
		},
		{
			"too late: it did not happen; the log's last day is 100",
			log(one(risk("c", "c", "m", day(10), 30)), began("c1", "c", "m", day(41), day(42)), began("last", "last", "", day(100), day(100))),
			ask("c"),
			[]string{"did_not_happen|?|?|40"},
		},
		{
			"for any service", log(one(foreseen("d", day(10), mode("md"), attributes(`{"probability":0.2,"horizonDays":30}`))), began("d1", "d", "md", day(20), day(21))),
			ask("d"),
			[]string{"predicted|d1|20|40"},
		},
		{
			"a drill and a duplicate are no incidents",
			log(one(risk("e", "e", "m", day(10), 30)), began("e1", "e", "m", day(11), day(12), func(e *event.Event) { e.Planned = event.Yes; e.Stated |= event.StatedPlanned }),
				began("e2", "e", "m", day(12), day(13), func(e *event.Event) { e.DuplicateOf = "b3"; e.Stated |= event.StatedDuplicateOf })),
			ask("e"),
			[]string{"did_not_happen|?|?|40"},
		},
		{
			"amended: another horizon and probability; without a horizon nothing can come of it",
			one(risk("f", "f", "m", day(10), 30), amend(event.KindRisk, "f", day(12), attributes(`{"horizonDays":300,"probability":null}`)),
				risk("g", "g", "m", day(10), 30), amend(event.KindRisk, "g", day(12), attributes(`{"horizonDays":null}`)),
				risk("h", "h", "m", day(10), 30), retract(event.KindRisk, "h", day(11))),
			"SELECT risk_id, probability, horizon_days, outcome FROM seen WHERE risk_id IN ('f', 'g', 'h') ORDER BY risk_id",
			[]string{"f|?|300|open", "g|0.2|?|?"},
		},
	})
}

func TestCostsFold(t *testing.T) {
	s := open(t)
	publish(t, s, entityCatalog, nil)
	of := func(failure, supersedes string, low int) func(*event.Event) {
		return attributes(fmt.Sprintf(`{"failure":%q,"supersedes":%q,"currency":"EUR","low":%d,"high":100}`, failure, supersedes, low))
	}
	const c = event.KindCost
	// What counts of the costs whose id begins so, and which of them.
	counts := func(prefix string) string {
		return "SELECT groupArray(cost_id), sum(low) FROM (SELECT * FROM seen WHERE cost_id LIKE '" + prefix + "%' AND superseded_by IS NULL ORDER BY cost_id)"
	}
	run(t, s, "cost", []example{
		{
			"with the failure that it is of",
			log(began("inc", "PD1", "m", day(1), day(2)), one(cost("a1", day(3), attributes(`{"failure":"inc","currency":"EUR","low":1,"likely":2.5,"high":4,"covers":["credits","revenue"],"method":"ledger","title":"t"}`)))),
			"SELECT failure_id, failure_kind, service, team, failure_mode, " + onDay("failed_at") + ", currency, low, likely, high, covers, method, " + onDay("recorded_at") + ", supersedes, superseded_by, title FROM seen WHERE cost_id = 'a1'",
			[]string{`inc|incident|known|owners|m|1|EUR|1|2.5|4|["credits","revenue"]|ledger|3|?|?|t`},
		},
		{
			"of a change, an experiment, a near miss, and of what nobody told of",
			one(deployed("b-dep", "known", day(1)), cost("b1", day(2), of("b-dep", "", 1)), experimented("b-exp", day(1), mode("m")), cost("b2", day(2), of("b-exp", "", 1)),
				missed("b-miss", day(1)), cost("b3", day(2), of("b-miss", "", 1)), cost("b4", day(2), of("b-nobody", "", 1))),
			"SELECT cost_id, failure_kind, service, " + onDay("failed_at") + ", failure_id FROM seen WHERE cost_id LIKE 'b%' ORDER BY cost_id",
			[]string{"b1|change|known|1|b-dep", "b2|experiment|?|1|b-exp", "b3|near_miss|?|1|b-miss", "b4|?|?|?|b-nobody"},
		},
		{
			"a chain: the last one counts",
			one(cost("c1", day(1), of("f", "", 1)), cost("c2", day(2), of("f", "c1", 2)), cost("c3", day(3), of("f", "c2", 4))),
			counts("c"),
			[]string{`["c3"]|4`},
		},
		{
			"two supersede one: both count, as neither supersedes the other; the first is named",
			one(cost("d1", day(1), of("f", "", 1)), cost("d2", day(2), of("f", "d1", 2)), cost("d3", day(3), of("f", "d1", 4))),
			"SELECT cost_id, superseded_by FROM seen WHERE cost_id LIKE 'd%' ORDER BY cost_id",
			[]string{"d1|d2", "d2|?", "d3|?"},
		},
		{
			"a circle: the one recorded last counts, so that no money vanishes",
			one(cost("e1", day(1), of("f", "e3", 1)), cost("e2", day(2), of("f", "e1", 2)), cost("e3", day(3), of("f", "e2", 4))),
			counts("e"),
			[]string{`["e3"]|4`},
		},
		{
			"a circle by amendment, at the same moment, and one that names itself",
			one(cost("g1", day(1), of("f", "", 1)), cost("g2", day(1), of("f", "g1", 2)), amend(c, "g1", day(5), attributes(`{"supersedes":"g2"}`)), cost("g3", day(1), of("f", "g3", 4))),
			"SELECT count(), max(cost_id = 'g3') FROM seen WHERE cost_id LIKE 'g%' AND superseded_by IS NULL",
			[]string{"2|1"},
		},
		{
			"one that is retracted supersedes nothing",
			one(cost("h1", day(1), of("f", "", 1)), cost("h2", day(2), of("f", "h1", 2)), retract(c, "h2", day(3))),
			counts("h"),
			[]string{`["h1"]|1`},
		},
		{
			"one that names a cost that nobody recorded counts",
			one(cost("i1", day(1), of("f", "i0", 1))),
			counts("i"),
			[]string{`["i1"]|1`},
		},
		{
			"amended",
			one(cost("j1", day(1), of("f", "", 1)), amend(c, "j1", day(2), attributes(`{"low":3,"high":null,"likely":2,"covers":["penalties"],"failure":"inc"}`))),
			"SELECT low, likely, high, covers, failure_kind FROM seen WHERE cost_id = 'j1'",
			[]string{`3|2|?|["penalties"]|incident`},
		},
		{
			"an incident merged into another, or doubling one, leaves its costs to that",
			log(began("k-gone", "x", "", day(1), day(2)), one(retract(event.KindIncident, "k-gone", day(3), attributes(`{"mergedInto":"inc"}`)), cost("k1", day(4), of("k-gone", "", 1))),
				began("k-double", "x", "", day(1), day(2), func(e *event.Event) { e.DuplicateOf = "inc"; e.Stated |= event.StatedDuplicateOf }), one(cost("k2", day(4), of("k-double", "", 1)))),
			"SELECT cost_id, failure_id, failure_kind, team FROM seen WHERE cost_id LIKE 'k%' ORDER BY cost_id",
			[]string{"k1|inc|incident|owners", "k2|inc|incident|owners"},
		},
	})
}

// TestAmendedFlagsAndDeployments: corrections reach the joins.
func TestAmendedFlagsAndDeployments(t *testing.T) {
	s := open(t)
	flagOf := func(id, key, from, to, service string, at event.Millis, more ...func(*event.Event)) event.Event {
		e := flag(id, key, from, to, service, at)
		all(more...)(&e)
		identify(&e)
		return e
	}
	const change = event.KindChange
	isFlag := func(e *event.Event) { e.ChangeKind = event.ChangeFlag }
	to := func(value string) func(*event.Event) {
		return func(e *event.Event) { e.FlagTo = value; e.Stated |= event.StatedFlagTo }
	}
	kill := func(is event.Tristate) func(*event.Event) {
		return func(e *event.Event) { e.KillSwitch = is; e.Stated |= event.StatedKillSwitch }
	}
	run(t, s, "change_undone", []example{
		{
			"set back: undone",
			one(flag("a1", "a", "off", "on", "a", day(1)), flag("a2", "a", "on", "off", "a", day(2))),
			"SELECT change_id, intDiv(undone_at, 86400000) - 20458 FROM seen WHERE service = 'a' AND undone_at != 0",
			[]string{"a1|2"},
		},
		{
			"set to something else: not",
			one(flag("b1", "b", "off", "on", "b", day(1)), flag("b2", "b", "on", "half", "b", day(2))),
			"SELECT count() FROM seen WHERE service = 'b' AND undone_at != 0",
			[]string{"0"},
		},
		{
			"what was set back is amended: it was not",
			one(flag("c1", "c", "off", "on", "c", day(1)), flag("c2", "c", "on", "off", "c", day(2)), amend(change, "c2", day(3), isFlag, to("half"))),
			"SELECT count() FROM seen WHERE service = 'c' AND undone_at != 0",
			[]string{"0"},
		},
		{
			"what set it back never was",
			one(flag("d1", "d", "off", "on", "d", day(1)), flag("d2", "d", "on", "off", "d", day(2)), retract(change, "d2", day(3), isFlag)),
			"SELECT change_id, undone_at FROM seen WHERE service = 'd'",
			[]string{"d1|0"},
		},
		{
			"a rollback that never was undoes nothing; one that is amended undoes what it names",
			one(deployed("e1", "e", day(1)), rolledBack("e", day(2)), retract(change, fmt.Sprintf("rollback-e-%d", day(2)), day(3)),
				deployed("f1", "f", day(1)), deployed("f2", "f", day(2)), rolledBack("f", day(3)),
				amend(change, fmt.Sprintf("rollback-f-%d", day(3)), day(4), links("change:f1"))),
			"SELECT change_id, undone_at != 0 FROM seen WHERE service IN ('e', 'f') ORDER BY change_id",
			[]string{"e1|0", "f1|1", "f2|0"},
		},
		{
			"a kill switch undoes what it switched off, though nobody tells what it was before",
			one(flagOf("g1", "g", "", "on", "g", day(1)), flagOf("g2", "g", "", "off", "g", day(2), kill(event.Yes))),
			"SELECT change_id FROM seen WHERE service = 'g' AND undone_at != 0",
			[]string{"g1"},
		},
		{
			"what it was before is what it was set to last; else it is not known",
			one(flagOf("i1", "i", "", "off", "i", day(1)), flagOf("i2", "i", "", "on", "i", day(2)), flagOf("i3", "i", "", "off", "i", day(3)), flagOf("i4", "i", "", "", "i", day(4))),
			"SELECT change_id FROM seen WHERE service = 'i' AND undone_at != 0",
			[]string{"i2"},
		},
		{
			"no switch of another flag, service or environment",
			one(flagOf("h1", "h", "", "on", "h", day(1)), flagOf("h2", "h-other", "", "off", "h", day(2), kill(event.Yes)), flagOf("h3", "h", "", "off", "h-other", day(2), kill(event.Yes)),
				flagOf("h4", "h", "", "off", "h", day(2), kill(event.Yes), environment("staging")), flagOf("h5", "h", "", "off", "h", day(2), kill(event.No))),
			"SELECT count() FROM seen WHERE service = 'h' AND undone_at != 0",
			[]string{"0"},
		},
	})
}
