package property

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
)

// TestFailuresAgree merges failures twice: the view does it in SQL, the estimators
// in Go. Which there are, by what each is named and how it was contained, is the
// same, for any log.
func TestFailuresAgree(t *testing.T) {
	alive := moments[0].AddDate(-1, 0, 0).UnixMilli() // before any failure, so that all have exposure before them
	p := newPipeline(t, catalog.Catalog{Services: []catalog.Service{
		{Name: "api", Team: "shop", Aliases: []string{"P1"}, AliveFrom: alive},
		{Name: "store", Team: "base", Aliases: []string{"shop/store"}, AliveFrom: alive},
	}}, moments[len(moments)-1].AddDate(0, 1, 0).UnixMilli())
	merged := 0
	check(t, 3, func(r *rapid.T) {
		log := rapid.SliceOfN(rapid.Custom(failing), 20, 80).Draw(r, "log")
		run := p.run(r, [][]event.Message{log})
		var estimated []string
		for _, e := range run.Evidence {
			class, of := strings.CutPrefix(e.Metric, "containment.")
			if of && e.Scope.Kind == "service" && slices.Contains([]string{"api", "store"}, e.Scope.Name) && e.Window == "all" &&
				slices.Contains([]string{"contained", "escaped", "uncontained"}, class) {
				estimated = append(estimated, strings.Join([]string{e.Scope.Name, e.Kind, e.Entity, class}, " "))
			}
		}
		slices.Sort(estimated)
		folded := strings.Fields(strings.ReplaceAll(p.query(r, "SELECT concat(assumeNotNull(service), '~', kind, '~', failure_id, '~', containment) FROM failure WHERE service IN ('api', 'store')"), " ", ""))
		for i := range folded {
			folded[i] = strings.ReplaceAll(folded[i], "~", " ")
		}
		slices.Sort(folded)
		if !slices.Equal(estimated, folded) {
			r.Fatalf("the estimators find\n%s\nthe view\n%s", strings.Join(estimated, "\n"), strings.Join(folded, "\n"))
		}
		if p.query(r, "SELECT count() FROM failure WHERE occurrences > 1") != "0\n" {
			merged++
		}
	})
	if merged == 0 {
		t.Error("nothing was ever merged: nothing is compared")
	}
}

// failing draws a failure of some kind within eight days, or what corrects one.
func failing(r *rapid.T) event.Message {
	a := attributes(r)
	id := rapid.IntRange(1, 30).Draw(r, "which")
	at := moments[0].Add(time.Duration(rapid.IntRange(0, 16).Draw(r, "when")) * 12 * time.Hour)
	known := map[string]any{"service": a["service"], "failureMode": a["failureMode"]}
	for _, key := range []string{"contained", "containedBy"} {
		if rapid.IntRange(0, 3).Draw(r, key) == 0 {
			known[key] = a[key]
		}
	}
	var typ, subject string
	content, extras := known, []event.Extra(nil)
	switch rapid.IntRange(0, 7).Draw(r, "what fails") {
	case 0, 1, 2, 3:
		typ, subject = event.TypeIncidentDetected, fmt.Sprint("inc-", id)
		content = map[string]any{"environment": map[string]any{"id": "production"}, "service": map[string]any{"id": a["service"]}}
		delete(known, "service")
		extras = []event.Extra{event.Tuition(known)}
	case 4:
		typ, subject, content = event.TypeIncidentAmended, fmt.Sprint("inc-", id), one(r, a, "planned", "duplicateOf", "failureMode", "startedAt")
	case 5:
		typ, subject = event.TypeExperimentFinished, fmt.Sprint("exp-", id)
		known["kind"], known["verdict"] = "chaos", a["verdict"]
	case 6:
		typ, subject = event.TypeNearMissRecorded, fmt.Sprint("nm-", id)
		delete(known, "contained")
		delete(known, "containedBy")
	default:
		typ, subject = event.TypeDeploymentFinished, fmt.Sprint("d-", id)
		delete(known, "failureMode")
		known["outcome"], known["rollout"], known["automaticRollback"] = a["outcome"], a["rollout"], a["automaticRollback"]
	}
	value, err := event.New(typ, "/ci", fmt.Sprint(subject, at.Unix()), at, subject, content, extras...)
	if err != nil {
		r.Fatalf("%s: %v", typ, err)
	}
	m := event.Message{Position: event.Position{Topic: simulateTopic}, Value: value, Time: event.Millis(moments[len(moments)-1].UnixMilli())}
	if m.Headers, err = event.BinaryHeaders(value); err != nil {
		r.Fatal(err)
	}
	return m
}
