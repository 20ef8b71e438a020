package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/store"
)

// scene is one run: a topic, a database, a ledger, and who watches the offsets.
type scene struct {
	*testing.T
	seed   uint64
	rng    *rand.Rand
	world  *world
	broker *servertest.Broker
	engine servertest.EngineAddr
	orders orders
	sender *sender
	watch  *watch
}

func long() bool { return os.Getenv("TUITION_LONG") != "" }

// newScene makes topics and a database of their own. The seed is told if the test fails.
func newScene(t *testing.T, broker *servertest.Broker, partitions int) *scene {
	t.Helper()
	engine := servertest.Engine(t)
	seed := rand.Uint64() >> 1
	if text := os.Getenv("TUITION_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("TUITION_SEED=%q is not a number", text)
		}
		seed = n
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("repeat with TUITION_SEED=%d go test ./internal/faults -run '^%s$'", seed, t.Name())
		}
	})
	name := fmt.Sprintf("faults.%s.%d", strings.ReplaceAll(strings.ReplaceAll(t.Name(), "/", "."), " ", "-"), seed)
	s := &scene{T: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 2)), world: newWorld(seed), broker: broker, engine: engine}
	s.orders = orders{
		Brokers: broker.Brokers, Topic: name, DeadLetters: name + ".deadletter", Group: name,
		ClickHouse: engine.Addr, Database: s.database(), User: engine.Admin, BatchRows: 300,
	}
	s.topic(s.orders.Topic, partitions)
	s.topic(s.orders.DeadLetters, 1)
	s.sender = newSender(t, broker.Brokers, name)
	s.watch = watchOffsets(t, broker.Brokers, name, name, partitions)
	return s
}

func (s *scene) topic(name string, partitions int) {
	s.Helper()
	if err := s.broker.CreateTopic(name, partitions, map[string]string{"max.message.bytes": "4000000", "retention.ms": "-1"}); err != nil {
		s.Fatal(err)
	}
}

// database makes a migrated one.
func (s *scene) database() string {
	s.Helper()
	name := servertest.Database(s.T, s.engine)
	st := s.store(name)
	defer st.Close()
	if _, err := st.Migrate(s.Context()); err != nil {
		s.Fatal(err)
	}
	return name
}

func (s *scene) store(database string) *store.Store {
	s.Helper()
	st, err := store.Open(s.Context(), store.Config{Addrs: []string{s.engine.Addr}, Database: database, Username: s.engine.Admin.Name, Password: s.engine.Admin.Password}, zap.NewNop())
	if err != nil {
		s.Fatal(err)
	}
	return st
}

// query gives the rows of a query as ClickHouse writes them, so that they are compared to the byte.
func (s *scene) query(database, sql string) string {
	s.Helper()
	req, err := http.NewRequest(http.MethodPost, s.engine.HTTP+"/?"+url.Values{"database": {database}}.Encode(), strings.NewReader(sql))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("X-ClickHouse-User", s.engine.Admin.Name)
	req.Header.Set("X-ClickHouse-Key", s.engine.Admin.Password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.Fatalf("%s: %s %v %s", sql, res.Status, err, text[:min(len(text), 500)])
	}
	return string(text)
}

func (s *scene) count(database, sql string) int {
	s.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(s.query(database, sql)))
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// waitUntil fails the test when the condition does not come within the bound.
func (s *scene) waitUntil(what string, bound time.Duration, f func() bool) {
	s.Helper()
	for deadline := time.Now().Add(bound); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("not within %v: %s; committed %v of %v", bound, what, s.watch.now(), s.sender.ends())
		}
	}
}

// done tells whether everything that was sent is committed.
func (s *scene) done() bool {
	now := s.watch.now()
	for p, end := range s.sender.ends() {
		if now[p] < end {
			return false
		}
	}
	return true
}

