package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tuition-hq/tuition/pkg/adapter"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/source"
	"github.com/tuition-hq/tuition/pkg/store"
)

// Receipt says what became of the events of some files.
type Receipt struct {
	Sent     int64
	Waited   bool // Accepted, Rejected and Codes are known
	Accepted int64
	Rejected int64
	Codes    []store.CodeCount
	Findings []string // oddities that were read all the same, with file and line
	Dry      bool     // nothing was sent, since --strict found something
	faults   []error  // parts of the files that gave no event
}

// Unreadable counts the files, or parts of files, that gave no event.
func (r *Receipt) Unreadable() int { return len(r.faults) }

// err joins what was wrong with the files themselves.
func (r *Receipt) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	return usage(errors.Join(r.faults...))
}

// Publish sends the events of JSON Lines files, "-" being stdin.
func (s *Session) Publish(ctx context.Context, files []string, stdin io.Reader, wait bool) (Receipt, error) {
	decoder, err := s.newDecoder()
	if err != nil {
		return Receipt{}, err
	}
	return s.send(ctx, wait, func(out *sender) error {
		for _, file := range files {
			if err := publishFile(out, decoder, file, stdin); err != nil {
				return err
			}
		}
		return nil
	})
}

func publishFile(out *sender, decoder *event.Decoder, file string, stdin io.Reader) error {
	in := io.NopCloser(stdin)
	if file != "-" {
		var err error
		if in, err = source.Open(file, nil); err != nil {
			return out.unreadable(err)
		}
	}
	defer in.Close()
	var row event.Event
	err := source.JSONLines(in, file, func(m event.Message) error {
		if bare(m.Value) {
			m.Headers = nil
		}
		m.Time = event.Millis(time.Now().UnixMilli())
		// The consumer's verdict counts; this one is for file and line, and for the key.
		if rejection := decoder.Decode(&m, &row); rejection != nil {
			out.receipt.Findings = append(out.receipt.Findings, rejection.Error())
		} else {
			m.Key = []byte(row.Entity)
		}
		return out.add(m)
	}, func(f *source.Fault) error {
		out.receipt.faults = append(out.receipt.faults, f)
		return nil
	})
	return out.unreadable(err)
}

// unreadable counts a fault of a file, so that the others are read; other errors end the sending.
func (o *sender) unreadable(err error) error {
	var fault *source.Fault
	if !errors.As(err, &fault) {
		return err
	}
	o.receipt.faults = append(o.receipt.faults, fault)
	return nil
}

// bare tells a CDEvent without an envelope from a structured CloudEvent.
func bare(value []byte) bool {
	var root struct{ Context, Subject json.RawMessage }
	return json.Unmarshal(value, &root) == nil && root.Context != nil && root.Subject != nil
}

// ImportOptions say what to import and how.
type ImportOptions struct {
	Adapter    string
	Parameters map[string]string
	Files      []string
	Strict     bool
	Wait       bool
}

// AdapterNames lists the adapters that come with tuition.
func AdapterNames() []string {
	set, err := adapter.Load("")
	if err != nil {
		return nil // the same error stops every use of an adapter
	}
	return set.Names()
}

func loadAdapter(name, dir string) (*adapter.Adapter, error) {
	set, err := adapter.Load(dir)
	if err != nil {
		return nil, err
	}
	return set.Get(name)
}

// Import turns files into events by an adapter and sends them.
func (s *Session) Import(ctx context.Context, o ImportOptions) (Receipt, error) {
	a, err := loadAdapter(o.Adapter, s.settings.AdaptersDir)
	if err != nil {
		return Receipt{}, usage(err)
	}
	if o.Strict {
		decoder, err := s.newDecoder()
		if err != nil {
			return Receipt{Dry: true}, err
		}
		dry := &sender{receipt: Receipt{Dry: true}, decoder: decoder}
		if err := s.importFiles(ctx, a, o, dry); err != nil {
			return dry.receipt, err
		}
		if err := dry.receipt.err(); err != nil {
			return dry.receipt, err
		}
		if n := len(dry.receipt.Findings); n > 0 {
			return dry.receipt, usage(fmt.Errorf("--strict: %d findings; mend the files, or leave out --strict", n))
		}
	}
	return s.send(ctx, o.Wait, func(out *sender) error { return s.importFiles(ctx, a, o, out) })
}

