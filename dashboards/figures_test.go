package dashboards

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
)

// costed is the ordinary organisation with costs told of half of its incidents,
// and with pre-mortems whose horizons have ended.
func costed() review.Facts {
	f := ordinary()
	f.Snapshot.Estimates = slices.Clone(f.Snapshot.Estimates)
	return f
}

// Both fixtures are computed once: tests change copies of their estimates.
var normal = sync.OnceValue(reviewtest.Normal)

var ordinary = sync.OnceValue(func() review.Facts {
	f := normal()
	for i, x := range f.Input.Incidents {
		if i%2 == 0 {
			f.Input.Costs = append(f.Input.Costs, learning.Cost{
				ID: "cost-" + x.ID, Failure: x.ID, FailureKind: "incident", Service: x.Service, Team: x.Team, FailureMode: x.FailureMode,
				FailedAt: x.At(), RecordedAt: x.At() + 86_400_000,
				Money: learning.Money{Currency: "EUR", Low: float64(4000 + 300*i), Likely: float64(9000 + 700*i), High: float64(20000 + 1500*i)},
			})
		}
		recorded := x.At() - int64(30*24*time.Hour/time.Millisecond)
		risk := learning.Risk{
			ID: "risk-" + x.ID, Service: x.Service, Team: x.Team, FailureMode: x.FailureMode, Probability: 0.05 + 0.3*float64(i%3),
			RecordedAt: recorded, HorizonEnds: x.At() + 86_400_000,
		}
		if i%3 == 1 && i%2 == 0 || i%3 == 2 {
			risk.IncidentID, risk.HappenedAt = x.ID, x.At()
		}
		if risk.HorizonEnds < f.Input.AsOf {
			f.Input.Risks = append(f.Input.Risks, risk)
		}
	}
	run := learning.Compute(f.Input, learning.DefaultSettings())
	f.Snapshot.RunID, f.Snapshot.Estimates, f.Snapshot.Watch = run.ID, run.Estimates, run.Watch
	return f
})

// learned is the ordinary organisation with figures of learning per failure, and
// with the placebo of the whole between low and high.
func learned(low, high float64) review.Facts {
	f := normal()
	const metric = "learning_per_failure"
	var out []learning.Estimate
	for _, e := range f.Snapshot.Estimates {
		if e.Metric != metric && e.Metric != metric+".placebo" || e.Scope.Kind != "organisation" {
			out = append(out, e)
		}
	}
	one := learning.Estimate{
		Metric: metric, Scope: learning.Scope{Kind: "organisation"}, Window: "all", AsOf: f.Snapshot.AsOf, Unit: "share", N: 40, Level: 0.95,
		Value: 0.4, Low: 0.2, High: 0.6, Low50: 0.3, High50: 0.5, State: learning.OK, Origin: "measured", Reading: "Learning of 40 %.",
	}
	out = append(out, one)
	for _, quarter := range []string{"2026-Q1", "2026-Q2"} {
		q := one
		q.Window = quarter
		out = append(out, q)
	}
	if !math.IsNaN(low) {
		placebo := one
		placebo.Metric += ".placebo"
		placebo.Value, placebo.Low, placebo.High, placebo.Low50, placebo.High50 = (low+high)/2, low, high, (low+high)/2, (low+high)/2
		placebo.Reading = "Modes to which nothing was done."
		out = append(out, placebo)
	}
	f.Snapshot.Estimates = out
	return f
}

// figures are the columns that hold what may be read only if the state allows it.
var figures = []string{"lo95", "lo50", "est", "hi50", "hi95", "lo_stated", "likely", "hi_stated", "estimate", "low", "high", "counted"}

// shownIn counts the figures of a panel's answer.
func shownIn(a answer) (n int) {
	for _, row := range a.rows {
		for _, name := range figures {
			if i := a.column(name); i >= 0 {
				switch v := row[i].(type) {
				case *float64:
					if v != nil {
						n++
					}
				case string:
					if v != "–" {
						n++
					}
				}
			}
		}
	}
	return n
}