// finish lets p end the work, stops it and compares everything with the ledger.
func (s *scene) finish(p *process) {
	s.Helper()
	s.waitUntil("everything committed", 2*time.Minute, s.done)
	p.stop(s.T)
	for _, wrong := range s.verify() {
		s.Error(wrong)
	}
}

// verify is the oracle. It gives what is wrong.
func (s *scene) verify() (wrong []string) {
	s.Helper()
	wrong = s.watch.stop()
	want, got := s.sender.identities(), map[string]bool{}
	for line := range strings.Lines(s.query(s.orders.Database, "SELECT DISTINCT source, id, type FROM event FORMAT TSV")) {
		got[strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "\x00")] = true
	}
	if missing := minus(want, got); len(missing) > 0 {
		wrong = append(wrong, fmt.Sprintf("%d of %d events are lost, for example %q", len(missing), len(want), missing[0]))
	}
	if strange := minus(got, want); len(strange) > 0 {
		wrong = append(wrong, fmt.Sprintf("%d events were never acknowledged, for example %q", len(strange), strange[0]))
	}
	if want, got := s.sender.poison(), s.letters(); !maps.Equal(want, got) {
		wrong = append(wrong, fmt.Sprintf("the dead letters hold %d distinct records (%d in all), the ledger has %d (%d)", len(got), total(got), len(want), total(want)))
	}
	clean := s.cleanRun()
	for _, view := range s.views() {
		a, b := s.query(s.orders.Database, "SELECT * FROM "+view+" ORDER BY ALL FORMAT TSV"), s.query(clean, "SELECT * FROM "+view+" ORDER BY ALL FORMAT TSV")
		if a != b {
			wrong = append(wrong, fmt.Sprintf("the view %s differs from an undisturbed run: %s", view, firstDifference(a, b)))
		}
	}
	a, _ := s.estimates(s.orders.Database)
	b, events := s.estimates(clean)
	if events == 0 { // else two empty databases would agree
		s.Fatal("the undisturbed run gave estimates of no events")
	}
	if a != b {
		wrong = append(wrong, "the estimates differ from an undisturbed run: "+firstDifference(a, b))
	}
	return wrong
}

// estimates are computed from the database as tuition does, as of the end of the log.
// A program that lost everything has estimates of no events: that is for the oracle to find.
func (s *scene) estimates(database string) (text string, events uint64) {
	s.Helper()
	st := s.store(database)
	defer st.Close()
	settings := learning.DefaultSettings()
	input, err := st.LoadInput(s.Context(), store.LoadOptions{AsOf: s.world.start.AddDate(0, 0, 69).UnixMilli(), Window: settings.AttributionWindow, SettingsHash: settings.Hash()})
	if err != nil {
		s.Fatal(err)
	}
	run := learning.Compute(input, settings)
	var out strings.Builder
	fmt.Fprintln(&out, run.ID, run.AsOf, run.InputEvents)
	for _, e := range run.Estimates {
		fmt.Fprintf(&out, "%+v\n", e)
	}
	for _, e := range run.Evidence {
		fmt.Fprintf(&out, "%+v\n", e)
	}
	return out.String(), run.InputEvents
}

// views are those that a person reads; the helping ones behind them hold partial states.
func (s *scene) views() []string {
	s.Helper()
	all := strings.Fields(s.query(s.orders.Database, "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name"))
	read := []string{"incident", "change", "improvement", "postmortem", "monitoring_gap", "incident_change", "recurrence", "coverage"}
	var out []string
	for _, v := range read {
		if slices.Contains(all, v) {
			out = append(out, v)
		}
	}
	if len(out) < 2 {
		s.Fatalf("only the views %v are there", all)
	}
	return out
}

func minus(a, b map[string]bool) (out []string) {
	for k := range a {
		if !b[k] {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func total(m map[string]int) (n int) {
	for _, c := range m {
		n += c
	}
	return n
}

func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return fmt.Sprintf("row %d:\n%s\nundisturbed:\n%s", i+1, as[i], bs[i])
		}
	}
	return fmt.Sprintf("%d rows against %d", len(as), len(bs))
}

