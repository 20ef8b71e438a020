package review

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/tuition-hq/tuition/pkg/explain"
	"github.com/tuition-hq/tuition/pkg/learning"
)

// ExplainFacts is what the page of one estimate is made from.
type ExplainFacts struct {
	Explanation explain.Explanation
	Snapshot    learning.Snapshot // for the chart by quarter
	Version     string
}

type explainView struct {
	X                     explain.Explanation
	Title, Scope, Quarter string
	AsOf, Before, Counted string
	Rest, Data, Version   string
	Mark                  stateMark
	Charts                []chart
	Facts, Metric, Inputs []explain.Named
	Coverage, Past        []table
	Items                 []countedRow
	Parts                 []metricRow
}

type countedRow struct{ When, Quarter, What, Sub, Service, Mode, Role string }

// ExplainLink is the address of the page of an estimate.
func ExplainLink(metric string, scope learning.Scope, window string) string {
	return "/explain/" + url.PathEscape(metric) + explainQuery(scope, window)
}

func explainQuery(scope learning.Scope, window string) string {
	v := url.Values{}
	if scope.Name != "" {
		v.Set("scope", explain.ScopeText(scope))
	}
	if window != wholeRecord {
		v.Set("window", window)
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// ExplainPage writes all that there is to say of one estimate.
func ExplainPage(w io.Writer, f ExplainFacts) error {
	x := f.Explanation
	e := x.Of
	x.Of.Reading = unbroken(e.Reading)
	v := explainView{
		X: x, Title: Title(e.Metric), Scope: scopeWords(e.Scope), AsOf: moment(e.AsOf), Mark: markOf(e.State),
		Counted: strings.TrimSuffix(x.Evidence.Title(e.Metric), "."), Rest: count(x.Evidence.Rest), Version: version(f.Version),
		Data: "/api" + ExplainLink(e.Metric, e.Scope, e.Window),
	}
	if q, err := ParseQuarter(e.Window); err == nil {
		v.Quarter = q.String()
	}
	if x.Before != nil {
		v.Before = x.Before.Words(e.Unit)
	}
	var byQuarter []learning.Estimate
	for _, other := range f.Snapshot.Estimates {
		if _, err := ParseQuarter(other.Window); err == nil && other.Metric == e.Metric && other.Scope == e.Scope {
			byQuarter = append(byQuarter, other)
		}
	}
	sortByWindow(byQuarter)
	if c, ok := intervalChart("by-quarter", v.Title+", by quarter", byQuarter, cmp.Or(v.Quarter, QuarterOf(e.AsOf-1).String())); ok {
		v.Charts = append(v.Charts, c)
	}
	v.Facts = append(x.Figures(), explain.Named{Name: "verdict", Value: x.Verdict()})
	v.Metric = named(
		"Estimator", x.Metric.Formula, "Here", e.Method, "Source", x.Metric.Source, "Unit", explain.UnitWords(x.Metric.Unit),
		"Better", x.Metric.Better, "Needs", x.Metric.Minimum,
	)
	v.Inputs = named("Events folded", count(x.Inputs.InputEvents), "Computed", computedWords(x.Inputs.ComputedAt))
	for _, s := range x.Inputs.Settings {
		v.Inputs = append(v.Inputs, explain.Named{Name: upperFirst(s.Name), Value: s.Value + ": " + s.Means})
	}
	cover := table{Caption: "Of all incidents and fixes on record", Columns: []column{{"What", ""}, {"Count", "n"}}}
	for _, c := range x.Inputs.Coverage {
		cover.Rows = append(cover.Rows, []cell{{Text: upperFirst(c.What)}, {Text: ofAll(c.Count, c.Of)}})
	}
	if len(cover.Rows) > 0 {
		v.Coverage = append(v.Coverage, cover)
	}
	for _, i := range x.Evidence.Items {
		row := countedRow{When: "undated", What: cmp.Or(i.Title, i.Entity), Service: i.Service, Mode: spaced(i.FailureMode), Role: i.Role}
		if i.Title != "" {
			row.Sub = spaced(i.Kind) + " " + i.Entity
		} else {
			row.Sub = spaced(i.Kind)
		}
		if at := i.Millis(); at != 0 {
			row.When, row.Quarter = moment(at), QuarterOf(at).String()
		}
		v.Items = append(v.Items, row)
	}
	past := table{Caption: "Estimates as of earlier moments, the latest first", Columns: []column{{"As of", ""}, {"Estimate", ""}, {"Computed", ""}}}
	for i := range x.Past {
		p := &x.Past[i]
		past.Rows = append(past.Rows, []cell{{Text: day(p.AsOfMillis())}, {Text: unbroken(p.Figures(e.Unit))}, {Text: day(p.ComputedMillis())}})
	}
	if len(past.Rows) > 0 {
		v.Past = append(v.Past, past)
	}
	for _, p := range x.Parts {
		v.Parts = append(v.Parts, metricRow{
			Name: p.Name, Title: Title(p.Name), Link: ExplainLink(p.Name, e.Scope, e.Window), Mark: markOf(learning.State(p.State)),
		})
	}
	return render(w, "explain.html", v)
}

// named pairs names and values and leaves out what has no value.
func named(pairs ...string) []explain.Named {
	var out []explain.Named
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, explain.Named{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return out
}

func computedWords(instant string) string {
	head, _, _ := strings.Cut(strings.Replace(instant, "T", " ", 1), ".")
	return head
}

func scopeWords(s learning.Scope) string {
	if s.Name == "" {
		return "The whole organisation"
	}
	return upperFirst(spaced(s.Kind)) + " " + s.Name
}

type metricsView struct {
	Title, Scope, Window, AsOf string
	Tally, Version, Run        string
	Families                   []metricFamily
}

type metricFamily struct {
	ID, Title, CannotSay string
	Rows                 []metricRow
}

type metricRow struct {
	Name, Title, Value, Reading, Link string
	Mark                              stateMark
}

// ExplainIndex writes every metric of one scope and window with its state and what
// it lacks; family limits it to one family.
func ExplainIndex(w io.Writer, snapshot learning.Snapshot, family string, scope learning.Scope, window, programVersion string) error {
	v := metricsView{
		Title: "All metrics", Scope: scopeWords(scope), Window: windowWords(window), AsOf: moment(snapshot.AsOf),
		Version: version(programVersion), Run: snapshot.RunID,
	}
	if family != "" {
		v.Title = upperFirst(spaced(family))
	}
	have := map[string]learning.Estimate{}
	for _, e := range explain.EstimatesOf(snapshot.Estimates, scope) {
		if e.Window == window {
			have[e.Metric] = e
		}
	}
	states := map[learning.State]int{}
	total := 0
	for _, name := range explain.Families() {
		if family != "" && name != family {
			continue
		}
		f := metricFamily{ID: slug(name), Title: upperFirst(spaced(name)), CannotSay: CannotSay(name)}
		for _, m := range explain.Parts(name) {
			e, ok := have[m.Name]
			if !ok {
				continue
			}
			states[e.State]++
			total++
			row := metricRow{Name: m.Name, Title: Title(m.Name), Reading: unbroken(e.Reading), Link: ExplainLink(m.Name, scope, window), Mark: markOf(e.State)}
			if e.State == learning.OK {
				row.Value = Figure(e.Value, e.Unit)
			}
			f.Rows = append(f.Rows, row)
		}
		if len(f.Rows) > 0 {
			v.Families = append(v.Families, f)
		}
	}
	v.Tally = fmt.Sprintf("%s: %d ok, %d insufficient, %d whose assumption failed. Where the data does not allow a figure none is shown, and what is missing is said.",
		plural(total, "metric", "metrics"), states[learning.OK], states[learning.Insufficient], states[learning.AssumptionFailed])
	return render(w, "metrics.html", v)
}
