package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/tuition-hq/tuition/pkg/event"
)

// Batch holds rows until they are inserted. Its memory is used again after Reset.
// It keeps one connection of its own, speaking the native protocol with columns
// that it fills itself: the columns of the general client grow anew in each batch.
// It is not safe for concurrent use.
type Batch struct {
	store      *Store
	client     *ch.Client
	events     *eventColumns // being filled
	spare      *eventColumns // the last that was streamed, which may still be on its way
	rejections rejectionColumns
	stream     *stream // the insert under way; nil: none
	streamed   int     // rows that were given to it
	bytes      int
	compress   func(addr string) ch.Compression
}

// rowBytes is about what a row takes beside its texts.
const rowBytes = 300

// NewBatch makes an empty batch.
func (s *Store) NewBatch() *Batch {
	return &Batch{store: s, events: newEventColumns(), spare: newEventColumns(), rejections: newRejectionColumns(), compress: compression}
}

// Append adds a copy of an event that the decoder accepted.
func (b *Batch) Append(e *event.Event) {
	b.events.add(e)
	b.bytes += rowBytes + len(e.Entity) + len(e.ID) + len(e.Canonical) + len(e.Attributes)
}

// AppendRejection adds why a record was not accepted; of its content only the SHA-256.
func (b *Batch) AppendRejection(m *event.Message, r *event.Rejection) {
	b.rejections.add(m, r, sha256.Sum256(m.Value))
	b.bytes += rowBytes
}

// Rows is how many rows the batch has, those that were streamed and rejections included.
func (b *Batch) Rows() int { return b.streamed + b.events.rows() + b.rejections.rows() }

// Bytes is about how much memory is taken by the rows that were not yet streamed.
func (b *Batch) Bytes() int { return b.bytes }

// Truncate forgets the events appended last, until only so many rows are left.
// Nothing but events may have been appended since the batch had that many, and
// none of them streamed.
func (b *Batch) Truncate(rows int) {
	events := rows - b.streamed - b.rejections.rows()
	for _, c := range b.events.all {
		c.truncate(events)
	}
}

// Reset forgets all rows and keeps their memory. Of an insert that is under way
// some rows may land all the same.
func (b *Batch) Reset() {
	if b.stream != nil {
		b.stream.abort()
		b.stream = nil
	}
	b.events.reset()
	b.spare.reset()
	for _, c := range b.rejections.all {
		c.Reset()
	}
	b.streamed, b.bytes = 0, 0
}

// Close ends the batch's connection. The rows stay.
func (b *Batch) Close() error {
	if b.client == nil {
		return nil
	}
	client := b.client
	b.client = nil
	if err := client.Close(); err != nil && !errors.Is(err, ch.ErrClosed) {
		return err
	}
	return nil
}

// Send inserts the rows and returns once ClickHouse has acknowledged them. The
// rows stay until Reset: after an error the outcome is unknown, and Send may be
// called again, since a row that lands twice is folded as one. Rows that were streamed
// are gone after an error: Send fails until Reset, and they are to be appended again.
func (b *Batch) Send(ctx context.Context) error {
	if err := b.sendEvents(ctx); err != nil {
		return fmt.Errorf("insert %d events: %w", b.streamed+b.events.rows(), advised(err))
	}
	if err := b.insert(ctx, "rejection_row", b.rejections.input, b.rejections.rows()); err != nil {
		return fmt.Errorf("insert %d rejections: %w", b.rejections.rows(), err)
	}
	return nil
}

func (b *Batch) sendEvents(ctx context.Context) error {
	if b.stream == nil {
		return b.insert(ctx, "event", b.events.input, b.events.rows())
	}
	err := b.Stream(ctx)
	if err == nil {
		err = b.stream.finish(ctx)
	}
	if err != nil {
		return err
	}
	b.stream, b.streamed = nil, 0
	return nil
}

// Stream sends the events appended so far as the next block of one insert, which
// Send ends and ClickHouse then acknowledges as a whole: it makes one part of many
// blocks, and the memory of a block is this batch's again when it is sent.
// After an error there is no use in appending more: Send will tell what became of the rows.
func (b *Batch) Stream(ctx context.Context) error {
	rows := b.events.rows()
	if rows == 0 {
		return nil
	}
	if b.stream == nil {
		if err := b.connect(ctx); err != nil {
			return err
		}
		b.stream = newStream(b.client, b.spare.input)
	}
	if err := b.stream.send(ctx, b.events); err != nil {
		return err
	}
	// The stream takes a block when it is done with the one before, and has emptied that.
	b.events, b.spare = b.spare, b.events
	b.streamed += rows
	b.bytes = rowBytes * b.rejections.rows()
	return nil
}

func (b *Batch) insert(ctx context.Context, table string, input proto.Input, rows int) error {
	if rows == 0 {
		return nil
	}
	if err := b.connect(ctx); err != nil {
		return err
	}
	err := b.client.Do(ctx, ch.Query{Body: input.Into(table), Input: input})
	if err != nil {
		// The connection may be in the middle of an exchange.
		return errors.Join(err, b.Close())
	}
	return nil
}

