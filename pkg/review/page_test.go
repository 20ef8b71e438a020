package review_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/review"
	"github.com/tuition-hq/tuition/pkg/review/reviewtest"
)

func page(t *testing.T, f review.Facts) string {
	t.Helper()
	var b bytes.Buffer
	if err := review.Page(&b, f); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("TUITION_KEEP_PAGES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_")+".html"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

var tags = regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`)

func text(html string) string { return tags.ReplaceAllString(html, " ") }

// The words that claim more than statistics of a few incidents can carry.
var banned = regexp.MustCompile(`(?i)\b(proves|proved|significant(ly)?|caused|on track)\b`)

func TestPagesNeverClaimTooMuch(t *testing.T) {
	for name, facts := range reviewtest.Fixtures {
		t.Run(name, func(t *testing.T) {
			body := text(page(t, facts()))
			if hit := banned.FindString(body); hit != "" {
				t.Errorf("the page says %q", hit)
			}
			if strings.Contains(body, "NaN") || strings.Contains(body, "Inf") {
				t.Error("a missing value reached the page as NaN or Inf")
			}
			if !strings.Contains(body, "No statistic resists unreported failures") {
				t.Error("the footer does not say that no statistic resists unreported failures")
			}
		})
	}
}

func TestSameFactsSameBytes(t *testing.T) {
	first, second := page(t, reviewtest.Normal()), page(t, reviewtest.Normal())
	if first != second {
		t.Error("two pages of the same facts differ")
	}
}

// What people write reaches the page as text, whatever it holds.
func TestTitlesAreText(t *testing.T) {
	evil := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</title><b>`, `</svg></style><script>`,
		"{{.}}", "שלום \u202e txt.exe", "javascript:alert(1)", "&lt;b&gt;", "a\x00b\x1b[31m",
	}
	f := reviewtest.Normal()
	i := 0
	for id := range f.Titles {
		f.Titles[id] = evil[i%len(evil)]
		i++
	}
	for i := range f.Input.Incidents {
		f.Input.Incidents[i].Service = evil[i%len(evil)]
		f.Input.Incidents[i].DetectionSource = evil[(i+1)%len(evil)]
		f.Input.Incidents[i].FailureMode = evil[(i+2)%len(evil)]
	}
	for i := range f.Snapshot.Estimates {
		f.Snapshot.Estimates[i].Reading = evil[i%len(evil)]
		f.Snapshot.Estimates[i].Method = evil[i%len(evil)]
	}
	f.Rejections = map[string]int64{evil[0]: 1}
	f.Version = evil[1]
	body := page(t, f)
	plain := page(t, reviewtest.Normal())
	for _, bad := range []string{"<script", "<img", "onerror=alert(1)>", "<b>alert"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	for _, tag := range []string{"<style", "</style", "<link", "<meta", "href="} {
		if a, b := strings.Count(body, tag), strings.Count(plain, tag); a != b {
			t.Errorf("%d times %s, want %d as in a page of harmless titles", a, tag, b)
		}
	}
	if open, shut := strings.Count(body, "<svg"), strings.Count(body, "</svg>"); open != shut {
		t.Errorf("%d drawings open and %d close", open, shut)
	}
	if i := strings.IndexAny(body, "\u202e\x1b\x00"); i >= 0 {
		t.Errorf("the page holds %q, which turns the direction of writing or commands a terminal", body[i:i+1])
	}
	attribute := regexp.MustCompile(`\son[a-z]+=`)
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(body, -1) {
		if attribute.MatchString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`)) {
			t.Errorf("an event handler in %s", tag)
		}
	}
}

// The policy lets exactly the page's own style sheet through.
func TestPolicyFitsThePage(t *testing.T) {
	body := page(t, reviewtest.Normal())
	sheet := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(body)
	if sheet == nil {
		t.Fatal("no style sheet")
	}
	sum := sha256.Sum256([]byte(sheet[1]))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(review.ContentSecurityPolicy(), want) {
		t.Errorf("the policy %q does not allow the page's style sheet, %s", review.ContentSecurityPolicy(), want)
	}
	for _, bad := range []string{"style=", "<script", "http://", "https://", "@import", "url("} {
		if strings.Contains(body, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}

// The curve of resolution times is that of the estimate beside it.
func TestResolveCurveAgreesWithTheEstimate(t *testing.T) {
	f := reviewtest.Normal()
	for _, e := range f.Snapshot.Estimates {
		if e.Metric != "durations.resolve.median" || e.Scope.Kind != "organisation" || e.Window != "all" {
			continue
		}
		want := "half of the incidents were resolved within " + review.Figure(e.Value, e.Unit)
		if body := page(t, f); !strings.Contains(body, want) {
			t.Errorf("the curve does not say %q", want)
		}
		return
	}
	t.Error("no estimate of the time to resolve")
}

func TestSectionsWithoutDataAreLeftOut(t *testing.T) {
	empty, normal := page(t, reviewtest.Empty()), page(t, reviewtest.Normal())
	for _, id := range []string{"repeats", "monitoring", "durations", "improvements", "incidents", "scopes"} {
		mark := `<section id="` + id + `"`
		if strings.Contains(empty, mark) {
			t.Errorf("an empty record has a section %s", id)
		}
		if !strings.Contains(normal, mark) {
			t.Errorf("an ordinary record has no section %s", id)
		}
	}
	if !strings.Contains(empty, "No incident was reported in 2026-Q3.") {
		t.Error("an empty quarter does not say so")
	}
}

// Repeats, known open and unaddressed are three different problems.
func TestClassesOfRecurrenceStandApart(t *testing.T) {
	body := page(t, reviewtest.Normal())
	for _, words := range []string{"of a kind that had been declared fixed", "known, with a fix declared and not known to be closed", "known, with nothing done about it"} {
		if !strings.Contains(body, words) {
			t.Errorf("the answer does not tell %q apart", words)
		}
	}
}

func TestAnOpenQuarterIsProvisional(t *testing.T) {
	f := reviewtest.Normal()
	if strings.Contains(page(t, f), "Provisional") {
		t.Error("a closed quarter is called provisional")
	}
	f.Snapshot.AsOf = 1_786_000_000_000 // August 2026
	if !strings.Contains(page(t, f), "Provisional: the quarter was observed until 6 Aug 2026 only.") {
		t.Error("an open quarter is not called provisional")
	}
}

// The answer counts incidents, the measures count failures: what was merged
// into one, and what was left out, is said before any result.
func TestWhatWasCountedApartIsSaid(t *testing.T) {
	f := reviewtest.Normal()
	f.Input.Incidents[len(f.Input.Incidents)-1].IsDrill = true
	last := f.Input.Incidents[len(f.Input.Incidents)-2]
	again := last
	again.ID, again.StartedAt, again.DetectedAt = "inc-again", last.At()+3600e3, last.At()+3700e3
	again.FailureMode = "queue_backlog"
	f.Input.Incidents[len(f.Input.Incidents)-2].FailureMode = "queue_backlog"
	f.Input.Incidents = append(f.Input.Incidents, again)
	run := learning.Compute(f.Input, learning.DefaultSettings())
	f.Snapshot.Estimates = run.Estimates
	body := page(t, f)
	for _, e := range run.Estimates {
		if e.Window == f.Quarter && (e.Metric == "counted.merged" || e.Metric == "counted.drills") {
			if e.Events == 0 {
				t.Errorf("%s: nothing was counted apart", e.Metric)
			}
			if at, results := strings.Index(body, e.Reading), strings.Index(body, `id="scorecard"`); at < 0 || at > results {
				t.Errorf("the page does not say before the results: %s", e.Reading)
			}
		}
	}
}

// What is certain has no interval, and no chance is certain: the page shows neither as one.
func TestScorecardInventsNoInterval(t *testing.T) {
	f := reviewtest.Normal()
	certain := func(metric string, value float64, unit string) {
		for i := range f.Snapshot.Estimates {
			e := &f.Snapshot.Estimates[i]
			if e.Metric == metric && e.Scope.Kind == "organisation" && e.Window == "all" {
				e.State, e.Unit, e.N, e.Value, e.Low, e.High, e.Low50, e.High50 = learning.OK, unit, 400, value, value, value, value, value
				return
			}
		}
		t.Fatalf("the fixture has no %s", metric)
	}
	certain("watch.uncontained", 1.7, "ratio")
	certain("watch.uncontained.power_doubling", 0.9975, "share")
	body := strings.ReplaceAll(text(page(t, f)), "\u00a0", " ")
	for _, foolish := range []string{"1.7 – 1.7", "100 % – 100 %"} {
		if strings.Contains(body, foolish) {
			t.Errorf("the page says %s", foolish)
		}
	}
	for _, want := range []string{"&gt; 99 %", "not given for this window", "Recurrences to be expected that did not come"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
}
