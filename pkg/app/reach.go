package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// Explain names the setting behind an error of a server that does not answer as
// it should. Other errors are given back as they are.
func (s *Session) Explain(err error) error {
	var said unreachedError
	switch {
	case err == nil || errors.Is(err, ErrUsage) || errors.As(err, &said) || !unreachable(err):
		return err
	case s.services != nil:
		return s.unreached(err)
	}
	return fmt.Errorf("%w; `tuition check --connect` tells more", s.unreached(err))
}

// unreachedError has a server's name, its setting and what to do before the cause.
type unreachedError struct {
	text  string
	cause error
}

func (e unreachedError) Error() string { return e.text }
func (e unreachedError) Unwrap() error { return e.cause }

// unreached says which server does not answer, where the setting is, and what may be mixed up.
func (s *Session) unreached(err error) error {
	var dial *net.OpError
	dialled := errors.As(err, &dial) && dial.Op == "dial" // what it was dialled for does not matter
	if s.services != nil {
		why := err.Error()
		if dialled {
			why = dial.Error()
		}
		return unreachedError{fmt.Sprintf("the embedded servers on %s do not answer any more: %s; run the command again, which starts them", s.embedded, why), err}
	}
	server, setting, addresses, encrypted := "ClickHouse", "clickhouse", s.settings.ClickHouse.Addresses, s.settings.ClickHouse.TLS.Enabled
	port := "addresses"
	if strings.Contains(strings.ToLower(err.Error()), "kafka") {
		server, setting, addresses, encrypted = "Kafka", "kafka", s.settings.Kafka.Brokers, s.settings.Kafka.TLS.Enabled
		port = "brokers"
	}
	why, mend := err.Error(), mixedUp(err, setting, encrypted)
	if dialled {
		why, mend = dial.Error(), "; start it, or correct "+setting+"."+port
	}
	return unreachedError{fmt.Sprintf("%s (%s.%s %s) does not answer: %s%s", server, setting, port, strings.Join(addresses, ", "), why, mend), err}
}

// unreachable tells errors of the connection from those of what was asked.
func unreachable(err error) bool {
	var network net.Error
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &network) || errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "[handshake]")
}

// mixedUp guesses from the first bytes of the answer which port was dialled:
// 72 is the H of HTTP, 21 an alert of TLS.
func mixedUp(err error, setting string, encrypted bool) string {
	text := err.Error()
	var record tls.RecordHeaderError
	switch {
	case strings.Contains(text, "unexpected packet [72]"):
		return "; this is the HTTP port: name that of the native protocol, 9000 or with TLS 9440"
	case strings.Contains(text, "unexpected packet [21]"), strings.Contains(text, "expecting TLS"), !encrypted && errors.Is(err, io.EOF):
		return "; perhaps it expects TLS: set " + setting + ".tls.enabled"
	case errors.As(err, &record), encrypted && errors.Is(err, io.EOF):
		return "; perhaps this port speaks no TLS: name the port that does, or unset " + setting + ".tls.enabled"
	}
	return ""
}
