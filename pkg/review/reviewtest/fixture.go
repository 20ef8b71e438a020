// Package reviewtest holds facts to try pages, dashboards and exporters on:
// nothing at all, one incident, an ordinary organisation, and one whose
// assumptions failed.
package reviewtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
)

const quarter = "2026-Q3"

// Fixtures are all of them by name.
var Fixtures = map[string]func() review.Facts{
	"empty": Empty, "one": One, "normal": Normal, "assumption_failed": AssumptionFailed,
}

func at(date string) int64 {
	t, err := time.Parse("2006-01-02 15:04", date)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

func base() review.Facts {
	asOf := at("2026-10-01 00:00")
	return review.Facts{
		Quarter: quarter,
		Version: "1.0.0",
		Snapshot: learning.Snapshot{
			RunID: "9f2c41aa07be63d1", AsOf: asOf,
			ComputedAt: time.UnixMilli(asOf).Add(3 * time.Hour).UTC(),
		},
		Input: learning.Input{AsOf: asOf, Hash: "b3a1f0c2d4e59687"},
	}
}

// computed fills in the estimates as the program itself would.
func computed(f review.Facts) review.Facts {
	run := learning.Compute(f.Input, learning.DefaultSettings())
	f.Snapshot.RunID, f.Snapshot.Estimates, f.Snapshot.Watch = run.ID, run.Estimates, run.Watch
	f.Snapshot.InputEvents = f.Input.InputEvents
	return f
}

// Empty is an organisation that has reported nothing.
func Empty() review.Facts { return computed(base()) }

// One is an organisation with one incident, still open.
func One() review.Facts {
	f := base()
	f.Input.InputEvents, f.Input.Start = 2, at("2026-08-11 09:24")
	f.Input.Incidents = []learning.Incident{{
		ID: "i-1", Service: "checkout", Team: "unassigned", DetectedAt: at("2026-08-11 09:24"), DetectionSource: "customer",
		StatedDetectSeconds: -1, StatedResolveSeconds: -1,
	}}
	f.Input.Services = []learning.Service{{Name: "checkout", Team: "unassigned", AliveFrom: at("2026-08-11 09:24"), AliveTo: f.Input.AsOf}}
	f.Input.Coverage = learning.Coverage{Incidents: 1, NoFailureMode: 1, NoStart: 1, NoSeverity: 1, NoEnvironment: 1, NotInCatalog: 1, AutomaticSource: 1}
	f.Titles = map[string]string{"i-1": "Card payments refused"}
	return computed(f)
}

// Normal is an ordinary organisation after seven quarters of watching.
func Normal() review.Facts {
	f := base()
	rows(&f)
	return computed(f)
}

// AssumptionFailed is the ordinary organisation with its classification
// changed, so that no number may be read.
func AssumptionFailed() review.Facts {
	f := Normal()
	nan := math.NaN()
	for i := range f.Snapshot.Estimates {
		e := &f.Snapshot.Estimates[i]
		e.State, e.Reading = learning.AssumptionFailed, "Not reported: the classification changed on 3 May, so the quarters are not comparable."
		e.Value, e.Low, e.High, e.Low50, e.High50 = nan, nan, nan, nan, nan
	}
	return f
}

var services = []string{"checkout", "ledger", "search", "catalogue", "login", "mail"}

var teams = map[string]string{"checkout": "Payments", "ledger": "Payments", "search": "Discovery", "catalogue": "Discovery", "login": "Platform", "mail": "Platform"}

// kinds of failure: what it is called, and how an incident of it reads.
var kinds = []struct{ mode, title string }{
	{"connection_pool_exhausted", "Requests refused while the pool was empty"},
	{"certificate_expired", "Clients turned away by an expired certificate"},
	{"queue_backlog", "Confirmations late by hours"},
	{"bad_configuration", "Wrong prices after a configuration change"},
	{"disk_full", "Writes failed on a full disk"},
	{"", "Slow for one region, reason unknown"},
}

func rows(f *review.Facts) {
	r := rand.New(rand.NewPCG(7, 11))
	f.Titles = map[string]string{}
	f.Candidates = map[string][]review.Candidate{}
	f.Rejections = map[string]int64{"schema": 41, "too_large": 2}
	start, end := at("2025-01-03 08:00"), f.Input.AsOf
	f.Input.Start, f.Input.InputEvents = at("2025-01-01 00:00"), 48211
	incidents(f, r, start, end)
	recurrences(f, r)
	improvements(f)
	for i := range 9 {
		at := at("2026-07-05 09:00") + int64(i)*9*86400e3
		f.Input.FailedChange = append(f.Input.FailedChange, learning.FailedChange{FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: services[i%6], Team: teams[services[i%6]], Environment: "production", Kind: "deploy", Rollout: "canary"}, Why: []string{"rolled_back", "outcome", "stated"}[i%3]}, ID: fmt.Sprintf("deploy-%d", 4400+i), FinishedAt: at, RolledBackAt: at + int64(5+3*i)*60e3})
	}
	for _, s := range services {
		svc := learning.Service{Name: s, Team: teams[s], Tier: "1", InCatalog: true, AliveFrom: f.Input.Start, AliveTo: end}
		for t := f.Input.Start; t < end; t += int64((30 + r.Float64()*60) * 3600e3) {
			svc.Deploys = learning.AddDeploys(svc.Deploys, learning.CountDeploys(t))
		}
		f.Input.Services = append(f.Input.Services, svc)
		for q := range 7 {
			f.Input.Changes = append(f.Input.Changes, learning.ChangeCount{ChangeOf: &learning.ChangeOf{Service: s, Team: teams[s], Environment: "production", Kind: "deploy", Rollout: "canary"}, Quarter: fmt.Sprintf("%d-Q%d", 2025+q/4, 1+q%4), Changes: int64(30 + r.IntN(12)), EndingTold: 30, Failed: int64(r.IntN(4))})
		}
	}
	f.Input.Coverage = learning.Coverage{Incidents: 84, NoFailureMode: 13, NoStart: 10, NoSeverity: 10, NoEnvironment: 2, NotInCatalog: 3, UnwitnessedFixes: 1, Fixes: 9, AutomaticSource: 61}
}

