package property

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/store"
)

// TestRecurrencesAgree finds twice which incidents came back: the view does it in SQL,
// the estimators in Go say of which it is not known. Each incident of a known mode on
// a known service is the first of its kind, a recurrence, or of neither known; for any log.
func TestRecurrencesAgree(t *testing.T) {
	p := newPipeline(t, catalog.Catalog{}, moments[len(moments)-1].AddDate(0, 1, 0).UnixMilli())
	known, unknown := 0, 0
	check(t, 5, func(r *rapid.T) {
		log := append(rapid.SliceOfN(rapid.Custom(recurring), 10, 60).Draw(r, "log"), always(r)...)
		p.run(r, [][]event.Message{log})
		in, err := p.store.LoadInput(context.Background(), store.LoadOptions{AsOf: p.asOf})
		if err != nil {
			r.Fatal(err)
		}
		unended := learning.UnendedBefore(&in)
		met := map[string]bool{}
		var want []string
		for i := range in.Incidents {
			x := &in.Incidents[i]
			if x.Service == "" || x.FailureMode == "" || x.IsDrill || x.DuplicateOf != "" {
				continue
			}
			if kind := fmt.Sprint(x.Service, x.FailureMode); !met[kind] {
				met[kind] = true
			} else if !unended[x.ID] {
				want = append(want, x.ID)
			}
		}
		slices.Sort(want)
		got := strings.Fields(p.query(r, "SELECT incident_id FROM recurrence ORDER BY incident_id"))
		if !slices.Equal(got, want) {
			r.Fatalf("the view finds %q, the estimators %q", got, want)
		}
		known, unknown = known+len(want), unknown+len(unended)
	})
	if known < 5 || unknown < 5 {
		t.Errorf("%d recurrences and %d of which it is not known in five logs that have each", known, unknown)
	}
}

// recurring draws a sign or the end of one of few incidents of few modes.
func recurring(r *rapid.T) event.Message {
	a := attributes(r)
	known := map[string]any{"failureMode": a["failureMode"], "startedAt": a["startedAt"]}
	typ, content, extras := event.TypeIncidentDetected, map[string]any{"environment": map[string]any{"id": "production"}}, []event.Extra(nil)
	switch rapid.IntRange(0, 5).Draw(r, "what is told") {
	case 0, 1, 2:
		content["service"] = map[string]any{"id": of(r, "where", "api", "store")}
		extras = []event.Extra{event.Tuition(known)}
	case 3, 4:
		typ = event.TypeIncidentResolved
	default:
		typ, content = event.TypeIncidentAmended, one(r, a, "planned", "duplicateOf", "failureMode", "startedAt", "resolvedAt")
	}
	return told(r, typ, fmt.Sprint("inc-", rapid.IntRange(1, 12).Draw(r, "which")), of(r, "when", moments...), content, extras...)
}

// always are an incident that comes back after its end, and one of which it is not
// known, so that each log has both whatever else is drawn.
func always(r *rapid.T) (log []event.Message) {
	detected := func(id, mode string, at time.Time) {
		content := map[string]any{"environment": map[string]any{"id": "production"}, "service": map[string]any{"id": "always"}}
		log = append(log, told(r, event.TypeIncidentDetected, id, at, content, event.Tuition(map[string]any{"failureMode": mode})))
	}
	at := moments[0]
	detected("ended", "comes back", at)
	log = append(log, told(r, event.TypeIncidentResolved, "ended", at.Add(time.Hour), map[string]any{"environment": map[string]any{"id": "production"}}))
	detected("again", "comes back", at.Add(2*time.Hour))
	detected("open", "stays", at)
	detected("after-open", "stays", at.Add(2*time.Hour))
	return log
}

// told is one event of an incident.
func told(r *rapid.T, typ, id string, at time.Time, content map[string]any, extras ...event.Extra) event.Message {
	value, err := event.New(typ, "/ci", fmt.Sprint(id, typ, at.UnixMilli()), at, id, content, extras...)
	if err != nil {
		r.Fatalf("%s: %v", typ, err)
	}
	m := event.Message{Position: event.Position{Topic: simulateTopic}, Value: value, Time: event.Millis(moments[len(moments)-1].UnixMilli())}
	if m.Headers, err = event.BinaryHeaders(value); err != nil {
		r.Fatal(err)
	}
	return m
}
