package review

import (
	"fmt"
	"math"
	"slices"
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
		for d := range s.Deploys.Days() {
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
