// Package consume carries records from Kafka topics to a handler, at least once:
// what the handler has stored is acknowledged first, then the offset is committed.
// A record that can never be stored goes to the dead-letter topic before its
// offset moves. The package also sends records and looks after dead letters.
//
// Deliberately narrow: it knows nothing of what a record means nor of where it is
// stored; it offers no exactly-once delivery, because the stored state is the same
// however often a record is delivered. Of transactions only committed records are
// read. Brokers before Kafka 2.1 are not spoken to.
package consume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/segmentio/kafka-go"
	"github.com/tuition-hq/tuition/pkg/event"
	"go.uber.org/zap"
)

// Handler stores records in batches. Its methods are never called concurrently.
type Handler interface {
	// Add decodes the record and appends it to the open batch. A rejection is a
	// permanent fault of this record: it goes to the dead letters. The message and
	// its memory are the consumer's again when Add returns.
	Add(m *event.Message) *event.Rejection
	// Reject tells that the dead letter of a rejected record is written, after the
	// flush of the batch that it came in; the message is good until Reject returns.
	Reject(m *event.Message, r *event.Rejection)
	// Size is that of the open batch: all its rows, and the bytes of those in memory.
	Size() (rows, bytes int)
	// Stream gives the rows so far to the store, so that their memory is free. They
	// are acknowledged by Flush, which also tells what an error of Stream means.
	Stream(ctx context.Context) error
	// Flush stores the open batch and returns nil when it is acknowledged and the
	// batch empty again. After an error it is called again with the same rejections,
	// but never with the same rows: they are discarded, read and added again.
	Flush(ctx context.Context) error
	// Discard forgets the open batch: its records will be read again.
	Discard()
	// Halt tells whether the error of a Flush is one that no retry mends.
	Halt(err error) bool
}

// Config of a consumer; zero values take the defaults.
type Config struct {
	Connection
	Group           string   // default "tuition"
	Topics          []string // default "tuition.events"
	DeadLetterTopic string   // default "tuition.deadletter"
	Version         string   // of this program, for the dead letters' headers

	BatchRows  int           // rows of a batch at most; default 200,000
	BatchBytes int           // the handler streams its rows at so many bytes, as it counts them; default 4 MiB
	BatchAge   time.Duration // a batch is stored at the latest this long after its first record; default 1 s
	FetchBytes int           // asked of one partition at a time; default 1 MiB

	SessionTimeout   time.Duration // default 10 s
	RebalanceTimeout time.Duration // default 10 s
	Heartbeat        time.Duration // default 1 s
	WatchPartitions  time.Duration // how often new partitions are looked for; default 5 s
	StopTimeout      time.Duration // bound of finishing the open batch on a stop; default 10 s
	RetryMax         time.Duration // longest pause between two attempts to store; default 30 s
}

func (c Config) withDefaults() Config {
	orString(&c.Group, "tuition")
	orString(&c.DeadLetterTopic, "tuition.deadletter")
	if len(c.Topics) == 0 {
		c.Topics = []string{"tuition.events"}
	}
	orNumber(&c.BatchRows, 200_000)
	orNumber(&c.BatchBytes, 4<<20)
	orNumber(&c.BatchAge, time.Second)
	orNumber(&c.FetchBytes, 1<<20)
	orNumber(&c.SessionTimeout, 10*time.Second)
	orNumber(&c.RebalanceTimeout, 10*time.Second)
	orNumber(&c.Heartbeat, time.Second)
	orNumber(&c.WatchPartitions, 5*time.Second)
	orNumber(&c.StopTimeout, 10*time.Second)
	orNumber(&c.RetryMax, 30*time.Second)
	return c
}

func orString(s *string, def string) {
	if *s == "" {
		*s = def
	}
}

func orNumber[N int | time.Duration](n *N, def N) {
	if *n == 0 {
		*n = def
	}
}

func (c Config) check() error {
	if err := c.Connection.Check(); err != nil {
		return err
	}
	for _, t := range c.Topics {
		if t == c.DeadLetterTopic {
			return fmt.Errorf("consume: %q is the dead-letter topic; it cannot be consumed, replay it instead", t)
		}
	}
	if c.BatchRows < 0 || c.BatchBytes < 0 || c.BatchAge < 0 || c.FetchBytes < 0 || c.StopTimeout < 0 || c.RetryMax < 0 {
		return errors.New("consume: a batch limit or timeout is negative; leave it out for its default")
	}
	if c.Heartbeat*3 > c.SessionTimeout {
		return fmt.Errorf("consume: a heartbeat every %v is too seldom for a session timeout of %v; at most a third of it", c.Heartbeat, c.SessionTimeout)
	}
	return nil
}

// Consumer is a member of a consumer group. New makes it, Run works.
type Consumer struct {
	cfg      Config
	log      *zap.Logger
	handlers []Handler
	dialer   *kafka.Dialer
	metrics  *metrics

	// unpackers bound what is fetched into memory at one time, whatever the number of
	// partitions; what the others were sent waits in their sockets.
	unpackers chan *unpacker

	notReady atomic.Pointer[error] // nil: ready

	mu       sync.Mutex
	position map[TopicPartition]int64 // where each partition was read up to by this process
	halted   error
}

var errNotJoined = errors.New("consume: not yet joined the consumer group")

