package consume

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/tuition-hq/tuition/pkg/event"
	"go.uber.org/zap"
)

const (
	// fetchWait is how long the broker holds a fetch that has nothing to return;
	// it also bounds how long a reader takes to notice the end of its round.
	fetchWait = 500 * time.Millisecond
	// readTimeout is how long a broker may keep silent in the middle of an answer.
	readTimeout = 15 * time.Second
)

// fetch reads one partition from the assigned offset until the round ends,
// connecting again whenever the broker or the leader changes.
func (r *round) fetch(ctx context.Context, tp TopicPartition, offset int64) {
	failures := 0
	for ctx.Err() == nil {
		next, err := r.readFrom(ctx, tp, offset)
		if next != offset {
			offset, failures = next, 0
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		failures++
		r.metrics.fetchErrors.Inc()
		pause := min(100*time.Millisecond<<min(failures, 6), 5*time.Second)
		pause = pause/2 + rand.N(pause/2)
		// A first failure is an ordinary change of leader.
		if failures > 1 {
			r.log.Warn("cannot read a partition; trying again", zap.Stringer("partition", tp), zap.Int64("offset", offset), zap.Duration("again_in", pause), zap.Error(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// readFrom reads over one connection and returns the offset reached.
func (r *round) readFrom(ctx context.Context, tp TopicPartition, offset int64) (int64, error) {
	l, err := r.cfg.dialLeader(ctx, tp)
	if err != nil {
		return offset, err
	}
	defer l.close()
	defer context.AfterFunc(ctx, l.close)()
	next, err := r.start(ctx, l, offset)
	for err == nil && ctx.Err() == nil {
		next, err = r.fetchOnce(ctx, l, next)
	}
	return next, err
}

// fetchOnce asks for records once, hands over what comes, and returns the offset reached.
func (r *round) fetchOnce(ctx context.Context, l *leader, from int64) (int64, error) {
	size, err := l.ask(from, r.cfg.FetchBytes)
	if err != nil {
		return from, err
	}
	// The answer stays in the socket until there is memory for it.
	var u *unpacker
	select {
	case <-ctx.Done():
		return from, nil
	case u = <-r.unpackers:
	}
	defer func() { r.unpackers <- u }()
	a, err := l.read(size, &u.raw)
	if err != nil {
		return from, err
	}
	r.metrics.highWater(l.tp, a.highWater)
	done := from
	_, err = u.unpack(l.tp, from, a, func(records []event.Message, bytes int, next int64) error {
		r.metrics.records.Add(float64(len(records)))
		r.metrics.bytes.Add(float64(bytes))
		if !r.add(ctx, l.tp, records, next) {
			return context.Cause(ctx)
		}
		done = next
		return nil
	})
	return done, err
}

// start compares the assigned offset with the log's. Records that retention took
// before they were read, and a topic made anew, are told loudly and counted; then
// reading goes on from the log's start.
func (r *round) start(ctx context.Context, l *leader, offset int64) (int64, error) {
	tp := l.tp
	for confirmed := false; ; confirmed = true {
		first, end, err := l.offsets()
		if err != nil {
			return offset, err
		}
		before, known := r.lastPosition(tp)
		switch {
		case offset == kafka.FirstOffset && !known:
			r.log.Info("no committed offset; reading from the start of the log", zap.Stringer("partition", tp), zap.Int64("offset", first))
		case offset == kafka.FirstOffset && !confirmed, offset > end && !confirmed:
			// A leader elected a moment ago may not yet know its end.
			select {
			case <-ctx.Done():
				return offset, ctx.Err()
			case <-time.After(time.Second):
			}
			continue
		case offset == kafka.FirstOffset:
			r.metrics.gaps.WithLabelValues(tp.Topic, "recreated").Inc()
			r.log.Error("the group's committed offset is gone: the topic was deleted and made again, or the offset expired; reading from the start of the log",
				zap.Stringer("partition", tp), zap.Int64("committed_before", before), zap.Int64("offset", first))
		case offset > end:
			r.metrics.gaps.WithLabelValues(tp.Topic, "recreated").Inc()
			r.log.Error("the committed offset lies beyond the end of the log: the topic was made again or its log was cut; reading from the start of the log",
				zap.Stringer("partition", tp), zap.Int64("committed", offset), zap.Int64("end", end), zap.Int64("offset", first))
		case offset < first:
			r.metrics.gaps.WithLabelValues(tp.Topic, "retention").Inc()
			r.metrics.lost.WithLabelValues(tp.Topic).Add(float64(first - offset))
			r.log.Error("records were lost: retention deleted them before they were read; give the topic a longer retention",
				zap.Stringer("partition", tp), zap.Int64("committed", offset), zap.Int64("log_start", first), zap.Int64("lost", first-offset))
		default:
			r.metrics.reached(tp, offset, end)
			return offset, nil
		}
		r.metrics.reached(tp, first, end)
		return first, nil
	}
}
