package explain

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tuition-hq/tuition/pkg/learning"
)

const (
	glue       = "\u2060" // holds a number and its sign of percent on one line
	textWidth  = 100
	labelWidth = 20
)

// page writes labelled lines, wrapped, and keeps the first error.
type page struct {
	w   io.Writer
	err error
}

func (p *page) print(line string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(line, " "))
	}
}

func (p *page) heading(text string) {
	p.print("")
	p.print(text)
}

// line writes a label and a text beside it. Nothing is written for no text.
func (p *page) line(label, text string) {
	if text == "" {
		return
	}
	pad := func(s string) string {
		return "  " + s + strings.Repeat(" ", max(1, labelWidth-utf8.RuneCountInString(s)))
	}
	head := pad(label)
	room := textWidth - utf8.RuneCountInString(head)
	var row strings.Builder
	n := 0
	for word := range strings.FieldsSeq(strings.ReplaceAll(text, " %", glue+"%")) {
		word = strings.ReplaceAll(word, glue, " ")
		length := utf8.RuneCountInString(word)
		if n > 0 && n+1+length > room {
			p.print(head + row.String())
			head = pad("")
			row.Reset()
			n = 0
		}
		if n > 0 {
			row.WriteByte(' ')
			n++
		}
		row.WriteString(word)
		n += length
	}
	p.print(head + row.String())
}

// WriteText writes the explanation for reading; visible makes text of others safe to show.
func (x *Explanation) WriteText(w io.Writer, visible func(string) string) error {
	p := &page{w: w}
	e := x.Of
	p.print(fmt.Sprintf("%s, %s, window %s, as of %s", x.Metric.Name, visible(ScopeText(e.Scope)), e.Window, utc(e.AsOf).Format("2006-01-02 15:04 UTC")))
	p.heading("Estimate")
	p.line("reading", e.Reading)
	p.line("state", StateWords(e.State))
	for _, f := range x.Figures() {
		p.line(f.Name, f.Value)
	}
	p.line("verdict", x.Verdict())
	if x.Before != nil {
		p.line("before", x.Before.Words(e.Unit))
	}
	p.heading("What would change it")
	for _, sentence := range x.Outlook {
		p.line("", sentence)
	}
	p.line("cannot say", x.CannotSay)
	p.heading("The metric")
	p.line("definition", x.Metric.Definition)
	p.line("formula", x.Metric.Formula)
	p.line("method here", e.Method)
	p.line("source", x.Metric.Source)
	p.line("unit", UnitWords(x.Metric.Unit))
	p.line("better", x.Metric.Better)
	p.line("needs", x.Metric.Minimum)
	p.heading("What it was computed from")
	p.line("as of", utc(e.AsOf).Format("2006-01-02 15:04 UTC")+": nothing that happened then or later is counted; later corrections are")
	p.line("run", x.Inputs.Run+" of "+strconv.FormatUint(x.Inputs.InputEvents, 10)+" events")
	p.line("computed", x.Inputs.ComputedAt)
	for _, s := range x.Inputs.Settings {
		p.line(s.Name, s.Value+": "+s.Means)
	}
	for _, c := range x.Inputs.Coverage {
		p.line("", c.Words())
	}
	x.writeEvidence(p, visible)
	x.writePast(p)
	if len(x.Parts) > 0 {
		p.heading("Other parts of " + x.Metric.Family)
		for _, part := range x.Parts {
			p.print("  " + part.Name + " (" + StateWords(learning.State(part.State)) + ")")
		}
	}
	return p.err
}

func (x *Explanation) writeEvidence(p *page, visible func(string) string) {
	p.heading(x.Evidence.Title(x.Metric.Name))
	for _, i := range x.Evidence.Items {
		when := "undated"
		if i.at != 0 {
			when = utc(i.at).Format("2006-01-02 15:04")
		}
		what := i.Entity
		if i.Title != "" {
			what += "  " + i.Title
		}
		for _, more := range []string{i.Service, i.FailureMode} {
			if more != "" {
				what += " · " + more
			}
		}
		p.print(fmt.Sprintf("  %-16s  %-8s  %s %s", when, i.Role, i.Kind, visible(what)))
	}
	if x.Evidence.Rest > 0 {
		p.print(fmt.Sprintf("  and %d more: --limit %d lists them all", x.Evidence.Rest, x.Evidence.Total))
	}
}

func (x *Explanation) writePast(p *page) {
	if len(x.Past) == 0 {
		return
	}
	p.heading("As of earlier moments")
	for i := range x.Past {
		past := &x.Past[i]
		p.print(fmt.Sprintf("  %s  %s", utc(past.asOf).Format("2006-01-02"), past.Figures(x.Of.Unit)))
	}
}

// Title heads the list of what was counted.
func (c Counted) Title(metric string) string {
	switch {
	case c.Total == 0:
		return "What it counted: none that is listed one by one"
	case c.Of != metric:
		return fmt.Sprintf("What it counted: the same %d as %s", c.Total, c.Of)
	default:
		return fmt.Sprintf("What it counted: %d", c.Total)
	}
}

// Named is a name and a value in words.
type Named struct{ Name, Value string }

