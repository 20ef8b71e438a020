package embedded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
)

// start starts services that end with the test. Without an engine the test is skipped, and fails in CI.
func start(t *testing.T, opts Options) *Services {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	opts.Log = zaptest.NewLogger(t)
	s, err := Start(t.Context(), opts)
	needEngine(t, err)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func needEngine(t *testing.T, err error) {
	t.Helper()
	var missing *MissingEngineError
	if errors.As(err, &missing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
}

// ask runs a statement that must succeed.
func ask(t *testing.T, s *Services, user User, sql string) string {
	t.Helper()
	answer, err := query(t.Context(), s.ClickHouseHTTP, user, sql)
	if err != nil {
		t.Fatalf("%s as %s: %v", sql, user.Name, err)
	}
	return strings.TrimSpace(answer)
}

func TestASecondRunFindsEverythingWhereItWas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first := start(t, Options{Dir: dir})
	ask(t, first, first.Admin, "CREATE TABLE tuition.fact (id UInt64) ENGINE = MergeTree ORDER BY id")
	ask(t, first, first.Ingest, "INSERT INTO tuition.fact VALUES (7)")
	produce(t, first.Brokers[0], "seven")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := start(t, Options{Dir: dir})
	if second.Brokers[0] != first.Brokers[0] || second.ClickHouseAddr != first.ClickHouseAddr || second.ClickHouseHTTP != first.ClickHouseHTTP {
		t.Error("the ports changed though they were free")
	}
	if second.Read != first.Read || second.Admin != first.Admin || second.Ingest != first.Ingest {
		t.Error("the users changed")
	}
	if got := ask(t, second, second.Read, "SELECT id FROM tuition.fact"); got != "7" {
		t.Errorf("the table holds %q", got)
	}
	if got := records(t, second.Brokers[0]); len(got) != 1 || got[0] != "seven" {
		t.Errorf("the topic holds %q", got)
	}
}

func TestAFolderInUseIsJoined(t *testing.T) {
	owner := start(t, Options{})
	guest := start(t, Options{Dir: owner.Dir})
	if !guest.Joined || owner.Joined {
		t.Errorf("owner joined: %v, guest joined: %v", owner.Joined, guest.Joined)
	}
	if err := guest.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, user := range []User{guest.Admin, guest.Ingest, guest.Read} {
		ask(t, owner, user, "SELECT 1")
	}
	produce(t, guest.Brokers[0], "after the guest left")
}

func TestAFolderHeldBySomethingElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	holder, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.close()
	if owned, err := holder.tryLock(); !owned || err != nil {
		t.Fatal(owned, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = Start(ctx, Options{Dir: dir})
	var inUse *InUseError
	if !errors.As(err, &inUse) || inUse.Dir != dir {
		t.Fatalf("not refused as in use: %v", err)
	}

	// Ports of a dead run that somebody else has now must not be taken for the services.
	other, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	port := other.Addr().(*net.TCPAddr).Port
	if err := holder.write("running.json", running{PID: 12345, KafkaPort: port, TCPPort: port, HTTPPort: port}); err != nil {
		t.Fatal(err)
	}
	if _, err := holder.loadSecrets(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = Start(ctx, Options{Dir: dir})
	if !errors.As(err, &inUse) || inUse.PID != 12345 || !strings.Contains(err.Error(), "12345") {
		t.Errorf("not refused with the holder's number: %v", err)
	}
}

func TestATakenPortIsNamedWithItsSetting(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	for setting, opts := range map[string]Options{
		"embedded.kafka_port":           {KafkaPort: port},
		"embedded.clickhouse_port":      {TCPPort: port},
		"embedded.clickhouse_http_port": {HTTPPort: port},
	} {
		opts.Dir = t.TempDir()
		_, err := Start(t.Context(), opts)
		needEngine(t, err)
		var portTaken *PortTakenError
		if !errors.As(err, &portTaken) || portTaken.Setting != setting || portTaken.Port != port {
			t.Errorf("%s: %v", setting, err)
		}
		// The folder is free again.
		if again, err := openFolder(opts.Dir); err != nil {
			t.Error(err)
		} else {
			if owned, err := again.tryLock(); !owned || err != nil {
				t.Errorf("%s: the folder stayed locked: %v", setting, err)
			}
			again.close()
		}
	}
}

func TestAGivenPortIsUsed(t *testing.T) {
	port, err := probe(0)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{HTTPPort: port})
	if want := fmt.Sprintf("http://127.0.0.1:%d", port); s.ClickHouseHTTP != want {
		t.Errorf("%s, not %s", s.ClickHouseHTTP, want)
	}
}

func TestAMissingEngineSaysWhatToRun(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	t.Setenv(LibraryVariable, "")
	_, err := Start(t.Context(), Options{Dir: t.TempDir()})
	var missing *MissingEngineError
	if !errors.As(err, &missing) {
		t.Fatalf("not a missing engine: %v", err)
	}
	if pkg := EnginePackage(); pkg != "" && !strings.Contains(err.Error(), "npm install --prefix "+filepath.Join(os.Getenv("XDG_CACHE_HOME"), "tuition", "engine")+" --no-save "+pkg) {
		t.Errorf("it does not say what to run: %v", err)
	}
	t.Setenv(LibraryVariable, "/nowhere/libchdb.so")
	_, err = Start(t.Context(), Options{Dir: t.TempDir()})
	var wrong *EngineLibraryError
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), LibraryVariable) {
		t.Errorf("a wrong path is not reported with its setting: %v", err)
	}
}

func TestWhatIsNotAnEngineSaysSo(t *testing.T) {
	library := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(library, []byte("not a library"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Options{Dir: t.TempDir(), EngineLib: library})
	if err == nil || !strings.Contains(err.Error(), "load the ClickHouse library "+library) {
		t.Errorf("got %v", err)
	}
}

func TestAFolderOfSomethingElseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("got %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("its mode was changed: %v %v", info.Mode(), err)
	}
	if _, err := Start(t.Context(), Options{}); err == nil {
		t.Error("no folder was accepted")
	}
}

func TestADamagedSecretsFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"lock": "", "secrets.json": "{"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Start(t.Context(), Options{Dir: dir})
	needEngine(t, err)
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "secrets.json")) {
		t.Errorf("got %v", err)
	}
}
