package store

import (
	"fmt"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/event"
)

// backlog makes events as a backlog has them: 95 % deploys, 5 % incident events.
func backlog(n int) []event.Event {
	const start = 1_700_000_000_000
	canonical := `{"context":{"id":"00000000-0000-0000-0000-%012d","source":"https://argocd.example.com","timestamp":"2026-01-01T00:00:00Z","type":"dev.cdevents.service.deployed.0.3.0","version":"0.5.0"},"subject":{"content":{"artifactId":"pkg:oci/checkout@sha256:%064d","environment":{"id":"production"}},"id":"service-%d","type":"service"}}`
	events := make([]event.Event, n)
	for i := range events {
		at := event.Millis(start + i*50)
		e := event.Event{
			Kind: event.KindChange, Predicate: event.PredicateDeployed, Entity: fmt.Sprintf("change-%d", i),
			Source: "https://argocd.example.com", ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Type: "dev.cdevents.service.deployed.0.3.0",
			OccurredAt: at, EmittedAt: at + 5, ReceivedAt: at + 100, OrdHigh: uint64(at), OrdLow: uint64(i) * 0x9E3779B97F4A7C15,
			Stated:  event.StatedService | event.StatedEnvironment | event.StatedArtifact | event.StatedCommit,
			Service: fmt.Sprintf("service-%d", i%200), Environment: "production", BlastRadius: math.NaN(),
			ChangeKind: event.ChangeDeploy, Artifact: fmt.Sprintf("pkg:oci/checkout@sha256:%064d", i), Commit: fmt.Sprintf("%040d", i),
			Canonical: fmt.Sprintf(canonical, i, i, i%200),
		}
		if i%20 == 0 {
			e.Kind, e.Entity = event.KindIncident, fmt.Sprintf("incident-%d", i/40)
			e.Predicate, e.Type = event.PredicateDetected, "dev.cdevents.incident.detected.0.3.0"
			if i%40 == 20 {
				e.Predicate, e.Type = event.PredicateResolved, "dev.cdevents.incident.resolved.0.3.0"
			}
			e.ChangeKind, e.Artifact, e.Commit = event.ChangeNone, "", ""
			e.Service = fmt.Sprintf("service-%d", i/40%200)
			e.FailureMode = fmt.Sprintf("mode-%d", i/40%7)
			e.Services = []string{e.Service}
			e.Stated = event.StatedService | event.StatedServices | event.StatedEnvironment | event.StatedFailureMode
		}
		events[i] = e
	}
	return events
}

// BenchmarkSend is Append and Send of 500,000 events in batches of 100,000.
func BenchmarkSend(b *testing.B) {
	s := open(b)
	events := backlog(500_000)
	batch := s.NewBatch()
	defer batch.Close()
	b.ReportAllocs()
	client := cpuSeconds()
	for b.Loop() {
		for i := range events {
			batch.Append(&events[i])
			if batch.Rows() == 100_000 {
				if err := batch.Send(b.Context()); err != nil {
					b.Fatal(err)
				}
				batch.Reset()
			}
		}
	}
	n := float64(b.N * len(events))
	b.ReportMetric(n/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric((cpuSeconds()-client)/n*1e6, "client-cpu-s/Mrow")
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
