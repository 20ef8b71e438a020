// Package campaign shows by simulation that an estimator does what it says. A
// Campaign is a named set of cells, each a setting with a known truth; a cell
// is simulated many times, and what came out is written as a table into
// docs/campaigns.md and docs/campaigns.csv: bias, spread, how often the
// interval held the truth, how often there was no figure, and how often it
// spoke.
//
// To add one, put a file beside the others in internal/campaign/run:
//
//	var _ = register(campaign.Campaign{
//		Name:  "wilson",
//		About: "Shares of 30, with a known probability.",
//		Seed:  1, N: 20_000, Short: 500,
//		Cells: []campaign.Cell{{
//			Setting: "p = 0.1",
//			Targets: []campaign.Target{{Of: campaign.Coverage, Least: 0.92, Most: 0.98}},
//			Replicate: func(r *rand.Rand) []campaign.Outcome {
//				k := binomial(r, 30, 0.1)
//				return campaign.Interval("", float64(k)/30, 0.1, 0, stats.Wilson(k, 30, 0.95))
//			},
//		}},
//	})
//
// and write its table with `make campaigns CAMPAIGN=wilson`. A replicate must
// take all of its randomness from r and share nothing: replicates run on all
// cores, each with a source of its own that is made of the campaign's seed and
// name, the setting and the replicate's number, so that the same campaign gives
// the same table on any machine.
//
// `go test ./internal/campaign/...` runs the Short replicates of every cell and
// fails only where they contradict a target: for shares by the exact binomial
// test, for means by Student's t, so that a campaign that meets its targets
// fails in less than one of a million redraws, all targets together.
package campaign

import (
	"math"
	"math/rand/v2"

	"github.com/tuition-hq/tuition/pkg/learning"
	"github.com/tuition-hq/tuition/pkg/stats"
)

// Campaign is a table of simulated settings.
type Campaign struct {
	Name  string // letters, digits, - and _
	About string // what is simulated and what should come out: a paragraph of Markdown
	Seed  uint64
	N     int // replicates of each cell
	Short int // the same in tests
	Cells []Cell
}

// Cell is one setting and what it is to show.
type Cell struct {
	Setting   string
	N, Short  int  // 0: as the campaign says
	Long      bool // left out of the tests
	Targets   []Target
	Replicate func(*rand.Rand) []Outcome
}

// Outcome is what one replicate says of one measure.
type Outcome struct {
	Measure   string  // which of several that a replicate tells of; "" where it is one
	Refused   bool    // there was no figure: no part of bias and coverage
	Truth     float64 // NaN where none is known
	Value     float64 // NaN where only Shown matters
	Low, High float64 // NaN where there is no interval
	Asked     bool    // whether it might have spoken at all
	Shown     bool    // it spoke: the interval left out the null, the alarm rang
}

// Interval is the outcome of one value with its interval, which speaks where
// it leaves out null; NaN where there is none to leave out.
func Interval(measure string, value, truth, null float64, i stats.Interval) []Outcome {
	return []Outcome{{
		Measure: measure, Truth: truth, Value: value, Low: i.Low, High: i.High,
		Asked: !math.IsNaN(null), Shown: i.Low > null || i.High < null,
	}}
}

// Refused is the outcome of a replicate that gave no figure.
func Refused(measure string) []Outcome {
	nan := math.NaN()
	return []Outcome{{Measure: measure, Refused: true, Truth: nan, Value: nan, Low: nan, High: nan}}
}

// Event is an outcome that is only whether something was said.
func Event(measure string, shown bool) []Outcome {
	nan := math.NaN()
	return []Outcome{{Measure: measure, Truth: nan, Value: nan, Low: nan, High: nan, Asked: true, Shown: shown}}
}

// Estimate is the outcome of an estimate as the product gives it.
func Estimate(measure string, e learning.Estimate, truth, null float64) []Outcome {
	if e.State != learning.OK {
		return Refused(measure)
	}
	return Interval(measure, e.Value, truth, null, stats.Interval{Low: e.Low, High: e.High})
}
