package consume

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/tuition-hq/tuition/pkg/event"
	"go.uber.org/zap"
)

const (
	// fetchWait is how long the broker holds a fetch that has nothing to return;
	// it also bounds how long a reader takes to notice the end of its generation.
	fetchWait = 500 * time.Millisecond
	// readTimeout is how long a broker may keep silent in the middle of an answer.
	readTimeout = 15 * time.Second
	// Records are handed to the open batch in groups of at most this size.
	groupRecords = 256
	groupBytes   = 256 << 10
)

// fetch reads one partition from the assigned offset until the generation ends,
// connecting again whenever the broker or the leader changes.
func (g *generation) fetch(ctx context.Context, tp TopicPartition, offset int64) {
	failures := 0
	for ctx.Err() == nil {
		next, err := g.readFrom(ctx, tp, offset)
		if next != offset {
			offset, failures = next, 0
		}
		if err == nil || ctx.Err() != nil {
			continue
		}
		failures++
		g.metrics.fetchErrors.Inc()
		pause := min(100*time.Millisecond<<min(failures, 6), 5*time.Second)
		pause = pause/2 + rand.N(pause/2)
		// A first failure is an ordinary change of leader.
		if failures > 1 {
			g.log.Warn("cannot read a partition; trying again", zap.Stringer("partition", tp), zap.Int64("offset", offset), zap.Duration("again_in", pause), zap.Error(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// readFrom reads over one connection and returns the offset reached.
func (g *generation) readFrom(ctx context.Context, tp TopicPartition, offset int64) (int64, error) {
	conn, err := g.cfg.dialPartition(ctx, g.dialer, tp)
	if err != nil {
		return offset, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	start, err := g.start(ctx, conn, tp, offset)
	if err != nil {
		return offset, err
	}
	if _, err := conn.Seek(start, kafka.SeekAbsolute|kafka.SeekDontCheck); err != nil {
		return start, err
	}
	r := reader{generation: g, tp: tp, conn: conn, next: start}
	for ctx.Err() == nil {
		if err := r.batch(ctx); err != nil {
			return r.next, err
		}
	}
	return r.next, nil
}

// start compares the assigned offset with the log's. Records that retention took
// before they were read, and a topic made anew, are told loudly and counted; then
// reading goes on from the log's start.
func (g *generation) start(ctx context.Context, conn *kafka.Conn, tp TopicPartition, offset int64) (int64, error) {
	for confirmed := false; ; confirmed = true {
		if err := conn.SetDeadline(time.Now().Add(readTimeout)); err != nil {
			return offset, err
		}
		first, end, err := conn.ReadOffsets()
		if err != nil {
			return offset, err
		}
		before, known := g.lastPosition(tp)
		switch {
		case offset == kafka.FirstOffset && !known:
			g.log.Info("no committed offset; reading from the start of the log", zap.Stringer("partition", tp), zap.Int64("offset", first))
		case offset == kafka.FirstOffset && !confirmed, offset > end && !confirmed:
			// A leader elected a moment ago may not yet know its end.
			select {
			case <-ctx.Done():
				return offset, ctx.Err()
			case <-time.After(time.Second):
			}
			continue
		case offset == kafka.FirstOffset:
			g.metrics.gaps.WithLabelValues(tp.Topic, "recreated").Inc()
			g.log.Error("the group's committed offset is gone: the topic was deleted and made again, or the offset expired; reading from the start of the log",
				zap.Stringer("partition", tp), zap.Int64("committed_before", before), zap.Int64("offset", first))
		case offset > end:
			g.metrics.gaps.WithLabelValues(tp.Topic, "recreated").Inc()
			g.log.Error("the committed offset lies beyond the end of the log: the topic was made again or its log was cut; reading from the start of the log",
				zap.Stringer("partition", tp), zap.Int64("committed", offset), zap.Int64("end", end), zap.Int64("offset", first))
		case offset < first:
			g.metrics.gaps.WithLabelValues(tp.Topic, "retention").Inc()
			g.metrics.lost.WithLabelValues(tp.Topic).Add(float64(first - offset))
			g.log.Error("records were lost: retention deleted them before they were read; give the topic a longer retention",
				zap.Stringer("partition", tp), zap.Int64("committed", offset), zap.Int64("log_start", first), zap.Int64("lost", first-offset))
		default:
			g.metrics.reached(tp, offset, end)
			return offset, nil
		}
		g.metrics.reached(tp, first, end)
		return first, nil
	}
}

// reader reads the batches of one partition over one connection.
type reader struct {
	*generation
	tp      TopicPartition
	conn    *kafka.Conn
	next    int64 // the offset after the last record handed over
	records []event.Message
}

// batch fetches once and hands over what came.
func (r *reader) batch(ctx context.Context) error {
	if err := r.conn.SetDeadline(time.Now().Add(fetchWait + readTimeout)); err != nil {
		return err
	}
	b := r.conn.ReadBatchWith(kafka.ReadBatchConfig{MinBytes: 1, MaxBytes: r.cfg.FetchBytes, IsolationLevel: kafka.ReadCommitted, MaxWait: fetchWait})
	if err := b.Err(); err != nil {
		_ = b.Close()
		return err
	}
	r.metrics.highWater(r.tp, b.HighWaterMark())
	if b.Offset() == b.HighWaterMark() {
		_ = b.Close() // nothing new; it would only say so by a timeout
		return nil
	}
	select {
	case <-ctx.Done():
		return b.Close()
	case r.reading <- struct{}{}:
	}
	err := r.unpack(ctx, b)
	closed := b.Close()
	<-r.reading
	if errors.Is(err, io.EOF) {
		err = closed
	}
	return err
}

// unpack hands over the records of a fetched batch in groups; io.EOF ends it.
func (r *reader) unpack(ctx context.Context, b *kafka.Batch) error {
	for {
		n, bytes, err := r.group(b)
		// Batch.Offset also covers what is not a record: control records, and what
		// compaction removed.
		next := b.Offset()
		if n > 0 || next > r.next {
			r.metrics.records.Add(float64(n))
			r.metrics.bytes.Add(float64(bytes))
			if !r.add(ctx, r.tp, r.records[:n], next) {
				return ctx.Err()
			}
			r.next = next
			// Being held back by the store is not the broker's silence.
			if err := r.conn.SetReadDeadline(time.Now().Add(readTimeout)); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// group reads up to groupRecords records into r.records.
func (r *reader) group(b *kafka.Batch) (n, bytes int, err error) {
	for n < groupRecords && bytes < groupBytes {
		m, err := b.ReadMessage()
		if err != nil {
			return n, bytes, err
		}
		if n == len(r.records) {
			r.records = append(r.records, event.Message{})
		}
		into := &r.records[n]
		into.Position = event.Position{Topic: r.tp.Topic, Partition: r.tp.Partition, Offset: m.Offset}
		into.Key, into.Value, into.Time = m.Key, m.Value, event.Millis(m.Time.UnixMilli())
		into.Headers = into.Headers[:0]
		for _, h := range m.Headers {
			into.Headers = append(into.Headers, event.Header{Key: h.Key, Value: h.Value})
		}
		n++
		bytes += len(m.Key) + len(m.Value)
	}
	return n, bytes, nil
}
