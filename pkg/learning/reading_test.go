package learning_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Five digits in a row are hard to read: wherever a reading counts, the
// thousands are set apart. Years and dates have four.
func TestReadingsSetThousandsApart(t *testing.T) {
	in := learning.Input{AsOf: since + 200*day, Start: since, Services: []learning.Service{alive("api", 200)}}
	sources := []string{"customer", "monitoring", "employee"}
	for i := range 12_000 {
		f := incident(fmt.Sprint(i), "api", "", int64(i)*24*199/12_000)
		f.DetectionSource, f.Severity = sources[i%3], uint8(1+i%4)
		f.StatedResolveSeconds, f.BlastRadius = 600, 0.001*float64(i%50)
		in.Incidents = append(in.Incidents, f)
		in.Gaps = append(in.Gaps, learning.MonitoringGap{ID: fmt.Sprint(i), Service: "api", Team: "payments", State: "open", FoundAt: f.StartedAt})
	}
	in.Changes = []learning.ChangeCount{{ChangeOf: &learning.ChangeOf{Service: "api", Team: "payments", Kind: "deploy"}, Quarter: "2023-Q1", Changes: 40_000, Failed: 11_000, EndingTold: 29_000}}
	digits := regexp.MustCompile(`(^|[^0-9.])[0-9]{5,}`)
	var apart int
	for key, e := range compute(in) {
		if digits.MatchString(e.Reading) {
			t.Errorf("%s: %q", key, e.Reading)
		}
		if strings.Contains(e.Reading, "\u202f") {
			apart++
		}
	}
	if apart < 20 {
		t.Errorf("only %d readings have a count of thousands", apart)
	}
}

// The word uncontained stands for two populations; every text says which.
func TestTheUncontainedAreNamed(t *testing.T) {
	got := compute(everyKind())
	for metric, words := range map[string]string{
		"containment.uncontained":         "failures of any kind met users with no net",
		"containment.contained":           "failures of any kind were met inside a safety net",
		"learning_derivative.uncontained": "uncontained incidents",
		"learning_derivative.severe":      "uncontained incidents of severity 1 or 2",
	} {
		if e := got.organisation(t, metric); !strings.Contains(e.Reading, words) {
			t.Errorf("%s: %q should say %q", metric, e.Reading, words)
		}
	}
	for _, m := range learning.Metrics {
		if strings.Contains(strings.ToLower(m.Definition), "uncontained failures") {
			t.Errorf("%s does not say which failures: %q", m.Name, m.Definition)
		}
	}
}