func (s *Session) importFiles(ctx context.Context, a *adapter.Adapter, o ImportOptions, out *sender) error {
	files, missing := a.Files(o.Files)
	out.receipt.faults = append(out.receipt.faults, missing...)
	bar := s.progress("importing", int64(len(files)))
	defer bar.finish()
	for i, file := range files {
		err := a.File(ctx, file, adapter.Options{Set: o.Parameters}, importSink{out})
		var fault *adapter.Fault
		switch {
		case errors.As(err, &fault):
			out.receipt.faults = append(out.receipt.faults, fault)
		case err != nil && ctx.Err() == nil && !errors.Is(err, errSend):
			return usage(err)
		case err != nil:
			return err
		}
		if err == nil && isReport(file) {
			found, err := s.checkReport(file)
			if err != nil {
				return usage(err)
			}
			for _, f := range found {
				out.receipt.Findings = append(out.receipt.Findings, f.String())
			}
		}
		bar.add(1, int64(i+1), int64(len(files)))
	}
	return nil
}

// importSink sends what an adapter makes of a file, marked as history.
type importSink struct{ *sender }

func (i importSink) Event(e adapter.Event) error {
	headers, err := event.BinaryHeaders(e.CDEvent)
	if err != nil {
		return err
	}
	key, err := event.Key(e.CDEvent)
	if err != nil {
		return err
	}
	headers = append(headers, event.Header{Key: event.HeaderImported, Value: []byte("true")})
	return i.add(event.Message{Position: e.Position, Key: key, Value: e.CDEvent, Headers: headers, Time: event.Millis(time.Now().UnixMilli())})
}

func (i importSink) Finding(f adapter.Finding) error {
	i.receipt.Findings = append(i.receipt.Findings, f.String())
	return nil
}

func (i importSink) Fault(f *adapter.Fault) error {
	i.receipt.faults = append(i.receipt.faults, f)
	return nil
}

// sender collects messages and sends them in chunks. Without a producer it only
// counts, and tries whether the consumer would accept them.
type sender struct {
	ctx      context.Context
	producer *consume.Producer
	decoder  *event.Decoder // set where there is no producer
	row      event.Event    // used again for each
	topic    string
	chunk    []event.Message
	added    event.Position // in its file, of the event added last
	upTo     event.Position // all events to here are acknowledged
	receipt  Receipt
}

const sendChunk = 5000

var errSend = errors.New("send to Kafka")

func (o *sender) add(m event.Message) error {
	o.receipt.Sent++
	if o.producer == nil {
		if rejection := o.decoder.Decode(&m, &o.row); rejection != nil {
			o.receipt.Findings = append(o.receipt.Findings, rejection.Error())
		}
		return nil
	}
	o.added, m.Position = m.Position, event.Position{Topic: o.topic}
	o.chunk = append(o.chunk, m)
	if len(o.chunk) < sendChunk {
		return nil
	}
	return o.flush()
}

func (o *sender) flush() error {
	if len(o.chunk) == 0 {
		return nil
	}
	err := o.producer.Send(o.ctx, o.chunk...)
	o.chunk = o.chunk[:0]
	if err != nil {
		return fmt.Errorf("%w: %w", errSend, err)
	}
	o.upTo = o.added
	return nil
}

// stopped says how far the sending came before a server failed.
func (s *Session) stopped(o *sender, err error) error {
	if err == nil || errors.Is(err, ErrUsage) || o.ctx.Err() != nil {
		return err
	}
	acknowledged := int64(0)
	for _, spans := range o.producer.Spans() {
		for _, span := range spans {
			acknowledged += span.Last - span.First + 1
		}
	}
	err = s.Explain(err)
	switch at := o.upTo.String(); {
	case acknowledged == 0:
		return err
	case at == "":
		return fmt.Errorf("%w. %d events were acknowledged: send all again, nothing counts twice", err, acknowledged)
	default:
		return fmt.Errorf("%w. %d events were acknowledged, all up to %s: send all again, nothing counts twice", err, acknowledged, at)
	}
}

