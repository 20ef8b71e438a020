package dashboards

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
	"github.com/tuition-hq/tuition/pkg/web"
)

// follow is the address to which Grafana leads: a value is encoded as a part of an
// address unless the link says percentencode.
func follow(t *testing.T, link string, values map[string]string) *url.URL {
	t.Helper()
	address := regexp.MustCompile(`\$\{([\w.]+)(:\w+)?\}`).ReplaceAllStringFunc(link, func(m string) string {
		name, format, _ := strings.Cut(strings.Trim(m, "${}"), ":")
		value, ok := values[name]
		switch {
		case !ok:
			t.Errorf("%s: nothing is called %s", link, name)
		case format == "percentencode":
			return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
		case format != "":
			t.Errorf("%s: %s in the form %s", link, name, format)
		}
		return (&url.URL{Path: value}).EscapedPath()
	})
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		t.Fatalf("%s leads to %q, %v; want a page below the variable review", link, address, err)
	}
	return u
}

// shownValue is what a cell holds, as text.
func shownValue(v any) string {
	x := reflect.Indirect(reflect.ValueOf(v))
	if !x.IsValid() {
		return ""
	}
	return fmt.Sprint(x.Interface())
}

// explained is the estimate of which a page speaks.
func explained(f review.Facts, page *url.URL) (e learning.Estimate, ok bool) {
	metric, ok := strings.CutPrefix(page.Path, "/explain/")
	kind, name, _ := strings.Cut(page.Query().Get("scope"), ":")
	for _, e := range f.Snapshot.Estimates {
		if ok && e.Metric == metric && e.Scope == (learning.Scope{Kind: kind, Name: name}) && e.Window == page.Query().Get("window") {
			return e, true
		}
	}
	return e, false
}

// chosen are the values of the variables where a scope is chosen.
func chosen(t *testing.T, conn clickhouse.Conn, d dashboard, scope string) map[string]string {
	t.Helper()
	values := map[string]string{"review": "", "scope": scope}
	for _, v := range d.Templating.List {
		if v.Type == "query" && strings.Contains(v.Query, "${scope") {
			a, err := ask(t.Context(), conn, expand(v.Query, scope))
			if err != nil || len(a.rows) != 1 {
				t.Fatalf("%s, variable %s: %v, %v; want one value", scope, v.Name, a.rows, err)
			}
			values[v.Name] = a.text(0, "value")
		}
	}
	return values
}

// Whoever is chosen, each link to the program's pages is answered, and that of a
// row explains the number that stands in it.
func TestLinksToThePagesAreAnswered(t *testing.T) {
	f := learned(-0.3, 0.2)
	conn := database(t, f)
	site := web.New(web.Config{Version: "1.0.0"}, reviewtest.Source{From: f, Have: []string{f.Quarter}}, zap.NewNop())
	answered := func(page *url.URL) {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, page.String(), http.NoBody))
		if w.Code != http.StatusOK {
			t.Errorf("%s is answered by %d", page, w.Code)
		}
	}
	rows, sheets := map[string]int{}, 0
	d := dashboards(t)["learning-at-a-glance.json"]
	for _, scope := range []string{"organisation:", "team:Payments", "service:checkout", "failure_mode:disk_full"} {
		values := chosen(t, conn, d, scope)
		for _, p := range d.Panels {
			for _, l := range p.Links {
				if strings.HasPrefix(l.URL, "${review}") {
					sheets++
					answered(follow(t, l.URL, values))
				}
			}
			links := p.explains()
			if len(links) == 0 {
				continue
			}
			a := panelNamed(t, conn, p.Title, scope)
			for i, row := range a.rows {
				for c, name := range a.columns {
					values["__data.fields."+name] = shownValue(row[c])
				}
				metric, n := a.text(i, "metric"), values["__data.fields.n"]
				for _, link := range links {
					page := follow(t, link, values)
					answered(page)
					if metric == "" && page.Path == "/explain" {
						continue // of no number: the list of them all
					}
					if e, ok := explained(f, page); !ok || e.Metric != metric || fmt.Sprint(e.N) != n {
						t.Errorf("%s, %s: the row of %s, which counts %s, leads to %s, which counts %d", p.Title, scope, metric, n, page, e.N)
					}
					rows[p.Title]++
				}
			}
		}
	}
	for title, least := range map[string]int{boardTitle: 12, "Scorecard": 40, restsTitle: 12, "Tuition": 8, "Which net held": 8, "Foresight": 11} {
		if rows[title] < least {
			t.Errorf("%s: only %d rows were followed", title, rows[title])
		}
	}
	if sheets != 4 {
		t.Errorf("links to the sheet of the board: %d, want one for each scope", sheets)
	}
}
