package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// LoadOptions says of when, and with what, the input is.
type LoadOptions struct {
	AsOf         int64         // milliseconds; nothing that happened then or later is in the rows, later corrections are
	Window       time.Duration // attribution window; 0: the published one, by which the views join
	SettingsHash string        // of the settings of the estimators; part of Input.Hash
	// Newest reads the snapshot of folded events as it is, if there is one, instead of
	// bringing it up to date first: for readers of what was computed from it.
	Newest bool
}

// LogState is the log as a set of distinct events.
type LogState struct {
	Events      uint64
	Hash        string // the same for the same events in any order, however often they were received
	First, Last int64  // earliest and latest occurred_at in milliseconds, 0 without events
}

// LogState folds the whole log into one line. Equal states give equal estimates
// under equal settings.
func (s *Store) LogState(ctx context.Context) (LogState, error) {
	if s.state != nil {
		return *s.state, nil
	}
	var state LogState
	err := s.each(ctx, "log_state", nil, func(rows driver.Rows) error {
		return rows.Scan(&state.Events, &state.Hash, &state.First, &state.Last)
	})
	return state, err
}

// LoadInput reads what the estimators need, folded and joined. Its hash is that of
// the rows themselves, so rows that arrive meanwhile cannot hide behind it.
func (s *Store) LoadInput(ctx context.Context, options LoadOptions) (learning.Input, error) {
	var configured int64
	if err := s.conn.QueryRow(ctx, query("configured")).Scan(&configured); err != nil {
		return learning.Input{}, fmt.Errorf("read what was published: %w", err)
	}
	live, err := s.foldFor(ctx, options)
	if err != nil {
		return learning.Input{}, err
	}
	state, err := s.LogState(ctx)
	if err != nil {
		return learning.Input{}, err
	}
	window := options.Window.Milliseconds()
	if window == 0 {
		if err := s.conn.QueryRow(ctx, query("window")).Scan(&window); err != nil {
			return learning.Input{}, fmt.Errorf("read the attribution window: %w", err)
		}
	}
	l := loader{store: s, ctx: ctx, live: live, texts: map[string]string{}, args: []any{clickhouse.Named("as_of", options.AsOf), clickhouse.Named("window", window)}}
	if s.held || state.Last >= options.AsOf {
		whole := ofTwins
		switch {
		case s.held:
			whole = held
		case live:
			whole = ofViews
		}
		if l.until, err = s.until(ctx, options.AsOf, state.Events, whole); err != nil {
			return learning.Input{}, err
		}
		if l.until != nil {
			defer func() { _ = l.until.close(s) }()
		}
	}
	l.input.AsOf, l.input.InputEvents = options.AsOf, state.Events
	for _, load := range []func() error{
		l.incidents, l.recurrences, l.improvements, l.gaps, l.changes, l.crossover, l.services, l.coverage,
		l.experiments, l.nearMisses, l.postmortems, l.risks, l.costs, l.warnings,
	} {
		if err := load(); err != nil {
			return learning.Input{}, err
		}
	}
	slices.SortFunc(l.input.FailedChange, func(a, b learning.FailedChange) int {
		return cmp.Or(cmp.Compare(a.FinishedAt, b.FinishedAt), cmp.Compare(a.ID, b.ID))
	})
	l.input.Hash = l.input.Digest(options.SettingsHash, fmt.Sprint(window))
	s.configured.Store(configured)
	return l.input, nil
}

// foldFor brings the snapshot up to date if that is wanted and allowed, and says
// whether the views themselves are to be asked: there is no snapshot, or nothing is
// to be brought up to date since it was frozen.
func (s *Store) foldFor(ctx context.Context, options LoadOptions) (live bool, err error) {
	switch {
	case s.held:
		return true, nil
	case options.Newest || s.state != nil:
		found, err := s.parts(ctx)
		return found.run == "", err
	case s.config.ReadOnly:
		return true, nil
	}
	_, err = s.Fold(ctx)
	return false, err
}

// loader reads one input, query by query.
type loader struct {
	store *Store
	ctx   context.Context
	args  []any
	live  bool
	until *until            // something happened at the moment or later; nil: nothing did
	texts map[string]string // those that are shared
	input learning.Input
}

func (l *loader) each(name string, row func(driver.Rows) error) error {
	if l.until != nil {
		return l.until.each(l.ctx, name, l.args, row)
	}
	sql := query("input_" + name)
	if !l.live {
		sql = ofSnapshot(sql)
	}
	return l.store.eachOf(l.ctx, name, sql, l.args, row)
}

func (l *loader) incidents() error {
	return l.each("incidents", func(rows driver.Rows) error {
		var i learning.Incident
		var reopened int64
		err := rows.Scan(&i.ID, &i.Service, &i.Team, &i.Environment, &i.Severity, &i.StartedAt, &i.DetectedAt, &i.FirstToldAt,
			&i.AcknowledgedAt, &i.MitigatedAt, &i.ResolvedAt, &i.DetectionSource, &i.FailureMode, &i.CauseCategory,
			&i.Containment, &i.IsDrill, &i.DuplicateOf, &reopened, &i.Imported,
			&i.StatedDetectSeconds, &i.StatedResolveSeconds, &i.BlastRadius)
		i.ReopenCount = int32(reopened)
		l.share(&i.ID, &i.Service, &i.Team, &i.Environment, &i.DetectionSource, &i.FailureMode, &i.CauseCategory, &i.Containment, &i.DuplicateOf)
		l.input.Incidents = append(l.input.Incidents, i)
		return err
	})
}

