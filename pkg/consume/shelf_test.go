package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/event"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// shelf is a store in memory. A value that starts with "bad" is a permanent fault.
type shelf struct {
	mu       sync.Mutex
	open     []string
	stored   []string
	rejected []event.Rejection
	pending  []event.Rejection
	flushes  int
	fault    func(ctx context.Context, flush int) error // of Flush, before anything is stored
	halt     bool
}

func (s *shelf) Add(m *event.Message) *event.Rejection {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(string(m.Value), "bad") {
		return &event.Rejection{Code: event.CodeInvalidJSON, Pointer: "/x", Expected: "an object", Mend: "send one", Schema: "https://schemas.test/x", Position: m.Position}
	}
	s.open = append(s.open, string(m.Value))
	return nil
}

func (s *shelf) Reject(m *event.Message, r *event.Rejection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, *r)
}

func (s *shelf) Size() (int, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open), 100 * len(s.open)
}

func (s *shelf) Flush(ctx context.Context) error {
	s.mu.Lock()
	s.flushes++
	n, fault := s.flushes, s.fault
	s.mu.Unlock()
	if fault != nil {
		if err := fault(ctx, n); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored = append(s.stored, s.open...)
	s.rejected = append(s.rejected, s.pending...)
	s.open, s.pending = nil, nil
	return nil
}

func (s *shelf) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.pending = nil, nil
}

func (s *shelf) Halt(error) bool { return s.halt }

func (s *shelf) has() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.stored)
}

const testTopic = "tuition.events"

func testConfig(brokers []string) Config {
	return Config{
		Connection: Connection{Brokers: brokers}, BatchAge: 50 * time.Millisecond, RetryMax: 200 * time.Millisecond,
		WatchPartitions: 300 * time.Millisecond, Heartbeat: 200 * time.Millisecond, Version: "test",
	}
}

// send puts the values on the topic, spread by their own keys.
func send(t *testing.T, brokers []string, values ...string) map[TopicPartition]int64 {
	t.Helper()
	p, err := NewProducer(Connection{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	msgs := make([]event.Message, len(values))
	for i, v := range values {
		msgs[i] = event.Message{
			Position: event.Position{Topic: testTopic}, Key: []byte("key " + v), Value: []byte(v),
			Headers: []event.Header{{Key: "ce_id", Value: []byte(v)}}, Time: 1_700_000_000_000,
		}
	}
	if err := p.Send(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
	return p.Offsets()
}

func values(from, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("event %07d", from+i)
	}
	return out
}

// start runs a consumer until the test ends or the returned stop is called.
func start(t *testing.T, cfg Config, log *zap.Logger, h Handler, more ...Handler) (c *Consumer, stop func() error) {
	t.Helper()
	c, err := New(cfg, h, log, more...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- c.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-result:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("Run did not return within 20 s of its context's end")
		}
	})
	t.Cleanup(func() {
		if err := stop(); err != nil && !t.Failed() && !errors.Is(err, errExpected) {
			t.Error(err)
		}
	})
	return c, stop
}

var errExpected = errors.New("the store refuses")

func waitCommitted(t *testing.T, brokers []string, last map[TopicPartition]int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := WaitCommitted(ctx, Connection{Brokers: brokers}, "tuition", last, nil); err != nil {
		t.Fatal(err)
	}
}

func sameSet(t *testing.T, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("stored %d records, want %d: or they differ", len(got), len(want))
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within 20 s: " + what)
		}
	}
}
