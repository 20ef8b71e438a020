// Package store keeps events in ClickHouse and reads what was folded and joined
// from them. It is deliberately narrow: one typed event table is written, views
// fold it, and estimates are published beside; nothing is computed here that a
// reader of the views could not see. All SQL stands in schemas/clickhouse.
package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/zap"
)

// Config is how to reach ClickHouse.
type Config struct {
	Addrs    []string // host:port of the native protocol, tried in order
	Database string   // must exist; default "tuition"
	Username string   // default "default"
	Password string
	TLS      *tls.Config // nil: none

	// Cluster is the name of a cluster of system.clusters. If it is set, migrations
	// make a local table on every shard and a Distributed one over them.
	Cluster string
	// Replicated makes the tables of a cluster Replicated ones; the servers need
	// Keeper and the macros {shard} and {replica}.
	Replicated bool

	// ReadOnly says that the user may not insert. Such a store keeps no snapshot of
	// folded events: LoadInput folds all of them.
	ReadOnly bool

	DialTimeout time.Duration // default 5 s
	ReadTimeout time.Duration // longest silence of the server, default 5 min
}

func (c *Config) setDefaults() error {
	if len(c.Addrs) == 0 {
		return errors.New("ClickHouse: no address given: set one as host:port, such as 127.0.0.1:9000")
	}
	if c.Replicated && c.Cluster == "" {
		return errors.New("ClickHouse: replicated tables need the name of a cluster")
	}
	if c.Database == "" {
		c.Database = "tuition"
	}
	if c.Username == "" {
		c.Username = "default"
	}
	if c.DialTimeout == 0 {
		c.DialTimeout = 5 * time.Second
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = 5 * time.Minute
	}
	return nil
}

// Store is a connection to ClickHouse, safe for concurrent use.
type Store struct {
	config Config
	conn   driver.Conn
	log    *zap.Logger

	// configured is the newest publication that the last LoadInput read, so that
	// the run computed from it ranks after runs of older settings.
	configured atomic.Int64

	// known is what LogState last said, and of which rows.
	known struct {
		sync.Mutex
		rows  rowsOfLog
		state LogState
	}

	state *LogState // of a log that was frozen; nil: it is read each time
	held  bool      // a frozen log is held in tables of its own
}

// Open makes a store. It does not dial yet: see Ping.
func Open(_ context.Context, config Config, log *zap.Logger) (*Store, error) {
	if err := config.setDefaults(); err != nil {
		return nil, err
	}
	conn, err := connect(config, config.Addrs)
	if err != nil {
		return nil, err
	}
	return &Store{config: config, conn: conn, log: log}, nil
}

func connect(config Config, addrs []string, adjust ...func(*clickhouse.Options)) (driver.Conn, error) {
	options := &clickhouse.Options{
		Addr:        addrs,
		Auth:        clickhouse.Auth{Database: config.Database, Username: config.Username, Password: config.Password},
		TLS:         config.TLS,
		DialTimeout: config.DialTimeout,
		ReadTimeout: config.ReadTimeout,
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		Settings: clickhouse.Settings{
			"async_insert": 0,
			// The events of an entity lie together: folding them in the table's order
			// takes a fifth of the memory. A view cannot ask for it.
			"optimize_aggregation_in_order": 1,
		},
	}
	for _, f := range adjust {
		f(options)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("ClickHouse settings: %w", err)
	}
	return conn, nil
}

// Close ends all connections.
func (s *Store) Close() error { return s.conn.Close() }

// Ping says whether the server answers and knows the user.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return fmt.Errorf("ClickHouse %v: %w", s.config.Addrs, err)
	}
	return nil
}
