package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/tied"
	"github.com/tuition-hq/tuition/pkg/embedded"
	"github.com/tuition-hq/tuition/pkg/store"
)

// measure makes the log of one size in a new engine and computes twice.
func measure(ctx context.Context, s size, dir string, log io.Writer) (r result, err error) {
	dir, err = os.MkdirTemp(dir, "tuition-bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	engine, err := embedded.Start(ctx, embedded.Options{Dir: dir})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, engine.Stop(context.Background())) }()
	st, err := store.Open(ctx, store.Config{
		Addrs: []string{engine.ClickHouseAddr}, Database: engine.Database, Username: engine.Admin.Name, Password: engine.Admin.Password,
	}, zap.NewNop())
	if err != nil {
		return r, err
	}
	defer st.Close()
	if _, err := st.Migrate(ctx); err != nil {
		return r, err
	}
	if err := st.SetCatalog(ctx, s.catalog()); err != nil {
		return r, err
	}
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{engine.ClickHouseAddr}, Auth: clickhouse.Auth{Database: engine.Database, Username: engine.Admin.Name, Password: engine.Admin.Password},
		ReadTimeout: time.Hour,
		Settings: clickhouse.Settings{
			"optimize_aggregation_in_order": 1, "max_bytes_before_external_group_by": 8_000_000_000, "max_bytes_before_external_sort": 8_000_000_000,
		},
	})
	if err != nil {
		return r, err
	}
	defer conn.Close()
	m := &measuring{conn: conn, engine: engine, size: s, log: log}
	r.size = s
	m.say("making %d changes and %d incidents of %d services", s.changes, s.incidents, s.services)
	if err := m.make(ctx, 0, 1); err != nil {
		return r, err
	}
	if err := conn.QueryRow(ctx, "SELECT count() FROM event").Scan(&r.events); err != nil {
		return r, err
	}
	if err := m.start(ctx); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, m.stop()) }()
	m.say("reading the views")
	before := m.engineCPU()
	if err := m.read(ctx, "incident", "change"); err != nil {
		return r, err
	}
	r.engineRead = m.engineCPU() - before
	m.say("first computation")
	if r.first, r.engineFirst, err = m.compute(ctx); err != nil {
		return r, err
	}
	if err := m.make(ctx, 1, 1.01); err != nil {
		return r, err
	}
	m.say("next computation")
	if r.next, r.engineNext, err = m.compute(ctx); err != nil {
		return r, err
	}
	r.enginePeak = m.enginePeak()
	return r, nil
}

type measuring struct {
	conn       driver.Conn
	engine     *embedded.Services
	enginePIDs []string
	size       size
	log        io.Writer
	analyser
}

func (m *measuring) say(format string, args ...any) {
	fmt.Fprintf(m.log, "==> %s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// make adds the events from one share of the log to another, a few million at a time.
func (m *measuring) make(ctx context.Context, from, to float64) error {
	const portion = 2_000_000
	for name, n := range map[string]int{"changes": m.size.changes, "incidents": m.size.incidents, "improvements": m.size.incidents / incidentsPerImprovement} {
		last := int(to * float64(n))
		for at := int(from * float64(n)); at < last; at += portion {
			statement, err := m.size.statement(name, at, min(at+portion, last))
			if err != nil {
				return err
			}
			if err := m.conn.Exec(ctx, statement); err != nil {
				return fmt.Errorf("make %s: %w", name, err)
			}
		}
	}
	return nil
}

// read reads all columns of views, which nobody gets.
func (m *measuring) read(ctx context.Context, views ...string) error {
	for _, view := range views {
		if err := m.conn.Exec(ctx, "SELECT * FROM "+view+" FORMAT Null"); err != nil {
			return fmt.Errorf("read %s: %w", view, err)
		}
	}
	return nil
}

// analyser is the process that computes, as one that runs on: what it remembers of
// the first computation, the next has.
type analyser struct {
	cmd     *exec.Cmd
	moments io.WriteCloser
	answers *json.Decoder
}

func (m *measuring) start(ctx context.Context) error {
	settings, err := json.Marshal(childSettings{
		Addr: m.engine.ClickHouseAddr, Database: m.engine.Database, Username: m.engine.Ingest.Name, Password: m.engine.Ingest.Password,
	})
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"="+string(settings))
	cmd.Stderr = m.log
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	m.enginePIDs = children()
	m.analyser = analyser{cmd, in, json.NewDecoder(out)}
	return cmd.Start()
}

func (a analyser) stop() error {
	return errors.Join(a.moments.Close(), a.cmd.Wait())
}

// compute lets the analyser compute once, as of a moment after all that was told: what
// is computed as things happen has no event of later.
func (m *measuring) compute(ctx context.Context) (p phases, engine float64, err error) {
	var asOf int64
	if err := m.conn.QueryRow(ctx, "SELECT max(occurred_at) + 1 FROM event").Scan(&asOf); err != nil {
		return p, 0, fmt.Errorf("the moment of the last event: %w", err)
	}
	before := m.engineCPU()
	if _, err := fmt.Fprintln(m.moments, asOf); err != nil {
		return p, 0, fmt.Errorf("the computation: %w", err)
	}
	if err := m.answers.Decode(&p); err != nil {
		return p, 0, fmt.Errorf("the computation: %w", err)
	}
	return p, m.engineCPU() - before, nil
}

// children are the processes that this one started and that run.
func children() (pids []string) {
	for _, child := range tied.Children() {
		pids = append(pids, child.PID)
	}
	return pids
}

func (m *measuring) engineCPU() (cpu float64) {
	for _, child := range tied.Children() {
		if slices.Contains(m.enginePIDs, child.PID) {
			cpu += child.CPU
		}
	}
	return cpu
}

func (m *measuring) enginePeak() (most int64) {
	for _, pid := range m.enginePIDs {
		most = max(most, peak(pid))
	}
	return most
}

// peak is the most memory that a running process has had, in bytes; 0 where /proc is not.
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
