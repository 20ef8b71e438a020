package consume

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/tuition-hq/tuition/pkg/event"
	"go.uber.org/zap"
)

// batch is what one insert will store: a handler's rows, the records it rejected,
// and how far each partition is covered when both are safe.
type batch struct {
	handler  Handler
	opened   time.Time                // of the first record or advance; zero while empty
	next     map[TopicPartition]int64 // the offset to commit for each partition
	rejected []rejected
	bytes    int        // of the rejected records
	safe     chan error // of a sealed one: says once whether it may be committed
}

type rejected struct {
	message   event.Message
	rejection event.Rejection
}

func (b *batch) reset() {
	b.opened = time.Time{}
	clear(b.next)
	clear(b.rejected)
	b.rejected = b.rejected[:0]
	b.bytes = 0
}

// reject keeps a copy: the record's memory is used again.
func (b *batch) reject(m *event.Message, r *event.Rejection) {
	b.bytes += size(m) + 200
	b.rejected = append(b.rejected, rejected{keep(m), *r})
}

// keep copies a message and its memory.
func keep(m *event.Message) event.Message {
	kept := *m
	kept.Key, kept.Value = slices.Clone(m.Key), slices.Clone(m.Value)
	kept.Headers = make([]event.Header, len(m.Headers))
	for i, h := range m.Headers {
		kept.Headers[i] = event.Header{Key: h.Key, Value: slices.Clone(h.Value)}
	}
	return kept
}

// full compares with the limits.
func (b *batch) full(cfg *Config) bool {
	rows, bytes := b.handler.Size()
	return rows+len(b.rejected) >= cfg.BatchRows || bytes+b.bytes >= cfg.BatchBytes
}

// generation is the life of one assignment. The open batch is the token in the
// channel open: who holds it may add. A full one goes to full, in order, and comes
// back through free. There is a single storing goroutine, which has sealed batches stored
// at one time and commits them one after another: partitions are committed in the
// order in which they were read.
type generation struct {
	*Consumer
	gen       *kafka.Generation
	producer  *Producer
	open      chan *batch
	full      chan *batch
	free      chan *batch
	committed map[TopicPartition]int64 // only the storing goroutine's
}

// generation starts the goroutines of one assignment and returns a channel that
// closes when all have ended.
func (c *Consumer) generation(run context.Context, gen *kafka.Generation, producer *Producer) <-chan struct{} {
	n := len(c.handlers)
	g := &generation{
		Consumer: c, gen: gen, producer: producer,
		open: make(chan *batch, 1), full: make(chan *batch, n), free: make(chan *batch, n),
		committed: map[TopicPartition]int64{},
	}
	for i, h := range c.handlers {
		h.Discard() // of what an earlier generation abandoned
		b := &batch{handler: h, next: map[TopicPartition]int64{}}
		if i == 0 {
			g.open <- b
		} else {
			g.free <- b
		}
	}
	var assigned []string
	fetching := make(chan struct{}) // closed when no goroutine adds any more
	running := 1                    // the ageing goroutine
	ended := make(chan struct{})
	stopped := func() {
		ended <- struct{}{}
	}
	for topic, ps := range gen.Assignments {
		for _, p := range ps {
			tp := TopicPartition{topic, int32(p.ID)}
			assigned = append(assigned, tp.String())
			running++
			gen.Start(func(ctx context.Context) {
				defer stopped()
				g.fetch(ctx, tp, p.Offset)
			})
		}
	}
	go func() {
		for range running {
			<-ended
		}
		close(fetching)
	}()
	slices.Sort(assigned)
	c.log.Info("joined the consumer group", zap.String("group", c.cfg.Group), zap.Int32("generation", gen.ID), zap.Strings("partitions", assigned))
	c.metrics.forget(gen.Assignments)
	c.setReady(nil)
	gen.Start(func(ctx context.Context) {
		defer stopped()
		g.age(ctx)
	})
	done := make(chan struct{})
	gen.Start(func(ctx context.Context) {
		defer close(done)
		g.store(run, ctx, fetching)
	})
	return done
}

