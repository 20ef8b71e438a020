package event

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// plainEvents are of the kind that comes in masses.
var plainEvents = []string{
	`{"context":{"specversion":"0.5.1","id":"5c3f1a52-9d0e-4a6e-8a2e-1d2f3a4b5c6d","source":"/ci/team-12","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-03-20T14:27:05.315Z"},"subject":{"id":"checkout-17","source":"/ci/team-12","content":{"environment":{"id":"production","source":"/k8s/eu1"},"artifactId":"pkg:oci/checkout@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"}}}`,
	`{"context":{"specversion":"0.5.1","id":"5c3f1a52","source":"/ci/team-12","type":"dev.cdevents.service.upgraded.0.3.0","timestamp":"2026-03-20T14:27:05+02:00","chainId":"c-1"},"subject":{"id":"checkout-17","content":{"environment":{"id":"production"},"artifactId":"v17"}},"customData":{"tuition":{"deployId":"d-17","version":"17","commit":"0b31b1c","startedAt":"2026-03-20T14:20:00Z","finishedAt":"2026-03-20T14:27:00Z","outcome":"succeeded","rollout":"canary","automaticRollback":false,"planned":null,"title":"","uri":"https://ci.example/17","labels":{"a":"1","b":"2"}}},"customDataContentType":"application/json"}`,
	`{"context":{"specversion":"0.5.1","id":"7","source":"https://ci.example/x","type":"dev.cdevents.service.rolledback.0.3.0","timestamp":"2026-03-20T14:27:05.3159Z","schemaUri":"https://myorg.com/schema/custom"},"subject":{"id":"checkout-17","content":{"environment":{"id":"production"},"artifactId":"v16"}},"customData":{}}`,
	`{"context":{"specversion":"0.5.1","id":"8","source":"/monitoring","type":"dev.cdevents.incident.detected.0.3.0","timestamp":"2026-03-20T14:27:05.315Z"},"subject":{"id":"inc-8","source":"/monitoring","content":{"description":"Bezahlen geht nicht – Zeitüberschreitung","environment":{"id":"production"},"service":{"id":"checkout","source":"/k8s"}}},"customData":{"tuition":{"severity":2,"services":["cart","checkout"],"detectionSource":"customer","blastRadius":0.25,"contained":false,"containedBy":null,"failureMode":"timeout","causeCategory":"capacity","startedAt":"2026-03-20T14:00:00Z","statedDetectSeconds":90,"statedResolveSeconds":null,"title":"Checkout","duplicateOf":"inc-7","links":{"changes":["d-17"],"commits":["0b31b1c"]},"labels":{"team":"x"}}}}`,
	`{"context":{"specversion":"0.5.1","id":"9","source":"/desk","type":"dev.cdevents.incident.reported.0.3.0","timestamp":"2026-03-20T14:27:05.315Z"},"subject":{"id":"inc-8","content":{"environment":{"id":"production"},"ticketURI":"https://desk.example/9"}},"customData":{"tuition":{"services":["cart"],"title":"x","uri":"/y","labels":null}}}`,
	` { "subject" : { "content" : { "environment" : { "id" : "production" } } , "id" : "inc-8" } , "context" : { "type" : "dev.cdevents.incident.resolved.0.3.0" , "timestamp" : "2026-03-20T15:27:05Z" , "source" : "/desk" , "id" : "10" , "specversion" : "0.5.1" } } `,
}

// sameEvent compares all fields, NaN with NaN.
func sameEvent(a, b *Event) string {
	va, vb := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range va.NumField() {
		fa, fb := va.Field(i), vb.Field(i)
		switch {
		case fa.Kind() == reflect.Float64 && math.IsNaN(fa.Float()) && math.IsNaN(fb.Float()):
		case fa.Kind() == reflect.Slice && fa.Len() == 0 && fb.Len() == 0:
		case !reflect.DeepEqual(fa.Interface(), fb.Interface()):
			return fmt.Sprintf("%s: %v and %v", va.Type().Field(i).Name, fa, fb)
		}
	}
	return ""
}

