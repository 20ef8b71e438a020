package review

import (
	"fmt"
	"strings"
)

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
