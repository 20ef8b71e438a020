package review

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// readings are the sentences of a family's measures for the quarter, else for
// the whole record. A measure that has nothing to count is not spoken of here.
func readings(es estimates, q Quarter, prefix string) []statement {
	var out []statement
	for _, m := range familyNamed(prefix).measures {
		if e, ok := es.pick(m.metric, q.String()); ok && e.N > 0 {
			out = append(out, statement{m.title, e.Reading, markOf(e.State), upTo(e)})
		}
	}
	return out
}

func charts(es estimates, q Quarter, prefix string) []chart {
	var out []chart
	for _, m := range familyNamed(prefix).measures {
		if !m.charts {
			continue
		}
		if c, ok := intervalChart("by-quarter-"+slug(m.metric), m.title+", by quarter", es.quarters(m.metric), q.String()); ok {
			if m.metric == "repeat_rate.repeats" {
				c.Note = "it rises as the record grows and more modes are fixed: compare late quarters only"
			}
			c.Link = es.link(m.metric, learning.Scope{Kind: organisation}, q.String())
			out = append(out, c)
		}
	}
	return out
}

func slug(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, s)
}

func repeats(f *Facts, q Quarter, es estimates) section {
	continued := f.continued()
	s := section{ID: "repeats", Title: "Repeats and learning per failure"}
	for _, family := range []string{"learning_per_failure", "learning_derivative", "repeat_rate"} {
		s.Readings = append(s.Readings, readings(es, q, family)...)
	}
	s.Charts = append(charts(es, q, "learning_per_failure"), charts(es, q, "repeat_rate")...)
	if e, ok := es.pick("repeat_rate.after_end.90d", q.String()); ok {
		if c, ok := dotplot("repeats-dots", e); ok {
			s.Charts = append(s.Charts, c)
		}
	}
	s.Charts = append(s.Charts, charts(es, q, "learning_derivative")...)
	when := map[string]*learning.Incident{}
	for i := range f.Input.Incidents {
		when[f.Input.Incidents[i].ID] = &f.Input.Incidents[i]
	}
	t := table{Caption: "What came back in " + q.String(), Columns: []column{{"Failure", ""}, {"Class", ""}, {"Earlier failure", ""}, {"Gap", "n"}}}
	for _, class := range []string{"repeat", "known_open", "unaddressed"} {
		for _, r := range f.Input.Recurrences {
			x := when[r.IncidentID]
			if r.Class != class || x == nil || continued[x.ID] || !q.Holds(x.At()) {
				continue
			}
			kind := cell{Text: upperFirst(classWords[r.Class])}
			if r.AlsoOpen {
				kind.Sub = "another fix is open"
			}
			if r.Abandoned {
				kind.Sub = "its fix was abandoned"
			}
			earlier := cell{Text: f.title(r.EarlierID)}
			if e := when[r.EarlierID]; e != nil {
				earlier.Sub = day(e.At())
			}
			t.Rows = append(t.Rows, []cell{{Text: f.title(r.IncidentID), Sub: x.Service + " · " + spaced(x.FailureMode) + " · " + day(x.At())}, kind, earlier, {Text: duration(float64(r.GapSeconds))}})
		}
	}
	if len(t.Rows) > 0 {
		s.Tables = append(s.Tables, t)
	}
	return s
}

