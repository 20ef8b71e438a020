package simulate

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/event"
)

// TestBenchIsAccepted decodes a sample and checks its size and mix against what Bench promises.
func TestBenchIsAccepted(t *testing.T) {
	decoder, err := event.NewDecoder(event.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 4000
	var size, changes, incidents int
	var stated event.Stated
	ids := map[string]bool{}
	var e event.Event
	for m := range Bench(n, 1) {
		if rejection := decoder.Decode(&m, &e); rejection != nil {
			t.Fatalf("%v\n%s", rejection, m.Value)
		}
		size += len(m.Value)
		switch e.Kind {
		case event.KindChange:
			changes++
		case event.KindIncident:
			incidents++
		}
		stated |= e.Stated
		ids[strings.Clone(e.ID)] = true
	}
	if changes != n*95/100 || incidents != n*5/100 {
		t.Errorf("%d changes and %d incident events of %d", changes, incidents, n)
	}
	if mean := size / n; mean < 420 || mean > 480 {
		t.Errorf("%d bytes an event", mean)
	}
	if len(ids) != n {
		t.Errorf("%d identities of %d events", len(ids), n)
	}
	all := event.StatedService | event.StatedEnvironment | event.StatedSeverity | event.StatedDetectionSource |
		event.StatedFailureMode | event.StatedCauseCategory | event.StatedBlastRadius | event.StatedContained | event.StatedPlanned |
		event.StatedStartedAt | event.StatedAcknowledgedAt | event.StatedMitigatedAt | event.StatedDuplicateOf |
		event.StatedContainedBy | event.StatedVersion | event.StatedCommit | event.StatedArtifact |
		event.StatedOutcome | event.StatedRollout | event.StatedAutomaticRollback | event.StatedFlagKey | event.StatedFlagTo
	if missing := all &^ stated; missing != 0 {
		t.Errorf("no event states attributes %b", missing)
	}
}

func TestBenchSameSeedSameBytes(t *testing.T) {
	log := func(seed uint64) []byte {
		var b bytes.Buffer
		for m := range Bench(500, seed) {
			b.Write(m.Value)
		}
		return b.Bytes()
	}
	if !bytes.Equal(log(1), log(1)) {
		t.Error("the same seed gave other bytes")
	}
	if bytes.Equal(log(1), log(2)) {
		t.Error("another seed gave the same bytes")
	}
}

func BenchmarkBench(b *testing.B) {
	for m := range Bench(b.N, 1) {
		b.SetBytes(int64(len(m.Value)))
	}
}

// TestBenchTakesTheFastPath: the decoder's fast path allocates nothing, the
// schema validator builds a tree of each event. Our own types take the latter.
func TestBenchTakesTheFastPath(t *testing.T) {
	decoder, err := event.NewDecoder(event.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var e event.Event
	const n = 4000
	slow := 0
	for m := range Bench(n, 1) {
		allocs := testing.AllocsPerRun(3, func() {
			if rejection := decoder.Decode(&m, &e); rejection != nil {
				t.Fatal(rejection)
			}
		})
		if allocs > 3 {
			slow++
			if strings.HasPrefix(e.Type, "dev.cdevents.") {
				t.Fatalf("%.0f allocations for %s", allocs, m.Value)
			}
		}
	}
	if slow > n/200 {
		t.Errorf("%d of %d events go to the schema validator", slow, n)
	}
}

func BenchmarkDecode(b *testing.B) {
	decoder, err := event.NewDecoder(event.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var e event.Event
	for m := range Bench(b.N, 1) {
		if rejection := decoder.Decode(&m, &e); rejection != nil {
			b.Fatal(rejection)
		}
	}
}
