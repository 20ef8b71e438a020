package event

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// The names of headers, as the Kafka binding of CloudEvents 1.0 writes them.
const (
	HeaderContentType = "content-type"
	// HeaderImported, with the value "true", marks history that is brought in: nobody
	// witnessed it at the time. In structured mode it is the attribute tuitionimport.
	HeaderImported = "ce_tuitionimport"

	structuredType = "application/cloudevents+json; charset=UTF-8"
)

// cloudEvent is what a record's CloudEvent says around the CDEvent.
type cloudEvent struct {
	data     []byte // the CDEvent
	bare     bool   // there is no CloudEvent around it
	id, typ  string
	emitted  Millis
	imported bool
}

// open finds the CDEvent in a record, as the Kafka binding of CloudEvents says: a
// content type that starts with application/cloudevents is structured mode, ce_
// headers are binary mode. A record with neither is taken for a bare CDEvent.
func (s *schemaSet) open(m *Message, ce *cloudEvent) *Rejection {
	var contentType, specversion, source, time []byte
	ce.bare = true
	for i := range m.Headers {
		h := &m.Headers[i]
		switch h.Key {
		case "ce_specversion":
			specversion, ce.bare = h.Value, false
		case "ce_id":
			ce.id, ce.bare = share(h.Value), false
		case "ce_type":
			ce.typ, ce.bare = share(h.Value), false
		case "ce_source":
			source, ce.bare = h.Value, false
		case "ce_time":
			time, ce.bare = h.Value, false
		case HeaderImported:
			ce.imported = string(h.Value) == "true"
		default:
			if strings.EqualFold(h.Key, HeaderContentType) {
				contentType = h.Value
			}
		}
	}
	if len(contentType) > 0 {
		if rest, ok := cutFold(contentType, "application/cloudevents"); ok {
			return s.openStructured(m.Value, rest, ce)
		}
		if !isJSON(contentType) {
			return reject(CodeContentType, "", "application/json or application/cloudevents+json")
		}
	}
	ce.data = m.Value
	if ce.bare {
		return nil
	}
	if string(specversion) != "1.0" {
		return reject(CodeEnvelope, "/specversion", "the header ce_specversion with 1.0")
	}
	return ce.finish(ce.id, ce.typ, share(source), share(time), time != nil)
}

// finish checks the attributes that CloudEvents requires.
func (ce *cloudEvent) finish(id, typ, source, time string, hasTime bool) *Rejection {
	ce.id, ce.typ = id, typ
	switch {
	case id == "":
		return reject(CodeEnvelope, "/id", "an id")
	case typ == "":
		return reject(CodeEnvelope, "/type", "a type")
	case source == "":
		return reject(CodeEnvelope, "/source", "a source")
	}
	if hasTime {
		t, ok := parseTime(time)
		if !ok || !inBounds(t) {
			return reject(CodeEnvelope, "/time", "RFC 3339, from 1980 to 2199")
		}
		ce.emitted = t
	}
	return nil
}

// openStructured reads a CloudEvent in its JSON format. rest is what follows
// application/cloudevents in the content type.
func (s *schemaSet) openStructured(value []byte, rest string, ce *cloudEvent) *Rejection {
	suffix, _, _ := strings.Cut(rest, ";")
	switch suffix = strings.ToLower(strings.TrimSpace(suffix)); {
	case strings.HasPrefix(suffix, "-batch"):
		return reject(CodeBatch, "", "one CloudEvent in each record")
	case suffix != "" && suffix != "+json":
		return reject(CodeContentType, "", "application/cloudevents+json")
	}
	if !utf8.Valid(value) {
		return reject(CodeInvalidUTF8, "", "UTF-8")
	}
	ce.bare = false
	dec := jsontext.NewDecoder(bytes.NewBuffer(value))
	if dec.PeekKind() != '{' {
		return reject(CodeInvalidJSON, "", "a CloudEvent as one JSON object")
	}
	text := map[string]string{}
	var data []byte
	_, err := dec.ReadToken()
	for err == nil && dec.PeekKind() != '}' {
		var name jsontext.Token
		if name, err = dec.ReadToken(); err != nil {
			break
		}
		key := name.String()
		var v jsontext.Value
		if v, err = dec.ReadValue(); err != nil {
			break
		}
		switch {
		case key == "data":
			data = bytes.Clone(v)
		case v.Kind() == '"':
			b, _ := jsontext.AppendUnquote(nil, []byte(v))
			text[key] = string(b)
		case key == "tuitionimport" && string(v) == "true":
			text[key] = "true"
		}
	}
	if err == nil {
		_, err = dec.ReadToken()
	}
	if err == nil {
		if _, err = dec.ReadToken(); err == io.EOF {
			err = nil
		} else {
			return reject(CodeInvalidJSON, "", "nothing after the object")
		}
	}
	if err != nil {
		return (&treeParser{words: s.words, inData: true}).syntax(err)
	}
	if text["specversion"] != "1.0" {
		return reject(CodeEnvelope, "/specversion", "1.0")
	}
	if t, ok := text["datacontenttype"]; ok && !isJSON([]byte(t)) {
		return reject(CodeContentType, "/datacontenttype", "application/json")
	}
	encoded, hasBase64 := text["data_base64"]
	switch {
	case data != nil && hasBase64:
		return reject(CodeEnvelope, "/data_base64", "either data or data_base64")
	case hasBase64:
		if data, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return reject(CodeInvalidBase64, "/data_base64", "base64 with the standard alphabet and padding")
		}
	case data == nil:
		return reject(CodeEnvelope, "/data", "the CDEvent, in data or data_base64")
	}
	ce.data, ce.imported = data, text["tuitionimport"] == "true"
	time, hasTime := text["time"]
	return ce.finish(text["id"], text["type"], text["source"], time, hasTime)
}

// isJSON says whether a content type is JSON: application/json, text/json or +json.
func isJSON(contentType []byte) bool {
	if string(contentType) == "application/json" {
		return true
	}
	media, _, _ := strings.Cut(string(contentType), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// cutFold cuts a prefix off, whatever its case.
func cutFold(s []byte, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(string(s[:len(prefix)]), prefix) {
		return "", false
	}
	return string(s[len(prefix):]), true
}
