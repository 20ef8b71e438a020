package web_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
	"github.com/tuition-hq/tuition/pkg/web"
)

type source struct {
	facts review.Facts
	err   error // of every question
	ready error
}

func (s source) Snapshot(context.Context) (learning.Snapshot, error) { return s.facts.Snapshot, s.err }

func (s source) Quarters(context.Context) ([]string, error) {
	return []string{"2026-Q3", "2026-Q2"}, s.err
}
func (s source) Facts(context.Context, string) (review.Facts, error) { return s.facts, s.err }
func (s source) Explain(_ context.Context, ask explain.Ask) (explain.Explanation, error) {
	if s.err != nil {
		return explain.Explanation{}, s.err
	}
	return reviewtest.Explain(s.facts, ask)
}

func (s source) AsOf(_ context.Context, asOf int64) (learning.Snapshot, []int64, error) {
	recorded := s.facts.Snapshot.AsOf - 7*86_400_000
	if asOf != recorded {
		return learning.Snapshot{}, []int64{recorded}, s.err
	}
	snapshot := s.facts.Snapshot
	snapshot.AsOf = asOf
	return snapshot, nil, s.err
}
func (s source) Ready() error { return s.ready }

func handler(t *testing.T, s source) http.Handler {
	t.Helper()
	return web.New(web.Config{Version: "1.0.0", Metrics: prometheus.NewRegistry()}, s, zaptest.NewLogger(t))
}

