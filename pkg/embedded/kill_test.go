package embedded

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap/zaptest"
)

// holderVariable makes the test binary own services on the folder it names, write to both and report what they
// acknowledged, until it is killed.
const holderVariable = "TUITION_TEST_HOLDER"

func TestMain(m *testing.M) {
	Child()
	if dir := os.Getenv(holderVariable); dir != "" {
		fmt.Fprintln(os.Stderr, hold(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func hold(dir string) error {
	ctx := context.Background()
	s, err := Start(ctx, Options{Dir: dir})
	if err != nil {
		return err
	}
	fmt.Println("engine", s.current().Pid)
	if _, err := query(ctx, s.ClickHouseHTTP, s.Admin, "CREATE TABLE tuition.fact (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := send(ctx, s.Brokers[0], strconv.Itoa(i)); err != nil {
			return err
		}
		if _, err := query(ctx, s.ClickHouseHTTP, s.Ingest, fmt.Sprintf("INSERT INTO tuition.fact VALUES (%d)", i)); err != nil {
			return err
		}
		fmt.Println("acknowledged", i)
	}
}

func send(ctx context.Context, broker, value string) error {
	writer := &kafka.Writer{Addr: kafka.TCP(broker), Topic: EventsTopic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, Balancer: zero{}, Transport: &kafka.Transport{}}
	defer writer.Close()
	return writer.WriteMessages(ctx, kafka.Message{Value: []byte(value)})
}

// zero puts every record in partition 0.
type zero struct{}

func (zero) Balance(kafka.Message, ...int) int { return 0 }

func produce(t *testing.T, broker, value string) {
	t.Helper()
	if err := send(t.Context(), broker, value); err != nil {
		t.Fatal(err)
	}
}

// records reads partition 0 of the events topic.
func records(t *testing.T, broker string) []string {
	t.Helper()
	connection, err := kafka.DialLeader(t.Context(), "tcp", broker, EventsTopic, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	first, next, err := connection.ReadOffsets()
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{broker}, Topic: EventsTopic, Partition: 0, MaxWait: 100 * time.Millisecond})
	defer reader.Close()
	for range next - first {
		message, err := reader.ReadMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, string(message.Value))
	}
	return values
}

// A process that owns both services and is killed in the middle of writing takes them with it and loses nothing that
// they acknowledged; the next one gets the folder at once.
func TestKillLosesNothingAcknowledgedAndLeavesNothingBehind(t *testing.T) {
	_, _, err := findEngine("")
	needEngine(t, err)
	dir := filepath.Join(t.TempDir(), "services")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command(self)
	holder.Env = append(os.Environ(), holderVariable+"="+dir)
	holder.Stderr = os.Stderr
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer holder.Process.Kill()

	enginePID, acknowledged := 0, -1
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		word, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("the holder said %q", lines.Text())
		}
		if word == "engine" {
			enginePID = n
			continue
		}
		if acknowledged = n; acknowledged == 60 {
			if err := holder.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = holder.Wait()
	if acknowledged < 60 || enginePID == 0 {
		t.Fatalf("the holder ended by itself after %d", acknowledged)
	}

	s := start(t, Options{Dir: dir})
	if s.Joined {
		t.Error("joined services whose owner is dead")
	}
	if err := syscall.Kill(enginePID, 0); err == nil && !isZombie(enginePID) {
		t.Errorf("the engine %d outlived its parent", enginePID)
	}
	if got := ask(t, s, s.Read, fmt.Sprintf("SELECT uniqExact(id) FROM tuition.fact WHERE id <= %d", acknowledged)); got != strconv.Itoa(acknowledged+1) {
		t.Errorf("ClickHouse kept %s of %d acknowledged rows", got, acknowledged+1)
	}
	kept := records(t, s.Brokers[0])
	if len(kept) < acknowledged+1 {
		t.Fatalf("the broker kept %d of %d acknowledged records", len(kept), acknowledged+1)
	}
	for i := range acknowledged + 1 {
		if kept[i] != strconv.Itoa(i) {
			t.Fatalf("record %d is %q", i, kept[i])
		}
	}
}

// isZombie: a dead process whose new parent has not yet taken notice.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// A clickhouse binary is run by a child too: it gets its arguments, and SIGTERM when its grandparent is done with it.
func TestAServerBinaryIsRunAndStopped(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "clickhouse")
	script := "#!/bin/sh\ntrap 'echo stopped; exit 0' TERM\necho \"$@\"\nwhile :; do sleep 0.05; done\n"
	if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv(LibraryVariable, "")
	kind, path, err := findEngine("")
	if err != nil || kind != kindServer || path != binary {
		t.Fatalf("found %s %s, %v", kind, path, err)
	}
	f, err := openFolder(filepath.Join(dir, "services"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	own, err := f.loadSecrets()
	if err != nil {
		t.Fatal(err)
	}
	config, err := f.writeConfig(running{TCPPort: 1, HTTPPort: 2}, own, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := f.startEngine(kind, path, config, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	want := "server --config-file=" + config
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(e.lastWords(), want); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("started with %q, not %q", e.lastWords(), want)
		}
	}
	if err := e.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(e.lastWords(), "stopped") {
		t.Errorf("not stopped in order: %s", e.lastWords())
	}
}
