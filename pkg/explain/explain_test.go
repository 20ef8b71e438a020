package explain_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
)

const day = 86_400_000

// asOf is the first moment of 2026-Q4.
var asOf = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func organisation(metric, window string, n int64) learning.Estimate {
	return learning.Estimate{
		Metric: metric, Scope: learning.Scope{Kind: "organisation"}, Window: window, AsOf: asOf, Level: 0.95,
		Value: 0.2, Low: 0.1, High: 0.3, Low50: 0.15, High50: 0.25, N: n, Events: n, Exposure: float64(n), State: learning.OK, Reading: "r",
	}
}

func facts(estimates ...learning.Estimate) explain.Facts {
	for i := range estimates {
		m, _ := learning.Lookup(estimates[i].Metric)
		estimates[i].Unit = m.Unit
	}
	return explain.Facts{
		Snapshot: learning.Snapshot{RunID: "run", AsOf: asOf, InputEvents: 7, Estimates: estimates},
		Settings: learning.DefaultSettings(), Input: &learning.Input{AsOf: asOf, Start: asOf - 4*91*day, Hash: "hash"},
	}
}

func of(t *testing.T, f explain.Facts, metric string) explain.Explanation {
	t.Helper()
	x, err := explain.Of(f, explain.Ask{Metric: metric, Scope: learning.Scope{Kind: "organisation"}, Window: "all", Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func says(t *testing.T, x explain.Explanation, wants ...string) {
	t.Helper()
	all := strings.Join(x.Outlook, "\n")
	for _, want := range wants {
		if !strings.Contains(all, want) {
			t.Errorf("the outlook does not say %q:\n%s", want, all)
		}
	}
}

// Four lacking at four a quarter: with c = 16 seen in 4 quarters the median of the
// wait is 4·(4/16.5)·F₀.₅(8, 33), which is 0.9 of a quarter or 12 weeks.
func TestHowLongTheMissingTakes(t *testing.T) {
	const metric = "repeat_rate.repeats"
	all := organisation(metric, "all", 6)
	all.State, all.Value, all.Lacks = learning.Insufficient, math.NaN(), 4
	x := of(t, facts(
		all,
		organisation(metric, "2025-Q3", 100), // longer ago than the last four
		organisation(metric, "2025-Q4", 4), organisation(metric, "2026-Q1", 4), organisation(metric, "2026-Q2", 4),
		organisation(metric, "2026-Q3", 4),
		organisation(metric, "2026-Q4", 50), // has only begun
	), metric)
	says(t, x, "It needs: 10 failures of a known mode.", "It lacks 4 more.", "4 a quarter over the last 4 whole quarters, that takes about 12 weeks;")
}

func TestNothingComes(t *testing.T) {
	const metric = "repeat_rate.repeats"
	all := organisation(metric, "all", 6)
	all.State, all.Lacks = learning.Insufficient, 4
	x := of(t, facts(all, organisation(metric, "2026-Q2", 0), organisation(metric, "2026-Q3", 0)), metric)
	says(t, x, "None came over the last 2 whole quarters: at that rate it does not get there.")
}

// A trend of a quarter counts all before it: 12 more in the last four.
func TestTrendsCountOn(t *testing.T) {
	const metric = "learning_derivative.uncontained"
	all := organisation(metric, "all", 20)
	all.State, all.Lacks = learning.Insufficient, 3
	estimates := []learning.Estimate{all}
	for i, quarter := range []string{"2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3"} {
		estimates = append(estimates, organisation(metric, quarter, int64(8+3*i)))
	}
	says(t, of(t, facts(estimates...), metric), "3 a quarter over the last 4 whole quarters")
}

// An interval from −0.19 to +0.06 about −0.07: on the scale of ln(1 + x) the half
// toward no change is 1.80 times as wide as the value is far from it. A trend's
// interval narrows with the record's length to the power 1½: 1.80^(2/3) = 1.48
// times the record, 48 more to 100.
func TestHowMuchMoreForAVerdict(t *testing.T) {
	const metric = "learning_derivative.uncontained"
	e := organisation(metric, "all", 100)
	e.Value, e.Low, e.High = -0.07, -0.19, 0.06
	x := of(t, facts(e), metric)
	says(t, x, `For "better" its upper bound, +6 %`, `for "worse" its lower bound, −19 %`, "about 49 more of what is counted, 149 in all", "the next is on 15 October 2026")

	unjudged := e
	unjudged.Metric = "learning_derivative.uncontained.since_start" // a ratio: 1 is no change
	unjudged.Value, unjudged.Low, unjudged.High = 0.97, 0.9, 1.04
	says(t, of(t, facts(unjudged), unjudged.Metric), "No verdict is given on it: verdicts are given at a quarter's close on the metrics and scopes that were fixed beforehand")

	e.High = -0.01
	says(t, of(t, facts(e), metric), "on the side of better", "the upper bound, −1 %, would have to move past 0")
	e.Value, e.Low, e.High = 0.2, 0.1, 0.3
	says(t, of(t, facts(e), metric), "on the side of worse", "the lower bound, +10 %")
	e.Value, e.Low, e.High = 0, -0.1, 0.1
	says(t, of(t, facts(e), metric), "so near to no change")
	e.Verdict = "better"
	says(t, of(t, facts(e), metric), "The verdict, better, was given at a quarter's close")
}

func TestWhereThereIsNoVerdict(t *testing.T) {
	says(t, of(t, facts(organisation("repeat_rate.repeats", "all", 50)), "repeat_rate.repeats"), "no level means", "n = 200 instead of 50")
	says(t, of(t, facts(organisation("counted.merged", "all", 5)), "counted.merged"), "Every one is counted")
	failed := organisation("change_safety.excess", "all", 50)
	failed.State = learning.AssumptionFailed
	says(t, of(t, facts(failed), "change_safety.excess"), "An assumption does not hold")
}

func TestEvidenceIsTheLatestFirstAndLimited(t *testing.T) {
	f := facts(organisation("repeat_rate.repeats", "all", 50))
	f.Input.Incidents = []learning.Incident{
		{ID: "a", StartedAt: asOf - 9*day, Service: "s", FailureMode: "m"}, {ID: "b", StartedAt: asOf - 2*day}, {ID: "c"},
	}
	f.Titles = map[string]string{"a": "Cards refused"}
	for _, id := range []string{"c", "a", "b"} {
		f.Evidence = append(f.Evidence, learning.Evidence{Role: "event", Kind: "incident", Entity: id})
	}
	x := of(t, f, "repeat_rate.repeats")
	if x.Evidence.Total != 3 || x.Evidence.Rest != 1 || x.Evidence.Items[0].Entity != "b" {
		t.Fatalf("got %+v", x.Evidence)
	}
	if i := x.Evidence.Items[1]; i.Title != "Cards refused" || i.Service != "s" || i.FailureMode != "m" || i.At != "2026-09-22T00:00:00.000Z" {
		t.Errorf("got %+v", i)
	}
}

func TestWhatWasSaidBefore(t *testing.T) {
	e := organisation("repeat_rate.repeats", "all", 50)
	f := facts(e)
	said := func(value float64, asOf int64, computed time.Duration, replaced bool) explain.Past {
		other := e
		other.Value, other.AsOf = value, asOf
		return explain.PastOf(other, time.UnixMilli(asOf).Add(computed), replaced)
	}
	f.Past = []explain.Past{
		said(0.2, asOf, 3*time.Hour, false), said(0.31, asOf, 2*time.Hour, true), said(0.4, asOf, time.Hour, true),
		said(0.5, asOf-7*day, time.Hour, false), said(0.6, asOf-7*day, 0, true), said(0.7, asOf+7*day, 0, false),
	}
	x := of(t, f, "repeat_rate.repeats")
	if x.Before == nil || *x.Before.Value != 0.31 {
		t.Errorf("before: %+v", x.Before)
	}
	if len(x.Past) != 1 || *x.Past[0].Value != 0.5 {
		t.Errorf("past: %+v", x.Past)
	}
	// What was computed of a log in which nothing was yet is no earlier word.
	nothing := e
	nothing.N, nothing.State = 0, learning.Insufficient
	f.Past = []explain.Past{explain.PastOf(nothing, time.UnixMilli(asOf), true)}
	if x := of(t, f, "repeat_rate.repeats"); x.Before != nil {
		t.Errorf("before anything was there: %+v", x.Before)
	}
}

func TestMissing(t *testing.T) {
	checkout := learning.Scope{Kind: "service", Name: "checkout"}
	ofService := organisation("counted.failures", "all", 50)
	ofService.Scope = checkout
	f := facts(organisation("repeat_rate.repeats", "all", 50), organisation("severity_trend", "all", 50), organisation("learning_derivative.severe", "all", 50),
		organisation("counted.failures", "2026-Q2", 50), organisation("counted.failures", "2026-Q4", 9), ofService)
	f.Snapshot.AsOf += 3 * day
	for i := range f.Snapshot.Estimates {
		f.Snapshot.Estimates[i].AsOf = f.Snapshot.AsOf
	}
	for _, c := range []struct {
		ask  explain.Ask
		says string
	}{
		{explain.Ask{Metric: "repeat_rate.repeat"}, `there is no metric "repeat_rate.repeat"; the nearest are repeat_rate.repeats`},
		{explain.Ask{Metric: "repeat_rate.repeats", Scope: learning.Scope{Kind: "team", Name: "x"}}, "there is no team yet: `tuition metrics --scope team` lists them"},
		{explain.Ask{Metric: "counted.merged", Scope: learning.Scope{Kind: "organisation"}}, "counted.merged has no estimate of organisation"},
		{explain.Ask{Metric: "repeat_rate.repeats", Scope: learning.Scope{Kind: "organisation"}, Window: "2020-Q1"}, "there are all"},
		{explain.Ask{Metric: "severity_trend", Scope: learning.Scope{Kind: "organisation"}, Window: "2026-Q2"}, "severity_trend is given for the whole record only"},
		{explain.Ask{Metric: "durations.resolve.median", Scope: checkout, Window: "2026-Q2"}, "durations.resolve.median is given for the whole record, not for a single quarter of a service"},
		{explain.Ask{Metric: "learning_per_failure", Scope: checkout, Window: "all"}, "learning_per_failure is not given for a service: it is for organisation, team, environment, failure mode"},
		{explain.Ask{Metric: "learning_derivative.severe", Scope: learning.Scope{Kind: "organisation"}, Window: "2026-Q4"}, "is given for a quarter when it is over, and 2026-Q4 is not"},
	} {
		_, err := explain.Of(f, c.ask)
		var missing explain.Missing
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.ask, err)
		}
	}
	for _, name := range []string{"", "x", strings.Repeat("é", 100_000)} {
		if err := explain.Known(name); err == nil || len(err.Error()) > 400 {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	for _, name := range append(explain.Families(), "durations.detect.p90") {
		if err := explain.Known(name); err != nil {
			t.Error(err)
		}
	}
}

// Every metric has a family, parts, a definition and says what it needs; what is
// written for reading holds all of it.
func TestEveryMetricIsExplained(t *testing.T) {
	for _, m := range learning.Metrics {
		if m.Definition == "" || m.Formula == "" || m.Minimum == "" || m.Unit == "" {
			t.Errorf("%s lacks a definition, formula, minimum or unit", m.Name)
		}
		if m.Evidence != "" {
			if _, known := learning.Lookup(m.Evidence); !known {
				t.Errorf("%s: no evidence metric %s", m.Name, m.Evidence)
			}
		}
		x := of(t, facts(organisation(m.Name, "all", 50)), m.Name)
		if len(x.Outlook) == 0 || len(x.Inputs.Settings) != len(learning.DefaultSettings().Choices(m)) {
			t.Errorf("%s: outlook %q, settings %v", m.Name, x.Outlook, x.Inputs.Settings)
		}
		var b strings.Builder
		if err := x.WriteText(&b, func(s string) string { return s }); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{m.Name + ", organisation", "What would change it", "What it was computed from", "run of 7 events"} {
			if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
				t.Errorf("%s: the text lacks %q:\n%s", m.Name, want, b.String())
			}
		}
	}
}

// The settings that a number depends on stand among its inputs, whatever they are set to.
func TestSettingsAreTold(t *testing.T) {
	f := facts(organisation("tuition.avoided", "all", 50), organisation("watch.uncontained", "all", 50), organisation("stagnation", "all", 50), organisation("learning_derivative.uncontained", "2026-Q2", 50), organisation("learning_derivative.uncontained", "all", 50))
	f.Settings.Currency, f.Settings.CostCap, f.Settings.ExchangeRates = "EUR", 250_000, map[string]float64{"USD": 0.92, "GBP": 1.17}
	for metric, want := range map[string]string{
		"tuition.avoided":                 "attribution window=24 h|merge window=72 h|level=95 %|inner level=50 %|seed=1|currency=EUR|exchange rates=GBP 1.17, USD 0.92|cost cap=EUR 250\u202f000|horizon=365 days",
		"watch.uncontained":               "merge window=72 h|watch alpha=5 %|watch baseline=the first Monday of the record|watch scopes=organisation, team, service|watch targets=none|settling=14 days",
		"stagnation":                      "attribution window=24 h|merge window=72 h|stagnation=180 days",
		"learning_derivative.uncontained": "merge window=72 h|level=95 %|inner level=50 %|settling=14 days|verdict scopes=organisation, team|verdict metrics=learning_derivative.uncontained, learning_derivative.severe, learning_derivative.repeats|false discoveries=5 %",
	} {
		var got []string
		for _, s := range of(t, f, metric).Inputs.Settings {
			got = append(got, s.Name+"="+s.Value)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %s", metric, strings.Join(got, "|"))
		}
	}
}