func (l *loader) recurrences() error {
	return l.each("recurrences", func(rows driver.Rows) error {
		var r learning.Recurrence
		err := rows.Scan(&r.IncidentID, &r.EarlierID, &r.Class, &r.AlsoOpen, &r.Abandoned, &r.GapSeconds)
		l.share(&r.IncidentID, &r.EarlierID, &r.Class)
		l.input.Recurrences = append(l.input.Recurrences, r)
		return err
	})
}

func (l *loader) improvements() error {
	return l.each("improvements", func(rows driver.Rows) error {
		var i learning.Improvement
		err := rows.Scan(&i.ID, &i.Service, &i.Team, &i.FailureMode, &i.Kind, &i.FromFailure,
			&i.OpenedAt, &i.ClosedAt, &i.VerifiedAt, &i.AbandonedAt, &i.WitnessedClosedAt, &i.Imported, &i.ReopenedAt)
		l.share(&i.Service, &i.Team, &i.FailureMode, &i.Kind, &i.FromFailure)
		l.input.Improvements = append(l.input.Improvements, i)
		return err
	})
}

func (l *loader) gaps() error {
	return l.each("gaps", func(rows driver.Rows) error {
		var g learning.MonitoringGap
		var proven, reopened int64
		err := rows.Scan(&g.ID, &g.Service, &g.Team, &g.FailureMode, &g.FoundAt, &g.ClosedAt, &proven, &reopened, &g.State, &g.DecidedAt)
		l.input.Gaps = append(l.input.Gaps, g)
		return err
	})
}

func (l *loader) changes() error {
	sorts, failures := map[learning.ChangeOf]*learning.ChangeOf{}, map[learning.FailedAs]*learning.FailedAs{}
	return l.each("changes", func(rows driver.Rows) error {
		var of learning.ChangeOf
		var c learning.ChangeCount
		var finished, undone []int64
		var ids, why, containment []string
		var blamed []bool
		if err := rows.Scan(&of.Service, &of.Team, &of.Environment, &of.Kind, &of.Rollout, &c.Quarter, &c.Changes, &c.TooYoung, &c.EndingTold,
			&finished, &ids, &why, &undone, &containment, &blamed); err != nil {
			return err
		}
		l.share(&of.Service, &of.Team, &of.Environment, &of.Kind, &of.Rollout, &c.Quarter)
		c.ChangeOf = shared(sorts, of)
		c.Failed = int64(len(ids))
		l.input.Changes = append(l.input.Changes, c)
		for i, id := range ids {
			l.share(&why[i], &containment[i])
			as := learning.FailedAs{ChangeOf: of, Why: why[i], Containment: containment[i], Blamed: blamed[i]}
			l.input.FailedChange = append(l.input.FailedChange, learning.FailedChange{
				FailedAs: shared(failures, as), ID: id, FinishedAt: finished[i], RolledBackAt: undone[i],
			})
		}
		return nil
	})
}

// shared is the one that is equal and was there first.
func shared[T comparable](known map[T]*T, value T) *T {
	first := known[value]
	if first == nil {
		first = &value
		known[value] = first
	}
	return first
}

// share lets equal texts be one: the client makes a new one of each cell, and many of
// them name the same few services, modes and incidents.
func (l *loader) share(texts ...*string) {
	for _, text := range texts {
		if *text == "" {
			continue
		}
		first, known := l.texts[*text]
		if !known {
			first = *text
			l.texts[first] = first
		}
		*text = first
	}
}

func (l *loader) crossover() error {
	return l.each("crossover", func(rows driver.Rows) error {
		var c learning.Crossover
		var service, team string
		var references int64
		err := rows.Scan(&c.IncidentID, &service, &team, &c.At, &c.Exposed, &c.ReferenceShare, &references)
		c.References = int8(references)
		l.share(&c.IncidentID)
		l.input.Crossover = append(l.input.Crossover, c)
		return err
	})
}

func (l *loader) services() error {
	return l.each("services", func(rows driver.Rows) error {
		var s learning.Service
		var environments []string
		var from, to []int64
		var days, deploys []int32
		var daysIn, deploysIn [][]int32
		if err := rows.Scan(&s.Name, &s.Team, &s.Tier, &s.InCatalog, &s.AliveFrom, &s.AliveTo, &days, &deploys, &environments, &from, &to, &daysIn, &deploysIn); err != nil {
			return err
		}
		s.Deploys = deployDays(days, deploys)
		for i, environment := range environments {
			s.Environments = append(s.Environments, learning.Presence{
				Environment: environment, AliveFrom: from[i], AliveTo: to[i], Deploys: deployDays(daysIn[i], deploysIn[i]),
			})
		}
		if l.input.Start == 0 || s.AliveFrom < l.input.Start {
			l.input.Start = s.AliveFrom
		}
		l.input.Services = append(l.input.Services, s)
		return nil
	})
}

func deployDays(days, deploys []int32) learning.Deploys {
	out := make([]learning.DeployDay, len(days))
	for i := range days {
		out[i] = learning.DeployDay{Day: days[i], Deploys: deploys[i]}
	}
	return learning.PackDeploys(out...)
}

func (l *loader) coverage() error {
	return l.each("coverage", func(rows driver.Rows) error {
		c := &l.input.Coverage
		return rows.Scan(&c.Incidents, &c.NoFailureMode, &c.NoEnvironment, &c.NoStart, &c.NoSeverity, &c.NoService,
			&c.NotInCatalog, &c.AutomaticSource, &c.Fixes, &c.UnwitnessedFixes)
	})
}
