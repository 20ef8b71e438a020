package property

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/catalog"
	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/store"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// pipeline is decoder, store and estimators over one database, emptied for each log.
type pipeline struct {
	engine   servertest.EngineAddr
	database string
	store    *store.Store
	decoder  *event.Decoder
	asOf     int64
}

func newPipeline(t testing.TB, c catalog.Catalog, asOf int64) *pipeline {
	t.Helper()
	p := &pipeline{engine: servertest.Engine(t), asOf: asOf}
	p.database = servertest.Database(t, p.engine)
	var err error
	p.store, err = store.Open(context.Background(), store.Config{
		Addrs: []string{p.engine.Addr}, Database: p.database, Username: p.engine.Admin.Name, Password: p.engine.Admin.Password,
	}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.store.Close() })
	if _, err := p.store.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := p.store.SetCatalog(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if p.decoder, err = event.NewDecoder(event.Options{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// fataler is what *testing.T and *rapid.T share.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// outcome is all that anybody can see of a log.
type outcome map[string]string

// run empties the database, inserts the batches one after the other and estimates.
func (p *pipeline) run(t fataler, batches [][]event.Message) learning.Run {
	t.Helper()
	p.insert(t, batches)
	in, err := p.store.LoadInput(context.Background(), store.LoadOptions{AsOf: p.asOf})
	if err != nil {
		t.Fatal(err)
	}
	return learning.Compute(in, learning.DefaultSettings())
}

// insert empties the database and inserts the batches one after the other.
func (p *pipeline) insert(t fataler, batches [][]event.Message) {
	t.Helper()
	for _, table := range []string{"event", "rejection_row"} {
		p.query(t, "TRUNCATE TABLE "+table)
	}
	batch := p.store.NewBatch()
	defer batch.Close()
	var e event.Event
	for _, records := range batches {
		for i := range records {
			if rejection := p.decoder.Decode(&records[i], &e); rejection != nil {
				t.Fatalf("%v\n%s", rejection, records[i].Value)
			}
			batch.Append(&e)
		}
		if err := batch.Send(context.Background()); err != nil {
			t.Fatal(err)
		}
		batch.Reset()
	}
}

// inAnotherOrder lets the engine go through groups in another order than it would, where
// several entities are made one: a view that takes the first of equals shows it, which a
// small log otherwise hides. For all views it takes too long.
const inAnotherOrder = " SETTINGS group_by_two_level_threshold = 1, max_threads = 3"

// fold is run, and all that anybody can see afterwards.
func (p *pipeline) fold(t fataler, batches [][]event.Message, ofChanges string) outcome {
	t.Helper()
	run := p.run(t, batches)
	seen := outcome{
		"run":       fmt.Sprintf("%s as of %d, %d events", run.ID, run.AsOf, run.InputEvents),
		"estimates": lines(run.Estimates),
		"evidence":  lines(run.Evidence),
	}
	for _, view := range views {
		how := ""
		if view == "change" {
			how = ofChanges
		}
		seen[view] = p.query(t, "SELECT * FROM "+view+" ORDER BY ALL"+how+" FORMAT JSONEachRow")
	}
	return seen
}

// views are those that people build on.
var views = []string{
	"incident", "change", "improvement", "postmortem", "monitoring_gap", "incident_change",
	"recurrence", "coverage", "experiment", "near_miss", "risk", "cost", "experiment_incident", "near_miss_incident", "risk_incident",
	"failure", "exposure",
}

// lines writes each value on its own line with the shortest text of every number, NaN included.
func lines[T any](values []T) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, "%+v\n", v)
	}
	return b.String()
}

// query runs a statement as the admin and gives its answer.
func (p *pipeline) query(t fataler, sql string) string {
	t.Helper()
	address := p.engine.HTTP + "/?" + url.Values{"database": {p.database}}.Encode()
	request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(p.engine.Admin.Name, p.engine.Admin.Password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", sql, body)
	}
	return string(body)
}

// same fails with the first line that differs.
func (o outcome) same(t fataler, other outcome) {
	t.Helper()
	for part, text := range o {
		if text == other[part] {
			continue
		}
		a, b := strings.Split(text, "\n"), strings.Split(other[part], "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("%s differs in line %d of %d and %d:\n%s\n%s", part, i+1, len(a), len(b), a[i], b[i])
			}
		}
		t.Fatalf("%s has %d lines, and %d", part, len(a), len(b))
	}
}
