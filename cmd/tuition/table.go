package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/tuition-hq/tuition/pkg/app"
)

// printTable writes rows as an aligned table, a JSON array of objects or CSV.
// Unknown is an empty cell, in JSON null.
func printTable(w io.Writer, format string, t app.Table) error {
	switch format {
	case "json":
		return printJSON(w, t)
	case "csv":
		out := csv.NewWriter(w)
		if err := out.Write(t.Columns); err != nil {
			return err
		}
		for _, row := range t.Rows {
			if err := out.Write(texts(row, csvText)); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	default:
		out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		printRow(out, t.Columns)
		unit := slices.Index(t.Columns, "unit")
		for _, row := range t.Rows {
			cells := texts(row, shortText)
			if unit >= 0 && row[unit] == "seconds" { // nobody reads 9.91e+05
				cells[unit] = "time"
				for i, v := range row {
					if x, is := v.(float64); is {
						cells[i] = app.InUnit(x, "seconds")
					}
				}
			}
			printRow(out, cells)
		}
		return out.Flush()
	}
}

func printRow(w io.Writer, cells []string) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprint(w, cell)
	}
	fmt.Fprintln(w)
}

func printJSON(w io.Writer, t app.Table) error {
	fmt.Fprint(w, "[")
	for i, row := range t.Rows {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		fmt.Fprint(w, "\n  {")
		for j, column := range t.Columns {
			if j > 0 {
				fmt.Fprint(w, ", ")
			}
			name, err := json.Marshal(column)
			if err != nil {
				return err
			}
			value, err := json.Marshal(jsonValue(row[j]))
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s: %s", name, value)
		}
		fmt.Fprint(w, "}")
	}
	_, err := fmt.Fprintln(w, "\n]")
	return err
}

func jsonValue(v any) any {
	switch x := v.(type) {
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	}
	return v
}

func texts(row []any, text func(any) string) []string {
	cells := make([]string, len(row))
	for i, v := range row {
		cells[i] = text(v)
	}
	return cells
}

// csvText is fullText, except that a text which a spreadsheet would run as a
// formula gets an apostrophe before it: texts come from whoever sends events
// (OWASP, CSV Injection).
func csvText(v any) string {
	text := fullText(v)
	if _, ok := v.(string); ok && text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// fullText loses nothing; shortText is for reading.
func fullText(v any) string {
	if x, ok := v.(float64); ok {
		if math.IsNaN(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	if x, ok := v.(string); ok {
		return x
	}
	return shortText(v)
}

func shortText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case float64:
		if math.IsNaN(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'g', 3, 64)
	case time.Time:
		return x.UTC().Format("2006-01-02 15:04:05.999")
	case string:
		return visible(x)
	default:
		return fmt.Sprint(v)
	}
}

// visible writes what would move the cursor, change the terminal or turn the
// direction of writing as an escape: ids come from whoever sends events.
func visible(text string) string {
	if strings.IndexFunc(text, hidden) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
