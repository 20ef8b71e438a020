package review

import (
	"fmt"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// headlines are the measures that the one-page answer speaks of, in order of
// preference within each family.
var headlines = []struct {
	label   string
	metrics []string
}{
	{"Repeats", []string{"repeat_rate.after_fix.90d", "repeat_rate.after_fix.180d", "repeat_rate.after_first.90d", "repeat_rate"}},
	{"Direction", []string{"learning_derivative.uncontained", "learning_derivative"}},
	{"Monitoring", []string{"monitoring_gaps.told_by_customers", "monitoring_gaps"}},
	{"Changes", []string{"change_safety.failed", "change_safety"}},
}

// HeadlineMetrics names the measures of the one-page answer, so that a
// dashboard can show the same sentences.
func HeadlineMetrics() []string {
	var out []string
	for _, h := range headlines {
		out = append(out, h.metrics...)
	}
	return out
}

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
	Learned  []statement
	Cannot   string
	Decide   string
}

func answerOf(f *Facts, q Quarter, es estimates) answer {
	a := answer{Happened: happened(f, q)}
	var unsaid []string
	for _, h := range headlines {
		e, ok := pick(es, h.metrics, f.Quarter)
		if !ok {
			continue
		}
		if e.State != learning.OK {
			unsaid = append(unsaid, strings.ToLower(h.label))
		}
		a.Learned = append(a.Learned, statement{h.label, e.Reading, markOf(e.State), windowWords(e.Window)})
	}
	if len(unsaid) > 0 {
		a.Cannot = "The data does not yet carry a figure for " + list(unsaid) + ". The sentences above say what is missing. A missing figure is not good news and not bad news."
	} else if len(a.Learned) > 0 {
		a.Cannot = "Why any of these numbers is what it is. They describe what was reported, each within its interval."
	}
	a.Decide = decide(f)
	return a
}

// pick takes the quarter's own estimate before that of the whole record, and
// one that may be read before one that may not.
func pick(es estimates, metrics []string, quarter string) (learning.Estimate, bool) {
	var found *learning.Estimate
	for _, window := range []string{quarter, "all"} {
		for _, m := range metrics {
			e, ok := es.of(m, window)
			if ok && e.State == learning.OK {
				return e, true
			}
			if ok && found == nil {
				found = &e
			}
		}
	}
	if found == nil {
		return learning.Estimate{}, false
	}
	return *found, true
}

func windowWords(window string) string {
	if window == "all" {
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
	if drills+duplicates > 0 {
		s += fmt.Sprintf(" Left out: %s and %s.", plural(drills, "drill", "drills"), plural(duplicates, "duplicate", "duplicates"))
	}
	return s
}

func decide(f *Facts) string {
	var open int
	var oldest *learning.Improvement
	for i := range f.Input.Improvements {
		x := &f.Input.Improvements[i]
		if x.OpenedAt == 0 || x.ClosedAt != 0 || x.AbandonedAt != 0 {
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
	again := 0
	for _, r := range f.Input.Recurrences {
		if r.Class == "known_open" {
			again++
		}
	}
	s := fmt.Sprintf("%s still open; the oldest, “%s”, since %s.", plural(open, "known improvement is", "known improvements are"), f.title(oldest.ID), day(oldest.OpenedAt))
	if again > 0 {
		s += fmt.Sprintf(" %s came back while their fix lay open. Close, fund or abandon them.", plural(again, "failure", "failures"))
	}
	return s
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
