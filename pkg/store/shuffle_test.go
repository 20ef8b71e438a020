package store

import (
	goflag "flag"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

var testCatalog = catalog.Catalog{Services: []catalog.Service{
	{Name: "checkout", Team: "payments", DependsOn: []string{"ledger"}, Aliases: []string{"P123"}},
	{Name: "ledger", Team: "books", Aliases: []string{"argo/ledger"}},
}}

var testRules = []catalog.Rule{
	{FailureMode: "certificate-expired", Labels: map[string]string{"symptom": "x509|certificate"}},
	{FailureMode: "disk-full", Service: "ledger", Incidents: []string{"inc-1", "inc-2"}},
}

// randomEvent speaks of few entities at few times, so that everything meets: ties,
// amendments, retractions, two tools, aliases, and words that say nothing.
func randomEvent(t *rapid.T) event.Event {
	at := start + event.Millis(rapid.IntRange(0, 400).Draw(t, "at"))*5*minute
	service := rapid.SampledFrom([]string{"checkout", "P123", "ledger", "argo/ledger", "search", ""})
	word := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "word") }
	entity := func(prefix string, n int) string {
		return fmt.Sprintf("%s-%d", prefix, rapid.IntRange(1, n).Draw(t, "entity"))
	}
	maybe := func(change func(*event.Event)) func(*event.Event) {
		if rapid.IntRange(0, 2).Draw(t, "states") == 0 {
			return change
		}
		return func(*event.Event) {}
	}
	moment := func() event.Millis {
		if rapid.Bool().Draw(t, "unknown") {
			return 0
		}
		return at - event.Millis(rapid.IntRange(0, 6).Draw(t, "before"))*10*minute
	}
	correction := rapid.SampledFrom([]event.Predicate{event.PredicateAmended, event.PredicateAmended, event.PredicateAmended, event.PredicateRetracted})
	oneOf := func(list []event.Predicate) event.Predicate {
		switch n := rapid.IntRange(0, 9).Draw(t, "predicate"); {
		case n == 0 && rapid.IntRange(0, 3).Draw(t, "rarely") == 0:
			return correction.Draw(t, "correction")
		case n < 3:
			return event.PredicateAmended
		}
		return rapid.SampledFrom(list).Draw(t, "telling")
	}
	predicate := func(list ...event.Predicate) event.Predicate { return oneOf(list) }
	common := all(
		maybe(on(service.Draw(t, "service"))), maybe(environment(word("production", "staging", ""))),
		maybe(mode(word("disk-full", "slow-query", ""))), by(word("tool-a", "tool-b")),
	)
	switch rapid.IntRange(0, 12).Draw(t, "kind") {
	case 10, 11, 12:
		return randomRarer(t, at, oneOf, entity, all(common, maybe(onServices(service.Draw(t, "its service"), "ledger"))))
	case 0, 1, 2, 3:
		return incident(predicate(event.PredicateDetected, event.PredicateReported, event.PredicateAcknowledged, event.PredicateMitigated,
			event.PredicateResolved, event.PredicateResolved, event.PredicateReopened), entity("inc", 12), at, all(common,
			maybe(func(e *event.Event) {
				e.Severity = uint8(rapid.IntRange(0, 5).Draw(t, "severity"))
				e.Stated |= event.StatedSeverity
			}),
			maybe(func(e *event.Event) {
				e.DetectionSource = word("monitoring", "customer", "unknown", "")
				e.Stated |= event.StatedDetectionSource
			}),
			maybe(func(e *event.Event) { e.StartedAt = moment(); e.Stated |= event.StatedStartedAt }),
			maybe(func(e *event.Event) { e.ResolvedAt = moment(); e.Stated |= event.StatedResolvedAt }),
			maybe(func(e *event.Event) { e.MitigatedAt = moment(); e.Stated |= event.StatedMitigatedAt }),
			maybe(func(e *event.Event) { e.BlastRadius = 0; e.Stated |= event.StatedBlastRadius }),
			maybe(func(e *event.Event) {
				e.Contained = event.Tristate(rapid.IntRange(0, 2).Draw(t, "contained"))
				e.Stated |= event.StatedContained
			}),
			maybe(links("change:"+entity("dep", 15), "commit:"+word("c1", "c2"))),
			maybe(attributes(word(`{"title":"a"}`, `{"title":"b","labels":{"symptom":"x509: unknown"}}`, `{"statedDetectSeconds":60}`, `{"labels":null,"statedResolveSeconds":null}`))),
		))
	case 4, 5, 6:
		return say(event.KindChange, predicate(event.PredicateFinished, event.PredicateDeployed), entity("dep", 15), at, all(common,
			func(e *event.Event) { e.ChangeKind = event.ChangeDeploy }, maybe(commit(word("c1", "c2", ""))), maybe(artifact(word("a1", "a2"))),
			maybe(func(e *event.Event) {
				e.Outcome = word("succeeded", "failed", "cancelled", "")
				e.Stated |= event.StatedOutcome
			}),
			maybe(func(e *event.Event) { e.StartedAt = moment(); e.Stated |= event.StatedStartedAt }),
			maybe(func(e *event.Event) { e.FinishedAt = moment(); e.Stated |= event.StatedFinishedAt }),
			maybe(func(e *event.Event) {
				e.AutomaticRollback = event.Tristate(rapid.IntRange(0, 2).Draw(t, "automatic"))
				e.Stated |= event.StatedAutomaticRollback
			}),
		))
	case 7:
		if rapid.Bool().Draw(t, "flag") {
			return flag(entity("flag", 6), word("f1", "f2"), word("on", "off"), word("on", "off"), service.Draw(t, "service"), at)
		}
		return rolledBack(service.Draw(t, "service"), at, maybe(links("change:"+entity("dep", 15))))
	case 8:
		return improvement(predicate(event.PredicateOpened, event.PredicateOpened, event.PredicateClosed, event.PredicateAbandoned, event.PredicateVerified), entity("imp", 6), at,
			common, maybe(attributes(fmt.Sprintf(`{"kind":"test","fromFailure":%q}`, entity("inc", 12)))))
	default:
		if rapid.IntRange(0, 3).Draw(t, "postmortem") == 0 {
			return say(event.KindPostmortem, predicate(event.PredicatePublished), entity("pm", 3), at, all(common, attributes(`{"incidents":["inc-1"],"revision":2}`)))
		}
		return gap(predicate(event.PredicateFound, event.PredicateFound, event.PredicateClosed), entity("gap", 5), at, common)
	}
}

