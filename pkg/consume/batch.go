package consume

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
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

// generation is the life of one assignment, spent in rounds.
type generation struct {
	*Consumer
	gen       *kafka.Generation
	producer  *Producer
	committed map[TopicPartition]int64
	failures  atomic.Int32 // rounds that failed since the last commit
}

// generation starts the work of one assignment and returns a channel that closes
// when all of it has ended.
func (c *Consumer) generation(run context.Context, gen *kafka.Generation, producer *Producer) <-chan struct{} {
	g := &generation{Consumer: c, gen: gen, producer: producer, committed: map[TopicPartition]int64{}}
	var assigned []string
	for topic, ps := range gen.Assignments {
		for _, p := range ps {
			assigned = append(assigned, TopicPartition{topic, int32(p.ID)}.String())
		}
	}
	slices.Sort(assigned)
	c.log.Info("joined the consumer group", zap.String("group", c.cfg.Group), zap.Int32("generation", gen.ID), zap.Strings("partitions", assigned))
	c.metrics.forget(gen.Assignments)
	c.setReady(nil)
	done := make(chan struct{})
	gen.Start(func(ctx context.Context) {
		defer close(done)
		g.work(run, ctx)
	})
	return done
}

// work goes from round to round until the generation ends. Its return ends the generation.
// The rows of a batch are not kept once they are on their way into the store, so that
// batches may be large and memory small: what could not be stored is read from Kafka again.
func (g *generation) work(run, ctx context.Context) {
	pauses := g.pauses()
	for {
		err := g.round(run, ctx)
		if err == nil || ctx.Err() != nil || g.haltError() != nil {
			return
		}
		if g.failures.Add(1) == 1 {
			pauses.Reset()
		}
		pause := pauses.NextBackOff()
		g.retrying("store", err)
		g.log.Error("cannot store the batch; reading its records again", zap.Duration("again_in", pause), zap.Error(err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// batchRows is how many rows a batch may have. A store that has too little memory for
// so many gets half as many after each failure, until it has stored a batch.
func (g *generation) batchRows() int {
	return max(g.cfg.BatchRows>>min(g.failures.Load(), 30), min(g.cfg.BatchRows, 1000))
}

// round reads all partitions from where they are committed and stores what it reads,
// until the generation ends or a batch could not be stored. The open batch is the token
// in the channel open: who holds it may add. A full one goes to full, in order, and comes
// back through free. There is a single storing goroutine, which has sealed batches stored
// at one time and commits them one after another: partitions are committed in the
// order in which they were read.
type round struct {
	*generation
	open chan *batch
	full chan *batch
	free chan *batch
}

// round returns why a batch could not be stored, or nil at the end of the generation.
func (g *generation) round(run, ctx context.Context) error {
	n := len(g.handlers)
	r := &round{generation: g, open: make(chan *batch, 1), full: make(chan *batch, n), free: make(chan *batch, n)}
	for i, h := range g.handlers {
		defer h.Discard() // of what could not be stored
		b := &batch{handler: h, next: map[TopicPartition]int64{}}
		if i == 0 {
			r.open <- b
		} else {
			r.free <- b
		}
	}
	reading, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	for topic, ps := range g.gen.Assignments {
		for _, p := range ps {
			tp := TopicPartition{topic, int32(p.ID)}
			from, ok := g.committed[tp]
			if !ok {
				from = p.Offset
			}
			readers.Go(func() { r.fetch(reading, tp, from) })
		}
	}
	readers.Go(func() { r.age(reading) })
	defer readers.Wait()
	defer stop()
	return r.store(run, ctx, &readers)
}

// isFull says whether a batch is to be sealed. One that takes too much memory is streamed.
func (r *round) isFull(ctx context.Context, b *batch) bool {
	rows, bytes := b.handler.Size()
	if rows+len(b.rejected) >= r.batchRows() || b.bytes >= r.cfg.BatchBytes {
		return true
	}
	// The flush of the sealed batch will tell of the error.
	return bytes >= r.cfg.BatchBytes && b.handler.Stream(ctx) != nil
}

// add appends records to the open batch, sealing it whenever it is full. next is
// the partition's offset after the last of them, which may lie beyond it. It
// returns false when the round has ended.
func (r *round) add(ctx context.Context, tp TopicPartition, records []event.Message, next int64) bool {
	for {
		var b *batch
		select {
		case <-ctx.Done():
			return false
		case b = <-r.open:
		}
		if b.opened.IsZero() {
			b.opened = time.Now()
		}
		full := false
		for len(records) > 0 && !full {
			m := &records[0]
			if rejection := b.handler.Add(m); rejection != nil {
				b.reject(m, rejection)
			}
			b.next[tp] = m.Offset + 1
			records = records[1:]
			full = r.isFull(ctx, b)
		}
		if len(records) == 0 && next > b.next[tp] {
			b.next[tp] = next
		}
		if !full {
			r.open <- b
			return true
		}
		if !r.seal(ctx, b) {
			return false
		}
		if len(records) == 0 {
			return true
		}
	}
}

// seal hands a batch to the storing goroutine and opens the next one, which waits
// for a handler to be free: this is what holds the readers back.
func (r *round) seal(ctx context.Context, b *batch) bool {
	r.full <- b
	select {
	case <-ctx.Done():
		return false
	case b = <-r.free:
		r.open <- b
		return true
	}
}

// age seals the open batch when it is old.
func (r *round) age(ctx context.Context) {
	tick := time.NewTicker(max(r.cfg.BatchAge/8, time.Millisecond))
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
		case b := <-r.open:
			if b.opened.IsZero() || time.Since(b.opened) < r.cfg.BatchAge {
				r.open <- b
			} else if !r.seal(ctx, b) {
				return
			}
		}
	}
}

// store has every sealed batch made safe at once, so that the next one does not wait
// for the acknowledgement of the one before, and commits them in order; after one that
// was given up none is committed. When the generation ends it has a bounded time to
// store and commit what was read, then abandons the rest: those records are read
// again. It returns why a batch could not be stored, or nil at the end of the generation.
func (r *round) store(run, ctx context.Context, readers *sync.WaitGroup) (unstored error) {
	bounded, cancel := context.WithCancel(context.Background())
	defer cancel()
	stopBound := context.AfterFunc(ctx, func() {
		bound := r.cfg.RebalanceTimeout / 2
		if run.Err() != nil {
			bound = r.cfg.StopTimeout
		}
		time.AfterFunc(bound, cancel)
	})
	defer stopBound()
	var sealed []*batch // on their way into the store, oldest first
	secure := func(b *batch) {
		b.safe = make(chan error, 1)
		sealed = append(sealed, b)
		go func() { b.safe <- r.secure(bounded, b) }()
	}
	defer func() {
		cancel()
		for _, b := range sealed {
			r.abandoned(b, cmp.Or(<-b.safe, errEarlierAbandoned))
		}
	}()
	// finish commits the oldest batch, of which secure returned err; false says that it is abandoned.
	finish := func(err error) bool {
		b := sealed[0]
		sealed = sealed[1:]
		unstored = err
		if err == nil {
			err = r.commit(ctx, b)
		}
		if err != nil {
			r.abandoned(b, err)
			return false
		}
		r.failures.Store(0)
		r.setReady(nil)
		return true
	}
	for {
		var safe chan error
		if len(sealed) > 0 {
			safe = sealed[0].safe
		}
		select {
		case b := <-r.full:
			secure(b)
		case err := <-safe:
			b := sealed[0]
			if !finish(err) {
				return unstored
			}
			b.reset()
			r.free <- b
		case <-ctx.Done():
			readers.Wait()
			for b := range r.left() {
				secure(b)
			}
			for len(sealed) > 0 {
				if !finish(<-sealed[0].safe) {
					return unstored
				}
			}
			return nil
		}
	}
}

var errEarlierAbandoned = errors.New("an earlier batch was abandoned")

// left yields the batches that hold records, oldest first, once nobody adds any more.
func (r *round) left() func(yield func(*batch) bool) {
	return func(yield func(*batch) bool) {
		for {
			select {
			case b := <-r.full:
				if !yield(b) {
					return
				}
				continue
			default:
			}
			select {
			case b := <-r.open:
				if len(b.next) > 0 {
					yield(b)
				}
			default:
			}
			return
		}
	}
}
