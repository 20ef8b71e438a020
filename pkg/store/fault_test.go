package store

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
)

func TestClassify(t *testing.T) {
	server := func(code int32) []error {
		return []error{
			fmt.Errorf("insert: %w", &ch.Exception{Code: proto.Error(code)}),
			fmt.Errorf("query: %w", &clickhouse.Exception{Code: code}),
		}
	}
	for code, want := range map[int32]Fault{
		252: Retry, // TOO_MANY_PARTS
		241: Retry, // MEMORY_LIMIT_EXCEEDED
		242: Retry, // TABLE_IS_READ_ONLY
		164: Retry, // READONLY
		159: Retry, // TIMEOUT_EXCEEDED
		209: Retry, // SOCKET_TIMEOUT
		999: Retry, // KEEPER_EXCEPTION
		243: Retry, // NOT_ENOUGH_SPACE
		202: Retry, // TOO_MANY_SIMULTANEOUS_QUERIES
		236: Retry, // ABORTED, while the server stops
		60:  Halt,  // UNKNOWN_TABLE
		81:  Halt,  // UNKNOWN_DATABASE
		16:  Halt,  // NO_SUCH_COLUMN_IN_TABLE
		47:  Halt,  // UNKNOWN_IDENTIFIER
		53:  Halt,  // TYPE_MISMATCH
		516: Halt,  // AUTHENTICATION_FAILED
		497: Halt,  // ACCESS_DENIED
	} {
		for _, err := range server(code) {
			if got := Classify(err); got != want {
				t.Errorf("code %d: %s, want %s", code, got, want)
			}
		}
	}
	for code, want := range map[int32]string{243: "free space on the server's disk", 60: ""} {
		for _, err := range server(code) {
			if got := advised(err); (want == "") != (got == err) || !strings.HasSuffix(got.Error(), want) || Classify(got) != Classify(err) {
				t.Errorf("code %d: %v", code, got)
			}
		}
	}
	for _, err := range []error{
		io.EOF, io.ErrUnexpectedEOF, context.DeadlineExceeded, syscall.ECONNREFUSED, syscall.EPIPE,
		&net.OpError{Op: "read", Err: syscall.ECONNRESET}, ch.ErrClosed, clickhouse.ErrAcquireConnTimeout,
	} {
		if Classify(fmt.Errorf("insert: %w", err)) != Retry {
			t.Errorf("%v does not mean that waiting cannot help", err)
		}
	}
	if Classify(&tls.CertificateVerificationError{}) != Retry {
		t.Error("a certificate may be replaced while we wait")
	}
}

// TestFaultsOfARealServer meets the faults instead of making them. A failed login
// is not among them: the embedded engine aborts on an error outside a query.
func TestFaultsOfARealServer(t *testing.T) {
	engine := servertest.Engine(t)
	database := servertest.Database(t, engine)
	send := func(change func(*Config)) error {
		config := Config{Addrs: []string{engine.Addr}, Database: database, Username: engine.Admin.Name, Password: engine.Admin.Password}
		change(&config)
		s, err := Open(t.Context(), config, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		batch := s.NewBatch()
		defer batch.Close()
		e := resolved("i", start)
		batch.Append(&e)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return batch.Send(ctx)
	}
	halted, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer halted.Close()
	for name, x := range map[string]struct {
		change func(*Config)
		want   Fault
	}{
		"no table":       {func(*Config) {}, Halt},
		"may not write":  {func(c *Config) { c.Username, c.Password = engine.Read.Name, engine.Read.Password }, Halt},
		"nobody listens": {func(c *Config) { c.Addrs = []string{"127.0.0.1:1"} }, Retry},
		"nobody answers": {func(c *Config) { c.Addrs, c.DialTimeout = []string{halted.Addr().String()}, time.Second }, Retry},
	} {
		t.Run(name, func(t *testing.T) {
			err := send(x.change)
			if err == nil {
				t.Fatal("the insert was acknowledged")
			}
			if got := Classify(err); got != x.want {
				t.Errorf("%s, want %s: %v", got, x.want, err)
			}
		})
	}
}
