package consume

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/event"
	"go.uber.org/zap"
)

// lettersOf consumes good and bad records and gives the dead-letter topic.
func lettersOf(t *testing.T, brokers []string, bad int) DeadLetters {
	t.Helper()
	all := values(0, 10)
	for i := range bad {
		all = append(all, fmt.Sprintf("bad %d", i))
	}
	last := send(t, brokers, all...)
	_, stop := start(t, testConfig(brokers), zap.NewNop(), &shelf{})
	waitCommitted(t, brokers, last)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	return NewDeadLetters(Connection{Brokers: brokers}, "")
}

func list(t *testing.T, d DeadLetters, f Filter) []*Letter {
	t.Helper()
	var out []*Letter
	if err := d.List(t.Context(), f, func(l *Letter) error { out = append(out, l); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestListAndShow(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	d := lettersOf(t, brokers, 20)
	all := list(t, d, Filter{})
	if len(all) != 20 {
		t.Fatalf("%d letters, want 20", len(all))
	}
	now := event.Millis(time.Now().UnixMilli())
	for _, c := range []struct {
		f    Filter
		want int
	}{
		{Filter{Code: event.CodeInvalidJSON}, 20},
		{Filter{Code: event.CodeSchema}, 0},
		{Filter{Topic: testTopic}, 20},
		{Filter{Topic: "elsewhere"}, 0},
		{Filter{From: now - 60_000, To: now + 60_000}, 20},
		{Filter{From: now + 60_000}, 0},
		{Filter{To: now - 60_000}, 0},
	} {
		if n := len(list(t, d, c.f)); n != c.want {
			t.Errorf("%+v: %d letters, want %d", c.f, n, c.want)
		}
	}
	one := all[7]
	l, err := d.Show(t.Context(), one.Position.Partition, one.Position.Offset)
	if err != nil {
		t.Fatal(err)
	}
	if l.Origin != one.Origin || !strings.HasPrefix(string(l.Value()), "bad ") || string(l.Key()) != "key "+string(l.Value()) || len(l.Headers()) != 1 ||
		l.Timestamp != 1_700_000_000_000 || l.Attempts != 1 || l.Bytes != len(l.Value()) || l.Code != event.CodeInvalidJSON {
		t.Errorf("%+v", l)
	}
	if _, err := d.Show(t.Context(), 0, 100_000); err == nil {
		t.Error("showed a letter that does not exist")
	}
	stopped := errors.New("enough")
	n := 0
	if err := d.List(t.Context(), Filter{}, func(*Letter) error { n++; return stopped }); !errors.Is(err, stopped) || n != 1 {
		t.Errorf("%v after %d letters", err, n)
	}
}

func TestReplaySendsTheOriginalRecord(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	d := lettersOf(t, brokers, 5)
	before := len(readAll(t, brokers, testTopic))
	if r, err := d.Replay(t.Context(), ReplayOptions{DryRun: true}); err != nil || r != (Replayed{Matched: 5}) {
		t.Fatalf("dry run: %+v, %v", r, err)
	}
	if n := len(readAll(t, brokers, testTopic)); n != before {
		t.Fatalf("a dry run sent %d records", n-before)
	}
	began := time.Now()
	r, err := d.Replay(t.Context(), ReplayOptions{Rate: 10})
	if err != nil || r != (Replayed{Matched: 5, Sent: 5}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("5 records at 10 a second took only %v", took)
	}
	replayed := map[string]bool{}
	for _, m := range readAll(t, brokers, testTopic) {
		origin := header(&m, headerReplay)
		if origin == "" {
			continue
		}
		v := string(m.Value)
		replayed[v] = true
		if string(m.Key) != "key "+v || header(&m, "ce_id") != v || len(m.Headers) != 3 || !strings.HasPrefix(origin, testTopic+"/") {
			t.Errorf("not the original record: %+v", m)
		}
	}
	if len(replayed) != 5 {
		t.Errorf("%d records replayed, want 5", len(replayed))
	}
	// Rejected again: each letter is still one record of content, told by two places.
	_, stop := start(t, testConfig(brokers), zap.NewNop(), &shelf{})
	eventually(t, "the replayed records to be rejected again", func() bool { return len(list(t, d, Filter{})) == 10 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	first := map[string]string{}
	for _, l := range list(t, d, Filter{}) {
		v := string(l.Value())
		switch l.Attempts {
		case 1:
			first[v] = l.Origin.String()
		case 2:
			if l.Origin.String() == first[v] {
				t.Errorf("rejected again at %s, which is where it was first", l.Origin)
			}
		default:
			t.Errorf("%d attempts of a record that was replayed once", l.Attempts)
		}
		if l.First != first[v] {
			t.Errorf("first read at %s, want %s", l.First, first[v])
		}
	}
	if r, err := d.Replay(t.Context(), ReplayOptions{}); err != nil || r != (Replayed{Matched: 10, Sent: 5, Repeated: 5}) {
		t.Errorf("what was rejected again is sent as often as it has letters: %+v, %v", r, err)
	}
	// A third life still knows its first, and headers do not pile up.
	_, stop = start(t, testConfig(brokers), zap.NewNop(), &shelf{})
	eventually(t, "the records to be rejected once more", func() bool { return len(list(t, d, Filter{})) == 15 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	attempts := map[int]int{}
	for _, l := range list(t, d, Filter{}) {
		attempts[l.Attempts]++
		if want := first[string(l.Value())]; l.First != want || len(l.Headers()) > 3 {
			t.Errorf("first read at %s, want %s; %d headers", l.First, want, len(l.Headers()))
		}
	}
	if want := map[int]int{1: 5, 2: 5, 3: 5}; !maps.Equal(attempts, want) {
		t.Errorf("letters by attempts: %v, want %v", attempts, want)
	}
}

func TestALetterTooLargeIsKeptWithoutItsValue(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic)
	if err := EnsureTopics(t.Context(), Connection{Brokers: brokers}, Topic{Name: "tuition.deadletter", Partitions: 1, MaxMessageBytes: 1000}); err != nil {
		t.Fatal(err)
	}
	// Not to be compressed below the limit.
	random := make([]byte, 950_000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	value := "bad " + string(random)
	big := []event.Message{{Position: event.Position{Topic: testTopic}, Key: []byte("big"), Value: []byte(value)}}
	p, err := NewProducer(Connection{Brokers: brokers})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Send(t.Context(), big...); err != nil {
		t.Fatal(err)
	}
	_, _ = start(t, testConfig(brokers), zap.NewNop(), &shelf{})
	waitCommitted(t, brokers, p.Offsets())
	d := NewDeadLetters(Connection{Brokers: brokers}, "")
	all := list(t, d, Filter{})
	if len(all) != 1 || !all[0].Omitted || all[0].Bytes != len(value) || len(all[0].Value()) != 0 {
		t.Fatalf("%+v", all)
	}
	r, err := d.Replay(t.Context(), ReplayOptions{})
	if err != nil || r != (Replayed{Matched: 1, Sent: 1}) {
		t.Fatalf("%+v, %v", r, err)
	}
	found := 0
	for _, m := range readAll(t, brokers, testTopic) {
		if string(m.Value) == value {
			found++
		}
	}
	if found != 2 {
		t.Errorf("the value is there %d times, want the original and its replay", found)
	}
}

func TestPurgeCutsFromTheStart(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic)
	conn := Connection{Brokers: brokers}
	if err := EnsureTopics(t.Context(), conn, Topic{Name: "tuition.deadletter", Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	p, err := NewProducer(conn)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i, code := range []event.Code{"schema", "schema", "invalid_json", "schema"} {
		m := &event.Message{Position: event.Position{Topic: testTopic, Offset: int64(i)}, Value: []byte("bad")}
		if err := p.Send(t.Context(), deadLetter("tuition.deadletter", "test", m, &event.Rejection{Code: code})); err != nil {
			t.Fatal(err)
		}
	}
	d := NewDeadLetters(conn, "")
	if r, err := d.Purge(context.Background(), Filter{Code: "schema"}, true); err != nil || r != (Purged{Matched: 3, Deleted: 2, Kept: 1}) {
		t.Fatalf("dry run: %+v, %v", r, err)
	}
	if n := len(list(t, d, Filter{})); n != 4 {
		t.Fatalf("%d letters after a dry run, want 4", n)
	}
	if r, err := d.Purge(context.Background(), Filter{Code: "schema"}, false); err != nil || r != (Purged{Matched: 3, Deleted: 2, Kept: 1}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := len(list(t, d, Filter{})); n != 2 {
		t.Fatalf("%d letters left, want 2", n)
	}
	if r, err := d.Purge(context.Background(), Filter{}, false); err != nil || r != (Purged{Matched: 2, Deleted: 2}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if n := len(list(t, d, Filter{})); n != 0 {
		t.Errorf("%d letters left", n)
	}
}

func TestAReplayThatCannotReadIsNoLoss(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic, "tuition.deadletter")
	conn := Connection{Brokers: brokers}
	p, err := NewProducer(conn)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, topic := range []string{testTopic, "gone"} {
		m := &event.Message{Position: event.Position{Topic: topic, Offset: 7}, Value: []byte("bad")}
		if err := p.Send(t.Context(), withoutValue(deadLetter("tuition.deadletter", "test", m, &event.Rejection{Code: "schema"}))); err != nil {
			t.Fatal(err)
		}
	}
	d := NewDeadLetters(conn, "")
	// Neither an offset that was never written nor a topic that is gone has the value.
	if r, err := d.Replay(t.Context(), ReplayOptions{}); err != nil || r != (Replayed{Matched: 2, Lost: 1, Gone: 1}) {
		t.Fatalf("%+v, %v", r, err)
	}
	// One whose topic is gone, with its value, keeps no other from being sent.
	for _, topic := range []string{"gone", testTopic} {
		m := &event.Message{Position: event.Position{Topic: topic, Offset: 8}, Value: []byte("whole")}
		if err := p.Send(t.Context(), deadLetter("tuition.deadletter", "test", m, &event.Rejection{Code: "schema"})); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := d.Replay(t.Context(), ReplayOptions{}); err != nil || r != (Replayed{Matched: 4, Sent: 1, Lost: 1, Gone: 2}) {
		t.Fatalf("%+v, %v", r, err)
	}
	away, cancel := context.WithCancel(t.Context())
	cancel()
	for _, l := range list(t, d, Filter{Topic: testTopic}) {
		if _, err := d.original(away, l); l.Omitted && err == nil || errors.Is(err, ErrNoRecord) {
			t.Errorf("a read that was broken off says of the value: %v", err)
		}
	}
}

func TestOffsetsOfOthersAreNotAmongASpan(t *testing.T) {
	brokers := servertest.FakeKafka(t, testTopic)
	var own, other *Producer
	for _, p := range []**Producer{&own, &other} {
		var err error
		if *p, err = NewProducer(Connection{Brokers: brokers}); err != nil {
			t.Fatal(err)
		}
		defer (*p).Close()
	}
	record := event.Message{Position: event.Position{Topic: testTopic}, Key: []byte("one"), Value: []byte("v")}
	for _, p := range []*Producer{own, own, other, own} {
		if err := p.Send(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	for tp, spans := range own.Spans() {
		if want := []Span{{0, 1}, {3, 3}}; !slices.Equal(spans, want) {
			t.Errorf("%v: %v, want %v", tp, spans, want)
		}
		if last := own.Offsets()[tp]; last != 3 {
			t.Errorf("last offset %d, want 3", last)
		}
	}
}

// What a producer writes into the headers of a replay is shown to nobody and counts as none.
func TestAForgedReplayIsNone(t *testing.T) {
	m := &event.Message{Position: event.Position{Topic: testTopic, Offset: 7}, Value: []byte("bad"), Headers: []event.Header{
		{Key: headerReplay, Value: []byte("alice@example.com and her password")}, {Key: headerReplayAttempts, Value: []byte("9223372036854775807")},
	}}
	letter := deadLetter("tuition.deadletter", "test", m, &event.Rejection{Code: "schema"})
	if l := openLetter(&letter); l.First != testTopic+"/0@7" || l.Attempts < 1 {
		t.Errorf("first at %q, %d attempts", l.First, l.Attempts)
	}
}
