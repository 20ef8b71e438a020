package adapter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/tuition-hq/tuition/pkg/event"
)

// Record turns one record of a Kafka topic, whose value is a JSON document, into
// the messages that its events would be. The error is a *Fault and holds no
// content of the record. Only adapters that read JSON can do this.
func (a *Adapter) Record(ctx context.Context, m *event.Message) ([]event.Message, error) {
	place := func(f *Fault) *Fault {
		f.Adapter, f.File = a.Name, m.Position.String()
		return f
	}
	if a.Input != InputJSON {
		return nil, place(&Fault{What: "this adapter reads " + a.Input + ", not the JSON records of a topic", Mend: "name an adapter whose input is json for this topic"})
	}
	decoder := json.NewDecoder(bytes.NewReader(m.Value))
	decoder.UseNumber()
	var document any
	err := decoder.Decode(&document)
	if err == nil {
		if _, err = decoder.Token(); err == io.EOF {
			err = nil
		} else {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return nil, place(&Fault{What: "the record's value is not one JSON document", Mend: "name another adapter for this topic, or correct the sender"})
	}
	set, err := a.settings(nil)
	if err != nil {
		return nil, place(&Fault{What: err.Error(), Mend: "an adapter of a topic can have no required parameter"})
	}
	var events []event.Message
	meta := map[string]any{"adapter": a.Name, "file": m.Position.String(), "line": 0, "set": set}
	err = a.run(ctx, document, meta, func(output any) error {
		object, _ := output.(map[string]any)
		if _, finding := object["finding"]; finding {
			return nil
		}
		e, fault := build(object)
		if fault != nil {
			return fault
		}
		headers, err := event.BinaryHeaders(e.CDEvent)
		if err != nil {
			return err
		}
		events = append(events, event.Message{Position: m.Position, Key: m.Key, Value: e.CDEvent, Headers: headers, Time: m.Time})
		return nil
	})
	var fault *Fault
	if errors.As(err, &fault) {
		return nil, place(fault)
	}
	return events, err
}
