package learning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

const weeks = 7 * day

// watched makes two services of a team, with failures and deploys at rates a
// week that may change; monday is the first of the record.
type watched struct {
	weeks             int64
	failures, deploys func(week float64) float64
	source            string
}

const monday = int64(19_359) * day // 2 January 2023

func (w watched) input(seed uint64) learning.Input {
	r := rand.New(rand.NewPCG(seed, 3))
	in := learning.Input{AsOf: monday + w.weeks*weeks, Start: monday, Hash: "watched"}
	times := func(rate func(float64) float64) []int64 {
		const most = 60
		var out []int64
		for t := r.ExpFloat64() / most; t < float64(w.weeks); t += r.ExpFloat64() / most {
			if r.Float64()*most < rate(t) {
				out = append(out, monday+int64(t*float64(weeks)))
			}
		}
		return out
	}
	for i := range 2 {
		s := learning.Service{Name: fmt.Sprintf("s%d", i), Team: "t", InCatalog: true, AliveFrom: monday, AliveTo: in.AsOf, Deploys: learning.CountDeploys(times(w.deploys)...)}
		in.Services = append(in.Services, s)
		for k, t := range times(w.failures) {
			in.Incidents = append(in.Incidents, learning.Incident{
				ID: fmt.Sprintf("%s-%d", s.Name, k), Service: s.Name, Team: "t", StartedAt: t, DetectedAt: t,
				DetectionSource: w.source, Containment: "uncontained", StatedDetectSeconds: -1, StatedResolveSeconds: -1,
			})
		}
	}
	return in
}

func always(x float64) func(float64) float64 { return func(float64) float64 { return x } }

func from(week, before, after float64) func(float64) float64 {
	return func(t float64) float64 {
		if t < week {
			return before
		}
		return after
	}
}

// latest is the watch's last point of a scope, thing and clock.
func latest(t *testing.T, run learning.Run, kind, what, clock string) learning.WatchPoint {
	t.Helper()
	for _, p := range run.Watch {
		if p.Latest && p.Scope.Kind == kind && p.What == what && p.Clock == clock {
			return p
		}
	}
	t.Fatalf("no watch of %s, %s, %s", kind, what, clock)
	return learning.WatchPoint{}
}

func watch(in learning.Input) learning.Run { return learning.Compute(in, learning.DefaultSettings()) }

func TestRegressionIsCaught(t *testing.T) {
	run := watch(watched{weeks: 90, failures: from(68, 0.5, 2), deploys: always(3), source: "monitoring"}.input(1))
	for _, kind := range []string{"organisation", "team"} {
		p := latest(t, run, kind, "uncontained", "days")
		if p.AlarmSince < monday+68*weeks || p.AlarmSince > monday+80*weeks || p.CrossedAt > p.AlarmSince || p.State != learning.OK || p.Evidence < p.Bar {
			t.Errorf("%+v", p)
		}
		if want := " Crossed on " + dated(p.AlarmSince) + ", by service-days and by deploys."; !strings.Contains(p.Reading, want) {
			t.Errorf("%q does not say %q", p.Reading, want)
		}
		// α = 5 %: three kinds of scope, three things, two clocks; one organisation, one team.
		if p.Bar != 360 {
			t.Errorf("the bar of %s is %v", kind, p.Bar)
		}
	}
	if bar := latest(t, run, "service", "uncontained", "deploys").Bar; bar != 720 {
		t.Errorf("the bar of each of two services is %v", bar)
	}
	if bar := latest(t, run, "organisation", "repeats", "expected").Bar; bar != 180 {
		t.Errorf("the bar on one clock is %v", bar)
	}
	p := latest(t, run, "organisation", "uncontained", "days")
	if !(p.Doubling > 0 && p.Doubling < p.Tripling && p.Tripling <= 1 && p.Delay > 0) {
		t.Errorf("power %v, %v, delay %v", p.Doubling, p.Tripling, p.Delay)
	}
	if alarms := run.Alarms(); len(alarms) < 2 {
		t.Errorf("%d alarms", len(alarms))
	}
	told := latest(t, run, "organisation", "told_by_customer", "days")
	if told.State != learning.Insufficient || !math.IsNaN(told.Evidence) {
		t.Errorf("no customer ever told of a failure: %+v", told)
	}
}

