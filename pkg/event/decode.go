package event

import (
	"errors"
	"strings"
	"time"
	"unsafe"

	"github.com/cespare/xxhash/v2"
)

// How people in events are treated; see Options.Redact.
const (
	RedactHash   = "hash"
	RedactReject = "reject"
)

// Options of a Decoder. The zero value is ready to use: nothing is redacted.
type Options struct {
	// RedactionKey is the secret under which people are hashed; 16 bytes or more.
	RedactionKey []byte
	// Redact says what becomes of an event that names a person: "hash" replaces the
	// person (needs RedactionKey), "reject" rejects the event. Empty is "hash" if
	// there is a key, else events are kept as they are.
	Redact string
	// FutureSlack is how much later than the record's timestamp an event may say that
	// it happened. 0 is 24 hours.
	FutureSlack time.Duration
	// MaxBytes is the size above which a record's value is rejected. 0 is 1 MiB.
	MaxBytes int
}

// Decoder turns records into events. It is not safe for concurrent use: make one
// for each goroutine.
type Decoder struct {
	schemas     *schemaSet
	redactor    *redactor
	futureSlack Millis
	maxBytes    int
	digest      *xxhash.Digest
	out         []byte // what the last event of the fast path shares: canonical JSON, identity, links
	fast        fastEvent
}

// NewDecoder makes a decoder. An error is a wrong option, or a broken build whose
// embedded schemas do not compile.
func NewDecoder(o Options) (*Decoder, error) {
	set, err := loadSchemas()
	if err != nil {
		return nil, err
	}
	d := &Decoder{schemas: set, digest: xxhash.New(), futureSlack: Millis(o.FutureSlack.Milliseconds()), maxBytes: o.MaxBytes}
	if d.futureSlack == 0 {
		d.futureSlack = Millis((24 * time.Hour).Milliseconds())
	}
	if d.maxBytes == 0 {
		d.maxBytes = 1 << 20
	}
	if n := len(o.RedactionKey); n > 0 && n < 16 {
		return nil, errors.New("redaction key: at least 16 bytes are needed, as from `openssl rand -hex 16`")
	}
	switch {
	case o.Redact == RedactReject:
		d.redactor = &redactor{refuse: true}
	case o.Redact == RedactHash && len(o.RedactionKey) == 0:
		return nil, errors.New(`redaction "hash": a redaction key is needed; set one, or redaction "reject"`)
	case o.Redact != "" && o.Redact != RedactHash:
		return nil, errors.New(`redaction: must be "hash" or "reject"`)
	case len(o.RedactionKey) > 0:
		d.redactor = &redactor{key: o.RedactionKey}
	}
	return d, nil
}

// Decode reads the event in m. into is reset first; it shares memory with m and
// with d until the next call. A rejection leaves into without meaning.
func (d *Decoder) Decode(m *Message, into *Event) *Rejection {
	into.Reset()
	r := d.decode(m, into)
	if r != nil {
		r.Position = m.Position
	}
	return r
}

func (d *Decoder) decode(m *Message, into *Event) *Rejection {
	if m.Value == nil {
		return reject(CodeTombstone, "", "an event")
	}
	if len(m.Value) > d.maxBytes {
		return reject(CodeTooLarge, "", "a smaller value")
	}
	var ce cloudEvent
	if r := d.schemas.open(m, &ce); r != nil {
		return r
	}
	into.ReceivedAt, into.EmittedAt, into.Imported = m.Time, ce.emitted, ce.imported
	if d.redactor != nil {
		d.redactor.reset()
	}
	if !d.decodeFast(ce.data, into) {
		if r := d.decodeSlow(ce.data, into, &ce); r != nil {
			return r
		}
	} else if r := ce.match(into.ID, into.Type); r != nil {
		return r
	}
	if r := d.checkClock(m, into); r != nil {
		return r
	}
	into.SHA256 = d.redactor.digest(ce.data)
	into.OrdHigh, into.OrdLow = uint64(into.OccurredAt), ordLow(d.digest, into)
	return nil
}

// match compares the CloudEvent with the CDEvent in it.
func (ce *cloudEvent) match(id, typ string) *Rejection {
	switch {
	case ce.bare:
	case ce.id != id:
		return reject(CodeEnvelopeMismatch, "/context/id", "the same id as the CloudEvent's")
	case ce.typ != typ:
		return reject(CodeEnvelopeMismatch, "/context/type", "the same type as the CloudEvent's")
	}
	return nil
}

// checkClock refuses moments that would win over every later one for ever. A
// record without a timestamp is not compared.
func (d *Decoder) checkClock(m *Message, e *Event) *Rejection {
	if !inBounds(e.OccurredAt) {
		return reject(CodeTimeRange, "/context/timestamp", "a time from 1980-01-01 up to 2199-12-31")
	}
	if m.Time <= 0 {
		return nil
	}
	latest := m.Time + d.futureSlack
	at := ""
	switch {
	case e.OccurredAt > latest:
		at = "/context/timestamp"
	case max(e.StartedAt, e.DetectedAt, e.AcknowledgedAt, e.MitigatedAt, e.ResolvedAt, e.FinishedAt) > latest:
		// All of these tell what has happened; none can be told beforehand.
		at = "/customData/tuition"
		if strings.HasPrefix(e.Type, "dev.cdeventsx.") {
			at = "/subject/content"
		}
	default:
		return nil
	}
	return reject(CodeFutureTime, at, "no time later than the record's timestamp and "+time.Duration(int64(d.futureSlack)*int64(time.Millisecond)).String())
}

