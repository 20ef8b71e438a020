package consume

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/segmentio/kafka-go"
	"github.com/tuition-hq/tuition/pkg/event"
	"go.uber.org/zap"
)

// A batch is made safe and then committed:
//
//  1. the rejected records are acknowledged by the dead-letter topic;
//  2. the rows are acknowledged by the store;
//  3. the offsets are committed, by the generation that read them, after those of all
//     earlier batches.
//
// A process that dies between two steps repeats them, which changes nothing.

// secure does the first two, trying again in place until bounded ends.
func (g *generation) secure(bounded context.Context, b *batch) error {
	if err := g.deadLetters(bounded, b); err != nil {
		return err
	}
	for i := range b.rejected {
		b.handler.Reject(&b.rejected[i].message, &b.rejected[i].rejection)
	}
	if rows, _ := b.handler.Size(); rows > 0 || len(b.rejected) > 0 {
		return g.flush(bounded, b)
	}
	return nil
}

// finish commits a batch of which secure returned err; false says that it is abandoned.
func (g *generation) finish(generation context.Context, b *batch, err error) bool {
	if err == nil {
		err = g.commit(generation, b)
	}
	if err != nil {
		return g.abandoned(b, err)
	}
	g.setReady(nil)
	return true
}

func (g *generation) abandoned(b *batch, err error) bool {
	g.metrics.abandoned.Inc()
	if g.haltError() == nil {
		g.log.Warn("batch abandoned; its records will be read again", zap.Int("partitions", len(b.next)), zap.Error(err))
	}
	return false
}

func (g *generation) deadLetters(ctx context.Context, b *batch) error {
	if len(b.rejected) == 0 {
		return nil
	}
	attempt := 0
	var left []event.Message
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		if attempt++; attempt == 1 {
			for _, r := range b.rejected {
				left = append(left, deadLetter(g.cfg.DeadLetterTopic, g.cfg.Version, &r.message, &r.rejection))
			}
		}
		for i := range left {
			setAttempts(&left[i], attempt)
		}
		var err error
		left, err = g.producer.sendWhole(ctx, left, func(m event.Message) event.Message {
			g.log.Error("a dead letter is too large for its topic and is written without its value", zap.Stringer("from", rejectedAt(&m)), zap.Int("bytes", len(m.Value)))
			return withoutValue(m)
		})
		return struct{}{}, err
	}, g.retryOptions(func(err error, pause time.Duration) {
		g.metrics.retries.WithLabelValues("deadletter").Inc()
		g.setReady(err)
		g.log.Error("cannot write dead letters; offsets stay where they are", zap.String("topic", g.cfg.DeadLetterTopic),
			zap.Int("letters", len(left)), zap.Duration("again_in", pause), zap.Error(err))
	})...)
	if err == nil {
		g.metrics.deadLetters.Add(float64(len(b.rejected)))
	}
	return err
}

func (g *generation) flush(ctx context.Context, b *batch) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		started := time.Now()
		err := b.handler.Flush(ctx)
		g.metrics.flush.Observe(time.Since(started).Seconds())
		if err != nil && b.handler.Halt(err) {
			g.halt(err)
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, g.retryOptions(func(err error, pause time.Duration) {
		g.metrics.retries.WithLabelValues("store").Inc()
		g.setReady(err)
		g.log.Error("cannot store the batch; trying again", zap.Duration("again_in", pause), zap.Error(err))
	})...)
	if err == nil {
		g.metrics.batches.Inc()
	}
	return err
}

// commit moves the group's offsets, never backwards. While the generation lives it
// is tried again; a broker that no longer knows the generation ends it.
func (g *generation) commit(ctx context.Context, b *batch) error {
	offsets := map[string]map[int]int64{}
	for tp, next := range b.next {
		if done, ok := g.committed[tp]; ok && next <= done {
			continue
		}
		if offsets[tp.Topic] == nil {
			offsets[tp.Topic] = map[int]int64{}
		}
		offsets[tp.Topic][int(tp.Partition)] = next
	}
	if len(offsets) == 0 {
		return nil
	}
	for {
		err := g.gen.CommitOffsets(offsets)
		if err == nil {
			break
		}
		g.metrics.retries.WithLabelValues("commit").Inc()
		if ctx.Err() != nil || errors.Is(err, kafka.IllegalGeneration) || errors.Is(err, kafka.UnknownMemberId) || errors.Is(err, kafka.RebalanceInProgress) {
			return err
		}
		g.log.Warn("cannot commit offsets; trying again", zap.Error(err))
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
	for topic, ps := range offsets {
		for p, next := range ps {
			tp := TopicPartition{topic, int32(p)}
			g.committed[tp] = next
			g.setPosition(tp, next)
			g.metrics.committed(tp, next)
		}
	}
	g.metrics.lastCommit.SetToCurrentTime()
	return nil
}

func (c *Consumer) setPosition(tp TopicPartition, next int64) {
	c.mu.Lock()
	c.position[tp] = next
	c.mu.Unlock()
}

// lastPosition is what this process itself last committed; false if nothing yet.
func (c *Consumer) lastPosition(tp TopicPartition) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next, ok := c.position[tp]
	return next, ok
}
