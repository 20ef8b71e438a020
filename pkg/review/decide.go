package review

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// decisions are what a quarter leaves for those who decide: what came back with
// nothing done, what came back after its fix, and what lay open at its end.
func decisions(f *Facts, q Quarter, continued map[string]bool) []string {
	var out []string
	add := func(s string) {
		if s != "" {
			out = append(out, s)
		}
	}
	classes := classesOf(f.Input.Recurrences)
	back := map[string]int{}
	neglected := map[string]int{}
	for i := range f.Input.Incidents {
		x := &f.Input.Incidents[i]
		if x.IsDrill || x.DuplicateOf != "" || continued[x.ID] || !q.Holds(x.At()) {
			continue
		}
		class := classes[x.ID]
		back[class]++
		if class == "unaddressed" {
			neglected[spaced(x.FailureMode)+" · "+orUnknown(x.Service)]++
		}
	}
	if n := back["unaddressed"]; n > 0 {
		add(fmt.Sprintf("%s back with nothing done about %s: %s.", plural(n, "failure came", "failures came"), map[bool]string{true: "it", false: "them"}[n == 1], mostOf(neglected, 3)))
	}
	if n := back["repeat"]; n > 0 {
		add(plural(n, "failure came", "failures came") + " back after a declared fix.")
	}
	add(openGaps(f, q))
	add(openImprovements(f, q, back["known_open"]))
	return out
}

// mostOf names the few that are met most often, with how often.
func mostOf(counts map[string]int, few int) string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, name := range names[:min(few, len(names))] {
		parts = append(parts, fmt.Sprintf("%s (%d)", name, counts[name]))
	}
	if rest := len(names) - few; rest > 0 {
		parts = append(parts, plural(rest, "other mode of a service", "other modes of services"))
	}
	return list(parts)
}

func openGaps(f *Facts, q Quarter) string {
	end := f.endOf(q)
	open, oldest := 0, end
	for _, g := range f.Input.Gaps {
		if g.FoundAt != 0 && g.FoundAt < end && (g.ClosedAt == 0 || g.ClosedAt >= end) {
			open++
			oldest = min(oldest, g.FoundAt)
		}
	}
	if open == 0 {
		return ""
	}
	return fmt.Sprintf("%s open at the end of the quarter, the oldest for %s.", plural(open, "monitoring gap was", "monitoring gaps were"), span(end-oldest))
}

// openImprovements tells those known to be open from those of which the source tells no end.
func openImprovements(f *Facts, q Quarter, again int) string {
	end := f.endOf(q)
	var open, untold int
	var oldest *learning.Improvement
	for i := range f.Input.Improvements {
		x := &f.Input.Improvements[i]
		switch {
		case !openAt(x, end):
		case endUntold(x):
			untold++
		default:
			open++
			if oldest == nil || x.OpenedAt < oldest.OpenedAt {
				oldest = x
			}
		}
	}
	s := ""
	if open > 0 {
		s = fmt.Sprintf("%s open at the end of the quarter; the oldest, “%s”, since %s.",
			plural(open, "known improvement was", "known improvements were"), f.title(oldest.ID), day(oldest.OpenedAt))
	}
	if untold > 0 {
		if s != "" {
			s += " "
		}
		s += fmt.Sprintf("%s of unknown state (%s source tells no end).", plural(untold, "declared improvement is", "declared improvements are"), map[bool]string{true: "its", false: "their"}[untold == 1])
	}
	if again > 0 && s != "" {
		s += fmt.Sprintf(" %s back in the quarter with a fix declared and not known to be closed.", plural(again, "failure came", "failures came"))
	}
	return s
}

// endUntold says of an improvement that history tells only that it was opened:
// reports that list what is to be done rarely tell whether it was.
func endUntold(x *learning.Improvement) bool {
	return x.Imported && x.OpenedAt != 0 && x.ClosedAt == 0 && x.VerifiedAt == 0 && x.AbandonedAt == 0
}