// New checks the settings and makes a consumer; it opens no connection. With more
// than one handler of the same kind, one decodes while another stores.
func New(cfg Config, h Handler, log *zap.Logger, more ...Handler) (*Consumer, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	d, err := cfg.dialer()
	if err != nil {
		return nil, err
	}
	c := &Consumer{
		cfg: cfg, log: log, handlers: append([]Handler{h}, more...), dialer: d,
		metrics:   newMetrics(),
		unpackers: make(chan *unpacker, 3),
		position:  map[TopicPartition]int64{},
	}
	for range cap(c.unpackers) {
		c.unpackers <- &unpacker{}
	}
	c.setReady(errNotJoined)
	return c, nil
}

// Ready is nil while the consumer is a member of its group and can store.
func (c *Consumer) Ready() error {
	if p := c.notReady.Load(); p != nil {
		return *p
	}
	return nil
}

func (c *Consumer) setReady(err error) {
	if err == nil {
		c.notReady.Store(nil)
		c.metrics.ready.Set(1)
		return
	}
	c.notReady.Store(&err)
	c.metrics.ready.Set(0)
}

// halt makes Run stop with the first error given.
func (c *Consumer) halt(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.halted == nil {
		c.halted = err
	}
}

func (c *Consumer) haltError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.halted
}

// Run consumes until the context ends (nil is returned after the open batch was
// stored, or abandoned at StopTimeout) or until the store refuses for good.
func (c *Consumer) Run(ctx context.Context) error {
	if err := c.waitForTopics(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	producer, err := NewProducer(c.cfg.Connection)
	if err != nil {
		return err
	}
	defer producer.Close()
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID:                     c.cfg.Group,
		Brokers:                c.cfg.Brokers,
		Dialer:                 c.dialer,
		Topics:                 c.cfg.Topics,
		HeartbeatInterval:      c.cfg.Heartbeat,
		SessionTimeout:         c.cfg.SessionTimeout,
		RebalanceTimeout:       c.cfg.RebalanceTimeout,
		JoinGroupBackoff:       time.Second,
		WatchPartitionChanges:  true,
		PartitionWatchInterval: c.cfg.WatchPartitions,
		StartOffset:            kafka.FirstOffset,
	})
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	// Close ends the generation, waits for its goroutines and leaves the group.
	closeGroup := sync.OnceFunc(func() { _ = group.Close() })
	defer closeGroup()
	defer c.setReady(errors.New("consume: stopped"))

	joined := false
	for {
		gen, err := group.Next(ctx)
		switch {
		case c.haltError() != nil:
			closeGroup()
			return c.haltError()
		case ctx.Err() != nil:
			return nil
		case err != nil:
			c.setReady(fmt.Errorf("consume: cannot join group %q: %w", c.cfg.Group, err))
			c.metrics.groupErrors.Inc()
			if !joined && refused(err) {
				return fmt.Errorf("consume: the broker refuses group %q; check the user, its password and its rights: %w", c.cfg.Group, err)
			}
			c.log.Warn("cannot join the consumer group; trying again", zap.String("group", c.cfg.Group), zap.Error(err))
			continue
		}
		joined = true
		c.metrics.rebalances.Inc()
		started := time.Now()
		done := c.generation(ctx, gen, producer)
		select {
		case <-done:
		case <-ctx.Done():
			closeGroup()
			<-done
		}
		if err := c.haltError(); err != nil {
			closeGroup()
			return err
		}
		c.setReady(errNotJoined)
		// A topic that was deleted ends each generation at once: do not spin.
		if time.Since(started) < time.Second {
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

// refused tells an error that no retry mends from one that passes.
func refused(err error) bool {
	for _, e := range []kafka.Error{
		kafka.GroupAuthorizationFailed, kafka.TopicAuthorizationFailed, kafka.ClusterAuthorizationFailed,
		kafka.SASLAuthenticationFailed, kafka.UnsupportedSASLMechanism, kafka.IllegalSASLState, kafka.InconsistentGroupProtocol,
		kafka.InvalidSessionTimeout, kafka.InvalidGroupId,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// waitForTopics waits for the topics to exist: a group that subscribes to a
// missing topic would rebalance without end.
func (c *Consumer) waitForTopics(ctx context.Context) error {
	cl, closeIdle, err := c.cfg.client()
	if err != nil {
		return err
	}
	defer closeIdle()
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		_, err := partitions(ctx, cl, c.cfg.Topics)
		switch {
		case refused(err):
			err = backoff.Permanent(err)
		case c.cfg.SASL.Mechanism != "" && errors.Is(err, io.ErrUnexpectedEOF):
			err = fmt.Errorf("%w (a broker that closes the connection often means a wrong SASL user or password)", err)
		}
		return struct{}{}, err
	}, c.retryOptions(func(err error, pause time.Duration) {
		c.setReady(err)
		c.log.Warn("waiting for the topics", zap.Strings("topics", c.cfg.Topics), zap.Error(err), zap.Duration("again_in", pause))
	})...)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// pauses is the one way of trying again: from 100 ms doubling to RetryMax, with jitter.
func (c *Consumer) pauses() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 100 * time.Millisecond
	b.Multiplier = 2
	b.MaxInterval = c.cfg.RetryMax
	return b
}

// retryOptions tries again without end.
func (c *Consumer) retryOptions(notify backoff.Notify) []backoff.RetryOption {
	return []backoff.RetryOption{backoff.WithBackOff(c.pauses()), backoff.WithMaxElapsedTime(0), backoff.WithNotify(notify)}
}
