package event

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"
)

const recordTime Millis = 1774017000000 // 2026-03-20T14:30:00Z

func headers(pairs ...string) []Header {
	var h []Header
	for i := 0; i < len(pairs); i += 2 {
		h = append(h, Header{pairs[i], []byte(pairs[i+1])})
	}
	return h
}

func binaryHeaders(change ...string) []Header {
	h := headers("ce_specversion", "1.0", "ce_id", "8", "ce_source", "/monitoring", "ce_type", TypeIncidentDetected)
	for i := 0; i < len(change); i += 2 {
		for j := range h {
			if h[j].Key == change[i] {
				h[j].Value = []byte(change[i+1])
			}
		}
		if !slices.ContainsFunc(h, func(x Header) bool { return x.Key == change[i] }) {
			h = append(h, Header{change[i], []byte(change[i+1])})
		}
	}
	return h
}

const structuredStart = `{"specversion":"1.0","id":"8","source":"/monitoring","type":"` + TypeIncidentDetected + `"`

func TestEveryFaultHasItsCodeAndPointer(t *testing.T) {
	const secret = "S3CR3T"
	detected := plainEvents[3]
	swap := func(old, new string) string {
		if !strings.Contains(detected, old) {
			t.Fatalf("%s is not in the event", old)
		}
		return strings.Replace(detected, old, new, 1)
	}
	own := func(typ, content string) string {
		return `{"context":{"specversion":"0.5.1","id":"1","source":"/x","type":"` + typ + `","timestamp":"2026-03-20T14:27:05Z"},"subject":{"id":"e-1","content":` + content + `}}`
	}
	structured := headers("content-type", "application/cloudevents+json")
	cases := []struct {
		what    string
		headers []Header
		value   string
		code    Code
		pointer string
	}{
		{"no value", nil, "\x00nil", CodeTombstone, ""},
		{"an empty value", nil, "", CodeInvalidJSON, ""},
		{"a value too large", nil, strings.Repeat(" ", 1<<20) + detected, CodeTooLarge, ""},
		{"XML", headers("content-type", "text/xml"), detected, CodeContentType, ""},
		{"a CloudEvent in Avro", headers("content-type", "application/cloudevents+avro"), detected, CodeContentType, ""},
		{"CloudEvent data that is no JSON", structured, structuredStart + `,"datacontenttype":"text/plain","data":{}}`, CodeContentType, "/datacontenttype"},
		{"a batch", headers("content-type", "application/cloudevents-batch+json"), "[" + detected + "]", CodeBatch, ""},
		{"no specversion", binaryHeaders("ce_specversion", ""), detected, CodeEnvelope, "/specversion"},
		{"specversion 0.3", binaryHeaders("ce_specversion", "0.3"), detected, CodeEnvelope, "/specversion"},
		{"no ce_id", binaryHeaders("ce_id", ""), detected, CodeEnvelope, "/id"},
		{"no ce_type", binaryHeaders("ce_type", ""), detected, CodeEnvelope, "/type"},
		{"no ce_source", binaryHeaders("ce_source", ""), detected, CodeEnvelope, "/source"},
		{"a wrong ce_time", binaryHeaders("ce_time", secret), detected, CodeEnvelope, "/time"},
		{"structured, no specversion", structured, `{"id":"8"}`, CodeEnvelope, "/specversion"},
		{"structured, no data", structured, structuredStart + `}`, CodeEnvelope, "/data"},
		{"structured, data twice", structured, structuredStart + `,"data":{},"data_base64":""}`, CodeEnvelope, "/data_base64"},
		{"another ce_id", binaryHeaders("ce_id", secret), detected, CodeEnvelopeMismatch, "/context/id"},
		{"another ce_type", binaryHeaders("ce_type", secret), detected, CodeEnvelopeMismatch, "/context/type"},
		{"another ce_id, slow path", binaryHeaders("ce_id", secret), swap("Bezahlen", `\u0042ezahlen`), CodeEnvelopeMismatch, "/context/id"},
		{"structured, another id", structured, strings.Replace(structuredStart, `"8"`, `"9"`, 1) + `,"data":` + detected + `}`, CodeEnvelopeMismatch, "/context/id"},
		{"data_base64 that is none", structured, structuredStart + `,"data_base64":"` + secret + `*"}`, CodeInvalidBase64, "/data_base64"},
		{"Latin-1", nil, swap("Bezahlen", "\xfcber"), CodeInvalidUTF8, ""},
		{"Latin-1, structured", structured, structuredStart + `,"data":` + swap("Bezahlen", "\xfcber") + `}`, CodeInvalidUTF8, ""},
		{"no JSON", nil, secret, CodeInvalidJSON, ""},
		{"half an event", nil, detected[:100], CodeInvalidJSON, "/context/type"},
		{"two events", nil, detected + detected, CodeInvalidJSON, ""},
		{"a list", nil, "[" + detected + "]", CodeInvalidJSON, ""},
		{"a lone surrogate", nil, swap("Bezahlen", `\ud800`), CodeInvalidJSON, "/subject/content/description"},
		{"structured, a list", structured, "[]", CodeInvalidJSON, ""},
		{"structured, half of it", structured, structuredStart, CodeInvalidJSON, ""},
		{"structured, more after it", structured, structuredStart + `,"data":` + detected + `}{}`, CodeInvalidJSON, ""},
		{"a property twice", nil, swap(`"id":"inc-8"`, `"id":"inc-8","id":"inc-9"`), CodeDuplicateKey, "/subject/id"},
		{"an unknown property twice", nil, swap(`"tuition":`, `"`+secret+`":1,"`+secret+`":2,"tuition":`), CodeDuplicateKey, "/customData"},
		{"structured, a property twice in data", structured, structuredStart + `,"data":` + swap(`"id":"inc-8"`, `"id":"inc-8","id":"x"`) + `}`, CodeDuplicateKey, "/subject/id"},
		{"too deep", nil, swap(`"tuition":`, `"`+secret+`":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,"tuition":`), CodeTooDeep, "/customData"},
		{"a large integer", nil, swap(`"severity":2`, `"severity":9007199254740992`), CodeNumberRange, "/customData/tuition/severity"},
		{"a number out of range", nil, swap(`0.25`, `1e400`), CodeNumberRange, "/customData/tuition/blastRadius"},
		{"no type", nil, `{"context":{}}`, CodeSchema, "/context/type"},
		{"a type of nobody", nil, swap("dev.cdevents.incident.detected.0.3.0", secret+".0.3.0"), CodeUnknownType, "/context/type"},
		{"an unknown subject", nil, swap("incident.detected", "incident.forgotten"), CodeUnknownType, "/context/type"},
		{"an unknown type of ours", nil, own("dev.cdeventsx.tuition-person.blamed.0.1.0", "{}"), CodeUnknownType, "/context/type"},
		{"an old version", nil, swap("detected.0.3.0", "detected.0.1.0"), CodeUnknownVersion, "/context/type"},
		{"a new major version", nil, swap("detected.0.3.0", "detected.1.0.0"), CodeUnknownVersion, "/context/type"},
		{"a new major version, no metric", nil, own("dev.cdevents.build.queued.2.0.0", "{}"), CodeUnknownVersion, "/context/type"},
		{"an unknown property", nil, swap(`"description"`, `"`+secret+`":1,"description"`), CodeSchema, "/subject/content"},
		{"no environment", nil, swap(`"environment":{"id":"production"},`, ``), CodeSchema, "/subject/content"},
		{"no time", nil, swap("2026-03-20T14:27:05.315Z", secret), CodeSchema, "/context/timestamp"},
		{"no date of the calendar", nil, swap("2026-03-20T14:27:05.315Z", "2026-02-30T00:00:00Z"), CodeSchema, "/context/timestamp"},
		{"source with a backslash", nil, swap(`"source":"/monitoring","type"`, `"source":"\\`+secret+`","type"`), CodeSchema, "/context/source"},
		{"a severity of 6", nil, swap(`"severity":2`, `"severity":6`), CodeSchema, "/customData/tuition/severity"},
		{"a severity of 1.5", nil, swap(`"severity":2`, `"severity":1.5`), CodeSchema, "/customData/tuition/severity"},
		{"an unknown word", nil, swap(`"customer"`, `"`+secret+`"`), CodeSchema, "/customData/tuition/detectionSource"},
		{"a person as cause", nil, swap(`"causeCategory":"capacity"`, `"causeCategory":"`+secret+`"`), CodeSchema, "/customData/tuition/causeCategory"},
		{"a misspelt attribute", nil, swap(`"failureMode"`, `"`+secret+`"`), CodeSchema, "/customData/tuition"},
		{"a label that is no text", nil, swap(`{"team":"x"}`, `{"`+secret+`":1}`), CodeSchema, "/customData/tuition/labels"},
		{"a share above 1", nil, swap("0.25", "25"), CodeSchema, "/customData/tuition/blastRadius"},
		{"tuition that is no object", nil, own(TypeServiceDeployed, `{"environment":{"id":"p"},"artifactId":"a"}},"customData":{"tuition":7`), CodeSchema, "/customData/tuition"},
		{"an empty amendment", nil, own(TypeIncidentAmended, `{}`), CodeSchema, "/subject/content"},
		{"a flag without its key", nil, own(TypeFlagChanged, `{}`), CodeSchema, "/subject/content"},
		{"a year before computers", nil, swap("2026-03-20T14:27:05.315Z", "1926-03-20T14:27:05Z"), CodeTimeRange, "/context/timestamp"},
		{"a start in the year 9999", nil, swap("2026-03-20T14:00:00Z", "9999-03-20T14:00:00Z"), CodeTimeRange, "/customData/tuition/startedAt"},
		{"tomorrow's end", nil, swap("2026-03-20T14:27:05.315Z", "2026-03-21T14:30:00.001Z"), CodeFutureTime, "/context/timestamp"},
		{"a start next week", nil, swap("2026-03-20T14:00:00Z", "2026-03-27T14:00:00Z"), CodeFutureTime, "/customData/tuition"},
		{"a person", nil, swap("Bezahlen", "jo@example.com"), CodePersonalData, "/subject/content/description"},
		{"a person in a label", nil, swap(`"team":"x"`, `"author":"`+secret+`"`), CodePersonalData, "/customData/tuition/labels"},
	}
	d := newDecoder(t, Options{Redact: RedactReject})
	seen := map[Code]bool{CodeAdapter: true} // made where adapters run
	for _, c := range cases {
		m := Message{Position: Position{Topic: "tuition.events", Partition: 1, Offset: 7}, Value: []byte(c.value), Headers: c.headers, Time: recordTime}
		if c.value == "\x00nil" {
			m.Value = nil
		}
		var e Event
		r := d.Decode(&m, &e)
		if r == nil {
			t.Errorf("%s: accepted", c.what)
			continue
		}
		seen[r.Code] = true
		if r.Code != c.code || r.Pointer != c.pointer {
			t.Errorf("%s: %s at %q, want %s at %q", c.what, r.Code, r.Pointer, c.code, c.pointer)
		}
		if r.Position != m.Position || r.Expected == "" || r.Mend == "" {
			t.Errorf("%s: incomplete: %+v", c.what, r)
		}
		if strings.Contains(r.Error(), secret) {
			t.Errorf("%s: the message holds content of the event: %v", c.what, r)
		}
	}
	for _, reason := range Reasons() {
		if !seen[reason.Code] {
			t.Errorf("no case shows %s", reason.Code)
		}
		delete(seen, reason.Code)
	}
	for code := range seen {
		t.Errorf("%s is not in Reasons", code)
	}
}

