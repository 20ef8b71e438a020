package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
	"github.com/tuition-hq/tuition/pkg/web"
)

// absent ends a test whose tool is not installed: a skip on a laptop, a failure in CI.
func absent(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("in CI nothing is skipped: %s", what)
	}
	t.Skip(what)
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	absent(t, "no Chromium on PATH: apt-get install chromium")
	return ""
}

func playwright(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		absent(t, "no npm on PATH: install Node.js")
	}
	if _, err := os.Stat("node_modules/playwright-core/package.json"); err == nil {
		return
	}
	if out, err := exec.Command("npm", "ci", "--no-progress").CombinedOutput(); err != nil {
		absent(t, fmt.Sprintf("npm ci in internal/browser: %v\n%s", err, out))
	}
}

type seen struct {
	Page, View          string
	Status              int
	Complaints, Foreign []string
	Faint, Small        []string
	BodySize            float64
	TooWide             int
	Drawings            int
	UnnamedDrawings     int
	UnnamedColumns      int
	RepeatedIDs         []string
	BrokenAnchors       []string
	Keyboard            *struct{ Wanted, Reached, Invisible int }
	ClosedInPrint       *int
	PDFBytes, PDFPages  int
}

// Every kind of page in light, dark, on a narrow screen and on paper.
func TestPagesInABrowser(t *testing.T) {
	browser := chromium(t)
	playwright(t)
	out := t.TempDir()
	if dir := os.Getenv("TUITION_KEEP_PAGES"); dir != "" {
		out = dir
	}
	type ask struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	var pages []ask
	for name, facts := range reviewtest.Fixtures {
		server := httptest.NewServer(web.New(web.Config{Version: "1.0.0"}, reviewtest.Source{From: facts(), Have: []string{"2026-Q3", "2026-Q2", "2026-Q1"}}, zap.NewNop()))
		defer server.Close()
		pages = append(pages, ask{name, server.URL + "/review/2026-Q3"}, ask{"board_" + name, server.URL + "/board"})
		if name == "normal" {
			pages = append(pages, ask{"index", server.URL + "/"}, ask{"unknown", server.URL + "/review/2026-Q5"},
				ask{"metrics", server.URL + "/explain"}, ask{"explain", server.URL + "/explain/learning_derivative.uncontained"},
				ask{"explain_insufficient", server.URL + "/explain/repeat_rate.after_fix.90d?scope=team:Payments"})
		}
	}
	input, err := json.Marshal(map[string]any{"chromium": browser, "out": out, "pages": pages})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "look.mjs")
	command.Stdin = bytes.NewReader(input)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	answer, err := command.Output()
	if err != nil {
		t.Fatalf("node look.mjs: %v\n%s", err, complaints.String())
	}
	var all []seen
	if err := json.Unmarshal(answer, &all); err != nil {
		t.Fatal(err)
	}
	if want := 3 * len(pages); len(all) != want {
		t.Fatalf("%d views were seen, want %d", len(all), want)
	}
	for _, s := range all {
		t.Run(s.Page+"/"+s.View, func(t *testing.T) { s.check(t, out) })
	}
}

func (s seen) check(t *testing.T, out string) {
	want := 200
	if s.Page == "unknown" {
		want = 404
		// Chromium notes the status itself on its console.
		s.Complaints = slices.DeleteFunc(s.Complaints, func(line string) bool { return strings.HasSuffix(line, "status of 404 (Not Found)") })
	}
	if s.Status != want {
		t.Errorf("status %d, want %d", s.Status, want)
	}
	for what, found := range map[string][]string{
		"the console says": s.Complaints, "asked elsewhere for": s.Foreign,
		"contrast below 4.5": s.Faint, "too small": s.Small, "ids used twice": s.RepeatedIDs, "anchors to nowhere": s.BrokenAnchors,
	} {
		if len(found) > 0 {
			t.Errorf("%s: %q", what, found)
		}
	}
	if s.BodySize < 16 {
		t.Errorf("body text of %g px, want 16 or more", s.BodySize)
	}
	if s.TooWide > 0 {
		t.Errorf("the page is %d px wider than the window", s.TooWide)
	}
	if s.UnnamedDrawings > 0 || s.UnnamedColumns > 0 {
		t.Errorf("%d drawings and %d columns without a name", s.UnnamedDrawings, s.UnnamedColumns)
	}
	if s.Page == "normal" && s.Drawings < 6 {
		t.Errorf("%d charts, want 6 or more", s.Drawings)
	}
	if k := s.Keyboard; k != nil && (k.Reached != k.Wanted || k.Invisible > 0) {
		t.Errorf("the keyboard reaches %d of %d controls, %d of them without showing it", k.Reached, k.Wanted, k.Invisible)
	}
	if s.ClosedInPrint != nil && *s.ClosedInPrint > 0 {
		t.Errorf("%d tables are folded away on paper", *s.ClosedInPrint)
	}
	if s.View == "light" {
		if strings.HasPrefix(s.Page, "board_") && s.PDFPages != 1 {
			t.Errorf("the board's page takes %d sheets of paper", s.PDFPages)
		}
		if _, err := os.Stat(filepath.Join(out, s.Page+".pdf")); err != nil || s.PDFBytes < 5000 {
			t.Errorf("print gave %d bytes: %v", s.PDFBytes, err)
		}
	}
}
