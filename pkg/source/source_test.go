package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/pkg/event"
)

func TestMarkdown(t *testing.T) {
	text := strings.Join([]string{
		"before the title", // 1
		"",
		"# A *title* with `code` &amp; a [link](x)", // 3
		"",
		"One paragraph",            // 5
		"over two lines.<br>Done.", // 6
		"",
		"## Times in CET", // 8
		"",
		"| When | What |",            // 10
		"|------|------|",            // 11
		"| 10:00 | padded   |",       // 12
		"| 10:05 | no closing bar",   // 13
		"| 10:06 | one | too many |", // 14
		"| 10:07 |",                  // 15
		"| 10:08 | a \\| bar and `b\\|c` **x:** y |", // 16
		"",
		"### Deeper", // 18
		"",
		"- Category: Kubernetes",            // 20
		"- **Bold key**: value: with colon", // 21
		"- no key",                          // 22
		"  continued",                       // 23
		"    1. nested",                     // 24
		"",
		"> quoted", // 26
		"",
		"# Second", // 28
		"",
		"Setext", // 30
		"------", // 31
		"",
		"    code",
	}, "\r\n")
	got, err := Markdown([]byte(text), "x.md")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"title":"A title with code & a link","line":3,"sections":[
	 {"title":"","level":0,"line":1,"path":[],"paragraphs":[{"text":"before the title","line":1}],"items":[],"tables":[]},
	 {"title":"A title with code & a link","level":1,"line":3,"path":[],"paragraphs":[{"text":"One paragraph over two lines. Done.","line":5}],"items":[],"tables":[]},
	 {"title":"Times in CET","level":2,"line":8,"path":["A title with code & a link"],"paragraphs":[],"items":[],"tables":[
	   {"line":10,"header":["When","What"],"rows":[
	     {"line":12,"cells":["10:00","padded"],"surplus":false},
	     {"line":13,"cells":["10:05","no closing bar"],"surplus":false},
	     {"line":14,"cells":["10:06","one"],"surplus":true},
	     {"line":15,"cells":["10:07",""],"surplus":false},
	     {"line":16,"cells":["10:08","a | bar and b|c x: y"],"surplus":false}]}]},
	 {"title":"Deeper","level":3,"line":18,"path":["A title with code & a link","Times in CET"],
	   "paragraphs":[{"text":"quoted","line":26}],
	   "items":[
	     {"text":"Category: Kubernetes","line":20,"depth":0,"ordered":false,"key":"Category","value":"Kubernetes"},
	     {"text":"Bold key: value: with colon","line":21,"depth":0,"ordered":false,"key":"Bold key","value":"value: with colon"},
	     {"text":"no key continued","line":22,"depth":0,"ordered":false},
	     {"text":"nested","line":24,"depth":1,"ordered":true}],"tables":[]},
	 {"title":"Second","level":1,"line":28,"path":[],"paragraphs":[],"items":[],"tables":[]},
	 {"title":"Setext","level":2,"line":30,"path":["Second"],"paragraphs":[{"text":"code","line":33}],"items":[],"tables":[]}]}`
	var expected any
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var actual any
	if err := json.Unmarshal(encoded, &actual); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(actual, expected) {
		t.Errorf("got %s", encoded)
	}
}

func TestMarkdownIsBounded(t *testing.T) {
	deep := "lists or quotes are nested too deep; use at most 32 levels"
	for _, c := range []struct{ text, want string }{
		{strings.Repeat("> ", 5000) + "x", "x.md:1: " + deep},
		{"x\n" + strings.Repeat("- ", 5000) + "x", "x.md:2: " + deep},
		{strings.Repeat("    ", 200) + "- x", "x.md:1: " + deep},
		{"a\n" + strings.Repeat("|-", 33) + "\n", "x.md:2: the table has more than 32 columns"},
		{strings.Repeat("\n", 10_001), "x.md:10001: the document has more than 10000 lines"},
		{strings.Repeat(strings.Repeat("a", 100)+"\n\n", 2600), "x.md: the document is larger than 256 KiB"},
		{strings.Repeat("[a](", 10_000), "x.md:1: a paragraph is longer than 32 KiB"},
		{strings.Repeat("*a_ b_\n", 8000), "x.md:4682: a paragraph is longer than 32 KiB"},
	} {
		if _, err := Markdown([]byte(c.text), "x.md"); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.12q…: got %v, want %s", c.text, err, c.want)
		}
	}
	if _, err := Markdown([]byte("| a |\n|---|\n"+strings.Repeat("| "+strings.Repeat("a", 100)+" |\n", 1000)), "x.md"); err != nil {
		t.Errorf("a long table is none of these: %v", err)
	}
	if _, err := Markdown([]byte("- a\n"+strings.Repeat("-", 5000)+"\n"+strings.Repeat("*", 5000)+"\n"), "x.md"); err != nil {
		t.Errorf("a rule is no nesting: %v", err)
	}
}

func TestDocument(t *testing.T) {
	if data, err := Document(strings.NewReader("\xef\xbb\xbf# t\n"), "x.md"); err != nil || string(data) != "# t\n" {
		t.Errorf("with a byte order mark: %q, %v", data, err)
	}
	for text, want := range map[string]string{
		"":                                    "x.md: the file is empty",
		" \n\n":                               "x.md: the file is empty",
		"a\nb\x00":                            "x.md:2: there is a zero byte",
		"a\n\nb\xff":                          "x.md:3: this is not UTF-8",
		strings.Repeat("a", MaxDocument+1):    "x.md: the file is larger than 2 MiB",
		"\x7fELF\x02\x01\x01\x00\x00\x00\x00": "x.md:1: there is a zero byte",
	} {
		if _, err := Document(strings.NewReader(text), "x.md"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.10q: got %v, want %s", text, err, want)
		}
	}
}

func rows(text string, separator rune) (all []Row, faults []string, err error) {
	err = Rows(strings.NewReader(text), "x", separator,
		func(r Row) error { all = append(all, r); return nil },
		func(f *Fault) error { faults = append(faults, f.Error()); return nil })
	return all, faults, err
}

func TestRows(t *testing.T) {
	for _, c := range []struct {
		text      string
		separator rune
		want      []Row
	}{
		{"\xef\xbb\xbfa,b\n1,\"two\nlines, \"\"q\"\"\"\n\n3,\n", ',', []Row{{2, map[string]any{"a": "1", "b": "two\nlines, \"q\""}}, {5, map[string]any{"a": "3", "b": ""}}}},
		{"a \t b\r\n1\t\"x\r\n\r\n2\t \n", '\t', []Row{{2, map[string]any{"a": "1", "b": "\"x"}}, {4, map[string]any{"a": "2", "b": " "}}}},
		{"a\n1", ',', []Row{{2, map[string]any{"a": "1"}}}},
		{"a\n", ',', nil},
	} {
		got, faults, err := rows(c.text, c.separator)
		if err != nil || faults != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %v, %q, %v; want %v", c.text, got, faults, err, c.want)
		}
	}
	// A row that cannot be read loses none of its neighbours.
	long := strings.Repeat("a", MaxLine+1)
	for _, c := range []struct {
		text      string
		separator rune
		want      []string
		lines     []int
	}{
		{"a,b\n1\n2,3\n4,5,6\n7,8\n", ',', []string{"x:2: the row has 1 columns, the first row names 2", "x:4: the row has 3 columns"}, []int{3, 5}},
		{"a\tb\n1\t2\t3\n4\t5\n", '\t', []string{"x:2: the row has 3 columns, the first row names 2"}, []int{3}},
		{"a,b\n1,2\"x\n3,4\n", ',', []string{"x:2: the quotes are wrong: bare"}, []int{3}},
		{"a,b\n1,\"2\" x\"\"\n3,4\n", ',', []string{"x:2: the quotes are wrong: extraneous"}, []int{3}},
		{"a\n\xff\n1\n", ',', []string{"x:2: this is not text in UTF-8"}, []int{3}},
		{"a\n\x00\n1\n", '\t', []string{"x:2: there is a zero byte"}, []int{3}},
		{"a\n" + long + "\n1\n", '\t', []string{"x:2: the line is longer than 1 MiB"}, []int{3}},
		{"a\n" + long + "\n1\n", ',', []string{"x:2: the line is longer than 1 MiB"}, []int{3}},
	} {
		got, faults, err := rows(c.text, c.separator)
		var lines []int
		for _, row := range got {
			lines = append(lines, row.Line)
		}
		if err != nil || len(faults) != len(c.want) || !reflect.DeepEqual(lines, c.lines) {
			t.Errorf("%.20q: rows of lines %v, %q, %v; want %v and %q", c.text, lines, faults, err, c.lines, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(faults[i], want) {
				t.Errorf("%.20q: got %s, want %s", c.text, faults[i], want)
			}
		}
	}
	for _, c := range []struct {
		text      string
		separator rune
		want      string
	}{
		{"", ',', "x: the file is empty"},
		{"\n\n", '\t', "x: the file is empty"},
		{"a,,c\n", ',', "x:1: column 2 has no name"},
		{"a,b\r1,2\r", ',', "x:1: the lines end with a carriage return alone"},
		{"a\tb\r1\t2\r", '\t', "x:1: the lines end with a carriage return alone"},
		{"a\ta\n", '\t', "x:1: column 2 has no name, or one that another has"},
		{"\xff\n1\n", ',', "x:1: this is not text in UTF-8"},
		{"a,b\n" + strings.Repeat("word\n", maxFaults+1), ',', "x:1002: more than 1000 rows cannot be read"},
		// What stands in a quoted cell is never read as a row.
		{"a,b\n1,2\n3,\"4\n5,6\n", ',', "x:3: the quotes are wrong: extraneous or missing \" in quoted-field; the cell may go on, and nothing is read from here on"},
		{"a,b\n1,\"he said \"no\" to\n5,6\nend\"\n7,8\n", ',', "x:2: the quotes are wrong"},
		{"a,b\n1,\"thanks to\nJos\xe9\n5,6\nend\"\n7,8\n", ',', "x:3: this is not text in UTF-8; the cell may go on, and nothing is read from here on"},
		{"a,b\n1,\"thanks to\n" + long + "\n5,6\nend\"\n7,8\n", ',', "x:3: the line is longer than 1 MiB; the cell may go on"},
		{"a\n\"" + strings.Repeat("line\n", MaxLine/2), ',', "a quoted cell goes on for more than 2 MiB"},
	} {
		got, _, err := rows(c.text, c.separator)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: got %v, want %s", c.text, err, c.want)
		}
		if slices.ContainsFunc(got, func(r Row) bool { return r.Fields["a"] == "5" }) {
			t.Errorf("%.20q: the text of a cell was read as a row: %v", c.text, got)
		}
	}
	stop := errors.New("enough")
	if err := Rows(strings.NewReader("a\n1\n2\n"), "x", ',', func(Row) error { return stop }, nil); err != stop {
		t.Errorf("the yielder's error: got %v", err)
	}
}

func TestSeparator(t *testing.T) {
	for name, want := range map[string]rune{"a.csv": ',', "a.TSV": '\t', "b.tab": '\t', "a.txt": 0} {
		if got, err := Separator(name); got != want || (err == nil) != (want != 0) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestJSONLines(t *testing.T) {
	text := "{\"a\":1}\n\n  {\"b\":[2]}  \r\nnot json\n{\"c\":\n{}\n[{}]\n"
	var got []string
	var faults []string
	err := JSONLines(strings.NewReader(text), "x.jsonl", func(m event.Message) error {
		if len(m.Headers) != 1 || string(m.Headers[0].Value) != ContentTypeStructured {
			t.Errorf("headers %v", m.Headers)
		}
		got = append(got, m.Position.String()+" "+string(m.Value))
		return nil
	}, func(f *Fault) error { faults = append(faults, f.Error()); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{`x.jsonl:1 {"a":1}`, `x.jsonl:3 {"b":[2]}`, `x.jsonl:6 {}`}; !reflect.DeepEqual(got, want) {
		t.Errorf("messages %q, want %q", got, want)
	}
	want := []string{
		"x.jsonl:4: this line is not a JSON object; write one CloudEvent on each line, without commas between them",
		"x.jsonl:5: this JSON object does not end on its line; write each event on one line, as `jq -c` does",
		"x.jsonl:7: this line is not a JSON object; write one CloudEvent on each line, without commas between them",
	}
	if !reflect.DeepEqual(faults, want) {
		t.Errorf("faults %q", faults)
	}

	// A line that cannot be read loses none of its neighbours.
	text = "{\"a\":1}\n{\"b\":\"" + strings.Repeat("x", MaxLine) + "\"}\n\xff\n{}\n{\"c\":\"\x00\"}\n"
	var lines []int
	faults = nil
	err = JSONLines(strings.NewReader(text), "x.jsonl",
		func(m event.Message) error { lines = append(lines, m.Position.Line); return nil },
		func(f *Fault) error { faults = append(faults, f.Error()); return nil })
	if err != nil || !reflect.DeepEqual(lines, []int{1, 4}) || len(faults) != 3 ||
		!strings.HasPrefix(faults[0], "x.jsonl:2: the line is longer") || !strings.HasPrefix(faults[1], "x.jsonl:3: this is not text in UTF-8") || !strings.HasPrefix(faults[2], "x.jsonl:5: there is a zero byte") {
		t.Errorf("lines %v, faults %q, %v", lines, faults, err)
	}
	err = JSONLines(strings.NewReader(strings.Repeat("binary\n", maxFaults+1)), "x.jsonl", nil, func(*Fault) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "x.jsonl:1001: more than 1000 lines are no events") {
		t.Errorf("another file: %v", err)
	}

	for _, text := range []string{"{\n  \"a\": 1\n}\n", "[\n{}\n]\n"} {
		err = JSONLines(strings.NewReader(text), "x.jsonl", nil, nil)
		if err == nil || !strings.Contains(err.Error(), "x.jsonl:1: this is JSON over several lines; nothing of it is read; write each event on one line, as `jq -c . FILE` does") {
			t.Errorf("%q: %v", text, err)
		}
	}
	err = JSONLines(strings.NewReader("\n"), "x.jsonl", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "x.jsonl: the file is empty") {
		t.Errorf("an empty file: %v", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, []byte(strings.Repeat("line\n", 40_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	var done, total int64
	in, err := Open(path, func(d, n int64) {
		if d < done {
			t.Errorf("progress went back from %d to %d", done, d)
		}
		done, total = d, n
	})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := Rows(in, path, '\t', func(Row) error { return nil }, nil); err != nil {
		t.Fatal(err)
	}
	if done != 200_000 || total != 200_000 {
		t.Errorf("progress ended at %d of %d", done, total)
	}
	for path, want := range map[string]string{dir: "it is a folder", filepath.Join(dir, "no"): "no such file"} {
		if _, err := Open(path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Whatever the text, reading ends and lines stay inside it.
func FuzzMarkdown(f *testing.F) {
	f.Add("# t\n\n| a | b |\n|---|---|\n| 1 | 2\n\n- k: v\n  - x\n\n[^1]: n\n")
	f.Add("> - > 1. a\n>\tb\n\n<div>\n\n```\ncode")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Markdown([]byte(text), "x.md")
		if err != nil {
			return
		}
		last := 1 + strings.Count(text, "\n")
		for _, s := range got["sections"].([]any) {
			section := s.(map[string]any)
			check := func(line int) {
				if line < 1 || line > last {
					t.Fatalf("line %d of %d", line, last)
				}
			}
			check(section["line"].(int))
			for _, list := range []string{"paragraphs", "items", "tables"} {
				for _, x := range section[list].([]any) {
					check(x.(map[string]any)["line"].(int))
				}
			}
			for _, x := range section["tables"].([]any) {
				table := x.(map[string]any)
				for _, r := range table["rows"].([]any) {
					row := r.(map[string]any)
					check(row["line"].(int))
					if len(row["cells"].([]any)) != len(table["header"].([]any)) {
						t.Fatal("a row has another number of cells than the header")
					}
				}
			}
		}
	})
}

