package review

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// quality comes before every result: what the numbers rest on, and what they lack.
func quality(f *Facts, q Quarter, es estimates) section {
	s := section{ID: "data", Title: "What the numbers rest on"}
	var n, mode, severity, service, start, environment int64
	for i := range f.Input.Incidents {
		x := &f.Input.Incidents[i]
		if x.IsDrill || x.DuplicateOf != "" || !q.Holds(x.At()) {
			continue
		}
		n++
		mode += one(x.FailureMode == "")
		severity += one(x.Severity == 0)
		service += one(x.Service == "")
		start += one(x.StartedAt == 0)
		environment += one(x.Environment == "")
	}
	t := table{Caption: "Incidents that lack what the measures need", Cards: true, Columns: []column{{"What is missing", ""}, {"In " + q.String(), "n"}, {"Whole record", "n"}, {"What it weakens", ""}}}
	c := f.Input.Coverage
	for _, r := range []struct {
		name            string
		quarter, record int64
		weakens         string
	}{
		{"failure mode", mode, c.NoFailureMode, "Repeats: an unknown mode can neither repeat nor be fixed."},
		{"start", start, c.NoStart, "Time to detect, and which changes lay before it."},
		{"severity", severity, c.NoSeverity, "Everything that is told apart by severity."},
		{"service", service, c.NoService, "Every number below the organisation."},
		{"environment", environment, c.NoEnvironment, "Links to changes: an unknown environment matches any."},
	} {
		if c.Incidents == 0 {
			continue
		}
		t.Rows = append(t.Rows, []cell{{Text: upperFirst(r.name)}, {Text: ofAll(r.quarter, n)}, {Text: ofAll(r.record, c.Incidents)}, {Text: r.weakens}})
	}
	if c.Incidents > 0 {
		t.Rows = append(t.Rows, []cell{{Text: "Catalog entry of the service"}, {Text: "–"}, {Text: ofAll(c.NotInCatalog, c.Incidents)}, {Text: "Teams, tiers and direct dependencies."}})
	}
	if c.Fixes > 0 {
		t.Rows = append(t.Rows, []cell{{Text: "Witness of a declared fix"}, {Text: "–"}, {Text: ofAll(c.UnwitnessedFixes, c.Fixes)}, {Text: "Repeats: the day of such a fix is taken as it was stated."}})
	}
	if len(t.Rows) > 0 {
		s.Tables = append(s.Tables, t)
	}
	s.Lead = exposure(f, q, es)
	for _, apart := range []struct{ metric, title string }{
		{"counted.merged", "Counted as one"}, {"counted.drills", "Drills"}, {"counted.duplicates", "Duplicates"},
	} {
		if e, ok := es.of(apart.metric, q.String()); ok && e.Events > 0 {
			s.Readings = append(s.Readings, statement{apart.title, e.Reading, markOf(e.State), windowWords(e.Window)})
		}
	}
	if len(f.Rejections) > 0 {
		s.Tables = append(s.Tables, rejections(f.Rejections))
	}
	return s
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func ofAll(k, n int64) string {
	if n == 0 {
		return "–"
	}
	return count(k) + " of " + count(n)
}

// exposure says below what the rates stand.
func exposure(f *Facts, q Quarter, es estimates) string {
	var days float64
	var services, deploys int64
	from, to := q.Start().UnixMilli(), min(q.End().UnixMilli(), f.Snapshot.AsOf)
	for _, s := range f.Input.Services {
		a, b := max(s.AliveFrom, from), min(s.AliveTo, to)
		if b > a {
			services++
			days += float64(b-a) / 86400e3
		}
		for _, d := range s.Deploys {
			if t := int64(d.Day) * 86400e3; t >= from && t < to {
				deploys += int64(d.Deploys)
			}
		}
	}
	if services == 0 {
		if f.Input.Start > to {
			return fmt.Sprintf("No service was under observation in %s: the record begins on %s.", q, day(f.Input.Start))
		}
		return ""
	}
	if e, ok := es.of("monitoring_gaps.told_by_customer", q.String()); ok && e.Exposure > 0 {
		days = e.Exposure // less the merging windows: what the rates of the quarter stand below
	}
	return fmt.Sprintf("In %s there were %s under observation for %s service-days in all, with %s. Rates stand below these denominators, never below calendar months.",
		q, plural(services, "service", "services"), count(int64(math.Round(days))), plural(deploys, "deploy", "deploys"))
}

func rejections(by map[string]int64) table {
	t := table{Caption: "Records that were refused", Columns: []column{{"Code", ""}, {"Records", "n"}}, Closed: true}
	codes := make([]string, 0, len(by))
	for c := range by {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	for _, c := range codes {
		t.Rows = append(t.Rows, []cell{{Text: spaced(c)}, {Text: count(by[c])}})
	}
	return t
}

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
			c.Link = ExplainLink(m.metric, learning.Scope{Kind: organisation}, q.String())
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

func incidents(f *Facts, q Quarter) section {
	s := section{ID: "incidents", Title: "Incidents of the quarter"}
	continued := f.continued()
	classes := classesOf(f.Input.Recurrences)
	t := table{Cards: true, Columns: []column{{"Incident", "wide"}, {"Service", ""}, {"Began", ""}, {"Told by", ""}, {"Lasted", "n"}, {"Changes before it", ""}}}
	for i := range f.Input.Incidents {
		x := &f.Input.Incidents[i]
		if x.IsDrill || x.DuplicateOf != "" || !q.Holds(x.At()) {
			continue
		}
		sub := []string{severityWord(x.Severity)}
		if x.FailureMode != "" {
			sub = append(sub, spaced(x.FailureMode))
		} else {
			sub = append(sub, "failure mode unknown")
		}
		if continued[x.ID] {
			sub = append(sub, "continues an earlier failure, counted with it")
		} else if c := classWords[classes[x.ID]]; c != "" {
			sub = append(sub, c)
		}
		began := cell{Text: date(x.StartedAt), Sub: clock(x.StartedAt)}
		if x.StartedAt == 0 {
			sign := "first sign"
			if x.DetectedAt != 0 {
				sign = "detected"
			}
			began = cell{Text: date(x.At()), Sub: clock(x.At()) + ", " + sign + "; start unknown"}
		}
		lasted := cell{Text: "open"}
		switch {
		case x.ResolvedAt != 0 && x.StartedAt != 0:
			lasted = cell{Text: span(x.ResolvedAt - x.StartedAt)}
		case x.ResolvedAt != 0:
			lasted = cell{Text: "unknown"}
		}
		if x.StatedResolveSeconds > 0 {
			lasted.Sub = "stated: " + duration(float64(x.StatedResolveSeconds))
		}
		told := spaced(x.DetectionSource)
		if told == "" {
			told = "unknown"
		}
		t.Rows = append(t.Rows, []cell{{Text: f.title(x.ID), Sub: strings.Join(sub, " · ")}, {Text: orUnknown(x.Service)}, began, {Text: told}, lasted, candidates(f.Candidates[x.ID])})
	}
	if len(t.Rows) > 0 {
		s.Lead = "An inferred change lay before the incident within the attribution window; it is a candidate among others and makes no change a failed one."
		s.Tables = append(s.Tables, t)
	}
	return s
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func severityWord(s uint8) string {
	if s == 0 {
		return "severity unknown"
	}
	return fmt.Sprintf("severity %d", s)
}

const mostCandidates = 10

func candidates(cs []Candidate) cell {
	if len(cs) == 0 {
		return cell{Text: "none"}
	}
	by := map[string]int{}
	m := more{}
	for i, c := range cs {
		by[c.Link]++
		if i < mostCandidates {
			name := c.Service
			if c.Version != "" {
				name += " " + c.Version
			}
			m.Lines = append(m.Lines, fmt.Sprintf("%s · %s · %s before", name, c.Link, duration(float64(c.LagSeconds))))
		}
	}
	if len(cs) > mostCandidates {
		m.Lines = append(m.Lines, fmt.Sprintf("and %s more", count(len(cs)-mostCandidates)))
	}
	var parts []string
	for _, link := range []string{"stated", "corroborated", "inferred"} {
		if by[link] > 0 {
			parts = append(parts, count(by[link])+" "+link)
		}
	}
	m.Summary = strings.Join(parts, ", ")
	return cell{More: &m}
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
