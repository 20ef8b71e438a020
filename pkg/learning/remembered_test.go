package learning_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// What a process remembers of earlier computations changes no byte of the next: not
// when incidents came late, were corrected or were taken back meanwhile, nor when the
// moment or the settings are others.
func TestRememberedIsAsComputed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := random(rapid.Uint64().Draw(t, "input"), 1,
			rapid.IntRange(10, 40).Draw(t, "incidents"), rapid.Int64Range(200, 450).Draw(t, "days"))
		settings := inEuros()
		learning.Forget()
		learning.Compute(in, settings)
		next := in
		next.Incidents, next.Improvements = slices.Clone(in.Incidents), slices.Clone(in.Improvements)
		next.Services, next.Changes = slices.Clone(in.Services), slices.Clone(in.Changes)
		pick := func(what string) int { return rapid.IntRange(0, len(next.Incidents)-1).Draw(t, what) }
		for range rapid.IntRange(1, 4).Draw(t, "events") {
			switch rapid.SampledFrom([]string{"late", "amended", "graver", "retracted", "moment", "quarter", "seed", "fixed", "older", "deployed", "moved", "changed"}).Draw(t, "event") {
			case "late":
				late := next.Incidents[pick("like")]
				late.ID += "-late"
				next.Incidents = append(next.Incidents, late)
			case "amended":
				i := &next.Incidents[pick("amended")]
				i.StartedAt, i.FailureMode = i.StartedAt-day, "disk"
			case "retracted":
				at := pick("retracted")
				next.Incidents = slices.Delete(next.Incidents, at, at+1)
			case "graver":
				i := &next.Incidents[pick("graver")]
				i.Severity, i.Containment = 1, "uncontained"
			case "moved":
				next.Incidents[pick("moved")].Environment = "staging"
			case "fixed":
				i := next.Incidents[pick("fixed")]
				next.Improvements = append(next.Improvements, learning.Improvement{
					ID: "late-fix", Service: i.Service, FailureMode: i.FailureMode, OpenedAt: i.At(), ClosedAt: i.At() + day, WitnessedClosedAt: i.At() + day,
				})
			case "older":
				next.Services[0].AliveFrom -= 30 * day
			case "deployed":
				next.Services[0].Deploys = learning.AddDeploys(next.Services[0].Deploys, learning.CountDeploys(since+40*day))
			case "changed":
				of := *next.Changes[0].ChangeOf
				of.Environment = "staging"
				next.Changes = append(next.Changes, learning.ChangeCount{ChangeOf: &of, Quarter: "2023-Q1", Changes: 1})
			case "moment":
				next.AsOf += day
			case "quarter":
				next.AsOf += 91 * day
			case "seed":
				settings.Seed++
			}
		}
		remembering := bytes(learning.Compute(next, settings))
		learning.Forget()
		if anew := bytes(learning.Compute(next, settings)); anew != remembering {
			t.Fatal("what was remembered changed the run")
		}
	})
}
