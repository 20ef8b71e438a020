package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/zap"
)

// Folded says what bringing the snapshot up to date took.
type Folded struct {
	Run       string // of the snapshot that counts now
	Changes   uint64 // entities that were folded anew
	Incidents uint64
	Whole     bool // nothing was there to start from, or too much of it had changed
}

// parts are the runs that a snapshot is made of, as fold_run names them.
type parts struct {
	run                         string
	sequence                    int64
	changeBase, changeDelta     string
	incidentBase, incidentDelta string
	joined                      string
	configured                  int64
	stateBase, stateDelta       string // of changes, joined
	incidentState               string
}

// A part that replaces so much of the rest is no longer cheap to read past: all is
// folded again, once.
const (
	replacedShare = 0.2
	replacedFew   = 50_000
)

// Fold brings the snapshot up to date with the event table: only entities whose
// events are others than those folded before are folded again. Afterwards the
// views' twins give what the views themselves gave at some moment since Fold began.
// It may be stopped at any moment and run in several processes at once: what is
// not finished is never read.
func (s *Store) Fold(ctx context.Context) (Folded, error) { return s.foldUntilAlone(ctx, false) }

// FoldAnew is Fold that takes nothing from the snapshot that counts; whoever reads
// that one has it meanwhile.
func (s *Store) FoldAnew(ctx context.Context) (Folded, error) { return s.foldUntilAlone(ctx, true) }

func (s *Store) foldUntilAlone(ctx context.Context, anew bool) (Folded, error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(foldSettings(s.config)))
	for {
		folded, again, err := s.fold(ctx, anew)
		if err != nil || !again {
			return folded, err
		}
		s.log.Info("another process folded meanwhile: going on from there")
	}
}

// fold is one attempt. It is to be made again if another process has published a
// snapshot meanwhile: what this one rests on may be dropped soon.
func (s *Store) fold(ctx context.Context, anew bool) (folded Folded, again bool, err error) {
	counts, err := s.parts(ctx)
	if err != nil {
		return Folded{}, false, fmt.Errorf("read what was folded: %w", err)
	}
	was := counts
	if anew {
		was = parts{}
	}
	next := was
	next.run = newRun()
	if err := s.conn.QueryRow(ctx, query("configured")).Scan(&next.configured); err != nil {
		return Folded{}, false, fmt.Errorf("read what was published: %w", err)
	}
	if folded.Changes, err = s.foldPart(ctx, "change", next.run, &next.changeBase, &next.changeDelta); err != nil {
		return Folded{}, false, fmt.Errorf("fold the changes: %w", err)
	}
	if folded.Incidents, err = s.foldPart(ctx, "incident", next.run, &next.incidentBase, &next.incidentDelta); err != nil {
		return Folded{}, false, fmt.Errorf("fold the incidents: %w", err)
	}
	folded.Whole = next.changeBase == next.run || next.incidentBase == next.run
	if folded.Changes > 0 || next.configured != was.configured || was.stateBase == "" {
		if err := s.join(ctx, was, &next); err != nil {
			return Folded{}, false, fmt.Errorf("join the changes: %w", err)
		}
	}
	if folded.Incidents > 0 || next.configured != was.configured || next.joined != was.joined {
		next.incidentState = next.run
		if err := s.joinIncidents(ctx, next, ""); err != nil {
			return Folded{}, false, fmt.Errorf("join the incidents: %w", err)
		}
	}
	if folded.Changes == 0 && folded.Incidents == 0 && next.joined == was.joined {
		folded.Run = was.run
		return folded, false, nil
	}
	now, err := s.parts(ctx)
	if err != nil {
		return Folded{}, false, fmt.Errorf("read what was folded: %w", err)
	}
	if now.run != counts.run {
		return Folded{}, true, s.dropRun(ctx, next.run)
	}
	next.sequence = max(counts.sequence+1, time.Now().UnixMicro())
	err = s.insert(ctx, "fold_run", func(batch driver.Batch) error {
		return batch.Append(next.run, next.sequence, next.changeBase, next.changeDelta, next.incidentBase, next.incidentDelta, next.joined, next.configured,
			next.stateBase, next.stateDelta, next.incidentState)
	})
	if err != nil {
		return Folded{}, false, fmt.Errorf("publish the snapshot: %w", err)
	}
	folded.Run = next.run
	if err := s.dropParts(ctx, next.run); err != nil {
		s.log.Warn("parts of older snapshots could not be dropped; they take room and are not read", zap.Error(err))
	}
	return folded, false, nil
}

