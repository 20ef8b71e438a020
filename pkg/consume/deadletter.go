package consume

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tuition-hq/tuition/pkg/event"
)

// The headers that a dead letter carries beside those of the original record. None
// holds anything of the record's content.
const (
	headerTopic     = "tuition-dl-topic"
	headerPartition = "tuition-dl-partition"
	headerOffset    = "tuition-dl-offset"
	headerTimestamp = "tuition-dl-timestamp" // of the record, milliseconds since 1970
	headerStage     = "tuition-dl-stage"
	headerCode      = "tuition-dl-code"
	headerPointer   = "tuition-dl-pointer"
	headerMessage   = "tuition-dl-message"
	headerSchema    = "tuition-dl-schema"
	headerVersion   = "tuition-dl-version"
	headerAttempts  = "tuition-dl-attempts" // how often the record was rejected, replays among it
	headerSHA256    = "tuition-dl-sha256"   // of the value
	headerOmitted   = "tuition-dl-value-omitted"
	headerPrefix    = "tuition-dl-"
	// A replayed record says where it was read first, however often it was replayed,
	// and how often it had been rejected by then.
	headerReplay         = "tuition-replay-of"
	headerReplayAttempts = "tuition-replay-attempts"
)

// mostAttempts bounds what a header may claim.
const mostAttempts = 1_000_000

func ofReplay(key string) bool { return key == headerReplay || key == headerReplayAttempts }

const stageDecode = "decode"

// deadLetter is the record as it was, with headers that say where it was and why
// it is here. Headers of an earlier life as a dead letter are replaced.
func deadLetter(topic, version string, m *event.Message, r *event.Rejection) event.Message {
	sum := sha256.Sum256(m.Value)
	// Its own time is that of its writing, so that an old record outlives the topic's retention.
	d := event.Message{Position: event.Position{Topic: topic}, Key: m.Key, Value: m.Value}
	for _, h := range m.Headers {
		if !strings.HasPrefix(h.Key, headerPrefix) {
			d.Headers = append(d.Headers, h)
		}
	}
	add := func(key, value string) {
		if value != "" {
			d.Headers = append(d.Headers, event.Header{Key: key, Value: []byte(value)})
		}
	}
	add(headerTopic, m.Topic)
	add(headerPartition, itoa(m.Partition))
	add(headerOffset, strconv.FormatInt(m.Offset, 10))
	add(headerTimestamp, strconv.FormatInt(int64(m.Time), 10))
	add(headerStage, stageDecode)
	add(headerCode, string(r.Code))
	add(headerPointer, r.Pointer)
	add(headerMessage, explain(r))
	add(headerSchema, r.Schema)
	add(headerVersion, version)
	add(headerSHA256, hex.EncodeToString(sum[:]))
	before, _ := strconv.Atoi(header(m, headerReplayAttempts)) // a text of somebody else's counts as none
	add(headerAttempts, strconv.Itoa(min(max(0, before), mostAttempts)+1))
	return d
}

// explain says what was expected and how to mend it; a rejection holds no content.
func explain(r *event.Rejection) string {
	if r.Mend == "" {
		return r.Expected
	}
	return fmt.Sprintf("expected %s; %s", r.Expected, r.Mend)
}

// withoutValue keeps everything but the value.
func withoutValue(d event.Message) event.Message {
	d.Headers = append(slices.Clone(d.Headers), event.Header{Key: headerOmitted, Value: []byte(strconv.Itoa(len(d.Value)))})
	d.Value = nil
	return d
}

// header gives the last value of a header, "" if there is none.
func header(m *event.Message, key string) string {
	for _, h := range slices.Backward(m.Headers) {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// rejectedAt is where a dead letter's record was read.
func rejectedAt(d *event.Message) event.Position {
	p, _ := strconv.ParseInt(header(d, headerPartition), 10, 32)
	o, _ := strconv.ParseInt(header(d, headerOffset), 10, 64)
	return event.Position{Topic: header(d, headerTopic), Partition: int32(p), Offset: o}
}

func itoa(n int32) string { return strconv.FormatInt(int64(n), 10) }
