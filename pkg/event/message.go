package event

import "fmt"

// Header is one header of a record. Keys are compared as the CloudEvents Kafka binding says.
type Header struct {
	Key   string
	Value []byte
}

// Position is where an event was read: a record of a topic, or a line of a file.
type Position struct {
	Topic     string `json:"topic,omitempty"`
	Partition int32  `json:"partition,omitempty"`
	Offset    int64  `json:"offset,omitempty"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
}

// String names the position as people search for it: "topic/partition@offset" or "file:line"; "" if it is not known.
func (p Position) String() string {
	if p.Topic != "" {
		return fmt.Sprintf("%s/%d@%d", p.Topic, p.Partition, p.Offset)
	}
	if p.File != "" {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return ""
}

// Message is one record before decoding. Value is nil for a tombstone.
type Message struct {
	Position
	Key, Value []byte
	Headers    []Header
	Time       Millis // the record's timestamp
}
