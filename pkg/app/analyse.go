package app

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/store"
)

const day = 24 * time.Hour

// asOf turns the setting into a moment: nothing that happened at or after it is
// counted. last is the time of the log's last event. A day that neither the clock
// nor the log has reached is refused: services would be quiet on days to come.
func asOf(setting string, now time.Time, last int64) (int64, error) {
	today := now.UTC().Truncate(day)
	switch setting {
	case "":
		return today.UnixMilli(), nil
	case "log":
		return last + 1, nil
	}
	end, err := endOfDay(setting)
	if err != nil {
		return 0, err
	}
	observed := today
	if told := utcMillis(last).Truncate(day).Add(day); told.After(observed) {
		observed = told
	}
	if end.After(observed) {
		return 0, usage(fmt.Errorf("as of %q: that day is not over, and what has not been observed cannot be counted; give %s or earlier, or log for the end of the log",
			setting, observed.Add(-day).Format(time.DateOnly)))
	}
	return end.UnixMilli(), nil
}

// endOfDay is when a date is over: the whole of the day counts.
func endOfDay(setting string) (time.Time, error) {
	date, err := time.Parse(time.DateOnly, setting)
	if err != nil {
		return time.Time{}, usage(fmt.Errorf("as of %q: give a date like 2026-06-30, or log for the end of the log", setting))
	}
	return date.Add(day), nil
}

// checkAsOf refuses what is no moment, before anything is asked of a server.
func checkAsOf(setting string) error {
	if setting == "" || setting == "log" {
		return nil
	}
	_, err := endOfDay(setting)
	return err
}

// logKey is what a computation depends on: equal keys give equal bytes.
type logKey struct {
	hash string
	asOf int64
	last int64 // when the last event was; given by the hash
}

func (s *Session) logKey(ctx context.Context, st *store.Store, setting string) (logKey, error) {
	state, err := st.LogState(ctx)
	if err != nil {
		return logKey{}, err
	}
	moment, err := asOf(setting, time.Now(), state.Last)
	return logKey{state.Hash, moment, state.Last}, err
}

func (s *Session) learningSettings() learning.Settings {
	settings := learning.DefaultSettings()
	settings.AttributionWindow = s.settings.Analysis.AttributionWindow
	settings.MergeWindow = s.settings.Analysis.MergeWindow
	settings.Currency = s.settings.Analysis.Currency
	settings.ExchangeRates = s.settings.Analysis.ExchangeRates
	settings.CostCap = s.settings.Analysis.CostCap
	settings.Horizon = s.settings.Analysis.Horizon
	settings.Stagnation = s.settings.Analysis.Stagnation
	s.settings.Watch.apply(&settings)
	verdicts := s.settings.Analysis.Verdicts
	settings.Settling, settings.FalseDiscoveries = verdicts.Settling, verdicts.FalseDiscoveries
	settings.VerdictScopes, settings.VerdictMetrics = verdicts.Scopes, verdicts.Metrics
	return settings
}

// loadInput folds the log as it was at a moment.
func (s *Session) loadInput(ctx context.Context, st *store.Store, moment int64) (learning.Input, error) {
	return st.LoadInput(ctx, s.loadOptions(moment))
}

func (s *Session) loadOptions(moment int64) store.LoadOptions {
	settings := s.learningSettings()
	return store.LoadOptions{AsOf: moment, Window: settings.AttributionWindow, SettingsHash: settings.Hash()}
}

// computeSlowly is compute for somebody who waits for it.
func (s *Session) computeSlowly(ctx context.Context, st *store.Store, moment int64, sink learning.EvidenceSink) (learning.Input, learning.Run, error) {
	done := s.slow("folding the log")
	input, err := s.loadInput(ctx, st, moment)
	done()
	if err != nil {
		return learning.Input{}, learning.Run{}, err
	}
	defer s.slow("computing the estimates")()
	return input, learning.ComputeTo(input, s.learningSettings(), sink), nil
}

// publishSettings makes the catalog, the rules and the window known to the views.
// Files that are not named leave what was published before.
func (s *Session) publishSettings(ctx context.Context, st *store.Store) error {
	if s.catalog != nil {
		if err := st.SetCatalog(ctx, *s.catalog); err != nil {
			return fmt.Errorf("publish the catalog: %w", err)
		}
	}
	if s.settings.FailureModesFile != "" {
		if err := st.SetRules(ctx, s.rules); err != nil {
			return fmt.Errorf("publish the failure-mode rules: %w", err)
		}
	}
	windows := store.Windows{Attribution: s.settings.Analysis.AttributionWindow, Merge: s.settings.Analysis.MergeWindow}
	if err := st.SetWindows(ctx, windows); err != nil {
		return fmt.Errorf("publish the windows: %w", err)
	}
	return nil
}

// runsKept is how long what a newer run replaced stays, for whoever still reads it.
const runsKept = time.Hour

// analyse publishes new estimates whenever the log or the day has changed. A
// failed round is logged and tried again at the next: the old estimates stay.
func (p *process) analyse(ctx context.Context, st *store.Store) error {
	var published logKey
	var dropped time.Time
	for {
		if err := p.analyseOnce(ctx, st, &published); err != nil && ctx.Err() == nil {
			p.health.analysisFailed(err)
			p.log.Error("the estimates could not be computed; those published before stay", zap.Error(err))
		}
		if time.Since(dropped) > runsKept {
			dropped = time.Now()
			if n, err := st.DropRuns(ctx, dropped.Add(-runsKept)); err != nil && ctx.Err() == nil {
				p.log.Warn("estimates of earlier computations could not be dropped; they take room and are not read", zap.Error(err))
			} else if n > 0 {
				p.log.Info("dropped what newer computations replaced", zap.Int("runs", n))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(p.settings.Analysis.Interval):
		}
	}
}

func (p *process) analyseOnce(ctx context.Context, st *store.Store, published *logKey) error {
	if *published == (logKey{}) {
		if err := p.publishSettings(ctx, st); err != nil {
			return err
		}
		if err := st.SetAsOf(ctx, p.settings.Analysis.AsOf); err != nil {
			return err
		}
	}
	key, err := p.logKey(ctx, st, p.settings.Analysis.AsOf)
	if err != nil {
		return err
	}
	if key == *published {
		p.health.analysisDone(0)
		return nil
	}
	began := time.Now()
	thrift := learning.Thrifty()
	defer thrift.End()
	input, err := p.loadInput(ctx, st, key.asOf)
	if err != nil {
		return err
	}
	thrift.Loaded()
	publication := &recorded{Publication: st.Publishing(ctx), kept: keeping(key.asOf, key.asOf)}
	run := learning.Stream(input, p.learningSettings(), publication)
	if err := publication.Finish(run); err != nil {
		return err
	}
	run.Estimates = publication.estimates
	if _, err := p.record(ctx, st, input, run, publication.kept); err != nil {
		return err
	}
	*published = key
	if p.pages { // else the rows would only stand beside those of the next computation
		p.newest.offer(run.ID, input)
	}
	p.health.analysisDone(time.Since(began))
	p.log.Info("estimates published", zap.String("run", run.ID), zap.Int("estimates", publication.told),
		zap.Uint64("events", run.InputEvents), zap.Duration("took", time.Since(began)))
	return nil
}
