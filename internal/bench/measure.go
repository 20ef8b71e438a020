package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/tuition-hq/tuition/internal/tied"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/embedded"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/simulate"
)

type bench struct {
	n        int
	seed     uint64
	binary   string
	brokers  []string
	engine   string // HTTP
	native   string
	database string
	admin    embedded.User
	ingest   embedded.User
	log      io.Writer
}

func (b *bench) run(ctx context.Context) (map[string]row, error) {
	rows := map[string]row{}
	if err := b.tuition(ctx, "migrate").Run(); err != nil {
		return nil, fmt.Errorf("tuition migrate: %w", err)
	}
	b.say("sending %d events", b.n)
	if err := b.send(ctx); err != nil {
		return nil, err
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) (row, error)
	}{
		{bareFetch, func(ctx context.Context) (row, error) { return b.fetch(ctx, "(c) bare kafka-go fetch", "kafka-go") }},
		{ownFetch, func(ctx context.Context) (row, error) { return b.fetch(ctx, "    fetch alone, as tuition does", "own") }},
		{tuition, b.consume},
		{insertSelect, b.insertSelect},
		{kafkaEngine, b.kafkaEngine},
	} {
		b.say("%s", step.name)
		r, err := step.do(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
		rows[step.name] = r
	}
	return rows, nil
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, "==> "+format+"\n", args...) }

// send fills the topic.
func (b *bench) send(ctx context.Context) error {
	conn := consume.Connection{Brokers: b.brokers}
	err := consume.EnsureTopics(ctx, conn, consume.Topic{Name: simulate.Topic, Partitions: 4, Retention: -1}, consume.Topic{Name: "tuition.deadletter", Partitions: 1})
	if err != nil {
		return err
	}
	p, err := consume.NewProducer(conn)
	if err != nil {
		return err
	}
	defer p.Close()
	var group []event.Message
	for m := range simulate.Bench(b.n, b.seed) {
		m.Key, m.Value, m.Headers = slices.Clone(m.Key), slices.Clone(m.Value), slices.Clone(m.Headers)
		for i := range m.Headers {
			m.Headers[i].Value = slices.Clone(m.Headers[i].Value)
		}
		if group = append(group, m); len(group) == 20_000 {
			if err := p.Send(ctx, group...); err != nil {
				return err
			}
			group = group[:0]
		}
	}
	return p.Send(ctx, group...)
}

// tuition is the command with settings in its environment.
func (b *bench) tuition(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.binary, args...)
	cmd.Stderr = b.log
	cmd.Env = append(os.Environ(),
		"TUITION_KAFKA_BROKERS="+strings.Join(b.brokers, ","), "TUITION_KAFKA_EVENTS_TOPIC="+simulate.Topic,
		"TUITION_CLICKHOUSE_ADDRESSES="+b.native, "TUITION_CLICKHOUSE_DATABASE="+b.database,
		"TUITION_CLICKHOUSE_ADMIN_USERNAME="+b.admin.Name, "TUITION_CLICKHOUSE_ADMIN_PASSWORD="+b.admin.Password,
		"TUITION_CLICKHOUSE_INGEST_USERNAME="+b.ingest.Name, "TUITION_CLICKHOUSE_INGEST_PASSWORD="+b.ingest.Password,
		"TUITION_PRIVACY_REDACT=hash", "TUITION_PRIVACY_KEY=0123456789abcdef0123456789abcdef", "TUITION_LOG_LEVEL=warn")
	return cmd
}

// consume measures the real program: the role consume alone.
func (b *bench) consume(ctx context.Context) (row, error) {
	cmd := b.tuition(ctx, "run", "--roles", "consume")
	watched, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan error, 1)
	r, err := b.measure(watched, "tuition", "event", func() error {
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() {
			err := cmd.Wait()
			cancel(fmt.Errorf("tuition run ended: %v", err))
			ended <- err
		}()
		return nil
	})
	if err != nil {
		return r, errors.Join(context.Cause(watched), err)
	}
	r.peak = peak(strconv.Itoa(cmd.Process.Pid))
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return r, err
	}
	if err := <-ended; err != nil {
		return r, fmt.Errorf("tuition run: %w", err)
	}
	r.client = seconds(cmd.ProcessState)
	rejected, err := b.number(ctx, "SELECT count() FROM rejection_row")
	if err == nil && rejected > 0 {
		err = fmt.Errorf("%d events were rejected", rejected)
	}
	return r, err
}

