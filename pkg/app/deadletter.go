package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/event"
)

// DeadLetterFilter chooses dead letters; an empty field chooses all.
type DeadLetterFilter struct {
	Code, Topic, Since string
}

func (f DeadLetterFilter) filter() (consume.Filter, error) {
	filter := consume.Filter{Code: event.Code(f.Code), Topic: f.Topic}
	var codes []string
	for _, r := range event.Reasons() {
		codes = append(codes, string(r.Code))
	}
	if f.Code != "" && !slices.Contains(codes, f.Code) {
		return filter, usage(fmt.Errorf("--code %q is not a rejection code; they are %s", f.Code, strings.Join(codes, ", ")))
	}
	if f.Since == "" {
		return filter, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if since, err := time.Parse(layout, f.Since); err == nil {
			filter.From = event.Millis(since.UnixMilli())
			return filter, nil
		}
	}
	return filter, usage(fmt.Errorf("--since %q: give a time like 2026-06-30T12:00:00Z, or a date", f.Since))
}

func (s *Session) deadLetters(ctx context.Context) (consume.DeadLetters, error) {
	letters := consume.NewDeadLetters(s.connection(), s.settings.Kafka.DeadLetterTopic)
	return letters, s.prepare(ctx)
}

// chosen are the dead letters and the filter, whose topic is one that is read or
// that a letter came from: nothing would be found under a mistyped name.
func (s *Session) chosen(ctx context.Context, f DeadLetterFilter) (consume.DeadLetters, consume.Filter, error) {
	filter, err := f.filter()
	if err != nil {
		return consume.DeadLetters{}, filter, err
	}
	letters, err := s.deadLetters(ctx)
	if err != nil {
		return letters, filter, err
	}
	topics := []string{s.settings.Kafka.EventsTopic}
	for _, t := range s.settings.Kafka.Topics {
		topics = append(topics, t.Name)
	}
	if f.Topic == "" || slices.Contains(topics, f.Topic) {
		return letters, filter, nil
	}
	err = letters.List(ctx, consume.Filter{}, func(l *consume.Letter) error {
		if l.Origin.Topic != "" && !slices.Contains(topics, l.Origin.Topic) {
			topics = append(topics, l.Origin.Topic)
		}
		return nil
	})
	if err == nil && !slices.Contains(topics, f.Topic) {
		slices.Sort(topics)
		err = usage(fmt.Errorf("--topic %q is neither read nor the origin of a dead letter; topics are %s", f.Topic, strings.Join(topics, ", ")))
	}
	return letters, filter, err
}

// DeadLetters lists what was rejected, without any content.
func (s *Session) DeadLetters(ctx context.Context, f DeadLetterFilter) (Table, error) {
	t := Table{Columns: []string{"at", "written", "code", "pointer", "origin", "bytes", "why"}}
	letters, filter, err := s.chosen(ctx, f)
	if err != nil {
		return t, err
	}
	err = letters.List(ctx, filter, func(l *consume.Letter) error {
		t.Rows = append(t.Rows, []any{place(l.Position), moment(l.WrittenAt), string(l.Code), l.Pointer, l.Origin.String(), int64(l.Bytes), l.Message})
		return nil
	})
	return t, err
}

// place is how `tuition deadletter show` wants a letter named: partition@offset.
func place(p event.Position) string { return fmt.Sprintf("%d@%d", p.Partition, p.Offset) }

func moment(m event.Millis) any {
	if m == 0 {
		return nil
	}
	return time.UnixMilli(int64(m))
}

// DeadLetter gives one dead letter, named as DeadLetters lists it, and its original value.
func (s *Session) DeadLetter(ctx context.Context, name string) (Table, []byte, error) {
	partition, offset, err := parsePlace(name)
	if err != nil {
		return Table{}, nil, usage(err)
	}
	letters, err := s.deadLetters(ctx)
	if err != nil {
		return Table{}, nil, err
	}
	l, err := letters.Show(ctx, partition, offset)
	if errors.Is(err, consume.ErrNoRecord) {
		return Table{}, nil, usage(fmt.Errorf("%w; `tuition deadletter list` names those that are there", err))
	}
	if err != nil {
		return Table{}, nil, err
	}
	t := Table{Columns: []string{"field", "value"}, Rows: [][]any{
		{"at", place(l.Position)},
		{"written", moment(l.WrittenAt)},
		{"origin", l.Origin.String()},
		{"first origin", l.First},
		{"record's time", moment(l.Timestamp)},
		{"stage", l.Stage},
		{"code", string(l.Code)},
		{"pointer", l.Pointer},
		{"why", l.Message},
		{"attempts", int64(l.Attempts)},
		{"version", l.Version},
		{"bytes", int64(l.Bytes)},
		{"sha256", l.SHA256},
	}}
	return t, l.Value(), nil
}

func parsePlace(name string) (partition int32, offset int64, err error) {
	before, after, found := strings.Cut(name, "@")
	if !found {
		before, after = "0", name
	}
	p, errP := strconv.ParseInt(before, 10, 32)
	o, errO := strconv.ParseInt(after, 10, 64)
	if errors.Join(errP, errO) != nil || p < 0 || o < 0 {
		return 0, 0, fmt.Errorf("%q names no dead letter: give partition@offset as `tuition deadletter list` prints it", name)
	}
	return int32(p), o, nil
}

// ReplayOptions say how dead letters are sent again.
type ReplayOptions struct {
	DryRun bool
	Rate   int
}

// Replayed says what became of the letters.
type Replayed = consume.Replayed

// Replay sends the chosen dead letters to the topics they came from.
func (s *Session) Replay(ctx context.Context, f DeadLetterFilter, o ReplayOptions) (Replayed, error) {
	if o.Rate < 0 {
		return Replayed{}, usage(fmt.Errorf("--rate %d: give a number of records a second, or 0 for no limit", o.Rate))
	}
	letters, filter, err := s.chosen(ctx, f)
	if err != nil {
		return Replayed{}, err
	}
	return letters.Replay(ctx, consume.ReplayOptions{Filter: filter, DryRun: o.DryRun, Rate: o.Rate})
}

// Purged says what a purge removed, or would remove.
type Purged = consume.Purged

// PurgeDeadLetters removes the chosen dead letters, as far as a log can be cut from its start.
func (s *Session) PurgeDeadLetters(ctx context.Context, f DeadLetterFilter, dryRun bool) (Purged, error) {
	letters, filter, err := s.chosen(ctx, f)
	if err != nil {
		return Purged{}, err
	}
	return letters.Purge(ctx, filter, dryRun)
}
