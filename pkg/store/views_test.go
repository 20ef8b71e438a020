package store

import (
	flags "flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/schemas"
)

var update = flags.Bool("update", false, "write docs/views.md anew")

// stable are the views that people build on, in the order of the page.
var stable = []struct {
	title string
	views []string
}{
	{"What happened", []string{
		"incident", "change", "failure", "experiment", "near_miss", "postmortem", "improvement", "monitoring_gap", "risk", "cost",
	}},
	{"What belongs together", []string{
		"incident_change", "recurrence", "experiment_incident", "near_miss_incident", "risk_incident", "exposure",
	}},
	{"What is estimated", []string{
		"estimate", "estimate_evidence", "board", "board_item", "estimate_history", "estimate_revision", "watch", "watch_alarm_first",
	}},
	{"What it rests on", []string{
		"coverage", "rejection", "service", "service_alias", "failure_mode_rule_current", "setting", "estimate_run_current",
	}},
}

// head is the comment that a view's file begins with.
func head(t *testing.T, view string) string {
	t.Helper()
	text, err := schemas.ClickHouse.ReadFile(path.Join(viewFolder, view+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		comment, is := strings.CutPrefix(strings.TrimRight(line, "\n"), "--")
		if !is {
			break
		}
		lines = append(lines, strings.TrimPrefix(comment, " "))
	}
	if len(lines) == 0 {
		t.Errorf("%s.sql begins without a comment that says what a row is", view)
	}
	return strings.Join(lines, "\n")
}

// inProse is a comment as Markdown: its lists, whose lines are indented, stay lists.
func inProse(comment string) string {
	var b strings.Builder
	for line := range strings.Lines(comment) {
		if item, is := strings.CutPrefix(line, "  "); is {
			line = "- " + strings.TrimLeft(item, " ")
		}
		b.WriteString(strings.ReplaceAll(line, "|", `\|`))
	}
	return b.String()
}

// TestViewsAreDocumented keeps docs/views.md what the views' comments and the engine
// say of them.
func TestViewsAreDocumented(t *testing.T) {
	s := open(t)
	var b strings.Builder
	b.WriteString(`# Views

What can be asked of ClickHouse, or with ` + "`tuition sql`" + `. The views of the first four parts are there to build on: their names and columns stay. Times are in UTC, unknown is NULL, a share is between 0 and 1 unless a view says otherwise. This page is made from the views' own comments and from the types that the engine gives (` + "`go test ./pkg/store -run ViewsAreDocumented -update`" + `).

A view folds all events that are stored at the moment it is asked. Those marked ↻ have a twin whose name begins with ` + "`snapshot_`" + `: the same rows as of the last computation, read from a snapshot instead of folded. Ask the twin where a log has millions of events and an answer may be as old as the estimates.
`)
	documented := map[string]bool{}
	for _, part := range stable {
		fmt.Fprintf(&b, "\n## %s\n", part.title)
		for _, view := range part.views {
			documented[view] = true
			fmt.Fprintf(&b, "\n### %s%s\n\n%s\n\n| column | type |\n|---|---|\n", view, twinMark(view), inProse(head(t, view)))
			for _, column := range read(t, s, "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '"+view+"' ORDER BY position") {
				name, kind, _ := strings.Cut(column, "|")
				fmt.Fprintf(&b, "| `%s` | `%s` |\n", name, kind)
			}
		}
	}
	b.WriteString("\n## Steps between\n\nThe views above are made of these. They may change with any version; '' and 0 are unknown in them, times are milliseconds since 1970.\n\n| view | holds |\n|---|---|\n")
	rest := slices.Clone(views)
	rest = append(rest, ownOfSnapshot()...)
	slices.Sort(rest)
	for _, view := range rest {
		if !documented[view] {
			text := strings.Join(strings.Fields(inProse(head(t, view))), " ")
			fmt.Fprintf(&b, "| `%s`%s | %s |\n", view, twinMark(view), text)
		}
	}
	const page = "../../docs/views.md"
	if *update {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(page); err != nil || string(have) != b.String() {
		t.Errorf("docs/views.md is not what the views say (%v): go test ./pkg/store -run ViewsAreDocumented -update", err)
	}
}

func twinMark(view string) string {
	if twins()[view] {
		return " ↻"
	}
	return ""
}