// randomRarer speaks of an experiment, a near miss, a risk or a cost.
func randomRarer(t *rapid.T, at event.Millis, predicate func([]event.Predicate) event.Predicate, entity func(string, int) string, common func(*event.Event)) event.Event {
	json := func(texts ...string) func(*event.Event) {
		return attributes(rapid.SampledFrom(texts).Draw(t, "attributes"))
	}
	recorded := []event.Predicate{event.PredicateRecorded}
	switch rapid.IntRange(0, 4).Draw(t, "rarer") {
	case 0, 1:
		return say(event.KindExperiment, predicate([]event.Predicate{event.PredicateFinished}), entity("exp", 6), at, all(common,
			contained(event.Tristate(rapid.IntRange(0, 2).Draw(t, "contained"))),
			json(`{"verdict":"refuted"}`, `{"verdict":"held","kind":"chaos"}`, `{"lossAvoided":{"currency":"EUR","low":0.1,"high":0.7}}`, `{"lossAvoided":null,"verdict":null}`)))
	case 2:
		return say(event.KindNearMiss, predicate(recorded), entity("miss", 6), at, all(common, json(`{"avertedBy":"a quota"}`, `{"avertedBy":null}`)))
	case 3:
		return say(event.KindRisk, predicate(recorded), entity("risk", 5), at, all(common, json(`{"probability":0.3,"horizonDays":1}`, `{"probability":null}`, `{"horizonDays":2}`)))
	default:
		return say(event.KindCost, predicate(recorded), entity("cost", 6), at, attributes(fmt.Sprintf(`{"failure":%q,"supersedes":%q,"currency":"EUR","low":%d,"high":9.5}`,
			rapid.SampledFrom([]string{"inc-1", "inc-2", "dep-1", "exp-1", "miss-1", "none"}).Draw(t, "failure"), entity("cost", 6), rapid.IntRange(0, 9).Draw(t, "low"))))
	}
}

