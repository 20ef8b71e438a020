package stats_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Most coverages are simulated by the campaigns of internal/campaign/run.

// trials is how many simulated data sets a coverage is measured on here:
// enough to see a gross fault in an ordinary test, and ten times more with
// TUITION_LONG=1.
func trials() int {
	if os.Getenv("TUITION_LONG") == "1" {
		return 20_000
	}
	return 2_000
}

// coversIn asserts that a 95 % interval holds the truth that made its data in
// a share of the trials between two, give or take three standard errors.
func coversIn(t *testing.T, trials int, least, most float64, hit func(*rand.Rand) bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(20260101, 7))
	hits := 0
	for range trials {
		if hit(r) {
			hits++
		}
	}
	n := float64(trials)
	got := float64(hits) / n
	slack := 3 * math.Sqrt(0.95*0.05/n)
	t.Logf("%.4f of %d", got, trials)
	if got < least-slack || got > most+slack {
		t.Errorf("covers %.4f, want %.3f to %.3f (± %.3f)", got, least, most, slack)
	}
}

func holds(i stats.Interval, truth float64) bool { return i.Low <= truth && truth <= i.High }
