package event

import (
	"errors"
	"testing"
	"time"
)

func TestNewRefusesWhatDecodeWould(t *testing.T) {
	_, err := New(TypeCostRecorded, "/test", "1", noon, "cost-1", map[string]any{"failure": "inc-1", "currency": "euro", "low": 1, "high": 2})
	var r *Rejection
	if !errors.As(err, &r) || r.Code != CodeSchema || r.Pointer != "/subject/content/currency" {
		t.Errorf("got %v", err)
	}
	if _, err := New(TypeCostRecorded, "/test", "1", noon, "cost-1", map[string]any{"failure": func() {}}); err == nil {
		t.Error("a function became JSON")
	}
}

func TestRecordsOfEitherModeComeBack(t *testing.T) {
	raw, err := New(TypeImprovementClosed, "/test", "1", noon, "imp-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	inBinary, err := BinaryHeaders(raw)
	if err != nil {
		t.Fatal(err)
	}
	emitted := noon.Add(time.Minute)
	value, inStructured, err := Structured(raw, emitted, true)
	if err != nil {
		t.Fatal(err)
	}
	d := newDecoder(t, Options{})
	var e Event
	if r := d.Decode(&Message{Value: raw, Headers: append(inBinary, Header{HeaderImported, []byte("true")})}, &e); r != nil || !e.Imported || e.EmittedAt != 0 || e.Entity != "imp-1" {
		t.Errorf("binary: %v %+v", r, e)
	}
	if r := d.Decode(&Message{Value: value, Headers: inStructured, Time: 1774008120000}, &e); r != nil || !e.Imported || e.EmittedAt != noonMillis+60_000 || e.ReceivedAt != 1774008120000 {
		t.Errorf("structured: %v %+v", r, e)
	}
	for what, v := range map[string][]byte{"CDEvent": raw, "CloudEvent": value} {
		key, err := Key(v)
		if err != nil || string(key) != "imp-1" {
			t.Errorf("key of the %s: %q %v", what, key, err)
		}
	}
	for what, v := range map[string]string{"no JSON": "x", "a CloudEvent without data": `{"specversion":"1.0"}`} {
		if _, err := Key([]byte(v)); err == nil {
			t.Errorf("key for %s", what)
		}
	}
}
