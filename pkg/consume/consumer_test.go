package consume

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/event"
)

func TestEveryRecordIsStoredThenCommitted(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	want := values(0, 3000)
	last := send(t, brokers, want...)
	if len(last) != 4 {
		t.Fatalf("sent to %d partitions, want all 4", len(last))
	}
	one, two := &shelf{}, &shelf{}
	cfg := testConfig(brokers)
	cfg.BatchRows = 700
	c, stop := start(t, cfg, zap.NewNop(), one, two)
	waitCommitted(t, brokers, last)
	sameSet(t, append(one.has(), two.has()...), want)
	if err := c.Ready(); err != nil {
		t.Error(err)
	}
	if one.flushes == 0 || two.flushes == 0 {
		t.Errorf("the two handlers flushed %d and %d times; both should take turns", one.flushes, two.flushes)
	}
	for _, n := range []int{one.flushes + two.flushes} {
		if n < 5 {
			t.Errorf("%d batches for 3000 rows at most 700 each", n)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if c.Ready() == nil {
		t.Error("ready after its end")
	}
	// A second life starts where the first ended.
	again := &shelf{}
	more := values(5000, 10)
	_, _ = start(t, cfg, zap.NewNop(), again)
	waitCommitted(t, brokers, send(t, brokers, more...))
	sameSet(t, again.has(), more)
}

func TestNothingIsCommittedBeforeTheStoreAcknowledges(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	want := values(0, 500)
	last := send(t, brokers, want...)
	var c *Consumer
	started := make(chan struct{})
	checked := false
	s := &shelf{fault: func(ctx context.Context, n int) error {
		<-started
		if n > 3 {
			return nil
		}
		left, err := committedCount(ctx, brokers, last)
		if err != nil {
			t.Error(err)
		}
		if left != 0 {
			t.Errorf("%d partitions were committed while the first batch was not stored", left)
		}
		if n > 1 && c.Ready() == nil {
			t.Error("ready while the store is away")
		}
		checked = true
		return errors.New("connection refused")
	}}
	cfg := testConfig(brokers)
	cfg.BatchRows = 200
	c, _ = start(t, cfg, zap.NewNop(), s)
	close(started)
	waitCommitted(t, brokers, last)
	sameSet(t, s.has(), want)
	if !checked {
		t.Error("the store was never away")
	}
	if n := testutil.ToFloat64(c.metrics.retries.WithLabelValues("store")); n != 3 {
		t.Errorf("%v retries counted, want 3", n)
	}
	if n := testutil.ToFloat64(c.metrics.deadLetters); n != 0 {
		t.Errorf("%v dead letters because the store was away", n)
	}
	eventually(t, "ready again", func() bool { return c.Ready() == nil })
}

// committedCount counts the partitions with any committed offset.
func committedCount(ctx context.Context, brokers []string, of map[TopicPartition]int64) (int, error) {
	cl, closeIdle, err := Connection{Brokers: brokers}.client()
	if err != nil {
		return 0, err
	}
	defer closeIdle()
	got, err := committedOffsets(ctx, cl, "tuition", of)
	n := 0
	for _, o := range got {
		if o > 0 {
			n++
		}
	}
	return n, err
}

func TestRejectedRecordsGoToTheDeadLetters(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	good := values(0, 300)
	all := append(slices.Clone(good), "bad 1", "bad 2", "bad 3")
	last := send(t, brokers, all...)
	s := &shelf{}
	c, _ := start(t, testConfig(brokers), zap.NewNop(), s)
	waitCommitted(t, brokers, last)
	sameSet(t, s.has(), good)
	if len(s.rejected) != 3 {
		t.Errorf("%d rejections stored, want 3", len(s.rejected))
	}
	letters := readAll(t, brokers, "tuition.deadletter")
	if len(letters) != 3 {
		t.Fatalf("%d dead letters, want 3", len(letters))
	}
	for _, l := range letters {
		v := string(l.Value)
		if string(l.Key) != "key "+v || header(&l, "ce_id") != v || time.Since(time.UnixMilli(int64(l.Time))) > time.Minute {
			t.Errorf("the original record is not whole: %+v", l)
		}
		want := map[string]string{
			headerTopic: testTopic, headerCode: "invalid_json", headerStage: "decode", headerPointer: "/x",
			headerMessage: "expected an object; send one", headerSchema: "https://schemas.test/x", headerVersion: "test", headerAttempts: "1", headerTimestamp: "1700000000000",
		}
		for k, w := range want {
			if g := header(&l, k); g != w {
				t.Errorf("header %s = %q, want %q", k, g, w)
			}
		}
		if len(header(&l, headerSHA256)) != 64 {
			t.Error("no SHA-256")
		}
		at := rejectedAt(&l)
		if at.Offset > last[TopicPartition{at.Topic, at.Partition}] {
			t.Errorf("position %v does not exist", at)
		}
	}
	if n := testutil.ToFloat64(c.metrics.rejections.WithLabelValues("invalid_json")); n != 3 {
		t.Errorf("%v rejections counted, want 3", n)
	}
}

// readAll reads a topic to its present end.
func readAll(t *testing.T, brokers []string, topic string) []event.Message {
	t.Helper()
	var out []event.Message
	for p := range 4 {
		conn, err := kafka.DialLeader(t.Context(), "tcp", brokers[0], topic, p)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		first, last, err := conn.ReadOffsets()
		if err != nil {
			t.Fatal(err)
		}
		for o := first; o < last; o++ {
			m, err := conn.ReadMessage(1 << 20)
			if err != nil {
				t.Fatal(err)
			}
			e := event.Message{Position: event.Position{Topic: topic, Partition: int32(p), Offset: m.Offset}, Key: m.Key, Value: m.Value, Time: event.Millis(m.Time.UnixMilli())}
			for _, h := range m.Headers {
				e.Headers = append(e.Headers, event.Header{Key: h.Key, Value: h.Value})
			}
			out = append(out, e)
		}
	}
	return out
}

func TestOffsetsStayWhileTheDeadLetterTopicIsAway(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic)
	last := send(t, brokers, append(values(0, 100), "bad 1", "bad 2", "bad 3", "bad 4", "bad 5", "bad 6", "bad 7", "bad 8")...)
	s := &shelf{}
	c, _ := start(t, testConfig(brokers), zap.NewNop(), s)
	eventually(t, "three failed attempts", func() bool { return testutil.ToFloat64(c.metrics.retries.WithLabelValues("deadletter")) >= 3 })
	if n, err := committedCount(t.Context(), brokers, last); err != nil || n != 0 {
		t.Errorf("%d partitions committed, %v", n, err)
	}
	if c.Ready() == nil {
		t.Error("ready without a dead-letter topic")
	}
	if err := EnsureTopics(t.Context(), Connection{Brokers: brokers}, Topic{Name: "tuition.deadletter", Partitions: 4, Retention: time.Hour}); err != nil {
		t.Fatal(err)
	}
	waitCommitted(t, brokers, last)
	if n := len(readAll(t, brokers, "tuition.deadletter")); n != 8 {
		t.Errorf("%d dead letters, want 8", n)
	}
}

func TestHaltStopsLoudly(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	last := send(t, brokers, values(0, 50)...)
	s := &shelf{halt: true, fault: func(context.Context, int) error { return errExpected }}
	c, err := New(testConfig(brokers), s, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := c.Run(ctx); !errors.Is(err, errExpected) {
		t.Errorf("Run gave %v, want the store's error", err)
	}
	if s.flushes != 1 {
		t.Errorf("%d attempts at what no retry mends", s.flushes)
	}
	if n, err := committedCount(t.Context(), brokers, last); err != nil || n != 0 {
		t.Errorf("%d partitions committed, %v", n, err)
	}
}

func TestStopFinishesOrAbandonsWithinItsBound(t *testing.T) {
	for _, c := range []struct {
		name    string
		takes   time.Duration // of an insert
		stored  bool
		atMost  time.Duration
		atLeast time.Duration
	}{
		{"finishes", 300 * time.Millisecond, true, 3 * time.Second, 0},
		{"abandons", time.Hour, false, 4 * time.Second, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
			last := send(t, brokers, values(0, 50)...)
			flushing := make(chan struct{}, 1000)
			s := &shelf{fault: func(ctx context.Context, _ int) error {
				flushing <- struct{}{}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(c.takes):
					return nil
				}
			}}
			cfg := testConfig(brokers)
			cfg.StopTimeout = time.Second
			_, stop := start(t, cfg, zap.NewNop(), s)
			<-flushing
			began := time.Now()
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > c.atMost || took < c.atLeast {
				t.Errorf("stopping took %v, want %v to %v", took, c.atLeast, c.atMost)
			}
			n, err := committedCount(t.Context(), brokers, last)
			if err != nil || (n > 0) != c.stored || (len(s.has()) > 0) != c.stored {
				t.Errorf("%d partitions committed, %d records stored, %v", n, len(s.has()), err)
			}
		})
	}
}

