package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// odd is what no sentence for people has.
var odd = regexp.MustCompile(`NaN|Inf|%!|  |\d e[+-]\d|null|<nil>|\bn = 1 \w+s\b`)

// everyMetricSpeaks reads every metric of the real reports: each has a state and a
// sentence, and one without enough data has no figure and says what is missing.
func everyMetricSpeaks(t *testing.T, ctx context.Context, base string) {
	t.Helper()
	body, err := get(ctx, base+"/api/estimates?scope_kind=organisation&scope=&window=all")
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Estimates []learning.Row }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	page, err := get(ctx, base+"/explain")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]learning.Row{}
	insufficient := 0
	for _, e := range answer.Estimates {
		have[e.Metric] = e
		r := e.Reading
		if odd.MatchString(r) || !strings.HasSuffix(r, ".") || r[0] >= 'a' && r[0] <= 'z' && r[0] != 'g' {
			t.Errorf("%s reads oddly: %q", e.Metric, r)
		}
		switch state := learning.State(e.State); {
		case state == learning.OK && e.Value == nil && e.Low == nil:
			t.Errorf("%s is ok and has no figure", e.Metric)
		case state != learning.OK && (e.Value != nil || e.Low != nil || e.High != nil):
			t.Errorf("%s has a figure that may not be read", e.Metric)
		case state == learning.Insufficient:
			insufficient++
			if !strings.Contains(r, "Not enough data") && !strings.Contains(r, "cannot tell") {
				t.Errorf("%s is insufficient and does not say what is missing: %q", e.Metric, r)
			}
		}
	}
	if insufficient < len(have)/3 {
		t.Errorf("38 reports cannot carry this much: %d of %d metrics lack data", insufficient, len(have))
	}
	for _, m := range learning.Metrics {
		if !learning.Given(m.Name, "organisation") {
			continue
		}
		if _, given := have[m.Name]; !given {
			t.Errorf("%s has no estimate", m.Name)
		}
		if !bytes.Contains(page, []byte(`href="/explain/`+m.Name+`"`)) {
			t.Errorf("the page of all metrics lacks %s", m.Name)
		}
	}
	for _, metric := range []string{"durations.resolve.median", "change_safety.excess", "repeat_rate.after_fix.90d"} {
		page, err := get(ctx, base+"/explain/"+metric)
		if err != nil || !bytes.Contains(page, []byte("What would change it")) {
			t.Errorf("the page of %s: %v", metric, err)
		}
		data, err := get(ctx, base+"/api/explain/"+metric+"?window=2021-Q2")
		if err != nil || !json.Valid(data) {
			t.Errorf("the data of %s: %v", metric, err)
		}
	}
}

// thePastIsRecorded computes the quarters' ends again and compares what is recorded
// with a fresh computation as of the same moment; then a report comes late.
func thePastIsRecorded(t *testing.T, ctx context.Context, s *Session, base string) {
	t.Helper()
	const last = "2022-03-31"
	backfill := func() Backfilled {
		t.Helper()
		done, err := s.Backfill(ctx, BackfillOptions{Every: "quarter", From: "2021-04-01", AsOf: last})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	stopped, cancel := context.WithCancel(ctx)
	time.AfterFunc(2*time.Second, cancel)
	_, _ = s.Backfill(stopped, BackfillOptions{Every: "quarter", From: "2021-04-01", AsOf: last})
	cancel()
	first := backfill()
	if first.Moments != 4 || first.Changed+first.Unchanged == 0 {
		t.Errorf("backfilled %+v", first)
	}
	if again := backfill(); again.Unchanged != 4 || again.Changed != 0 {
		t.Errorf("again %+v", again)
	}
	st, err := s.openStore(ctx, s.settings.ClickHouse.Read)
	if err != nil {
		t.Fatal(err)
	}
	latest := time.Date(2022, 4, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	for _, moment := range []time.Time{time.Date(2021, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2022, 4, 1, 0, 0, 0, 0, time.UTC)} {
		_, run, err := s.computeSlowly(ctx, st, moment.UnixMilli(), nil)
		if err != nil {
			t.Fatal(err)
		}
		keep := keeping(run.AsOf, latest, s.learningSettings()).sees(run)
		var fresh []string
		for _, e := range run.Estimates {
			if keep.holds(e) {
				fresh = append(fresh, fmt.Sprintf("%+v", e))
			}
		}
		snapshot, err := st.EstimatesAsOf(ctx, moment.UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		var recorded []string
		for _, e := range snapshot.Estimates {
			recorded = append(recorded, fmt.Sprintf("%+v", e))
		}
		if len(fresh) < 100 || strings.Join(fresh, "\n") != strings.Join(recorded, "\n") {
			t.Errorf("as of %s: %d recorded, %d computed afresh, and they are not the same", moment, len(recorded), len(fresh))
		}
	}
	body, err := get(ctx, base+"/api/estimates?as_of=2021-06-30&metric=durations.resolve.median&scope_kind=organisation")
	if err != nil || !bytes.Contains(body, []byte(`"as_of":"2021-07-01T00:00:00.000Z"`)) {
		t.Errorf("the past over HTTP: %v\n%.300s", err, body)
	}

	late := filepath.Join(t.TempDir(), "late-report.md")
	write(t, late, "# Deployments stand still\n\n**Date:** March 12, 2021\n**Service:** infrastructure-modules\n\n## Timeline\n\n"+
		"- 09:12 UTC — Deployments begin to fail\n- 09:20 UTC — An alert fires\n- 10:05 UTC — Service restored\n")
	if _, err := s.Import(ctx, ImportOptions{Adapter: "markdown-postmortem", Files: []string{late}, Wait: true}); err != nil {
		t.Fatal(err)
	}
	if corrected := backfill(); corrected.Changed == 0 || corrected.Unchanged != 0 {
		t.Errorf("after a late report %+v", corrected)
	}
	table, err := s.SQL(ctx, "SELECT n - previous_n, current, computed_at > previous_computed_at FROM estimate_revision WHERE metric = 'durations.resolve.median' AND scope_kind = 'organisation' AND window = 'all' AND as_of = '2021-07-01 00:00:00'")
	if err != nil || plain(table) != "1 true 1" {
		t.Errorf("the correction: %v\n%s", err, plain(table))
	}
	x, err := s.ExplainMetric(ctx, ExplainOptions{Metric: "durations.resolve.median", Scope: "organisation", Window: "all", AsOf: "2021-06-30", Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	if x.Before == nil || x.Before.N != x.Of.N-1 {
		t.Errorf("what was said before: %+v", x.Before)
	}
}