// letters counts the dead letters by the SHA-256 of their value, each origin once:
// a consumer that dies between a dead letter and its commit writes it again.
func (s *scene) letters() map[string]int {
	s.Helper()
	out, seen := map[string]int{}, map[string]bool{}
	d := consume.NewDeadLetters(consume.Connection{Brokers: s.broker.Brokers}, s.orders.DeadLetters)
	err := d.List(s.Context(), consume.Filter{}, func(l *consume.Letter) error {
		if !seen[l.Origin.String()] {
			seen[l.Origin.String()] = true
			out[l.SHA256]++
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return out
}

// cleanRun consumes the whole topic again, undisturbed, into a database of its own.
func (s *scene) cleanRun() (database string) {
	s.Helper()
	o := s.orders
	o.Database, o.Group, o.DeadLetters = s.database(), o.Group+".clean", o.DeadLetters+".clean"
	o.KillAt, o.Variant, o.ClickHouse, o.BatchRows = "", "", s.engine.Addr, 5000
	s.topic(o.DeadLetters, 1)
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	c, err := newConsumer(ctx, o, zap.NewNop())
	if err != nil {
		s.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	last := map[consume.TopicPartition]int64{}
	for p, end := range s.sender.ends() {
		last[consume.TopicPartition{Topic: o.Topic, Partition: int32(p)}] = end - 1
	}
	bound, stop := context.WithTimeout(s.Context(), time.Minute)
	defer stop()
	if err := consume.WaitCommitted(bound, consume.Connection{Brokers: o.Brokers}, o.Group, last, nil); err != nil {
		s.Fatal("the undisturbed run: ", err)
	}
	cancel()
	if err := <-ended; err != nil {
		s.Fatal(err)
	}
	return o.Database
}

// watch samples the group's committed offsets from the broker.
type watch struct {
	mu        sync.Mutex
	committed map[int]int64
	backwards []string
	samples   int
	end       context.CancelFunc
	ended     chan struct{}
}

func watchOffsets(t testing.TB, brokers []string, group, topic string, partitions int) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{committed: map[int]int64{}, end: cancel, ended: make(chan struct{})}
	transport := &kafka.Transport{}
	cl := &kafka.Client{Addr: kafka.TCP(brokers...), Transport: transport, Timeout: 2 * time.Second}
	var all []int
	for p := range partitions {
		all = append(all, p)
	}
	go func() {
		defer close(w.ended)
		defer transport.CloseIdleConnections()
		for ctx.Err() == nil {
			res, err := cl.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: all}})
			if err == nil && res.Error == nil {
				w.sample(res.Topics[topic])
			}
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *watch) sample(ps []kafka.OffsetFetchPartition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.samples++
	for _, p := range ps {
		if p.Error != nil || p.CommittedOffset < 0 {
			continue
		}
		if before := w.committed[p.Partition]; p.CommittedOffset < before {
			w.backwards = append(w.backwards, fmt.Sprintf("the committed offset of partition %d went from %d back to %d", p.Partition, before, p.CommittedOffset))
		}
		w.committed[p.Partition] = p.CommittedOffset
	}
}

func (w *watch) now() map[int]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.committed)
}

// stop ends the sampling and gives what it saw going backwards.
func (w *watch) stop() []string {
	w.end()
	<-w.ended
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.samples == 0 {
		return []string{"the committed offsets were never seen"}
	}
	return w.backwards
}

// resident reads the peak resident memory of a process in bytes.
func resident(t testing.TB, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("peak memory is read from /proc, which this system lacks: ", err)
	}
	for line := range bytes.Lines(text) {
		var kb int64
		if n, _ := fmt.Sscanf(string(line), "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	t.Fatal("no VmHWM in /proc")
	return 0
}
