package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/store"
	"github.com/tuition-hq/tuition/pkg/web"
)

// newest gives the web what the newest run says. It keeps the snapshot and the
// folded rows it came from, and looks for a newer run at most once a second.
type newest struct {
	session *Session
	store   *store.Store
	health  *health

	mu       sync.Mutex // of the snapshot: held while a newer run is read, at most once a second
	looked   time.Time
	snapshot learning.Snapshot

	loading sync.Mutex // of the rows: pages wait for it, scrapes do not
	input   learning.Input
	loaded  string // run id that input belongs to
}

func newNewest(s *Session, st *store.Store, h *health) *newest {
	return &newest{session: s, store: st, health: h}
}

// offer hands over the rows of a run that this process has just published, so
// that no page has to wait for them.
func (s *newest) offer(run string, input learning.Input) {
	s.loading.Lock()
	s.input, s.loaded = input, run
	s.loading.Unlock()
	s.mu.Lock()
	s.looked = time.Time{}
	s.mu.Unlock()
}

const lookEvery = time.Second

// Snapshot is the newest finished run.
func (s *newest) Snapshot(ctx context.Context) (learning.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.looked) < lookEvery && s.snapshot.RunID != "" {
		return s.snapshot, nil
	}
	id, err := s.store.NewestRun(ctx)
	if err != nil {
		return learning.Snapshot{}, err
	}
	if id == "" {
		return learning.Snapshot{}, web.ErrNotComputed
	}
	if id != s.snapshot.RunID {
		snapshot, err := s.store.Estimates(ctx)
		if err != nil {
			return learning.Snapshot{}, err
		}
		s.snapshot = snapshot
	}
	s.looked = time.Now()
	return s.snapshot, nil
}

// cached is the snapshot for a scrape, which has no error to return.
func (s *newest) cached() (learning.Snapshot, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	snapshot, err := s.Snapshot(ctx)
	return snapshot, err == nil
}

// Quarters are those with estimates, newest first.
func (s *newest) Quarters(ctx context.Context) ([]string, error) {
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var quarters []string
	for _, e := range snapshot.Estimates {
		if e.Window != "all" && e.Scope.Kind == "organisation" && !slices.Contains(quarters, e.Window) {
			quarters = append(quarters, e.Window)
		}
	}
	slices.Sort(quarters)
	slices.Reverse(quarters)
	return quarters, nil
}

// Facts is all of one quarter's page.
func (s *newest) Facts(ctx context.Context, quarter string) (review.Facts, error) {
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		return review.Facts{}, err
	}
	input, err := s.rows(ctx, snapshot)
	if err != nil {
		return review.Facts{}, err
	}
	facts := review.Facts{Quarter: quarter, Snapshot: snapshot, Input: input, MergeWindow: s.session.settings.Analysis.MergeWindow, Version: Version()}
	q, err := review.ParseQuarter(quarter)
	if err != nil {
		return review.Facts{}, err
	}
	if facts.Titles, err = s.store.Titles(ctx); err != nil {
		return review.Facts{}, err
	}
	if facts.Rejections, err = s.store.RejectionsByCode(ctx); err != nil {
		return review.Facts{}, err
	}
	rows, err := s.store.Candidates(ctx, q.Start().UnixMilli(), q.End().UnixMilli())
	if err != nil {
		return review.Facts{}, err
	}
	facts.Candidates = map[string][]review.Candidate{}
	for _, r := range rows {
		facts.Candidates[r.IncidentID] = append(facts.Candidates[r.IncidentID], review.Candidate{
			ChangeID: r.ChangeID, Service: r.Service, Version: r.Version, FinishedAt: r.FinishedAt,
			Link: r.Link, LagSeconds: r.LagSeconds, Weight: r.Weight,
		})
	}
	return facts, nil
}

// Explain is all there is to say of one estimate of the newest run.
func (s *newest) Explain(ctx context.Context, ask explain.Ask) (explain.Explanation, error) {
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		return explain.Explanation{}, err
	}
	input, err := s.rows(ctx, snapshot)
	if err != nil {
		return explain.Explanation{}, err
	}
	facts := explain.Facts{Snapshot: snapshot, Input: &input}
	counted := countedBy(ask)
	if facts.Evidence, err = s.store.Evidence(ctx, counted.Metric, ask.Scope.Kind, ask.Scope.Name, ask.Window); err != nil {
		return explain.Explanation{}, err
	}
	x, err := s.session.explained(ctx, s.store, facts, ask)
	if err != nil {
		return explain.Explanation{}, err
	}
	return *x, nil
}

// AsOf is what is recorded as of a moment, and all moments that are.
func (s *newest) AsOf(ctx context.Context, asOf int64) (learning.Snapshot, []int64, error) {
	snapshot, err := s.store.EstimatesAsOf(ctx, asOf)
	if err != nil || len(snapshot.Estimates) > 0 {
		return snapshot, nil, err
	}
	recorded, err := s.store.Recorded(ctx)
	return snapshot, slices.Sorted(maps.Keys(recorded)), err
}

// rows are the folded rows of a snapshot, loaded when a page first needs them.
func (s *newest) rows(ctx context.Context, snapshot learning.Snapshot) (learning.Input, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	if s.loaded == snapshot.RunID {
		return s.input, nil
	}
	options := s.session.loadOptions(snapshot.AsOf)
	options.Newest = true // what the run was computed from, or newer
	input, err := s.store.LoadInput(ctx, options)
	if err == nil {
		s.input, s.loaded = input, snapshot.RunID
	}
	return input, err
}

// Ready is nil while the store answers and every role that runs here works.
func (s *newest) Ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return err
	}
	return s.health.Ready()
}