// panelNamed asks the query of one panel of Learning at a glance.
func panelNamed(t *testing.T, conn clickhouse.Conn, title, scope string) answer {
	t.Helper()
	for _, p := range dashboards(t)["learning-at-a-glance.json"].Panels {
		if p.Title == title {
			a, err := ask(t.Context(), conn, expand(p.Targets[0].RawSQL, scope))
			if err != nil {
				t.Fatalf("%s, %s: %v", title, scope, err)
			}
			return a
		}
	}
	t.Fatalf("no panel is called %q", title)
	return answer{}
}

func (a answer) text(row int, column string) string {
	i := a.column(column)
	if i < 0 || row >= len(a.rows) {
		return fmt.Sprintf("no %s in row %d of %d", column, row, len(a.rows))
	}
	s, _ := a.rows[row][i].(string)
	return s
}

const (
	boardTitle   = "The board: six that are hard to fool together"
	learnedTitle = "Learning per failure"
	restsTitle   = "Learning per failure, and what it rests on"
)

// What the state does not allow is not shown, whatever the rows hold.
func TestNoFigureWithoutItsState(t *testing.T) {
	counts := func(f review.Facts) map[string]int {
		conn := database(t, f)
		out := map[string]int{}
		for _, p := range dashboards(t)["learning-at-a-glance.json"].Panels {
			if p.heading() || !strings.Contains(p.Targets[0].RawSQL, "estimate") && !strings.Contains(p.Targets[0].RawSQL, "FROM board") {
				continue
			}
			a, err := ask(t.Context(), conn, expand(p.Targets[0].RawSQL, "organisation:"))
			if err != nil {
				t.Fatalf("%s: %v", p.Title, err)
			}
			if slices.ContainsFunc(figures, func(name string) bool { return a.column(name) >= 0 }) {
				out[p.Title] = shownIn(a)
			}
		}
		return out
	}
	f := costed()
	read := counts(f)
	f = costed()
	for i := range f.Snapshot.Estimates {
		f.Snapshot.Estimates[i].State = []learning.State{learning.Insufficient, learning.AssumptionFailed}[i%2]
	}
	refused := counts(f)
	for title, n := range refused {
		if n > 0 {
			t.Errorf("%s shows %d figures that may not be read", title, n)
		}
	}
	bands := byQuarter(t)
	if len(read) < len(bands)+6 {
		t.Errorf("only %d panels were tried", len(read))
	}
	for title, n := range read {
		if n == 0 && title != learnedTitle { // for which the organisation is too small
			t.Errorf("%s shows nothing, even where it may", title)
		}
	}
	for _, title := range slices.Sorted(maps.Values(bands)) {
		if _, tried := read[title]; !tried {
			t.Errorf("%s was not tried", title)
		}
	}
}

// Where modes fade by themselves, learning is not shown, though its own state be ok.
func TestLearningIsShownOnlyWhereItsPlaceboHoldsZero(t *testing.T) {
	for _, c := range []struct {
		name      string
		low, high float64
		code      uint8
		figures   int
		beside    string
		state     string
	}{
		{"holds zero", -0.3, 0.2, 0, 10, "● holds zero", "ok"},
		{"above zero", 0.1, 0.4, 2, 0, "▲ not zero", "assumption_failed"},
		{"below zero", -0.9, -0.2, 2, 0, "▲ not zero", "assumption_failed"},
		{"not computed", math.NaN(), math.NaN(), 1, 10, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := database(t, learned(c.low, c.high))
			a := panelNamed(t, conn, learnedTitle, "organisation:")
			if len(a.rows) != 2 || shownIn(a) != c.figures {
				t.Errorf("%d quarters with %d figures, want 2 with %d", len(a.rows), shownIn(a), c.figures)
			}
			for _, row := range a.rows {
				if code, _ := row[a.column("placebo_code")].(*uint8); code == nil || *code != c.code {
					t.Errorf("placebo_code is %v, want %d", code, c.code)
				}
			}
			b := panelNamed(t, conn, boardTitle, "organisation:")
			if got := b.text(1, "read_beside"); !strings.Contains(got, c.beside) {
				t.Errorf("beside learning per failure stands %q, want %q in it", got, c.beside)
			}
			if c.state == "" {
				return
			}
			// whoever is chosen, the placebo of the whole is there
			for scope, name := range map[string]string{"organisation:": "The same where nothing had been done", "team:Payments": "The placebo of the whole organisation, which decides"} {
				rests, found := panelNamed(t, conn, restsTitle, scope), false
				for i := range rests.rows {
					if rests.text(i, "measure") == name {
						found = true
						if got := rests.text(i, "may_be_read"); got != c.state {
							t.Errorf("%s: the placebo's state is %s, want %s", scope, got, c.state)
						}
					}
				}
				if !found {
					t.Errorf("%s: no row is called %q", scope, name)
				}
			}
		})
	}
}

