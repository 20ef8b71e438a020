package consume

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tuition-hq/tuition/pkg/event"
)

// Letter is one dead letter: what is known of it without its content.
type Letter struct {
	Position  event.Position // in the dead-letter topic
	Origin    event.Position // where the record was read
	First     string         // where it was read first, if it was replayed since; else as Origin
	WrittenAt event.Millis
	Timestamp event.Millis // of the original record
	Stage     string
	Code      event.Code
	Pointer   string
	Message   string
	Version   string // of the program that rejected it
	Attempts  int    // how often the record was rejected
	SHA256    string // of the value, hexadecimal
	Bytes     int    // of the value
	Omitted   bool   // the value was too large for the dead-letter topic and stays at Origin

	record event.Message
}

// Value is the original record's content. Show it only to who asked for it.
func (l *Letter) Value() []byte { return l.record.Value }

// Key is the original record's key.
func (l *Letter) Key() []byte { return l.record.Key }

// Headers are those of the original record, without the dead letter's own.
func (l *Letter) Headers() []event.Header { return originalHeaders(l.record.Headers) }

func originalHeaders(all []event.Header) []event.Header {
	var out []event.Header
	for _, h := range all {
		if !strings.HasPrefix(h.Key, headerPrefix) {
			out = append(out, h)
		}
	}
	return out
}

func openLetter(m *event.Message) *Letter {
	l := &Letter{
		Position: m.Position, Origin: rejectedAt(m), WrittenAt: m.Time, Stage: header(m, headerStage), Code: event.Code(header(m, headerCode)),
		Pointer: header(m, headerPointer), Message: header(m, headerMessage), Version: header(m, headerVersion), SHA256: header(m, headerSHA256),
		Bytes: len(m.Value), record: *m,
	}
	if l.First = header(m, headerReplay); !place.MatchString(l.First) { // absent, or a text of somebody else's
		l.First = l.Origin.String()
	}
	l.Attempts, _ = strconv.Atoi(header(m, headerAttempts))
	ms, _ := strconv.ParseInt(header(m, headerTimestamp), 10, 64)
	l.Timestamp = event.Millis(ms)
	if omitted := header(m, headerOmitted); omitted != "" {
		l.Omitted = true
		l.Bytes, _ = strconv.Atoi(omitted)
	}
	return l
}

