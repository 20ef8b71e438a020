package property

import (
	"slices"
	"strings"
	"testing"

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
	check(t, 6, func(r *rapid.T) {
		log := rapid.SliceOfN(rapid.Custom(record).Filter(func(m event.Message) bool {
			return !strings.Contains(string(m.Value), "service.removed") // what fails later is taken for alive
		}), 40, 160).Draw(r, "log")
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
