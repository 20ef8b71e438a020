package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// The same rows in another order are the same input.
func shuffled(in learning.Input, seed uint64) learning.Input {
	r := rand.New(rand.NewPCG(seed, 2))
	in.Incidents = mixed(r, in.Incidents)
	in.Recurrences = mixed(r, in.Recurrences)
	in.Improvements = mixed(r, in.Improvements)
	in.Gaps = mixed(r, in.Gaps)
	in.Changes = mixed(r, in.Changes)
	in.FailedChange = mixed(r, in.FailedChange)
	in.Crossover = mixed(r, in.Crossover)
	in.Services = mixed(r, in.Services)
	in.Experiments = mixed(r, in.Experiments)
	in.NearMisses = mixed(r, in.NearMisses)
	in.Postmortems = mixed(r, in.Postmortems)
	in.Risks = mixed(r, in.Risks)
	in.Costs = mixed(r, in.Costs)
	in.Warnings = mixed(r, in.Warnings)
	return in
}

func mixed[T any](r *rand.Rand, rows []T) []T {
	out := slices.Clone(rows)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// bytes is a run as text: NaN equals NaN in it, and every bit of a float shows.
func bytes(run learning.Run) string {
	var out strings.Builder
	fmt.Fprintln(&out, run.ID, run.AsOf, run.InputEvents)
	for _, e := range run.Estimates {
		fmt.Fprintf(&out, "%+v %b %b %b %b %b\n", e, e.Value, e.Low, e.High, e.Low50, e.High50)
	}
	for _, e := range run.Evidence {
		fmt.Fprintln(&out, e)
	}
	return out.String()
}

func TestOrderOfRowsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := random(rapid.Uint64().Draw(t, "input"), rapid.IntRange(1, 2).Draw(t, "services"),
			rapid.IntRange(0, 40).Draw(t, "incidents"), rapid.Int64Range(30, 500).Draw(t, "days"))
		want := bytes(learning.Compute(in, inEuros()))
		got := bytes(learning.Compute(shuffled(in, rapid.Uint64().Draw(t, "order")), inEuros()))
		if got != want {
			t.Fatal("the order of the rows changed the run")
		}
	})
}

var banned = regexp.MustCompile(`(?i)\b(proves|significant|significantly|caused|on track|no change)\b`)

// inEuros are settings by which money has a figure.
func inEuros() learning.Settings {
	s := learning.DefaultSettings()
	s.Currency, s.CostCap = "EUR", 5000
	return s
}

func TestEveryEstimateCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := random(rapid.Uint64().Draw(t, "input"), rapid.IntRange(1, 3).Draw(t, "services"),
			rapid.IntRange(0, 150).Draw(t, "incidents"), rapid.Int64Range(1, 700).Draw(t, "days"))
		run := learning.Compute(in, inEuros())
		for _, e := range run.Estimates {
			readable(t, e)
		}
		known := map[string]bool{}
		for _, e := range run.Estimates {
			known[e.Metric+"|"+e.Scope.Kind+"|"+e.Scope.Name+"|"+e.Window] = true
		}
		for _, e := range run.Evidence {
			if !known[e.Metric+"|"+e.Scope.Kind+"|"+e.Scope.Name+"|"+e.Window] {
				t.Fatalf("evidence without an estimate: %+v", e)
			}
			if e.Entity == "" || e.Kind == "" || !slices.Contains([]string{"event", "censored"}, e.Role) {
				t.Fatalf("evidence says too little: %+v", e)
			}
		}
	})
}

func readable(t *rapid.T, e learning.Estimate) {
	metric, known := learning.Lookup(e.Metric)
	if !known {
		t.Fatalf("%s is not in Metrics", e.Metric)
	}
	if metric.Evidence != "" {
		if _, known := learning.Lookup(metric.Evidence); !known {
			t.Fatalf("the evidence of %s is said to be that of %s, which is no metric", e.Metric, metric.Evidence)
		}
	}
	figures := []float64{e.Low, e.Low50, e.High50, e.High, e.Value}
	switch e.State {
	case learning.OK:
		for _, x := range figures {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("ok without a figure: %+v", e)
			}
		}
		if !(e.Low <= e.Low50 && e.Low50 <= e.High50 && e.High50 <= e.High && e.Low <= e.Value && e.Value <= e.High) {
			t.Fatalf("bounds out of order: %+v", e)
		}
	default:
		for _, x := range figures {
			if !math.IsNaN(x) {
				t.Fatalf("a figure is shown in state %s: %+v", e.State, e)
			}
		}
		if !strings.HasPrefix(e.Reading, "Not ") && !strings.Contains(e.Reading, "we cannot tell") {
			t.Fatalf("it is not said why there is no figure: %+v", e)
		}
	}
	if e.Verdict != "" && (e.Window == "all" || !slices.Contains(learning.Judged, e.Metric) || (e.Verdict == "better") != (e.High < 0) || e.Low <= 0 && e.High >= 0) {
		t.Fatalf("a verdict that may not be given: %+v", e)
	}
	if e.Unit == "" || e.Method == "" || e.Level != 0.95 || e.Window == "" || e.AsOf == 0 || e.Origin == "" {
		t.Fatalf("incomplete: %+v", e)
	}
	if e.Events > e.N && e.Unit == "share" {
		t.Fatalf("more events than were counted: %+v", e)
	}
	if !strings.HasSuffix(e.Reading, ".") || banned.MatchString(e.Reading) || strings.Contains(e.Reading, "%!") || strings.Contains(e.Reading, "NaN") {
		t.Fatalf("not a sentence that may be said: %q", e.Reading)
	}
}

