package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// appendPoints adds the watch's points to an insert, under a run that is not finished yet.
func appendPoints(batch driver.Batch, run string, points []learning.WatchPoint) error {
	for i := range points {
		p := &points[i]
		if err := batch.Append(run, p.Scope.Kind, p.Scope.Name, p.What, p.Clock, p.At, p.Method, p.YearFrom, p.Latest,
			p.Evidence, p.Better, p.Bar, p.Dispersion, p.N0, p.N1, p.E0, p.E1, string(p.State), uint8(p.State.Code()),
			p.CrossedAt, p.AlarmSince, p.BetterSince, p.Doubling, p.Tripling, p.Delay, p.Reading); err != nil {
			return err
		}
	}
	return nil
}

// raiseAlarms keeps the alarms of a published run for good. A row that is there
// already, of this run or another, is no reason not to add one: the first counts.
func (s *Store) raiseAlarms(ctx context.Context, run learning.Run) error {
	now := time.Now().UnixMilli()
	err := s.insert(ctx, "watch_alarm", func(batch driver.Batch) error {
		for _, a := range run.Alarms() {
			if err := batch.Append(a.Scope.Kind, a.Scope.Name, a.What, a.YearFrom, run.ID, now, a.CrossedAt, a.Evidence, a.Bar); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the alarms: %w", err)
	}
	return nil
}

// watch is what the newest finished run says at as_of, with the alarms raised before.
func (s *Store) watch(ctx context.Context) ([]learning.WatchPoint, error) {
	var out []learning.WatchPoint
	err := s.each(ctx, "watch_latest", nil, func(rows driver.Rows) error {
		p := learning.WatchPoint{Latest: true}
		var state string
		err := rows.Scan(&p.Scope.Kind, &p.Scope.Name, &p.What, &p.Clock, &p.At, &p.Method, &p.YearFrom,
			&p.Evidence, &p.Better, &p.Bar, &p.Dispersion, &p.N0, &p.N1, &p.E0, &p.E1, &state,
			&p.CrossedAt, &p.AlarmSince, &p.BetterSince, &p.Doubling, &p.Tripling, &p.Delay, &p.RaisedAt, &p.Reading)
		p.State = learning.State(state)
		out = append(out, p)
		return err
	})
	return out, err
}
