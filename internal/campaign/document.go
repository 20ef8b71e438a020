package campaign

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/stats"
)

// Result is a campaign that was run.
type Result struct {
	Campaign Campaign
	Rows     []Row
	Command  string        // that gives the same table
	Version  string        // of the source
	Took     time.Duration // rounded by the writer
	Cores    int
}

const preamble = `# Simulated campaigns

Each table is written by the campaign itself: organisations whose truth is known are simulated, and what the estimators say is compared with it. ` + "`make campaigns`" + ` runs all of them, ` + "`make campaigns CAMPAIGN=name`" + ` one, and keeps the tables of the others; the tests run a short version of each. The same figures are in campaigns.csv.

*n* replicates of which *refused* gave no figure; the rest of a row but the last share is of those that did. *Bias* is the mean of estimate − truth, ± two standard errors of the simulation; *sd* the standard deviation of the estimates; *coverage* the share of the 95 % intervals that held the truth; *shown* the share of all *n* whose interval left out "no effect", or that gave the alarm. Brackets are Clopper–Pearson 99 % intervals. A target is *met*, or *not contradicted* where the result lies outside by no more than chance (p ≥ 0.001), or NOT MET.
`

var section = regexp.MustCompile(`(?s)<!-- campaign ([\w-]+) -->\n.*?<!-- end of [\w-]+ -->\n`)

// Write puts the result's table in the place of an older one of that name in
// campaigns.md and campaigns.csv of a folder; other campaigns' stay as they are.
func (r Result) Write(folder string) error {
	page := filepath.Join(folder, "campaigns.md")
	old, err := os.ReadFile(page)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sections := map[string]string{r.Campaign.Name: r.markdown()}
	names := []string{r.Campaign.Name}
	for _, m := range section.FindAllStringSubmatch(string(old), -1) {
		if m[1] != r.Campaign.Name {
			sections[m[1]] = m[0]
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	text := preamble
	for _, name := range names {
		text += "\n" + sections[name]
	}
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		return err
	}
	return r.writeCSV(filepath.Join(folder, "campaigns.csv"))
}

// Documented are the names of the campaigns with a table in a folder.
func Documented(folder string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "campaigns.md"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range section.FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
	}
	return names, nil
}

type column struct {
	head string
	of   func(Row) string // "" where there is nothing to say
}

var columns = []column{
	{"setting", func(r Row) string { return r.Setting }},
	{"measure", func(r Row) string { return r.Measure }},
	{"n", func(r Row) string { return strconv.FormatInt(r.N, 10) }},
	{"refused", func(r Row) string { return some(r.Refused) }},
	{"truth", func(r Row) string { return figure(r.Truth) }},
	{"mean", func(r Row) string { return figure(r.Mean) }},
	{"median", func(r Row) string { return figure(r.Median) }},
	{"bias", func(r Row) string {
		if math.IsNaN(r.BiasSE) {
			return ""
		}
		return fmt.Sprintf("%+.3f ± %.3f", r.Bias, 2*r.BiasSE)
	}},
	{"sd", func(r Row) string { return figure(r.SD) }},
	{"coverage", func(r Row) string { return share(r.Covered, r.Intervals) }},
	{"shown", func(r Row) string {
		if !r.Asked {
			return ""
		}
		return share(r.Shown, r.N)
	}},
	{"target", func(r Row) string {
		var out []string
		for _, t := range r.Targets {
			out = append(out, fmt.Sprintf("%s: %s", t, t.Verdict(r)))
		}
		return strings.Join(out, "; ")
	}},
}

func (r Result) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "<!-- campaign %s -->\n## %s\n\n%s\n\n", r.Campaign.Name, r.Campaign.Name, r.Campaign.About)
	fmt.Fprintf(&out, "`%s`, seed %d, %s of %s, %s on %s.\n\n", r.Command, r.Campaign.Seed, spread(r.Rows), r.Version, r.Took.Round(time.Second), counted(r.Cores))
	var shown []column
	for _, c := range columns {
		if slices.ContainsFunc(r.Rows, func(row Row) bool { return c.of(row) != "" }) {
			shown = append(shown, c)
		}
	}
	line := func(cell func(column) string) {
		out.WriteString("|")
		for _, c := range shown {
			fmt.Fprintf(&out, " %s |", cell(c))
		}
		out.WriteString("\n")
	}
	line(func(c column) string { return c.head })
	line(func(column) string { return "---" })
	for _, row := range r.Rows {
		line(func(c column) string { return strings.ReplaceAll(c.of(row), "|", `\|`) })
	}
	fmt.Fprintf(&out, "<!-- end of %s -->\n", r.Campaign.Name)
	return out.String()
}

// spread is how many replicates the cells had.
func spread(rows []Row) string {
	least, most := rows[0].N, rows[0].N
	for _, r := range rows {
		least, most = min(least, r.N), max(most, r.N)
	}
	if least == most {
		return fmt.Sprintf("%d replicates each", most)
	}
	return fmt.Sprintf("%d to %d replicates each", least, most)
}

func counted(cores int) string {
	if cores == 1 {
		return "1 core"
	}
	return fmt.Sprintf("%d cores", cores)
}

func some(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func figure(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

func share(k, n int64) string {
	if n == 0 {
		return ""
	}
	i := stats.ClopperPearson(k, n, level)
	digits := 3
	if n >= 10_000 {
		digits = 4
	}
	return fmt.Sprintf("%.*f [%.*f, %.*f]", digits, float64(k)/float64(n), digits, i.Low, digits, i.High)
}

var heads = []string{
	"campaign", "setting", "measure", "n", "refused", "truth", "mean", "median", "bias", "bias_se", "sd",
	"intervals", "covered", "shown", "targets", "verdicts", "seed", "version", "command",
}

func (r Result) writeCSV(name string) error {
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	lines, err := csv.NewReader(bytes.NewReader(old)).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var kept [][]string
	for _, line := range lines[min(1, len(lines)):] {
		if line[0] != r.Campaign.Name {
			kept = append(kept, line)
		}
	}
	for _, row := range r.Rows {
		var targets, verdicts []string
		for _, t := range row.Targets {
			targets = append(targets, t.String())
			verdicts = append(verdicts, t.Verdict(row))
		}
		kept = append(kept, []string{
			r.Campaign.Name, row.Setting, row.Measure, strconv.FormatInt(row.N, 10), strconv.FormatInt(row.Refused, 10),
			exact(row.Truth), exact(row.Mean), exact(row.Median), exact(row.Bias), exact(row.BiasSE), exact(row.SD),
			strconv.FormatInt(row.Intervals, 10), strconv.FormatInt(row.Covered, 10), strconv.FormatInt(row.Shown, 10),
			strings.Join(targets, "; "), strings.Join(verdicts, "; "), strconv.FormatUint(r.Campaign.Seed, 10), r.Version, r.Command,
		})
	}
	slices.SortStableFunc(kept, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(append([][]string{heads}, kept...)); err != nil {
		return err
	}
	return os.WriteFile(name, out.Bytes(), 0o644)
}

func exact(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}