func ask(t *testing.T, s source, method, path string) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	handler(t, s).ServeHTTP(w, httptest.NewRequest(method, path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestAddresses(t *testing.T) {
	normal := source{facts: reviewtest.Normal()}
	early := source{err: web.ErrNotComputed, ready: errors.New("code 60: SELECT secret FROM nowhere")}
	broken := source{err: errors.New("dial tcp 10.1.2.3:9000: connection refused")}
	for _, c := range []struct {
		name, method, path string
		source             source
		status             int
		says               string
	}{
		{"first page", "GET", "/", normal, 200, `href="/review/2026-Q2"`},
		{"review", "GET", "/review/2026-Q3", normal, 200, "The answer on one page"},
		{"the board", "GET", "/board", normal, 200, "What this cannot say"},
		{"the board of a team and a quarter", "GET", "/board?scope=team:Payments&window=2026-Q2", normal, 200, "Team Payments · 2026-Q2"},
		{"the board of nobody", "GET", "/board?scope=team:Nobody", normal, 404, "there are Discovery, Payments, Platform"},
		{"the board of a service", "GET", "/board?scope=service:checkout", normal, 400, "given for the organisation and for teams"},
		{"the board of a quarter without data", "GET", "/board?window=2019-Q1", normal, 404, "Quarters that have data"},
		{"the board of no quarter", "GET", "/board?window=yesterday", normal, 400, "is not a quarter"},
		{"the board with a limit", "GET", "/board?limit=3", normal, 400, "the parameters are scope, window."},
		{"the board with another parameter", "GET", "/board?team=Payments", normal, 400, "the parameters are scope, window."},
		{"the board before the first computation", "GET", "/board", early, 503, "Nothing has been computed yet"},
		{"the board with the store away", "GET", "/board", broken, 503, "The store does not answer"},
		{"where the alert leads", "GET", "/review/", normal, 303, ""},
		{"no such quarter", "GET", "/review/2026-Q5", normal, 404, "there is no Q5; a quarter is written as 2026-Q3, with Q1 to Q4."},
		{"what has data", "GET", "/review/2026-Q5", normal, 404, "Quarters that have data: 2026-Q3, 2026-Q2."},
		{"quarter without data", "GET", "/review/2019-Q1", normal, 404, "2019-Q1&#34; has no data."},
		{"markup in the address", "GET", "/review/%3Cscript%3E", normal, 404, "&lt;script&gt;"},
		{"no such page", "GET", "/nothing", normal, 404, "There is no such page"},
		{"health", "GET", "/healthz", broken, 200, "ok"},
		{"ready", "GET", "/readyz", normal, 200, "ready"},
		{"not ready", "GET", "/readyz", early, 503, "the log says why"},
		{"before the first computation", "GET", "/", early, 503, "Nothing has been computed yet"},
		{"review before the first computation", "GET", "/review/2026-Q3", early, 503, "Nothing has been computed yet"},
		{"data before the first computation", "GET", "/api/estimates", early, 503, "no computation has finished yet"},
		{"store away", "GET", "/review/2026-Q3", broken, 503, "The store does not answer"},
		{"metrics", "GET", "/metrics", normal, 200, ""},
		{"no writing", "POST", "/review/2026-Q3", normal, 405, ""},
		{"no deleting", "DELETE", "/api/estimates", normal, 405, ""},
		{"head", "HEAD", "/review/2026-Q3", normal, 200, ""},
		{"all metrics", "GET", "/explain", normal, 200, `href="/explain/repeat_rate.after_fix.90d"`},
		{"all metrics of a team", "GET", "/explain?scope=team:Payments&window=2026-Q3", normal, 200, "Team Payments"},
		{"all metrics of no team", "GET", "/explain?scope=team:Nobody", normal, 404, "there are Discovery, Payments, Platform"},
		{"an estimate", "GET", "/explain/learning_derivative.uncontained", normal, 200, "What would change it"},
		{"its failures", "GET", "/explain/learning_derivative.uncontained", normal, 200, `<a href="/review/2026-Q3">`},
		{"what was said before", "GET", "/explain/learning_derivative.uncontained", normal, 200, "Before, as of the same moment"},
		{"a family", "GET", "/explain/repeat_rate", normal, 200, "Repeat rate"},
		{"no such metric", "GET", "/explain/repeat_rates", normal, 404, "the nearest are repeat_rate, "},
		{"markup for a metric", "GET", "/explain/%3Cscript%3E", normal, 404, "&lt;script&gt;"},
		{"no such scope", "GET", "/explain/repeat_rate.repeats?scope=team:Nobody", normal, 404, "There is no scope team:Nobody"},
		{"no such kind", "GET", "/explain/repeat_rate.repeats?scope=planet:earth", normal, 400, "Scope is organisation, or kind:name"},
		{"no such window", "GET", "/explain/repeat_rate.repeats?window=2026-Q5", normal, 400, "is not a quarter"},
		{"window without estimates", "GET", "/explain/repeat_rate.repeats?window=1999-Q1", normal, 404, "has no estimate of organisation for the window 1999-Q1"},
		{"a long name", "GET", "/explain/" + strings.Repeat("a", 400), normal, 400, "too long"},
		{"a long scope", "GET", "/api/explain/repeat_rate.repeats?scope=team:" + strings.Repeat("a", 400), normal, 400, "in at most 300 bytes"},
		{"twice", "GET", "/api/explain/repeat_rate.repeats?window=all&window=all", normal, 400, "once"},
		{"a limit beyond the bound", "GET", "/api/explain/repeat_rate.repeats?limit=1000000", normal, 400, "from 0 to 10000"},
		{"explained as data", "GET", "/api/explain/learning_derivative.uncontained?limit=2", normal, 200, `"rest":`},
		{"a family as data", "GET", "/api/explain/durations", normal, 200, `"durations.detect.median"`},
		{"no such metric as data", "GET", "/api/explain/nothing", normal, 404, "the nearest are"},
		{"explained before the first computation", "GET", "/api/explain/repeat_rate.repeats", early, 503, "no computation has finished yet"},
		{"explained with the store away", "GET", "/explain/repeat_rate.repeats", broken, 503, "The store does not answer"},
		{"the past", "GET", "/api/estimates?as_of=2026-09-23", normal, 200, `"as_of":"2026-09-24T00:00:00.000Z"`},
		{"the past by its moment", "GET", "/api/estimates?as_of=2026-09-24T00:00:00.000Z", normal, 200, `"as_of":"2026-09-24T00:00:00.000Z"`},
		{"now by its moment", "GET", "/api/estimates?as_of=2026-10-01T00:00:00Z", normal, 200, `"as_of":"2026-10-01T00:00:00.000Z"`},
		{"a moment that is not recorded", "GET", "/api/estimates?as_of=2026-01-01", normal, 404, "the nearest that are recorded are as of 2026-09-24T00:00:00.000Z"},
		{"no moment", "GET", "/api/estimates?as_of=yesterday", normal, 400, "as_of is a day like 2026-06-30"},
		{"what is given for no quarter", "GET", "/api/estimates?metric=durations.resolve.median&scope_kind=service&scope=x&window=2026-Q3", normal, 404, "durations.resolve.median is given for the whole record, not for a single quarter of a service"},
		{"a family that is given for no quarter", "GET", "/explain/severity_trend?window=2026-Q3", normal, 404, "Severity_trend is given for the whole record only"},
		{"estimates of no metric", "GET", "/api/estimates?metric=repeat_rates", normal, 404, `there is no metric \"repeat_rates\"; the nearest are repeat_rate, `},
		{"estimates of a family", "GET", "/api/estimates?metric=repeat_rate.repeats&metric=repeat_rate", normal, 404, "repeat_rate is a family of metrics: give its parts, which /api/explain/repeat_rate lists"},
		{"estimates of no kind", "GET", "/api/estimates?scope_kind=planet", normal, 400, "scope_kind is one of organisation, team, "},
		{"estimates of no window", "GET", "/api/estimates?window=2026Q3", normal, 400, `window is all or a quarter: \"2026Q3\" is not a quarter`},
		{"estimates before the record", "GET", "/api/estimates?window=1999-Q1", normal, 404, "there is no estimate for the window 1999-Q1; there are 20"},
		{"estimates of no team", "GET", "/api/estimates?scope_kind=team&scope=Nobody", normal, 404, "there are Discovery, Payments, Platform"},
		{"estimates of a scope whose kind is not stated", "GET", "/api/estimates?scope=Nobody", normal, 404, "there is no scope of that name: give one scope_kind too"},
		{"all metrics before the record", "GET", "/explain?window=1999-Q1", normal, 404, "1999-Q1"},
		{"two that are given for no quarter", "GET", "/api/estimates?metric=durations.resolve.median&metric=durations.detect.median&scope_kind=service&window=2026-Q3", normal, 404, "durations.resolve.median is given for the whole record"},
		{"one of two that is given", "GET", "/api/estimates?metric=durations.resolve.median&metric=counted.failures&scope_kind=service&window=2026-Q3", normal, 200, "counted.failures"},
		{"parameters that cannot be read", "GET", "/api/estimates?metric=%zz", normal, 400, "the parameters cannot be read"},
		{"a semicolon", "GET", "/api/estimates?scope_kind=team;scope=Nobody", normal, 400, "the parameters cannot be read"},
		{"unknown format", "GET", "/api/estimates?format=xml", normal, 400, "format is json or csv"},
		{"unknown parameter", "GET", "/api/estimates?team=Payments", normal, 400, "the parameters are format, as_of, metric, scope_kind, scope, window"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, body := ask(t, c.source, c.method, c.path)
			if answer.StatusCode != c.status {
				t.Errorf("status %d, want %d", answer.StatusCode, c.status)
			}
			if !strings.Contains(body, c.says) {
				t.Errorf("the answer does not say %q:\n%.400s", c.says, body)
			}
			if strings.Contains(body, "10.1.2.3") {
				t.Error("the answer names an address inside the network")
			}
			if strings.Contains(body, "<script>") {
				t.Error("the answer holds a script")
			}
			policy := answer.Header.Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("content policy %q", policy)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
				if got := answer.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

type answerJSON struct {
	RunID     string `json:"run_id"`
	AsOf      string `json:"as_of"`
	Estimates []struct {
		Metric, Scope, Window, State string
		ScopeKind                    string `json:"scope_kind"`
		Value, Low, High             *float64
		N                            *int64
	}
}

func TestEstimatesAsJSON(t *testing.T) {
	f := reviewtest.Normal()
	_, body := ask(t, source{facts: f}, "GET", "/api/estimates")
	var all answerJSON
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Estimates) != len(f.Snapshot.Estimates) || all.RunID != f.Snapshot.RunID || all.AsOf != "2026-10-01T00:00:00.000Z" {
		t.Errorf("%d estimates of run %s as of %s, want %d of %s", len(all.Estimates), all.RunID, all.AsOf, len(f.Snapshot.Estimates), f.Snapshot.RunID)
	}
	for _, e := range all.Estimates {
		if (e.State == "ok") != (e.Value != nil) {
			t.Errorf("%s %s: state %s, value %v", e.Metric, e.Window, e.State, e.Value)
		}
	}
	_, body = ask(t, source{facts: f}, "GET", "/api/estimates?metric=repeat_rate.after_fix.90d&scope_kind=organisation&scope=&window=all&window=2026-Q3")
	var some answerJSON
	if err := json.Unmarshal([]byte(body), &some); err != nil {
		t.Fatal(err)
	}
	if len(some.Estimates) != 2 {
		t.Fatalf("%d estimates, want the quarter's and the whole record's", len(some.Estimates))
	}
	for _, e := range some.Estimates {
		if e.Metric != "repeat_rate.after_fix.90d" || e.Scope != "" || e.ScopeKind != "organisation" {
			t.Errorf("the filter let %s of %q through", e.Metric, e.Scope)
		}
	}
}

func TestEstimatesAsCSV(t *testing.T) {
	f := reviewtest.Normal()
	answer, body := ask(t, source{facts: f}, "GET", "/api/estimates?format=csv")
	if kind := answer.Header.Get("Content-Type"); kind != "text/csv; charset=utf-8" {
		t.Errorf("content type %q", kind)
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(f.Snapshot.Estimates) {
		t.Errorf("%d lines, want a heading and %d estimates", len(rows), len(f.Snapshot.Estimates))
	}
	for _, r := range rows[1:] {
		if (r[16] == "ok") != (r[5] != "") {
			t.Errorf("%s: state %s, value %q", r[0], r[16], r[5])
		}
	}
}

// A spreadsheet runs what begins like a formula, and names come from whoever sends events.
func TestCSVHoldsNoFormula(t *testing.T) {
	f := reviewtest.Normal()
	names := []string{"=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "checkout", "a=b"}
	for i, name := range names {
		e := f.Snapshot.Estimates[0]
		e.Scope, e.Window = learning.Scope{Kind: "service", Name: name}, strconv.Itoa(i)
		f.Snapshot.Estimates = append(f.Snapshot.Estimates, e)
	}
	_, body := ask(t, source{facts: f}, "GET", "/api/estimates?format=csv&scope_kind=service")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows[1:] {
		if _, err := strconv.Atoi(r[3]); err == nil {
			got = append(got, r[2])
		}
	}
	want := []string{"'=cmd|' /C calc'!A0", "'+1", "'-1+1", "'@SUM(A1)", "'\t=1", "checkout", "a=b"}
	if !slices.Equal(got, want) {
		t.Errorf("scopes %q, want %q", got, want)
	}
}

var href = regexp.MustCompile(`href="(/[^"]*)"`)

// What a page leads to is there.
func TestNoLinkLeadsNowhere(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred pages")
	}
	for name, facts := range reviewtest.Fixtures {
		h := handler(t, source{facts: facts()})
		ask := func(address string) (int, string) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
			return w.Code, w.Body.String()
		}
		asked := map[string]bool{}
		for _, page := range []string{"/", "/review/2026-Q3", "/review/2026-Q2", "/board", "/board?scope=team:Payments"} {
			status, body := ask(page)
			if status != 200 {
				continue // of a team that there is not
			}
			for _, link := range href.FindAllStringSubmatch(body, -1) {
				address := html.UnescapeString(link[1])
				if asked[address] {
					continue
				}
				asked[address] = true
				if status, _ := ask(address); status != 200 {
					t.Errorf("%s: %s leads to %s, which answers %d", name, page, address, status)
				}
			}
		}
		if name == "normal" && len(asked) < 40 {
			t.Errorf("only %d links were tried", len(asked))
		}
	}
}
