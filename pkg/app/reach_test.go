package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
)

func TestExplainNamesTheSetting(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name      string
		err       error
		encrypted bool
		want      []string
	}{
		{"ClickHouse away", fmt.Errorf("read log_state: %w", refused), false, []string{"ClickHouse (clickhouse.addresses ch:9000) does not answer: dial tcp: connection refused; start it, or correct clickhouse.addresses; `tuition check --connect` tells more"}},
		{"Kafka away", fmt.Errorf("kafka: cannot send: %w", refused), false, []string{"Kafka (kafka.brokers k:9092) does not answer: dial tcp: connection refused; start it, or correct kafka.brokers; "}},
		{"ClickHouse breaks off", fmt.Errorf("read log_state: %w", &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}), false, []string{"does not answer: read log_state: read tcp: connection reset"}},
		{"HTTP port", errors.New("[handshake] unexpected packet [72] from server"), false, []string{"this is the HTTP port: name that of the native protocol, 9000"}},
		{"ClickHouse wants TLS", errors.New("[handshake] unexpected packet [21] from server"), false, []string{"perhaps it expects TLS: set clickhouse.tls.enabled"}},
		{"Kafka wants TLS", fmt.Errorf("kafka: %w", io.ErrUnexpectedEOF), false, []string{"kafka.brokers"}},
		{"Kafka closes", fmt.Errorf("kafka: %w", io.EOF), false, []string{"perhaps it expects TLS: set kafka.tls.enabled"}},
		{"no TLS there", fmt.Errorf("read: %w", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}), true, []string{"perhaps this port speaks no TLS", "unset clickhouse.tls.enabled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Session{settings: DefaultSettings()}
			s.settings.ClickHouse.Addresses, s.settings.Kafka.Brokers = Addresses{"ch:9000"}, Addresses{"k:9092"}
			s.settings.ClickHouse.TLS.Enabled = c.encrypted
			got := s.Explain(c.err)
			for _, want := range c.want {
				if !strings.Contains(got.Error(), want) {
					t.Errorf("got %q, want %q in it", got, want)
				}
			}
			if !errors.Is(got, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
	s := &Session{settings: DefaultSettings()}
	both := errors.Join(s.unreached(refused), s.unreached(fmt.Errorf("kafka: %w", refused)))
	for _, err := range []error{nil, both, errors.New("table event is missing"), usage(refused)} {
		if got := (&Session{settings: DefaultSettings()}).Explain(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestInUnit(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0.0694, "share", "6.94 %"},
		{5.22e-15, "share", "0"},
		{90, "seconds", "1.5 min"},
		{7200, "seconds", "2 h"},
		{20 * 86400, "seconds", "20.0 days"},
		{-0.0123, "ratio", "-0.0123"},
	} {
		if got := InUnit(c.value, c.unit); got != c.want {
			t.Errorf("%v %s is written %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}
