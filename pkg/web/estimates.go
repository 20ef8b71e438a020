package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
)

var columns = []string{
	"metric", "scope_kind", "scope", "window", "as_of", "value", "low", "high", "level", "low50", "high50",
	"unit", "n", "events", "exposure", "censored", "state", "state_code", "method", "origin", "verdict", "reading", "lacks",
}

func fields(r learning.Row) []string {
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		r.Metric, r.ScopeKind, unformulated(r.Scope), r.Window, r.AsOf, decimal(r.Value), decimal(r.Low), decimal(r.High), decimal(&r.Level),
		decimal(r.Low50), decimal(r.High50), r.Unit, whole(r.N), whole(r.Events), decimal(r.Exposure), whole(r.Censored), r.State,
		strconv.Itoa(r.StateCode), r.Method, r.Origin, r.Verdict, r.Reading, whole(r.Lacks),
	}
}

// unformulated sets an apostrophe before a text that a spreadsheet would run as
// a formula: names come from whoever sends events (OWASP, CSV Injection).
func unformulated(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func decimal(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}

// A query of /api/estimates. A filter that is absent lets everything through;
// scope= with nothing after it means the organisation, whose name is empty.
type query struct {
	format  string
	asOf    int64 // milliseconds; 0: the newest run
	filters map[string][]string
}

var filterNames = []string{"metric", "scope_kind", "scope", "window"}

func parseQuery(v url.Values) (query, error) {
	q := query{format: "json", filters: map[string][]string{}}
	for name, values := range v {
		switch {
		case name == "format":
			q.format = values[len(values)-1]
			if q.format != "json" && q.format != "csv" {
				return q, wrong{errors.New("format is json or csv")}
			}
		case name == "as_of":
			var err error
			if q.asOf, err = parseAsOf(values[len(values)-1]); err != nil {
				return q, wrong{err}
			}
		case slices.Contains(filterNames, name):
			q.filters[name] = values
			for _, value := range values {
				if err := known(name, value); err != nil {
					return q, err
				}
			}
		default:
			return q, wrong{fmt.Errorf("there is no parameter of that name: the parameters are format, as_of, %s; a filter may be given several times", strings.Join(filterNames, ", "))}
		}
	}
	return q, nil
}

// known says what would be right where a filter names what no run can hold: an
// empty list would read as if nothing had happened.
func known(filter, value string) error {
	if len(value) > longest {
		return wrong{fmt.Errorf("give %s in at most %d bytes", filter, longest)}
	}
	switch filter {
	case "metric":
		if err := explain.Known(value); err != nil {
			return err
		}
		if _, metric := learning.Lookup(value); !metric {
			return explain.Missing{Why: fmt.Errorf("%s is a family of metrics: give its parts, which /api/explain/%s lists", value, value)}
		}
	case "scope_kind":
		if !slices.Contains(learning.ScopeKinds, value) {
			return wrong{fmt.Errorf("scope_kind is one of %s", strings.Join(learning.ScopeKinds, ", "))}
		}
	case "window":
		if value == "all" {
			return nil
		}
		if _, err := review.ParseQuarter(value); err != nil {
			return wrong{fmt.Errorf("window is all or a quarter: %w", err)}
		}
	}
	return nil
}

// parseAsOf reads a day, the whole of which counts, or the moment that an answer gives as as_of.
func parseAsOf(text string) (int64, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).UnixMilli(), nil
	}
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || moment.UnixMilli() <= 0 {
		return 0, errors.New("as_of is a day like 2026-06-30, the whole of which counts, or a moment like 2026-07-01T00:00:00Z")
	}
	return moment.UnixMilli(), nil
}

// asOf is what is recorded as of a moment. The error says which moments are near.
func (s *site) asOf(ctx context.Context, moment int64) (learning.Snapshot, error) {
	newest, err := s.source.Snapshot(ctx)
	if err != nil || newest.AsOf == moment {
		return newest, err
	}
	snapshot, moments, err := s.source.AsOf(ctx, moment)
	if err != nil || len(snapshot.Estimates) > 0 {
		return snapshot, err
	}
	near := "nothing is recorded of the past: `tuition metrics --backfill` computes it"
	if len(moments) > 0 {
		i, _ := slices.BinarySearch(moments, moment)
		var named []string
		for _, m := range moments[max(0, i-1):min(len(moments), i+1)] {
			named = append(named, learning.Instant(m))
		}
		near = "the nearest that are recorded are as of " + strings.Join(named, " and ")
	}
	return snapshot, explain.Missing{Why: fmt.Errorf("nothing is recorded as of %s; %s", learning.Instant(moment), near)}
}