// compare holds the fast path to the slow one; it says whether the fast path took the event.
func compare(t *testing.T, d *Decoder, raw []byte) bool {
	t.Helper()
	var fast, slow Event
	fast.Reset()
	if !d.decodeFast(raw, &fast) {
		return false
	}
	slow.Reset()
	if r := d.decodeSlow(raw, &slow, &cloudEvent{bare: true}); r != nil {
		t.Fatalf("the fast path accepts what the schemas reject: %v\n%s", r, raw)
	}
	if diff := sameEvent(&fast, &slow); diff != "" {
		t.Fatalf("the paths differ in %s\n%s", diff, raw)
	}
	return true
}

func TestFastPathTakesPlainEvents(t *testing.T) {
	d := newDecoder(t, Options{})
	for _, raw := range plainEvents {
		if !compare(t, d, []byte(raw)) {
			t.Errorf("left to the slow path: %s", raw)
		}
	}
}

func TestFastPathDefersWhatItCannotJudge(t *testing.T) {
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	deployed, detected := plainEvents[0], plainEvents[3]
	for what, raw := range map[string]string{
		"an escape":            strings.Replace(deployed, "checkout-17", `checkout\u002d17`, 1),
		"invalid UTF-8":        strings.Replace(deployed, "checkout-17", "checkout\xff", 1),
		"a person":             strings.Replace(deployed, "checkout-17", "jo@example.com", 1),
		"a duplicate":          strings.Replace(deployed, `"id":"checkout-17"`, `"id":"checkout-17","id":"x"`, 1),
		"an unknown property":  strings.Replace(deployed, `"source":"/k8s/eu1"`, `"sauce":"/k8s/eu1"`, 1),
		"an odd reference":     strings.Replace(deployed, "/k8s/eu1", "/k8s/%zz", 1),
		"other custom data":    strings.Replace(detected, `"tuition":`, `"other":`, 1),
		"labels, redacting":    detected,
		"a missing artifact":   strings.Replace(deployed, `,"artifactId"`, `,"service"`, 1),
		"a wrong severity":     strings.Replace(detected, `"severity":2`, `"severity":6`, 1),
		"a number with zeros":  strings.Replace(detected, `0.25`, `0.250`, 1),
		"a service attribute":  strings.Replace(detected, `"failureMode"`, `"commit"`, 1),
		"content after it all": deployed + "{}",
		"an unfinished text":   deployed[:40],
	} {
		var e Event
		e.Reset()
		if d.decodeFast([]byte(raw), &e) {
			t.Errorf("%s: taken by the fast path", what)
		}
	}
}

func TestFastPathDoesNotAllocate(t *testing.T) {
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	m := binaryMode(t, []byte(plainEvents[0]))
	var e Event
	if n := testing.AllocsPerRun(1000, func() {
		if r := d.Decode(m, &e); r != nil {
			t.Fatal(r)
		}
	}); n > 0 {
		t.Errorf("%v allocations for an event", n)
	}
}

// FuzzFastPath holds the fast path to the schemas: what it accepts, they accept, with the same event.
func FuzzFastPath(f *testing.F) {
	for _, raw := range plainEvents {
		f.Add([]byte(raw))
	}
	paths, _ := filepath.Glob("../../../shared/payloads/cdevents-v0.5.1/*conformance*.json")
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	plain, err := NewDecoder(Options{})
	if err != nil {
		f.Fatal(err)
	}
	redacting, err := NewDecoder(Options{RedactionKey: []byte("0123456789abcdef")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		compare(t, plain, raw)
		compare(t, redacting, raw)
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct{ name, raw string }{{"deployed", plainEvents[0]}, {"upgraded_tuition", plainEvents[1]}, {"incident_tuition", plainEvents[3]}} {
		b.Run(c.name, func(b *testing.B) {
			d := newDecoder(b, Options{})
			m := binaryMode(b, []byte(c.raw))
			var e Event
			b.SetBytes(int64(len(c.raw)))
			b.ReportAllocs()
			for b.Loop() {
				if r := d.Decode(m, &e); r != nil {
					b.Fatal(r)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkDecodeSlow(b *testing.B) {
	d := newDecoder(b, Options{})
	var e Event
	b.ReportAllocs()
	for b.Loop() {
		e.Reset()
		if r := d.decodeSlow([]byte(plainEvents[0]), &e, &cloudEvent{bare: true}); r != nil {
			b.Fatal(r)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
