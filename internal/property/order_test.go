package property

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/simulate"
)

// TestSimulatedLogInAnyOrder delivers one organisation's log as it was, and then
// shuffled, with records again, in other batches and with batches sent again.
func TestSimulatedLogInAnyOrder(t *testing.T) {
	s, err := simulate.New(simulate.Config{Seed: 3, Quarters: 3, Teams: 3, Services: 6, Incidents: 90, Deploys: 700})
	if err != nil {
		t.Fatal(err)
	}
	var log []event.Message
	for m := range s.Records() {
		log = append(log, m)
	}
	p := newPipeline(t, s.Catalog(), s.AsOf())
	as := p.fold(t, [][]event.Message{log}, "")
	for part, text := range as {
		if text == "" {
			t.Errorf("%s is empty: nothing is compared", part)
		}
	}
	check(t, 2, func(r *rapid.T) {
		as.same(r, p.fold(r, disorder(r, log), inAnotherOrder))
	})
}

// TestAnyLogInAnyOrder makes logs that no organisation would: few moments, few
// entities, every correction, and identities used twice.
func TestAnyLogInAnyOrder(t *testing.T) {
	p := newPipeline(t, catalog.Catalog{Services: []catalog.Service{
		{Name: "api", Team: "shop", DependsOn: []string{"store"}, Aliases: []string{"P1"}},
		{Name: "store", Team: "base", Aliases: []string{"shop/store"}},
	}}, moments[len(moments)-1].AddDate(0, 1, 0).UnixMilli())
	check(t, 5, func(r *rapid.T) {
		log := rapid.SliceOfN(rapid.Custom(record), 5, 120).Draw(r, "log")
		for _, both := range rapid.SliceOfN(rapid.Custom(toldTwice), 4, 8).Draw(r, "told by two tools") {
			log = append(log, both...)
		}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(log)-1), 0, 20).Draw(r, "told again") {
			again := log[i] // another record with the same event
			again.Time += event.Millis(rapid.Int64Range(0, 1e6).Draw(r, "later"))
			log = append(log, again)
		}
		as := p.fold(r, [][]event.Message{log}, "")
		as.same(r, p.fold(r, disorder(r, log), inAnotherOrder))
	})
}

// check tries a property so many times, twenty times as often with TUITION_LONG=1.
func check(t *testing.T, times int, property func(*rapid.T)) {
	t.Helper()
	if os.Getenv("TUITION_LONG") == "1" {
		times *= 20
	}
	before := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", strconv.Itoa(times)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = flag.Set("rapid.checks", before) }()
	rapid.Check(t, property)
}

// disorder shuffles a log, delivers some records again and cuts it into batches,
// some of which are sent again.
func disorder(r *rapid.T, log []event.Message) [][]event.Message {
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "disorder"), 0))
	all := slices.Clone(log)
	for _, m := range log {
		if random.IntN(4) == 0 {
			all = append(all, m)
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var batches [][]event.Message
	for len(all) > 0 {
		n := min(1+random.IntN(len(log)), len(all))
		batches = append(batches, all[:n])
		if random.IntN(4) == 0 {
			batches = append(batches, all[:n])
		}
		all = all[n:]
	}
	return batches
}
