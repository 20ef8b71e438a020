package review

import (
	"fmt"
	"regexp"
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
	Decide   []string
}

func answerOf(f *Facts, q Quarter, es estimates) answer {
	continued := f.continued()
	a := answer{Happened: happened(f, q, continued), Learned: headlines(es, f.Quarter)}
	if c, ok := timelineChart(f, q, classesOf(f.Input.Recurrences), continued); ok {
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
	a.Decide = decisions(f, q, continued)
	return a
}

// headlines are the first measure of each family, in its own words.
func headlines(es estimates, window string) []statement {
	var out []statement
	for _, metric := range HeadlineMetrics() {
		if e, ok := es.pick(metric, window); ok {
			fam, _ := familyOf(metric)
			out = append(out, statement{fam.title, plainly(e.Reading), markOf(e.State), upTo(e)})
		}
	}
	return out
}

// methodNamed is the end of a sentence that names how its interval was made.
var methodNamed = regexp.MustCompile(`\((\d[\d.]*\x{a0}?\s?%), [\pL–’ -]+\)`)

// plainly leaves to the method's own chapter how an interval was made, and says
// what a word means that only those who count failures know.
func plainly(reading string) string {
	s := methodNamed.ReplaceAllString(reading, "($1)")
	if strings.Contains(s, "uncontained") {
		s += " Uncontained are those that nothing, such as a canary or an experiment, kept from users."
	}
	return s
}

// upTo is a statement's window; a trend's reaches from the record's start to it.
func upTo(e learning.Estimate) string {
	if e.Window != wholeRecord && strings.HasPrefix(e.Metric, "learning_derivative.") {
		return "up to " + e.Window
	}
	return windowWords(e.Window)
}

func windowWords(window string) string {
	if window == wholeRecord {
		return "whole record"
	}
	return window
}

func happened(f *Facts, q Quarter, continued map[string]bool) string {
	classes := classesOf(f.Input.Recurrences)
	unended := learning.UnendedBefore(&f.Input)
	var total, unknown, first, lasting, drills, duplicates, again int
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
		case continued[x.ID]:
			again++
			continue
		}
		total++
		switch {
		case classes[x.ID] != "":
			by[classes[x.ID]]++
		case x.FailureMode == "":
			unknown++
		case unended[x.ID]:
			lasting++
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
	add(by["known_open"], "known, with a fix declared and not known to be closed")
	add(by["unaddressed"], "known, with nothing done about it")
	add(lasting, "met before, with no earlier one known to have ended")
	add(first, "not met before")
	add(unknown, "of unknown kind")
	s := fmt.Sprintf("%s in %s: %s.", plural(total, "incident", "incidents"), q, list(parts))
	if len(parts) == 1 {
		_, kind, _ := strings.Cut(parts[0], " ")
		s = fmt.Sprintf("%s in %s, %s%s.", plural(total, "incident", "incidents"), q, map[bool]string{true: "", false: "all "}[total == 1], kind)
	}
	var apart []string
	for _, left := range []struct {
		n         int
		one, many string
	}{{drills, "drill", "drills"}, {duplicates, "duplicate", "duplicates"}, {again, "continuation of an earlier failure", "continuations of earlier failures"}} {
		if left.n > 0 {
			apart = append(apart, plural(left.n, left.one, left.many))
		}
	}
	if len(apart) > 0 {
		s += " Left out: " + list(apart) + "."
	}
	return s
}

// openAt says whether an improvement was opened, and neither closed nor given up, by a moment.
func openAt(x *learning.Improvement, at int64) bool {
	before := func(t int64) bool { return t != 0 && t < at }
	return before(x.OpenedAt) && (!before(x.ClosedAt) || before(x.ReopenedAt)) && !before(x.AbandonedAt)
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
