package main

import (
	"slices"
	"testing"

	"github.com/tuition-hq/tuition/internal/campaign"
)

// A short run of every campaign contradicts no target. All targets together
// have one chance in a million to fail where they are met.
func TestCampaigns(t *testing.T) {
	if len(campaigns) == 0 {
		t.Fatal("no campaign is registered")
	}
	targets := 0
	for _, c := range campaigns {
		for _, cell := range c.Cells {
			targets += len(cell.Targets)
		}
	}
	chance := 1e-6 / float64(targets)
	for _, c := range campaigns {
		t.Run(c.Name, func(t *testing.T) {
			rows, err := c.Run(t.Context(), campaign.Scale{Short: true}, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			for _, cell := range c.Cells {
				for _, target := range cell.Targets {
					if !cell.Long && !slices.ContainsFunc(rows, func(r campaign.Row) bool { return r.Setting == cell.Setting && r.Measure == target.Measure }) {
						t.Errorf("%s: the target %s is of %q, of which nothing came out", cell.Setting, target, target.Measure)
					}
				}
			}
			for _, row := range rows {
				t.Logf("%s %s: n %d, refused %d, mean %.3g, bias %+.3f ± %.3f, sd %.3g, covered %d of %d, shown %d",
					row.Setting, row.Measure, row.N, row.Refused, row.Mean, row.Bias, 2*row.BiasSE, row.SD, row.Covered, row.Intervals, row.Shown)
				for _, target := range row.Targets {
					if p := target.P(row); p < chance {
						t.Errorf("%s %s: %s is contradicted (p = %.1g): bias %+.3f ± %.3f, mean %.3g, covered %d of %d, shown %d and refused %d of %d",
							row.Setting, row.Measure, target, p, row.Bias, 2*row.BiasSE, row.Mean, row.Covered, row.Intervals, row.Shown, row.Refused, row.N)
					}
				}
			}
		})
	}
}

// Each campaign has one name, is documented, and looks for targets that exist.
func TestCampaignsAreWhole(t *testing.T) {
	documented, err := campaign.Documented("../../../docs")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range campaigns {
		if slices.Contains(names, c.Name) {
			t.Errorf("two campaigns are called %s", c.Name)
		}
		names = append(names, c.Name)
		if !slices.Contains(documented, c.Name) {
			t.Errorf("docs/campaigns.md has no table of %s: make campaigns CAMPAIGN=%s", c.Name, c.Name)
		}
		var settings []string
		for _, cell := range c.Cells {
			if slices.Contains(settings, cell.Setting) {
				t.Errorf("%s: two cells are called %s, and would draw the same", c.Name, cell.Setting)
			}
			settings = append(settings, cell.Setting)
		}
	}
	for _, name := range documented {
		if !slices.Contains(names, name) {
			t.Errorf("docs/campaigns.md has a table of %s, which is no campaign: take it and its rows in campaigns.csv out", name)
		}
	}
}