// peak is the most memory that a running process has had, in bytes; 0 where /proc
// is not. What wait4 tells instead includes the memory of the parent at the fork.
func peak(process string) int64 {
	text, _ := os.ReadFile("/proc/" + process + "/status")
	for line := range strings.Lines(string(text)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

func seconds(state *os.ProcessState) float64 {
	return (state.UserTime() + state.SystemTime()).Seconds()
}

// measure starts something that fills a table and watches the table until all
// events are there. The rate leaves out what came before the first rows: starting,
// joining the group.
func (b *bench) measure(ctx context.Context, what, table string, start func() error) (row, error) {
	r := row{what: what}
	engine, broker := b.cpu()
	began := time.Now()
	if err := start(); err != nil {
		return r, err
	}
	var first time.Time
	var before int
	for {
		n, err := b.number(ctx, "SELECT count() FROM "+table)
		if err != nil {
			return r, err
		}
		now := time.Now()
		if n > 0 && first.IsZero() {
			first, before = now, n
		}
		if n >= b.n {
			r.wall = now.Sub(began)
			r.rate = float64(n) / r.wall.Seconds()
			if n > before {
				r.rate = float64(n-before) / now.Sub(first).Seconds()
			}
			break
		}
		if time.Since(began) > 10*time.Minute {
			return r, fmt.Errorf("only %d of %d events after 10 minutes", n, b.n)
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
	e, k := b.cpu()
	r.server, r.broker = e-engine, k-broker
	return r, nil
}

func (b *bench) insertSelect(ctx context.Context) (row, error) {
	if err := b.exec(ctx, "CREATE TABLE event_copy AS event"); err != nil {
		return row{}, err
	}
	r := row{what: "(b) INSERT … SELECT of the rows"}
	engine, broker := b.cpu()
	began := time.Now()
	if err := b.exec(ctx, "INSERT INTO event_copy SELECT * FROM event SETTINGS optimize_on_insert = 0, async_insert = 0"); err != nil {
		return r, err
	}
	r.wall = time.Since(began)
	r.rate = float64(b.n) / r.wall.Seconds()
	e, k := b.cpu()
	r.server, r.broker = e-engine, k-broker
	return r, b.exec(ctx, "DROP TABLE event_copy SYNC")
}

//go:embed kafka_engine.sql
var kafkaEngineSQL string

func (b *bench) kafkaEngine(ctx context.Context) (row, error) {
	there, err := b.number(ctx, "SELECT count() FROM system.table_engines WHERE name = 'Kafka'")
	if err != nil {
		return row{}, err
	}
	if there == 0 {
		return row{}, fmt.Errorf("this ClickHouse was built without the Kafka engine; there is nothing to compare with")
	}
	parsed, err := template.New("").Parse(kafkaEngineSQL)
	if err != nil {
		return row{}, err
	}
	var text strings.Builder
	if err := parsed.Execute(&text, map[string]any{"Broker": b.brokers[0], "Topic": simulate.Topic, "Consumers": min(4, runtime.NumCPU())}); err != nil {
		return row{}, err
	}
	return b.measure(ctx, "(a) ClickHouse's Kafka engine", "event_fast", func() error {
		for statement := range strings.SplitSeq(strings.TrimSpace(text.String()), ";\n") {
			if err := b.exec(ctx, strings.TrimSuffix(strings.TrimSpace(statement), ";")); err != nil {
				return err
			}
		}
		return nil
	})
}

// fetch measures a child process that only reads the topic.
func (b *bench) fetch(ctx context.Context, what, how string) (row, error) {
	exe, err := os.Executable()
	if err != nil {
		return row{}, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), fetchEnv+"="+b.brokers[0], fetchHow+"="+how)
	cmd.Stderr = b.log
	engine, broker := b.cpu()
	text, err := cmd.Output()
	if err != nil {
		return row{}, err
	}
	var did fetched
	if err := json.Unmarshal(text, &did); err != nil {
		return row{}, err
	}
	if did.Records != b.n {
		return row{}, fmt.Errorf("%d records read instead of %d", did.Records, b.n)
	}
	r := row{what: what, wall: time.Duration(did.Seconds * float64(time.Second)), rate: float64(did.Records) / did.Seconds}
	r.client, r.peak = seconds(cmd.ProcessState), did.Peak
	e, k := b.cpu()
	r.server, r.broker = e-engine, k-broker
	return r, nil
}

// cpu is what the engine and the broker have used so far, in seconds.
func (b *bench) cpu() (engine, broker float64) {
	for _, child := range tied.Children() {
		switch child.Name {
		case "java":
			broker += child.CPU
		case filepath.Base(b.binary):
		default:
			engine += child.CPU
		}
	}
	return engine, broker
}

func (b *bench) exec(ctx context.Context, sql string) error {
	_, err := b.query(ctx, sql)
	return err
}

func (b *bench) number(ctx context.Context, sql string) (int, error) {
	text, err := b.query(ctx, sql)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(text))
}

func (b *bench) query(ctx context.Context, sql string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.engine+"/?"+url.Values{"database": {b.database}}.Encode(), strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	req.Header.Set("X-ClickHouse-User", b.admin.Name)
	req.Header.Set("X-ClickHouse-Key", b.admin.Password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	return string(text), err
}
