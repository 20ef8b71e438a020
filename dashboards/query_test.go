package dashboards

import (
	"context"
	"maps"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
	"github.com/tuition-hq/tuition/pkg/store"
)

// expand does what Grafana and its plug-in do before a query is sent.
func expand(sql, scope string) string {
	quoted := "'" + strings.ReplaceAll(strings.ReplaceAll(scope, `\`, `\\`), "'", `\'`) + "'"
	sql = strings.ReplaceAll(sql, "${scope:singlequote}", quoted)
	from, to := "toDateTime(1577836800)", "toDateTime(1893456000)" // 2020 to 2030
	return regexp.MustCompile(`\$__timeFilter\((\w+)\)`).ReplaceAllString(sql, "$1 >= "+from+" AND $1 <= "+to)
}

type answer struct {
	columns []string
	rows    [][]any
}

func (a answer) column(name string) int {
	for i, c := range a.columns {
		if c == name {
			return i
		}
	}
	return -1
}

// database is filled with a fixture and read as Grafana would: with the user that can only read.
func database(t *testing.T, f review.Facts) clickhouse.Conn {
	t.Helper()
	engine := servertest.Engine(t)
	name := servertest.Database(t, engine)
	s, err := store.Open(t.Context(), store.Config{Addrs: []string{engine.Addr}, Database: name, Username: engine.Admin.Name, Password: engine.Admin.Password}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, s, f)
	read, err := clickhouse.Open(&clickhouse.Options{
		Addr: []string{engine.Addr},
		Auth: clickhouse.Auth{Database: name, Username: engine.Read.Name, Password: engine.Read.Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = read.Close() })
	return read
}

func fill(t *testing.T, s *store.Store, f review.Facts) {
	t.Helper()
	batch := s.NewBatch()
	defer batch.Close()
	for _, x := range f.Input.Incidents {
		batch.Append(&event.Event{
			Kind: event.KindIncident, Predicate: event.PredicateDetected, Entity: x.ID, Source: "test", ID: x.ID, Type: "dev.cdevents.incident.detected.0.3.0",
			OccurredAt: event.Millis(x.DetectedAt), OrdHigh: uint64(x.DetectedAt), Service: x.Service, Stated: event.StatedService, BlastRadius: math.NaN(),
		})
	}
	for _, x := range f.Input.Gaps {
		batch.Append(&event.Event{
			Kind: event.KindMonitoringGap, Predicate: event.PredicateFound, Entity: x.ID, Source: "test", ID: x.ID, Type: "dev.cdeventsx.tuition-monitoringgap.found.0.1.0",
			OccurredAt: event.Millis(x.FoundAt), OrdHigh: uint64(x.FoundAt), Service: x.Service, Stated: event.StatedService, BlastRadius: math.NaN(),
		})
	}
	if len(f.Rejections) > 0 {
		m := event.Message{Position: event.Position{Topic: "tuition.events", Offset: 7}, Time: event.Millis(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC).UnixMilli())}
		batch.AppendRejection(&m, &event.Rejection{Code: "schema", Pointer: "/subject", Expected: "an object", Mend: "state the subject"})
	}
	if batch.Rows() > 0 {
		if err := batch.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Fold(t.Context()); err != nil { // as every computation does
		t.Fatal(err)
	}
	run := learning.Run{ID: f.Snapshot.RunID, AsOf: f.Snapshot.AsOf, InputEvents: f.Snapshot.InputEvents, Estimates: f.Snapshot.Estimates, Watch: f.Snapshot.Watch}
	if err := s.Publish(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

func ask(ctx context.Context, conn clickhouse.Conn, sql string) (answer, error) {
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	a := answer{columns: rows.Columns()}
	for rows.Next() {
		var into []any
		for _, c := range rows.ColumnTypes() {
			into = append(into, reflect.New(c.ScanType()).Interface())
		}
		if err := rows.Scan(into...); err != nil {
			return a, err
		}
		row := make([]any, len(into))
		for i := range into {
			row[i] = reflect.ValueOf(into[i]).Elem().Interface()
		}
		a.rows = append(a.rows, row)
	}
	return a, rows.Err()
}

// What each panel must give, beyond an answer at all: at least so many rows in
// each fixture.
var least = map[string]map[string]int{
	boardTitle:        {"empty": 6, "one": 6, "normal": 6, "assumption_failed": 6},
	"Answer":          {"empty": 1, "one": 1, "normal": len(review.HeadlineMetrics()), "assumption_failed": len(review.HeadlineMetrics())},
	"Scorecard":       {"normal": 15, "assumption_failed": 15},
	"Data quality":    {"one": 1, "normal": 7, "assumption_failed": 7},
	"Time to detect":  {"normal": 7},
	"Time to resolve": {"normal": 7},
	"Failures that came back after their declared fix":     {"normal": 7},
	"Trend of the failure rate":                            {"normal": 6},
	"Failures that customers told us of":                   {"normal": 7},
	"Changes that failed":                                  {"normal": 7},
	"Severe failures with no net":                          {"normal": 7},
	learnedTitle:                                           {"normal": 7},
	"Failures of modes never seen before":                  {"normal": 7},
	"Failures of modes with a known improvement open":      {"normal": 7},
	"Tuition paid, ${currency}":                            {"normal": 7, "costed": 7},
	"Failures whose cost is told":                          {"normal": 7, "costed": 7},
	"Failures of services that had failed before":          {"normal": 7},
	"Failures that came back with nothing done about them": {"normal": 7},
	restsTitle:                               {"normal": 7, "assumption_failed": 7},
	"Tuition":                                {"normal": 8, "costed": 8},
	"Declared fixes":                         {"normal": 4},
	"Which net held":                         {"normal": 4},
	"Stated and what happened":               {"empty": 2, "one": 2, "normal": 2, "costed": 5},
	"Foresight":                              {"normal": 11, "costed": 11},
	"Monitoring gaps":                        {"normal": 6},
	"Open monitoring gaps, the oldest first": {"normal": 3},
	"What incidents lack":                    {"one": 6, "normal": 6},
	"Regression watch":                       {"normal": 39, "assumption_failed": 39},
	"What the regression watch says":         {"empty": 5, "one": 5, "normal": 5, "assumption_failed": 5},
	"Refused records":                        {"normal": 1},
}

func TestEveryQueryRuns(t *testing.T) {
	all := dashboards(t)
	fixtures := maps.Clone(reviewtest.Fixtures)
	fixtures["costed"] = costed
	for fixture, facts := range fixtures {
		t.Run(fixture, func(t *testing.T) {
			conn := database(t, facts())
			for file, d := range all {
				for _, v := range d.Templating.List {
					if v.Type != "query" {
						continue
					}
					a, err := ask(t.Context(), conn, expand(v.Query, "organisation:"))
					if err != nil {
						t.Fatalf("%s, variable %s: %v", file, v.Name, err)
					}
					if len(a.columns) < 2 || a.columns[0] != "value" || a.columns[1] != "text" {
						t.Errorf("%s, variable %s: columns %v, want value and text", file, v.Name, a.columns)
					}
					if v.Name == "currency" && (len(a.rows) != 1 || fixture == "empty" && a.text(0, "value") != "no currency chosen") {
						t.Errorf("%s, variable %s: %v, want one currency, or that there is none", file, v.Name, a.rows)
					}
					if v.Name == "scope" && fixture == "normal" && len(a.rows) != 16 {
						t.Errorf("%s, variable %s: %d scopes, want the organisation, 3 teams, 6 failure modes and 6 services", file, v.Name, len(a.rows))
					}
				}
				for _, p := range d.Panels {
					scopes := []string{"organisation:", "team:Payments", "service:checkout"}
					if fixture == "normal" {
						scopes = append(scopes, `team:O'Hare \ sons`)
					}
					for _, scope := range scopes {
						for _, q := range p.Targets {
							if q.RawSQL == "" {
								continue
							}
							a, err := ask(t.Context(), conn, expand(q.RawSQL, scope))
							if err != nil {
								t.Fatalf("%s, %s, %s: %v", file, p.Title, scope, err)
							}
							if scope == "organisation:" {
								if want := least[p.Title][fixture]; len(a.rows) < want {
									t.Errorf("%s: %d rows, want at least %d", p.Title, len(a.rows), want)
								}
							}
							sane(t, p.Title, a)
						}
					}
				}
			}
		})
	}
}

// sane checks what any reader would: no NaN, and bounds in order.
func sane(t *testing.T, title string, a answer) {
	t.Helper()
	band := []string{"lo95", "lo50", "est", "hi50", "hi95"}
	if a.column("lo_stated") >= 0 {
		band = []string{"lo_stated", "likely", "hi_stated"}
	}
	for _, row := range a.rows {
		for i, v := range row {
			if x, ok := v.(*float64); ok && x != nil && (math.IsNaN(*x) || math.IsInf(*x, 0)) {
				t.Errorf("%s: column %s holds %v", title, a.columns[i], *x)
			}
			if s, ok := v.(string); ok && (strings.Contains(s, "nan") || strings.Contains(s, "inf ")) {
				t.Errorf("%s: column %s says %q", title, a.columns[i], s)
			}
		}
		if a.column(band[0]) < 0 {
			continue
		}
		last := math.Inf(-1)
		for _, name := range band {
			x, ok := row[a.column(name)].(*float64)
			if !ok {
				t.Fatalf("%s: column %s is no number that may be missing", title, name)
			}
			if x == nil {
				continue
			}
			if *x < last-1e-9 {
				t.Errorf("%s: %s is %v, below the column before it (%v)", title, name, *x, last)
			}
			last = *x
		}
	}
}
