package simulate

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/event"
)

// Topic is where the records belong.
const Topic = "tuition.events"

// production is the only environment that the organisation runs.
const production = "production"

// Simulation is one organisation: what was told of it, and the truth behind.
type Simulation struct{ world *world }

// New makes an organisation. It draws all failures at once, changes as Records passes them.
func New(c Config) (*Simulation, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Simulation{world: newWorld(c)}, nil
}

// AsOf is the moment up to which the truth is told, in milliseconds since 1970:
// the end of the configuration, one millisecond after the last event.
func (s *Simulation) AsOf() int64 { return s.world.end }

// Records gives the log in the order in which it is delivered, which is not that
// in which things happened. Message.Time is the moment of delivery. It may be
// ranged over again and gives the same bytes each time; memory is bounded by what
// a week of the log and the records still under way take.
func (s *Simulation) Records() iter.Seq[event.Message] {
	return func(yield func(event.Message) bool) {
		t := &teller{world: s.world, changes: newChanges(s.world)}
		next := 0
		for from := t.begin; from < t.end; from += 7 * dayMillis {
			to := min(from+7*dayMillis, t.end)
			t.random = t.world.random(forTelling, uint64((from-t.begin)/dayMillis))
			for _, c := range t.week(from, to) {
				t.tellChange(c)
			}
			for ; next < len(t.failures) && t.failures[next].started < to; next++ {
				t.tellFailure(t.failures[next])
			}
			t.tellLearning(from, to)
			t.tellPlatform(from, to)
			t.tellForesight(from, to)
			if to == t.end {
				to = math.MaxInt64
			}
			for len(t.waiting) > 0 && t.waiting[0].at < to {
				if !yield(heap.Pop(&t.waiting).(delivery).message()) {
					return
				}
			}
		}
	}
}

// teller tells what happened as tools do, and holds what is not yet delivered.
type teller struct {
	*world
	*changes
	random  *rand.Rand
	waiting deliveries
	order   int
}

// fact is one event to be told.
type fact struct {
	at      int64 // occurred; nothing is told that happens at or after the end
	typ     string
	source  string
	id      string // of the event; "" to draw one
	subject string
	content map[string]any
	custom  map[string]any // customData.tuition of CDEvents' own types
	links   []string       // ids of events that this one is related to
	held    int64          // the source itself sends it this much later
	old     string         // subject type, for a tool that still speaks CDEvents 0.4.1
}

const (
	ownType  = "dev.cdeventsx.tuition-%s.0.1.0"
	coreType = "dev.cdevents.%s.0.3.0"
)

func own(name string) string  { return fmt.Sprintf(ownType, name) }
func core(name string) string { return fmt.Sprintf(coreType, name) }

type cdevent struct {
	Context struct {
		SpecVersion string `json:"specversion,omitempty"`
		Version     string `json:"version,omitempty"` // what specversion was called until 0.4
		ID          string `json:"id"`
		Source      string `json:"source"`
		Type        string `json:"type"`
		Timestamp   string `json:"timestamp"`
		Links       []link `json:"links,omitempty"`
	} `json:"context"`
	Subject struct {
		ID      string         `json:"id"`
		Type    string         `json:"type,omitempty"` // until 0.4
		Content map[string]any `json:"content"`
	} `json:"subject"`
	CustomData     map[string]any `json:"customData,omitempty"`
	CustomDataType string         `json:"customDataContentType,omitempty"`
}

type link struct {
	Type   string            `json:"linkType"`
	Kind   string            `json:"linkKind"`
	Target map[string]string `json:"target"`
}

