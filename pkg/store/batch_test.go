package store

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go"

	"github.com/tuition-hq/tuition/pkg/event"
)

// full is an event with every column filled, each with a value of its own.
func full() event.Event {
	e := event.Event{
		Kind: event.KindIncident, Predicate: event.PredicateAmended, Entity: "entity", Source: "source", ID: "id", Type: "type",
		OccurredAt: 1, EmittedAt: 2, ReceivedAt: 3, Imported: true, OrdHigh: 1, OrdLow: math.MaxUint64, Stated: 1 << 40,
		Service: "service", Services: []string{"service", "", "other"}, Environment: "environment", Severity: 5,
		DetectionSource: "detection", FailureMode: "mode", CauseCategory: "cause", BlastRadius: 0.25, Contained: event.Yes,
		ContainedBy: "net", Planned: event.No, DuplicateOf: "duplicate", StartedAt: 4, DetectedAt: 5, AcknowledgedAt: 6,
		MitigatedAt: 7, ResolvedAt: 8, ChangeKind: event.ChangeFlag, Version: "version", Commit: "commit", Artifact: "artifact",
		FinishedAt: 9, Outcome: "outcome", Rollout: "rollout", AutomaticRollback: event.Yes, FlagKey: "key", FlagFrom: "from",
		FlagTo: "to", KillSwitch: event.No, Links: []string{"l1", "l2"}, Attributes: `{"a":1}`, Canonical: `{"b":2}`,
	}
	copy(e.SHA256[:], strings.Repeat("s", 32))
	return e
}

func TestEveryColumnArrives(t *testing.T) {
	s := open(t)
	insert(t, s, full())
	got := read(t, s, "SELECT * FROM event")
	want := []string{"incident|amended|entity|source|id|type|1|2|3|true|36893488147419103231|1099511627776|service|[\"service\",\"\",\"other\"]|environment|5|detection|mode|cause|0.25|yes|net|no|duplicate|4|5|6|7|8|flag|version|commit|artifact|9|outcome|rollout|yes|key|from|to|no|[\"l1\",\"l2\"]|{\"a\":1}|{\"b\":2}|" + strings.Repeat("s", 32)}
	if len(got) != 1 || got[0] != want[0] {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestABatchIsUsedAgain fills one batch several times: nothing of an earlier time
// is seen in a later one, also after a cut. It goes the way that rows go to a server
// on another machine.
func TestABatchIsUsedAgain(t *testing.T) {
	s := open(t)
	batch := s.NewBatch()
	defer batch.Close()
	batch.compress = func(string) ch.Compression { return compression("192.0.2.1:9000") }
	for round := range 3 {
		for i := range 100 {
			e := deployed(fmt.Sprintf("d-%d-%d", round, i), fmt.Sprintf("s-%d", i%(7+round)), start+event.Millis(i))
			batch.Append(&e)
		}
		mark := batch.Rows()
		cut := full()
		batch.Append(&cut)
		batch.Truncate(mark)
		if err := batch.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		batch.Reset()
		if batch.Rows() != 0 || batch.Bytes() != 0 {
			t.Fatalf("after Reset: %d rows, %d bytes", batch.Rows(), batch.Bytes())
		}
	}
	if got := read(t, s, "SELECT count(), uniqExact(entity), countIf(service = '') FROM event"); got[0] != "300|300|0" {
		t.Error(got)
	}
	if got := read(t, s, "SELECT countIf(service != 's-' || toString(toUInt32(splitByChar('-', entity)[3]) % (7 + toUInt32(splitByChar('-', entity)[2])))) FROM event"); got[0] != "0" {
		t.Errorf("%s events have another's service", got[0])
	}
}

func TestCompressionIsForNetworks(t *testing.T) {
	for addr, want := range map[string]ch.Compression{
		"127.0.0.1:9000": ch.CompressionDisabled, "127.8.0.1:9000": ch.CompressionDisabled, "[::1]:9000": ch.CompressionDisabled,
		"[::ffff:127.0.0.1]:9000": ch.CompressionDisabled, "localhost:9000": ch.CompressionDisabled,
		"192.0.2.1:9000": ch.CompressionLZ4, "[2001:db8::1]:9000": ch.CompressionLZ4, "clickhouse:9000": ch.CompressionLZ4, "": ch.CompressionLZ4,
	} {
		if got := compression(addr); got != want {
			t.Errorf("%q: %v, want %v", addr, got, want)
		}
	}
}

// TestSendAgain: after an error the same rows may be sent again, over a new connection.
func TestSendAgain(t *testing.T) {
	s := open(t)
	batch := s.NewBatch()
	defer batch.Close()
	e := detected("i", "s", "m", start)
	batch.Append(&e)
	m := event.Message{Position: event.Position{Topic: "t", Partition: 1, Offset: 7}, Value: []byte("x"), Time: start}
	r := event.Rejection{Code: "some-code", Pointer: "/p", Expected: "a number", Mend: "give one"}
	batch.AppendRejection(&m, &r)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := batch.Send(cancelled); err == nil {
		t.Fatal("a cancelled Send was acknowledged")
	}
	for range 3 {
		if err := batch.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.client.Close(); err != nil { // as when the server ends the connection
		t.Fatal(err)
	}
	if err := batch.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, "SELECT incident_id, reopen_count FROM incident"); fmt.Sprint(got) != "[i|0]" {
		t.Error(got)
	}
	if got := read(t, s, "SELECT code, pointer, expected, mend, topic, partition, offset, file, line FROM rejection"); fmt.Sprint(got) != "[some-code|/p|a number|give one|t|1|7|?|?]" {
		t.Error(got)
	}
	state, err := s.LogState(t.Context())
	if err != nil || state.Events != 1 || state.First != int64(start) || state.Last != int64(start) {
		t.Errorf("%+v, %v", state, err)
	}
}
