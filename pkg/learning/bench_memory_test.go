package learning_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// long is the log of an organisation of five years like that of internal/benchcompute:
// fifty changes for each incident, a twentieth of them failed, 200 incidents of forty
// modes on each service.
func long(services, incidents int) learning.Input {
	const days = 5 * 365
	r := rand.New(rand.NewPCG(7, 7))
	begin := time.Date(2021, 7, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	asOf := begin + days*day
	in := learning.Input{AsOf: asOf, Start: begin, Hash: "long", InputEvents: uint64(60 * incidents)}
	names, teams := make([]string, services), make([]string, services)
	for i := range services {
		names[i], teams[i] = fmt.Sprintf("service-%d", i), fmt.Sprintf("team-%d", i/25)
		s := learning.Service{Name: names[i], Team: teams[i], Tier: "1", InCatalog: true, AliveFrom: begin, AliveTo: asOf}
		var deploys []learning.DeployDay
		for d := range days {
			if r.IntN(3) > 0 {
				deploys = append(deploys, learning.DeployDay{Day: int32(begin/day) + int32(d), Deploys: int32(1 + r.IntN(10))})
			}
		}
		s.Deploys = learning.PackDeploys(deploys...)
		for _, e := range []string{"production", "staging"} {
			s.Environments = append(s.Environments, learning.Presence{Environment: e, AliveFrom: begin, AliveTo: asOf, Deploys: learning.PackDeploys(deploys...)})
		}
		in.Services = append(in.Services, s)
	}
	place := func() int { x := r.Float64(); return int(float64(services) * x * x) }
	modes := make([]string, 40)
	for i := range modes {
		modes[i] = fmt.Sprintf("mode-%d", i)
	}
	previous := map[string]string{}
	for i := range incidents {
		s := place()
		at := begin + int64(i)*((asOf-begin)/int64(incidents))
		incident := learning.Incident{
			ID: fmt.Sprintf("INC-%d", i), Service: names[s], Team: teams[s], Environment: "production", Severity: uint8(1 + r.IntN(5)),
			DetectedAt: at + r.Int64N(120_000), AcknowledgedAt: at + 300_000, ResolvedAt: at + 600_000 + r.Int64N(20*hour),
			DetectionSource: []string{"monitoring", "monitoring", "monitoring", "customer"}[r.IntN(4)], FailureMode: modes[r.IntN(len(modes))],
			Containment: "uncontained", StatedDetectSeconds: -1, StatedResolveSeconds: -1, BlastRadius: -1, IsDrill: r.IntN(50) == 0,
		}
		if r.IntN(3) > 0 {
			incident.StartedAt = at
		}
		in.Incidents = append(in.Incidents, incident)
		key := incident.Service + incident.FailureMode
		if before := previous[key]; before != "" {
			in.Recurrences = append(in.Recurrences, learning.Recurrence{IncidentID: incident.ID, EarlierID: before, Class: []string{"repeat", "unaddressed"}[r.IntN(2)], GapSeconds: 1})
		}
		previous[key] = incident.ID
		in.Crossover = append(in.Crossover, learning.Crossover{IncidentID: incident.ID, At: at, Exposed: r.IntN(2) == 0, ReferenceShare: float64(r.IntN(5)) / 4, References: 4})
		if i%20 == 0 {
			closed := at + 30*day
			in.Improvements = append(in.Improvements, learning.Improvement{ID: fmt.Sprintf("IMP-%d", i), Service: names[s], Team: teams[s], Kind: "test", FailureMode: incident.FailureMode, FromFailure: incident.ID, OpenedAt: at, ClosedAt: closed, WitnessedClosedAt: closed})
		}
	}
	// Eight counts of changes for each quarter of a service, and five failures in two of them.
	for i, name := range names {
		for k := range 8 {
			of := learning.ChangeOf{Service: name, Team: teams[i], Environment: []string{"production", "staging"}[k%2], Kind: "deploy", Rollout: []string{"all-at-once", "canary", "blue-green", ""}[k/2]}
			failed := [2]*learning.FailedAs{{ChangeOf: of, Why: "outcome", Containment: "uncontained"}, {ChangeOf: of, Why: "rolled_back", Containment: "contained"}}
			for q := range 20 {
				c := learning.ChangeCount{ChangeOf: &of, Quarter: fmt.Sprintf("%d-Q%d", 2021+(q+2)/4, 1+(q+2)%4)}
				for range 5 - k/2 {
					at := begin + int64(q)*91*day + r.Int64N(91*day)
					in.FailedChange = append(in.FailedChange, learning.FailedChange{
						FailedAs: failed[r.IntN(2)], ID: fmt.Sprintf("d-%016x", r.Uint64()), FinishedAt: at, RolledBackAt: at + 1_800_000*r.Int64N(2),
					})
					c.Failed++
				}
				c.Changes, c.EndingTold = 20*c.Failed, 20*c.Failed
				in.Changes = append(in.Changes, c)
			}
		}
	}
	return in
}

// nobody takes what is told.
type nobody struct{}

func (nobody) Part(learning.Part, []learning.Entry) {}
func (nobody) Basis(learning.Basis)                 {}
func (nobody) Begin(learning.Run)                   {}
func (nobody) Estimate(learning.Estimate)           {}
func (nobody) WatchPoint(learning.WatchPoint)       {}

// BenchmarkLong says what a computation of many incidents takes of memory: set
// TUITION_BENCH_INCIDENTS for another number of them.
func BenchmarkLong(b *testing.B) {
	incidents := 20_000
	if n, err := strconv.Atoi(os.Getenv("TUITION_BENCH_INCIDENTS")); err == nil {
		incidents = n
	}
	in := long(incidents/200, incidents)
	live := func() float64 {
		runtime.GC()
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		return float64(sample[0].Value.Uint64())
	}
	input := live()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			select {
			case <-stop:
				most <- peak
				return
			case <-time.After(10 * time.Millisecond):
				metrics.Read(sample)
				peak = max(peak, sample[0].Value.Uint64())
			}
		}
	}()
	for b.Loop() {
		learning.Stream(in, learning.DefaultSettings(), nobody{})
	}
	close(stop)
	b.ReportMetric(input/float64(incidents), "input-B/incident")
	b.ReportMetric(float64(<-most)/float64(incidents), "live-B/incident")
	runtime.KeepAlive(&in)
}
