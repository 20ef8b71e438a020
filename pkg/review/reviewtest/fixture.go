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
		Snapshot: learning.Snapshot{RunID: "9f2c41aa07be63d1", AsOf: asOf,
			ComputedAt: time.UnixMilli(asOf).Add(3 * time.Hour).UTC()},
		Input: learning.Input{AsOf: asOf, Hash: "b3a1f0c2d4e59687"},
	}
}

// Empty is an organisation that has reported nothing.
func Empty() review.Facts {
	f := base()
	f.Snapshot.Estimates = missing(learning.Insufficient, 0, "Not enough data: n = 0, needs 10. No figure is shown.")
	return f
}

// One is an organisation with one incident, still open.
func One() review.Facts {
	f := base()
	f.Snapshot.InputEvents = 2
	f.Input.Incidents = []learning.Incident{{ID: "i-1", Service: "checkout", Team: "unassigned", DetectedAt: at("2026-08-11 09:24"), DetectionSource: "customer"}}
	f.Input.Coverage = learning.Coverage{Incidents: 1, NoFailureMode: 1, NoStart: 1, NoSeverity: 1, NoEnvironment: 1, NotInCatalog: 1, AutomaticSource: 1}
	f.Titles = map[string]string{"i-1": "Card payments refused"}
	f.Snapshot.Estimates = missing(learning.Insufficient, 1, "Not enough data: n = 1, needs 10. No figure is shown.")
	return f
}

// AssumptionFailed is an organisation whose classification changed.
func AssumptionFailed() review.Facts {
	f := Normal()
	f.Snapshot.Estimates = missing(learning.AssumptionFailed, 23, "Not reported: the classification changed on 3 May, so the quarters are not comparable.")
	return f
}

// measures are the shapes of what the estimators publish.
var measures = []struct {
	metric, unit string
	typical      float64
	spread       float64
	byQuarter    bool
	reading      string
}{
	{"learning_derivative.uncontained", "ratio", -0.11, 0.16, false, "We cannot tell whether this is rising or falling: −0.11 a quarter, interval −0.29 to +0.1, 8 quarters. This is not evidence that nothing changed."},
	{"repeat_rate.after_fix.90d", "share", 0.21, 0.07, true, "21 % of the failures declared fixed came back within 90 days, with 12 % to 36 % compatible with the data (95 %, Kaplan–Meier)."},
	{"repeat_rate.after_first.90d", "share", 0.34, 0.08, false, "34 % of the failure modes came back within 90 days of their first end, with 24 % to 47 % compatible with the data (95 %, Kaplan–Meier)."},
	{"monitoring_gaps.told_by_customers", "per_1000_service_days", 4.1, 1.1, true, "Customers told us of 14 of 61 failures: 4.1 per 1,000 service-days, 2.3 to 6.9 (95 %, Garwood)."},
	{"change_safety.failed", "share", 0.043, 0.009, true, "52 of 1,214 changes failed: 4.3 %, with 2.9 % to 6.3 % compatible with the data (95 %, Wilson, services as clusters)."},
	{"change_safety.excess", "share", 0.31, 0.11, false, "31 % of the incidents had a change before them beyond what chance explains, 9 % to 51 %."},
	{"durations.detect", "seconds", 840, 260, true, "Half of the incidents were noticed within 14 min, 8 min to 23 min (95 %, Kaplan–Meier)."},
	{"durations.resolve", "seconds", 11400, 3100, true, "Half of the incidents were resolved within 3.2 h, 1.9 h to 5.1 h (95 %, Kaplan–Meier)."},
}

func missing(state learning.State, n int64, reading string) []learning.Estimate {
	var out []learning.Estimate
	nan := math.NaN()
	for _, m := range measures {
		for _, w := range []string{quarter, "all"} {
			out = append(out, learning.Estimate{Metric: m.metric, Scope: learning.Scope{Kind: "organisation"}, Window: w, AsOf: at("2026-10-01 00:00"),
				Value: nan, Low: nan, High: nan, Low50: nan, High50: nan, Level: 0.95, Unit: m.unit, N: n, State: state,
				Method: "Kaplan–Meier, log-log Greenwood", Origin: "measured", Reading: reading})
		}
	}
	return out
}

