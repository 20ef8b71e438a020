package store

import (
	"encoding/binary"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// column is one column of a batch: what is sent, and how it is cut. Memory is
// kept over resets, so that a long run appends into the same buffers.
type column interface {
	proto.ColInput
	Reset()
	truncate(rows int)
}

// fixed is a column of values of one width.
type fixed[T any, C interface {
	~[]T
	proto.ColInput
}] struct{ values C }

func (c *fixed[T, C]) add(v T)                      { c.values = append(c.values, v) }
func (c *fixed[T, C]) Reset()                       { c.values = c.values[:0] }
func (c *fixed[T, C]) truncate(rows int)            { c.values = c.values[:rows] }
func (c *fixed[T, C]) Type() proto.ColumnType       { return c.values.Type() }
func (c *fixed[T, C]) Rows() int                    { return c.values.Rows() }
func (c *fixed[T, C]) EncodeColumn(b *proto.Buffer) { c.values.EncodeColumn(b) }
func (c *fixed[T, C]) WriteColumn(w *proto.Writer)  { c.values.WriteColumn(w) }

type (
	int8s    = fixed[int8, proto.ColInt8] // also Enum8: the server knows the words
	uint8s   = fixed[uint8, proto.ColUInt8]
	int32s   = fixed[int32, proto.ColInt32]
	int64s   = fixed[int64, proto.ColInt64]
	uint64s  = fixed[uint64, proto.ColUInt64]
	uint128s = fixed[proto.UInt128, proto.ColUInt128]
	float64s = fixed[float64, proto.ColFloat64]
	bools    = fixed[bool, proto.ColBool]
)

// textColumn is a column of strings, kept as they are sent: each after its length.
type textColumn struct {
	wire []byte
	rows int
}

func (c *textColumn) add(text string) {
	c.wire = append(binary.AppendUvarint(c.wire, uint64(len(text))), text...)
	c.rows++
}

func (c *textColumn) Reset() { c.wire, c.rows = c.wire[:0], 0 }

func (c *textColumn) truncate(rows int) {
	at := 0
	for range rows {
		length, n := binary.Uvarint(c.wire[at:])
		at += n + int(length)
	}
	c.wire, c.rows = c.wire[:at], rows
}

func (c *textColumn) Type() proto.ColumnType       { return proto.ColumnTypeString }
func (c *textColumn) Rows() int                    { return c.rows }
func (c *textColumn) EncodeColumn(b *proto.Buffer) { b.PutRaw(c.wire) }
func (c *textColumn) WriteColumn(w *proto.Writer)  { w.ChainWrite(c.wire) }

// lists is a column of lists of strings.
type lists struct {
	items textColumn
	ends  proto.ColUInt64
}

func (c *lists) add(values []string) {
	for _, v := range values {
		c.items.add(v)
	}
	c.ends = append(c.ends, uint64(c.items.rows))
}

func (c *lists) Reset() {
	c.items.Reset()
	c.ends = c.ends[:0]
}

func (c *lists) truncate(rows int) {
	items := 0
	if rows > 0 {
		items = int(c.ends[rows-1])
	}
	c.items.truncate(items)
	c.ends = c.ends[:rows]
}

func (c *lists) Type() proto.ColumnType { return proto.ColumnTypeArray.Sub(proto.ColumnTypeString) }
func (c *lists) Rows() int              { return len(c.ends) }

func (c *lists) EncodeColumn(b *proto.Buffer) {
	c.ends.EncodeColumn(b)
	c.items.EncodeColumn(b)
}

func (c *lists) WriteColumn(w *proto.Writer) {
	c.ends.WriteColumn(w)
	c.items.WriteColumn(w)
}

// words is a LowCardinality column: a dictionary and a key for each row. Events of
// one tool resemble each other, so the last word is looked at before the dictionary.
type words struct {
	proto.ColLowCardinalityRaw
	dictionary proto.ColStr
	keys       map[string]uint32
	list       []string // by key
	lastKey    uint32
}

func newWords() *words {
	c := &words{keys: map[string]uint32{}}
	c.Index, c.Key = &c.dictionary, proto.KeyUInt32
	return c
}

func (c *words) add(word string) {
	if len(c.list) == 0 || word != c.list[c.lastKey] {
		key, known := c.keys[word]
		if !known {
			word = strings.Clone(word) // the event's memory is used again
			key = uint32(len(c.list))
			c.keys[word] = key
			c.list = append(c.list, word)
			c.dictionary.Append(word)
		}
		c.lastKey = key
	}
	c.Keys32 = append(c.Keys32, c.lastKey)
}

func (c *words) Reset() {
	c.ColLowCardinalityRaw.Reset()
	clear(c.keys)
	c.list = c.list[:0]
}

// truncate keeps the dictionary: words that no row uses do no harm.
func (c *words) truncate(rows int) { c.Keys32 = c.Keys32[:rows] }

// digests is a column of SHA-256 sums.
type digests struct{ proto.ColFixedStr }

func (c *digests) truncate(rows int) { c.Buf = c.Buf[:rows*c.Size] }
