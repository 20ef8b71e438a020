package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/learning"
)

var _ = register(campaign.Campaign{
	Name: "verdicts",
	About: "Verdicts at the close of a quarter, through the computation that publishes: ten teams of one service each, three years, half a failure a week and team, a third of them severe, judged with the organisation for both kinds of failure under Benjamini–Hochberg at 5 %. " +
		"*False share* is that of the verdicts of this close that are wrong (0 where there is none), *any* whether there was one at all at this close, *a wrong one* whether one was wrong, *found* the share of the teams that changed of which the verdict says so. Both clocks must agree: where deploys alone grow, nothing is better or worse by both.",
	Seed: 20260109, N: 300, Short: 2,
	Cells: []campaign.Cell{
		closing("nothing changes", 0, 0, steadily(2), 0),
		closing("nothing changes, deploys grow fourfold", 0, 0, grown, 0),
		closing("failures come with deploys, which grow fourfold", 0, 0, grown, 1),
		closing("five teams rise by a fifth a quarter", 5, 0.2, steadily(2), 0),
		closing("five teams fall by a fifth a quarter", 5, -0.2, steadily(2), 0),
		closing("two teams rise by a fifth a quarter", 2, 0.2, steadily(2), 0),
	},
})

const (
	closeWeeks = 156.0
	closeTeams = 10
)

// grown deploys: from one a week to four at the end of the record.
func grown(week float64) float64 { return 1 + 3*week/closeWeeks }

// closing is an organisation of which some teams' rates change by a share each
// quarter, about the same mean; with deploys 1 the rates of all go with them.
func closing(setting string, changed int, change float64, deploys func(float64) float64, withDeploys float64) campaign.Cell {
	const perWeek, most = 0.5, 10
	b := math.Log1p(change) / 13
	rate := func(team int, week float64) float64 {
		out := perWeek
		if team < changed { // the mean over the record stays
			out *= math.Exp(b*week) * b * closeWeeks / math.Expm1(b*closeWeeks)
		}
		return out * math.Pow(deploys(week)/2, withDeploys)
	}
	settings := learning.DefaultSettings()
	settings.WatchScopes = nil
	replicates := 0
	if changed > 0 {
		replicates = 150
	}
	targets := []campaign.Target{{Measure: "false share", Of: campaign.Mean, Most: 0.05}}
	if changed > 0 {
		targets = append(targets, campaign.Target{Measure: "found", Of: campaign.Mean, Least: 0.5, Most: 1})
	}
	return campaign.Cell{
		Setting: setting, Targets: targets, N: replicates, Long: changed == 2 || change < 0 || setting == "nothing changes",
		Replicate: func(r *rand.Rand) []campaign.Outcome {
			in := learning.Input{AsOf: time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC).UnixMilli(), Start: start}
			end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
			at := func(week float64) int64 { return start + int64(week/closeWeeks*float64(end-start)) }
			for i := range closeTeams {
				team := fmt.Sprintf("team-%d", i)
				var days []int64
				for _, week := range arrivals(r, closeWeeks, most, deploys) {
					days = append(days, at(week))
				}
				in.Services = append(in.Services, learning.Service{
					Name: team, Team: team, InCatalog: true, AliveFrom: start, AliveTo: in.AsOf, Deploys: learning.CountDeploys(days...),
				})
				for k, week := range arrivals(r, closeWeeks, most, func(week float64) float64 { return rate(i, week) }) {
					severity := uint8(3)
					if r.IntN(3) == 0 {
						severity = 1
					}
					in.Incidents = append(in.Incidents, learning.Incident{
						ID: fmt.Sprintf("%d-%d", i, k), Service: team, Team: team, Severity: severity, Containment: "uncontained",
						StartedAt: at(week), DetectedAt: at(week), StatedDetectSeconds: -1, StatedResolveSeconds: -1,
					})
				}
			}
			slices.SortFunc(in.Incidents, func(a, b learning.Incident) int { return int(a.StartedAt - b.StartedAt) })
			return judged(learning.Compute(in, settings), changed, change)
		},
	}
}

// judged sums up the verdicts of the last close.
func judged(run learning.Run, changed int, change float64) []campaign.Outcome {
	right := "worse"
	if change < 0 {
		right = "better"
	}
	var given, wrong, found float64
	for _, e := range run.Estimates {
		if e.Window != "2025-Q4" || e.Verdict == "" {
			continue
		}
		var team int
		_, _ = fmt.Sscanf(e.Scope.Name, "team-%d", &team) // 0 for the organisation, which changes if one does
		given++
		switch {
		case team >= changed || e.Verdict != right:
			wrong++
		case strings.HasPrefix(e.Scope.Name, "team-") && e.Metric == "learning_derivative.uncontained":
			found++
		}
	}
	value := func(measure string, x float64) campaign.Outcome {
		return campaign.Outcome{Measure: measure, Truth: none, Value: x, Low: none, High: none}
	}
	out := []campaign.Outcome{value("false share", wrong/max(given, 1))}
	if changed > 0 {
		out = append(out, value("found", found/float64(changed)))
	}
	out = append(out, campaign.Event("any", given > 0)...)
	return append(out, campaign.Event("a wrong one", wrong > 0)...)
}