// Normal is an ordinary organisation after two years of watching.
func Normal() review.Facts {
	f := base()
	r := rand.New(rand.NewPCG(7, 11))
	f.Snapshot.InputEvents = 48211
	windows := []string{"2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2", quarter, "all"}
	for _, scope := range []learning.Scope{{Kind: "organisation"}, {Kind: "team", Name: "Payments"}, {Kind: "team", Name: "Search"}, {Kind: "service", Name: "checkout"}} {
		for _, m := range measures {
			for i, w := range windows {
				if w != "all" && !m.byQuarter {
					continue
				}
				f.Snapshot.Estimates = append(f.Snapshot.Estimates, estimate(r, m.metric, m.unit, m.typical, m.spread, scope, w, i, m.reading))
			}
		}
	}
	normalRows(&f, r)
	return f
}

func estimate(r *rand.Rand, metric, unit string, typical, spread float64, scope learning.Scope, window string, i int, reading string) learning.Estimate {
	e := learning.Estimate{Metric: metric, Scope: scope, Window: window, AsOf: at("2026-10-01 00:00"), Level: 0.95, Unit: unit,
		N: int64(14 + r.IntN(20)), State: learning.OK, Method: "Kaplan–Meier, log-log Greenwood", Origin: "measured", Reading: reading}
	s := spread
	e.Value = typical
	if window != "all" {
		s *= 1.5
		e.Value += spread * (r.Float64()*2 - 1)
	} else {
		e.N *= 9
	}
	e.Low, e.High = e.Value-1.7*s, e.Value+2.2*s
	e.Low50, e.High50 = e.Value-0.6*s, e.Value+0.7*s
	if unit != "ratio" {
		e.Low, e.Low50 = math.Max(e.Low, 0.02*typical), math.Max(e.Low50, 0.2*typical)
	}
	e.Events = int64(float64(e.N) * 0.3)
	e.Exposure = 9800
	if i == 1 {
		nan := math.NaN()
		e.Value, e.Low, e.High, e.Low50, e.High50 = nan, nan, nan, nan, nan
		e.N, e.Events, e.State = 4, 1, learning.Insufficient
		e.Reading = "Not enough data: n = 4, needs 10. No figure is shown."
	}
	return e
}