// tell sends a fact: mostly within a minute, sometimes hours late, now and then twice.
func (t *teller) tell(f fact) {
	if f.at >= t.end {
		return
	}
	if f.id == "" {
		f.id = fmt.Sprintf("%016x", t.random.Uint64())
	}
	var e cdevent
	e.Context.ID, e.Context.Source = f.id, f.source
	if e.Context.SpecVersion = "0.5.1"; f.old != "" {
		e.Context.SpecVersion, e.Context.Version, e.Subject.Type = "", "0.4.1", f.old
		f.typ = strings.TrimSuffix(f.typ, "0.3.0") + "0.2.0"
	}
	e.Context.Type = f.typ
	e.Context.Timestamp = stamp(f.at)
	for _, id := range f.links {
		e.Context.Links = append(e.Context.Links, link{"RELATION", "CAUSE", map[string]string{"contextId": id}})
	}
	e.Subject.ID, e.Subject.Content = f.subject, f.content
	if e.Subject.Content == nil {
		e.Subject.Content = map[string]any{}
	}
	if f.custom != nil {
		e.CustomData, e.CustomDataType = map[string]any{"tuition": f.custom}, "application/json"
	}
	value, err := json.Marshal(e)
	if err != nil {
		panic("simulate: an event of plain values does not marshal: " + err.Error())
	}
	r := t.random
	emitted := f.at + f.held + int64(r.ExpFloat64()*10*1000)
	delay := int64(r.ExpFloat64() * 20 * 1000)
	switch u := r.Float64(); {
	case u < 0.002: // replayed by hand, weeks later
		delay = int64((5 + 30*r.Float64()) * dayMillis)
	case u < 0.03: // the vendor's retries
		delay = int64(48 * r.Float64() * hourMillis)
	}
	d := delivery{at: emitted + delay, emitted: emitted, fact: f, value: value, structured: r.Float64() < 0.1}
	t.deliver(d)
	if r.Float64() < 0.02 {
		d.at += int64(r.ExpFloat64() * float64(hourMillis))
		d.structured = !d.structured
		t.deliver(d)
	}
}

func (t *teller) deliver(d delivery) {
	d.order = t.order
	t.order++
	heap.Push(&t.waiting, d)
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// delivery is a record under way.
type delivery struct {
	at, emitted int64
	order       int // of telling, among deliveries at the same moment
	fact        fact
	value       []byte
	structured  bool
}

// message gives the record in either mode of the CloudEvents Kafka binding.
func (d delivery) message() event.Message {
	m := event.Message{Position: event.Position{Topic: Topic}, Key: []byte(d.fact.subject), Time: event.Millis(d.at)}
	if d.structured {
		m.Value = d.envelope()
		m.Headers = []event.Header{{Key: "content-type", Value: []byte("application/cloudevents+json; charset=UTF-8")}}
		return m
	}
	m.Value = d.value
	m.Headers = []event.Header{
		{Key: "ce_specversion", Value: []byte("1.0")},
		{Key: "ce_id", Value: []byte(d.fact.id)},
		{Key: "ce_source", Value: []byte(d.fact.source)},
		{Key: "ce_type", Value: []byte(d.fact.typ)},
		{Key: "ce_subject", Value: []byte(d.fact.subject)},
		{Key: "ce_time", Value: []byte(stamp(d.emitted))},
		{Key: "content-type", Value: []byte("application/json")},
	}
	return m
}

// envelope is the structured mode: the CDEvent as data of a CloudEvent.
func (d delivery) envelope() []byte {
	value, err := json.Marshal(struct {
		SpecVersion string          `json:"specversion"`
		ID          string          `json:"id"`
		Source      string          `json:"source"`
		Type        string          `json:"type"`
		Subject     string          `json:"subject"`
		Time        string          `json:"time"`
		ContentType string          `json:"datacontenttype"`
		Data        json.RawMessage `json:"data"`
	}{"1.0", d.fact.id, d.fact.source, d.fact.typ, d.fact.subject, stamp(d.emitted), "application/json", d.value})
	if err != nil {
		panic("simulate: an envelope of plain values does not marshal: " + err.Error())
	}
	return value
}

// deliveries is a heap by moment, then by order of telling.
type deliveries []delivery

func (d deliveries) Len() int { return len(d) }
func (d deliveries) Less(i, j int) bool {
	if d[i].at != d[j].at {
		return d[i].at < d[j].at
	}
	return d[i].order < d[j].order
}
func (d deliveries) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deliveries) Push(x any)   { *d = append(*d, x.(delivery)) }
func (d *deliveries) Pop() any {
	last := len(*d) - 1
	x := (*d)[last]
	(*d)[last] = delivery{}
	*d = (*d)[:last]
	return x
}
