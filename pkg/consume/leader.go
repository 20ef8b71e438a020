package consume

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

// leader is a connection to the leader of one partition. kafka-go dials it, looks
// up the leader, encrypts and authenticates; the fetches are written and read here,
// because kafka-go's own allocate each key, value and header anew, hand control
// records out as if they were events, and do not hide aborted transactions.
type leader struct {
	tp      TopicPartition
	conn    *kafka.Conn
	raw     net.Conn // what conn reads from and writes to
	request []byte
	id      int32
}

// dialLeader connects to the leader of a partition, asking each broker in turn.
func (c Connection) dialLeader(ctx context.Context, tp TopicPartition) (*leader, error) {
	d, err := c.dialer()
	if err != nil {
		return nil, err
	}
	// The connection dialled last is the leader's. TLS is done here, so that it is
	// the encrypted one that is kept.
	l := &leader{tp: tp}
	conf := d.TLS
	d.TLS = nil
	d.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{Timeout: dialTimeout, KeepAlive: d.KeepAlive}).DialContext(ctx, network, address)
		if err == nil && conf != nil {
			conn, err = encrypt(ctx, conn, conf, address)
		}
		l.raw = conn
		return conn, err
	}
	for _, broker := range c.Brokers {
		if l.conn, err = d.DialLeader(ctx, "tcp", broker, tp.Topic, int(tp.Partition)); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("kafka: no leader reached for %s: %w", tp, err)
}

func encrypt(ctx context.Context, conn net.Conn, conf *tls.Config, address string) (net.Conn, error) {
	if conf.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			conn.Close()
			return nil, err
		}
		conf = conf.Clone()
		conf.ServerName = host
	}
	encrypted := tls.Client(conn, conf)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return encrypted, nil
}

func (l *leader) close() { _ = l.conn.Close() }

// offsets are those of the log: its first record and its end.
func (l *leader) offsets() (first, end int64, err error) {
	if err := l.conn.SetDeadline(time.Now().Add(readTimeout)); err != nil {
		return 0, 0, err
	}
	first, end, err = l.conn.ReadOffsets()
	if err != nil {
		return 0, 0, fmt.Errorf("kafka: cannot read the offsets of %s: %w", l.tp, err)
	}
	return first, end, nil
}

// ask sends a fetch (version 10: Kafka 2.1 and later) of committed records and
// waits for the beginning of the answer: its size. The rest waits in the socket.
func (l *leader) ask(offset int64, maxBytes int) (size int, err error) {
	if err := l.raw.SetDeadline(time.Now().Add(fetchWait + readTimeout)); err != nil {
		return 0, err
	}
	l.id++
	b := binary.BigEndian
	r := append(l.request[:0], 0, 0, 0, 0) // size
	r = b.AppendUint16(r, 1)               // Fetch
	r = b.AppendUint16(r, 10)
	r = b.AppendUint32(r, uint32(l.id))
	r = appendString(r, clientID)
	r = b.AppendUint32(r, ^uint32(0)) // not a replica
	r = b.AppendUint32(r, uint32(fetchWait.Milliseconds()))
	r = b.AppendUint32(r, 1) // bytes at least
	r = b.AppendUint32(r, uint32(maxBytes))
	r = append(r, 1)                  // read committed
	r = b.AppendUint32(r, 0)          // no session
	r = b.AppendUint32(r, ^uint32(0)) // ever
	r = b.AppendUint32(r, 1)          // topic
	r = appendString(r, l.tp.Topic)
	r = b.AppendUint32(r, 1) // partition
	r = b.AppendUint32(r, uint32(l.tp.Partition))
	r = b.AppendUint32(r, ^uint32(0)) // any leader epoch
	r = b.AppendUint64(r, uint64(offset))
	r = b.AppendUint64(r, ^uint64(0)) // a follower's log start
	r = b.AppendUint32(r, uint32(maxBytes))
	r = b.AppendUint32(r, 0) // no forgotten topics
	b.PutUint32(r, uint32(len(r)-4))
	l.request = r
	if _, err := l.raw.Write(r); err != nil {
		return 0, err
	}
	var head [4]byte
	if _, err := io.ReadFull(l.raw, head[:]); err != nil {
		return 0, err
	}
	if size = int(b.Uint32(head[:])); size > maxAnswer {
		return 0, fmt.Errorf("kafka: an answer of %d bytes for %s is beyond all limits", size, l.tp)
	}
	return size, nil
}

// maxAnswer is beyond what any broker is configured to hold in one record.
const maxAnswer = 512 << 20

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// answer is a fetched piece of the log.
type answer struct {
	highWater int64
	aborted   []abortedTransaction
	records   []byte // record batches; the last may be cut
}

type abortedTransaction struct{ producer, first int64 }

// read reads an answer of the size that ask gave, into buf's memory.
func (l *leader) read(size int, buf *[]byte) (answer, error) {
	*buf = slices.Grow((*buf)[:0], size)[:size]
	if err := l.raw.SetDeadline(time.Now().Add(readTimeout)); err != nil {
		return answer{}, err
	}
	if _, err := io.ReadFull(l.raw, *buf); err != nil {
		return answer{}, err
	}
	c := cursor{rest: *buf}
	if id := c.int32(); c.ok() && id != l.id {
		return answer{}, fmt.Errorf("kafka: answer %d to request %d for %s", id, l.id, l.tp)
	}
	c.int32() // throttled for, by holding the answer back
	if code := c.int16(); code != 0 {
		return answer{}, kafka.Error(code)
	}
	c.int32() // session
	if n := c.int32(); c.ok() && n != 1 {
		return answer{}, fmt.Errorf("kafka: an answer for %d topics instead of %s", n, l.tp)
	}
	c.take(int(c.int16()))
	if n := c.int32(); c.ok() && n != 1 {
		return answer{}, fmt.Errorf("kafka: an answer for %d partitions instead of %s", n, l.tp)
	}
	c.int32()
	code := c.int16()
	a := answer{highWater: c.int64()}
	c.int64() // last stable offset
	c.int64() // log start
	for range max(c.int32(), 0) {
		a.aborted = append(a.aborted, abortedTransaction{c.int64(), c.int64()})
		if !c.ok() {
			break
		}
	}
	if c.ok() && code != 0 {
		return answer{}, kafka.Error(code)
	}
	if n := int(c.int32()); n > 0 {
		a.records = c.take(n)
	}
	if !c.ok() {
		return answer{}, fmt.Errorf("kafka: a mangled answer for %s: %w", l.tp, io.ErrUnexpectedEOF)
	}
	return a, nil
}

// cursor reads Kafka's numbers. After a read beyond the end all are zero and ok is false.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) ok() bool { return !c.bad }

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.rest) {
		c.bad, c.rest = true, nil
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) int8() int8 {
	if b := c.take(1); b != nil {
		return int8(b[0])
	}
	return 0
}

func (c *cursor) int16() int16 {
	if b := c.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) int32() int32 {
	if b := c.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (c *cursor) int64() int64 {
	if b := c.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (c *cursor) varint() int64 {
	if len(c.rest) > 0 && c.rest[0] < 0x80 { // nearly all are one byte
		b := c.rest[0]
		c.rest = c.rest[1:]
		return int64(b>>1) ^ -int64(b&1)
	}
	v, n := binary.Varint(c.rest)
	if n <= 0 {
		c.bad, c.rest = true, nil
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// bytes reads what a varint says the length of; nil if that is negative.
func (c *cursor) bytes() []byte {
	n := c.varint()
	if n < 0 || c.bad {
		return nil
	}
	return c.take(int(min(n, maxAnswer)))
}
