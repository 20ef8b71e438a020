package consume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/segmentio/kafka-go"

	"github.com/tuition-hq/tuition/pkg/event"
)

// Records are handed on in groups of at most this many.
const groupRecords = 256

// unpacker turns record batches (version 2, of Kafka 0.11 and later) into messages.
// Messages and their memory are used again: they are good until yield returns.
type unpacker struct {
	raw      []byte // an answer, as it was read
	unpacked []byte // one batch of it, uncompressed
	source   bytes.Reader
	messages []event.Message
	names    map[string]string // of headers; they repeat
	aborting map[int64]bool
}

// Bits of a record batch's attributes.
const (
	compressionBits = 0x07
	logAppendTime   = 0x08
	transactional   = 0x10
	control         = 0x20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// unpack calls yield with the records from an offset on, in groups, and with the
// offset after each group, which also covers what is not a record: control
// records, aborted ones, and what compaction removed. It returns the offset reached.
func (u *unpacker) unpack(tp TopicPartition, from int64, a answer, yield func(records []event.Message, bytes int, next int64) error) (next int64, err error) {
	next = from
	aborted := slices.Clone(a.aborted)
	slices.SortFunc(aborted, func(x, y abortedTransaction) int { return int(max(min(x.first-y.first, 1), -1)) })
	if u.aborting == nil {
		u.aborting = map[int64]bool{}
	}
	clear(u.aborting)
	for rest := a.records; len(rest) >= 12; {
		length := int(binary.BigEndian.Uint32(rest[8:]))
		if length > len(rest)-12 {
			break // cut at the answer's limit
		}
		h, err := openBatch(rest[:12+length])
		if err != nil {
			return next, fmt.Errorf("kafka: record batch of %s at offset %d: %w", tp, int64(binary.BigEndian.Uint64(rest)), err)
		}
		rest = rest[12+length:]
		for len(aborted) > 0 && aborted[0].first <= h.last {
			u.aborting[aborted[0].producer] = true
			aborted = aborted[1:]
		}
		skip := h.last < from
		switch {
		case h.attributes&control != 0:
			// A control record ends the producer's transaction, aborted or committed.
			delete(u.aborting, h.producer)
			skip = true
		case h.attributes&transactional != 0 && u.aborting[h.producer]:
			skip = true
		}
		if !skip {
			if err := u.batch(tp, from, &h, yield); err != nil {
				return next, fmt.Errorf("kafka: record batch of %s at offset %d: %w", tp, h.base, err)
			}
		}
		if h.last >= from {
			next = h.last + 1
			if err := yield(nil, 0, next); err != nil {
				return next, err
			}
		}
	}
	if next == from && len(a.records) > 0 {
		return next, fmt.Errorf("kafka: no whole record batch of %s at offset %d in %d bytes", tp, from, len(a.records))
	}
	return next, nil
}

// batchHeader is what precedes the records of a batch.
type batchHeader struct {
	base, last      int64 // offsets
	attributes      int16
	firstAt, lastAt int64
	producer        int64
	count           int32
	records         []byte
}

var errMangled = errors.New("mangled")

// openBatch reads a batch's header and checks its sum.
func openBatch(b []byte) (h batchHeader, err error) {
	c := cursor{rest: b}
	h.base = c.int64()
	c.int32() // length
	c.int32() // leader epoch
	if magic := c.int8(); c.ok() && magic != 2 {
		return h, fmt.Errorf("written in message format %d, which Kafka 4 has dropped; only 2 is read", magic)
	}
	sum := uint32(c.int32())
	if got := crc32.Checksum(c.rest, castagnoli); c.ok() && got != sum {
		return h, fmt.Errorf("its checksum is %08x and should be %08x: it was damaged on the way or on the broker's disk", got, sum)
	}
	h.attributes = c.int16()
	h.last = h.base + int64(c.int32())
	h.firstAt, h.lastAt = c.int64(), c.int64()
	h.producer = c.int64()
	c.int16() // producer epoch
	c.int32() // base sequence
	h.count = c.int32()
	h.records = c.rest
	if !c.ok() {
		return h, errMangled
	}
	return h, nil
}

func (u *unpacker) batch(tp TopicPartition, from int64, h *batchHeader, yield func([]event.Message, int, int64) error) error {
	records := h.records
	if code := h.attributes & compressionBits; code != 0 {
		var err error
		if records, err = u.uncompress(kafka.Compression(code), records); err != nil {
			return err
		}
	}
	c := cursor{rest: records}
	n, size := 0, 0
	next := from
	for range h.count {
		r := cursor{rest: c.bytes()}
		if !c.ok() {
			return errMangled
		}
		r.int8() // attributes: none are defined
		at, offset := h.firstAt+r.varint(), h.base+r.varint()
		if offset < from {
			continue
		}
		if h.attributes&logAppendTime != 0 {
			at = h.lastAt
		}
		if n == len(u.messages) {
			u.messages = append(u.messages, event.Message{})
		}
		m := &u.messages[n]
		m.Position = event.Position{Topic: tp.Topic, Partition: tp.Partition, Offset: offset}
		m.Time = event.Millis(at)
		m.Key, m.Value = r.bytes(), r.bytes()
		m.Headers = m.Headers[:0]
		for range r.varint() {
			name := u.name(r.bytes())
			m.Headers = append(m.Headers, event.Header{Key: name, Value: r.bytes()})
			if !r.ok() {
				break
			}
		}
		if !r.ok() {
			return errMangled
		}
		next = offset + 1
		n++
		size += len(m.Key) + len(m.Value)
		if n == groupRecords {
			if err := yield(u.messages[:n], size, next); err != nil {
				return err
			}
			n, size = 0, 0
		}
	}
	if n == 0 {
		return nil
	}
	return yield(u.messages[:n], size, next)
}

// maxNames bounds the header names that are kept; more than that are made anew each time.
const maxNames = 1000

func (u *unpacker) name(b []byte) string {
	if name, ok := u.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if u.names == nil {
		u.names = map[string]string{}
	}
	if len(u.names) < maxNames {
		u.names[name] = name
	}
	return name
}

func (u *unpacker) uncompress(compression kafka.Compression, packed []byte) ([]byte, error) {
	codec := compression.Codec()
	if codec == nil {
		return nil, fmt.Errorf("compressed in an unknown way (%d)", compression)
	}
	u.source.Reset(packed)
	r := codec.NewReader(&u.source)
	defer r.Close()
	out := u.unpacked[:0]
	for {
		if len(out) == cap(out) {
			if cap(out) > maxAnswer {
				return nil, errors.New("it is beyond all limits when uncompressed")
			}
			out = slices.Grow(out, max(4*len(packed)-len(out), 64<<10))
		}
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		u.unpacked = out
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot uncompress it: %w", err)
		}
	}
}
