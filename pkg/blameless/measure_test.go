package blameless

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
)

// lines reads a table of tests: no empty lines, no comments, cells between tabs.
func lines(t *testing.T, file string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			rows = append(rows, strings.Split(line, "\t"))
		}
	}
	return rows
}

// counts of a classification.
type counts struct{ hit, missed, wrong, right int }

func (c counts) String() string {
	return fmt.Sprintf("%d of %d found (recall %.2f), %d of %d reports right (precision %.2f)",
		c.hit, c.hit+c.missed, float64(c.hit)/float64(max(1, c.hit+c.missed)), c.hit, c.hit+c.wrong, float64(c.hit)/float64(max(1, c.hit+c.wrong)))
}

// TestSentences measures the rules on made-up sentences. What docs/privacy.md says of
// them is compared with what is measured here.
func TestSentences(t *testing.T) {
	c := checker(t)
	measured := map[string]counts{}
	for _, row := range lines(t, "sentences.tsv") {
		m := measured[row[0]]
		failed := c.Check(row[2]).Check == Failed
		switch {
		case failed && row[1] == "blame":
			m.hit++
		case failed:
			m.wrong++
			t.Logf("%s: taken for blame: %s", row[0], row[2])
		case row[1] == "blame":
			m.missed++
			t.Logf("%s: missed: %s", row[0], row[2])
		default:
			m.right++
		}
		measured[row[0]] = m
	}
	if a := measured["a"]; a.missed+a.wrong > 0 {
		t.Errorf("the sentences by which the rules were worked out: %v", a)
	}
	stated(t, "made-up sentences, set a: "+measured["a"].String())
	stated(t, "made-up sentences, set b: "+measured["b"].String())
}

// TestRealReports measures the rules on 38 real post-mortems, line by line.
func TestRealReports(t *testing.T) {
	folder := servertest.Shared(t, "data", "dfds-postmortems", "reports")
	c := checker(t)
	label := map[string]string{}
	for _, row := range lines(t, "reports.tsv") {
		label[row[0]+":"+row[1]] = row[2]
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil || len(files) != 38 {
		t.Fatalf("%d reports, %v", len(files), err)
	}
	var m counts
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.Markdown(string(text)) {
			at := fmt.Sprintf("%s:%d", filepath.Base(file), f.Line)
			if slices.Contains(found, at) {
				continue
			}
			found = append(found, at)
			if label[at] == f.Kind {
				m.hit++
			} else {
				m.wrong++
				t.Logf("%s: taken for %s: %q", at, f.Kind, f.Wording)
			}
		}
	}
	for at, kind := range label {
		if !slices.Contains(found, at) {
			m.missed++
			t.Logf("%s: missed, %s", at, kind)
		}
	}
	stated(t, "38 real post-mortems: "+m.String())
}

// stated fails if docs/privacy.md says something else.
func stated(t *testing.T, sentence string) {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "privacy.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(doc)), " "), sentence) {
		t.Errorf("docs/privacy.md does not say %q", sentence)
	}
}
