package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/store"
)

// sink joins the consumer to the decoder and the store: it is all that either
// knows of the other. It serves one consumer and is not safe for concurrent use.
type sink struct {
	decoder    *event.Decoder
	adapters   map[string]topicAdapter // by topic
	batch      *store.Batch
	row        event.Event
	tombstones prometheus.Counter
	wording    *wording
}

// topicAdapter turns a record of a topic of the user's own into CDEvents.
type topicAdapter func(m *event.Message) ([]event.Message, *event.Rejection)

func (s *Session) newSink(st *store.Store, h *health) (*sink, error) {
	decoder, err := event.NewDecoder(event.Options{
		RedactionKey: []byte(s.settings.Privacy.Key), Redact: s.settings.Privacy.Redact,
	})
	if err != nil {
		return nil, usage(err)
	}
	k := &sink{
		decoder: decoder, adapters: map[string]topicAdapter{}, batch: st.NewBatch(), tombstones: h.tombstones,
		wording: &wording{s.wording, s.log, h.blameless},
	}
	for _, t := range s.settings.Kafka.Topics {
		if k.adapters[t.Name], err = s.topicAdapter(t); err != nil {
			return nil, usage(err)
		}
	}
	return k, nil
}

// Add decodes one record into the open batch. A record of an adapted topic may
// hold several events; all of them land or none.
func (k *sink) Add(m *event.Message) *event.Rejection {
	if m.Value == nil {
		k.tombstones.Inc() // a deletion marker of a compacted topic: it carries no event
		return nil
	}
	adapt, adapted := k.adapters[m.Topic]
	if !adapted {
		return k.add(m)
	}
	messages, rejection := adapt(m)
	if rejection != nil {
		return rejection
	}
	mark := k.batch.Rows()
	for i := range messages {
		if rejection := k.add(&messages[i]); rejection != nil {
			k.batch.Truncate(mark)
			return rejection
		}
	}
	return nil
}

func (k *sink) add(m *event.Message) *event.Rejection {
	if rejection := k.decoder.Decode(m, &k.row); rejection != nil {
		return rejection
	}
	k.wording.judge(&k.row)
	k.batch.Append(&k.row)
	return nil
}

// Reject keeps the row of a record whose dead letter is written.
func (k *sink) Reject(m *event.Message, r *event.Rejection) {
	k.batch.AppendRejection(m, r)
}

// Stream gives the rows so far to the store, which acknowledges them at the flush.
func (k *sink) Stream(ctx context.Context) error { return k.batch.Stream(ctx) }

// Size is what the open batch holds.
func (k *sink) Size() (rows, bytes int) { return k.batch.Rows(), k.batch.Bytes() }

// Flush inserts the open batch and empties it once the insert is acknowledged.
func (k *sink) Flush(ctx context.Context) error {
	if err := k.batch.Send(ctx); err != nil {
		return err
	}
	k.batch.Reset()
	return nil
}

// Discard forgets the open batch: its records will be read again.
func (k *sink) Discard() { k.batch.Reset() }

// Halt says whether waiting cannot help: the schema is wrong, or the user may not write.
func (k *sink) Halt(err error) bool { return store.Classify(err) == store.Halt }