// parts are those of the snapshot that counts; none before the first.
func (s *Store) parts(ctx context.Context) (parts, error) {
	var p parts
	err := s.each(ctx, "fold_current", nil, func(rows driver.Rows) error {
		return rows.Scan(&p.run, &p.sequence, &p.changeBase, &p.changeDelta, &p.incidentBase, &p.incidentDelta, &p.joined, &p.configured,
			&p.stateBase, &p.stateDelta, &p.incidentState)
	})
	return p, err
}

// foldPart folds the entities of one kind that were touched, under a run, and says
// which runs hold them all then.
func (s *Store) foldPart(ctx context.Context, kind, run string, base, delta *string) (touched uint64, err error) {
	prefix := "fold_" + kind
	if *base != "" {
		keys := touchedBy(run, kind)
		compared := params{"touched": keys, "buckets": touchedBy(run, "buckets"), "base": *base, "delta": *delta}
		if kind == "change" {
			if err := s.foldQuery(ctx, "fold_change_buckets", compared); err != nil {
				return 0, err
			}
		}
		if err := s.foldQuery(ctx, prefix+"_touched", compared); err != nil {
			return 0, err
		}
		if touched, err = s.foldSize(ctx, "fold_touched_size", keys); err != nil || touched == 0 {
			return 0, err
		}
		few, err := s.fewTouched(ctx, prefix, touched, *base, *delta)
		if err != nil {
			return 0, err
		}
		if few {
			*delta, err = run, s.replace(ctx, prefix, params{"run": run, "touched": keys, "database": s.config.Database}, *delta)
			return touched, err
		}
	}
	if err := s.foldQuery(ctx, prefix+"_all", params{"run": run}); err != nil {
		return 0, err
	}
	*base, *delta = run, ""
	return s.foldSize(ctx, prefix+"_size", run)
}

// join makes what joins changes: those told by several tools, rollbacks, and the
// state of each change with both. Of the first and the last it makes those anew that
// the touched entities may have changed, unless there is nothing to start from or
// what they were joined by may be another.
func (s *Store) join(ctx context.Context, was parts, next *parts) error {
	run := next.run
	now := func(more params) params {
		more["run"], more["base"], more["delta"], more["joined"] = run, next.changeBase, next.changeDelta, run
		return more
	}
	whole := was.stateBase == "" || next.changeBase == run || next.configured != was.configured
	next.joined = run
	entities, same, states, members := touchedBy(run, "change"), "", "", touchedBy(run, "members")
	if !whole {
		same, states = touchedBy(run, "same"), touchedBy(run, "state")
		if err := s.foldQuery(ctx, "fold_same_touched", now(params{"touched": same, "entities": entities, "was": was.changeDelta})); err != nil {
			return err
		}
		if err := s.foldQuery(ctx, "fold_merged_kept", params{"run": run, "was": was.joined, "touched": same}); err != nil {
			return err
		}
		if err := s.foldQuery(ctx, "fold_merged_members", now(params{"touched": same, "members": members})); err != nil {
			return err
		}
	}
	if err := s.foldQuery(ctx, "fold_merged", now(params{"touched": same, "members": members})); err != nil {
		return err
	}
	for _, name := range []string{"fold_rollback", "fold_rolled_back"} {
		if err := s.foldQuery(ctx, name, now(params{})); err != nil {
			return err
		}
	}
	if !whole {
		if err := s.foldQuery(ctx, "fold_state_touched", params{"run": run, "was": was.joined, "touched": states, "entities": entities, "same": same}); err != nil {
			return err
		}
		touched, err := s.foldSize(ctx, "fold_touched_size", states)
		if err != nil {
			return err
		}
		few, err := s.fewTouched(ctx, "fold_change_state", touched, was.stateBase, was.stateDelta)
		if err != nil {
			return err
		}
		if few {
			next.stateDelta = run
			return s.replace(ctx, "fold_change_state", now(params{"touched": states}), was.stateDelta)
		}
	}
	next.stateBase, next.stateDelta = run, ""
	return s.foldQuery(ctx, "fold_change_state_some", now(params{"touched": ""}))
}

