package dashboards

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/review"
)

func TestMain(m *testing.M) { servertest.Main(m) }

type datasource struct{ Type, UID string }

type target struct {
	Datasource datasource
	RawSQL     string
	Expr       string
	RefID      string
}

type property struct {
	ID    string
	Value any
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               datasource
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []target
	FieldConfig              struct {
		Defaults struct {
			Unit     string
			NoValue  string
			Mappings []any
		}
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []property
		}
	}
	Links []struct{ Title, URL string }
}

type variable struct {
	Name, Type, Query string
	Datasource        datasource
}

type dashboard struct {
	UID, Title, Description string
	Panels                  []panel
	Templating              struct{ List []variable }
	Links                   []struct{ Type, URL string }
}

func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	files, err := filepath.Glob("*.json")
	if err != nil || len(files) != 2 {
		t.Fatalf("dashboards: %v, %v; want two", files, err)
	}
	out := map[string]dashboard{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(b, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[file] = d
	}
	return out
}

// each runs a check for every panel.
func each(t *testing.T, check func(t *testing.T, d dashboard, p panel)) {
	for file, d := range dashboards(t) {
		for _, p := range d.Panels {
			t.Run(file+"/"+p.Title, func(t *testing.T) { check(t, d, p) })
		}
	}
}

func TestDashboardsAreDistinct(t *testing.T) {
	seen := map[string]string{}
	for file, d := range dashboards(t) {
		if d.UID == "" || d.Title == "" || d.Description == "" {
			t.Errorf("%s has no uid, title or description", file)
		}
		if other := seen[d.UID]; other != "" {
			t.Errorf("%s and %s share the uid %s", file, other, d.UID)
		}
		seen[d.UID] = file
		ids := map[int]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] {
				t.Errorf("%s: two panels have the id %d", file, p.ID)
			}
			ids[p.ID] = true
		}
		for i, a := range d.Panels {
			for _, b := range d.Panels[i+1:] {
				x := a.GridPos.X < b.GridPos.X+b.GridPos.W && b.GridPos.X < a.GridPos.X+a.GridPos.W
				y := a.GridPos.Y < b.GridPos.Y+b.GridPos.H && b.GridPos.Y < a.GridPos.Y+a.GridPos.H
				if x && y {
					t.Errorf("%s: %q and %q overlap", file, a.Title, b.Title)
				}
			}
		}
	}
}

func TestDataSourcesAreVariables(t *testing.T) {
	uid := regexp.MustCompile(`"uid": "([^"]*)"`)
	for file, d := range dashboards(t) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range uid.FindAllStringSubmatch(string(b), -1) {
			if m[1] != d.UID && m[1] != "${clickhouse}" && m[1] != "${prometheus}" {
				t.Errorf("%s names the data source %s instead of a variable", file, m[1])
			}
		}
	}
	each(t, func(t *testing.T, _ dashboard, p panel) {
		want := datasource{"grafana-clickhouse-datasource", "${clickhouse}"}
		for _, q := range p.Targets {
			if q.Expr != "" {
				want = datasource{"prometheus", "${prometheus}"}
			}
			if q.Datasource != want || p.Datasource != want {
				t.Errorf("query %s asks %v, the panel %v; want %v", q.RefID, q.Datasource, p.Datasource, want)
			}
		}
	})
}

func TestPanelsExplainThemselves(t *testing.T) {
	banned := regexp.MustCompile(`(?i)\b(proves|proven|significant|caused|on track|no change)\b`)
	each(t, func(t *testing.T, _ dashboard, p panel) {
		if p.Title == "" || len(p.Description) < 30 || p.FieldConfig.Defaults.Unit == "" || p.FieldConfig.Defaults.NoValue == "" {
			t.Errorf("title %q, description %q, unit %q, no value %q: all must be given", p.Title, p.Description, p.FieldConfig.Defaults.Unit, p.FieldConfig.Defaults.NoValue)
		}
		if hit := banned.FindString(p.Title + " " + p.Description); hit != "" {
			t.Errorf("the panel says %q", hit)
		}
		if !slices.Contains([]string{"table", "timeseries", "stat", "state-timeline"}, p.Type) {
			t.Errorf("a %s panel: gauges, bars and pies show no uncertainty", p.Type)
		}
		if len(p.Targets) == 0 {
			t.Error("the panel asks nothing")
		}
	})
}