// surfaces are the views that people build on, whose rows come from the event table.
var surfaces = []string{
	"incident", "change", "improvement", "postmortem", "monitoring_gap", "incident_change", "recurrence", "coverage",
	"experiment", "near_miss", "risk", "cost", "experiment_incident", "near_miss_incident", "risk_incident", "failure", "exposure",
}

// state is all that readers can see: every such view and the estimators' input.
func state(t testing.TB, s *Store) map[string][]string {
	t.Helper()
	seen := map[string][]string{}
	for _, view := range surfaces {
		seen[view] = read(t, s, "SELECT * FROM "+view)
		slices.Sort(seen[view])
	}
	input, err := s.LoadInput(t.Context(), LoadOptions{AsOf: int64(start + days)})
	if err != nil {
		t.Fatal(err)
	}
	seen["input"] = []string{spelt(t, input)}
	log, err := s.LogState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen["log"] = []string{fmt.Sprintf("%+v", log)}
	return seen
}

// everywhere runs a statement about the event table on each shard.
func everywhere(t testing.TB, shards []*Store, statement string) {
	t.Helper()
	for _, s := range shards {
		if err := s.conn.Exec(t.Context(), fmt.Sprintf(statement, "event"+tables{s.config}.Local())); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnyOrderGivesTheSameState is the invariant of the system: a log that is
// shuffled, repeated and batched anyhow gives the same state, before and after merges.
func TestAnyOrderGivesTheSameState(t *testing.T) {
	t.Parallel()
	checkAnyOrder(t, []*Store{open(t)}, []*Store{open(t)}, 3)
}

// TestShardsGiveTheSameState is the same with the second log spread over two shards.
func TestShardsGiveTheSameState(t *testing.T) {
	t.Parallel()
	checkAnyOrder(t, []*Store{open(t)}, sharded(t), 1)
}

func checkAnyOrder(t *testing.T, onces, agains []*Store, times int) {
	once, again := onces[0], agains[0]
	for _, s := range []*Store{once, again} {
		publish(t, s, testCatalog, testRules)
	}
	check(t, times, func(r *rapid.T) {
		log := rapid.SliceOfN(rapid.Custom(randomEvent), 1, 250).Draw(r, "log")
		everywhere(t, onces, "TRUNCATE TABLE %s")
		everywhere(t, agains, "TRUNCATE TABLE %s")
		insert(t, once, log...)

		repeated := slices.Clone(log)
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(log)-1), 0, len(log)).Draw(r, "repeated") {
			e := log[i]
			e.ReceivedAt += event.Millis(1 + i) // told again, later, and perhaps by an import
			e.EmittedAt = 0
			e.Imported = i%2 == 0
			repeated = append(repeated, e)
		}
		repeated = rapid.Permutation(repeated).Draw(r, "order")
		for len(repeated) > 0 {
			n := rapid.IntRange(max(1, len(repeated)/5), len(repeated)).Draw(r, "batch")
			insert(t, again, repeated[:n]...)
			repeated = repeated[n:]
		}

		want := state(t, once)
		compare(r, want, state(t, again), "shuffled and repeated")
		everywhere(t, agains, "OPTIMIZE TABLE %s FINAL") // what ReplacingMergeTree drops is dropped
		compare(r, want, state(t, again), "merged")
	})
}

func compare(t *rapid.T, want, got map[string][]string, how string) {
	for view := range want {
		if !slices.Equal(want[view], got[view]) {
			t.Errorf("%s: %s differs\n once: %q\nagain: %q", how, view, want[view], got[view])
		}
	}
}

// check checks a property so many times, unless whoever runs the tests chose how often:
// each check folds a log of hundreds of events many times. Tests that run beside each
// other share the flag, so it is one for all of them.
func check(t *testing.T, times int, property func(*rapid.T)) {
	if checksChosen() {
		times = 1
	}
	for range times {
		rapid.Check(t, property)
	}
}

var checksChosen = sync.OnceValue(func() (chosen bool) {
	goflag.Visit(func(f *goflag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen {
		_ = goflag.Set("rapid.checks", "1")
		_ = goflag.Set("rapid.shrinktime", "20s")
	}
	return chosen
})
