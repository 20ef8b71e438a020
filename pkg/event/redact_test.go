package event

import (
	"strings"
	"testing"
)

func TestPeopleAreHashed(t *testing.T) {
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	text := func(s string) string { return d.redactor.text(s, nil) }
	for in, want := range map[string]string{
		"paged jo.doe+x@mail.example.com, twice": "paged person:H, twice",
		"@jo did it":                             "person:H did it",
		"cc @jo.":                                "cc person:H.",
		"(@jo_doe)":                              "(person:H)",
		"a@b.io and @d":                          "person:H and person:H",
		"@here, @everyone":                       "@here, @everyone",
		"pkg:npm/left-pad@1.2.beta":              "pkg:npm/left-pad@1.2.beta",
		"@scope/package is a package":            "@scope/package is a package",
		"image@sha256:0b31":                      "image@sha256:0b31",
		"https://host/@jo":                       "https://host/person:H",
		"no person, 100 % sure":                  "no person, 100 % sure",
		"@":                                      "@",
	} {
		got := text(in)
		for {
			i := strings.Index(got, "person:")
			if i < 0 || len(got) < i+19 || strings.Contains(got[i+7:i+19], "H") {
				break
			}
			got = got[:i] + "PERSON:H" + got[i+19:]
		}
		if got = strings.ReplaceAll(got, "PERSON", "person"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if text("jo@example.com") != text("JO@Example.com") {
		t.Error("the same person in capitals is another person")
	}
	other := newDecoder(t, Options{RedactionKey: []byte("another key of16")})
	if text("jo@example.com") == other.redactor.text("jo@example.com", nil) {
		t.Error("the key makes no difference")
	}
}

// Whatever is stored is free of the person. A plain digest would let whoever reads the
// rest try addresses until it fits, so that of such an event is keyed.
func TestNothingStoredNamesAPerson(t *testing.T) {
	raw := []byte(strings.NewReplacer(
		`Bezahlen geht nicht`, `jo.doe@example.com says, and @jo-doe too`,
		`"labels":{"team":"x"}`, `"labels":{"reported-by":"jo-doe","jo-doe@example.com":"x"}`,
		`"customData":{`, `"customData":{"assignees":["jo-doe",{"name":"jo-doe"}],`,
	).Replace(plainEvents[3]))
	var plain, e Event
	if r := newDecoder(t, Options{}).Decode(&Message{Value: raw}, &plain); r != nil {
		t.Fatal(r)
	}
	d := newDecoder(t, Options{RedactionKey: []byte("0123456789abcdef")})
	if r := d.Decode(&Message{Value: raw}, &e); r != nil {
		t.Fatal(r)
	}
	for what, stored := range map[string]string{"canonical": e.Canonical, "attributes": e.Attributes} {
		if strings.Contains(stored, "jo-doe") || strings.Contains(stored, "jo.doe") {
			t.Errorf("%s names the person: %s", what, stored)
		}
		if !strings.Contains(stored, "person:") {
			t.Errorf("%s: nothing stands for the person", what)
		}
	}
	if e.SHA256 == plain.SHA256 || e.OrdLow == plain.OrdLow {
		t.Error("the digest of an event with people must be keyed, the order that of what is stored")
	}
	if e.Entity != "inc-8" || e.Service != "checkout" {
		t.Errorf("entity %q, service %q", e.Entity, e.Service)
	}
}
