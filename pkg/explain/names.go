package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tuition-hq/tuition/pkg/learning"
)

// Family is the first part of a metric's name: repeat_rate of repeat_rate.after_fix.30d.
func Family(metric string) string {
	head, _, _ := strings.Cut(metric, ".")
	return head
}

// Parts are the metrics of a family, in their order; none if there is no such family.
func Parts(family string) []learning.Metric {
	var out []learning.Metric
	for _, m := range learning.Metrics {
		if Family(m.Name) == family {
			out = append(out, m)
		}
	}
	return out
}

// List is a family's metrics with what each is, in their order.
func List(family string) []Part {
	var out []Part
	for _, m := range Parts(family) {
		out = append(out, Part{Name: m.Name, Definition: m.Definition})
	}
	return out
}

// Families are all of them, in the order in which the metrics stand.
func Families() []string {
	var out []string
	for _, m := range learning.Metrics {
		if family := Family(m.Name); !slices.Contains(out, family) {
			out = append(out, family)
		}
	}
	return out
}

// Known says that a name is neither a metric nor a family, as Missing, with the nearest there are.
func Known(name string) error {
	if _, metric := learning.Lookup(name); metric || len(Parts(name)) > 0 {
		return nil
	}
	return Missing{unknown(name)}
}

// Offered says, as Missing, why nothing of a family is given for a scope's kind and window.
func Offered(estimates []learning.Estimate, family string, ask Ask) error {
	why := ""
	for _, m := range Parts(family) {
		why = learning.Absent(estimates, m.Name, ask.Scope.Kind, ask.Window)
		if why == "" {
			return nil
		}
	}
	return Missing{fmt.Errorf("%s %s", family, why)}
}

const fewNames = 3

func unknown(name string) error {
	shown := name
	if len(shown) > 60 {
		shown = shown[:60] + "…"
	}
	return fmt.Errorf("there is no metric %q; the nearest are %s", shown, strings.Join(nearest(name), ", "))
}

// nearest are the names of metrics and families that differ least from a name.
func nearest(name string) []string {
	name = strings.ToLower(name)
	if runes := []rune(name); len(runes) > 100 {
		name = string(runes[:100])
	}
	candidates := Families()
	for _, m := range learning.Metrics {
		if !slices.Contains(candidates, m.Name) {
			candidates = append(candidates, m.Name)
		}
	}
	distance := map[string]int{}
	for _, c := range candidates {
		d := edits(name, c)
		// A part of a name, as in "median", is nearer than its length tells.
		if len(name) > 3 && strings.Contains(c, name) {
			d = min(d, 2)
		}
		distance[c] = d
	}
	slices.SortStableFunc(candidates, func(a, b string) int { return cmp.Compare(distance[a], distance[b]) })
	return candidates[:min(fewNames, len(candidates))]
}

// edits is the number of letters to insert, remove or replace (Levenshtein 1966).
func edits(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range to {
			replaced := diagonal
			if x != y {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}

// NoScope says, as Missing, that a scope does not exist and how to list those that do.
func NoScope(estimates []learning.Estimate, scope learning.Scope) error {
	return Missing{noScope(estimates, scope)}
}

func noScope(estimates []learning.Estimate, scope learning.Scope) error {
	list := fmt.Sprintf("`tuition metrics --scope %s` lists them", scope.Kind)
	var names []string
	for _, e := range estimates {
		if e.Scope.Kind == scope.Kind && e.Scope.Name != "" && !slices.Contains(names, e.Scope.Name) {
			names = append(names, e.Scope.Name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no scope %s; there is no %s yet: %s", ScopeText(scope), scope.Kind, list)
	}
	slices.Sort(names)
	const few = 8
	more := ""
	if len(names) > few {
		more = fmt.Sprintf(" and %d more", len(names)-few)
	}
	return fmt.Errorf("there is no scope %s; there are %s%s: %s", ScopeText(scope), strings.Join(names[:min(few, len(names))], ", "), more, list)
}

// NoWindow says, as Missing, that nothing is given for any of some windows, and
// which there are; nil if one of them is there, or none at all yet.
func NoWindow(estimates []learning.Estimate, windows ...string) error {
	have := windowsOf(estimates)
	if len(have) == 0 || slices.ContainsFunc(windows, func(w string) bool { return slices.Contains(have, w) }) {
		return nil
	}
	return Missing{fmt.Errorf("there is no estimate for the window %s; there are %s", strings.Join(windows, ", "), strings.Join(have, ", "))}
}

func windowsOf(estimates []learning.Estimate) []string {
	windows := map[string]bool{}
	for i := range estimates {
		windows[estimates[i].Window] = true
	}
	return slices.Sorted(maps.Keys(windows))
}

// FirstSentence is the beginning of a text up to its first full stop.
func FirstSentence(text string) string {
	head, _, more := strings.Cut(text, ". ")
	if more {
		head += "."
	}
	return head
}