func (q query) holds(e *learning.Estimate) bool {
	for name, have := range map[string]string{"metric": e.Metric, "scope_kind": e.Scope.Kind, "scope": e.Scope.Name, "window": e.Window} {
		if want, ok := q.filters[name]; ok && !slices.Contains(want, have) {
			return false
		}
	}
	return true
}

// scoped are all estimates; of a scope that is named with its kind also those
// that too little was counted for.
func (q query) scoped(estimates []learning.Estimate) []learning.Estimate {
	kinds, names := q.filters["scope_kind"], q.filters["scope"]
	if len(kinds) != 1 || len(names) != 1 {
		return estimates
	}
	return learning.Of(estimates, learning.Scope{Kind: kinds[0], Name: names[0]})
}

// absent says why there is nothing of one metric, kind of scope and window, of a
// scope, or of windows; nil if there could be.
func (q query) absent(estimates []learning.Estimate) error {
	metrics, kinds, windows, names := q.filters["metric"], q.filters["scope_kind"], q.filters["window"], q.filters["scope"]
	var nowhere error // why the first is not given, while none of the others is
	for i, metric := range metrics {
		for j, kind := range kinds {
			for k, window := range windows {
				why := learning.Absent(estimates, metric, kind, window)
				switch first := i+j+k == 0; {
				case first && why != "":
					nowhere = fmt.Errorf("%s %s", metric, why)
				case why == "":
					nowhere = nil
				}
			}
		}
	}
	if nowhere != nil {
		return nowhere
	}
	named := func(e learning.Estimate) bool {
		return slices.Contains(names, e.Scope.Name) && (len(kinds) == 0 || slices.Contains(kinds, e.Scope.Kind))
	}
	if len(names) > 0 && !slices.ContainsFunc(estimates, named) {
		if len(kinds) == 1 {
			return explain.NoScope(estimates, learning.Scope{Kind: kinds[0], Name: names[0]})
		}
		return errors.New("there is no scope of that name: give one scope_kind too, and those there are will be named")
	}
	if len(windows) > 0 {
		return explain.NoWindow(estimates, windows...)
	}
	return nil
}

// estimates answers /api/estimates: the newest run, filtered.
func (s *site) estimates(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.problem(w, http.StatusBadRequest, "the parameters cannot be read: write them as ?metric=repeat_rate.repeats&scope_kind=team&scope=payments")
		return
	}
	q, err := parseQuery(values)
	if err != nil {
		s.problem(w, status(err), err.Error())
		return
	}
	var snapshot learning.Snapshot
	if q.asOf != 0 {
		snapshot, err = s.asOf(ctx, q.asOf)
	} else {
		snapshot, err = s.source.Snapshot(ctx)
	}
	switch {
	case errors.Is(err, ErrNotComputed):
		s.notComputed(w)
		return
	case status(err) != 0:
		s.problem(w, status(err), err.Error())
		return
	case err != nil:
		s.log.Error("estimates failed", zap.Error(err))
		s.problem(w, http.StatusServiceUnavailable, "the store does not answer: the reason is in the log of the process")
		return
	}
	rows := []learning.Row{}
	estimates := q.scoped(snapshot.Estimates)
	for i := range estimates {
		if q.holds(&estimates[i]) {
			rows = append(rows, learning.RowOf(estimates[i]))
		}
	}
	if len(rows) == 0 {
		if err := q.absent(snapshot.Estimates); err != nil {
			s.problem(w, http.StatusNotFound, err.Error())
			return
		}
	}
	if q.format == "csv" {
		s.sendCSV(w, rows)
		return
	}
	s.sendJSON(w, http.StatusOK, map[string]any{
		"run_id": snapshot.RunID, "as_of": learning.Instant(snapshot.AsOf), "input_events": snapshot.InputEvents,
		"computed_at": learning.Instant(snapshot.ComputedAt.UnixMilli()), "estimates": rows,
	})
}

func (s *site) notComputed(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "10")
	s.problem(w, http.StatusServiceUnavailable, "no computation has finished yet: try again in a moment")
}

func (s *site) problem(w http.ResponseWriter, status int, what string) {
	s.sendJSON(w, status, map[string]string{"error": what})
}

func (s *site) sendJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.log.Error("answer failed", zap.Error(err))
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer could not be written as JSON"}`)
	}
	s.write(w, status, "application/json", append(b, '\n'))
}

func (s *site) sendCSV(w http.ResponseWriter, rows []learning.Row) {
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	_ = c.Write(columns) // a buffer never refuses
	for _, r := range rows {
		_ = c.Write(fields(r))
	}
	c.Flush()
	w.Header().Set("Content-Disposition", `attachment; filename="estimates.csv"`)
	s.write(w, http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
}

func (s *site) write(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		s.log.Debug("the client went away", zap.Error(err))
	}
}
