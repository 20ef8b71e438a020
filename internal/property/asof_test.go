package property

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/simulate"
	"github.com/tuition-hq/tuition/pkg/store"
)

// TestAsOfIsTheLogCutThere: what is said as of a moment is what the log says from which
// all that happened since was taken away, corrections left in: the same rows and the
// same estimates, to the byte, whether the past is read once or kept at hand.
func TestAsOfIsTheLogCutThere(t *testing.T) {
	c := catalog.Catalog{Services: []catalog.Service{
		{Name: "api", Team: "shop", DependsOn: []string{"store"}, Aliases: []string{"P1"}},
		{Name: "store", Team: "base", Aliases: []string{"shop/store"}},
	}}
	whole, cut := newPipeline(t, c, 0), newPipeline(t, c, 0)
	told := 0
	check(t, 6, func(r *rapid.T) {
		log := rapid.SliceOfN(rapid.Custom(record), 5, 120).Draw(r, "log")
		whole.insert(r, [][]event.Message{log})
		frozen, err := whole.store.Freeze(context.Background())
		if err != nil {
			r.Fatal(err)
		}
		defer frozen.Close()
		for _, at := range rapid.SliceOfNDistinct(rapid.SampledFrom(moments), 2, 2, time.Time.UnixMilli).Draw(r, "as of") {
			asOf := at.UnixMilli() + rapid.Int64Range(0, 1).Draw(r, "just after")
			part := whole.until(r, log, asOf)
			cut.insert(r, [][]event.Message{part})
			want := cut.load(r, cut.store, asOf)
			sameInput(r, whole.load(r, whole.store, asOf), want)
			sameInput(r, whole.load(r, frozen, asOf), want)
			if len(part) < len(log) && len(want.Incidents) > 0 {
				told++
			}
		}
	})
	if told == 0 {
		t.Error("nothing was ever cut away: nothing is compared")
	}
}

// TestSimulatedPastIsTheLogCutThere is the same for an organisation as there are some.
func TestSimulatedPastIsTheLogCutThere(t *testing.T) {
	s, err := simulate.New(simulate.Config{Seed: 5, Quarters: 3, Teams: 3, Services: 6, Incidents: 90, Deploys: 700})
	if err != nil {
		t.Fatal(err)
	}
	var log []event.Message
	for m := range s.Records() {
		log = append(log, m)
	}
	whole, cut := newPipeline(t, s.Catalog(), 0), newPipeline(t, s.Catalog(), 0)
	whole.insert(t, [][]event.Message{log})
	for _, before := range []time.Duration{20 * time.Hour, 100 * 24 * time.Hour} {
		asOf := s.AsOf() - before.Milliseconds()
		part := whole.until(t, log, asOf)
		cut.insert(t, [][]event.Message{part})
		sameInput(t, whole.load(t, whole.store, asOf), cut.load(t, cut.store, asOf))
		if len(part) == len(log) {
			t.Errorf("nothing happened in the last %v: nothing is compared", before)
		}
	}
}

// until leaves out what happened at a moment or later, but for corrections: those say
// what was true all along. The later revision of a post-mortem is one.
func (p *pipeline) until(t fataler, log []event.Message, asOf int64) (kept []event.Message) {
	t.Helper()
	events := make([]event.Event, len(log))
	published := map[string]bool{}
	for i := range log {
		if rejection := p.decoder.Decode(&log[i], &events[i]); rejection != nil {
			t.Fatalf("%v\n%s", rejection, log[i].Value)
		}
		if e := &events[i]; e.Predicate == event.PredicatePublished && int64(e.OccurredAt) < asOf {
			published[e.Entity] = true
		}
	}
	for i := range log {
		e := &events[i]
		revision := e.Kind == event.KindPostmortem && published[e.Entity]
		if int64(e.OccurredAt) < asOf || e.Predicate == event.PredicateAmended || e.Predicate == event.PredicateRetracted || revision {
			kept = append(kept, log[i])
		}
	}
	return kept
}

func (p *pipeline) load(t fataler, from *store.Store, asOf int64) learning.Input {
	t.Helper()
	in, err := from.LoadInput(context.Background(), store.LoadOptions{AsOf: asOf})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// sameInput compares rows, but for how many events the log has, and then estimates.
func sameInput(t fataler, got, want learning.Input) {
	t.Helper()
	got.InputEvents, got.Hash, want.InputEvents, want.Hash = 0, "", 0, ""
	a, b := outcome{}, outcome{}
	fields := reflect.TypeFor[learning.Input]()
	for i := range fields.NumField() {
		a[fields.Field(i).Name] = rowsOf(reflect.ValueOf(got).Field(i))
		b[fields.Field(i).Name] = rowsOf(reflect.ValueOf(want).Field(i))
	}
	a.same(t, b)
	settings := learning.DefaultSettings()
	one, other := learning.Compute(got, settings), learning.Compute(want, settings)
	outcome{"estimates": lines(one.Estimates), "evidence": lines(one.Evidence)}.
		same(t, outcome{"estimates": lines(other.Estimates), "evidence": lines(other.Evidence)})
}

// rowsOf is what rows say, each on its own line, with what they share.
func rowsOf(v reflect.Value) string {
	if v.Kind() != reflect.Slice {
		return spelt(v)
	}
	rows := make([]string, v.Len())
	for i := range rows {
		rows[i] = spelt(v.Index(i))
	}
	return strings.Join(rows, "\n")
}

func spelt(v reflect.Value) string {
	text, err := json.Marshal(v.Interface())
	if err != nil {
		panic(err) // rows are loaded without figures that JSON does not know
	}
	return string(text)
}