// A share of a verdict never goes without what it rests on.
func TestEstimatesComeWithBoundsAndState(t *testing.T) {
	found := 0
	each(t, func(t *testing.T, _ dashboard, p panel) {
		for _, q := range p.Targets {
			if !strings.Contains(q.RawSQL, "FROM estimate") || !regexp.MustCompile(`\bvalue\b|\bevents\b`).MatchString(q.RawSQL) {
				continue
			}
			found++
			for _, word := range []string{"low", "high", "n", "state"} {
				if !regexp.MustCompile(`\b` + word + `(_code)?\b`).MatchString(q.RawSQL) {
					t.Errorf("the query does not select %s", word)
				}
			}
		}
	})
	if found < 8 {
		t.Errorf("only %d panels of estimates were checked", found)
	}
}

func TestBandsFillBetweenColumnsThatExist(t *testing.T) {
	bands := 0
	each(t, func(t *testing.T, _ dashboard, p panel) {
		for _, o := range p.FieldConfig.Overrides {
			if !strings.Contains(p.Targets[0].RawSQL, " AS "+o.Matcher.Options) && !regexp.MustCompile(`(?m)^    `+o.Matcher.Options+`,?$`).MatchString(p.Targets[0].RawSQL) {
				t.Errorf("an override is for the column %s, which the query does not give", o.Matcher.Options)
			}
			for _, prop := range o.Properties {
				if prop.ID != "custom.fillBelowTo" {
					continue
				}
				bands++
				want := strings.Replace(o.Matcher.Options, "hi", "lo", 1)
				if prop.Value != want || !strings.Contains(p.Targets[0].RawSQL, " AS "+want) {
					t.Errorf("%s fills down to %v, want the column %s", o.Matcher.Options, prop.Value, want)
				}
			}
		}
	})
	if bands != 12 {
		t.Errorf("%d bands, want two in each of six panels", bands)
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	all := dashboards(t)
	known := map[string]bool{}
	for _, d := range all {
		known[d.UID] = true
	}
	links := 0
	for file, d := range all {
		names := map[string]bool{}
		for _, v := range d.Templating.List {
			names[v.Name] = true
		}
		for _, p := range d.Panels {
			for _, l := range p.Links {
				links++
				path, query, _ := strings.Cut(strings.TrimPrefix(l.URL, "/d/"), "?")
				if !known[path] {
					t.Errorf("%s, %s: the link leads to %s, which is none of the dashboards", file, p.Title, l.URL)
				}
				for _, need := range []string{"from=${__from}", "to=${__to}", "${scope:queryparam}", "${clickhouse:queryparam}", "${prometheus:queryparam}"} {
					if !strings.Contains(query, need) {
						t.Errorf("%s, %s: the link does not carry %s", file, p.Title, need)
					}
				}
			}
		}
		for _, m := range regexp.MustCompile(`\$\{(\w+)(:\w+)?\}`).FindAllStringSubmatch(fmt.Sprintf("%+v", d), -1) {
			if !strings.HasPrefix(m[1], "__") && !names[m[1]] {
				t.Errorf("%s uses the variable %s, which it does not have", file, m[1])
			}
		}
	}
	if links == 0 {
		t.Error("no panel has a link")
	}
}

// The dashboard says the same words as the review.
func TestScorecardSaysWhatTheReviewSays(t *testing.T) {
	for _, p := range dashboards(t)["learning-at-a-glance.json"].Panels {
		switch p.Title {
		case "Answer":
			for _, metric := range review.HeadlineMetrics() {
				if !strings.Contains(p.Targets[0].RawSQL, "'"+metric+"'") {
					t.Errorf("the answer leaves out %s", metric)
				}
			}
		case "Scorecard":
			metrics := regexp.MustCompile(`metric IN \[([^\]]*)\]`).FindStringSubmatch(p.Targets[0].RawSQL)
			if metrics == nil {
				t.Fatal("the scorecard names no metrics")
			}
			for _, metric := range strings.Split(metrics[1], ", ") {
				metric = strings.Trim(metric, "'")
				for _, words := range []string{review.Title(metric), review.CannotSay(metric)} {
					if !strings.Contains(p.Targets[0].RawSQL, "'"+words+"'") {
						t.Errorf("%s: the scorecard does not say %q", metric, words)
					}
				}
			}
		}
	}
}