// add appends records to the open batch, sealing it whenever it is full. next is
// the partition's offset after the last of them, which may lie beyond it. It
// returns false when the generation has ended.
func (g *generation) add(ctx context.Context, tp TopicPartition, records []event.Message, next int64) bool {
	for {
		var b *batch
		select {
		case <-ctx.Done():
			return false
		case b = <-g.open:
		}
		if b.opened.IsZero() {
			b.opened = time.Now()
		}
		full := false
		for len(records) > 0 && !full {
			m := &records[0]
			if r := b.handler.Add(m); r != nil {
				g.metrics.rejections.WithLabelValues(string(r.Code)).Inc()
				b.reject(m, r)
			}
			b.next[tp] = m.Offset + 1
			records = records[1:]
			full = b.full(&g.cfg)
		}
		if len(records) == 0 && next > b.next[tp] {
			b.next[tp] = next
		}
		if !full {
			g.open <- b
			return true
		}
		if !g.seal(ctx, b) {
			return false
		}
		if len(records) == 0 {
			return true
		}
	}
}

// seal hands a batch to the storing goroutine and opens the next one, which waits
// for a handler to be free: this is what holds the readers back.
func (g *generation) seal(ctx context.Context, b *batch) bool {
	g.full <- b
	select {
	case <-ctx.Done():
		return false
	case b = <-g.free:
		g.open <- b
		return true
	}
}

// age seals the open batch when it is old.
func (g *generation) age(ctx context.Context) {
	tick := time.NewTicker(max(g.cfg.BatchAge/8, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case <-ctx.Done():
			return
		case b := <-g.open:
			if b.opened.IsZero() || time.Since(b.opened) < g.cfg.BatchAge {
				g.open <- b
			} else if !g.seal(ctx, b) {
				return
			}
		}
	}
}

// store has every sealed batch made safe at once, so that the next one does not wait
// for the acknowledgement of the one before, and commits them in order; after one that
// was abandoned none is committed. When the generation ends it has a bounded time to
// store and commit what was read, then abandons the rest: those records are read
// again. Its return ends the generation.
func (g *generation) store(run, ctx context.Context, fetching <-chan struct{}) {
	bounded, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopBound := context.AfterFunc(ctx, func() {
		bound := g.cfg.RebalanceTimeout / 2
		if run.Err() != nil {
			bound = g.cfg.StopTimeout
		}
		time.AfterFunc(bound, cancel)
	})
	defer stopBound()
	var sealed []*batch // on their way into the store, oldest first
	secure := func(b *batch) {
		b.safe = make(chan error, 1)
		sealed = append(sealed, b)
		go func() { b.safe <- g.secure(bounded, b) }()
	}
	defer func() {
		cancel()
		for _, b := range sealed {
			_ = g.abandoned(b, cmp.Or(<-b.safe, errEarlierAbandoned))
		}
	}()
	oldest := func(err error) bool {
		b := sealed[0]
		sealed = sealed[1:]
		return g.finish(ctx, b, err)
	}
	for {
		var safe chan error
		if len(sealed) > 0 {
			safe = sealed[0].safe
		}
		select {
		case b := <-g.full:
			secure(b)
		case err := <-safe:
			b := sealed[0]
			if !oldest(err) {
				return
			}
			b.reset()
			g.free <- b
		case <-ctx.Done():
			<-fetching
			for b := range g.left() {
				secure(b)
			}
			for len(sealed) > 0 {
				if !oldest(<-sealed[0].safe) {
					return
				}
			}
			return
		}
	}
}

var errEarlierAbandoned = errors.New("an earlier batch was abandoned")

// left yields the batches that hold records, oldest first, once nobody adds any more.
func (g *generation) left() func(yield func(*batch) bool) {
	return func(yield func(*batch) bool) {
		for {
			select {
			case b := <-g.full:
				if !yield(b) {
					return
				}
				continue
			default:
			}
			select {
			case b := <-g.open:
				if len(b.next) > 0 {
					yield(b)
				}
			default:
			}
			return
		}
	}
}
