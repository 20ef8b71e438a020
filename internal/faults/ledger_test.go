package faults

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tuition-hq/tuition/pkg/event"
)

// entry is one record that Kafka acknowledged.
type entry struct {
	identity string // source, id and type; "" for a record that can never be stored
	sum      string // SHA-256 of the value
	offset   int64
	topic    string
	part     int
}

// ledger is what the sender knows. It is filled by acknowledgements only.
type ledger struct {
	mu      sync.Mutex
	pending map[string]string // SHA-256 of the value → identity
	entries []entry
}

func (l *ledger) acknowledge(msgs []kafka.Message, err error) {
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range msgs {
		sum := sum(m.Value)
		l.entries = append(l.entries, entry{l.pending[sum], sum, m.Offset, m.Topic, m.Partition})
	}
}

func sum(value []byte) string {
	s := sha256.Sum256(value)
	return hex.EncodeToString(s[:])
}

// identities are the distinct ones that must be in the event table.
func (l *ledger) identities() map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]bool{}
	for _, e := range l.entries {
		if e.identity != "" {
			out[e.identity] = true
		}
	}
	return out
}

// poison counts, by SHA-256, the records that must be in the dead letters.
func (l *ledger) poison() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]int{}
	for _, e := range l.entries {
		if e.identity == "" && e.sum != sum(nil) {
			out[e.sum]++
		}
	}
	return out
}

// ends are the offsets that must be committed at the end, by partition.
func (l *ledger) ends() map[int]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[int]int64{}
	for _, e := range l.entries {
		out[e.part] = max(out[e.part], e.offset+1)
	}
	return out
}

// sender writes records and keeps the ledger of them.
type sender struct {
	*ledger
	w     *kafka.Writer
	topic string
}

func newSender(t testing.TB, brokers []string, topic string) *sender {
	s := &sender{ledger: &ledger{pending: map[string]string{}}, topic: topic}
	transport := &kafka.Transport{MetadataTTL: time.Second}
	s.w = &kafka.Writer{
		Addr: kafka.TCP(brokers...), Balancer: kafka.Murmur2Balancer{}, RequiredAcks: kafka.RequireAll, Transport: transport,
		BatchTimeout: 2 * time.Millisecond, BatchSize: 500, BatchBytes: 3 << 20, Compression: kafka.Lz4, MaxAttempts: 60, WriteBackoffMax: 500 * time.Millisecond,
		Completion: s.acknowledge,
	}
	t.Cleanup(func() { _ = s.w.Close(); transport.CloseIdleConnections() })
	return s
}

