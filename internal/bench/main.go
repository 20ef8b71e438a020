// Command bench measures how fast a backlog of events comes through a real Kafka
// into the event table, beside what bounds it: ClickHouse's own Kafka engine filling
// the same table, the table alone, and fetching alone. Everything runs on this
// machine, so the rows share its cores; CPU seconds tell who used them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/embedded"
)

func main() {
	embedded.Child()
	if broker := os.Getenv(fetchEnv); broker != "" {
		if err := fetchChild(broker); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	n := flags.Int("n", 2_000_000, "events")
	seed := flags.Uint64("seed", 1, "of the events")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tuition-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary, err := build(ctx, dir)
	if err != nil {
		return err
	}
	for _, sub := range []string{"kafka", "engine"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	broker, err := servertest.StartKafka(filepath.Join(dir, "kafka"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.Kill()) }()
	engine, err := embedded.Start(ctx, embedded.Options{Dir: filepath.Join(dir, "engine")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Stop(context.Background())) }()
	b := &bench{
		n: *n, seed: *seed, binary: binary, brokers: broker.Brokers, engine: engine.ClickHouseHTTP, native: engine.ClickHouseAddr,
		database: engine.Database, admin: engine.Admin, ingest: engine.Ingest, log: os.Stderr,
	}
	rows, err := b.run(ctx)
	if err != nil {
		return err
	}
	return b.report(out, rows)
}

// build makes the program that is measured: the one that people run.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "tuition")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "github.com/tuition-hq/tuition/cmd/tuition")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build tuition: %w: %s", err, said)
	}
	return binary, nil
}

// row is one line of the result.
type row struct {
	what   string
	rate   float64 // events a second, from the first that arrived to the last
	wall   time.Duration
	client float64 // CPU seconds
	server float64
	broker float64
	peak   int64 // resident bytes of the Go process
}

// report prints the rows and the ratios that the aims are stated in.
func (b *bench) report(out io.Writer, rows map[string]row) error {
	fmt.Fprintf(out, "%d events, 4 partitions, lz4, %d cores\n\n%-34s %10s %8s %14s %14s %14s %10s\n", b.n, runtime.NumCPU(),
		"", "events/s", "seconds", "client CPU s", "engine CPU s", "broker CPU s", "peak MiB")
	for _, name := range order {
		r, ok := rows[name]
		if !ok {
			continue
		}
		peak := "-"
		if r.peak > 0 {
			peak = fmt.Sprint(r.peak >> 20)
		}
		fmt.Fprintf(out, "%-34s %10.0f %8.1f %14.1f %14.1f %14.1f %10s\n", r.what, r.rate, r.wall.Seconds(), r.client, r.server, r.broker, peak)
	}
	fmt.Fprintf(out, "\ntuition / (a) Kafka engine      %.2f   aim 2.0\ntuition / (b) INSERT … SELECT   %.2f   aim 0.35\ntuition / (c) bare fetch        %.2f\n",
		rows[tuition].rate/rows[kafkaEngine].rate, rows[tuition].rate/rows[insertSelect].rate, rows[tuition].rate/rows[bareFetch].rate)
	return nil
}

// The rows, in the order in which they are measured and printed.
const (
	tuition      = "tuition"
	kafkaEngine  = "kafka engine"
	insertSelect = "insert select"
	bareFetch    = "bare fetch"
	ownFetch     = "own fetch"
)

var order = []string{tuition, kafkaEngine, insertSelect, bareFetch, ownFetch}
