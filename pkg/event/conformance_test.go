package event

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
)

// conformanceFiles are the events that CDEvents publishes for 0.5.1.
func conformanceFiles(t testing.TB) map[string][]byte {
	dir := servertest.Shared(t, "payloads", "cdevents-v0.5.1")
	paths, err := filepath.Glob(filepath.Join(dir, "*conformance*.json"))
	if err != nil || len(paths) != 33 {
		t.Fatalf("%s: %d conformance files, want 32 and the custom one (%v)", dir, len(paths), err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".json")] = raw
	}
	return files
}

func newDecoder(t testing.TB, o Options) *Decoder {
	t.Helper()
	d, err := NewDecoder(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func contextOf(t testing.TB, cdevent []byte) (id, typ, source string) {
	t.Helper()
	var doc struct {
		Context struct{ ID, Type, Source string }
	}
	if err := json.Unmarshal(cdevent, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Context.ID, doc.Context.Type, doc.Context.Source
}

// binaryMode is cdevent as a record in binary mode, headers made without the package's own builder.
func binaryMode(t testing.TB, cdevent []byte) *Message {
	id, typ, source := contextOf(t, cdevent)
	return &Message{Value: cdevent, Headers: []Header{
		{"Content-Type", []byte("application/json; charset=utf-8")},
		{"ce_specversion", []byte("1.0")},
		{"ce_id", []byte(id)},
		{"ce_type", []byte(typ)},
		{"ce_source", []byte(source)},
	}}
}

// structuredMode is cdevent as a record in structured mode.
func structuredMode(t testing.TB, cdevent []byte) *Message {
	id, typ, source := contextOf(t, cdevent)
	value := `{"specversion":"1.0","id":` + quote(id) + `,"type":` + quote(typ) + `,"source":` + quote(source) +
		`,"datacontenttype":"application/json","data":` + string(cdevent) + `}`
	return &Message{Value: []byte(value), Headers: []Header{{"content-type", []byte("Application/CloudEvents+JSON; charset=UTF-8")}}}
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

func TestConformanceFilesInEveryMode(t *testing.T) {
	d := newDecoder(t, Options{})
	for name, raw := range conformanceFiles(t) {
		_, typ, _ := contextOf(t, raw)
		var first *Event
		for mode, m := range map[string]*Message{"binary": binaryMode(t, raw), "structured": structuredMode(t, raw), "bare": {Value: raw}} {
			var e Event
			if r := d.Decode(m, &e); r != nil {
				t.Errorf("%s, %s mode: %v", name, mode, r)
				continue
			}
			if e.Type != typ {
				t.Errorf("%s, %s mode: type %q, want %q", name, mode, e.Type, typ)
			}
			if first == nil {
				first = e.Clone()
			} else if e.OrdLow != first.OrdLow || e.Canonical != first.Canonical || e.Entity != first.Entity {
				t.Errorf("%s: %s mode gives another event than the first mode", name, mode)
			}
		}
	}
}

// Every official schema is kept as it is, and each conformance file breaks it when
// a required property is taken away or an unknown one added.
func TestConformanceFilesAreHeldToTheirSchemas(t *testing.T) {
	d := newDecoder(t, Options{})
	for name, raw := range conformanceFiles(t) {
		for fault, breakIt := range map[string]func(doc map[string]any){
			"/context":         func(doc map[string]any) { delete(doc["context"].(map[string]any), "id") },
			"/subject":         func(doc map[string]any) { delete(doc["subject"].(map[string]any), "content") },
			"/context/source":  func(doc map[string]any) { doc["context"].(map[string]any)["source"] = 7 },
			"/subject/id":      func(doc map[string]any) { doc["subject"].(map[string]any)["id"] = "" },
			"/context/links/0": func(doc map[string]any) { doc["context"].(map[string]any)["links"] = []any{map[string]any{}} },
		} {
			var doc map[string]any
			if err := json.Unmarshal(raw, &doc); err != nil {
				t.Fatal(err)
			}
			breakIt(doc)
			broken, _ := json.Marshal(doc)
			var e Event
			r := d.Decode(&Message{Value: broken}, &e)
			if r == nil || r.Code != CodeSchema || r.Pointer != fault {
				t.Errorf("%s broken at %s: got %v", name, fault, r)
			}
		}
	}
}
