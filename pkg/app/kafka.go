package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/store"
)

// deadLetterRetention is how long originals of unreadable records are kept in a
// topic that tuition makes: long enough to mend and replay, not for ever.
const deadLetterRetention = 90 * 24 * time.Hour

func (s *Session) connection() consume.Connection {
	k := s.settings.Kafka
	return consume.Connection{
		Brokers: k.Brokers,
		TLS:     k.TLS.tls(),
		SASL: consume.SASL{
			Mechanism: strings.ToUpper(k.SASL.Mechanism), Username: k.SASL.Username, Password: string(k.SASL.Password),
		},
	}
}

// topics are those that tuition itself needs.
func (s *Session) topics() []consume.Topic {
	k := s.settings.Kafka
	return []consume.Topic{
		{Name: k.EventsTopic, Partitions: k.Partitions, Retention: -1},
		{Name: k.DeadLetterTopic, Partitions: 1, Retention: deadLetterRetention},
	}
}

// newConsumer wires the consumer to the store through two sinks, so that one
// batch is decoded while the other is inserted.
func (s *Session) newConsumer(st *store.Store, h *health) (*consume.Consumer, error) {
	k := s.settings.Kafka
	if err := s.missingKey(); err != nil {
		return nil, usage(err)
	}
	var sinks [2]consume.Handler
	for i := range sinks {
		var err error
		if sinks[i], err = s.newSink(st, h); err != nil {
			return nil, err
		}
	}
	topics := []string{k.EventsTopic}
	for _, t := range k.Topics {
		topics = append(topics, t.Name)
	}
	return consume.New(consume.Config{
		Connection: s.connection(), Group: k.Group, Topics: topics, DeadLetterTopic: k.DeadLetterTopic, Version: Version(),
		BatchRows: k.BatchRows, BatchBytes: k.BatchBytes, BatchAge: k.BatchAge, StopTimeout: k.StopWithin,
	}, sinks[0], s.log, sinks[1])
}

// whileConsuming waits for something while a consumer of this process reads what was
// sent, where no `tuition run` may be reading it. Neither outlives the other, and the
// first that fails says why.
func (s *Session) whileConsuming(ctx context.Context, st *store.Store, wait func(context.Context) error) error {
	consumer, err := s.newConsumer(st, newHealth(prometheus.NewRegistry()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return consumer.Run(ctx) })
	group.Go(func() error { return s.watchEmbedded(ctx) })
	group.Go(func() error {
		defer cancel()
		return wait(ctx)
	})
	return group.Wait()
}

// Migrate makes or updates the tables and views, makes missing topics, and
// publishes the catalog, the rules and the window to the views. It says what it did.
func (s *Session) Migrate(ctx context.Context) ([]string, error) {
	done, st, err := s.migrate(ctx)
	if err != nil {
		return done, err
	}
	return done, s.publishSettings(ctx, st)
}

func (s *Session) migrate(ctx context.Context) (done []string, st *store.Store, err error) {
	st, err = s.openStore(ctx, s.settings.ClickHouse.Admin)
	if err != nil {
		return nil, nil, err
	}
	applied, err := st.Migrate(ctx)
	for _, name := range applied {
		done = append(done, "applied "+name)
	}
	if err != nil {
		return done, nil, err
	}
	if err := consume.EnsureTopics(ctx, s.connection(), s.topics()...); err != nil {
		return done, nil, fmt.Errorf("make the topics: %w", err)
	}
	return done, st, nil
}

// prepare migrates embedded servers by themselves and publishes the files that
// the settings name; other servers are migrated by `tuition migrate`.
func (s *Session) prepare(ctx context.Context) error {
	if s.services == nil {
		return nil
	}
	_, st, err := s.migrate(ctx)
	if err != nil || s.catalog == nil && s.settings.FailureModesFile == "" {
		return err
	}
	return s.publishSettings(ctx, st)
}
