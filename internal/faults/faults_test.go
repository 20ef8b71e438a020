package faults

import (
	"slices"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/consume"
	"github.com/tuition-hq/tuition/pkg/event"
)

// Fault 1: the consumer is killed before, in the middle of and after an insert, between
// the blocks of one, and after a commit.
func TestKilledConsumer(t *testing.T) {
	rounds := 1
	if long() {
		rounds = 20
	}
	s := newScene(t, servertest.SharedKafka(t), 4)
	for round := range rounds {
		for _, place := range []string{beforeInsert, midInsert, afterBlock, afterInsert} {
			s.sender.send(t, s.world.records(t, 1500))
			o := s.orders
			o.KillAt, o.KillOn, o.KillBytes = place, 1+s.rng.IntN(4), 1+s.rng.Int64N(12_000)
			if place == afterBlock {
				o.BatchBytes = 64 << 10 // a few blocks of each insert
			}
			p := spawn(t, o)
			s.waitUntil("the consumer's death "+place, time.Minute, p.dead)
			t.Logf("round %d: died %s, insert %d; committed %v", round, place, o.KillOn, s.watch.now())
		}
		before := s.watch.now()
		s.sender.send(t, s.world.records(t, 1500))
		p := spawn(t, s.orders)
		s.waitUntil("a commit", time.Minute, func() bool { return total64(s.watch.now()) > total64(before) })
		p.kill()
		t.Logf("round %d: died after a commit; committed %v", round, s.watch.now())
	}
	s.finish(spawn(t, s.orders))
}

func total64(m map[int]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

// Fault 5: the broker is killed, then restarted in order; the group's coordinator
// is lost with it.
func TestBrokerGoesAway(t *testing.T) {
	s := newScene(t, servertest.Kafka(t), 4)
	p := spawn(t, s.orders)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range 12 {
			s.sender.send(t, s.world.records(t, 300))
			time.Sleep(300 * time.Millisecond)
		}
	}()
	s.waitUntil("first commits", time.Minute, func() bool { return total64(s.watch.now()) > 300 })
	for _, c := range []struct {
		how  string
		away func() error
	}{{"killed", s.broker.Kill}, {"stopped", s.broker.Stop}} {
		if err := c.away(); err != nil {
			t.Fatal(err)
		}
		before := total64(s.watch.now())
		if err := s.broker.Restart(); err != nil {
			t.Fatal(err)
		}
		back := time.Now()
		s.waitUntil("commits after the broker was "+c.how, time.Minute, func() bool { return total64(s.watch.now()) > before })
		t.Logf("broker %s: the stall lasted %v from its return", c.how, time.Since(back).Round(100*time.Millisecond))
	}
	<-sent
	if p.dead() {
		t.Fatal("the consumer died with the broker")
	}
	s.finish(p)
}

// Fault 6: ClickHouse is away. Memory stays bounded, nothing goes to the dead
// letters, the consumer says that it is not ready, and resumes by itself.
func TestStoreGoesAway(t *testing.T) {
	away, n := 10*time.Second, 60_000
	if long() {
		away, n = 10*time.Minute, 600_000
	}
	s := newScene(t, servertest.SharedKafka(t), 4)
	proxy := startProxy(t, s.engine.Addr)
	s.orders.ClickHouse, s.orders.BatchRows, s.orders.BatchBytes = proxy.addr(), 20_000, 4<<20
	s.sender.send(t, s.world.records(t, 1000))
	p := spawn(t, s.orders)
	s.waitUntil("first commits", time.Minute, s.done)
	s.waitUntil("ready", 10*time.Second, func() bool { return p.state().Ready })
	proxy.setCut(true)
	cut := time.Now()
	records := s.world.records(t, 6000)
	for range n / len(records) {
		// The same events told again and again: a backlog of any size for the price of a small one.
		s.sender.send(t, records)
	}
	s.waitUntil("not ready", 10*time.Second, func() bool { return !p.state().Ready })
	before := s.watch.now()
	time.Sleep(away - time.Since(cut))
	if now := s.watch.now(); total64(now) != total64(before) {
		t.Errorf("offsets were committed while the store was away: %v, then %v", before, now)
	}
	if p.dead() {
		t.Fatal("the consumer died with the store")
	}
	proxy.setCut(false)
	back := time.Now()
	s.waitUntil("ready again", 40*time.Second, func() bool { return p.state().Ready })
	t.Logf("resumed %v after the store's return", time.Since(back).Round(100*time.Millisecond))
	s.waitUntil("everything committed", 2*time.Minute, s.done)
	peak := resident(t, p.cmd.Process.Pid)
	t.Logf("peak memory %d MiB for a backlog of %d records", peak>>20, n)
	if peak > 256<<20 {
		t.Errorf("peak memory %d MiB, want at most 256", peak>>20)
	}
	if n := total(s.letters()); n != 0 {
		t.Errorf("%d dead letters because the store was away", n)
	}
	s.finish(p)
}

