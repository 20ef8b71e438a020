package store

import (
	"context"
	"io"
	"slices"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// stream is one insert under way, which is given its rows in blocks.
type stream struct {
	cancel   context.CancelFunc
	blocks   chan *eventColumns // taken when the one before is sent; closed when there are no more
	finished bool               // blocks is closed
	ended    chan struct{}      // closed when the insert has ended, with err
	err      error
}

// newStream begins an insert. The columns name what is inserted and have no rows.
func newStream(client *ch.Client, columns proto.Input) *stream {
	ctx, cancel := context.WithCancel(context.Background())
	s := &stream{cancel: cancel, blocks: make(chan *eventColumns), ended: make(chan struct{})}
	input := slices.Clone(columns)
	var sent *eventColumns
	next := func(ctx context.Context) error {
		if sent != nil {
			sent.reset() // it is the batch's again as soon as another block is taken
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case block, more := <-s.blocks:
			if !more {
				return io.EOF
			}
			copy(input, block.input)
			sent = block
			return nil
		}
	}
	go func() {
		defer close(s.ended)
		defer cancel()
		// The client by itself looks at its context only between two packets.
		defer context.AfterFunc(ctx, func() { _ = client.Close() })()
		s.err = client.Do(ctx, ch.Query{Body: input.Into("event"), Input: input, OnInput: next})
		if s.err != nil {
			_ = client.Close() // it may be in the middle of an exchange
		}
	}()
	return s
}

// send returns when the block is taken, or not within the context.
func (s *stream) send(ctx context.Context, block *eventColumns) error {
	if s.finished {
		return s.err
	}
	select {
	case s.blocks <- block:
		return nil
	case <-s.ended:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish returns when ClickHouse has acknowledged all blocks.
func (s *stream) finish(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.cancel)()
	if !s.finished {
		s.finished = true
		close(s.blocks)
	}
	<-s.ended
	return s.err
}

// abort ends the insert wherever it is.
func (s *stream) abort() {
	s.cancel()
	<-s.ended
}