// place is a position in a topic, as event.Position writes it.
var place = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}/\d{1,10}@\d{1,19}$`)

// Filter picks dead letters; the zero Filter picks all.
type Filter struct {
	Code  event.Code   // "" any
	Topic string       // of origin; "" any
	From  event.Millis // written at or after; 0 any
	To    event.Millis // written before; 0 any
}

func (f Filter) match(l *Letter) bool {
	return (f.Code == "" || f.Code == l.Code) && (f.Topic == "" || f.Topic == l.Origin.Topic) &&
		(f.From == 0 || l.WrittenAt >= f.From) && (f.To == 0 || l.WrittenAt < f.To)
}

// DeadLetters looks after a dead-letter topic.
type DeadLetters struct {
	conn  Connection
	topic string
}

// NewDeadLetters opens nothing; topic "" is the default, "tuition.deadletter".
func NewDeadLetters(conn Connection, topic string) DeadLetters {
	orString(&topic, "tuition.deadletter")
	return DeadLetters{conn, topic}
}

// List calls yield with each matching letter that is there now, partition by
// partition, oldest first.
func (d DeadLetters) List(ctx context.Context, f Filter, yield func(*Letter) error) error {
	return d.each(ctx, func(l *Letter) error {
		if !f.match(l) {
			return nil
		}
		return yield(l)
	})
}

func (d DeadLetters) each(ctx context.Context, yield func(*Letter) error) error {
	cl, closeIdle, err := d.conn.client()
	if err != nil {
		return err
	}
	defer closeIdle()
	all, err := partitions(ctx, cl, []string{d.topic})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b TopicPartition) int { return int(a.Partition - b.Partition) })
	for _, tp := range all {
		if err := readRange(ctx, d.conn, tp, 0, -1, func(m *event.Message) error { return yield(openLetter(m)) }); err != nil {
			return err
		}
	}
	return nil
}

// Show gives the letter at a place in the dead-letter topic.
func (d DeadLetters) Show(ctx context.Context, partition int32, offset int64) (*Letter, error) {
	m, err := readOne(ctx, d.conn, TopicPartition{d.topic, partition}, offset)
	if err != nil {
		return nil, err
	}
	return openLetter(m), nil
}

// ReplayOptions say how to replay; the zero value replays everything at full speed.
type ReplayOptions struct {
	Filter
	DryRun bool
	Rate   int // records a second at most; 0 without limit
}

// Replayed counts what a replay did. Matched = Sent + Repeated + Lost + Gone, unless it was a dry run.
type Replayed struct {
	Matched  int
	Sent     int
	Repeated int // further letters of a record that was already sent in this replay, or of one of equal content
	Lost     int // letters without their value, which is no longer at its origin either
	Gone     int // letters from topics that are there no more
}

// replayGroup bounds the letters in memory.
const replayGroup = 100

// Replay sends the original records of matching letters to the topics they came
// from, with headers that name their first origin and how often they were rejected. The letters stay. Replaying twice
// changes nothing, because an event is known by its identity.
func (d DeadLetters) Replay(ctx context.Context, o ReplayOptions) (Replayed, error) {
	var done Replayed
	producer, err := NewProducer(d.conn)
	if err != nil {
		return done, err
	}
	defer producer.Close()
	seen := map[[sha256.Size]byte]bool{}
	var group []event.Message
	size := 0
	flush := func() error {
		if len(group) == 0 {
			return nil
		}
		began := time.Now()
		if err := producer.Send(ctx, group...); err != nil {
			return err
		}
		done.Sent += len(group)
		if o.Rate > 0 {
			if err := sleep(ctx, time.Duration(len(group))*time.Second/time.Duration(o.Rate)-time.Since(began)); err != nil {
				return err
			}
		}
		group, size = group[:0], 0
		return nil
	}
	limit := replayGroup
	if o.Rate > 0 {
		limit = min(limit, max(o.Rate/10, 1))
	}
	// A record has a letter for each time it was rejected; the first of them is sent, and counts on from the last.
	attempts := map[[sha256.Size]byte]int{}
	if !o.DryRun {
		err = d.each(ctx, func(l *Letter) error {
			attempts[l.content()] = max(attempts[l.content()], l.Attempts)
			return nil
		})
		if err != nil {
			return done, err
		}
	}
	cl, closeIdle, err := d.conn.client()
	if err != nil {
		return done, err
	}
	defer closeIdle()
	gone := map[string]bool{}
	isGone := func(topic string) (bool, error) {
		if is, known := gone[topic]; known {
			return is, nil
		}
		_, err := partitions(ctx, cl, []string{topic})
		is := errors.Is(err, kafka.UnknownTopicOrPartition)
		if is {
			err = nil
		}
		gone[topic] = is
		return is, err
	}
	err = d.List(ctx, o.Filter, func(l *Letter) error {
		done.Matched++
		switch {
		case o.DryRun:
			return nil
		case l.Origin.Topic == "":
			done.Lost++ // not written by tuition: nobody knows where it came from
			return nil
		case seen[l.content()]:
			done.Repeated++
			return nil
		}
		l.Attempts = max(l.Attempts, attempts[l.content()])
		if is, err := isGone(l.Origin.Topic); err != nil {
			return err
		} else if is {
			done.Gone++
			return nil
		}
		m, err := d.original(ctx, l)
		switch {
		case errors.Is(err, ErrNoRecord):
			done.Lost++
			return nil
		case err != nil:
			return err
		}
		seen[l.content()] = true
		group, size = append(group, *m), size+len(m.Value)
		if len(group) >= limit || size >= maxBatchBytes {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return done, err
}

// content identifies what is sent again: a record that was replayed and rejected again
// lies at another place, and is the same.
func (l *Letter) content() [sha256.Size]byte {
	h := sha256.New()
	part := func(b []byte) { _, _ = fmt.Fprintf(h, "%d ", len(b)); _, _ = h.Write(b) }
	part([]byte(l.Origin.Topic))
	part([]byte(l.SHA256))
	part(l.record.Key)
	for _, header := range l.Headers() {
		if !ofReplay(header.Key) {
			part([]byte(header.Key))
			part(header.Value)
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// original is the record as it was sent first, with the headers of a replay.
func (d DeadLetters) original(ctx context.Context, l *Letter) (*event.Message, error) {
	m := &event.Message{Position: event.Position{Topic: l.Origin.Topic}, Key: l.record.Key, Value: l.record.Value}
	if l.Omitted {
		there, err := readOne(ctx, d.conn, TopicPartition{l.Origin.Topic, l.Origin.Partition}, l.Origin.Offset)
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(there.Value); hex.EncodeToString(sum[:]) != l.SHA256 {
			return nil, fmt.Errorf("%w of that content: another is at %s now", ErrNoRecord, l.Origin)
		}
		m.Value = there.Value
	}
	for _, h := range l.Headers() {
		if !ofReplay(h.Key) {
			m.Headers = append(m.Headers, h)
		}
	}
	m.Headers = append(m.Headers,
		event.Header{Key: headerReplay, Value: []byte(l.First)},
		event.Header{Key: headerReplayAttempts, Value: []byte(strconv.Itoa(l.Attempts))})
	return m, nil
}

// Purged counts what a purge did.
type Purged struct {
	Matched int
	Deleted int // in a dry run: would be
	Kept    int // matching letters behind one that does not match: a log is only cut from its start
}

// Purge deletes matching letters from the start of each partition up to the first
// that does not match: Kafka can cut a log nowhere else.
func (d DeadLetters) Purge(ctx context.Context, f Filter, dryRun bool) (Purged, error) {
	var done Purged
	before := map[TopicPartition]int64{}
	blocked := map[int32]bool{}
	err := d.each(ctx, func(l *Letter) error {
		switch p := l.Position.Partition; {
		case !f.match(l):
			blocked[p] = true
		case blocked[p]:
			done.Matched++
			done.Kept++
		default:
			done.Matched++
			done.Deleted++
			before[TopicPartition{d.topic, p}] = l.Position.Offset + 1
		}
		return nil
	})
	if err != nil || dryRun {
		return done, err
	}
	cl, closeIdle, err := d.conn.client()
	if err != nil {
		return done, err
	}
	defer closeIdle()
	return done, deleteRecords(ctx, cl, before)
}

// ErrNoRecord says that a place holds no record.
var ErrNoRecord = errors.New("kafka: no record")

// readOne reads the record at an offset.
func readOne(ctx context.Context, conn Connection, tp TopicPartition, offset int64) (*event.Message, error) {
	cl, closeIdle, err := conn.client()
	if err != nil {
		return nil, err
	}
	defer closeIdle()
	// The leader of a partition that is not there would be looked for without end.
	all, err := partitions(ctx, cl, []string{tp.Topic})
	switch {
	case errors.Is(err, kafka.UnknownTopicOrPartition):
		return nil, fmt.Errorf("%w: topic %s is not there", ErrNoRecord, tp.Topic)
	case err != nil:
		return nil, err
	case !slices.Contains(all, tp):
		return nil, fmt.Errorf("%w: topic %s has no partition %d; it has %d", ErrNoRecord, tp.Topic, tp.Partition, len(all))
	}
	var found *event.Message
	err = readRange(ctx, conn, tp, offset, offset+1, func(m *event.Message) error {
		if m.Offset == offset {
			found = m
		}
		return nil
	})
	if err == nil && found == nil {
		err = fmt.Errorf("%w at %s@%d: it was deleted or never written", ErrNoRecord, tp, offset)
	}
	return found, err
}

// readRange reads the records of one partition from an offset (or the log's
// start, if that is later) to before another; -1 is the end as it is now. The
// messages are the caller's.
func readRange(ctx context.Context, connection Connection, tp TopicPartition, from, to int64, yield func(*event.Message) error) error {
	l, err := connection.dialLeader(ctx, tp)
	if err != nil {
		return err
	}
	defer l.close()
	defer context.AfterFunc(ctx, l.close)()
	first, end, err := l.offsets()
	if err != nil {
		return err
	}
	if to < 0 || to > end {
		to = end
	}
	var u unpacker
	for at := max(from, first); at < to; {
		size, err := l.ask(at, 1<<20)
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		a, err := l.read(size, &u.raw)
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		at, err = u.unpack(tp, at, a, func(records []event.Message, _ int, _ int64) error {
			for i := range records {
				if records[i].Offset >= to {
					return nil
				}
				m := keep(&records[i])
				if err := yield(&m); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}
