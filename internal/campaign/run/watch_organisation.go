package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/learning"
)

const weekMillis = 7 * 24 * 3_600_000

// quiet is an organisation of two teams with two services each, watched for two
// years: the baseline and a year after it. Rates are per service and week.
type quiet struct {
	failures func(week, deploysAWeek float64) float64
	deploys  func(week float64) float64
}

func (q quiet) input(r *rand.Rand) learning.Input {
	const weeks = 2 * weeksAYear
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() // a Monday
	in := learning.Input{AsOf: start + weeks*weekMillis, Start: start, Hash: "campaign"}
	at := func(week float64) int64 { return start + int64(week*weekMillis) }
	for i := range 4 {
		name, team := fmt.Sprintf("service-%d", i), fmt.Sprintf("team-%d", i%2)
		service := learning.Service{Name: name, Team: team, InCatalog: true, AliveFrom: start, AliveTo: in.AsOf}
		const most = 40
		var deploys []int64
		for _, week := range arrivals(r, weeks, most, q.deploys) {
			deploys = append(deploys, at(week))
		}
		service.Deploys = learning.CountDeploys(deploys...)
		in.Services = append(in.Services, service)
		for k, week := range arrivals(r, weeks, most, func(week float64) float64 { return q.failures(week, q.deploys(week)) }) {
			source := "monitoring"
			if r.IntN(3) == 0 {
				source = "customer"
			}
			in.Incidents = append(in.Incidents, learning.Incident{
				ID: fmt.Sprintf("%s-%d", name, k), Service: name, Team: team, StartedAt: at(week), DetectedAt: at(week), DetectionSource: source,
				Containment: "uncontained", StatedDetectSeconds: -1, StatedResolveSeconds: -1,
			})
		}
	}
	return in
}

// said is whether an alarm, an improvement, or evidence on one clock alone was there at the end of the year.
func said(run learning.Run) []campaign.Outcome {
	var alarm, better, alone bool
	for _, p := range run.Watch {
		if p.Latest {
			alarm = alarm || p.AlarmSince != 0
			better = better || p.BetterSince != 0
			alone = alone || p.CrossedAt != 0
		}
	}
	out := campaign.Event("alarm", alarm)
	out = append(out, campaign.Event("improvement", better)...)
	return append(out, campaign.Event("one clock", alone)...)
}

func steadily(x float64) func(float64) float64 { return func(float64) float64 { return x } }

var _ = register(campaign.Campaign{
	Name: "watch-organisations",
	About: "Whole organisations in which nothing is learned and nothing forgotten, through the same computation that publishes: two teams of two services, a baseline " +
		"of 52 weeks and a year of watching the organisation, its teams and its services for uncontained incidents, failures told by customers and repeats, on " +
		"the clocks of service-days and of deploys, with α = 5 % for all of them together. *alarm* is any latched alarm, *improvement* any announced, *one clock* " +
		"evidence that reached its bar on one clock, whether or not the other agreed. Where deploys grow tenfold, one clock alone sees a change that is not one of learning. Where the rate itself wanders slowly (log-normal, sd 0.4, forgetting itself in 13 weeks, the same for all services) the bound need not hold.",
	Seed: 20261104, N: 1000, Short: 4,
	Cells: []campaign.Cell{
		organisation("0.25 failures a service and week, 3 deploys", quiet{
			failures: func(float64, float64) float64 { return 0.25 }, deploys: steadily(3),
		}),
		organisation("0.05 failures a service and week, 1 deploy", quiet{
			failures: func(float64, float64) float64 { return 0.05 }, deploys: steadily(1),
		}),
		organisation("0.25 a service and week, deploys grow from 1 to 10 in the year", quiet{
			failures: func(float64, float64) float64 { return 0.25 }, deploys: growing,
		}),
		organisation("0.1 a deploy, deploys grow from 1 to 10 in the year", quiet{
			failures: func(_, deploys float64) float64 { return 0.1 * deploys }, deploys: growing,
		}),
		{
			Setting: "0.25 failures a service and week, times a slow factor",
			// One log-normal factor for all services, of sd 0.4, that forgets itself in 13 weeks.
			Targets: []campaign.Target{{Measure: "alarm", Of: campaign.Shown, Most: 0.13}, {Measure: "improvement", Of: campaign.Shown, Most: 0.13}},
			Replicate: func(r *rand.Rand) []campaign.Outcome {
				levels := slowFactor(r, 2*weeksAYear)
				q := quiet{deploys: steadily(3), failures: func(week, _ float64) float64 { return 0.25 * levels[int(week)] }}
				return said(learning.Compute(q.input(r), learning.DefaultSettings()))
			},
		},
		{
			Setting: "0.25 failures a service and week, times 3 from week 16 on", N: 200,
			Targets: []campaign.Target{{Measure: "alarm", Of: campaign.Shown, Least: 0.9, Most: 1}},
			Replicate: func(r *rand.Rand) []campaign.Outcome {
				q := quiet{deploys: steadily(3), failures: func(week, _ float64) float64 {
					if week < weeksAYear+16 {
						return 0.25
					}
					return 0.75
				}}
				return said(learning.Compute(q.input(r), learning.DefaultSettings()))
			},
		},
	},
})

// growing deploys: one a week in the baseline, then more and more.
func growing(week float64) float64 {
	return 1 + 9*max(0, week-weeksAYear)/weeksAYear
}

func organisation(setting string, q quiet) campaign.Cell {
	return campaign.Cell{
		Setting: setting,
		Targets: []campaign.Target{
			{Measure: "alarm", Of: campaign.Shown, Most: watchAlpha, Sure: true},
			{Measure: "improvement", Of: campaign.Shown, Most: watchAlpha, Sure: true},
		},
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			return said(learning.Compute(q.input(r), learning.DefaultSettings()))
		},
	}
}
