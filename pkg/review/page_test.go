package review_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
