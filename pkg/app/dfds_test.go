package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/schemas"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// TestRealPostMortems takes 38 real reports and 1,784 real release tags through a
// real Kafka into a real ClickHouse and reads the numbers and the pages.
func TestRealPostMortems(t *testing.T) {
	data := servertest.Shared(t, "data", "dfds-postmortems")
	s, base := running(t, filepath.Join("..", "..", "deploy", "examples", "dfds"))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()

	people := peopleOfReports(t, filepath.Join(data, "reports"))
	noMonth := strings.Replace(people, "Jan|", "", 1) // readings and axes have a month of that name
	receipt, err := s.Import(ctx, ImportOptions{Adapter: "markdown-postmortem", Files: []string{filepath.Join(data, "reports")}, Wait: true})
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Rejected != 0 || receipt.Accepted != receipt.Sent {
		t.Errorf("reports: %+v", receipt)
	}
	for _, want := range []string{"PM2020-003.md:14: year-corrected", "PM2019-009.md:34: no-time-of-day", "PM2021-006.md:40: stated-differs", `PM2022-002.md:23:3: human-error: "Human error"`} {
		if !strings.Contains(strings.Join(receipt.Findings, "\n"), want) {
			t.Errorf("no finding %q", want)
		}
	}
	receipt, err = s.Import(ctx, ImportOptions{
		Adapter: "release-tags", Parameters: map[string]string{"service": "infrastructure-modules"},
		Files: []string{filepath.Join(data, "release_tags.tsv")}, Wait: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Accepted != 1784 {
		t.Errorf("tags: %+v", receipt)
	}

	for _, check := range []struct{ name, query, want string }{
		{"incidents", "SELECT count() FROM incident", "38"},
		{"changes", "SELECT count() FROM change", "1784"},
		{"severity is unknown", "SELECT count() FROM incident WHERE severity IS NULL", "38"},
		{"every report has its start", "SELECT count() FROM incident WHERE started_at IS NOT NULL", "38"},
		{"stated times are kept apart", "SELECT stated_detect_seconds, stated_resolve_seconds, dateDiff('second', started_at, resolved_at) FROM incident WHERE incident_id = 'PM2021-006'", "60 300 5520"},
		{"the zone of a heading", "SELECT started_at FROM incident WHERE incident_id = 'PM2019-009'", "2019-11-29 11:00:00"},
		{"the authors' recurrences", "SELECT incident_id, earlier_incident_id, class FROM recurrence ORDER BY incident_id", "PM2019-011 PM2019-009 known_open\nPM2021-006 PM2021-005 known_open"},
		{"no name is stored", "SELECT countIf(match(concat(canonical, ' ', attributes, ' ', entity, ' ', service), '" + strings.ReplaceAll(people, `\`, `\\`) + "')) FROM event", "0"},
		{"nor estimated", "SELECT countIf(match(concat(scope, ' ', reading), '" + strings.ReplaceAll(noMonth, `\`, `\\`) + "')) FROM estimate", "0"},
		{"one factor makes a person the cause", "SELECT postmortem_id, blameless_check, blameless_findings['human-error'] FROM postmortem WHERE blameless_found = 'failed'", "PM2022-002 failed 1"},
		{"all others pass", "SELECT count() FROM postmortem WHERE blameless_check = 'passed'", "37"},
		{"only inferred links", "SELECT DISTINCT link FROM incident_change", "inferred"},
		{"alternatives are kept", "SELECT max(rank) > 1, round(sum(weight), 6) = uniqExact(incident_id) FROM incident_change", "1 1"},
	} {
		table, err := s.SQL(ctx, check.query)
		if err != nil {
			t.Errorf("%s: %v", check.name, err)
			continue
		}
		if got := plain(table); got != check.want {
			t.Errorf("%s: got %q, want %q", check.name, got, check.want)
		}
	}

	// The excess over chance, and a page for each quarter that has something to say.
	var estimates []struct {
		Metric, State string
		Value         *float64
		N             int64
	}
	waitFor(t, ctx, func() error {
		body, err := get(ctx, base+"/api/estimates?scope_kind=organisation&window=all&metric=change_safety.excess")
		if err != nil {
			return err
		}
		var answer struct{ Estimates json.RawMessage }
		if json.Unmarshal(body, &answer) == nil && answer.Estimates != nil {
			body = answer.Estimates
		}
		if err := json.Unmarshal(body, &estimates); err != nil {
			return err
		}
		// A run may have read the reports before the tags had arrived.
		if len(estimates) != 1 || estimates[0].N < 30 || estimates[0].State != "ok" || estimates[0].Value == nil {
			return fmt.Errorf("the excess over chance is not computed from all reports and tags: %+v", estimates)
		}
		return nil
	})
	onPages := regexp.MustCompile(noMonth)
	for year := 2019; year <= 2025; year++ {
		for quarter := 1; quarter <= 4; quarter++ {
			name := fmt.Sprintf("%d-Q%d", year, quarter)
			page, err := get(ctx, base+"/review/"+name)
			if err != nil {
				t.Errorf("page of %s: %v", name, err)
				continue
			}
			if somebody := onPages.Find(page); somebody != nil {
				t.Errorf("page of %s holds a name of %d letters", name, len(somebody))
			}
			if !bytes.Contains(page, []byte(name)) || !bytes.Contains(page, []byte("no statistic")) && !bytes.Contains(page, []byte("No statistic")) {
				t.Errorf("page of %s lacks its name or its footer", name)
			}
		}
	}
	page, err := get(ctx, base+"/review/2021-Q2")
	if err != nil || !bytes.Contains(page, []byte("PM2021-006")) {
		t.Errorf("2021-Q2 does not show PM2021-006: %v", err)
	}
	everyMetricSpeaks(t, ctx, base)
	thePastIsRecorded(t, ctx, s, base)
}

// peopleOfReports is the expression for the people of the reports: what stands in their
// lists of attendees, and every given name in them with the surname behind it.
func peopleOfReports(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for _, name := range schemas.Names() {
		given[name] = true
	}
	names := map[string]bool{}
	attendees := regexp.MustCompile(`(?i)## att?endees\s+- ([^\n]+)`)
	word := regexp.MustCompile(`\p{Lu}[\p{L}]*`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := attendees.FindSubmatch(text); m != nil {
			for _, name := range word.FindAllString(string(m[1]), -1) {
				names[name] = true
			}
		}
		for _, name := range word.FindAllString(string(text), -1) {
			if given[name] {
				names[name] = true
			}
		}
	}
	if len(names) < 8 {
		t.Fatalf("%d names in the reports: the test has nothing to look for", len(names))
	}
	return `\b(?:` + strings.Join(slices.Sorted(maps.Keys(names)), "|") + `)\b`
}

// running starts every role against real servers, with the catalogue and rules of a folder.
func running(t *testing.T, example string) (s *Session, base string) {
	t.Helper()
	kafka, engine := servertest.Kafka(t), servertest.Engine(t)
	database := servertest.Granted(t, engine)
	port, err := servertest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	file := filepath.Join(t.TempDir(), "tuition.yaml")
	write(t, file, fmt.Sprintf(`
kafka:
  brokers: [%[1]s]
  group: %[2]s
  events_topic: %[2]s.events
  deadletter_topic: %[2]s.deadletter
  batch_age: 200ms
clickhouse:
  addresses: [%[3]s]
  database: %[2]s
  admin: {username: %[4]s, password: %[5]s}
  ingest: {username: %[6]s, password: %[7]s}
  read: {username: %[8]s, password: %[9]s}
analysis: {interval: 1s}
privacy: {key: 0123456789abcdef}
web: {listen: "%[10]s"}
log: {level: warn}
catalog_file: %[11]s/catalog.yaml
failure_modes_file: %[11]s/failure-modes.yaml
`, strings.Join(kafka.Brokers, ", "), database, engine.Addr, engine.Admin.Name, engine.Admin.Password,
		engine.Ingest.Name, engine.Ingest.Password, engine.Read.Name, engine.Read.Password, listen, example))
	open := func() *Session {
		s, err := Open(t.Context(), Options{SettingsFile: file, Stderr: os.Stderr})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s, server := open(), open()
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, Roles) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the roles ended with %v", err)
		}
		for _, session := range []*Session{s, server} {
			if err := session.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return s, "http://" + listen
}

// plain writes a table as words: a row a line.
func plain(t Table) string {
	var lines []string
	for _, row := range t.Rows {
		var cells []string
		for _, cell := range row {
			if at, ok := cell.(time.Time); ok {
				cell = at.UTC().Format(time.DateTime)
			}
			cells = append(cells, fmt.Sprint(cell))
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return strings.Join(lines, "\n")
}

func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", response.Status, body)
	}
	return body, err
}

// waitFor tries until the check holds or the context ends.
func waitFor(t *testing.T, ctx context.Context, check func() error) {
	t.Helper()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(300 * time.Millisecond):
		}
	}
}