func TestGapsAreLoudAndCounted(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	last := send(t, brokers, values(0, 400)...)
	tp := TopicPartition{testTopic, 0}
	cl, closeIdle, err := Connection{Brokers: brokers}.client()
	if err != nil {
		t.Fatal(err)
	}
	defer closeIdle()
	// Partition 0: committed at 3, retention took all before 10. Partition 1: committed beyond the end.
	commitAs(t, cl, map[int]int64{0: 3, 1: 1_000_000})
	if err := deleteRecords(t.Context(), cl, map[TopicPartition]int64{tp: 10}); err != nil {
		t.Fatal(err)
	}
	core, logged := observer.New(zap.ErrorLevel)
	s := &shelf{}
	c, _ := start(t, testConfig(brokers), zap.New(core), s)
	delete(last, TopicPartition{testTopic, 1}) // its commit goes backwards, as it must
	waitCommitted(t, brokers, last)
	eventually(t, "390 records", func() bool { return len(s.has()) == 390 })
	if n := testutil.ToFloat64(c.metrics.lost); n != 7 {
		t.Errorf("%v lost records counted, want 7", n)
	}
	for _, reason := range []string{"retention", "recreated"} {
		if n := testutil.ToFloat64(c.metrics.gaps.WithLabelValues(testTopic, reason)); n != 1 {
			t.Errorf("%v gaps of %s, want 1", n, reason)
		}
	}
	if logged.Len() != 2 {
		t.Errorf("%d errors logged, want 2: %v", logged.Len(), logged.All())
	}
}

