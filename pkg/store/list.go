package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Span is a run of offsets of one partition, both ends included.
type Span struct {
	Topic       string
	Partition   int32
	First, Last int64
}

// CodeCount is how many records were not accepted for one reason.
type CodeCount struct {
	Code  string
	Count int64
}

// Candidate is a change that may have to do with an incident, as incident_change has it.
type Candidate struct {
	IncidentID, ChangeID, Service, Version string
	FinishedAt                             int64  // milliseconds; 0 unknown
	Link                                   string // stated, corroborated, inferred
	LagSeconds                             int64
	Weight                                 float64
}

// NewestRun is the id of the run that Estimates would read, "" before the first.
func (s *Store) NewestRun(ctx context.Context) (string, error) {
	runs, err := texts(ctx, s.conn, query("newest_run"))
	if err != nil || len(runs) == 0 {
		return "", err
	}
	return runs[0], nil
}

// newestQuery is a query over the snapshot that the newest run was computed from, or
// a newer one; over the views themselves while there is none.
func (s *Store) newestQuery(ctx context.Context, name string) (string, error) {
	found, err := s.parts(ctx)
	if err != nil || found.run == "" {
		return query(name), err
	}
	return ofSnapshot(query(name)), nil
}

// Titles is what people call the incidents, by id; one without a title is absent.
func (s *Store) Titles(ctx context.Context) (map[string]string, error) {
	sql, err := s.newestQuery(ctx, "titles")
	if err != nil {
		return nil, fmt.Errorf("read titles: %w", err)
	}
	rows, err := s.conn.Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("read titles: %w", err)
	}
	defer rows.Close()
	titles := map[string]string{}
	for rows.Next() {
		var id, title string
		if err := rows.Scan(&id, &title); err != nil {
			return nil, err
		}
		titles[id] = title
	}
	return titles, rows.Err()
}

// RejectionsByCode counts all records that were not accepted.
func (s *Store) RejectionsByCode(ctx context.Context) (map[string]int64, error) {
	counts, err := s.codes(ctx, query("rejections_by_code"))
	byCode := map[string]int64{}
	for _, c := range counts {
		byCode[c.Code] += c.Count
	}
	return byCode, err
}

// RejectedIn counts the records of these spans that were not accepted.
func (s *Store) RejectedIn(ctx context.Context, spans []Span) ([]CodeCount, error) {
	var all []CodeCount
	index := map[string]int{}
	for _, span := range spans {
		counts, err := s.codes(ctx, query("rejected_in"),
			clickhouse.Named("topic", span.Topic), clickhouse.Named("partition", fmt.Sprint(span.Partition)),
			clickhouse.Named("first", fmt.Sprint(span.First)), clickhouse.Named("last", fmt.Sprint(span.Last)))
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			at, seen := index[c.Code]
			if !seen {
				index[c.Code] = len(all)
				all = append(all, c)
				continue
			}
			all[at].Count += c.Count
		}
	}
	return all, nil
}

func (s *Store) codes(ctx context.Context, sql string, args ...any) ([]CodeCount, error) {
	rows, err := s.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read rejections: %w", err)
	}
	defer rows.Close()
	var counts []CodeCount
	for rows.Next() {
		var c CodeCount
		if err := rows.Scan(&c.Code, &c.Count); err != nil {
			return nil, err
		}
		counts = append(counts, c)
	}
	return counts, rows.Err()
}

// candidateRanks bounds how many candidates of an incident are read for a page.
const candidateRanks = 10

// Candidates are the changes that may have led to the incidents that began from
// one moment to another (milliseconds, the end excluded), nearest first.
func (s *Store) Candidates(ctx context.Context, from, to int64) ([]Candidate, error) {
	sql, err := s.newestQuery(ctx, "candidates")
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	rows, err := s.conn.Query(ctx, sql,
		clickhouse.Named("from", fmt.Sprint(from)), clickhouse.Named("to", fmt.Sprint(to)),
		clickhouse.Named("ranks", fmt.Sprint(candidateRanks)))
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	defer rows.Close()
	var list []Candidate
	for rows.Next() {
		var c Candidate
		if err := rows.Scan(&c.IncidentID, &c.ChangeID, &c.Service, &c.Version, &c.FinishedAt, &c.Link, &c.LagSeconds, &c.Weight); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// HasEvents says whether anything is stored; before the first migration nothing is.
func (s *Store) HasEvents(ctx context.Context) (bool, error) {
	rows, err := texts(ctx, s.conn, query("any_event"))
	if err != nil {
		return false, fmt.Errorf("ask whether events are stored: %w", err)
	}
	return len(rows) > 0, nil
}
