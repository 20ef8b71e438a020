package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/simulate"
)

// DemoOptions say which organisation to simulate and whether to go on serving.
type DemoOptions struct {
	Seed uint64
	Exit bool
	All  bool // print the teams and services too
}

// Demo runs the whole pipeline on a simulated organisation: Kafka, ClickHouse,
// estimates, pages. print is given what was planted beside what was estimated.
// Stopped at any moment and started again it ends with the same numbers.
func (s *Session) Demo(ctx context.Context, o DemoOptions, out io.Writer, print func(Table) error) error {
	organisation, err := simulate.New(simulate.Config{Seed: o.Seed})
	if err != nil {
		return usage(err)
	}
	services := organisation.Catalog()
	s.catalog = &services
	s.settings.Analysis.AsOf = time.UnixMilli(organisation.AsOf() - 1).UTC().Format(time.DateOnly)
	fmt.Fprintf(out, "Simulating two years of an organisation whose truth is known (seed %d).\n", o.Seed)
	if err := s.prepare(ctx); err != nil {
		return err
	}
	p, err := s.newProcess(ctx)
	if err != nil {
		return err
	}
	roles := Roles
	if o.Exit {
		roles = []string{roleConsume}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.run(ctx, roles) })
	group.Go(func() error {
		if err := s.demonstrate(ctx, organisation, o, out, print); err != nil || o.Exit {
			cancel() // the roles have nothing more to do
			return err
		}
		fmt.Fprintf(out, "\nThe pages are at http://%s until Ctrl-C.\n", s.settings.Web.Listen)
		return nil
	})
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (s *Session) demonstrate(ctx context.Context, organisation *simulate.Simulation, o DemoOptions, out io.Writer, print func(Table) error) error {
	began := time.Now()
	sent, last, err := s.sendSimulated(ctx, organisation, o.Seed)
	if err != nil {
		return err
	}
	if sent > 0 {
		fmt.Fprintf(out, "Sent %d events through Kafka; waiting until they are folded.\n", sent)
	}
	if err := consume.WaitCommitted(ctx, s.connection(), s.settings.Kafka.Group, last, s.stillWaiting); err != nil {
		return err
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Ingest)
	if err != nil {
		return err
	}
	if err := st.SetAsOf(ctx, s.settings.Analysis.AsOf); err != nil {
		return err
	}
	key, err := s.logKey(ctx, st, s.settings.Analysis.AsOf)
	if err != nil {
		return err
	}
	publication := st.Publishing(ctx)
	input, run, err := s.computeSlowly(ctx, st, key.asOf, publication)
	if err != nil {
		return err
	}
	if err := publication.Finish(run); err != nil {
		return err
	}
	if _, err := s.record(ctx, st, input, run, keeping(run.AsOf, run.AsOf).sees(run)); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d events folded, %d estimates computed in %s (run %s).\n\n", run.InputEvents, len(run.Estimates), time.Since(began).Round(time.Second), run.ID)
	rows := simulate.Compare(organisation.Truth(), run.Estimates)
	fmt.Fprintln(out, summary(rows))
	if !o.All {
		fmt.Fprintln(out, "The organisation as a whole (--all prints teams and services too):")
	}
	fmt.Fprintln(out)
	return print(planted(rows, o.All))
}

// sendSimulated sends the organisation's events and gives the last offset of
// each partition. What was sent whole before is not sent again.
func (s *Session) sendSimulated(ctx context.Context, organisation *simulate.Simulation, seed uint64) (int64, map[consume.TopicPartition]int64, error) {
	marker := ""
	if s.embedded != "" {
		marker = filepath.Join(s.embedded, fmt.Sprintf("demo-%d.json", seed))
		if last, err := readOffsets(marker); err == nil {
			return 0, last, nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return 0, nil, err
		}
	}
	producer, err := consume.NewProducer(s.connection())
	if err != nil {
		return 0, nil, usage(err)
	}
	defer producer.Close()
	bar := s.progress("sending", -1)
	out := &sender{ctx: ctx, producer: producer, topic: s.settings.Kafka.EventsTopic}
	for m := range organisation.Records() {
		if err := out.add(m); err != nil {
			return 0, nil, err
		}
		bar.add(1, out.receipt.Sent, 0)
	}
	if err := out.flush(); err != nil {
		return 0, nil, err
	}
	bar.finish()
	last := producer.Offsets()
	if marker != "" {
		if err := writeOffsets(marker, last); err != nil {
			s.log.Warn("the demo will send its events again when it is started next", zap.Error(err))
		}
	}
	return out.receipt.Sent, last, nil
}

type offset struct {
	Topic     string
	Partition int32
	Last      int64
}

func readOffsets(path string) (map[consume.TopicPartition]int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []offset
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w; remove the file to send the events again", path, err)
	}
	last := map[consume.TopicPartition]int64{}
	for _, o := range list {
		last[consume.TopicPartition{Topic: o.Topic, Partition: o.Partition}] = o.Last
	}
	return last, nil
}

func writeOffsets(path string, last map[consume.TopicPartition]int64) error {
	var list []offset
	for tp, o := range last {
		list = append(list, offset{tp.Topic, tp.Partition, o})
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	beside := path + ".new"
	if err := os.WriteFile(beside, text, 0o600); err != nil {
		return err
	}
	return os.Rename(beside, path)
}

// summary counts the intervals that hold what was planted.
func summary(rows []simulate.Row) string {
	var given, covered int
	for _, r := range rows {
		if r.State == learning.OK {
			given++
		}
		if r.Covered {
			covered++
		}
	}
	return fmt.Sprintf("%d of %d intervals hold the planted value; 95 %% are expected to. %d more values had not enough data for an interval.", covered, given, len(rows)-given)
}

// planted puts what was planted beside what was estimated, in units for reading.
func planted(rows []simulate.Row, all bool) Table {
	t := Table{Columns: []string{"metric", "scope", "planted", "estimate", "low", "high", "n", "state", "covered"}}
	for _, r := range rows {
		if !all && r.Scope.Kind != "organisation" {
			continue
		}
		estimated := func(value float64) string {
			if r.State == "" { // there is no estimate
				return ""
			}
			return InUnit(value, r.Unit)
		}
		covered := "no"
		switch {
		case r.State != learning.OK:
			covered = ""
		case r.Covered:
			covered = "yes"
		}
		t.Rows = append(t.Rows, []any{
			r.Metric, scopeText(r.Scope), InUnit(r.Planted, r.Unit), estimated(r.Value), estimated(r.Low), estimated(r.High),
			r.N, string(r.State), covered,
		})
	}
	return t
}

// InUnit writes a value for reading: shares in percent, times in a fitting unit.
func InUnit(value float64, unit string) string {
	three := func(x float64, suffix string) string { return strconv.FormatFloat(x, 'g', 3, 64) + suffix }
	switch {
	case math.IsNaN(value):
		return ""
	case math.Abs(value) < 1e-9:
		return "0"
	case unit == "share":
		return three(100*value, " %")
	case unit != "seconds":
		return three(value, "")
	case math.Abs(value) < 60:
		return three(value, " s")
	case math.Abs(value) < 7200:
		return three(value/60, " min")
	case math.Abs(value) < 48*3600:
		return three(value/3600, " h")
	default:
		return strconv.FormatFloat(value/86400, 'f', 1, 64) + " days"
	}
}
