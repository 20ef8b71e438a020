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
		next.Incidents = slices.Clone(in.Incidents)
		pick := func(what string) int { return rapid.IntRange(0, len(next.Incidents)-1).Draw(t, what) }
		for range rapid.IntRange(1, 4).Draw(t, "events") {
			switch rapid.SampledFrom([]string{"late", "amended", "retracted", "moment", "seed"}).Draw(t, "event") {
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
			case "moment":
				next.AsOf += day
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
