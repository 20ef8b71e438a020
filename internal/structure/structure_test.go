// Package structure holds the tests that keep the house as ARCHITECTURE.md draws it.
package structure

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/tuition-hq/tuition/"

// allowed lists, for each package, which of ours it may import, and why no more.
// A package that is not listed may import nothing of ours.
var allowed = map[string][]string{
	"schemas":       {},
	"pkg/event":     {"schemas"},
	"pkg/stats":     {},
	"pkg/catalog":   {},
	"pkg/blameless": {"schemas"},   // judges wording, knows no event
	"pkg/learning":  {"pkg/stats"}, // gets rows, never a connection
	"pkg/source":    {"pkg/event"},
	"pkg/adapter":   {"pkg/event", "pkg/source", "schemas"},
	"pkg/consume":   {"pkg/event"},                                           // hands records on, knows no store
	"pkg/store":     {"pkg/event", "pkg/learning", "pkg/catalog", "schemas"}, // knows no Kafka
	"pkg/embedded":  {"internal/tied"},
	"pkg/simulate":  {"pkg/event", "pkg/catalog", "pkg/learning"},
	"pkg/explain":   {"pkg/learning", "pkg/stats"},                // how long the rest takes; computes no estimate
	"pkg/review":    {"pkg/learning", "pkg/stats", "pkg/explain"}, // draws survival curves; computes no estimate
	"pkg/export":    {"pkg/learning"},
	"pkg/web":       {"pkg/review", "pkg/learning", "pkg/explain"},
	"dashboards":    {},
	"deploy":        {},

	"pkg/review/reviewtest": {"pkg/learning", "pkg/review", "pkg/explain"}, // fixtures for tests of pages and dashboards
}

// TestImportsPointOneWay fails on an import against the direction of the data.
func TestImportsPointOneWay(t *testing.T) {
	for pkg, imports := range imports(t) {
		if pkg == "pkg/app" || strings.HasPrefix(pkg, "internal/") {
			continue // app is the only wiring; internal is test support
		}
		if strings.HasPrefix(pkg, "cmd/") {
			for _, i := range imports {
				if i != "pkg/app" && i != "pkg/embedded" {
					t.Errorf("%s imports %s: a command only talks to pkg/app, so that tests can wire the same parts (pkg/embedded is allowed for Child alone)", pkg, i)
				}
			}
			continue
		}
		rule, listed := allowed[pkg]
		if !listed {
			t.Errorf("%s is new: add it to the table in internal/structure with what it may import, and to ARCHITECTURE.md", pkg)
		}
		for _, i := range imports {
			if !slices.Contains(rule, i) {
				t.Errorf("%s imports %s: imports point with the data, event → store → learning → review; see ARCHITECTURE.md", pkg, i)
			}
		}
	}
}

// TestArchitectureNamesTheFolders fails when a package is added or removed and its guide is not.
func TestArchitectureNamesTheFolders(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages := imports(t)
	for pkg := range packages {
		if !strings.Contains(string(guide), "`"+pkg+"`") {
			t.Errorf("ARCHITECTURE.md does not name `%s`", pkg)
		}
	}
	for word := range strings.FieldsSeq(string(guide)) {
		word = strings.Trim(word, "`.,:;()|")
		if strings.HasPrefix(word, "pkg/") || strings.HasPrefix(word, "internal/") {
			if _, err := os.Stat(filepath.Join("..", "..", word)); err != nil {
				t.Errorf("ARCHITECTURE.md names %s, which does not exist", word)
			}
		}
	}
}

// imports gives the module's packages, without tests, and what of ours each imports.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	command := exec.Command("go", "list", "-f", "{{.ImportPath}} {{range .Imports}}{{.}} {{end}}", "./...")
	command.Dir = filepath.Join("..", "..")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		ours := []string{}
		for _, i := range fields[1:] {
			if name, ok := strings.CutPrefix(i, module); ok {
				ours = append(ours, name)
			}
		}
		packages[strings.TrimPrefix(fields[0], module)] = ours
	}
	if len(packages) < 5 {
		t.Fatalf("go list found %d packages", len(packages))
	}
	return packages
}
