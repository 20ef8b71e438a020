package learning_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

const (
	day  = int64(86_400_000)
	hour = int64(3_600_000)
)

// since is the first day of the made histories.
var since = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// random makes an input in which everything occurs that Compute tells apart.
func random(seed uint64, services, incidents int, days int64) learning.Input {
	r := rand.New(rand.NewPCG(seed, 1))
	asOf := since + days*day
	in := learning.Input{AsOf: asOf, Start: since, Hash: fmt.Sprint(seed), InputEvents: uint64(incidents)}
	pick := func(options ...string) string { return options[r.IntN(len(options))] }
	name := func(i int) string { return fmt.Sprintf("service-%03d", i) }
	team := func(i int) string { return fmt.Sprintf("team-%d", i%7) }
	for i := range services {
		var deploys []int64
		for t := since; t < asOf; t += day * int64(1+r.IntN(9)) {
			deploys = append(deploys, t+r.Int64N(day))
		}
		deploys = slices.DeleteFunc(deploys, func(t int64) bool { return t >= asOf })
		in.Services = append(in.Services, learning.Service{
			Name: name(i), Team: team(i), InCatalog: true,
			AliveFrom: since + r.Int64N(20)*day, AliveTo: asOf, Deploys: learning.CountDeploys(deploys...),
		})
		for q := range 4 {
			n := int64(r.IntN(40))
			in.Changes = append(in.Changes, learning.ChangeCount{ChangeOf: &learning.ChangeOf{Service: name(i), Team: team(i), Kind: "deploy", Rollout: pick("canary", "all-at-once", "")}, Quarter: fmt.Sprintf("2023-Q%d", q+1), Changes: n, EndingTold: n, Failed: n / 9, TooYoung: int64(q / 3)})
		}
	}
	amounts := func(currency string) learning.Money {
		m := learning.Money{Currency: currency, Low: float64(r.IntN(1000)), Likely: -1}
		m.High = m.Low + 1000*r.ExpFloat64()
		if r.IntN(3) > 0 {
			m.Likely = m.Low + (m.High-m.Low)/3
		}
		return m
	}
	cost := func(id, failure, kind string, at int64) {
		in.Costs = append(in.Costs, learning.Cost{
			ID: "cost-of-" + id, Failure: failure, FailureKind: kind, FailedAt: at,
			RecordedAt: at + r.Int64N(9*day), Money: amounts(pick("EUR", "EUR", "EUR", "USD")),
		})
	}
	previous := map[string]string{}
	for i := range incidents {
		s := r.IntN(services)
		at := since + r.Int64N(asOf-since)
		incident := learning.Incident{
			ID: fmt.Sprintf("incident-%05d", i), Service: name(s), Team: team(s), Severity: uint8(r.IntN(6)),
			StartedAt: at, DetectedAt: at + r.Int64N(2*hour), StatedDetectSeconds: r.Int64N(99) - 9, StatedResolveSeconds: -1,
			DetectionSource: pick("monitoring", "customer", "employee", "unknown", ""),
			FailureMode:     pick("", "disk", "dns", "memory", "certificate", "lock"),
			BlastRadius:     pick2(r, -1, r.Float64()),
			Containment:     pick("uncontained", "uncontained", "contained"), Imported: r.IntN(5) == 0,
		}
		if r.IntN(30) == 0 {
			incident.Service, incident.Team = "", "unassigned"
		}
		if r.IntN(20) == 0 {
			incident.StartedAt = 0
		}
		if r.IntN(10) > 0 {
			incident.AcknowledgedAt = incident.DetectedAt + r.Int64N(hour)
			incident.ResolvedAt = incident.AcknowledgedAt + r.Int64N(40*hour)
		}
		incident.IsDrill = r.IntN(40) == 0
		in.Incidents = append(in.Incidents, incident)
		key := incident.Service + " " + incident.FailureMode
		if before := previous[key]; before != "" && incident.FailureMode != "" {
			in.Recurrences = append(in.Recurrences, learning.Recurrence{
				IncidentID: incident.ID, EarlierID: before,
				Class: pick("repeat", "known_open", "unaddressed"),
			})
		}
		previous[key] = incident.ID
		if r.IntN(4) == 0 {
			closed := at + r.Int64N(30)*day
			in.Improvements = append(in.Improvements, learning.Improvement{
				ID: fmt.Sprintf("improvement-%d", i), Service: incident.Service,
				Team: incident.Team, FailureMode: incident.FailureMode, OpenedAt: at, ClosedAt: closed, WitnessedClosedAt: closed, Imported: r.IntN(3) == 0,
			})
		}
		if r.IntN(9) == 0 {
			gap := learning.MonitoringGap{ID: fmt.Sprintf("gap-%d", i), Service: incident.Service, Team: incident.Team, FoundAt: at, State: "open"}
			if r.IntN(3) > 0 {
				gap.ClosedAt, gap.State = at+r.Int64N(60*day), pick("proven", "reopened", "unproven")
			}
			in.Gaps = append(in.Gaps, gap)
		}
		if r.IntN(9) == 0 {
			in.FailedChange = append(in.FailedChange, learning.FailedChange{
				ID: fmt.Sprintf("change-%d", i), FinishedAt: at, RolledBackAt: at + r.Int64N(9*hour),
				FailedAs: &learning.FailedAs{ChangeOf: learning.ChangeOf{Service: incident.Service, Team: incident.Team, Kind: "deploy", Rollout: "canary"}, Why: "rolled_back", Containment: pick("contained", "uncontained"), Blamed: r.IntN(5) == 0},
			})
		}
		if r.IntN(3) == 0 {
			cost(incident.ID, incident.ID, "incident", at)
		}
		if r.IntN(8) == 0 {
			e := learning.Experiment{
				ID: fmt.Sprintf("experiment-%d", i), Service: incident.Service, Team: incident.Team, FailureMode: incident.FailureMode,
				Kind: pick("chaos", "game-day", "canary"), Verdict: pick("held", "refuted", "refuted", "inconclusive"),
				Containment: pick("contained", "contained", "escaped"), StartedAt: since + r.Int64N(asOf-since),
				LossAvoided: learning.Money{Low: -1, Likely: -1, High: -1},
			}
			if r.IntN(2) == 0 {
				e.LossAvoided = amounts(pick("EUR", "USD"))
			}
			e.FinishedAt = e.StartedAt + r.Int64N(9*hour)
			in.Experiments = append(in.Experiments, e)
			if e.FailureMode != "" && e.Verdict == "refuted" && e.StartedAt < at {
				in.Warnings = append(in.Warnings, learning.Warning{IncidentID: incident.ID, Kind: "experiment", Entity: e.ID, At: e.StartedAt, HeededBy: pick("", "improvement-0")})
			}
			if r.IntN(4) == 0 {
				cost(e.ID, e.ID, "experiment", e.StartedAt)
			}
		}
		if r.IntN(8) == 0 {
			n := learning.NearMiss{
				ID: fmt.Sprintf("near-miss-%d", i), Service: incident.Service, Team: incident.Team, FailureMode: incident.FailureMode,
				AvertedBy: "an alert", At: since + r.Int64N(asOf-since),
			}
			in.NearMisses = append(in.NearMisses, n)
			if n.FailureMode != "" && n.At < at {
				in.Warnings = append(in.Warnings, learning.Warning{IncidentID: incident.ID, Kind: "near_miss", Entity: n.ID, At: n.At})
			}
		}
		if r.IntN(4) == 0 {
			in.Postmortems = append(in.Postmortems, learning.Postmortem{
				ID: fmt.Sprintf("postmortem-%d", i), Incidents: []string{incident.ID}, PublishedAt: at + r.Int64N(40*day),
				CauseCategories: []string{pick("change", "capacity"), pick("monitoring", "design")}, BlamelessCheck: pick("passed", "failed", "not-checked", ""),
			})
		}
		if r.IntN(4) == 0 {
			risk := learning.Risk{
				ID: fmt.Sprintf("risk-%d", i), Service: incident.Service, Team: incident.Team, FailureMode: pick("disk", "dns", "flood"),
				Probability: float64(r.IntN(21)) / 20, RecordedAt: since + r.Int64N(asOf-since),
			}
			risk.HorizonEnds = risk.RecordedAt + r.Int64N(200)*day
			if r.IntN(3) == 0 {
				risk.IncidentID, risk.HappenedAt = incident.ID, min(risk.RecordedAt+r.Int64N(1+risk.HorizonEnds-risk.RecordedAt), asOf)
			}
			in.Risks = append(in.Risks, risk)
		}
		in.Crossover = append(in.Crossover, learning.Crossover{
			IncidentID: incident.ID, At: at, Exposed: r.IntN(2) == 0, ReferenceShare: float64(r.IntN(5)) / 4, References: 4,
		})
	}
	for i := range in.Improvements {
		if i%7 == 0 {
			cost(in.Improvements[i].ID, in.Improvements[i].ID, "", in.Improvements[i].OpenedAt)
		}
	}
	return in
}

func pick2(r *rand.Rand, a, b float64) float64 {
	if r.IntN(2) == 0 {
		return a
	}
	return b
}
