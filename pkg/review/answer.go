package review

import (
	"fmt"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// A statement is one sentence with how far it may be trusted.
type statement struct {
	Label string
	Text  string
	State stateMark
	Scope string // the quarter or the whole record
}

// answer is the first thing on the page: what was learned, what cannot be
// said, what needs a decision.
type answer struct {
	Happened string
	Charts   []chart
	Heading  string
	Learned  []statement
	Cannot   string
	Decide   string
}

func answerOf(f *Facts, q Quarter, es estimates) answer {
	a := answer{Happened: happened(f, q), Learned: headlines(es, f.Quarter)}
	if c, ok := timelineChart(f, q, classesOf(f.Input.Recurrences)); ok {
		a.Charts = append(a.Charts, c)
	}
	var unsaid []string
	for _, s := range a.Learned {
		if s.State.Class != "ok" {
			unsaid = append(unsaid, strings.ToLower(s.Label))
		}
	}
	a.Heading = "What we learned"
	if len(unsaid) == len(a.Learned) {
		a.Heading = "What the record says so far"
	}
	if len(unsaid) > 0 {
		a.Cannot = "The data does not yet carry a figure for " + list(unsaid) + ". The sentences above say what is missing. A missing figure is neither good nor bad news."
	} else if len(a.Learned) > 0 {
		a.Cannot = "Why any of these numbers is what it is. They describe what was reported, each within its interval."
	}
	a.Decide = decide(f, q)
	return a
}

// headlines are the first measure of each family, in its own words.
func headlines(es estimates, window string) []statement {
	var out []statement
	for _, metric := range HeadlineMetrics() {
		if e, ok := es.pick(metric, window); ok {
			fam, _ := familyOf(metric)
			out = append(out, statement{fam.title, e.Reading, markOf(e.State), windowWords(e.Window)})
		}
	}
	return out
}

func windowWords(window string) string {
	if window == wholeRecord {
		return "whole record"
	}
	return window
}

func happened(f *Facts, q Quarter) string {
	classes := classesOf(f.Input.Recurrences)
	var total, unknown, first, drills, duplicates int
	by := map[string]int{}
	for i := range f.Input.Incidents {
		x := &f.Input.Incidents[i]
		if !q.Holds(x.At()) {
			continue
		}
		switch {
		case x.IsDrill:
			drills++
			continue
		case x.DuplicateOf != "":
			duplicates++
			continue
		}
		total++
		switch {
		case classes[x.ID] != "":
			by[classes[x.ID]]++
		case x.FailureMode == "":
			unknown++
		default:
			first++
		}
	}
	if total == 0 {
		return "No incident was reported in " + q.String() + "."
	}
	var parts []string
	add := func(n int, words string) {
		if n > 0 {
			parts = append(parts, count(n)+" "+words)
		}
	}
	add(by["repeat"], "of a kind that had been declared fixed")
	add(by["known_open"], "known, with the fix still open")
	add(by["unaddressed"], "known, with nothing done about it")
	add(first, "not met before")
	add(unknown, "of unknown kind")
	s := fmt.Sprintf("%s in %s: %s.", plural(total, "incident", "incidents"), q, list(parts))
	if len(parts) == 1 {
		_, kind, _ := strings.Cut(parts[0], " ")
		s = fmt.Sprintf("%s in %s, %s%s.", plural(total, "incident", "incidents"), q, map[bool]string{true: "", false: "all "}[total == 1], kind)
	}
	if drills+duplicates > 0 {
		s += fmt.Sprintf(" Left out: %s and %s.", plural(drills, "drill", "drills"), plural(duplicates, "duplicate", "duplicates"))
	}
	return s
}

// decide names the known improvements that were open when the quarter ended.
func decide(f *Facts, q Quarter) string {
	end := f.endOf(q)
	var open int
	var oldest *learning.Improvement
	for i := range f.Input.Improvements {
		x := &f.Input.Improvements[i]
		if !openAt(x, end) {
			continue
		}
		open++
		if oldest == nil || x.OpenedAt < oldest.OpenedAt {
			oldest = x
		}
	}
	if oldest == nil {
		return ""
	}
	in := map[string]bool{}
	for i := range f.Input.Incidents {
		if x := &f.Input.Incidents[i]; q.Holds(x.At()) {
			in[x.ID] = true
		}
	}
	again := 0
	for _, r := range f.Input.Recurrences {
		if r.Class == "known_open" && in[r.IncidentID] {
			again++
		}
	}
	s := fmt.Sprintf("%s open at the end of the quarter; the oldest, “%s”, since %s.",
		plural(open, "known improvement was", "known improvements were"), f.title(oldest.ID), day(oldest.OpenedAt))
	if again > 0 {
		s += fmt.Sprintf(" %s came back in the quarter while the fix lay open.", plural(again, "failure", "failures"))
	}
	return s
}

// openAt says whether an improvement was opened, and neither closed nor given up, by a moment.
func openAt(x *learning.Improvement, at int64) bool {
	before := func(t int64) bool { return t != 0 && t < at }
	return before(x.OpenedAt) && !before(x.ClosedAt) && !before(x.AbandonedAt)
}

func list(parts []string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}
