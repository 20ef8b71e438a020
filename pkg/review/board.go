package review

import (
	"cmp"
	"io"
	"slices"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// BoardFacts is what the board's page is made from.
type BoardFacts struct {
	Scope    learning.Scope // the organisation or a team
	Quarter  string         // beside the whole record; "": the last that is over and had failures
	Quarters []string       // that have data, newest first
	Snapshot learning.Snapshot
	Version  string
}

type boardView struct {
	Scope, Quarter, Provisional, AsOf string
	Windows                           []string
	Items                             []boardItem
	Teams, Quarters                   []boardLink
	Version, Run                      string
}

type boardItem struct {
	Number                                int
	Title, Unit, Link, Reading, CannotSay string
	Figures                               []boardFigure // of the quarter and of the whole record
}

type boardFigure struct {
	scoreFigure
	Beside []string
}

type boardLink struct{ Name, Link string }

// besideNames are the names of what stands beside a number and is about that number.
var besideNames = map[string]string{
	"learning_derivative.severe":             "Trend up to then, a quarter",
	"learning_derivative.severe.per_deploy":  "The same by deploys",
	"learning_per_failure.placebo":           "The same where nothing had been done",
	"learning_per_failure.power":             "Chance that half of it would show",
	"new_modes.chance":                       "Chance that the next is of a new mode",
	"monitoring_gaps.told_by_customer.share": "Share of all failures",
	"known_open.oldest":                      "Open longest",
	"known_open.improvements":                "Improvements open",
	"tuition.avoided":                        "Avoided, modelled",
}

// BoardPage writes the six numbers of the board panel on one sheet: the quarter beside
// the whole record.
func BoardPage(w io.Writer, f BoardFacts) error {
	es := arrangeOf(explain.EstimatesOf(f.Snapshot.Estimates, f.Scope))
	quarter := boardQuarter(f, es)
	v := boardView{
		Scope: scopeWords(f.Scope), Quarter: quarter, AsOf: moment(f.Snapshot.AsOf) + " UTC", Version: version(f.Version), Run: f.Snapshot.RunID,
		Windows: []string{"Whole record, to " + day(f.Snapshot.AsOf)},
	}
	windows := []string{wholeRecord}
	if q, err := ParseQuarter(quarter); err == nil {
		windows = []string{quarter, wholeRecord}
		v.Windows = append([]string{quarter}, v.Windows...)
		if f.Snapshot.AsOf < q.End().UnixMilli() {
			v.Provisional = "Provisional: the quarter was observed until " + day(f.Snapshot.AsOf) + " only."
		}
	}
	for i, item := range learning.Board {
		row := boardItem{Number: i + 1, Title: item.Title, Link: es.link(item.Metric, f.Scope, windows[0]), CannotSay: item.CannotSay}
		if e, ok := es.pick(item.Metric, windows[0]); ok {
			row.Reading = plainly(e.Reading)
			if e.Window != windows[0] {
				row.Reading = "Whole record: " + row.Reading
			}
		}
		within := es.extent(item.Metric, windows)
		for k, window := range windows {
			figure := boardFigure{scoreFigure: es.figure(item.Metric, window, v.Windows[k], within)}
			if e, ok := es.of(item.Metric, window); ok {
				row.Unit = unitWords(e.Unit)
			}
			for _, metric := range item.Beside {
				if e, ok := es.of(metric, window); ok {
					figure.Beside = append(figure.Beside, cmp.Or(besideNames[metric], Title(metric))+": "+inWords(e))
				}
			}
			row.Figures = append(row.Figures, figure)
		}
		v.Items = append(v.Items, row)
	}
	for _, name := range f.Quarters {
		if name != quarter && !unseen(es, name) {
			v.Quarters = append(v.Quarters, boardLink{name, boardAddress(f.Scope, name)})
		}
	}
	whole := learning.Scope{Kind: organisation}
	if f.Scope != whole {
		v.Teams = append(v.Teams, boardLink{scopeWords(whole), boardAddress(whole, quarter)})
	}
	for _, e := range f.Snapshot.Estimates {
		if e.Scope.Kind == "team" && e.Scope != f.Scope && e.Metric == "counted.failures" && e.Window == wholeRecord {
			v.Teams = append(v.Teams, boardLink{e.Scope.Name, boardAddress(e.Scope, quarter)})
		}
	}
	return render(w, "board.html", v)
}

// boardQuarter is the one that is asked for, else the last that is over and in which
// anything failed, else the newest.
func boardQuarter(f BoardFacts, es estimates) string {
	if f.Quarter != "" || len(f.Quarters) == 0 {
		return f.Quarter
	}
	over := slices.IndexFunc(f.Quarters, func(name string) bool {
		q, err := ParseQuarter(name)
		failures, _ := es.of("counted.failures", name)
		return err == nil && q.End().UnixMilli() <= f.Snapshot.AsOf && failures.N > 0
	})
	return f.Quarters[max(over, 0)]
}

// boardAddress is the address of the board's page of a scope and a quarter.
func boardAddress(scope learning.Scope, quarter string) string {
	if quarter == "" {
		quarter = wholeRecord
	}
	return "/board" + explainQuery(scope, quarter)
}

// inWords is an estimate on one line: its figure with its interval, or why there is none.
func inWords(e learning.Estimate) string {
	if e.State != learning.OK {
		return stateWord(e.State)
	}
	if bounds := interval(e); bounds != "–" {
		return valueOf(e) + " (" + bounds + ")"
	}
	return valueOf(e)
}