// Evidence is latched: what comes after the crossing does not take it back, and
// what was said of a week does not change as time goes on.
func TestTheWatchDoesNotLookBack(t *testing.T) {
	w := watched{weeks: 100, failures: from(68, 0.5, 2), deploys: always(3), source: "monitoring"}
	late := w.input(1)
	early := late
	early.AsOf = monday + 80*weeks
	early.Incidents = slices.DeleteFunc(slices.Clone(late.Incidents), func(i learning.Incident) bool { return i.StartedAt >= early.AsOf })
	early.Services = slices.Clone(late.Services)
	for i := range early.Services {
		early.Services[i].AliveTo = early.AsOf
		early.Services[i].Deploys = early.Services[i].Deploys.Before(early.AsOf)
	}
	then, now := watch(early), watch(late)
	key := func(p learning.WatchPoint) string { return fmt.Sprint(p.Scope, p.What, p.Clock, p.At) }
	said := map[string]learning.WatchPoint{}
	for _, p := range then.Watch {
		if p.What == "uncontained" && p.Scope.Kind != "service" {
			said[key(p)] = p
		}
	}
	compared := 0
	for _, p := range now.Watch {
		before, found := said[key(p)]
		if !found || p.State != before.State {
			continue
		}
		compared++
		before.Latest = p.Latest
		if a, b := fmt.Sprintf("%+v", before), fmt.Sprintf("%+v", p); a != b {
			t.Errorf("said  %s\nis now %s", a, b)
		}
	}
	if compared < 2*2*28 {
		t.Errorf("only %d points were compared", compared)
	}
	a, b := latest(t, then, "organisation", "uncontained", "days"), latest(t, now, "organisation", "uncontained", "days")
	if a.AlarmSince == 0 || a.AlarmSince != b.AlarmSince {
		t.Errorf("alarm since %d, later %d", a.AlarmSince, b.AlarmSince)
	}
}

// Failures that come with deploys, and more deploys: evidence by days, no alarm.
func TestMoreDeploysAreNoRegression(t *testing.T) {
	deploys := from(60, 2, 12)
	run := watch(watched{weeks: 100, failures: func(week float64) float64 { return 0.2 * deploys(week) }, deploys: deploys, source: "monitoring"}.input(2))
	p := latest(t, run, "organisation", "uncontained", "days")
	if p.CrossedAt == 0 || p.AlarmSince != 0 || !strings.Contains(p.Reading, "by service-days alone: no alarm") {
		t.Errorf("%+v", p)
	}
	if d := latest(t, run, "organisation", "uncontained", "deploys"); d.State != learning.OK || d.CrossedAt != 0 {
		t.Errorf("%+v", d)
	}
	// Without deploys the clock of days decides alone, and says so.
	in := watched{weeks: 100, failures: from(68, 0.5, 2), deploys: always(0), source: "monitoring"}.input(2)
	alone := latest(t, watch(in), "organisation", "uncontained", "days")
	if alone.AlarmSince == 0 || !strings.Contains(alone.Reading, "Deploys could not be read beside it") {
		t.Errorf("%+v", alone)
	}
}

func TestImprovementIsAnnouncedAndSilenceIsNot(t *testing.T) {
	run := watch(watched{weeks: 104, failures: from(54, 3, 0.5), deploys: always(3), source: "monitoring"}.input(3))
	p := latest(t, run, "organisation", "uncontained", "days")
	if p.BetterSince == 0 || p.AlarmSince != 0 || !strings.Contains(p.Reading, "Evidence of improvement crossed the same bar on") {
		t.Errorf("%+v", p)
	}
	// Nothing at all for a year: the evidence is there, but it is as likely an end of reporting.
	silent := watch(watched{weeks: 104, failures: from(54, 3, 0), deploys: always(3), source: "monitoring"}.input(3))
	q := latest(t, silent, "organisation", "uncontained", "days")
	if q.Better < q.Bar {
		t.Fatalf("silence gives evidence of %v", q.Better)
	}
	if q.BetterSince != 0 || !strings.Contains(q.Reading, "Fewer are not called an improvement") {
		t.Errorf("%+v", q)
	}
	for _, e := range silent.Estimates {
		if strings.HasPrefix(e.Metric, "watch.") && e.Verdict == "better" {
			t.Errorf("a silence is called better: %+v", e)
		}
	}
}