// connect makes sure of a connection.
func (b *Batch) connect(ctx context.Context) (err error) {
	if b.client == nil || b.client.IsClosed() {
		b.client, err = b.dial(ctx)
	}
	return err
}

// dial connects to the first server that answers.
func (b *Batch) dial(ctx context.Context) (*ch.Client, error) {
	config := b.store.config
	var faults []error
	for _, addr := range config.Addrs {
		client, err := ch.Dial(ctx, ch.Options{
			Address: addr, Database: config.Database, User: config.Username, Password: config.Password,
			TLS: config.TLS, Compression: b.compress(addr), ReadTimeout: config.ReadTimeout,
			DialTimeout: config.DialTimeout, HandshakeTimeout: config.DialTimeout,
			Settings: insertSettings(config),
		})
		if err == nil {
			return client, nil
		}
		faults = append(faults, fmt.Errorf("ClickHouse %s: %w", addr, err))
	}
	return nil, errors.Join(faults...)
}

// compression saves a network, and nothing to a server on this machine: there it took a
// quarter of this process's time and a fifth of its memory.
func compression(addr string) ch.Compression {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && ip.Unmap().IsLoopback() {
		return ch.CompressionDisabled
	}
	return ch.CompressionLZ4
}

// insertSettings are what the acknowledgement of an insert rests on. Asynchronous
// inserts, the default since 26.2, would acknowledge before the rows are written.
func insertSettings(config Config) []ch.Setting {
	settings := []ch.Setting{
		ch.SettingInt("async_insert", 0),
		ch.SettingInt("optimize_on_insert", 0),
	}
	if config.Cluster != "" {
		settings = append(settings, ch.SettingInt("distributed_foreground_insert", 1))
	}
	if config.Replicated {
		settings = append(settings, ch.Setting{Key: "insert_quorum", Value: "auto", Important: true})
	}
	return settings
}

// eventColumns are the columns of table event.
type eventColumns struct {
	all   []column
	input proto.Input

	kind, predicate                                                *int8s
	entity                                                         *textColumn
	source, typ                                                    *words
	id                                                             *textColumn
	occurredAt, emittedAt, receivedAt                              *int64s
	imported                                                       *bools
	ord                                                            *uint128s
	stated                                                         *uint64s
	service, environment                                           *words
	services                                                       *lists
	severity                                                       *uint8s
	detectionSource, failureMode, causeCategory, containedBy       *words
	blastRadius                                                    *float64s
	contained, planned                                             *int8s
	duplicateOf                                                    *textColumn
	startedAt, detectedAt, acknowledgedAt, mitigatedAt, resolvedAt *int64s
	changeKind                                                     *int8s
	version, commit, artifact                                      *textColumn
	finishedAt                                                     *int64s
	outcome, rollout                                               *words
	automaticRollback, killSwitch                                  *int8s
	flagKey, flagFrom, flagTo                                      *textColumn
	links                                                          *lists
	attributes, canonical                                          *textColumn
	digest                                                         *digests
}

func (c *eventColumns) rows() int { return len(c.kind.values) }

func (c *eventColumns) reset() {
	for _, column := range c.all {
		column.Reset()
	}
}

func named[C column](all *[]column, input *proto.Input, name string, c C) C {
	*all = append(*all, c)
	*input = append(*input, proto.InputColumn{Name: name, Data: c})
	return c
}

func newEventColumns() *eventColumns {
	c := &eventColumns{}
	int8Column := func(name string) *int8s { return named(&c.all, &c.input, name, &int8s{}) }
	millis := func(name string) *int64s { return named(&c.all, &c.input, name, &int64s{}) }
	text := func(name string) *textColumn { return named(&c.all, &c.input, name, &textColumn{}) }
	word := func(name string) *words { return named(&c.all, &c.input, name, newWords()) }

	c.kind, c.predicate, c.entity = int8Column("kind"), int8Column("predicate"), text("entity")
	c.source, c.id, c.typ = word("source"), text("id"), word("type")
	c.occurredAt, c.emittedAt, c.receivedAt = millis("occurred_at"), millis("emitted_at"), millis("received_at")
	c.imported = named(&c.all, &c.input, "imported", &bools{})
	c.ord = named(&c.all, &c.input, "ord", &uint128s{})
	c.stated = named(&c.all, &c.input, "stated", &uint64s{})

	c.service, c.environment = word("service"), word("environment")
	c.services = named(&c.all, &c.input, "services", &lists{})
	c.severity = named(&c.all, &c.input, "severity", &uint8s{})
	c.detectionSource, c.failureMode = word("detection_source"), word("failure_mode")
	c.causeCategory, c.containedBy = word("cause_category"), word("contained_by")
	c.blastRadius = named(&c.all, &c.input, "blast_radius", &float64s{})
	c.contained, c.planned, c.duplicateOf = int8Column("contained"), int8Column("planned"), text("duplicate_of")
	c.startedAt, c.detectedAt, c.acknowledgedAt = millis("started_at"), millis("detected_at"), millis("acknowledged_at")
	c.mitigatedAt, c.resolvedAt = millis("mitigated_at"), millis("resolved_at")

	c.changeKind = int8Column("change_kind")
	c.version, c.commit, c.artifact = text("version"), text("commit_sha"), text("artifact")
	c.finishedAt, c.outcome, c.rollout = millis("finished_at"), word("outcome"), word("rollout")
	c.automaticRollback, c.killSwitch = int8Column("automatic_rollback"), int8Column("kill_switch")
	c.flagKey, c.flagFrom, c.flagTo = text("flag_key"), text("flag_from"), text("flag_to")

	c.links = named(&c.all, &c.input, "links", &lists{})
	c.attributes, c.canonical = text("attributes"), text("canonical")
	c.digest = named(&c.all, &c.input, "sha256", &digests{proto.ColFixedStr{Size: 32}})
	return c
}

