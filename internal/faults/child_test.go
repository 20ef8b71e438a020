package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/embedded"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/store"
)

const childEnv = "TUITION_FAULTS_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		if err := child(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	servertest.Main(m)
}

// Where a child kills itself, in its Nth insert or after the Nth block of its inserts.
const (
	beforeInsert = "before insert"
	midInsert    = "mid-insert"
	afterBlock   = "after a block"
	afterInsert  = "after insert"
)

// Faults of the program that the tests must find: the test of the tests.
const (
	commitBeforeInsert = "commit before insert"
	orderByArrival     = "order by arrival"
	ignoreError        = "ignore one error"
)

// orders tell a child what to consume and how to fail.
type orders struct {
	Brokers            []string
	Topic, DeadLetters string
	Group              string
	ClickHouse         string
	Database           string
	User               embedded.User

	BatchRows  int
	BatchBytes int
	KillAt     string // "" lives
	KillOn     int    // the Nth insert, from 1
	KillBytes  int64  // of midInsert: after so many bytes of that insert
	Variant    string
}

// state is what a child tells, a line at a time.
type state struct {
	Ready  bool
	Reason string
}

func child(text string) error {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	log, err := zap.NewProduction(zap.WithCaller(false), zap.AddStacktrace(zap.FatalLevel))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := newConsumer(ctx, o, log)
	if err != nil {
		return err
	}
	go func() {
		// The parent's end closes this process's standard input.
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
		os.Exit(3)
	}()
	go func() {
		out := json.NewEncoder(os.Stdout)
		for {
			s := state{Ready: true}
			if err := c.Ready(); err != nil {
				s = state{Reason: err.Error()}
			}
			_ = out.Encode(s)
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return c.Run(ctx)
}

// newConsumer wires a consumer to a store as the orders say.
func newConsumer(ctx context.Context, o orders, log *zap.Logger) (*consume.Consumer, error) {
	p, err := newProxy(o.ClickHouse)
	if err != nil {
		return nil, err
	}
	k := &killer{orders: o}
	p.onSent = k.sent
	st, err := store.Open(ctx, store.Config{Addrs: []string{p.addr()}, Database: o.Database, Username: o.User.Name, Password: o.User.Password}, log)
	if err != nil {
		return nil, err
	}
	var handlers []consume.Handler
	for i := range 2 {
		s, err := newSink(st, o.Variant == orderByArrival)
		if err != nil {
			return nil, err
		}
		var h consume.Handler = s
		switch o.Variant {
		case commitBeforeInsert:
			h = &late{sink: s, store: st}
		case ignoreError:
			if i == 1 { // the other is honest, and inserts first
				h = &careless{sink: s}
			}
		}
		handlers = append(handlers, &doomed{Handler: h, killer: k})
	}
	return consume.New(consume.Config{
		Connection: consume.Connection{Brokers: o.Brokers}, Group: o.Group, Topics: []string{o.Topic}, DeadLetterTopic: o.DeadLetters,
		Version: "faults", BatchRows: o.BatchRows, BatchBytes: o.BatchBytes, BatchAge: 100 * time.Millisecond, RetryMax: time.Second,
		WatchPartitions: time.Second, SessionTimeout: 6 * time.Second, RebalanceTimeout: 6 * time.Second, Heartbeat: 500 * time.Millisecond,
	}, handlers[0], log, handlers[1])
}

// killer ends this process at the place that the orders name.
type killer struct {
	orders
	inserts atomic.Int64
	blocks  atomic.Int64
	inside  atomic.Bool // the insert in whose middle it dies is under way
	bytes   atomic.Int64
}

func (k *killer) die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (k *killer) sent(n int) {
	if k.inside.Load() && k.bytes.Add(int64(n)) > k.KillBytes {
		k.die()
	}
}

// doomed dies in one of its inserts, of which several can be under way.
type doomed struct {
	consume.Handler
	killer *killer
}

func (d *doomed) Flush(ctx context.Context) error {
	k := d.killer
	chosen := k.inserts.Add(1) == int64(k.KillOn)
	if chosen && k.KillAt == beforeInsert {
		k.die()
	}
	if chosen && k.KillAt == midInsert {
		k.inside.Store(true)
		defer k.inside.Store(false)
	}
	err := d.Handler.Flush(ctx)
	if chosen && k.KillAt == afterInsert && err == nil {
		k.die()
	}
	return err
}

func (d *doomed) Stream(ctx context.Context) error {
	err := d.Handler.Stream(ctx)
	if k := d.killer; k.blocks.Add(1) == int64(k.KillOn) && k.KillAt == afterBlock {
		k.die()
	}
	return err
}

// sink decodes into a batch of the store, as tuition does.
type sink struct {
	decoder   *event.Decoder
	batch     *store.Batch
	row       event.Event
	byArrival bool
	arrived   *atomic.Uint64
}

var arrivals atomic.Uint64

func newSink(st *store.Store, byArrival bool) (*sink, error) {
	d, err := event.NewDecoder(event.Options{MaxBytes: 1 << 20})
	if err != nil {
		return nil, err
	}
	return &sink{decoder: d, batch: st.NewBatch(), byArrival: byArrival, arrived: &arrivals}, nil
}

func (s *sink) Add(m *event.Message) *event.Rejection {
	if m.Value == nil {
		return nil
	}
	if r := s.decoder.Decode(m, &s.row); r != nil {
		return r
	}
	if s.byArrival {
		s.row.OrdHigh = s.arrived.Add(1)
	}
	s.batch.Append(&s.row)
	return nil
}

func (s *sink) Reject(m *event.Message, r *event.Rejection) { s.batch.AppendRejection(m, r) }
func (s *sink) Size() (int, int)                            { return s.batch.Rows(), s.batch.Bytes() }
func (s *sink) Stream(ctx context.Context) error            { return s.batch.Stream(ctx) }
func (s *sink) Discard()                                    { s.batch.Reset() }
func (s *sink) Halt(err error) bool                         { return store.Classify(err) == store.Halt }

func (s *sink) Flush(ctx context.Context) error {
	if err := s.batch.Send(ctx); err != nil {
		return err
	}
	s.batch.Reset()
	return nil
}

// late acknowledges first and inserts a little later: the wrong order.
type late struct {
	*sink
	store *store.Store
}

func (l *late) Flush(context.Context) error {
	batch := l.batch
	l.batch = l.store.NewBatch()
	time.AfterFunc(400*time.Millisecond, func() { _ = batch.Send(context.Background()) })
	return nil
}

// careless takes the failure of its first insert for a success. Only its own fails: that
// of another would have what it lost read again.
type careless struct {
	*sink
	lost bool
}

func (c *careless) Flush(ctx context.Context) error {
	if c.lost {
		return c.sink.Flush(ctx)
	}
	cut, cancel := context.WithCancel(ctx)
	cancel()
	if err := c.sink.Flush(cut); err == nil {
		return errors.New("the end of its context did not fail the insert")
	}
	c.lost = true
	c.batch.Reset()
	return nil
}

// process is a child seen from its parent.
type process struct {
	cmd     *exec.Cmd
	running chan struct{} // closed at the child's first report
	done    chan struct{} // closed at its end
	err     error
	mu      sync.Mutex
	last    state
}

// spawn starts a consumer as a process of its own. Its log goes to the test's log when the test fails.
func spawn(t testing.TB, o orders) *process {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(exe), done: make(chan struct{}), running: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	log, err := os.CreateTemp(t.TempDir(), "consumer-*.log")
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.cmd.StdinPipe(); err != nil { // held open: its closing ends the child
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		in := json.NewDecoder(out)
		var first sync.Once
		for {
			var s state
			if in.Decode(&s) != nil {
				break
			}
			p.mu.Lock()
			p.last = s
			p.mu.Unlock()
			first.Do(func() { close(p.running) })
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("log of consumer %d, its last 4000 bytes:\n%s", p.cmd.Process.Pid, text[max(0, len(text)-4000):])
		}
	})
	return p
}

func (p *process) state() state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop ends the child in order; it must leave within its bound. A child that does not
// yet listen to signals would die of this one, so its first report is waited for.
func (p *process) stop(t testing.TB) {
	t.Helper()
	select {
	case <-p.running:
	case <-p.done:
	case <-time.After(time.Minute):
		t.Error("the consumer reported nothing within a minute")
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		if p.err != nil {
			t.Errorf("the consumer ended with %v", p.err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the consumer did not stop within 20 s")
		p.kill()
	}
}

func (p *process) dead() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