func monitoring(f *Facts, q Quarter, es estimates) section {
	s := section{ID: "monitoring", Title: "Monitoring gaps, the oldest first", Readings: readings(es, q, "monitoring_gaps"), Charts: charts(es, q, "monitoring_gaps")}
	open := table{Caption: "Open at the end of the quarter", Columns: []column{{"Gap", ""}, {"Service", ""}, {"Found", ""}, {"Open for", "n"}}}
	closed := table{Caption: "Closed in the quarter", Columns: []column{{"Gap", ""}, {"Service", ""}, {"Closed", ""}, {"State", ""}, {"Took", "n"}}}
	end := f.endOf(q)
	gaps := slices.Clone(f.Input.Gaps)
	slices.SortStableFunc(gaps, func(a, b learning.MonitoringGap) int { return cmp.Compare(a.FoundAt, b.FoundAt) })
	for _, g := range gaps {
		name := cell{Text: f.title(g.ID), Sub: spaced(g.FailureMode)}
		switch {
		case q.Holds(g.ClosedAt):
			closed.Rows = append(closed.Rows, []cell{name, {Text: g.Service}, {Text: day(g.ClosedAt)}, {Text: upperFirst(g.State), Sub: day(g.DecidedAt)}, {Text: span(g.ClosedAt - g.FoundAt)}})
		case g.FoundAt != 0 && g.FoundAt < end && (g.ClosedAt == 0 || g.ClosedAt >= end):
			open.Rows = append(open.Rows, []cell{name, {Text: g.Service}, {Text: day(g.FoundAt)}, {Text: span(end - g.FoundAt)}})
		}
	}
	for _, t := range []table{open, closed} {
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	return s
}

func changes(f *Facts, q Quarter, es estimates) section {
	s := section{
		ID: "changes", Title: "Changes",
		Readings: append(readings(es, q, "change_safety"), readings(es, q, "change_safety.excess")...),
		Charts:   append(charts(es, q, "change_safety"), charts(es, q, "change_safety.excess")...),
	}
	t := table{Caption: "Failed changes of " + q.String(), Closed: true, Columns: []column{{"Change", ""}, {"Service", ""}, {"Finished", ""}, {"Why it counts as failed", ""}}}
	for _, x := range f.Input.FailedChange {
		if q.Holds(x.FinishedAt) {
			t.Rows = append(t.Rows, []cell{{Text: f.title(x.ID), Sub: spaced(x.Rollout)}, {Text: x.Service}, {Text: moment(x.FinishedAt)}, {Text: upperFirst(whyFailed(x.Why))}})
		}
	}
	if len(t.Rows) > 0 {
		s.Tables = append(s.Tables, t)
	}
	return s
}

// tuition is what failures cost, as far as it was told.
func tuition(q Quarter, es estimates) section {
	return section{ID: "tuition", Title: "Tuition", Readings: readings(es, q, "tuition")}
}

// whyFailed says in words why a change counts as failed.
func whyFailed(why string) string {
	switch why {
	case "outcome":
		return "reported as failed"
	case "stated":
		return "named as the cause of an incident"
	case "corroborated":
		return "undone, which ended an incident"
	}
	return spaced(why)
}

func durations(f *Facts, q Quarter, es estimates) section {
	s := section{
		ID: "durations", Title: "Durations",
		Lead:     "Medians, never means: a few long incidents would carry a mean anywhere. Unfinished ones are kept as censored. What people stated stands apart from what was derived from times.",
		Readings: readings(es, q, "durations"),
	}
	if len(s.Readings) == 0 {
		return section{}
	}
	if c, ok := resolveChart(f, q); ok {
		s.Charts = append(s.Charts, c)
	}
	s.Charts = append(s.Charts, charts(es, q, "durations")...)
	return s
}

func improvements(f *Facts, q Quarter, es estimates) section {
	s := section{ID: "improvements", Title: "Improvements"}
	open := table{Caption: "Declared and not known to be closed at the end of the quarter, the oldest first", Columns: []column{{"Improvement", ""}, {"Service", ""}, {"Opened", ""}, {"Open for", "n"}}}
	closed := table{Caption: "Declared done in " + q.String(), Columns: []column{{"Improvement", ""}, {"Service", ""}, {"Declared", ""}, {"Verified", ""}, {"Took", "n"}}}
	end := f.endOf(q)
	xs := slices.Clone(f.Input.Improvements)
	slices.SortStableFunc(xs, func(a, b learning.Improvement) int {
		when := func(x learning.Improvement) int64 { // as it stands in its list: when it was declared, else opened
			if q.Holds(x.ClosedAt) {
				return x.ClosedAt
			}
			return x.OpenedAt
		}
		return cmp.Compare(when(a), when(b))
	})
	for _, x := range xs {
		name := cell{Text: f.title(x.ID), Sub: strings.Trim(spaced(x.Kind)+", "+spaced(x.FailureMode), ", ")}
		switch {
		case q.Holds(x.ClosedAt):
			verified, took := "not yet", "–"
			if x.VerifiedAt != 0 {
				verified = day(x.VerifiedAt)
			}
			if x.OpenedAt != 0 {
				took = span(x.ClosedAt - x.OpenedAt)
			}
			closed.Rows = append(closed.Rows, []cell{name, {Text: x.Service}, {Text: day(x.ClosedAt)}, {Text: verified}, {Text: took}})
		case openAt(&x, end):
			age := cell{Text: span(end - x.OpenedAt)}
			if endUntold(&x) {
				age = cell{Text: "unknown", Sub: "its source tells no end"}
			}
			open.Rows = append(open.Rows, []cell{name, {Text: x.Service}, {Text: day(x.OpenedAt)}, age})
		}
	}
	for _, t := range []table{closed, open} {
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	if len(closed.Rows) > 0 {
		s.Lead = "An improvement counts as declared, not as learned: only failures that do not come back show that."
	}
	return s
}

// scopes shows the main measures for teams and services, folded away.
func scopes(f *Facts) section {
	s := section{
		ID: "scopes", Title: "Teams, environments, failure modes and services",
		Lead: "In alphabetical order, for these are no rankings: small scopes have wide intervals, and most of what looks like a difference between them is chance.",
	}
	for _, kind := range []string{"team", "environment", "failure_mode", "service"} {
		t := table{
			Caption: "By " + strings.ReplaceAll(kind, "_", " ") + ", whole record", Closed: true,
			Columns: []column{{upperFirst(strings.ReplaceAll(kind, "_", " ")), ""}, {"Measure", ""}, {"Estimate", "n"}, {"Low – high", "n"}, {"n", "n"}, {"State", "state"}},
		}
		var rows []learning.Estimate
		for _, e := range f.Snapshot.Estimates {
			if e.Scope.Kind == kind && e.Window == wholeRecord && slices.Contains(HeadlineMetrics(), e.Metric) {
				rows = append(rows, e)
			}
		}
		slices.SortStableFunc(rows, func(a, b learning.Estimate) int {
			return cmp.Or(cmp.Compare(a.Scope.Name, b.Scope.Name), cmp.Compare(slices.Index(HeadlineMetrics(), a.Metric), slices.Index(HeadlineMetrics(), b.Metric)))
		})
		for _, e := range rows {
			mark := markOf(e.State)
			t.Rows = append(t.Rows, []cell{
				{Text: e.Scope.Name},
				{Text: Title(e.Metric), Sub: unitWords(e.Unit)},
				{Text: valueOf(e)},
				{Text: interval(e)},
				{Text: count(e.N)},
				{Text: mark.Word, Mark: &mark, Sub: e.Verdict},
			})
		}
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	return s
}

func method(f *Facts, es estimates) section {
	s := section{ID: "method", Title: "Method"}
	how := table{Caption: "How the measures of this page are defined and computed", Closed: true, Columns: []column{{"Measure", ""}, {"Definition", "wide"}, {"Estimator and interval", "wide"}}}
	every := table{
		Caption: "Every measure of the quarter and of the whole record", Closed: true, Screen: true,
		Columns: []column{{"Measure", ""}, {"Window", ""}, {"Estimate", "n"}, {"Low – high", "n"}, {"n", "n"}, {"State", "state"}, {"Reading", "wide"}},
	}
	for _, m := range learning.Metrics {
		var method string
		for _, window := range []string{f.Quarter, wholeRecord} {
			e, ok := es.of(m.Name, window)
			if !ok {
				continue
			}
			method = e.Method
			mark := markOf(e.State)
			every.Rows = append(every.Rows, []cell{
				{Text: Title(m.Name), Sub: unitWords(e.Unit)},
				{Text: windowWords(window)},
				{Text: valueOf(e)},
				{Text: interval(e)},
				{Text: count(e.N)},
				{Text: mark.Word, Mark: &mark},
				{Text: e.Reading},
			})
		}
		if method != "" && Title(m.Name) != words(m.Name) {
			how.Rows = append(how.Rows, []cell{{Text: Title(m.Name), Sub: m.Name}, {Text: m.Definition}, {Text: upperFirst(method), Sub: m.Source}})
		}
	}
	for _, t := range []table{how, every} {
		if len(t.Rows) > 0 {
			s.Tables = append(s.Tables, t)
		}
	}
	facts := table{Caption: "What this page was made from", Columns: []column{{"What", ""}, {"Value", ""}}}
	for _, r := range [][2]string{
		{"Observed until", moment(f.Snapshot.AsOf) + " UTC"},
		{"Computed", moment(f.Snapshot.ComputedAt.UnixMilli()) + " UTC"},
		{"Events counted", count(f.Snapshot.InputEvents)},
		{"Run", f.Snapshot.RunID},
		{"Input hash", f.Input.Hash},
		{"Version", f.Version},
	} {
		if r[1] != "" {
			facts.Rows = append(facts.Rows, []cell{{Text: r[0]}, {Text: r[1]}})
		}
	}
	s.Tables = append(s.Tables, facts)
	return s
}