// Each assumption has its sentence, and no alarm comes of what failed it.
func TestTheWatchRefuses(t *testing.T) {
	season := func(week float64) float64 { return 3 * (1 + 0.9*math.Sin(2*math.Pi*week/52)) }
	for name, c := range map[string]struct {
		in          learning.Input
		what, clock string
		state       learning.State
		says        string
	}{
		"no baseline":    {watched{weeks: 30, failures: always(1), deploys: always(3), source: "monitoring"}.input(4), "uncontained", "days", learning.Insufficient, "begins on 1 Jan 2024"},
		"season":         {watched{weeks: 80, failures: season, deploys: always(3), source: "monitoring"}.input(4), "uncontained", "days", learning.AssumptionFailed, "swung with the season or drifted"},
		"unknown source": {watched{weeks: 80, failures: always(1), deploys: always(3), source: "unknown"}.input(4), "told_by_customer", "days", learning.AssumptionFailed, "nobody knows who noticed"},
		"few deploys":    {watched{weeks: 80, failures: always(1), deploys: always(0.02), source: "monitoring"}.input(4), "uncontained", "deploys", learning.Insufficient, "needs 10 in more than half"},
	} {
		p := latest(t, watch(c.in), "organisation", c.what, c.clock)
		if p.State != c.state || !strings.Contains(p.Reading, c.says) || !math.IsNaN(p.Evidence) || p.AlarmSince != 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// A service that comes during the year does not move the bars of the others, and waits for the next year.
func TestScopesAreFixedAtTheYearsStart(t *testing.T) {
	in := watched{weeks: 90, failures: always(1), deploys: always(3), source: "monitoring"}.input(5)
	before := latest(t, watch(in), "service", "uncontained", "days").Bar
	in.Services = append(in.Services, learning.Service{Name: "young", Team: "t", AliveFrom: monday + 60*weeks, AliveTo: in.AsOf})
	for i := range 6 {
		at := monday + int64(62+i)*weeks
		in.Incidents = append(in.Incidents, learning.Incident{
			ID: fmt.Sprint("young-", i), Service: "young", Team: "t", StartedAt: at, DetectedAt: at, DetectionSource: "monitoring",
			Containment: "uncontained", StatedDetectSeconds: -1, StatedResolveSeconds: -1,
		})
	}
	run := watch(in)
	for _, p := range run.Watch {
		if p.Scope.Name == "young" && (p.State != learning.Insufficient || !strings.Contains(p.Reading, "is watched from 30 Dec 2024 on")) {
			t.Errorf("%+v", p)
		}
		if p.Scope.Name == "s0" && p.What == "uncontained" && p.Clock == "days" && p.Bar != before {
			t.Errorf("the bar moved from %v to %v", before, p.Bar)
		}
	}
}

// One failure in four weeks is stated, two a week come: Shiryaev–Roberts says so in
// the first year, without a baseline.
func TestAStatedRateIsWatched(t *testing.T) {
	in := watched{weeks: 40, failures: from(10, 0.1, 1), deploys: always(3), source: "monitoring"}.input(6)
	settings := learning.DefaultSettings()
	settings.WatchTargets = []learning.WatchTarget{{What: "uncontained", Clock: "days", Rate: 1000 * 0.1 / 7}}
	run := learning.Compute(in, settings)
	p := latest(t, run, "organisation", "uncontained", "days")
	if p.Method != "shiryaev_roberts" || p.AlarmSince == 0 || p.Bar != 360*52 {
		t.Errorf("%+v", p)
	}
	if d := latest(t, run, "organisation", "uncontained", "deploys"); d.State != learning.Insufficient || !strings.Contains(d.Reading, "target rate is stated on the other clock") {
		t.Errorf("%+v", d)
	}
	settings.WatchTargets[0].Rate *= 20
	if p := latest(t, learning.Compute(in, settings), "organisation", "uncontained", "days"); p.AlarmSince != 0 || p.Evidence >= p.Bar {
		t.Errorf("far below the stated rate: %+v", p)
	}
}

// At a quarter's close the scopes are judged together, on both clocks.
func TestReviewsJudgeTogether(t *testing.T) {
	run := watch(watched{weeks: 104, failures: from(66, 0.5, 3), deploys: always(3), source: "monitoring"}.input(7))
	worse := map[string]bool{}
	for _, e := range run.Estimates {
		if strings.HasPrefix(e.Metric, "watch.uncontained") && e.Scope.Kind == "organisation" && e.Verdict != "" {
			worse[e.Metric+" "+e.Window+" "+e.Verdict] = true
		}
		if e.Window == "2024-Q1" && e.Verdict != "" {
			t.Errorf("a verdict before the change: %+v", e)
		}
	}
	for _, want := range []string{"watch.uncontained 2024-Q3 worse", "watch.uncontained.per_deploy 2024-Q3 worse"} {
		if !worse[want] {
			t.Errorf("no %q among %v", want, worse)
		}
	}
}

func dated(millis int64) string { return time.UnixMilli(millis).UTC().Format("2 Jan 2006") }
