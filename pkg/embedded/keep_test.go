package embedded

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/zap/zaptest"
)

// native runs SELECT 1 over the native protocol.
func native(t *testing.T, s *Services, user User) error {
	t.Helper()
	connection, err := clickhouse.Open(&clickhouse.Options{Addr: []string{s.ClickHouseAddr}, Auth: clickhouse.Auth{Username: user.Name, Password: user.Password}})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.Exec(t.Context(), "SELECT 1")
}

// What a client does wrong is answered and ends nobody but that client.
func TestWhatClientsDoWrongDoesNotEndTheEngine(t *testing.T) {
	s := start(t, Options{})
	pid := s.current().Pid
	for range 20 {
		for _, user := range []User{{Name: s.Read.Name, Password: "wrong"}, {Name: s.Read.Name}, {Name: "nobody", Password: "wrong"}} {
			var refused *clickhouse.Exception
			if err := native(t, s, user); !errors.As(err, &refused) || refused.Code != 516 {
				t.Fatalf("native login of %s: %v", user.Name, err)
			}
			if _, err := query(t.Context(), s.ClickHouseHTTP, user, "SELECT 1"); err == nil || !strings.Contains(err.Error(), "516") {
				t.Fatalf("HTTP login of %s: %v", user.Name, err)
			}
		}
		for _, address := range []string{s.ClickHouseAddr, strings.TrimPrefix(s.ClickHouseHTTP, "http://")} {
			connection, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = connection.Write([]byte("\x07 neither protocol\r\n\r\n"))
			_ = connection.(*net.TCPConn).SetLinger(0) // closing resets the connection
			connection.Close()
		}
	}
	if err := native(t, s, s.Read); err != nil {
		t.Errorf("the right native login: %v", err)
	}
	ask(t, s, s.Read, "SELECT 1")
	if s.current().Pid != pid {
		t.Error("the engine was started again")
	}
	log, err := os.ReadFile(s.EngineLog())
	if err != nil || strings.Contains(string(log), "<Fatal>") {
		t.Errorf("the log has a fatal entry, or none of the failed logins: %v", err)
	}
}

func TestAnEngineThatEndsIsStartedAgainAFewTimes(t *testing.T) {
	s := start(t, Options{})
	ask(t, s, s.Admin, "CREATE TABLE tuition.fact (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS fsync_after_insert = 1")
	ask(t, s, s.Ingest, "INSERT INTO tuition.fact VALUES (7)")
	for range restartsMost {
		old := s.current()
		if err := old.Kill(); err != nil {
			t.Fatal(err)
		}
		<-old.Done
		for deadline := time.Now().Add(startPatience); ; time.Sleep(20 * time.Millisecond) {
			if err := native(t, s, s.Read); err == nil {
				break
			} else if time.Now().After(deadline) {
				t.Fatalf("not usable again: %v", err)
			}
		}
		if got := ask(t, s, s.Read, "SELECT id FROM tuition.fact"); got != "7" {
			t.Fatalf("the table holds %q", got)
		}
	}
	select {
	case <-s.Done():
		t.Fatal("given up too early")
	default:
	}
	if err := s.current().Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(5 * time.Second):
		t.Error("nobody was told that the engine is gone")
	}
}

// The engine's own tables of events would be made anew at the second start, over what the first left.
func TestASecondStartLeavesTheLogEmpty(t *testing.T) {
	first := start(t, Options{})
	ask(t, first, first.Admin, "SYSTEM FLUSH LOGS")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := start(t, Options{Dir: first.Dir})
	for range 3 {
		ask(t, second, second.Read, "SELECT count() FROM numbers(1000)")
		if _, err := query(t.Context(), second.ClickHouseHTTP, second.Admin, "SYSTEM FLUSH LOGS"); err != nil {
			t.Errorf("the engine keeps logs in tables: %v", err)
		}
	}
	log, err := os.ReadFile(second.EngineLog())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if strings.Contains(string(log), "<Error>") || strings.Contains(string(log), "<Fatal>") || len(log) > 2000 {
		t.Errorf("nothing went wrong, but the log has %d bytes:\n%.2000s", len(log), log)
	}
}

// A port may be taken after it was found free.
func TestAnEngineThatCannotListenSaysSo(t *testing.T) {
	kind, library, err := findEngine("")
	needEngine(t, err)
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := probe(0)
	if err != nil {
		t.Fatal(err)
	}
	f, err := openFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	own, err := f.loadSecrets()
	if err != nil {
		t.Fatal(err)
	}
	config, err := f.writeConfig(running{TCPPort: taken.Addr().(*net.TCPAddr).Port, HTTPPort: free}, own, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.startEngine(kind, library, config, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer e.stop(t.Context())
	if err := e.ready(t.Context(), "http://"+loopback(free), own.Admin); !errors.Is(err, errEngineEnded) {
		t.Errorf("got %v", err)
	}
}
