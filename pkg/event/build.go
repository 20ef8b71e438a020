package event

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Extra adds to an event that New makes.
type Extra func(tree map[string]any)

// Tuition puts attributes into customData.tuition: what CDEvents' own incident and
// service types have no place for.
func Tuition(attributes map[string]any) Extra {
	return func(tree map[string]any) {
		tree["customData"] = map[string]any{"tuition": attributes}
		tree["customDataContentType"] = "application/json"
	}
}

// CausedBy links an incident to the event, by its context.id, that brought it about.
func CausedBy(contextID string) Extra {
	return func(tree map[string]any) {
		context := tree["context"].(map[string]any)
		links, _ := context["links"].([]any)
		context["links"] = append(links, map[string]any{
			"linkType": "RELATION", "linkKind": "TRIGGER", "target": map[string]any{"contextId": contextID},
		})
	}
}

// New makes a CDEvent 0.5.1 as canonical JSON and checks it as Decode would; an
// error is a *Rejection. Values are what JSON knows, and time.Time, which becomes
// RFC 3339 in UTC with milliseconds.
func New(typ, source, id string, at time.Time, subjectID string, content map[string]any, extras ...Extra) ([]byte, error) {
	if content == nil {
		content = map[string]any{}
	}
	tree := map[string]any{
		"context": map[string]any{
			"specversion": "0.5.1", "id": id, "source": source, "type": typ, "timestamp": at,
		},
		"subject": map[string]any{"id": subjectID, "source": source, "content": content},
	}
	for _, extra := range extras {
		extra(tree)
	}
	cdevent, err := json.Marshal(plain(tree))
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", typ, err)
	}
	e, err := decodeBare(cdevent)
	if err != nil {
		return nil, err
	}
	return []byte(e.Canonical), nil
}

// plain copies v with times written out.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return formatTime(v)
	case map[string]any:
		out := maps.Clone(v)
		for name, item := range out {
			out[name] = plain(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	}
	return v
}

// BinaryHeaders gives the headers of a record whose value is cdevent, in binary
// mode. The caller may add ce_time and HeaderImported.
func BinaryHeaders(cdevent []byte) ([]Header, error) {
	e, err := decodeBare(cdevent)
	if err != nil {
		return nil, err
	}
	return []Header{
		{HeaderContentType, []byte("application/json")},
		{"ce_specversion", []byte("1.0")},
		{"ce_id", []byte(e.ID)},
		{"ce_source", []byte(e.Source)},
		{"ce_type", []byte(e.Type)},
	}, nil
}

// Structured gives the value and the headers of a record in structured mode.
// emitted may be zero: not stated.
func Structured(cdevent []byte, emitted time.Time, imported bool) ([]byte, []Header, error) {
	e, err := decodeBare(cdevent)
	if err != nil {
		return nil, nil, err
	}
	around := map[string]any{
		"specversion": "1.0", "id": e.ID, "source": e.Source, "type": e.Type,
		"datacontenttype": "application/json", "data": jsontext.Value(cdevent),
	}
	if !emitted.IsZero() {
		around["time"] = formatTime(emitted)
	}
	if imported {
		around["tuitionimport"] = "true"
	}
	value, err := json.Marshal(around, json.Deterministic(true))
	if err != nil {
		return nil, nil, fmt.Errorf("cloud event: %w", err)
	}
	return value, []Header{{HeaderContentType, []byte(structuredType)}}, nil
}

// isCloudEvent tells a CloudEvent in its JSON format from a bare CDEvent, which
// has no specversion of its own at the top.
func isCloudEvent(value []byte) bool {
	var top struct {
		Specversion jsontext.Value `json:"specversion"`
	}
	return json.Unmarshal(value, &top) == nil && top.Specversion != nil
}

// Key is the Kafka key for a CDEvent, or for a CloudEvent around one: the entity
// that it speaks of, so that one entity keeps to one partition.
func Key(value []byte) ([]byte, error) {
	e, err := decodeBare(value)
	if err != nil {
		return nil, err
	}
	return []byte(e.Entity), nil
}

var bareDecoders = sync.Pool{New: func() any {
	d, err := NewDecoder(Options{})
	if err != nil {
		return err
	}
	return d
}}

// decodeBare decodes an event that has no record around it.
func decodeBare(value []byte) (*Event, error) {
	d, ok := bareDecoders.Get().(*Decoder)
	if !ok {
		_, err := loadSchemas()
		return nil, err
	}
	defer bareDecoders.Put(d)
	m := Message{Value: value}
	if isCloudEvent(value) {
		m.Headers = []Header{{HeaderContentType, []byte(structuredType)}}
	}
	var e Event
	if r := d.Decode(&m, &e); r != nil {
		return nil, r
	}
	return e.Clone(), nil
}
