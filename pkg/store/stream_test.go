package store

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ClickHouse/ch-go"

	"github.com/tuition-hq/tuition/pkg/event"
)

// fill appends n deploys of a service whose number comes from their own.
func fill(batch *Batch, from, n int) {
	for i := from; i < from+n; i++ {
		e := deployed(fmt.Sprintf("d-%d", i), fmt.Sprintf("s-%d", i%13), start+event.Millis(i))
		batch.Append(&e)
	}
}

// TestStreamedBlocksAreOneInsert: blocks of a batch make one part, with nothing lost and
// nothing of one block in another, and the batch holds no more than a block. Both ways,
// to a server on this machine and to another.
func TestStreamedBlocksAreOneInsert(t *testing.T) {
	for name, how := range map[string]ch.Compression{"plain": ch.CompressionDisabled, "compressed": ch.CompressionLZ4} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			if err := s.conn.Exec(t.Context(), "SYSTEM STOP MERGES event"); err != nil {
				t.Fatal(err)
			}
			batch := s.NewBatch()
			defer batch.Close()
			batch.compress = func(string) ch.Compression { return how }
			for insert := range 3 {
				for block := range 5 {
					fill(batch, insert*1000+block*200, 200)
					mark := batch.Rows()
					cut := full()
					batch.Append(&cut)
					batch.Truncate(mark)
					if got := batch.Rows(); got != (block+1)*200 {
						t.Fatalf("block %d: the batch has %d rows", block, got)
					}
					if block < 4 {
						if err := batch.Stream(t.Context()); err != nil {
							t.Fatal(err)
						}
						if batch.Bytes() != 0 || batch.events.rows() != 0 {
							t.Fatalf("%d bytes, %d rows are in memory after Stream", batch.Bytes(), batch.events.rows())
						}
					}
				}
				m := event.Message{Position: event.Position{Topic: "t", Offset: int64(insert)}, Time: start}
				batch.AppendRejection(&m, &event.Rejection{Code: "c"})
				if err := batch.Send(t.Context()); err != nil {
					t.Fatal(err)
				}
				batch.Reset()
			}
			if got := read(t, s, "SELECT count(), uniqExact(entity), countIf(service != 's-' || toString(toUInt32(splitByChar('-', entity)[2]) % 13)) FROM event"); got[0] != "3000|3000|0" {
				t.Error(got)
			}
			if got := read(t, s, "SELECT count() FROM rejection"); got[0] != "3" {
				t.Error(got)
			}
			if got := read(t, s, "SELECT toUInt32(count()) FROM system.parts WHERE database = currentDatabase() AND table = 'event' AND active"); got[0] != "3" {
				t.Errorf("%s parts of 3 inserts", got[0])
			}
		})
	}
}

// TestABrokenStreamIsNotAcknowledged: whatever breaks an insert on its way, Send says
// so until the batch is reset, and then the batch can be filled and sent again.
func TestABrokenStreamIsNotAcknowledged(t *testing.T) {
	s := open(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		hurt func(*testing.T, *Batch)
		send context.Context
	}{
		"connection lost":           {func(t *testing.T, b *Batch) { _ = b.client.Close() }, t.Context()},
		"cancelled":                 {func(*testing.T, *Batch) {}, cancelled},
		"lost while waiting, alone": {func(t *testing.T, b *Batch) { b.stream.abort() }, t.Context()},
	} {
		t.Run(name, func(t *testing.T) {
			batch := s.NewBatch()
			defer batch.Close()
			fill(batch, 0, 100)
			if err := batch.Stream(t.Context()); err != nil {
				t.Fatal(err)
			}
			fill(batch, 100, 100)
			c.hurt(t, batch)
			for range 3 {
				if err := batch.Send(c.send); err == nil {
					t.Fatal("Send acknowledged rows that are lost")
				}
			}
			batch.Reset()
			if batch.Rows() != 0 || batch.Bytes() != 0 {
				t.Fatalf("after Reset: %d rows, %d bytes", batch.Rows(), batch.Bytes())
			}
			fill(batch, 0, 200)
			if err := batch.Stream(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := batch.Send(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := read(t, s, "SELECT uniqExact(entity) FROM event"); got[0] != "200" {
				t.Errorf("%s events", got[0])
			}
		})
	}
}

// TestAResetStreamStoresNothing: an insert that was not ended is not stored.
func TestAResetStreamStoresNothing(t *testing.T) {
	s := open(t)
	batch := s.NewBatch()
	defer batch.Close()
	fill(batch, 0, 100)
	if err := batch.Stream(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := batch.Stream(t.Context()); err != nil { // nothing to send
		t.Fatal(err)
	}
	batch.Reset()
	fill(batch, 500, 10)
	if err := batch.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, "SELECT count() FROM event"); got[0] != "10" {
		t.Errorf("%s events, want those after Reset", got[0])
	}
}

// TestAStreamWaitsNoLongerThanItsContext: the server does not take more for now.
func TestAStreamWaitsNoLongerThanItsContext(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	stalled := &stream{blocks: make(chan *eventColumns), ended: make(chan struct{})}
	if err := stalled.send(cancelled, newEventColumns()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