func commitAs(t *testing.T, cl *kafka.Client, offsets map[int]int64) {
	t.Helper()
	req := &kafka.OffsetCommitRequest{GroupID: "tuition", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{}}
	for p, o := range offsets {
		req.Topics[testTopic] = append(req.Topics[testTopic], kafka.OffsetCommit{Partition: p, Offset: o})
	}
	res, err := cl.OffsetCommit(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Topics[testTopic] {
		if p.Error != nil {
			t.Fatal(p.Error)
		}
	}
}

func TestNewPartitionsArePickedUp(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	s := &shelf{}
	_, _ = start(t, testConfig(brokers), zap.NewNop(), s)
	waitCommitted(t, brokers, send(t, brokers, values(0, 20)...))
	cl, closeIdle, err := Connection{Brokers: brokers}.client()
	if err != nil {
		t.Fatal(err)
	}
	defer closeIdle()
	res, err := cl.CreatePartitions(t.Context(), &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: testTopic, Count: 7}}})
	if err == nil {
		err = res.Errors[testTopic]
	}
	if err != nil {
		t.Fatal(err)
	}
	more := send(t, brokers, values(100, 200)...)
	if len(more) != 7 {
		t.Fatalf("sent to %d partitions, want 7", len(more))
	}
	waitCommitted(t, brokers, more)
	sameSet(t, s.has(), append(values(0, 20), values(100, 200)...))
}

func TestMetricsLint(t *testing.T) {
	c, err := New(testConfig([]string{"localhost:1"}), &shelf{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(c.Collector()); err != nil {
		t.Fatal(err)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Error(err, problems)
	}
}
