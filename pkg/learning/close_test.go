package learning_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// quarterEnd is the end of 2023-Q2, with which the close of these histories ends.
const quarterEnd = 181

// history is one organisation: services in two teams, failures without a mode
// (so that no rates are learned) at a rate of day, deploys at another.
type history struct {
	days              int64
	rate, deploys     func(day float64) float64 // of each service, a day
	burst             int                       // failures that come at once
	services, perTeam int
}

func (h history) input(r *rand.Rand) learning.Input {
	in := learning.Input{AsOf: since + h.days*day, Start: since}
	for s := range h.services {
		row := alive(fmt.Sprintf("service-%02d", s), h.days)
		row.Team = fmt.Sprintf("team-%d", s/h.perTeam)
		var deploys []int64
		for d := range h.days {
			for range poisson(r, h.deploys(float64(d))) {
				deploys = append(deploys, since+d*day+r.Int64N(day))
			}
			for range poisson(r, h.rate(float64(d))/float64(max(h.burst, 1))) {
				at := d*24 + r.Int64N(24)
				for range max(h.burst, 1) {
					f := incident(fmt.Sprint(len(in.Incidents)), row.Name, "", at)
					f.Team, f.StartedAt = row.Team, f.StartedAt+r.Int64N(hour)
					in.Incidents = append(in.Incidents, f)
				}
			}
		}
		row.Deploys = learning.CountDeploys(deploys...)
		in.Services = append(in.Services, row)
	}
	return in
}

func steadily(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

// falling falls to a fifth within the first 181 days.
func falling(day float64) float64 { return 0.1 * (1 - day/226) }

func TestAVerdictAtTheClose(t *testing.T) {
	h := history{days: quarterEnd + 20, rate: falling, deploys: steadily(0.5), services: 20, perTeam: 10}
	in := h.input(rand.New(rand.NewPCG(1, 1)))
	got := compute(in)
	e := got.of(t, "learning_derivative.uncontained", "organisation", "", "2023-Q2")
	if e.Verdict != "better" || !strings.HasPrefix(e.Reading, "Falling: the whole interval (−") || !strings.Contains(e.Reading, "not why") {
		t.Errorf("a fall to a fifth: %q, %s", e.Verdict, e.Reading)
	}
	for key, e := range got {
		if e.Verdict != "" && (e.Window != "2023-Q2" && e.Window != "2023-Q1") {
			t.Errorf("%s: %q outside a close", key, e.Verdict)
		}
	}

	// Before late events have had their time there is none.
	early := in
	early.AsOf = since + (quarterEnd+13)*day
	if e := compute(early).of(t, "learning_derivative.uncontained", "organisation", "", "2023-Q2"); e.Verdict != "" || e.High >= 0 {
		t.Errorf("13 days after the quarter: %q", e.Verdict)
	}
	// Nor of what was not fixed beforehand.
	settings := learning.DefaultSettings()
	settings.VerdictScopes = []string{"team:team-1"}
	for _, e := range learning.Compute(in, settings).Estimates {
		if e.Verdict != "" && e.Scope.Name != "team-1" {
			t.Errorf("%+v was judged", e)
		}
	}
	// Nor where the clocks disagree: as many failures a day as before, of ever more deploys.
	h.rate = steadily(0.05)
	h.deploys = func(day float64) float64 { return 0.1 * (1 + day/10) }
	in = h.input(rand.New(rand.NewPCG(1, 2)))
	got = compute(in)
	e = got.of(t, "learning_derivative.uncontained.per_deploy", "organisation", "", "2023-Q2")
	if e.High >= 0 {
		t.Fatalf("deploys grow twentyfold, and yet: %+v", e)
	}
	for key, e := range got {
		if e.Verdict != "" {
			t.Errorf("%s: %q by one clock alone", key, e.Verdict)
		}
	}
}

// What was said at a close is said again whenever it is computed, as long as
// nothing more is told of that time.
func TestAVerdictCanBeReproduced(t *testing.T) {
	for seed := range uint64(12) {
		in := random(seed, 3, int(20*seed), 400)
		then := asOf(in, since+(quarterEnd+14)*day)
		now, before := compute(in), compute(then)
		for key, e := range before {
			if e.Window == "all" || e.Window == "2023-Q3" || !slices.ContainsFunc(learning.Judged, func(m string) bool { return strings.HasPrefix(e.Metric, m) }) {
				continue
			}
			later := now[key]
			later.AsOf = e.AsOf
			if !same(e, later) {
				t.Fatalf("%s:\n%+v\n%+v", key, e, later)
			}
		}
	}
}

// asOf is the input without what happened at or after a moment.
func asOf(in learning.Input, end int64) learning.Input {
	in.AsOf = end
	cut := func(t *int64) {
		if *t >= end {
			*t = 0
		}
	}
	var incidents []learning.Incident
	for _, i := range in.Incidents {
		if i.At() < end {
			for _, t := range []*int64{&i.DetectedAt, &i.AcknowledgedAt, &i.ResolvedAt} {
				cut(t)
			}
			incidents = append(incidents, i)
		}
	}
	in.Incidents = incidents
	var improvements []learning.Improvement
	for _, i := range in.Improvements {
		if i.OpenedAt < end {
			cut(&i.ClosedAt)
			cut(&i.WitnessedClosedAt)
			improvements = append(improvements, i)
		}
	}
	in.Improvements = improvements
	in.Services = slices.Clone(in.Services)
	for i := range in.Services {
		s := &in.Services[i]
		s.AliveTo = min(s.AliveTo, end)
		s.Deploys = s.Deploys.Before(end)
	}
	return in
}

// Organisations whose rate stays as it was, with ever more deploys and with
// failures that come in threes, are given a verdict, for themselves or for any
// of their teams, in at most 5 % of closes.
func TestStationaryOrganisationsAreSeldomJudged(t *testing.T) {
	organisations := 40
	if os.Getenv("TUITION_LONG") == "1" {
		organisations = 2000
	}
	growing := func(day float64) float64 { return 0.05 * (1 + day/200) }
	for name, h := range map[string]history{
		"steady":        {days: 380, rate: steadily(0.02), deploys: steadily(0.1), services: 12, perTeam: 3},
		"deploys grow":  {days: 380, rate: steadily(0.02), deploys: growing, services: 12, perTeam: 3},
		"bursts of 3":   {days: 380, rate: steadily(0.03), deploys: steadily(0.1), burst: 3, services: 12, perTeam: 3},
		"few failures":  {days: 380, rate: steadily(0.004), deploys: steadily(0.1), services: 12, perTeam: 3},
		"quiet deploys": {days: 380, rate: steadily(0.02), deploys: steadily(0.005), services: 12, perTeam: 3},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(20260101, 11))
			closes, judged := int64(0), int64(0)
			for range organisations {
				closed, spoken := map[string]bool{}, map[string]bool{}
				for _, e := range learning.Compute(h.input(r), learning.DefaultSettings()).Estimates {
					if e.Window != "all" && e.Metric == learning.Judged[0] && e.Scope.Kind == "organisation" {
						closed[e.Window] = true
					}
					if e.Verdict != "" {
						spoken[e.Window] = true
					}
				}
				for quarter := range closed {
					closes++
					if spoken[quarter] {
						judged++
					}
				}
			}
			i := stats.ClopperPearson(judged, closes, 0.99)
			t.Logf("%d of %d closes, %.4f to %.4f", judged, closes, i.Low, i.High)
			if i.Low > 0.05 {
				t.Errorf("%d of %d closes are judged", judged, closes)
			}
		})
	}
}
