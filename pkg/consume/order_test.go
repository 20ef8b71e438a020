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

// TestBatchesAreStoredAtOnceAndCommittedInOrder: the second batch is in the store
// while the first still waits for it, and no offset moves before the first is in.
func TestBatchesAreStoredAtOnceAndCommittedInOrder(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	want := values(0, 600)
	last := send(t, brokers, want...)
	secondIn := make(chan struct{})
	one := &shelf{fault: func(ctx context.Context, n int) error {
		if n > 1 {
			return nil
		}
		select {
		case <-secondIn:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Minute):
			t.Error("the second batch waited for the first")
		}
		// The second is acknowledged: time in which a wrong commit would be seen.
		time.Sleep(300 * time.Millisecond)
		if left, err := committedCount(ctx, brokers, last); err != nil || left != 0 {
			t.Errorf("%d partitions were committed before the first batch was stored, %v", left, err)
		}
		return nil
	}}
	two := &shelf{fault: func(_ context.Context, n int) error {
		if n == 1 {
			close(secondIn)
		}
		return nil
	}}
	cfg := testConfig(brokers)
	cfg.BatchRows = 200
	_, _ = start(t, cfg, zap.NewNop(), one, two)
	waitCommitted(t, brokers, last)
	sameSet(t, append(one.has(), two.has()...), want)
}

// TestNothingIsCommittedAfterAnAbandonedBatch: the store takes the second batch and
// not the first. Offsets of the second would skip the first.
func TestNothingIsCommittedAfterAnAbandonedBatch(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	want := values(0, 600)
	last := send(t, brokers, want...)
	secondIn := make(chan struct{})
	one := &shelf{fault: func(ctx context.Context, _ int) error {
		select {
		case <-secondIn:
		case <-ctx.Done():
		}
		return errors.New("connection refused")
	}}
	two := &shelf{fault: func(_ context.Context, n int) error {
		if n == 1 {
			close(secondIn)
		}
		return nil
	}}
	cfg := testConfig(brokers)
	cfg.BatchRows, cfg.StopTimeout = 200, 500*time.Millisecond
	c, stop := start(t, cfg, zap.NewNop(), one, two)
	<-secondIn
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if n, err := committedCount(t.Context(), brokers, last); err != nil || n != 0 {
		t.Errorf("%d partitions were committed though the first batch was not stored, %v", n, err)
	}
	if n := testutil.ToFloat64(c.metrics.abandoned); n < 2 {
		t.Errorf("%v batches counted as abandoned, want the first and those after it", n)
	}
	again := &shelf{}
	_, _ = start(t, testConfig(brokers), zap.NewNop(), again)
	waitCommitted(t, brokers, last)
	sameSet(t, again.has(), want)
}
