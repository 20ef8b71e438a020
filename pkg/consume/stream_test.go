package consume

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
)

// TestALargeBatchIsStreamed: rows leave memory at BatchBytes, and are one flush all the same.
func TestALargeBatchIsStreamed(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	want := values(0, 3000)
	last := send(t, brokers, want...)
	s := &shelf{}
	cfg := testConfig(brokers)
	cfg.BatchRows, cfg.BatchBytes, cfg.BatchAge = 1000, 100*70, 2*time.Second // 70 rows of the shelf's
	_, _ = start(t, cfg, zap.NewNop(), s)
	waitCommitted(t, brokers, last)
	sameSet(t, s.has(), want)
	if s.most != 70 {
		t.Errorf("%d rows were in memory at one time, want 70", s.most)
	}
	if s.largest != 1000 {
		t.Errorf("the largest flush had %d rows, want 1000", s.largest)
	}
}

// TestABatchThatBreaksOnItsWayIsReadAgain: its rows are gone from memory when the store
// tells that it has not taken them. Their dead letters are written once.
func TestABatchThatBreaksOnItsWayIsReadAgain(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	want := values(0, 500)
	last := send(t, brokers, append([]string{"bad 1", "bad 2", "bad 3"}, want...)...)
	s := &shelf{broken: errors.New("connection reset")}
	cfg := testConfig(brokers)
	cfg.BatchRows, cfg.BatchBytes = 100, 100*30
	c, _ := start(t, cfg, zap.NewNop(), s)
	eventually(t, "three failed attempts", func() bool { return testutil.ToFloat64(c.metrics.retries.WithLabelValues("store")) >= 3 })
	if n, err := committedCount(t.Context(), brokers, last); err != nil || n != 0 {
		t.Errorf("%d partitions committed, %v", n, err)
	}
	if c.Ready() == nil {
		t.Error("ready while the store takes nothing")
	}
	s.mu.Lock()
	s.broken = nil
	s.mu.Unlock()
	waitCommitted(t, brokers, last)
	sameSet(t, s.has(), want)
	if n := len(readAll(t, brokers, "tuition.deadletter")); n != 3 || len(s.rejected) != 3 {
		t.Errorf("%d dead letters and %d rejections, want 3 of each", n, len(s.rejected))
	}
	if n := testutil.ToFloat64(c.metrics.rejections); n != 3 {
		t.Errorf("%v rejections counted, want 3", n)
	}
}

// TestAStoreShortOfMemoryGetsSmallerBatches: one that can never take as many rows as
// a batch may have.
func TestAStoreShortOfMemoryGetsSmallerBatches(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	want := values(0, 10_000)
	last := send(t, brokers, want...)
	s := &shelf{}
	s.fault = func(context.Context, int) error {
		if rows, _ := s.Size(); rows > 2500 {
			return errors.New("memory limit exceeded")
		}
		return nil
	}
	cfg := testConfig(brokers)
	cfg.BatchRows, cfg.BatchAge = 8000, 2*time.Second
	_, _ = start(t, cfg, zap.NewNop(), s)
	waitCommitted(t, brokers, last)
	sameSet(t, s.has(), want)
	if s.largest != 2000 {
		t.Errorf("the largest batch had %d rows, want a quarter of 8000", s.largest)
	}
}
