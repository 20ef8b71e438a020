package dashboards

import (
	"encoding/json"
	"fmt"
	"maps"
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
	Links   []struct{ Title, URL string }
	Options struct{ XField string }

	// of a row, which is the heading of what stands below it
	Collapsed bool
	Panels    []any
}

func (p panel) heading() bool { return p.Type == "row" }

// explains are the links of a cell to what its number rests on.
func (p panel) explains() (urls []string) {
	for _, o := range p.FieldConfig.Overrides {
		for _, prop := range o.Properties {
			if prop.ID != "links" {
				continue
			}
			list, _ := prop.Value.([]any)
			for _, l := range list {
				link, _ := l.(map[string]any)
				urls = append(urls, fmt.Sprint(link["url"]))
			}
		}
	}
	return urls
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

// each runs a check for every panel but the headings.
func each(t *testing.T, check func(t *testing.T, d dashboard, p panel)) {
	for file, d := range dashboards(t) {
		for _, p := range d.Panels {
			if p.heading() {
				continue
			}
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
		ids, titles := map[int]bool{}, map[string]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] {
				t.Errorf("%s: two panels have the id %d", file, p.ID)
			}
			if titles[p.Title] {
				t.Errorf("%s: two panels are called %q", file, p.Title)
			}
			ids[p.ID], titles[p.Title] = true, true
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

// The panels fill the grid line by line, in the order of the file: it is also the
// order in which they stand below each other on a phone.
func TestPanelsFillTheGrid(t *testing.T) {
	for file, d := range dashboards(t) {
		x, y, h := 0, 0, 0
		for _, p := range d.Panels {
			g := p.GridPos
			if x == 24 {
				x, y = 0, y+h
			}
			if g.X != x || g.Y != y {
				t.Errorf("%s: %q stands at %d, %d; the one before it ends at %d, %d", file, p.Title, g.X, g.Y, x, y)
			}
			if x > 0 && g.H != h {
				t.Errorf("%s: %q is %d high, the one beside it %d", file, p.Title, g.H, h)
			}
			x, y, h = g.X+g.W, g.Y, g.H
			if p.heading() && (p.Title == "" || g.W != 24 || g.H != 1 || p.Collapsed || len(p.Panels) > 0) {
				t.Errorf("%s: the heading %q must be open and as wide as the page, with nothing inside", file, p.Title)
			}
		}
		if x != 24 || d.Panels[len(d.Panels)-1].heading() {
			t.Errorf("%s: the last line is not full", file)
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
		if len(p.Targets) == 0 {
			t.Fatal("the panel asks nothing")
		}
		if p.Title == "" || len(p.Description) < 30 || p.FieldConfig.Defaults.Unit == "" || p.FieldConfig.Defaults.NoValue == "" {
			t.Errorf("title %q, description %q, unit %q, no value %q: all must be given", p.Title, p.Description, p.FieldConfig.Defaults.Unit, p.FieldConfig.Defaults.NoValue)
		}
		if hit := banned.FindString(p.Title + " " + p.Description); hit != "" {
			t.Errorf("the panel says %q", hit)
		}
		if !slices.Contains([]string{"table", "timeseries", "trend", "stat", "state-timeline"}, p.Type) {
			t.Errorf("a %s panel: gauges, bars and pies show no uncertainty", p.Type)
		}
		if (p.Type == "trend") != (p.Options.XField != "") || !strings.Contains(p.Targets[0].RawSQL, p.Options.XField) {
			t.Errorf("a %s panel over the column %q, which must be one of its query", p.Type, p.Options.XField)
		}
	})
}

// A share of a verdict never goes without what it rests on.
func TestEstimatesComeWithBoundsAndState(t *testing.T) {
	found := 0
	each(t, func(t *testing.T, _ dashboard, p panel) {
		for _, q := range p.Targets {
			if !strings.Contains(q.RawSQL, "FROM estimate") && !strings.Contains(q.RawSQL, "FROM board") || !regexp.MustCompile(`\bvalue\b|\bevents\b`).MatchString(q.RawSQL) {
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
	if found < 23 {
		t.Errorf("only %d panels of estimates were checked", found)
	}
}

func TestBandsFillBetweenColumnsThatExist(t *testing.T) {
	bands := map[string]int{}
	each(t, func(t *testing.T, _ dashboard, p panel) {
		for _, o := range p.FieldConfig.Overrides {
			if !strings.Contains(p.Targets[0].RawSQL, " AS "+o.Matcher.Options) && !regexp.MustCompile(`(?m)^    `+o.Matcher.Options+`,?$`).MatchString(p.Targets[0].RawSQL) {
				t.Errorf("an override is for the column %s, which the query does not give", o.Matcher.Options)
			}
			for _, prop := range o.Properties {
				if prop.ID != "custom.fillBelowTo" {
					continue
				}
				bands[p.Title]++
				want := strings.Replace(o.Matcher.Options, "hi", "lo", 1)
				if prop.Value != want || !strings.Contains(p.Targets[0].RawSQL, " AS "+want) {
					t.Errorf("%s fills down to %v, want the column %s", o.Matcher.Options, prop.Value, want)
				}
			}
		}
	})
	for title, n := range bands {
		want := 2
		if strings.HasPrefix(title, "Tuition paid") {
			want = 1 // a range as stated has no 50 % in it
		}
		if n != want {
			t.Errorf("%s: %d bands, want %d", title, n, want)
		}
	}
	if len(bands) != 15 {
		t.Errorf("%d panels have bands, want 15", len(bands))
	}
}

// byQuarter are the panels that draw a metric by quarter.
func byQuarter(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, p := range dashboards(t)["learning-at-a-glance.json"].Panels {
		if p.Type != "timeseries" {
			continue
		}
		if m := regexp.MustCompile(`\nWHERE metric = '([^']*)'.* AND window != 'all'`).FindStringSubmatch(p.Targets[0].RawSQL); m != nil {
			out[m[1]] = p.Title
		}
	}
	return out
}

// A quarter without a point is explained by its state in the panel to which the
// description leads.
func TestDataQualityHasTheStateOfWhatIsDrawn(t *testing.T) {
	drawn := byQuarter(t)
	if len(drawn) != 14 {
		t.Errorf("%d metrics are drawn by quarter, want 14: %v", len(drawn), drawn)
	}
	each(t, func(t *testing.T, _ dashboard, p panel) {
		if slices.Contains(slices.Collect(maps.Values(drawn)), p.Title) && !strings.Contains(p.Description, "see Data quality") {
			t.Error("the description does not say why a quarter may have no point")
		}
		if p.Title != "Data quality" {
			return
		}
		for metric, title := range drawn {
			if !strings.Contains(p.Targets[0].RawSQL, "anyIf(state, metric = '"+metric+"')") {
				t.Errorf("the state of %s is not in it: %s", metric, title)
			}
		}
	})
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
				if strings.HasPrefix(l.URL, "${review}/") {
					continue // followed by TestLinksToThePagesAreAnswered
				}
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