func TestWhatIsNotAFault(t *testing.T) {
	detected := plainEvents[3]
	encoded := base64.StdEncoding.EncodeToString([]byte(detected))
	for what, m := range map[string]*Message{
		"exactly the slack":          {Value: []byte(strings.Replace(detected, "2026-03-20T14:27:05.315Z", "2026-03-21T14:30:00Z", 1)), Time: recordTime},
		"no record timestamp":        {Value: []byte(strings.Replace(detected, "2026-03-20T14:27:05.315Z", "2036-03-21T14:30:00Z", 1)), Time: -1},
		"a header in capitals":       {Value: []byte(detected), Headers: append(binaryHeaders(), headers("Content-Type", "TEXT/JSON")...)},
		"an extension of CloudEvent": {Value: []byte(detected), Headers: binaryHeaders("ce_traceparent", "x", "ce_time", "2026-03-20T14:27:06Z")},
		"data_base64":                {Value: []byte(structuredStart + `,"data_base64":"` + encoded + `"}`), Headers: headers("content-type", "application/cloudevents+json")},
		"cloudevents without suffix": {Value: []byte(structuredStart + `,"data":` + detected + `}`), Headers: headers("CONTENT-TYPE", "application/CloudEvents")},
	} {
		var e Event
		if r := newDecoder(t, Options{}).Decode(m, &e); r != nil {
			t.Errorf("%s: %v", what, r)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for what, o := range map[string]Options{
		"a short key":       {RedactionKey: []byte("short")},
		"hash without key":  {Redact: RedactHash},
		"an unknown policy": {Redact: "maybe", RedactionKey: make([]byte, 16)},
	} {
		if _, err := NewDecoder(o); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	d := newDecoder(t, Options{FutureSlack: time.Minute, MaxBytes: 5000})
	var e Event
	m := &Message{Value: []byte(strings.Replace(plainEvents[0], "2026-03-20T14:27:05.315Z", "2026-03-20T14:31:01Z", 1)), Time: recordTime}
	if r := d.Decode(m, &e); r == nil || r.Code != CodeFutureTime {
		t.Errorf("slack of a minute: %v", r)
	}
	if r := d.Decode(&Message{Value: make([]byte, 5001)}, &e); r == nil || r.Code != CodeTooLarge {
		t.Errorf("limit of 5000 bytes: %v", r)
	}
}

// Whoever misspelt a property is told the ones there are, and nothing that was sent.
func TestUnknownPropertyIsToldTheKnownOnes(t *testing.T) {
	value := `{"context":{"specversion":"0.5.1","id":"1","source":"/x","type":"` + TypeNearMissRecorded + `","timestamp":"2026-03-20T14:27:05Z"},"subject":{"id":"e-1","content":{"service":"a","severitee":"S3CR3T"}}}`
	var e Event
	rejection := newDecoder(t, Options{}).Decode(&Message{Value: []byte(value), Time: recordTime}, &e)
	if rejection == nil {
		t.Fatal("it was taken")
	}
	if !strings.Contains(rejection.Expected, "only the properties avertedBy, description, environment, failureMode") || strings.Contains(rejection.Expected, "severitee") {
		t.Errorf("expected %q", rejection.Expected)
	}
}
