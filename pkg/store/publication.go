package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// evidenceToldEvery is how old a part may be that is not sent again.
const evidenceToldEvery = 24 * time.Hour

// entriesAtOnce bounds the evidence that is held until it is sent.
const entriesAtOnce = 200_000

// Publication takes a run's evidence while it is computed, and then the run; or, as a
// learning.Sink, all of the run while it is computed. Parts of evidence are named by
// their content and belong to no run: what was sent within a day is not sent again,
// and what no finished run names is not seen.
type Publication struct {
	store     *Store
	ctx       context.Context
	run       string // under which rows are sent as they come; "": they wait for Finish
	waiting   map[learning.Part][]learning.Entry
	entries   int
	bases     []learning.Basis
	named     int // parts in bases
	estimates []learning.Estimate
	points    []learning.WatchPoint
	err       error // the first; Finish returns it
}

// Publishing begins a publication. Nothing is seen of it before Finish.
func (s *Store) Publishing(ctx context.Context) *Publication {
	return &Publication{store: s, ctx: ctx, waiting: map[learning.Part][]learning.Entry{}}
}

// Part takes a part of the evidence.
func (p *Publication) Part(id learning.Part, entries []learning.Entry) {
	if _, held := p.waiting[id]; held || p.err != nil {
		return
	}
	p.waiting[id] = slices.Clone(entries)
	if p.entries += len(entries); p.entries >= entriesAtOnce {
		p.send()
	}
}

// Begin names the run: what follows is sent when enough of it waits. Nobody sees it
// before the run is finished.
func (p *Publication) Begin(run learning.Run) { p.run = run.ID }

// Basis takes what an estimate rests on.
func (p *Publication) Basis(b learning.Basis) {
	p.bases = append(p.bases, b)
	p.named += len(b.Parts)
	if p.run != "" && (len(p.bases) >= rowsAtOnce || p.named >= entriesAtOnce) {
		p.sendBases()
	}
}

// Estimate takes an estimate.
func (p *Publication) Estimate(e learning.Estimate) {
	if p.estimates = append(p.estimates, e); len(p.estimates) >= rowsAtOnce {
		p.sendEstimates()
	}
}

// WatchPoint takes a point of the watch.
func (p *Publication) WatchPoint(w learning.WatchPoint) {
	if p.points = append(p.points, w); len(p.points) >= rowsAtOnce {
		p.sendPoints()
	}
}

// send inserts the parts that wait and are not there yet.
func (p *Publication) send() {
	if p.err != nil || len(p.waiting) == 0 {
		return
	}
	known, err := p.known()
	if err != nil {
		p.err = fmt.Errorf("read which evidence is published: %w", err)
		return
	}
	now := time.Now().UnixMilli()
	err = p.store.insert(p.ctx, "evidence_part", func(batch driver.Batch) error {
		for id, entries := range p.waiting {
			if known[id] {
				continue
			}
			roles, kinds, entities := make([]string, len(entries)), make([]string, len(entries)), make([]string, len(entries))
			for i, e := range entries {
				roles[i], kinds[i], entities[i] = e.Role, e.Kind, e.Entity
			}
			if err := batch.Append(string(id[:]), roles, kinds, entities, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.err = fmt.Errorf("publish evidence: %w", err)
	}
	clear(p.waiting)
	p.entries = 0
}

// known are those of the waiting parts that were published before.
func (p *Publication) known() (map[learning.Part]bool, error) {
	asked, err := ext.NewTable("asked", ext.Column("part", "FixedString(16)"))
	if err != nil {
		return nil, err
	}
	for id := range p.waiting {
		if err := asked.Append(string(id[:])); err != nil {
			return nil, err
		}
	}
	known := map[learning.Part]bool{}
	since := []any{clickhouse.Named("since", time.Now().Add(-evidenceToldEvery).UnixMilli())}
	err = p.store.each(clickhouse.Context(p.ctx, clickhouse.WithExternalTable(asked)), "evidence_known", since, func(rows driver.Rows) error {
		var id string
		err := rows.Scan(&id)
		known[learning.Part([]byte(id))] = true
		return err
	})
	return known, err
}

// Finish makes the run's estimates and evidence readable: the rows first, then the
// row of estimate_run by which the views see them. Publishing a run again changes
// nothing but the time at which it was computed, which no comparison reads. It
// counts if no run folded more events, or as many under newer settings.
func (p *Publication) Finish(run learning.Run) error {
	s, ctx := p.store, p.ctx
	p.send()
	if p.err != nil {
		return p.err
	}
	if p.run == "" { // it was held whole
		p.run = run.ID
		for _, e := range run.Estimates {
			p.Estimate(e)
		}
		for _, w := range run.Watch {
			p.WatchPoint(w)
		}
	}
	p.sendEstimates()
	p.sendBases()
	p.sendPoints()
	if p.err != nil {
		return p.err
	}
	if err := s.raiseAlarms(ctx, run); err != nil { // before the run is seen: what was shown is kept
		return err
	}
	err := s.insert(ctx, "estimate_run", func(batch driver.Batch) error {
		return batch.Append(run.ID, run.AsOf, run.InputEvents, s.configured.Load(), time.Now().UnixMilli())
	})
	if err != nil {
		return fmt.Errorf("publish the run: %w", err)
	}
	return nil
}

// rowsAtOnce bounds the rows of one insert: they are held until it is sent.
const rowsAtOnce = 10_000

func (p *Publication) sendEstimates() {
	p.insert("estimate_row", "estimates", len(p.estimates), func(batch driver.Batch) error {
		for i := range p.estimates {
			e := &p.estimates[i]
			if err := batch.Append(p.run, e.Metric, e.Scope.Kind, e.Scope.Name, e.Window, e.AsOf,
				e.Value, e.Low, e.High, e.Level, e.Low50, e.High50, e.Unit, e.N, e.Events, e.Exposure, e.Censored,
				string(e.State), uint8(e.State.Code()), e.Method, e.Origin, e.Verdict, e.Reading, e.Lacks); err != nil {
				return err
			}
		}
		return nil
	})
	clear(p.estimates)
	p.estimates = p.estimates[:0]
}

func (p *Publication) sendBases() {
	for bases := range slices.Chunk(p.bases, rowsAtOnce) {
		p.insert("estimate_basis", "what the estimates rest on", len(bases), func(batch driver.Batch) error {
			for _, b := range bases {
				parts := make([]string, len(b.Parts))
				for i, id := range b.Parts {
					parts[i] = string(id[:])
				}
				if err := batch.Append(p.run, b.Metric, b.Scope.Kind, b.Scope.Name, b.Window, parts); err != nil {
					return err
				}
			}
			return nil
		})
	}
	clear(p.bases)
	p.bases, p.named = p.bases[:0], 0
}

func (p *Publication) sendPoints() {
	p.insert("watch_row", "the watch", len(p.points), func(batch driver.Batch) error { return appendPoints(batch, p.run, p.points) })
	clear(p.points)
	p.points = p.points[:0]
}

// insert sends rows, unless there are none or something went wrong before.
func (p *Publication) insert(table, what string, rows int, fill func(driver.Batch) error) {
	if rows == 0 || p.err != nil {
		return
	}
	if err := p.store.insert(p.ctx, table, fill); err != nil {
		p.err = fmt.Errorf("publish %s: %w", what, err)
	}
}

// Publish publishes a run that has its evidence with it.
func (s *Store) Publish(ctx context.Context, run learning.Run) error {
	p := s.Publishing(ctx)
	learning.Tell(run.Evidence, p)
	return p.Finish(run)
}
