package consume

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/tuition-hq/tuition/pkg/event"
)

// maxBatchBytes keeps a produced batch below the brokers' default limit of 1 MiB,
// with room for its framing.
const maxBatchBytes = 900_000

// Producer sends records and remembers the last acknowledged offset of each
// partition. A record's partition follows from its key as with Java producers
// (murmur2), so one entity keeps to one partition whoever sends. Every record is
// acknowledged by all in-sync replicas. Safe for concurrent use.
type Producer struct {
	batches   *kafka.Writer
	single    *kafka.Writer // of records that are a batch of their own
	transport *kafka.Transport

	mu    sync.Mutex
	spans map[TopicPartition][]Span
}

// Span is a stretch of offsets of one partition that a producer had acknowledged, and
// nobody else: of a batch, or of several that follow each other.
type Span struct{ First, Last int64 }

// NewProducer makes a producer; it connects with the first Send.
func NewProducer(conn Connection) (*Producer, error) {
	if err := conn.Check(); err != nil {
		return nil, err
	}
	t, err := conn.transport()
	if err != nil {
		return nil, err
	}
	// A topic made a moment ago must be seen soon; the default of 6 s is too long for publish.
	t.MetadataTTL = time.Second
	p := &Producer{transport: t, spans: map[TopicPartition][]Span{}}
	writer := func(records int, bytes int64) *kafka.Writer {
		return &kafka.Writer{
			Addr:         kafka.TCP(conn.Brokers...),
			Transport:    t,
			Balancer:     kafka.Murmur2Balancer{},
			RequiredAcks: kafka.RequireAll,
			BatchBytes:   bytes,
			BatchSize:    records,
			BatchTimeout: 5 * time.Millisecond,
			Compression:  kafka.Lz4,
			Completion:   p.completed,
		}
	}
	p.batches = writer(10_000, maxBatchBytes)
	p.single = writer(1, 1<<30) // the broker has its own limit, of what is left after compression
	return p, nil
}

func (p *Producer) completed(msgs []kafka.Message, err error) {
	if err != nil || len(msgs) == 0 {
		return
	}
	first, last := msgs[0], msgs[len(msgs)-1]
	tp := TopicPartition{last.Topic, int32(last.Partition)}
	p.mu.Lock()
	defer p.mu.Unlock()
	spans := p.spans[tp]
	if n := len(spans); n > 0 && spans[n-1].Last+1 == first.Offset {
		spans[n-1].Last = last.Offset
		return
	}
	p.spans[tp] = append(spans, Span{first.Offset, last.Offset})
}

// Send writes the records to the topics named in them and returns when all are
// acknowledged. After an error some may have been written; sending them again is
// harmless, because an event is known by its identity and not by its offset.
func (p *Producer) Send(ctx context.Context, msgs ...event.Message) error {
	var small, large []event.Message
	for _, m := range msgs {
		if size(&m) < maxBatchBytes {
			small = append(small, m)
		} else {
			large = append(large, m)
		}
	}
	errs, err := write(ctx, p.batches, small)
	if err == nil {
		err = summary(errs)
	}
	if err == nil {
		errs, err = write(ctx, p.single, large)
		if err == nil {
			err = summary(errs)
		}
	}
	return err
}

func size(m *event.Message) int {
	n := len(m.Key) + len(m.Value) + 100
	for _, h := range m.Headers {
		n += len(h.Key) + len(h.Value) + 10
	}
	return n
}

// write gives the error of each record; err is one of all.
func write(ctx context.Context, w *kafka.Writer, msgs []event.Message) (each []error, err error) {
	each = make([]error, len(msgs))
	if len(msgs) == 0 {
		return each, nil
	}
	out := make([]kafka.Message, len(msgs))
	for i := range msgs {
		out[i] = toKafka(&msgs[i])
	}
	err = w.WriteMessages(ctx, out...)
	var many kafka.WriteErrors
	if errors.As(err, &many) && len(many) == len(msgs) {
		copy(each, many)
		return each, nil
	}
	if err != nil {
		err = fmt.Errorf("kafka: cannot send: %w", err)
	}
	return each, err
}

// toKafka keeps the record's timestamp if it has one.
func toKafka(m *event.Message) kafka.Message {
	k := kafka.Message{Topic: m.Topic, Key: m.Key, Value: m.Value}
	if m.Time != 0 {
		k.Time = time.UnixMilli(int64(m.Time))
	}
	for _, h := range m.Headers {
		k.Headers = append(k.Headers, kafka.Header{Key: h.Key, Value: h.Value})
	}
	return k
}

// summary counts the records that were not acknowledged and gives the first cause.
func summary(each []error) error {
	var first error
	n := 0
	for _, e := range each {
		if e != nil {
			n++
			if first == nil {
				first = e
			}
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("kafka: %d of %d records were not acknowledged: %w", n, len(each), first)
}

// sendWhole writes each record, or what shorten makes of one that the topic cannot
// hold even by itself. It gives those that are not yet acknowledged.
func (p *Producer) sendWhole(ctx context.Context, msgs []event.Message, shorten func(event.Message) event.Message) (left []event.Message, err error) {
	for step, w := range []*kafka.Writer{p.batches, p.single, p.single} {
		var now []event.Message
		for _, m := range msgs {
			if step == 0 && size(&m) >= maxBatchBytes {
				left = append(left, m)
			} else {
				now = append(now, m)
			}
		}
		errs, err := write(ctx, w, now)
		if err != nil {
			return msgs, err
		}
		for i, e := range errs {
			switch {
			case e == nil:
			case !errors.Is(e, kafka.MessageSizeTooLarge):
				return msgs, summary(errs)
			case step == 1:
				left = append(left, shorten(now[i]))
			default:
				left = append(left, now[i])
			}
		}
		if len(left) == 0 {
			return nil, nil
		}
		msgs, left = left, nil
	}
	return msgs, fmt.Errorf("kafka: the topic %q refuses even records without a value as too large; raise its max.message.bytes: %w", msgs[0].Topic, kafka.MessageSizeTooLarge)
}

// Offsets gives the last acknowledged offset of each partition that was sent to.
func (p *Producer) Offsets() map[TopicPartition]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := make(map[TopicPartition]int64, len(p.spans))
	for tp, spans := range p.spans {
		for _, span := range spans {
			last[tp] = max(last[tp], span.Last)
		}
	}
	return last
}

// Spans gives the offsets in each partition that was sent to, without those of others.
func (p *Producer) Spans() map[TopicPartition][]Span {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.spans)
}

// Close releases the connections. Send has already waited for its acknowledgements.
func (p *Producer) Close() error {
	err := errors.Join(p.batches.Close(), p.single.Close())
	p.transport.CloseIdleConnections()
	return err
}
