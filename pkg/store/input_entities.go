package store

import (
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tuition-hq/tuition/pkg/learning"
)

func (l *loader) experiments() error {
	return l.each("experiments", func(rows driver.Rows) error {
		var x learning.Experiment
		m := &x.LossAvoided
		err := rows.Scan(&x.ID, &x.Service, &x.Team, &x.Environment, &x.Services, &x.Kind, &x.Verdict, &x.FailureMode,
			&x.Containment, &x.StartedAt, &x.FinishedAt, &m.Currency, &m.Low, &m.Likely, &m.High, &x.Imported)
		l.share(&x.Service, &x.Team, &x.Environment, &x.Kind, &x.Verdict, &x.FailureMode, &x.Containment)
		l.input.Experiments = append(l.input.Experiments, x)
		return err
	})
}

func (l *loader) nearMisses() error {
	return l.each("near_misses", func(rows driver.Rows) error {
		var n learning.NearMiss
		err := rows.Scan(&n.ID, &n.Service, &n.Team, &n.Environment, &n.Services, &n.FailureMode, &n.AvertedBy, &n.At, &n.Imported)
		l.share(&n.Service, &n.Team, &n.Environment, &n.FailureMode)
		l.input.NearMisses = append(l.input.NearMisses, n)
		return err
	})
}

func (l *loader) postmortems() error {
	return l.each("postmortems", func(rows driver.Rows) error {
		var p learning.Postmortem
		err := rows.Scan(&p.ID, &p.Incidents, &p.PublishedAt, &p.PublishedFrom, &p.CauseCategories, &p.Factors, &p.Surprises, &p.BlamelessCheck, &p.Imported)
		l.input.Postmortems = append(l.input.Postmortems, p)
		return err
	})
}

func (l *loader) risks() error {
	return l.each("risks", func(rows driver.Rows) error {
		var r learning.Risk
		err := rows.Scan(&r.ID, &r.Service, &r.Team, &r.Environment, &r.FailureMode, &r.Probability, &r.RecordedAt, &r.HorizonEnds,
			&r.IncidentID, &r.HappenedAt)
		l.share(&r.Service, &r.Team, &r.Environment, &r.FailureMode, &r.IncidentID)
		l.input.Risks = append(l.input.Risks, r)
		return err
	})
}

func (l *loader) costs() error {
	return l.each("costs", func(rows driver.Rows) error {
		var c learning.Cost
		err := rows.Scan(&c.ID, &c.Failure, &c.FailureKind, &c.Service, &c.Team, &c.FailureMode, &c.FailedAt,
			&c.Covers, &c.Method, &c.RecordedAt, &c.Currency, &c.Low, &c.Likely, &c.High)
		l.share(&c.Failure, &c.FailureKind, &c.Service, &c.Team, &c.FailureMode, &c.Method, &c.Currency)
		l.input.Costs = append(l.input.Costs, c)
		return err
	})
}

func (l *loader) warnings() error {
	return l.each("warnings", func(rows driver.Rows) error {
		var w learning.Warning
		err := rows.Scan(&w.IncidentID, &w.Kind, &w.Entity, &w.At, &w.HeededBy, &w.HeededAt)
		l.share(&w.IncidentID, &w.Kind, &w.Entity, &w.HeededBy)
		l.input.Warnings = append(l.input.Warnings, w)
		return err
	})
}
