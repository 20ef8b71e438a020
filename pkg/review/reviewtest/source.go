package reviewtest

import (
	"context"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
)

// Source gives the pages what facts say, as the newest run; it never fails.
type Source struct {
	From review.Facts
	Have []string // quarters, newest first
}

// Snapshot is that of the facts.
func (s Source) Snapshot(context.Context) (learning.Snapshot, error) { return s.From.Snapshot, nil }

// Quarters are those it was given.
func (s Source) Quarters(context.Context) ([]string, error) { return s.Have, nil }

// Facts are the same for every quarter.
func (s Source) Facts(context.Context, string) (review.Facts, error) { return s.From, nil }

// Explain explains an estimate of the facts.
func (s Source) Explain(_ context.Context, ask explain.Ask) (explain.Explanation, error) {
	return Explain(s.From, ask)
}

// AsOf is the same for every moment.
func (s Source) AsOf(context.Context, int64) (learning.Snapshot, []int64, error) {
	return s.From.Snapshot, nil, nil
}

// Ready it always is.
func (s Source) Ready() error { return nil }
