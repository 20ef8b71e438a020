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
//  1. the rows are acknowledged by the store;
//  2. the rejected records are acknowledged by the dead-letter topic;
//  3. why they were rejected is acknowledged by the store;
//  4. the offsets are committed, by the generation that read them, after those of all
//     earlier batches.
//
// A process that dies between two steps repeats them, which changes nothing. The rows
// come first because they are read again if they cannot be stored, and with them the
// rejected records: none of these is in the dead letters yet.

// secure does the first three.
func (g *generation) secure(bounded context.Context, b *batch) error {
	rows, _ := b.handler.Size()
	if rows > 0 {
		if err := g.flush(bounded, b); err != nil {
			return err
		}
	}
	if len(b.rejected) > 0 {
		if err := g.deadLetters(bounded, b); err != nil {
			return err
		}
		if err := g.rejections(bounded, b); err != nil {
			return err
		}
	}
	if rows > 0 || len(b.rejected) > 0 {
		g.metrics.batches.Inc()
	}
	return nil
}

func (g *generation) abandoned(b *batch, err error) {
	g.metrics.abandoned.Inc()
	if g.haltError() == nil {
		g.log.Warn("batch abandoned; its records will be read again", zap.Int("partitions", len(b.next)), zap.Error(err))
	}
}

// retrying tells of a failed attempt at a stage that will be tried again.
func (g *generation) retrying(stage string, err error) {
	g.metrics.retries.WithLabelValues(stage).Inc()
	g.setReady(err)
}

// deadLetters writes the rejected records, trying again in place until ctx ends.
func (g *generation) deadLetters(ctx context.Context, b *batch) error {
	var left []event.Message
	for _, r := range b.rejected {
		left = append(left, deadLetter(g.cfg.DeadLetterTopic, g.cfg.Version, &r.message, &r.rejection))
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		var err error
		left, err = g.producer.sendWhole(ctx, left, func(m event.Message) event.Message {
			g.log.Error("a dead letter is too large for its topic and is written without its value", zap.Stringer("from", rejectedAt(&m)), zap.Int("bytes", len(m.Value)))
			return withoutValue(m)
		})
		return struct{}{}, err
	}, g.retryOptions(func(err error, pause time.Duration) {
		g.retrying("deadletter", err)
		g.log.Error("cannot write dead letters; offsets stay where they are", zap.String("topic", g.cfg.DeadLetterTopic),
			zap.Int("letters", len(left)), zap.Duration("again_in", pause), zap.Error(err))
	})...)
	if err == nil {
		g.metrics.deadLetters.Add(float64(len(b.rejected)))
		for i := range b.rejected {
			g.metrics.rejections.WithLabelValues(string(b.rejected[i].rejection.Code)).Inc()
		}
	}
	return err
}

// rejections stores why records were rejected, trying again in place until ctx ends.
func (g *generation) rejections(ctx context.Context, b *batch) error {
	for i := range b.rejected {
		b.handler.Reject(&b.rejected[i].message, &b.rejected[i].rejection)
	}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := g.flush(ctx, b)
		if err != nil && g.haltError() != nil {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, g.retryOptions(func(err error, pause time.Duration) {
		g.retrying("store", err)
		g.log.Error("cannot store why records were rejected; trying again", zap.Duration("again_in", pause), zap.Error(err))
	})...)
	return err
}

// flush stores the batch, once.
func (g *generation) flush(ctx context.Context, b *batch) error {
	started := time.Now()
	err := b.handler.Flush(ctx)
	g.metrics.flush.Observe(time.Since(started).Seconds())
	if err != nil && b.handler.Halt(err) {
		g.halt(err)
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
