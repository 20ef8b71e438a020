package consume

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/event"
)

func TestOnlyCommittedRecordsAreRead(t *testing.T) {
	for name, brokers := range map[string][]string{
		"kfake": servertest.FakeKafka(t, testTopic, "tuition.deadletter"),
		"Kafka": realKafka(t),
	} {
		t.Run(name, func(t *testing.T) {
			client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.TransactionalID("test"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var want []string
			for turn := range 6 {
				if err := client.BeginTransaction(); err != nil {
					t.Fatal(err)
				}
				commit := kgo.TransactionEndTry(turn%3 != 1)
				for i := range 5 {
					value := fmt.Sprintf("turn %d record %d", turn, i)
					if commit {
						want = append(want, value)
					}
					if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: testTopic, Value: []byte(value)}).FirstErr(); err != nil {
						t.Fatal(err)
					}
				}
				if err := client.EndTransaction(t.Context(), commit); err != nil {
					t.Fatal(err)
				}
			}
			s := &shelf{}
			_, _ = start(t, testConfig(brokers), zap.NewNop(), s)
			// 30 records and 6 control records: the last of these is committed, too.
			waitCommitted(t, brokers, map[TopicPartition]int64{{testTopic, 0}: 35})
			sameSet(t, s.has(), want)
		})
	}
}

func realKafka(t *testing.T) []string {
	t.Helper()
	b := servertest.SharedKafka(t)
	for _, topic := range []string{testTopic, "tuition.deadletter"} {
		if err := b.CreateTopic(topic, 4, nil); err != nil && !strings.Contains(err.Error(), "already exists") {
			t.Fatal(err)
		}
	}
	return b.Brokers
}

func TestEveryCompressionIsRead(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	var want []string
	for _, c := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		transport := &kafka.Transport{}
		w := kafka.Writer{Addr: kafka.TCP(brokers...), Topic: testTopic, Compression: c, BatchTimeout: time.Millisecond, Transport: transport, RequiredAcks: kafka.RequireAll}
		var msgs []kafka.Message
		for i := range 300 {
			v := fmt.Sprintf("%v %d %s", c, i, strings.Repeat("x", 1000))
			want = append(want, v)
			msgs = append(msgs, kafka.Message{Value: []byte(v)})
		}
		if err := w.WriteMessages(t.Context(), msgs...); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		transport.CloseIdleConnections()
	}
	s := &shelf{}
	_, _ = start(t, testConfig(brokers), zap.NewNop(), s)
	eventually(t, "all records", func() bool { return len(s.has()) == len(want) })
	sameSet(t, s.has(), want)
}

func TestNothingAndEmptyAreToldApart(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic)
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	w := kafka.Writer{Addr: kafka.TCP(brokers...), Topic: testTopic, Transport: transport, Balancer: kafka.BalancerFunc(func(kafka.Message, ...int) int { return 0 }), BatchTimeout: time.Millisecond}
	at := time.UnixMilli(1_700_000_000_123)
	if err := w.WriteMessages(t.Context(), kafka.Message{Value: nil, Key: []byte{}, Time: at}, kafka.Message{Value: []byte{}, Headers: []kafka.Header{{Key: "a", Value: []byte("1")}, {Key: "a"}}}); err != nil {
		t.Fatal(err)
	}
	var got []event.Message
	if err := readRange(t.Context(), Connection{Brokers: brokers}, TopicPartition{testTopic, 0}, 0, -1, func(m *event.Message) error { got = append(got, *m); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Value != nil || got[0].Key == nil || got[0].Time != 1_700_000_000_123 ||
		got[1].Value == nil || got[1].Key != nil || len(got[1].Headers) != 2 || string(got[1].Headers[0].Value) != "1" || got[1].Headers[1].Value != nil {
		t.Errorf("%+v", got)
	}
}

// makeBatch writes a record batch of uncompressed records with the offsets given.
func makeBatch(base, last int64, attributes uint16, producer int64, offsets ...int64) []byte {
	b := binary.BigEndian
	var records []byte
	for _, o := range offsets {
		r := []byte{0}
		r = binary.AppendVarint(r, 0)
		r = binary.AppendVarint(r, o-base)
		r = binary.AppendVarint(r, -1)
		value := fmt.Appendf(nil, "record %d", o)
		r = binary.AppendVarint(r, int64(len(value)))
		r = append(r, value...)
		r = binary.AppendVarint(r, 0)
		records = append(binary.AppendVarint(records, int64(len(r))), r...)
	}
	body := b.AppendUint16(nil, attributes)
	body = b.AppendUint32(body, uint32(last-base))
	body = b.AppendUint64(body, 1000)
	body = b.AppendUint64(body, 2000)
	body = b.AppendUint64(body, uint64(producer))
	body = b.AppendUint16(body, 0)
	body = b.AppendUint32(body, 0)
	body = b.AppendUint32(body, uint32(len(offsets)))
	body = append(body, records...)
	out := b.AppendUint64(nil, uint64(base))
	out = b.AppendUint32(out, uint32(len(body)+9))
	out = b.AppendUint32(out, 0)
	out = append(out, 2)
	out = b.AppendUint32(out, crc32.Checksum(body, castagnoli))
	return append(out, body...)
}

func offsetsOf(t *testing.T, from int64, a answer) (offsets []int64, next int64, err error) {
	t.Helper()
	var u unpacker
	next, err = u.unpack(TopicPartition{"t", 0}, from, a, func(records []event.Message, _ int, _ int64) error {
		for _, r := range records {
			if want := fmt.Sprintf("record %d", r.Offset); string(r.Value) != want {
				t.Errorf("%q at %d", r.Value, r.Offset)
			}
			offsets = append(offsets, r.Offset)
		}
		return nil
	})
	return offsets, next, err
}

func TestUnpack(t *testing.T) {
	compacted := makeBatch(10, 19, 0, -1, 10, 13)
	plain := makeBatch(20, 22, 0, -1, 20, 21, 22)
	for _, c := range []struct {
		name    string
		from    int64
		a       answer
		offsets []int64
		next    int64
		fault   string
	}{
		{"nothing", 5, answer{}, nil, 5, ""},
		{"compaction leaves holes, at the end too", 10, answer{records: compacted}, []int64{10, 13}, 20, ""},
		{"the offset asked for lies in a hole", 14, answer{records: compacted}, nil, 20, ""},
		{"records before the offset are left out", 21, answer{records: plain}, []int64{21, 22}, 23, ""},
		{"a batch that is cut is left for the next fetch", 10, answer{records: append(slices.Clone(compacted), plain[:40]...)}, []int64{10, 13}, 20, ""},
		{"nothing but a cut batch", 20, answer{records: plain[:40]}, nil, 20, "no whole record batch"},
		{"damage", 20, answer{records: append(slices.Clone(plain[:len(plain)-1]), 'x')}, nil, 20, "checksum"},
		{"old format", 20, answer{records: append(append(slices.Clone(plain[:16]), 1), plain[17:]...)}, nil, 20, "message format 1"},
		{
			"two producers, one aborts", 0,
			answer{
				aborted: []abortedTransaction{{producer: 7, first: 0}},
				records: slices.Concat(makeBatch(0, 1, transactional, 7, 0, 1), makeBatch(2, 3, transactional, 8, 2, 3), makeBatch(4, 4, transactional|control, 7, 4),
					makeBatch(5, 5, transactional, 7, 5), makeBatch(6, 6, transactional|control, 8, 6), makeBatch(7, 7, transactional|control, 7, 7)),
			},
			[]int64{2, 3, 5},
			8, "",
		},
	} {
		offsets, next, err := offsetsOf(t, c.from, c.a)
		if !slices.Equal(offsets, c.offsets) || next != c.next {
			t.Errorf("%s: offsets %v then %d, want %v then %d", c.name, offsets, next, c.offsets, c.next)
		}
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.fault)
		}
	}
}

