package learning_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Each field of Settings is set to something else, and whatever changes must be
// said to depend on it. A new field fails until it is here and in the choices.
func TestEveryChoiceIsTold(t *testing.T) {
	in := random(7, 6, 300, 800)
	base := inEuros()
	base.FalseDiscoveries = 0.9 // so that verdicts are given
	others := map[string]func(*learning.Settings){
		"AttributionWindow": nil, // the input was made with it
		"MergeWindow":       func(s *learning.Settings) { s.MergeWindow = 400 * time.Hour },
		"Level":             func(s *learning.Settings) { s.Level = 0.8 },
		"InnerLevel":        func(s *learning.Settings) { s.InnerLevel = 0.3 },
		"Seed":              func(s *learning.Settings) { s.Seed = 9 },
		"WatchAlpha":        func(s *learning.Settings) { s.WatchAlpha = 0.3 },
		"WatchBaseline":     func(s *learning.Settings) { s.WatchBaseline = since + 99*day },
		"WatchScopes":       func(s *learning.Settings) { s.WatchScopes = []string{"organisation"} },
		"WatchTargets": func(s *learning.Settings) {
			s.WatchTargets = []learning.WatchTarget{{What: "uncontained", Clock: "days", Rate: 1}}
		},
		"Currency":         func(s *learning.Settings) { s.Currency = "USD" },
		"ExchangeRates":    func(s *learning.Settings) { s.ExchangeRates = map[string]float64{"USD": 2} },
		"CostCap":          func(s *learning.Settings) { s.CostCap = 500 },
		"Horizon":          func(s *learning.Settings) { s.Horizon = 99 * 24 * time.Hour },
		"Stagnation":       func(s *learning.Settings) { s.Stagnation = 10 * 24 * time.Hour },
		"Settling":         func(s *learning.Settings) { s.Settling = 900 * 24 * time.Hour },
		"VerdictScopes":    func(s *learning.Settings) { s.VerdictScopes = nil },
		"VerdictMetrics":   func(s *learning.Settings) { s.VerdictMetrics = nil },
		"FalseDiscoveries": func(s *learning.Settings) { s.FalseDiscoveries = 1e-9 },
	}
	type row struct {
		metric, window string
		scope          learning.Scope
	}
	told := func(s learning.Settings) map[row]string {
		out := map[row]string{}
		for _, e := range learning.Untrimmed(in, s).Estimates {
			out[row{e.Metric, e.Window, e.Scope}] = fmt.Sprint(e.Value, e.Low, e.High, e.Low50, e.High50, e.N, e.Events, e.Exposure, e.Censored, e.Lacks, e.State, e.Verdict, e.Unit)
		}
		return out
	}
	usual := told(base)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[learning.Settings]()) {
		other, known := others[field.Name]
		if !known {
			t.Errorf("%s is not tried", field.Name)
			continue
		}
		name, governed := learning.ChoiceOf(field.Name)
		if name == "" {
			t.Errorf("%s is told of no metric", field.Name)
			continue
		}
		if other == nil {
			continue
		}
		settings := base
		other(&settings)
		now := told(settings)
		var silent []string
		changed := 0
		for r, before := range usual {
			if now[r] == before {
				continue
			}
			changed++
			if !governed(r.metric) && !slices.Contains(silent, r.metric) {
				silent = append(silent, r.metric)
			}
		}
		if changed == 0 {
			t.Errorf("%s changes nothing here: another value would test more", field.Name)
		}
		if len(silent) > 0 {
			slices.Sort(silent)
			t.Errorf("%s changes %v, which do not say that they depend on it", field.Name, silent)
		}
	}
}
