package app

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tuition-hq/tuition/pkg/blameless"
	"github.com/tuition-hq/tuition/pkg/event"
)

// What the author states stays; what the wording says is found, counted and told
// apart from it, and nobody is named.
func TestPostmortemsAreJudgedAsTheyPass(t *testing.T) {
	checker, err := blameless.Default()
	if err != nil {
		t.Fatal(err)
	}
	const blaming, fair = "Marta forgot to renew the certificate.", "The renewal depended on a calendar entry."
	for _, x := range []struct {
		name, stated, factor string
		check, found, count  string
	}{
		{"stated to have passed, and does not", "passed", blaming, "passed", "failed", "contradicted"},
		{"stated to have passed, and does", "passed", fair, "passed", "passed", "passed"},
		{"stated to have failed, and passes", "failed", fair, "failed", "passed", "passed"},
		{"nothing stated, fails", "", blaming, "failed", "failed", "failed"},
		{"nothing stated, passes", "", fair, "passed", "passed", "passed"},
		{"said not to be checked", "not-checked", blaming, "failed", "failed", "failed"},
		{"no text", "passed", "", "passed", "", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			logged, entries := observer.New(zap.InfoLevel)
			counted := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "checked"}, []string{"result"})
			w := &wording{checker, zap.New(logged), counted}
			attributes := map[string]any{"incidents": []string{"i"}}
			if x.factor != "" {
				attributes["contributingFactors"] = []string{x.factor}
			}
			if x.stated != "" {
				attributes["blamelessCheck"] = x.stated
			}
			text, err := json.Marshal(attributes)
			if err != nil {
				t.Fatal(err)
			}
			e := event.Event{Kind: event.KindPostmortem, Predicate: event.PredicatePublished, Attributes: string(text)}
			w.judge(&e)
			var got struct {
				BlamelessCheck, BlamelessFound string
				BlamelessFindings              map[string]int
			}
			if err := json.Unmarshal([]byte(e.Attributes), &got); err != nil {
				t.Fatal(err)
			}
			if got.BlamelessCheck != x.check || got.BlamelessFound != x.found {
				t.Errorf("check %q, found %q; want %q, %q", got.BlamelessCheck, got.BlamelessFound, x.check, x.found)
			}
			if (x.found == "failed") != (len(got.BlamelessFindings) > 0) {
				t.Errorf("findings %v", slices.Collect(maps.Keys(got.BlamelessFindings)))
			}
			if x.count == "" {
				if n := testutil.CollectAndCount(counted); n != 0 {
					t.Errorf("%d results are counted of a post-mortem without text", n)
				}
			} else if n := testutil.ToFloat64(counted.WithLabelValues(x.count)); n != 1 {
				t.Errorf("%s is counted %v times", x.count, n)
			}
			if warned := entries.Len() > 0; warned != (x.count == "contradicted") {
				t.Errorf("the log warned: %v", warned)
			}
			for _, entry := range entries.All() {
				told, err := json.Marshal(entry.ContextMap())
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(entry.Message+string(told), "Marta") || !strings.Contains(string(told), "=1") {
					t.Errorf("the log says %s %s", entry.Message, told)
				}
			}
		})
	}
}
