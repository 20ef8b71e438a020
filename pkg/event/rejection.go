package event

import "fmt"

// Code names a reason for rejecting a record. The set is closed: Reasons lists it.
type Code string

// The reasons.
const (
	CodeTombstone        Code = "tombstone"
	CodeTooLarge         Code = "too_large"
	CodeContentType      Code = "content_type"
	CodeBatch            Code = "batch"
	CodeEnvelope         Code = "envelope"
	CodeEnvelopeMismatch Code = "envelope_mismatch"
	CodeInvalidBase64    Code = "invalid_base64"
	CodeInvalidUTF8      Code = "invalid_utf8"
	CodeInvalidJSON      Code = "invalid_json"
	CodeDuplicateKey     Code = "duplicate_key"
	CodeTooDeep          Code = "too_deep"
	CodeNumberRange      Code = "number_range"
	CodeUnknownType      Code = "unknown_type"
	CodeUnknownVersion   Code = "unknown_version"
	CodeSchema           Code = "schema"
	CodeTimeRange        Code = "time_range"
	CodeFutureTime       Code = "future_time"
	CodePersonalData     Code = "personal_data"
	CodeAdapter          Code = "adapter"
)

// Reason explains a code: what it means and what the sender can do about it.
type Reason struct {
	Code          Code
	Meaning, Mend string
}

// Reasons is the closed set of codes, in the order in which a record is examined.
func Reasons() []Reason { return append([]Reason(nil), reasons...) }

var reasons = []Reason{
	{CodeTombstone, "the record has no value: a tombstone carries no event", "nothing to mend; to take an entity back, send a retracted event"},
	{CodeTooLarge, "the record's value is larger than the limit", "send less in customData, or raise the limit"},
	{CodeContentType, "the content type is neither JSON nor the JSON format of CloudEvents", "send application/json (binary mode) or application/cloudevents+json (structured mode)"},
	{CodeBatch, "CloudEvents batches do not exist in the Kafka binding", "send one record for each event"},
	{CodeEnvelope, "a CloudEvents attribute is missing or malformed", "set specversion 1.0, id, source and type, and time as RFC 3339 if at all"},
	{CodeEnvelopeMismatch, "the CloudEvent's id or type differs from the CDEvent's", "copy context.id and context.type into the CloudEvent"},
	{CodeInvalidBase64, "data_base64 is not base64", "encode with the standard alphabet and padding, or send data"},
	{CodeInvalidUTF8, "the value is not UTF-8", "encode the event as UTF-8"},
	{CodeInvalidJSON, "the value is not one JSON object", "send exactly one JSON object in each record"},
	{CodeDuplicateKey, "an object has the same property twice", "send each property once"},
	{CodeTooDeep, "objects and arrays are nested too deeply", "nest at most 32 levels"},
	{CodeNumberRange, "a number cannot be kept exactly", "send integers beyond 9007199254740991 as text, and no number beyond 1.8e308"},
	{CodeUnknownType, "context.type is not a type of CDEvents or of tuition", "use a type that schemas/event lists, or a custom type of your own tool"},
	{CodeUnknownVersion, "the type is known, this version of it is not", "send a version that schemas/event lists, or a newer minor version of one"},
	{CodeSchema, "the event does not fit the schema of its type", "correct the value at the pointer"},
	{CodeTimeRange, "a time lies outside 1980 to 2199", "correct the sender's clock or the unit of its timestamps"},
	{CodeFutureTime, "a time at which something happened is later than the record's own time allows", "correct the sender's clock, then send again"},
	{CodePersonalData, "the event names a person and the settings say to reject that", "leave out e-mail addresses, @handles and user ids, or set redaction to hash"},
	{CodeAdapter, "the adapter of the record's topic made no event of it", "correct the sender, or the adapter; the message says which"},
}

// Rejection is a record that was not accepted, as a value: why, where in the
// event, what was expected and how to mend it. It never holds content of the
// event: only words of our own schemas. Pointer is an RFC 6901 JSON pointer into
// the CDEvent, cut at the first name that no schema knows; for the codes envelope,
// content_type and invalid_base64 it points into the CloudEvent.
type Rejection struct {
	Code     Code
	Pointer  string
	Expected string
	Mend     string
	Schema   string // id of the schema that it does not fit; "" where no schema was asked
	Position Position
}

// Error says what, where and how to mend it.
func (r *Rejection) Error() string {
	at := r.Pointer
	if at == "" {
		at = "the event"
	}
	text := fmt.Sprintf("%s: %s: expected %s; %s", r.Code, at, r.Expected, r.Mend)
	if position := r.Position.String(); position != "" {
		return position + ": " + text
	}
	return text
}

func reject(code Code, pointer, expected string) *Rejection {
	r := &Rejection{Code: code, Pointer: pointer, Expected: expected}
	for _, reason := range reasons {
		if reason.Code == code {
			r.Mend = reason.Mend
		}
	}
	return r
}