// What the panels say of an ordinary organisation with costs and pre-mortems.
func TestOrdinaryOrganisation(t *testing.T) {
	f := costed()
	conn := database(t, f)
	t.Run("board", func(t *testing.T) { board(t, conn) })
	t.Run("scorecard", func(t *testing.T) { scorecard(t, conn) })
	t.Run("calibration", func(t *testing.T) { calibration(t, conn, f) })
	t.Run("currency", func(t *testing.T) { currency(t, conn) })
	t.Run("figures", func(t *testing.T) { sameAsReview(t, conn, f) })
}

// The board is that of the view, says what to read beside each, and of whom it is not.
func board(t *testing.T, conn clickhouse.Conn) {
	t.Helper()
	var sql string
	for _, p := range dashboards(t)["learning-at-a-glance.json"].Panels {
		if p.Title == boardTitle {
			sql = p.Targets[0].RawSQL
		}
	}
	if !strings.Contains(sql, "FROM board\n") {
		t.Fatal("the board is not read from the view of that name")
	}
	items, err := ask(t.Context(), conn, "SELECT item, arrayJoin(beside) AS metric FROM board_item")
	if err != nil || len(items.rows) < 8 {
		t.Fatalf("%d numbers to be read beside the six, %v", len(items.rows), err)
	}
	for i := range items.rows {
		if metric := items.text(i, "metric"); !strings.Contains(sql, "'"+metric+"'") {
			t.Errorf("the board has no words for %s, which is to be read beside %s", metric, items.text(i, "item"))
		}
	}
	for _, scope := range []string{"organisation:", "team:Payments"} {
		a := panelNamed(t, conn, boardTitle, scope)
		if len(a.rows) != 6 {
			t.Fatalf("%s: %d rows, want six", scope, len(a.rows))
		}
		for i := range a.rows {
			if beside := a.text(i, "read_beside"); beside == "" || strings.Contains(beside, "; :") || strings.HasPrefix(beside, ":") {
				t.Errorf("%s, %s: beside it stands %q", scope, a.text(i, "item"), beside)
			}
			if a.text(i, "cannot_say") == "" || a.text(i, "state") == "" {
				t.Errorf("%s: the row %s lacks its state or its limit", scope, a.text(i, "item"))
			}
		}
		if got := a.text(5, "unit_of"); got != "EUR, as stated" {
			t.Errorf("%s: tuition is in %q, want EUR, as stated", scope, got)
		}
	}
	for _, scope := range []string{"service:checkout", "failure_mode:disk_full", "environment:production"} {
		a := panelNamed(t, conn, boardTitle, scope)
		if len(a.rows) != 1 || !strings.Contains(a.text(0, "item"), "organisation and each team") || shownIn(a) > 0 {
			t.Errorf("%s: %v, want one row that says of whom the board is", scope, a.rows)
		}
	}
}

// The six that the board shows are not repeated by the scorecard, and not lost to
// scopes that have no board.
func scorecard(t *testing.T, conn clickhouse.Conn) {
	t.Helper()
	has := func(scope string) bool {
		a := panelNamed(t, conn, "Scorecard", scope)
		return slices.ContainsFunc(a.rows, func(row []any) bool { return row[a.column("metric")] == "known_open.rate" })
	}
	if has("organisation:") || has("team:Payments") || !has("service:checkout") {
		t.Errorf("known_open.rate in the scorecard: organisation %v, team %v, service %v; want false, false, true", has("organisation:"), has("team:Payments"), has("service:checkout"))
	}
}