func normalRows(f *review.Facts, r *rand.Rand) {
	services := []string{"checkout", "ledger", "search", "catalogue", "login", "mail"}
	modes := []string{"connection_pool_exhausted", "certificate_expired", "queue_backlog", "bad_configuration", "disk_full", ""}
	titles := []string{"Card payments refused", "Orders accepted twice", "Search answered with yesterday's prices", "Nobody could sign in from the app",
		"Invoices went out without tax", "Checkout slow for one region", "Confirmation mails late by hours", "Catalogue lost its pictures"}
	sources := []string{"monitoring", "monitoring", "monitoring", "customer", "employee", ""}
	f.Titles = map[string]string{}
	f.Candidates = map[string][]review.Candidate{}
	start, end := at("2025-01-03 08:00"), f.Snapshot.AsOf
	for i := range 84 {
		id := fmt.Sprintf("inc-%03d", i+1)
		t := start + int64(r.Float64()*float64(end-start-6*3600e3))
		k := r.IntN(len(modes))
		x := learning.Incident{ID: id, Service: services[r.IntN(len(services))], Team: "Payments", Environment: "production", Severity: uint8(1 + r.IntN(4)),
			StartedAt: t, DetectedAt: t + int64(r.ExpFloat64()*840e3), FailureMode: modes[k], DetectionSource: sources[r.IntN(len(sources))], Containment: "uncontained"}
		x.ResolvedAt = t + int64(math.Exp(r.NormFloat64()*1.1+math.Log(11400)))*1000
		if x.ResolvedAt > end || i == 40 {
			x.ResolvedAt = 0
		}
		if i%9 == 0 {
			x.StartedAt, x.Severity = 0, 0
		}
		f.Titles[id] = titles[r.IntN(len(titles))]
		f.Input.Incidents = append(f.Input.Incidents, x)
		for c := range r.IntN(4) {
			f.Candidates[id] = append(f.Candidates[id], review.Candidate{ChangeID: fmt.Sprintf("chg-%d-%d", i, c), Service: x.Service, Version: fmt.Sprintf("v2.%d.%d", i, c),
				FinishedAt: t - int64(c+1)*3600e3, Link: []string{"stated", "inferred", "inferred"}[min(c, 2)], LagSeconds: int64(c+1) * 3100})
		}
	}
	sort.Slice(f.Input.Incidents, func(i, j int) bool { return f.Input.Incidents[i].At() < f.Input.Incidents[j].At() })
	seen := map[string]string{}
	for i, x := range f.Input.Incidents {
		key := x.Service + "/" + x.FailureMode
		if earlier, ok := seen[key]; ok && x.FailureMode != "" {
			f.Input.Recurrences = append(f.Input.Recurrences, learning.Recurrence{IncidentID: x.ID, EarlierID: earlier,
				Class: []string{"repeat", "known_open", "unaddressed"}[i%3], GapSeconds: int64(r.IntN(90)+2) * 86400})
		}
		seen[key] = x.ID
	}
	improve := []string{"Alert on the age of the oldest queue entry", "Renew certificates by machine", "Cap the connection pool per tenant", "Check configuration in the pipeline", "Runbook for a full disk", "Load test before the season"}
	for i, title := range improve {
		x := learning.Improvement{ID: fmt.Sprintf("imp-%d", i), Service: services[i], FailureMode: modes[i%5], Kind: []string{"alerting", "automation", "capacity", "test", "documentation", "test"}[i],
			OpenedAt: at("2026-02-03 10:00") + int64(i)*21*86400e3}
		if i%2 == 0 {
			x.ClosedAt = at("2026-07-14 15:00") + int64(i)*9*86400e3
		}
		f.Titles[x.ID] = title
		f.Input.Improvements = append(f.Input.Improvements, x)
	}
	gaps := []string{"Nobody is told when the queue stops moving", "No alarm on refused cards by bank", "Silent when the export writes nothing"}
	for i, title := range gaps {
		g := learning.MonitoringGap{ID: fmt.Sprintf("gap-%d", i), Service: services[i], FailureMode: modes[i], State: "open", FoundAt: at("2026-03-02 12:00") + int64(i)*51*86400e3}
		if i == 1 {
			g.ClosedAt, g.State, g.DecidedAt = g.FoundAt+30*86400e3, "proven", g.FoundAt+75*86400e3
		}
		f.Titles[g.ID] = title
		f.Input.Gaps = append(f.Input.Gaps, g)
	}
	for i := range 9 {
		f.Input.FailedChange = append(f.Input.FailedChange, learning.FailedChange{ID: fmt.Sprintf("deploy-%d", 4400+i), Service: services[i%6], Environment: "production",
			Kind: "deploy", Rollout: "canary", FinishedAt: at("2026-07-05 09:00") + int64(i)*9*86400e3, Why: []string{"rolled_back", "outcome", "stated"}[i%3]})
	}
	for _, s := range services {
		svc := learning.Service{Name: s, Team: "Payments", Tier: "1", InCatalog: true, AliveFrom: at("2024-10-01 00:00"), AliveTo: end}
		for d := range 40 {
			svc.DeployTimes = append(svc.DeployTimes, at("2026-06-20 00:00")+int64(d)*2*86400e3)
		}
		f.Input.Services = append(f.Input.Services, svc)
	}
	f.Input.Coverage = learning.Coverage{Incidents: 84, NoFailureMode: 13, NoStart: 10, NoSeverity: 10, NoEnvironment: 2, NotInCatalog: 3, UnwitnessedFixes: 1, Fixes: 9, AutomaticSource: 61}
	f.Rejections = map[string]int64{"schema": 41, "too_large": 2}
}
