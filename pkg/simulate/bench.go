package simulate

import (
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/tuition-hq/tuition/pkg/event"
)

// The shape of a benchmark's log.
const (
	benchServices  = 200
	benchDays      = 90
	benchIncidents = 20   // one event in so many is about an incident
	benchFlags     = 1000 // one change in so many is of a flag
	benchAmended   = 100  // one incident event in so many is a correction
)

// Bench makes a log of n events for measuring speed: CDEvents of about 450 bytes
// in binary mode, 95 % about changes and 5 % about incidents, that together state
// every attribute of both. Nearly all are CDEvents' own types, with what these have
// no place for in customData. In order, no disorder, no truth. Equal arguments give
// equal bytes. A message and its headers are good until the next one is asked for.
func Bench(n int, seed uint64) iter.Seq[event.Message] {
	return func(yield func(event.Message) bool) {
		b := newBench(n, seed)
		for i := range n {
			if i%benchIncidents == benchIncidents-1 {
				b.incident(i / benchIncidents)
			} else {
				b.change(i)
			}
			if !yield(b.message()) {
				return
			}
		}
	}
}

// bench writes one event after the other into the same memory.
type bench struct {
	random   *rand.PCG
	services [benchServices]string
	begin    int64
	step     float64 // milliseconds between events

	value, key, id, source, typ, stamp []byte
	headers                            [6]event.Header
	at                                 int64
}

func newBench(n int, seed uint64) *bench {
	b := &bench{
		random: rand.NewPCG(seed, forBench),
		begin:  defaultEnd.AddDate(0, 0, -benchDays).UnixMilli(),
		step:   float64(benchDays*dayMillis) / float64(max(n, 1)),
	}
	for i := range b.services {
		b.services[i] = teamNames[i%len(teamNames)] + "-" + serviceNames[i/len(teamNames)%len(serviceNames)] + "-" + strconv.Itoa(i/(len(teamNames)*len(serviceNames))+1)
	}
	for i, key := range []string{"ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"} {
		b.headers[i].Key = key
	}
	b.headers[0].Value = []byte("1.0")
	b.headers[5].Value = []byte("application/json")
	return b
}

func (b *bench) message() event.Message {
	b.stamp = appendStamp(b.stamp[:0], b.at+500)
	for i, v := range [][]byte{b.id, b.source, b.typ, b.stamp} {
		b.headers[i+1].Value = v
	}
	return event.Message{Position: event.Position{Topic: Topic}, Key: b.key, Value: b.value, Headers: b.headers[:], Time: event.Millis(b.at + 1000)}
}

// open begins an event and leaves the writer before the value of subject.id.
func (b *bench) open(i int, at int64, source, typ string) {
	b.at = at
	b.id = appendHex(b.id[:0], uint64(i)*0x9E3779B97F4A7C15, 16)
	b.source = append(b.source[:0], source...)
	b.typ = append(b.typ[:0], typ...)
	v := append(b.value[:0], `{"context":{"specversion":"0.5.1","id":"`...)
	v = append(v, b.id...)
	v = append(v, `","source":"`...)
	v = append(v, source...)
	v = append(v, `","type":"`...)
	v = append(v, typ...)
	v = append(v, `","timestamp":"`...)
	v = appendStamp(v, at)
	b.value = append(v, `"},"subject":{"id":"`...)
}

const (
	typeDeployed   = "dev.cdevents.service.deployed.0.3.0"
	typeRolledBack = "dev.cdevents.service.rolledback.0.3.0"
	typeFlag       = "dev.cdeventsx.tuition-flag.changed.0.1.0"
)

var benchOutcomes = [16]string{3: "failed", 11: "cancelled"}

