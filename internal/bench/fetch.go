package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/simulate"
)

// A child of bench that only reads the topic is started with the broker in
// fetchEnv and the way of reading in fetchHow, and prints what it did.
const (
	fetchEnv = "TUITION_BENCH_FETCH"
	fetchHow = "TUITION_BENCH_HOW"
)

type fetched struct {
	Records int
	Seconds float64
	Peak    int64 // resident bytes
}

func fetchChild(broker string) error {
	var did fetched
	var err error
	if os.Getenv(fetchHow) == "own" {
		did, err = fetchOwn(broker)
	} else {
		did, err = fetchBare(broker)
	}
	if err != nil {
		return err
	}
	did.Peak = peak("self")
	return json.NewEncoder(os.Stdout).Encode(did)
}

// fetchBare reads every partition with kafka-go's own reader of batches.
func fetchBare(broker string) (fetched, error) {
	var records atomic.Int64
	var group errgroup.Group
	began := time.Now()
	for p := range 4 {
		group.Go(func() error {
			conn, err := kafka.DialLeader(context.Background(), "tcp", broker, simulate.Topic, p)
			if err != nil {
				return err
			}
			defer conn.Close()
			_, end, err := conn.ReadOffsets()
			if err != nil {
				return err
			}
			for at := int64(0); at < end; {
				b := conn.ReadBatchWith(kafka.ReadBatchConfig{MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
				n := int64(0)
				for {
					if _, err := b.ReadMessage(); errors.Is(err, io.EOF) {
						break
					} else if err != nil {
						return err
					}
					n++
				}
				records.Add(n)
				at = b.Offset()
				if err := b.Close(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return fetched{Records: int(records.Load()), Seconds: time.Since(began).Seconds()}, err
}

// fetchOwn consumes with a handler that keeps nothing.
func fetchOwn(broker string) (fetched, error) {
	conn := consume.Connection{Brokers: []string{broker}}
	total := int64(0)
	for p := range 4 {
		c, err := kafka.DialLeader(context.Background(), "tcp", broker, simulate.Topic, p)
		if err != nil {
			return fetched{}, err
		}
		end, err := c.ReadLastOffset()
		c.Close()
		if err != nil {
			return fetched{}, err
		}
		total += end
	}
	n := &nothing{want: total, done: make(chan struct{})}
	c, err := consume.New(consume.Config{Connection: conn, Group: "fetch-alone", Topics: []string{simulate.Topic}}, n, zap.NewNop())
	if err != nil {
		return fetched{}, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	select {
	case <-n.done:
	case err := <-ended:
		return fetched{}, err
	}
	took := time.Since(n.first).Seconds()
	cancel()
	return fetched{Records: int(n.seen), Seconds: took}, <-ended
}

// nothing is a handler that counts.
type nothing struct {
	want, seen, open int64
	first            time.Time
	done             chan struct{}
	once             sync.Once
}

func (n *nothing) Add(*event.Message) *event.Rejection {
	if n.seen == 0 {
		n.first = time.Now()
	}
	n.seen++
	n.open++
	if n.seen >= n.want {
		n.once.Do(func() { close(n.done) })
	}
	return nil
}

func (n *nothing) Reject(*event.Message, *event.Rejection) {}
func (n *nothing) Size() (int, int)                        { return int(n.open), 0 }
func (n *nothing) Stream(context.Context) error            { return nil }
func (n *nothing) Flush(context.Context) error             { n.open = 0; return nil }
func (n *nothing) Discard()                                { n.open = 0 }
func (n *nothing) Halt(error) bool                         { return false }