// decodeSlow checks data against the schema of its type and reads what it says.
func (d *Decoder) decodeSlow(data []byte, into *Event, ce *cloudEvent) *Rejection {
	// The fast path may have begun to fill into.
	received, emitted, imported := into.ReceivedAt, into.EmittedAt, into.Imported
	into.Reset()
	into.ReceivedAt, into.EmittedAt, into.Imported = received, emitted, imported

	tree, r := d.schemas.parseTree(data)
	if r != nil {
		return r
	}
	context, _ := tree["context"].(map[string]any)
	typ, ok := context["type"].(string)
	if !ok {
		return reject(CodeSchema, "/context/type", "the type of the CDEvent, as text")
	}
	_, hasSpecversion := context["specversion"]
	schema, means, r := d.schemas.find(typ, hasSpecversion)
	if r != nil {
		return r
	}
	if r := d.schemas.check(schema, tree); r != nil {
		return r
	}
	if r := d.checkTuition(tree, means); r != nil {
		return r
	}
	id, _ := context["id"].(string)
	if r := ce.match(id, typ); r != nil {
		return r
	}
	if d.redactor != nil {
		d.redactor.object(tree, nil, false)
		if d.redactor.found != nil {
			return reject(CodePersonalData, safePointer(d.schemas.words, d.redactor.found), "no "+d.redactor.kind)
		}
	}
	return extract(tree, means, into)
}

// checkTuition validates what tuition adds to CDEvents whose own content is closed.
func (d *Decoder) checkTuition(tree map[string]any, means meaning) *Rejection {
	custom, _ := tree["customData"].(map[string]any)
	own, ok := custom["tuition"]
	switch {
	case !ok:
	case means.shape == shapeIncident:
		return d.schemas.check(d.schemas.incident, own, "customData", "tuition")
	case means.shape == shapeService:
		return d.schemas.check(d.schemas.service, own, "customData", "tuition")
	}
	return nil
}

// extract reads a valid event.
func extract(tree map[string]any, means meaning, e *Event) *Rejection {
	context := tree["context"].(map[string]any)
	subject := tree["subject"].(map[string]any)
	content, _ := subject["content"].(map[string]any)
	custom, _ := tree["customData"].(map[string]any)
	own, _ := custom["tuition"].(map[string]any)

	e.Kind, e.Predicate, e.ChangeKind = means.kind, means.predicate, means.change
	e.Source, _ = context["source"].(string)
	e.ID, _ = context["id"].(string)
	e.Type, _ = context["type"].(string)
	e.Entity, _ = subject["id"].(string)
	timestamp, _ := context["timestamp"].(string)
	at, ok := parseTime(timestamp)
	if !ok {
		return reject(CodeSchema, "/context/timestamp", "date-time")
	}
	e.OccurredAt = at

	rest := map[string]any{}
	var r *Rejection
	switch means.shape {
	case shapeIncident:
		if e.Predicate == PredicateDetected {
			e.DetectionSource = "monitoring"
			e.Stated |= StatedDetectionSource
		}
		statedCauses(context["links"], e)
		if rest, r = fields(own).apply(e, "/customData/tuition"); r != nil {
			return r
		}
		coreIncident(content, own, e, rest)
	case shapeService:
		if rest, r = fields(own).apply(e, "/customData/tuition"); r != nil {
			return r
		}
		coreService(content, rest, e)
	case shapeOwn:
		if rest, r = fields(content).apply(e, "/subject/content"); r != nil {
			return r
		}
		if e.Kind != KindIncident && e.Kind != KindChange {
			rest = content
		}
	}
	if len(rest) > 0 {
		e.Attributes = canonical(rest)
		e.Stated |= StatedAttributes
	}
	e.Canonical = canonical(tree)
	return nil
}

// corePlace reads where it was: what CDEvents' incidents and services both tell.
func corePlace(content map[string]any, e *Event) {
	if environment, ok := idOf(content["environment"]); ok {
		e.Environment = environment
		e.Stated |= StatedEnvironment
	}
	if artifact, ok := content["artifactId"].(string); ok {
		e.Artifact = artifact
		e.Stated |= StatedArtifact
	}
}

// coreIncident reads subject.content of a CDEvents incident.
func coreIncident(content, own map[string]any, e *Event, rest map[string]any) {
	for _, name := range [...]string{"description", "ticketURI"} {
		if v, ok := content[name]; ok {
			rest[name] = v
		}
	}
	corePlace(content, e)
	if service, ok := idOf(content["service"]); ok {
		setServices(e, service, listOf(own["services"]))
	}
}

// coreService reads subject.id and subject.content of a CDEvents service, and
// gives the change its identity. On entry Entity is subject.id, the service.
func coreService(content, rest map[string]any, e *Event) {
	setServices(e, e.Entity, nil)
	corePlace(content, e)
	deployID, _ := rest["deployId"].(string)
	delete(rest, "deployId")
	if deployID != "" && e.Predicate == PredicateRolledBack {
		e.Links = append(e.Links, "change:"+deployID)
		e.Stated |= StatedLinks
		deployID = ""
	}
	if deployID != "" {
		e.Entity = deployID
		return
	}
	e.Entity = string(appendChangeID(nil, e))
}

func idOf(ref any) (string, bool) {
	object, _ := ref.(map[string]any)
	id, ok := object["id"].(string)
	return id, ok
}

// share makes a string of b's own bytes.
func share(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