// joinIncidents makes what joins incidents with the rest: their state, and the changes
// that they link to; asOf is a moment if the log is cut there.
func (s *Store) joinIncidents(ctx context.Context, next parts, asOf string) error {
	named := touchedBy(next.run, "named")
	incidents := params{"run": next.run, "named": named, "joined": next.joined, "base": next.incidentBase, "delta": next.incidentDelta, "as_of": asOf}
	for _, name := range []string{"fold_incident_state", "fold_named"} {
		if err := s.foldQuery(ctx, name, incidents); err != nil {
			return err
		}
	}
	return s.foldQuery(ctx, "fold_linked", params{"run": next.run, "named": named, "joined": next.joined, "base": next.changeBase, "delta": next.changeDelta})
}

// fewTouched says whether what replaces a part of the base, with what was touched
// now, is still cheap to read past.
func (s *Store) fewTouched(ctx context.Context, prefix string, touched uint64, base, delta string) (bool, error) {
	size, err := s.foldSize(ctx, prefix+"_size", base)
	if err != nil {
		return false, err
	}
	replaced, err := s.foldSize(ctx, prefix+"_size", delta)
	return replaced+touched <= max(replacedFew, uint64(replacedShare*float64(size))), err
}

// replace writes a delta: what an earlier one has of keys that were not touched, what
// is made of those touched, and a mark for those of which there is none any more.
func (s *Store) replace(ctx context.Context, prefix string, args params, earlier string) error {
	if err := s.foldQuery(ctx, prefix+"_kept", params{"run": args["run"], "touched": args["touched"], "delta": earlier}); err != nil {
		return err
	}
	if err := s.foldQuery(ctx, prefix+"_some", args); err != nil {
		return err
	}
	return s.foldQuery(ctx, prefix+"_gone", params{"run": args["run"], "touched": args["touched"]})
}

// touchedBy is the part of a table that holds what one step of a run leaves to others.
func touchedBy(run, kind string) string { return run + kind }

// params are the parameters of a query.
type params map[string]string

func (s *Store) foldQuery(ctx context.Context, name string, args params) error {
	some := struct{ Some, Cut bool }{args["touched"] != "", args["as_of"] != ""} // not of all; as of a moment
	sql, err := s.renderWith(path.Join(schemaFolder, "query", name+".sql"), some)
	if err != nil {
		return err
	}
	var list []any
	for key, value := range args {
		list = append(list, clickhouse.Named(key, value))
	}
	began := time.Now()
	err = s.conn.Exec(ctx, sql, list...)
	s.log.Debug("folded", zap.String("query", name), zap.Duration("took", time.Since(began)))
	return err
}

func (s *Store) foldSize(ctx context.Context, name, run string) (size uint64, err error) {
	err = s.conn.QueryRow(ctx, query(name), clickhouse.Named("run", run)).Scan(&size)
	return size, err
}

// foldSettings let a fold of any size finish: what does not fit into memory goes
// to disk.
func foldSettings(config Config) clickhouse.Settings {
	settings := publishSettings(config)
	settings["optimize_aggregation_in_order"] = 1
	settings["max_bytes_before_external_group_by"] = 4_000_000_000
	settings["max_bytes_before_external_sort"] = 4_000_000_000
	if config.Cluster != "" {
		// The rows go by this server: left to the shards, each would join its own alone.
		settings["parallel_distributed_insert_select"] = 0
	}
	return settings
}

// newRun is a run that no other process has: its first letters are when it began.
func newRun() string { return stamp(time.Now()) + strings.ToLower(rand.Text()[:12]) }

func stamp(t time.Time) string { return fmt.Sprintf("%016x", t.UnixMicro()) }