// A broken broker or network must not bring the process down.
func FuzzUnpack(f *testing.F) {
	f.Add(makeBatch(0, 3, 0, -1, 0, 1, 3))
	f.Add(makeBatch(0, 3, transactional, 3, 0, 1, 3))
	f.Fuzz(func(t *testing.T, records []byte) {
		if len(records) >= 61 { // the sum right, so that what it covers is read
			length := len(records) - 12
			binary.BigEndian.PutUint32(records[8:], uint32(length))
			records[16] = 2
			binary.BigEndian.PutUint32(records[17:], crc32.Checksum(records[21:], castagnoli))
		}
		var u unpacker
		u.unpack(TopicPartition{"t", 0}, 0, answer{records: records}, func([]event.Message, int, int64) error { return nil })
	})
}

// What fetching allows at best: one core, records of 450 bytes with headers.
func BenchmarkUnpack(b *testing.B) {
	const n = 2000
	var packed bytes.Buffer
	var records []byte
	value := []byte(strings.Repeat(`{"context":{"id":"0123456789","source":"/ci/main"}},`, 9)[:450])
	for i := range n {
		copy(value, fmt.Sprintf("%08d", i*7919))
		r := []byte{0, 0}
		r = binary.AppendVarint(r, int64(i))
		r = append(binary.AppendVarint(r, 8), value[:8]...)
		r = append(binary.AppendVarint(r, int64(len(value))), value...)
		r = binary.AppendVarint(r, 5)
		for _, h := range []string{"ce_id", "ce_source", "ce_type", "ce_specversion", "content-type"} {
			r = append(binary.AppendVarint(r, int64(len(h))), h...)
			r = append(binary.AppendVarint(r, 16), "application/json"...)
		}
		records = append(binary.AppendVarint(records, int64(len(r))), r...)
	}
	w := kafka.Lz4.Codec().NewWriter(&packed)
	w.Write(records)
	w.Close()
	batch := makeBatch(0, n-1, uint16(kafka.Lz4), -1)
	batch = append(batch, packed.Bytes()...)
	binary.BigEndian.PutUint32(batch[8:], uint32(len(batch)-12))
	binary.BigEndian.PutUint32(batch[57:], n)
	binary.BigEndian.PutUint32(batch[17:], crc32.Checksum(batch[21:], castagnoli))
	var u unpacker
	got := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.unpack(TopicPartition{"t", 0}, 0, answer{records: batch}, func(r []event.Message, _ int, _ int64) error { got += len(r); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	if got == 0 || got%n != 0 {
		b.Fatalf("%d records", got)
	}
	b.ReportMetric(float64(got)/b.Elapsed().Seconds(), "records/s")
}