func TestFrontMatter(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		title      string
	}{
		"plain values as written": {"---\ntitle: T\ndate: 2026-03-12\nseverity: 2\nquoted: \"a: b\"\ntags: [a]\nnone:\n---\n# H\n", "map[date:2026-03-12 quoted:a: b severity:2 title:T]", "H"},
		"one value":               {"---\ndate: 2026-03-12\n---\n# H\n", "map[date:2026-03-12]", "H"},
		"windows":                 {"---\r\ndate: 2026-03-12\r\n---\r\n# H\r\n", "map[date:2026-03-12]", "H"},
		"a rule, not ended":       {"---\n# H\n", "<nil>", "H"},
		"prose between rules":     {"---\nsome words\n\n---\n# H\n", "<nil>", "H"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Markdown([]byte(c.text), "a.md")
			if err != nil {
				t.Fatal(err)
			}
			if front := fmt.Sprint(got["frontMatter"]); front != c.want || got["title"] != c.title {
				t.Errorf("front matter %s, title %v; want %s, %s", front, got["title"], c.want, c.title)
			}
		})
	}
	got, err := Markdown([]byte("---\na: 1\nb: 2\n---\n# H\n"), "a.md")
	if err != nil || got["line"] != 5 {
		t.Errorf("the heading is at line %v, %v; want 5", got["line"], err)
	}
	for text, want := range map[string]string{
		"---\na: [\n---\n": "a.md:1: the front matter between the lines --- is not YAML; write key: value",
		"---\na: " + strings.Repeat("x", 9<<10) + "\n---\n": "a.md:1: the front matter is larger than 8 KiB",
		"---\na: " + strings.Repeat("[", 8000) + "\n---\n":  "a.md:1: the front matter between the lines --- is not YAML",
	} {
		if _, err := Markdown([]byte(text), "a.md"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %.200v, want %s", err, want)
		}
	}
}

func TestFactsOfAParagraph(t *testing.T) {
	got, err := Markdown([]byte("# H\n\n**Date:** March 12, 2026\n**Severity**: SEV-2\nand **this:** not\n"), "a.md")
	if err != nil {
		t.Fatal(err)
	}
	paragraph := got["sections"].([]any)[0].(map[string]any)["paragraphs"].([]any)[0].(map[string]any)
	if facts := fmt.Sprint(paragraph["facts"]); facts != "[map[key:Date line:3 value:March 12, 2026] map[key:Severity line:4 value:SEV-2]]" {
		t.Errorf("facts %s", facts)
	}
}