// index finds estimates of one run.
type index map[string]learning.Estimate

func compute(in learning.Input) index {
	out := index{}
	for _, e := range learning.Compute(in, learning.DefaultSettings()).Estimates {
		out[e.Metric+"|"+e.Scope.Kind+"|"+e.Scope.Name+"|"+e.Window] = e
	}
	return out
}

func (i index) organisation(t *testing.T, metric string) learning.Estimate {
	t.Helper()
	return i.of(t, metric, "organisation", "", "all")
}

func (i index) of(t *testing.T, metric, kind, name, window string) learning.Estimate {
	t.Helper()
	e, found := i[metric+"|"+kind+"|"+name+"|"+window]
	if !found {
		t.Fatalf("no estimate of %s for %s %q, window %s", metric, kind, name, window)
	}
	return e
}

func same(a, b learning.Estimate) bool {
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

func TestADrillChangesNothingButItsCount(t *testing.T) {
	in := random(3, 5, 200, 400)
	before := compute(in)
	drill := in.Incidents[17]
	drill.ID, drill.IsDrill, drill.StartedAt = "drill", true, since+40*day+hour
	in.Incidents = append(slices.Clone(in.Incidents), drill)
	after := compute(in)
	if len(before) != len(after) {
		t.Fatalf("%d estimates became %d", len(before), len(after))
	}
	for key, e := range before {
		if strings.HasPrefix(key, "counted.drills|") && (e.Window == "all" || e.Window == "2023-Q1") {
			if after[key].Value != e.Value+1 {
				t.Errorf("%s went from %v to %v", key, e.Value, after[key].Value)
			}
		} else if !same(e, after[key]) {
			t.Errorf("%s changed:\n%+v\n%+v", key, e, after[key])
		}
	}
}

// Services that never fail add exposure, so rates per service-day fall; they
// change no share, no duration and no recurrence.
func TestPaddingWithQuietServices(t *testing.T) {
	in := random(3, 5, 300, 400)
	before := compute(in)
	for i := range 50 {
		in.Services = append(in.Services, learning.Service{Name: fmt.Sprintf("quiet-%d", i), Team: "team-1", AliveFrom: since, AliveTo: in.AsOf})
	}
	after := compute(in)
	for key, e := range before {
		if e.Scope.Kind != "organisation" || e.State != learning.OK {
			continue
		}
		switch {
		case e.Metric == "learning_per_failure.any_mode": // of services that had failed
			if !same(e, after[key]) {
				t.Errorf("%s changed:\n%+v\n%+v", key, e, after[key])
			}
		case e.Metric == "stagnation": // they are what it counts
			if after[key].Value != e.Value+50 {
				t.Errorf("%s: %v, then %v", key, e.Value, after[key].Value)
			}
		case e.Unit == "per_1000_service_days":
			if after[key].Value >= e.Value && e.Events > 0 || after[key].Events != e.Events {
				t.Errorf("%s did not fall: %v, then %v", key, e.Value, after[key].Value)
			}
		case strings.HasPrefix(e.Metric, "learning_derivative"), strings.HasPrefix(e.Metric, "watch"):
			// The others began at different times, so the clock's pace changes.
		case !same(e, after[key]):
			t.Errorf("%s changed:\n%+v\n%+v", key, e, after[key])
		}
	}
}

func TestNothingIsInvented(t *testing.T) {
	for key, e := range compute(learning.Input{AsOf: since + 100*day, Start: since}) {
		if e.State == learning.OK && (e.Unit != "count" || e.Value != 0) {
			t.Errorf("%s of an empty log is %v: %s", key, e.Value, e.Reading)
		}
	}
}

func TestRunIdentity(t *testing.T) {
	in := random(1, 2, 10, 50)
	base := learning.Compute(in, learning.DefaultSettings()).ID
	other := learning.DefaultSettings()
	other.Seed++
	later, log := in, in
	later.AsOf += day
	log.Hash = "another"
	for name, run := range map[string]learning.Run{
		"settings": learning.Compute(in, other),
		"as_of":    learning.Compute(later, learning.DefaultSettings()),
		"log":      learning.Compute(log, learning.DefaultSettings()),
	} {
		if run.ID == base {
			t.Errorf("another %s is given the same identity", name)
		}
	}
	if learning.Compute(in, learning.DefaultSettings()).ID != base {
		t.Error("the same input and settings have two identities")
	}
}