func (c *eventColumns) add(e *event.Event) {
	c.kind.add(int8(e.Kind))
	c.predicate.add(int8(e.Predicate))
	c.entity.add(e.Entity)
	c.source.add(e.Source)
	c.id.add(e.ID)
	c.typ.add(e.Type)
	c.occurredAt.add(int64(e.OccurredAt))
	c.emittedAt.add(int64(e.EmittedAt))
	c.receivedAt.add(int64(e.ReceivedAt))
	c.imported.add(e.Imported)
	c.ord.add(proto.UInt128{High: e.OrdHigh, Low: e.OrdLow})
	c.stated.add(uint64(e.Stated))

	c.service.add(e.Service)
	c.environment.add(e.Environment)
	c.services.add(e.Services)
	c.severity.add(e.Severity)
	c.detectionSource.add(e.DetectionSource)
	c.failureMode.add(e.FailureMode)
	c.causeCategory.add(e.CauseCategory)
	c.containedBy.add(e.ContainedBy)
	c.blastRadius.add(e.BlastRadius)
	c.contained.add(int8(e.Contained))
	c.planned.add(int8(e.Planned))
	c.duplicateOf.add(e.DuplicateOf)
	c.startedAt.add(int64(e.StartedAt))
	c.detectedAt.add(int64(e.DetectedAt))
	c.acknowledgedAt.add(int64(e.AcknowledgedAt))
	c.mitigatedAt.add(int64(e.MitigatedAt))
	c.resolvedAt.add(int64(e.ResolvedAt))

	c.changeKind.add(int8(e.ChangeKind))
	c.version.add(e.Version)
	c.commit.add(e.Commit)
	c.artifact.add(e.Artifact)
	c.finishedAt.add(int64(e.FinishedAt))
	c.outcome.add(e.Outcome)
	c.rollout.add(e.Rollout)
	c.automaticRollback.add(int8(e.AutomaticRollback))
	c.killSwitch.add(int8(e.KillSwitch))
	c.flagKey.add(e.FlagKey)
	c.flagFrom.add(e.FlagFrom)
	c.flagTo.add(e.FlagTo)

	c.links.add(e.Links)
	c.attributes.add(e.Attributes)
	c.canonical.add(e.Canonical)
	c.digest.Append(e.SHA256[:])
}

// rejectionColumns are the columns of table rejection_row.
type rejectionColumns struct {
	all   []column
	input proto.Input

	code, topic                   *words
	pointer, expected, mend, file *textColumn
	partition                     *int32s
	offset, line, receivedAt      *int64s
	digest                        *digests
}

func (c *rejectionColumns) rows() int { return len(c.partition.values) }

func newRejectionColumns() rejectionColumns {
	var c rejectionColumns
	text := func(name string) *textColumn { return named(&c.all, &c.input, name, &textColumn{}) }
	integer := func(name string) *int64s { return named(&c.all, &c.input, name, &int64s{}) }
	c.code = named(&c.all, &c.input, "code", newWords())
	c.pointer, c.expected, c.mend = text("pointer"), text("expected"), text("mend")
	c.topic = named(&c.all, &c.input, "topic", newWords())
	c.partition = named(&c.all, &c.input, "partition", &int32s{})
	c.offset, c.file, c.line = integer("offset"), text("file"), integer("line")
	c.digest = named(&c.all, &c.input, "sha256", &digests{proto.ColFixedStr{Size: 32}})
	c.receivedAt = integer("received_at")
	return c
}

func (c *rejectionColumns) add(m *event.Message, r *event.Rejection, sum [32]byte) {
	c.code.add(string(r.Code))
	c.pointer.add(r.Pointer)
	c.expected.add(r.Expected)
	c.mend.add(r.Mend)
	c.topic.add(m.Topic)
	c.partition.add(m.Partition)
	c.offset.add(m.Offset)
	c.file.add(m.File)
	c.line.add(int64(m.Line))
	c.digest.Append(sum[:])
	c.receivedAt.add(int64(m.Time))
}
