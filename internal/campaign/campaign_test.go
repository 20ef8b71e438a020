package campaign_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/campaign"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// normals is a campaign whose interval holds the truth with known probability.
func normals(name string, width float64, targets ...campaign.Target) campaign.Campaign {
	return campaign.Campaign{
		Name: name, About: "Normal values.", Seed: 5, N: 4000, Short: 400,
		Cells: []campaign.Cell{{
			Setting: "mean 2", Targets: targets,
			Replicate: func(r *rand.Rand) []campaign.Outcome {
				x := 2 + r.NormFloat64()
				if x > 4 {
					return campaign.Refused("")
				}
				return campaign.Interval("", x, 2, 0, stats.Interval{Low: x - width, High: x + width})
			},
		}},
	}
}

func run(t *testing.T, c campaign.Campaign, scale campaign.Scale) campaign.Row {
	t.Helper()
	rows, err := c.Run(t.Context(), scale, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	return rows[0]
}

// Cut at 4 the values have mean 2 − φ(2)/Φ(2) and the refused are 1 − Φ(2) of
// all; ±1.5 holds those within 1.5 of 2, of those below 4.
func TestRunSumsUp(t *testing.T) {
	row := run(t, normals("a", 1.5), campaign.Scale{})
	near := func(what string, got, want, slack float64) {
		t.Helper()
		if !(math.Abs(got-want) <= slack) {
			t.Errorf("%s is %v, should be %v", what, got, want)
		}
	}
	near("n", float64(row.N), 4000, 0)
	near("refused", float64(row.Refused)/4000, 0.02275, 0.01)
	near("bias", row.Bias, -0.05399/0.97725, 0.06)
	near("mean", row.Mean-row.Truth, row.Bias, 1e-9)
	near("standard error of the bias", row.BiasSE, row.SD/math.Sqrt(float64(4000-row.Refused)), 1e-12)
	near("coverage", float64(row.Covered)/float64(row.Intervals), 0.86639/0.97725, 0.025)
	near("shown", float64(row.Shown)/4000, 0.69146-0.02275, 0.035) // above 1.5, as none lies below −1.5
	if short := run(t, normals("a", 1.5), campaign.Scale{Short: true}); short.N != 400 {
		t.Errorf("a short run makes %d", short.N)
	}
	if half := run(t, normals("a", 1.5), campaign.Scale{Factor: 0.5}); half.N != 2000 {
		t.Errorf("half a run makes %d", half.N)
	}
}

// Which core draws a replicate changes nothing.
func TestRunIsReproducible(t *testing.T) {
	want := run(t, normals("a", 1), campaign.Scale{Short: true})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if got := run(t, normals("a", 1), campaign.Scale{Short: true}); got.Mean != want.Mean || got.Covered != want.Covered {
		t.Errorf("%+v on one core, %+v on all", got, want)
	}
	if other := run(t, normals("b", 1), campaign.Scale{Short: true}); other.Mean == want.Mean {
		t.Error("another campaign draws the same")
	}
}

func TestRunStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	if _, err := normals("a", 1).Run(ctx, campaign.Scale{}, func(int) { stop() }); err == nil {
		t.Error("a run that was stopped gives a table")
	}
}

// The binomial tails of 8 of 10 and of 2 of 10 at ½ are 56/1024.
func TestTargets(t *testing.T) {
	row := campaign.Row{N: 10, Shown: 8, Intervals: 10, Covered: 2, Mean: 1, Bias: 0.5, BiasSE: 0.1, SD: 0.3}
	for _, c := range []struct {
		target campaign.Target
		p      float64
	}{
		{campaign.Target{Of: campaign.Shown, Most: 0.5}, 56.0 / 1024},
		{campaign.Target{Of: campaign.Shown, Least: 0.5, Most: 1}, 1},
		{campaign.Target{Of: campaign.Coverage, Least: 0.5, Most: 1}, 56.0 / 1024},
		{campaign.Target{Of: campaign.Refusal, Most: 0}, 1},
		{campaign.Target{Of: campaign.Refusal, Least: 1, Most: 1}, 0},
	} {
		if p := c.target.P(row); math.Abs(p-c.p) > 1e-12 {
			t.Errorf("%s: p = %v, should be %v", c.target, p, c.p)
		}
	}
	met := run(t, normals("a", 1.96), campaign.Scale{})
	for _, c := range []struct {
		target campaign.Target
		want   string
	}{
		{campaign.Target{Of: campaign.Bias, Least: -0.1, Most: 0}, "met"},
		{campaign.Target{Of: campaign.Bias, Least: 0.1, Most: 0.2}, "NOT MET"},
		{campaign.Target{Of: campaign.Mean, Least: 1.9, Most: 2}, "met"},
		{campaign.Target{Of: campaign.Coverage, Least: 0.90, Most: 0.99, Sure: true}, "met"},
		{campaign.Target{Of: campaign.Coverage, Least: 0.973, Most: 0.99, Sure: true}, "NOT MET"},
	} {
		if got := c.target.Verdict(met); got != c.want {
			t.Errorf("%s: %s of %+v, should be %s", c.target, got, met, c.want)
		}
	}
}

// Writing one campaign again replaces its table and keeps the other's.
func TestWriteKeepsOtherTables(t *testing.T) {
	folder := t.TempDir()
	write := func(name, version string) {
		t.Helper()
		c := normals(name, 1, campaign.Target{Of: campaign.Coverage, Least: 0.6, Most: 0.8})
		row := run(t, c, campaign.Scale{Short: true})
		if err := (campaign.Result{Campaign: c, Rows: []campaign.Row{row}, Command: "make " + name, Version: version, Cores: 2}).Write(folder); err != nil {
			t.Fatal(err)
		}
	}
	write("second", "v1")
	write("first", "v1")
	write("second", "v2")
	names, err := campaign.Documented(folder)
	if err != nil || strings.Join(names, " ") != "first second" {
		t.Fatalf("tables of %v, %v", names, err)
	}
	for _, file := range []string{"campaigns.md", "campaigns.csv"} {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(text), "v1") != 1 || strings.Count(string(text), "v2") != 1 || !strings.Contains(string(text), "coverage 0.6–0.8") {
			t.Errorf("%s:\n%s", file, text)
		}
	}
}