// Figures are the numbers of the estimate in words; those that are not known are left out.
func (x *Explanation) Figures() []Named {
	e := x.Of
	var out []Named
	if e.State == learning.OK {
		out = append(out, Named{"value", inUnit(e.Value, e.Unit)})
		if e.Low != e.High {
			out = append(
				out,
				Named{share(e.Level), inUnit(e.Low, e.Unit) + " to " + inUnit(e.High, e.Unit)},
				Named{"50 %", inUnit(e.Low50, e.Unit) + " to " + inUnit(e.High50, e.Unit)},
			)
		}
	}
	return append(
		out,
		Named{"n", strconv.FormatInt(e.N, 10)},
		Named{"events", strconv.FormatInt(e.Events, 10)},
		Named{"exposure", figure(e.Exposure)},
		Named{"censored", strconv.FormatInt(e.Censored, 10)},
		Named{"origin", e.Origin},
	)
}

// Verdict is better or worse, or that there is none.
func (x *Explanation) Verdict() string { return cmp.Or(x.Of.Verdict, "none") }

// Words is one computation in words.
func (p *Past) Words(unit string) string {
	return p.Figures(unit) + ", computed " + utc(p.computed).Format("2006-01-02 15:04")
}

// Figures is its value and interval in words, else its state.
func (p *Past) Figures(unit string) string {
	if p.Value == nil {
		return fmt.Sprintf("%s, n = %d", StateWords(p.State), p.N)
	}
	bound := func(x *float64) string {
		if x == nil {
			return "∞"
		}
		return inUnit(*x, unit)
	}
	return fmt.Sprintf("%s (%s to %s), n = %d", inUnit(*p.Value, unit), bound(p.Low), bound(p.High), p.N)
}

// AsOfMillis and ComputedMillis are its moments.
func (p *Past) AsOfMillis() int64 { return p.asOf }

// ComputedMillis is when it was computed.
func (p *Past) ComputedMillis() int64 { return p.computed }

// Words is a coverage in words.
func (c Coverage) Words() string { return fmt.Sprintf("%d of %d %s", c.Count, c.Of, c.What) }

// StateWords is a state as people read it.
func StateWords(s learning.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// UnitWords is a unit as people read it.
func UnitWords(unit string) string {
	switch unit {
	case "per_1000_service_days":
		return "per 1000 service-days"
	case "change_per_quarter":
		return "change per quarter: −0.1 is a tenth fewer"
	}
	return strings.ReplaceAll(unit, "_", " ")
}

// Rows are the explanation as a table of three columns: part, name, value.
func (x *Explanation) Rows() [][]any {
	var rows [][]any
	add := func(part, name string, value any) {
		if value != "" {
			rows = append(rows, []any{part, name, value})
		}
	}
	m, e := x.Metric, x.Estimate
	for _, v := range []Named{
		{"name", m.Name},
		{"family", m.Family},
		{"unit", m.Unit},
		{"better", m.Better},
		{"needs", m.Minimum},
		{"definition", m.Definition},
		{"formula", m.Formula},
		{"source", m.Source},
	} {
		add("metric", v.Name, v.Value)
	}
	add("estimate", "scope", ScopeText(x.Of.Scope))
	add("estimate", "window", e.Window)
	for _, v := range []struct {
		name  string
		value float64
	}{{"value", x.Of.Value}, {"low", x.Of.Low}, {"high", x.Of.High}, {"level", e.Level}, {"low50", x.Of.Low50}, {"high50", x.Of.High50}, {"exposure", x.Of.Exposure}} {
		add("estimate", v.name, v.value)
	}
	for _, v := range []struct {
		name  string
		value int64
	}{{"n", e.N}, {"events", e.Events}, {"censored", e.Censored}, {"lacks", x.Of.Lacks}} {
		add("estimate", v.name, v.value)
	}
	for _, v := range []Named{{"state", e.State}, {"verdict", e.Verdict}, {"method", e.Method}, {"origin", e.Origin}, {"reading", e.Reading}} {
		add("estimate", v.Name, v.Value)
	}
	for _, v := range []Named{{"as_of", x.Inputs.AsOf}, {"run", x.Inputs.Run}, {"input_hash", x.Inputs.InputHash}, {"computed_at", x.Inputs.ComputedAt}} {
		add("input", v.Name, v.Value)
	}
	add("input", "input_events", x.Inputs.InputEvents)
	for _, s := range x.Inputs.Settings {
		add("setting", s.Name, s.Value)
	}
	for _, c := range x.Inputs.Coverage {
		add("coverage", c.What, fmt.Sprintf("%d of %d", c.Count, c.Of))
	}
	for _, sentence := range x.Outlook {
		add("outlook", "", sentence)
	}
	if x.Before != nil {
		add("before", x.Before.ComputedAt, x.Before.Figures(x.Of.Unit))
	}
	for i := range x.Past {
		add("history", x.Past[i].AsOf, x.Past[i].Figures(x.Of.Unit))
	}
	for _, i := range x.Evidence.Items {
		add("evidence", i.Kind+" "+i.Entity, strings.TrimSpace(i.At+" "+i.Title))
	}
	if x.Evidence.Rest > 0 {
		add("evidence", "not listed", int64(x.Evidence.Rest))
	}
	return rows
}
