package app

import (
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/embedded"
	"github.com/tuition-hq/tuition/pkg/event"
)

// A server that dies while files are sent: how far it came, and that sending all again is safe.
func TestSendingSaysHowFarItCame(t *testing.T) {
	s := &Session{settings: DefaultSettings()}
	s.settings.Kafka.Brokers = servertest.FakeKafka(t, "tuition.events")
	died := fmt.Errorf("%w: kafka: cannot send: %w", errSend, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})
	for _, c := range []struct {
		events   int
		embedded string
		want     []string
	}{
		{0, "", []string{"Kafka (kafka.brokers ", "`tuition check --connect` tells more"}},
		{sendChunk + 3, "", []string{"Kafka (kafka.brokers ", fmt.Sprintf(". %d events were acknowledged, all up to e.jsonl:%[1]d: send all again, nothing counts twice", sendChunk)}},
		{sendChunk, "data", []string{"the embedded servers on data do not answer any more: dial tcp: connection refused; run the command again, which starts them. "}},
	} {
		s.embedded, s.services = c.embedded, nil
		_, err := s.send(t.Context(), false, func(out *sender) error {
			for i := range c.events {
				if err := out.add(event.Message{Position: event.Position{File: "e.jsonl", Line: i + 1}, Key: []byte("k"), Value: []byte("{}")}); err != nil {
					t.Fatal(err)
				}
			}
			out.chunk = nil // what was not yet sent is not
			if c.embedded != "" {
				s.services = &embedded.Services{}
			}
			return died
		})
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%d events: got %v, want %q in it", c.events, err, want)
			}
		}
		if got := s.Explain(err); got != err {
			t.Errorf("explained twice: %v", got)
		}
		if acknowledged := strings.Contains(err.Error(), "acknowledged"); acknowledged != (c.events > 0) {
			t.Errorf("%d events: %v", c.events, err)
		}
	}
}

// Where the consumer beside it ends for good, waiting ends too, and says why.
func TestWaitingEndsWithTheConsumer(t *testing.T) {
	engine := servertest.Engine(t)
	s := &Session{settings: DefaultSettings(), log: zap.NewNop(), stderr: io.Discard}
	s.settings.Kafka.Brokers = servertest.FakeKafka(t, "tuition.events", "tuition.deadletter")
	s.settings.ClickHouse.Addresses, s.settings.ClickHouse.Database = Addresses{engine.Addr}, servertest.Database(t, engine) // without tables
	s.settings.ClickHouse.Ingest = UserSettings{Username: engine.Admin.Name, Password: Secret(engine.Admin.Password)}
	s.settings.Privacy.Key = "a key that is long enough for this"
	_, err := s.send(t.Context(), false, func(out *sender) error {
		if err := out.add(event.Message{Key: []byte("k"), Value: []byte(`{}`)}); err != nil {
			return err
		}
		if err := out.flush(); err != nil {
			return err
		}
		s.services = &embedded.Services{}
		return s.waitFolded(t.Context(), out.producer, &out.receipt)
	})
	if err == nil || !strings.Contains(err.Error(), "UNKNOWN_TABLE") {
		t.Errorf("got %v, want why the consumer ended", err)
	}
}