// send opens a producer, lets fill produce, and waits until what was sent is
// folded, reading it itself where the servers are embedded.
func (s *Session) send(ctx context.Context, wait bool, fill func(*sender) error) (Receipt, error) {
	if err := s.prepare(ctx); err != nil {
		return Receipt{}, err
	}
	producer, err := consume.NewProducer(s.connection())
	if err != nil {
		return Receipt{}, usage(err)
	}
	defer producer.Close()
	out := &sender{ctx: ctx, producer: producer, topic: s.settings.Kafka.EventsTopic}
	if err := errors.Join(fill(out), out.flush()); err != nil {
		return out.receipt, s.stopped(out, err)
	}
	out.receipt.Waited = wait
	if wait && out.receipt.Sent > 0 {
		if err := s.waitFolded(ctx, producer, &out.receipt); err != nil {
			return out.receipt, s.stopped(out, err)
		}
	}
	return out.receipt, out.receipt.err()
}

func (s *Session) waitFolded(ctx context.Context, producer *consume.Producer, receipt *Receipt) error {
	st, err := s.openStore(ctx, s.settings.ClickHouse.Ingest)
	if err != nil {
		return err
	}
	wait := func(ctx context.Context) error {
		return consume.WaitCommitted(ctx, s.connection(), s.settings.Kafka.Group, producer.Offsets(), func(why error) {
			if unreachable(why) {
				why = fmt.Errorf("%w. All %d events were acknowledged: wait for the servers, or stop and send all again, nothing counts twice", s.Explain(why), receipt.Sent)
			}
			s.stillWaiting(why)
		})
	}
	done := s.slow("waiting until what was sent is folded")
	if s.services != nil {
		err = s.whileConsuming(ctx, st, wait)
	} else {
		err = wait(ctx)
	}
	done()
	if err != nil {
		return err
	}
	var spans []store.Span
	for tp, sent := range producer.Spans() {
		for _, span := range sent {
			spans = append(spans, store.Span{Topic: tp.Topic, Partition: tp.Partition, First: span.First, Last: span.Last})
		}
	}
	receipt.Codes, err = st.RejectedIn(ctx, spans)
	for _, c := range receipt.Codes {
		receipt.Rejected += c.Count
	}
	receipt.Accepted = receipt.Sent - receipt.Rejected
	return err
}

// stillWaiting tells why a command has not ended yet.
func (s *Session) stillWaiting(why error) { fmt.Fprintf(s.stderr, "still waiting: %v\n", why) }

// newDecoder is the decoder that the settings ask for.
func (s *Session) newDecoder() (*event.Decoder, error) {
	if err := s.missingKey(); err != nil {
		return nil, usage(err)
	}
	d, err := event.NewDecoder(event.Options{RedactionKey: []byte(s.settings.Privacy.Key), Redact: s.settings.Privacy.Redact})
	return d, usage(err)
}

// missingKey says that identifiers of people are to be hashed and there is no key for it.
func (s *Session) missingKey() error {
	if s.settings.Privacy.Redact != "hash" || s.settings.Privacy.Key != "" {
		return nil
	}
	return errors.New("setting privacy.key_file: a key is needed to hash identifiers of people; `openssl rand -hex 32` makes one. With another key the same event gets another identity, so keep it")
}

// topicAdapter reads a topic of the user's own through its adapter.
func (s *Session) topicAdapter(t TopicSettings) (topicAdapter, error) {
	a, err := loadAdapter(t.Adapter, s.settings.AdaptersDir)
	if err != nil {
		return nil, err
	}
	return func(m *event.Message) ([]event.Message, *event.Rejection) {
		events, err := a.Record(context.Background(), m)
		if err != nil {
			return nil, &event.Rejection{
				Code: event.CodeAdapter, Position: m.Position, Expected: "a record that adapter " + a.Name + " can read",
				Mend: "look at the record with `tuition deadletter show --value`, and at the adapter", // its message may quote the record
			}
		}
		return events, nil
	}, nil
}