func incidents(f *review.Facts, r *rand.Rand, start, end int64) {
	sources := []string{"monitoring", "monitoring", "monitoring", "customer", "employee", "unknown"}
	for i := range 84 {
		id := fmt.Sprintf("inc-%03d", i+1)
		t := start + int64(r.Float64()*float64(end-start-6*3600e3))
		kind := kinds[r.IntN(len(kinds))]
		service := services[r.IntN(len(services))]
		x := learning.Incident{
			ID: id, Service: service, Team: teams[service], Environment: "production", Severity: uint8(1 + r.IntN(4)),
			StartedAt: t, DetectedAt: t + int64(r.ExpFloat64()*840e3), FailureMode: kind.mode, DetectionSource: sources[r.IntN(len(sources))], Containment: "uncontained",
			StatedDetectSeconds: -1, StatedResolveSeconds: -1,
		}
		x.ResolvedAt = t + int64(math.Exp(r.NormFloat64()*1.1+math.Log(11400)))*1000
		if x.ResolvedAt > end || i == 40 {
			x.ResolvedAt = 0
		}
		if i%9 == 0 {
			x.StartedAt, x.Severity = 0, 0
			x.ResolvedAt = max(x.ResolvedAt, x.DetectedAt+600e3)
		}
		f.Titles[id] = kind.title
		f.Input.Incidents = append(f.Input.Incidents, x)
		exposed := r.IntN(3) > 0
		f.Input.Crossover = append(f.Input.Crossover, learning.Crossover{IncidentID: id, At: x.At(), Exposed: exposed, ReferenceShare: float64(r.IntN(3)) / 4, References: 4})
		if !exposed {
			continue
		}
		for c := range 1 + r.IntN(3) {
			f.Candidates[id] = append(f.Candidates[id], review.Candidate{
				ChangeID: fmt.Sprintf("chg-%d-%d", i, c), Service: service, Version: fmt.Sprintf("v2.%d.%d", i, c),
				FinishedAt: t - int64(c+1)*3100e3, Link: []string{"stated", "inferred", "inferred"}[(i+c)%3], LagSeconds: int64(c+1) * 3100,
			})
		}
	}
	sort.Slice(f.Input.Incidents, func(i, j int) bool { return f.Input.Incidents[i].At() < f.Input.Incidents[j].At() })
}

func recurrences(f *review.Facts, r *rand.Rand) {
	seen := map[string]learning.Incident{}
	for i, x := range f.Input.Incidents {
		key := x.Service + "/" + x.FailureMode
		if earlier, ok := seen[key]; ok && x.FailureMode != "" {
			f.Input.Recurrences = append(f.Input.Recurrences, learning.Recurrence{
				IncidentID: x.ID, EarlierID: earlier.ID,
				Class: []string{"repeat", "known_open", "unaddressed"}[i%3], GapSeconds: (x.At() - earlier.At()) / 1000,
			})
		}
		seen[key] = x
	}
}

func improvements(f *review.Facts) {
	improve := []string{"Alert on the age of the oldest queue entry", "Renew certificates by machine", "Cap the connection pool per tenant", "Check configuration in the pipeline", "Runbook for a full disk", "Load test before the season"}
	for i, title := range improve {
		x := learning.Improvement{
			ID: fmt.Sprintf("imp-%d", i), Service: services[i], Team: teams[services[i]], FailureMode: kinds[i%5].mode, Kind: []string{"alerting", "automation", "capacity", "test", "documentation", "test"}[i],
			OpenedAt: at("2026-02-03 10:00") + int64(i)*21*86400e3,
		}
		if i%2 == 0 {
			x.ClosedAt = at("2026-07-14 15:00") + int64(i)*9*86400e3
			x.WitnessedClosedAt = x.ClosedAt
		}
		f.Titles[x.ID] = title
		f.Input.Improvements = append(f.Input.Improvements, x)
	}
	gaps := []string{"Nobody is told when the queue stops moving", "No alarm on refused cards by bank", "Silent when the export writes nothing"}
	for i, title := range gaps {
		g := learning.MonitoringGap{ID: fmt.Sprintf("gap-%d", i), Service: services[i], Team: teams[services[i]], FailureMode: kinds[i].mode, State: "open", FoundAt: at("2026-03-02 12:00") + int64(i)*51*86400e3}
		if i == 1 {
			g.ClosedAt, g.State, g.DecidedAt = g.FoundAt+30*86400e3, "proven", g.FoundAt+75*86400e3
		}
		f.Titles[g.ID] = title
		f.Input.Gaps = append(f.Input.Gaps, g)
	}
}