func (b *bench) change(i int) {
	draw := b.random.Uint64()
	at := b.begin + int64(float64(i)*b.step)
	name := b.services[draw%benchServices]
	if draw>>40%benchFlags == 0 {
		b.flag(i, at, name, draw)
		return
	}
	rolledBack := draw>>48%40 == 0
	if rolledBack {
		b.open(i, at, "/argocd", typeRolledBack)
	} else {
		b.open(i, at, "/argocd", typeDeployed)
	}
	b.key = append(b.key[:0], name...)
	v := append(b.value, name...)
	v = append(v, `","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/`...)
	v = append(v, name...)
	v = append(v, '@')
	v = appendVersion(v, draw)
	v = append(v, `"}},"customData":{"tuition":{`...)
	if rolledBack {
		v = append(v, `"automaticRollback":`...)
		v = strconv.AppendBool(v, draw>>9&1 == 0)
	} else {
		v = append(v, `"deployId":"d-`...)
		v = appendHex(v, draw, 12)
		v = append(v, `","version":"`...)
		v = appendVersion(v, draw)
		v = append(v, `","commit":"`...)
		v = appendHex(v, b.random.Uint64(), 8)
		v = appendHex(v, draw, 16)
		v = append(v, `","startedAt":"`...)
		v = appendStamp(v, at-int64(draw>>30%600_000))
		v = append(v, `","outcome":"`...)
		if outcome := benchOutcomes[draw>>20%16]; outcome != "" {
			v = append(v, outcome...)
		} else {
			v = append(v, "succeeded"...)
		}
		v = append(v, `","rollout":"canary"`...)
	}
	b.value = append(v, `}}}`...)
}

func (b *bench) flag(i int, at int64, name string, draw uint64) {
	b.open(i, at, flagTool, typeFlag)
	b.key = appendHex(append(b.key[:0], 'f', '-'), draw, 12)
	v := append(b.value, b.key...)
	v = append(v, `","content":{"flagKey":"`...)
	v = append(v, name...)
	v = append(v, `.new-checkout","service":"`...)
	v = append(v, name...)
	v = append(v, `","environment":"production","from":false,"to":true,"killSwitch":`...)
	v = strconv.AppendBool(v, draw>>9&1 == 0)
	b.value = append(v, `,"labels":{"rollout":"all users","ticket":"https://tracker.example.com/flags/2174"}}}}`...)
}

// incident writes the nth event about incidents: each is detected, then resolved.
func (b *bench) incident(nth int) {
	number := uint64(nth / 2)
	name := b.services[number*7919%benchServices]
	detected := b.begin + int64(float64(nth/2*2*benchIncidents)*b.step)
	b.key = appendHex(append(b.key[:0], "INC-"...), number, 8)
	switch {
	case nth%benchAmended == benchAmended-1:
		b.open(-1-nth, detected+600*minuteMillis, incidentTool, "dev.cdeventsx.tuition-incident.amended.0.1.0")
		v := append(b.value, b.key...)
		v = append(v, `","content":{"severity":2,"duplicateOf":"INC-`...)
		v = appendHex(v, number-1, 8)
		b.value = append(v, `","title":"Checkout answers slowly","labels":{"region":"eu-central-1","cell":"b"}}}}`...)
	case nth%2 == 1:
		b.open(-1-nth, detected+95*minuteMillis, incidentTool, "dev.cdevents.incident.resolved.0.3.0")
		v := append(b.value, b.key...)
		v = append(v, `","content":{"environment":{"id":"production"},"description":"Response time below the threshold of 100 ms"}},"customData":{"tuition":{"mitigatedAt":"`...)
		v = appendStamp(v, detected+40*minuteMillis)
		b.value = append(v, `"}}}`...)
	default:
		b.open(-1-nth, detected, monitoringTool, "dev.cdevents.incident.detected.0.3.0")
		v := append(b.value, b.key...)
		v = append(v, `","content":{"environment":{"id":"production"},"service":{"id":"`...)
		v = append(v, name...)
		v = append(v, `"}}},"customData":{"tuition":{"severity":`...)
		v = strconv.AppendUint(v, 1+number%5, 10)
		v = append(v, `,"detectionSource":"monitoring","failureMode":"`...)
		v = append(v, symptoms[number%uint64(len(symptoms))]...)
		v = append(v, `","causeCategory":"capacity","blastRadius":0.25,"contained":`...)
		v = strconv.AppendBool(v, number%2 == 0)
		v = append(v, `,"containedBy":"canary","planned":false,"startedAt":"`...)
		v = appendStamp(v, detected-int64(number%7+1)*minuteMillis)
		v = append(v, `","acknowledgedAt":"`...)
		v = appendStamp(v, detected+4*minuteMillis)
		b.value = append(v, `"}}}`...)
	}
}

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, v uint64, digits int) []byte {
	for shift := (digits - 1) * 4; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[v>>shift&15])
	}
	return b
}

func appendVersion(b []byte, v uint64) []byte {
	b = strconv.AppendUint(b, 1+v>>4%9, 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, v>>12%90, 10)
	b = append(b, '.')
	return strconv.AppendUint(b, v>>24%60, 10)
}

// appendStamp writes RFC 3339 in UTC with milliseconds.
func appendStamp(b []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}
