package event

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// spell writes v as JSON with its properties in any order and any white space,
// and texts escaped or not.
func spell(t *rapid.T, v any, escapes bool) string {
	blank := func() string {
		return rapid.SampledFrom([]string{"", "", "", " ", "\n\t", "\r\n  "}).Draw(t, "white space")
	}
	switch v := v.(type) {
	case map[string]any:
		parts := []string{}
		for _, name := range rapid.Permutation(slices.Sorted(maps.Keys(v))).Draw(t, "order") {
			parts = append(parts, blank()+quote(name)+blank()+":"+blank()+spell(t, v[name], escapes)+blank())
		}
		return "{" + strings.Join(parts, ",") + blank() + "}"
	case []any:
		parts := []string{}
		for _, item := range v {
			parts = append(parts, blank()+spell(t, item, escapes))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		if escapes && rapid.Bool().Draw(t, "escape") {
			var b strings.Builder
			for _, c := range v {
				if c < 0x10000 {
					fmt.Fprintf(&b, `\u%04x`, c)
				} else {
					b.WriteRune(c)
				}
			}
			return `"` + b.String() + `"`
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t *testing.T, raw string) map[string]any {
	var doc map[string]any
	if err := json.Unmarshal([]byte(raw), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// The order of properties, white space and escapes are no content.
func TestSpellingChangesNothing(t *testing.T) {
	d := newDecoder(t, Options{})
	for _, raw := range plainEvents {
		var first Event
		if r := d.Decode(&Message{Value: []byte(raw)}, &first); r != nil {
			t.Fatal(r)
		}
		want := *first.Clone()
		want.SHA256 = [32]byte{}
		doc := parse(t, raw)
		rapid.Check(t, func(t *rapid.T) {
			var e Event
			if r := d.Decode(&Message{Value: []byte(spell(t, doc, true))}, &e); r != nil {
				t.Fatal(r)
			}
			e.SHA256 = [32]byte{}
			if diff := sameEvent(&e, &want); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

// variants of the values that an event of the fast path may have, right and wrong ones.
var variants = map[string][]any{
	"specversion": {"0.5.1", "0.5.0", "", 1}, "id": {"a", "", "pkg:x@1", "a@b.c", "ü", "a\u2028b", "\x7f", nil}, "chainId": {"c", ""},
	"source":    {"/a", "a", "", "//h/p", "https://h.example/p", "https://h:80/p", "http://", "https://h", "/a b", "/%41", "/%4", "http://[::1]/", "urn:x:y", "a:b", ":a", "/a:b", "/p?q=1#f", "\\"},
	"timestamp": {"2026-03-20T14:27:05Z", "2026-03-20T14:27:05.1234567Z", "2026-03-20T14:27:60Z", "2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z", "2026-03-20t14:27:05z", "2026-03-20T14:27:05+23:59", "2026-03-20T14:27:05+24:00", "0000-01-01T00:00:00Z", "now"},
	"type":      {TypeServiceDeployed, TypeServiceUpgraded, TypeServiceRolledBack, TypeIncidentDetected, TypeIncidentReported, TypeIncidentResolved},
	"schemaUri": {"https://a.example/s", "/s", "", "urn:x"}, "ticketURI": {"https://a.example/s", "t-1", "ftp://x/y"},
	"artifactId": {"v1", "pkg:oci/x@sha256%3A00", ""}, "description": {"", "text", "von @jo", "x\ty"},
	"environment": {map[string]any{"id": "p"}, map[string]any{"id": "p", "source": "/k"}, map[string]any{"source": "/k"}, map[string]any{"id": "p", "x": 1}, map[string]any{}, "p"},
	"service":     {map[string]any{"id": "s"}, map[string]any{"id": "s", "source": "k k"}, nil},
	"text":        {"x", "", nil, 7, "a@b.c", "ü"},
	"number":      {0, 1, 2, 5, 6, -1, 0.5, 0.25, 1e-7, 0.000001, 0.0000012, 0.1234567890123456789, 1.5, 90, 3155760000, 3155760001, 1e15, "1", nil},
	"bool":        {true, false, nil, "true"},
	"word":        {"monitoring", "customer", "unknown", "change", "succeeded", "failed", "canary", "all-at-once", "other", "", nil},
	"list":        {[]any{}, []any{"a"}, []any{"a", "b", "a"}, []any{""}, []any{1}, nil, "a"},
	"links":       {map[string]any{}, map[string]any{"changes": []any{"d"}}, map[string]any{"commits": []any{}}, map[string]any{"changes": []any{"d", "e"}, "commits": []any{"c"}}, map[string]any{"x": 1}, nil},
	"labels":      {map[string]any{}, map[string]any{"a": "1", "b": "2"}, map[string]any{"user": "jo"}, map[string]any{"a": 1}, map[string]any{"ü": "1", "𝄞": "2"}, nil},
}

// The fast path takes nothing that the schemas refuse and makes the same event,
// over structured variations that random bytes would not find.
func TestPathsAgree(t *testing.T) {
	decoders := []*Decoder{newDecoder(t, Options{}), newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})}
	attributeForm := map[form]string{formText: "text", formFree: "text", formURI: "source", formWord: "word", formTime: "timestamp", formBool: "bool", formGrade: "number", formSeconds: "number", formShare: "number", formList: "list", formLinks: "links", formLabels: "labels"}
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		doc := parse(t, rapid.SampledFrom(plainEvents).Draw(rt, "event"))
		places := []map[string]any{doc["context"].(map[string]any), doc["subject"].(map[string]any)}
		places = append(places, places[1]["content"].(map[string]any))
		for range rapid.IntRange(0, 3).Draw(rt, "changes") {
			if rapid.Bool().Draw(rt, "own") {
				custom, _ := doc["customData"].(map[string]any)
				own, ok := custom["tuition"].(map[string]any)
				if !ok {
					own = map[string]any{}
					doc["customData"] = map[string]any{"tuition": own}
				}
				a := rapid.SampledFrom(fastAttributes[:]).Draw(rt, "attribute")
				own[a.name] = rapid.SampledFrom(variants[attributeForm[a.form]]).Draw(rt, "value")
				continue
			}
			place := rapid.SampledFrom(places).Draw(rt, "place")
			name := rapid.SampledFrom([]string{"specversion", "id", "chainId", "source", "timestamp", "type", "schemaUri", "ticketURI", "artifactId", "description", "environment", "service"}).Draw(rt, "name")
			if rapid.IntRange(0, 4).Draw(rt, "take away") == 0 {
				delete(place, name)
				continue
			}
			place[name] = rapid.SampledFrom(variants[name]).Draw(rt, "value")
		}
		raw := []byte(spell(rt, doc, false))
		if rapid.Bool().Draw(rt, "compact") {
			raw, _ = json.Marshal(doc)
		}
		for _, d := range decoders {
			if compare(t, d, raw) {
				taken++
			}
		}
	})
	if taken == 0 {
		t.Error("the fast path took nothing")
	}
}

// Two events of the same millisecond are ordered by what they say, always in the
// same way, and never tie unless they are the same event.
func TestTiesAreOrderedByContent(t *testing.T) {
	d := newDecoder(t, Options{})
	seen := map[uint64]string{}
	for _, change := range []string{"", `"id":"5c3f1a52-`, `/ci/team-12","type"`, `deployed`, `checkout-17`, `production`, `.315`} {
		raw := plainEvents[0]
		if change == "deployed" {
			raw = strings.Replace(raw, change, "upgraded", 1)
		} else if change != "" {
			raw = strings.Replace(raw, change, strings.Replace(change, "1", "2", 1)+map[bool]string{true: "x"}[change == "production"], 1)
		}
		if change == ".315" {
			raw = strings.Replace(plainEvents[0], ".315Z", ".3151Z", 1)
		}
		var e Event
		if r := d.Decode(&Message{Value: []byte(raw)}, &e); r != nil {
			t.Fatal(r)
		}
		if e.OrdHigh != uint64(e.OccurredAt) || e.OccurredAt != 1774016825315 {
			t.Errorf("%q: the high half is %d, want milliseconds of %d", change, e.OrdHigh, e.OccurredAt)
		}
		if other, tie := seen[e.OrdLow]; tie {
			t.Errorf("%q ties with %q", change, other)
		}
		seen[e.OrdLow] = change
	}
}