// On the line of what is stated: both ends, and each rating that has a figure.
func calibration(t *testing.T, conn clickhouse.Conn, f review.Facts) {
	t.Helper()
	want := map[float64]float64{}
	for _, e := range f.Snapshot.Estimates {
		bin, ok := strings.CutPrefix(e.Metric, "premortem.stated.")
		if !ok || e.Scope.Kind != "organisation" || e.Window != "all" || e.State != learning.OK {
			continue
		}
		for _, h := range f.Snapshot.Estimates {
			if h.Metric == "premortem.happened."+bin && h.Scope == e.Scope && h.Window == "all" {
				want[e.Value] = h.Value
			}
		}
	}
	if len(want) < 3 {
		t.Fatalf("the fixture has %d ratings with a figure, want three", len(want))
	}
	a := panelNamed(t, conn, "Stated and what happened", "organisation:")
	last := -1.0
	for _, row := range a.rows {
		x := row[a.column("stated")].(float64)
		if x <= last || row[a.column("as_stated")] != x {
			t.Errorf("stated %v after %v, the line at %v: must rise along the diagonal", x, last, row[a.column("as_stated")])
		}
		last = x
		est := row[a.column("est")].(*float64)
		if happened, ok := want[x]; ok != (est != nil) || ok && *est != happened {
			t.Errorf("stated %v: happened %v, want %v", x, est, happened)
		}
	}
	if len(a.rows) != len(want)+2 || last != 1 {
		t.Errorf("%d points to %v, want the ratings and both ends", len(a.rows), last)
	}
}

// The chart of money names its currency: an axis of bare numbers would be read in
// whatever one thinks of.
func currency(t *testing.T, conn clickhouse.Conn) {
	t.Helper()
	for _, d := range dashboards(t) {
		for _, v := range d.Templating.List {
			if v.Name == "currency" {
				if a, err := ask(t.Context(), conn, v.Query); err != nil || len(a.rows) != 1 || a.text(0, "value") != "EUR" {
					t.Errorf("the currency is %v, %v; want EUR", a.rows, err)
				}
			}
		}
	}
	each(t, func(t *testing.T, _ dashboard, p panel) {
		if p.Type == "timeseries" && regexp.MustCompile(`'tuition\.(paid|delay)'`).MatchString(p.Targets[0].RawSQL) && !strings.Contains(p.Title, "${currency}") {
			t.Error("the title does not name the currency")
		}
	})
}

// The same number in dashboard and review.
func sameAsReview(t *testing.T, conn clickhouse.Conn, f review.Facts) {
	t.Helper()
	compared := map[string]int{}
	for _, p := range dashboards(t)["learning-at-a-glance.json"].Panels {
		if p.Type != "table" || len(p.explains()) == 0 {
			continue
		}
		a, err := ask(t.Context(), conn, expand(p.Targets[0].RawSQL, "organisation:"))
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range a.rows {
			for _, e := range f.Snapshot.Estimates {
				if e.Scope.Kind != "organisation" || e.Window != "all" || e.Metric != row[a.column("metric")] || e.Metric == "learning_per_failure.power" {
					continue
				}
				for name, x := range map[string]float64{"estimate": e.Value, "low": e.Low, "high": e.High} {
					compared[p.Title]++
					want := strings.ReplaceAll(review.Figure(x, e.Unit), "\u00a0", " ")
					if got := row[a.column(name)].(string); got != want {
						t.Errorf("%s, %s, %s: the dashboard shows %s, the review %s", p.Title, e.Metric, name, got, want)
					}
				}
			}
		}
	}
	for title, least := range map[string]int{boardTitle: 18, "Scorecard": 55, restsTitle: 18, "Tuition": 24, "Which net held": 12, "Foresight": 33} {
		if compared[title] < least {
			t.Errorf("%s: only %d figures were compared", title, compared[title])
		}
	}
}
