package adapter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// block gives the nth code block of a language from a document of the repository.
func block(t *testing.T, file, language string, n int) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "```"+language+"\n")
	if len(parts) < n+2 {
		t.Fatalf("%s has no block %d of %s", file, n, language)
	}
	code, _, _ := strings.Cut(parts[n+1], "```")
	return code
}

// The post-mortem that the README shows is read as it says.
func TestReadmePostMortem(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": block(t, "README.md", "markdown", 0)})
	c := read(t, load(t, "", "markdown-postmortem"), filepath.Join(dir, "a.md"), nil)
	if len(c.faults) > 0 || len(c.events) != 2 {
		t.Fatalf("%d events, faults %v", len(c.events), c.faults)
	}
	got := decode(t, c.events[0]).Subject.Content
	if got.StartedAt != "2026-03-12T09:12:00Z" || got.DetectedAt != "2026-03-12T09:20:00Z" || got.ResolvedAt != "2026-03-12T10:05:00Z" ||
		got.Service != "checkout" || got.Severity == nil || *got.Severity != 2 || got.DetectionSource != "monitoring" {
		t.Errorf("got %+v", got)
	}
}

// The adapter that schemas/adapters/README.md shows works.
func TestReadmeAdapter(t *testing.T) {
	const file = "schemas/adapters/README.md"
	dir := folder(t, map[string]string{
		"incidents.yaml": block(t, file, "yaml", 1), "incidents.jq": block(t, file, "jq", 1),
		"in.csv": "id,title,service,severity,started,detected,resolved\n" +
			"INC-1,Dark,search,2,2026-03-12T09:12:00Z,2026-03-12T09:20:00Z,2026-03-12T10:05:00Z\nINC-2,Open,search,?,2026-03-13T09:12:00Z,,\nINC-3,No start,search,1,,,\n",
	})
	c := read(t, load(t, dir, "incidents"), filepath.Join(dir, "in.csv"), nil)
	if len(c.events) != 2 || len(c.faults) != 1 || c.faults[0].Line != 4 {
		t.Fatalf("%d events, faults %v", len(c.events), c.faults)
	}
	first, second := decode(t, c.events[0]).Subject.Content, decode(t, c.events[1]).Subject.Content
	if *first.Severity != 2 || first.ResolvedAt != "2026-03-12T10:05:00Z" || second.Severity != nil || second.ResolvedAt != "" {
		t.Errorf("got %+v and %+v", first, second)
	}
}