// Fault 11: poison of every kind between good records, and a batch of nothing else.
func TestPoison(t *testing.T) {
	s := newScene(t, servertest.SharedKafka(t), 4)
	mixed := append(s.world.records(t, 2000), s.world.poisons(t, 5*len(poisonKinds))...)
	mixed = append(mixed, record{Message: event.Message{Key: []byte("tombstone")}})
	s.rng.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	s.sender.send(t, mixed)
	// All of one partition, so that whole batches hold nothing else.
	pure := s.world.poisons(t, 700)
	pure = slices.DeleteFunc(pure, func(r record) bool { return len(r.Value) > 1<<20 })
	for i := range pure {
		pure[i].Key = []byte("checkout")
	}
	s.sender.send(t, pure)
	s.finish(spawn(t, s.orders))
	if n := s.count(s.orders.Database, "SELECT uniqExact(topic, partition, offset) FROM rejection_row"); n != total(s.sender.poison()) {
		t.Errorf("%d rejections in the store, %d poisoned records", n, total(s.sender.poison()))
	}
}

// Fault 12: the dead-letter topic is not there. No offset beyond the poison moves.
func TestDeadLetterTopicAway(t *testing.T) {
	s := newScene(t, servertest.SharedKafka(t), 1)
	missing := s.orders.DeadLetters + ".later"
	s.orders.DeadLetters = missing
	s.sender.send(t, append(s.world.poisons(t, 1), s.world.records(t, 500)...))
	p := spawn(t, s.orders)
	s.waitUntil("not ready", 30*time.Second, func() bool { return p.state().Reason != "" && !p.state().Ready })
	time.Sleep(3 * time.Second)
	if now := s.watch.now(); total64(now) != 0 {
		t.Errorf("offsets %v were committed though a dead letter could not be written", now)
	}
	if p.state().Ready {
		t.Error("ready without a dead-letter topic")
	}
	s.topic(missing, 1)
	s.finish(p)
}

// Fault 13: the same event at another offset, years later, from another producer in
// the other mode; dead letters replayed twice.
func TestSameEventAgain(t *testing.T) {
	s := newScene(t, servertest.SharedKafka(t), 4)
	s.world.start = s.world.start.AddDate(-4, 0, 0)
	records := s.world.records(t, 800)
	for i := range records {
		records[i].Time = event.Millis(s.world.start.AddDate(0, 0, 65).UnixMilli())
	}
	// Told too early for its clock: rejected now, accepted when it is replayed later.
	early := s.world.records(t, 20)
	for i := range early {
		early[i].Time = event.Millis(s.world.start.AddDate(-1, 0, 0).UnixMilli())
	}
	s.sender.send(t, records)
	identity := map[string]string{}
	for i := range early {
		identity[sum(early[i].Value)] = early[i].identity
		early[i].identity = ""
	}
	s.sender.send(t, early)
	p := spawn(t, s.orders)
	s.waitUntil("the first telling committed", time.Minute, s.done)
	first := s.query(s.orders.Database, "SELECT * FROM incident ORDER BY ALL FORMAT TSV")

	again := slices.Clone(records)
	for i := range again {
		headers, err := event.BinaryHeaders(again[i].Value)
		if err != nil {
			t.Fatal(err)
		}
		again[i].Headers = headers
		again[i].Key = []byte{byte(s.rng.IntN(256)), byte(i)}
		again[i].Time = 0 // now
	}
	s.sender.send(t, again)
	s.waitUntil("the second telling committed", time.Minute, s.done)
	if now := s.query(s.orders.Database, "SELECT * FROM incident ORDER BY ALL FORMAT TSV"); now != first {
		t.Errorf("telling everything again changed the incidents: %s", firstDifference(now, first))
	}

	d := consume.NewDeadLetters(consume.Connection{Brokers: s.broker.Brokers}, s.orders.DeadLetters)
	var once string
	for turn := range 2 {
		r, err := d.Replay(t.Context(), consume.ReplayOptions{Filter: consume.Filter{Code: event.CodeFutureTime}})
		if err != nil || r.Sent < 10 || r.Sent+r.Repeated != r.Matched { // some were told twice
			t.Fatalf("replay: %+v, %v", r, err)
		}
		// What was replayed is acknowledged, and is in the ledger as what it now is.
		s.sender.replayed(t, s.broker.Brokers, identity)
		s.waitUntil("the replay committed", time.Minute, s.done)
		now := s.query(s.orders.Database, "SELECT * FROM incident ORDER BY ALL FORMAT TSV")
		switch {
		case turn == 0 && now == first:
			t.Error("the replayed events changed nothing at all: they did not land")
		case turn == 1 && now != once:
			t.Errorf("the second replay changed the incidents: %s", firstDifference(now, once))
		}
		once = now
	}
	s.finish(p)
}