// send returns when all records are acknowledged.
func (s *sender) send(t testing.TB, records []record) {
	t.Helper()
	msgs := make([]kafka.Message, len(records))
	s.mu.Lock()
	for i, r := range records {
		s.pending[sum(r.Value)] = r.identity
		msgs[i] = kafka.Message{Topic: s.topic, Key: r.Key, Value: r.Value}
		if r.Time != 0 {
			msgs[i].Time = time.UnixMilli(int64(r.Time))
		}
		for _, h := range r.Headers {
			msgs[i].Headers = append(msgs[i].Headers, kafka.Header{Key: h.Key, Value: h.Value})
		}
	}
	s.mu.Unlock()
	// A broker that is away makes the writer give up at times; what was acknowledged
	// is in the ledger, and sending the rest again is what a real sender does.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for {
		err := s.w.WriteMessages(ctx, msgs...)
		if err == nil {
			return
		}
		if ctx.Err() != nil || errors.Is(err, kafka.MessageSizeTooLarge) {
			t.Error(err)
			return
		}
		if failed, ok := err.(kafka.WriteErrors); ok {
			var again []kafka.Message
			for i, e := range failed {
				if e != nil {
					again = append(again, msgs[i])
				}
			}
			msgs = again
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// record is one to be sent.
type record struct {
	event.Message
	identity string
}

// world makes events of an organisation in which order matters: amendments that
// contradict each other, arriving out of order, twice, and from several senders.
type world struct {
	rng   *rand.Rand
	n     int
	start time.Time
}

func newWorld(seed uint64) *world {
	// All of it lies in the past of the broker's clock, and not in retention's.
	return &world{rng: rand.New(rand.NewPCG(seed, 1)), start: time.Now().UTC().Truncate(24 * time.Hour).Add(-70 * 24 * time.Hour)}
}

var (
	services = []string{"checkout", "search", "payments", "catalogue", "login"}
	modes    = []string{"certificate-expired", "pool-exhausted", "bad-migration"}
)

func pick[T any](w *world, of []T) T { return of[w.rng.IntN(len(of))] }

// records makes n events in an order in which they might arrive.
func (w *world) records(t testing.TB, n int) []record {
	t.Helper()
	var out []record
	for len(out) < n {
		at := w.start.Add(time.Duration(w.rng.Int64N(int64(59 * 24 * time.Hour))))
		service := pick(w, services)
		w.n++
		content := map[string]any{"environment": map[string]any{"id": "production"}}
		if w.rng.IntN(10) < 7 {
			content["artifactId"] = fmt.Sprintf("pkg:oci/%s@sha256%%3A%064x", service, w.rng.Uint64())
			out = append(out, w.event(t, "dev.cdevents.service.deployed.0.3.0", at, service, content))
			continue
		}
		incident := fmt.Sprintf("incident-%d", w.n)
		content["service"] = map[string]any{"id": service}
		out = append(out, w.event(t, "dev.cdevents.incident.detected.0.3.0", at, incident, content, event.Tuition(map[string]any{
			"failureMode": pick(w, modes), "severity": 1 + w.rng.IntN(5), "detectionSource": "monitoring",
		})))
		out = append(out, w.event(t, "dev.cdevents.incident.resolved.0.3.0", at.Add(time.Duration(1+w.rng.IntN(300))*time.Minute), incident, content))
		for range w.rng.IntN(4) {
			out = append(out, w.event(t, "dev.cdeventsx.tuition-incident.amended.0.1.0", at.Add(time.Duration(1+w.rng.IntN(5000))*time.Minute), incident,
				map[string]any{"severity": 1 + w.rng.IntN(5), "failureMode": pick(w, modes)}))
		}
	}
	w.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	// One in twenty is told again.
	for range len(out) / 20 {
		out = append(out, pick(w, out))
	}
	return out
}

func (w *world) event(t testing.TB, typ string, at time.Time, subject string, content map[string]any, extras ...event.Extra) record {
	t.Helper()
	w.n++
	source, id := pick(w, []string{"/ci/main", "/pager/eu"}), fmt.Sprintf("event-%d", w.n)
	value, err := event.New(typ, source, id, at, subject, content, extras...)
	if err != nil {
		t.Fatal(err)
	}
	return record{Message: event.Message{Key: []byte(subject), Value: value}, identity: strings.Join([]string{source, id, typ}, "\x00")}
}

// poisons makes n records that can never be stored, each unlike any other.
func (w *world) poisons(t testing.TB, n int) []record {
	t.Helper()
	var out []record
	for i := range n {
		w.n++
		good := w.event(t, "dev.cdevents.service.deployed.0.3.0", w.start, "checkout", map[string]any{
			"environment": map[string]any{"id": "production"}, "artifactId": fmt.Sprintf("pkg:oci/x@%d", w.n),
		})
		text := string(good.Value)
		switch i % len(poisonKinds) {
		case 0:
			text = text[:len(text)-20]
		case 1:
			text = strings.Replace(text, `"environment":{"id":"production"}`, `"environment":{"id":17}`, 1)
		case 2:
			text = strings.ReplaceAll(text, "service.deployed", "service.levitated")
		case 3:
			text = strings.Replace(text, `"customData"`, `"x"`, 1)
			text = strings.Replace(text, `"context":`, `"padding":"`+strings.Repeat("x", 1<<20)+`","context":`, 1)
		case 4:
			text = "null" + strings.Repeat(" ", w.n) // JSON null, told apart by its length
		case 5:
			text = strings.Replace(text, "checkout", "check\xff\xfeout", 1)
		case 6:
			text = strings.Replace(text, w.start.Format("2006"), "2198", 1) // a wrong clock
		}
		if text == string(good.Value) {
			t.Fatalf("the poison %q is not one", poisonKinds[i%len(poisonKinds)])
		}
		out = append(out, record{Message: event.Message{Key: good.Key, Value: []byte(text)}})
	}
	return out
}

var poisonKinds = []string{"bad JSON", "wrong type of a value", "unknown type", "oversized", "null", "invalid UTF-8", "a time in the far future"}

// replayed adds to the ledger the records that somebody else wrote to the topic's
// end: known records, which are what identity says.
func (s *sender) replayed(t testing.TB, brokers []string, identity map[string]string) {
	t.Helper()
	for p, from := range s.ends() {
		conn, err := kafka.DialLeader(t.Context(), "tcp", brokers[0], s.topic, p)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, end, err := conn.ReadOffsets()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Seek(from, kafka.SeekAbsolute); err != nil {
			t.Fatal(err)
		}
		for o := from; o < end; o++ {
			m, err := conn.ReadMessage(4 << 20)
			if err != nil {
				t.Fatal(err)
			}
			sum := sum(m.Value)
			who, known := identity[sum]
			if !known {
				t.Fatalf("an unknown record was replayed to %d@%d", p, o)
			}
			s.mu.Lock()
			s.entries = append(s.entries, entry{who, sum, m.Offset, s.topic, p})
			s.mu.Unlock()
		}
	}
}
