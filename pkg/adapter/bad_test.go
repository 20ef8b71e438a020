package adapter

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// folder writes files and gives their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const report = "# T\n\n## Timeline\n\nAll times in UTC.\n\n| Time | Event |\n|---|---|\n| 2024-05-01 10:00 | a (resolved) |\n"

func TestBadFiles(t *testing.T) {
	tags := map[string]string{"service": "s"}
	for _, c := range []struct {
		name, adapter, file, text string
		set                       map[string]string
		want                      string // the error that ends the reading
		faults                    []string
	}{
		{name: "binary", adapter: "markdown-postmortem", file: "a.md", text: "\x7fELF\x00", want: "a.md:1: adapter markdown-postmortem: there is a zero byte"},
		{name: "not UTF-8", adapter: "markdown-postmortem", file: "a.md", text: "# T\n\xe6\n", want: "a.md:2: adapter markdown-postmortem: this is not UTF-8"},
		{name: "empty", adapter: "markdown-postmortem", file: "a.md", want: "a.md: adapter markdown-postmortem: the file is empty"},
		{name: "huge", adapter: "markdown-postmortem", file: "a.md", text: strings.Repeat("word\n\n", 1<<20), want: "a.md: adapter markdown-postmortem: the file is larger than 2 MiB"},
		{name: "another extension", adapter: "markdown-postmortem", file: "a.docx", text: report, want: "a.docx: adapter markdown-postmortem: this adapter does not read files of this name; name a file .md, .markdown"},
		{name: "another kind", adapter: "release-tags", file: "a.md", text: report, set: tags, want: "a.md: adapter release-tags: this adapter does not read files of this name; name a file .csv, .tsv, .tab"},
		{name: "no time", adapter: "markdown-postmortem", file: "a.md", text: "# T\n\n## Timeline\n\n| Time | Event |\n|---|---|\n| soon | a |\n", faults: []string{"a.md:3: adapter markdown-postmortem: the report has no timeline with a date"}},
		{name: "before 1980", adapter: "markdown-postmortem", file: "a.md", text: strings.Replace(report, "2024-", "1024-", 1), faults: []string{"a.md:1: adapter markdown-postmortem: an output of the program is not a valid event: ", ""}},
		{name: "parameter missing", adapter: "release-tags", file: "a.tsv", text: "a\n", want: "adapter release-tags needs --set service=…: the service that the tags release"},
		{name: "parameter unknown", adapter: "release-tags", file: "a.tsv", text: "a\n", set: map[string]string{"service": "s", "svc": "t"}, want: `adapter release-tags has no parameter "svc"; it has: service, environment, zone, source`},
		{name: "zone unknown", adapter: "release-tags", file: "a.tsv", text: "a\n", set: map[string]string{"service": "s", "zone": "Foo/Bar"}, want: "adapter release-tags: --set zone=Foo/Bar is no time zone that is known; write it as Europe/Berlin"},
		{name: "columns", adapter: "release-tags", file: "a.tsv", text: "version\tcommit\ttagged_at\nv1\tc\n", set: tags, faults: []string{"a.tsv:2: adapter release-tags: the row has 2 columns, the first row names 3"}},
		{name: "column missing", adapter: "release-tags", file: "a.csv", text: "version,tagged_at\nv1,2024-05-01T08:00:00Z\n", set: tags, faults: []string{"a.csv:2: adapter release-tags: there is no column commit; name the columns"}},
		{name: "huge line", adapter: "release-tags", file: "a.tsv", text: "version\n" + strings.Repeat("x", 2<<20), set: tags, faults: []string{"a.tsv:2: adapter release-tags: the line is longer than 1 MiB"}},
		{name: "empty table", adapter: "release-tags", file: "a.tsv", set: tags, want: "a.tsv: adapter release-tags: the file is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := load(t, "", c.adapter)
			path := filepath.Join(folder(t, map[string]string{c.file: c.text}), c.file)
			check(t, a, path, c.set, c.want, c.faults)
		})
	}
	t.Run("absent", func(t *testing.T) {
		check(t, load(t, "", "markdown-postmortem"), "/nowhere/a.md", nil, "/nowhere/a.md: adapter markdown-postmortem: cannot be read: no such file or directory; check the path", nil)
	})
}

// check reads a file that is bad, and compares the error and the faults.
func check(t *testing.T, a *Adapter, path string, set map[string]string, want string, faults []string) collected {
	t.Helper()
	var c collected
	err := a.File(context.Background(), path, Options{Set: set}, &c)
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("error %v\nwant %s", err, want)
	}
	if len(c.faults) < len(faults) || len(faults) == 0 && len(c.faults) > 0 {
		t.Fatalf("faults %v, want %q", c.faults, faults)
	}
	for i, f := range faults {
		if !strings.Contains(c.faults[i].Error(), f) {
			t.Errorf("fault %s\nwant  %s", c.faults[i], f)
		}
	}
	return c
}

const declaration = "version: 0.1.0\ndescription: a test\ninput: json\n"

func TestBadPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		program, input string
		want           string
	}{
		"an error of jq":    {`.a + 1`, `{"a":"secret"}`, "in.json:1: adapter x: the program failed: cannot add: string …; correct the input, or the adapter"},
		"an error in words": {`error("the input is upside down")`, `{}`, "the input is upside down; correct the input"},
		"an error in full":  {`error({message: "no", mend: "yes", line: 7})`, `{}`, "in.json:7: adapter x: no; yes"},
		"halt":              {`halt_error`, `{}`, "the program halts"},
		"no end":            {`def f: f; f`, `{}`, "the program did not end within 100ms"},
		"no end of output":  {`repeat({finding: {}})`, `{}`, "the program gave more than 10000 outputs"},
		"not an object":     {`1`, `{}`, "an output of the program is not an object"},
		"another field":     {`{type: "a", data: 1}`, `{}`, `an output of the program has a field "data"`},
		"no type":           {`{source: "a", id: "b", time: "c"}`, `{}`, "an output of the program has no type"},
		"no time":           {`{type: "t", source: "a", id: "b", time: "yesterday", subject: {id: "s", content: {}}}`, `{}`, "the time of an output is not RFC 3339"},
		"no subject":        {`{type: "t", source: "a", id: "b", time: "2024-05-01T08:00:00Z"}`, `{}`, "an output of the program has no subject {id, content}"},
		"no such type":      {`{type: "dev.cdevents.nothing.happened.0.1.0", source: "a", id: "b", time: "2024-05-01T08:00:00Z", subject: {id: "s", content: {}}}`, `{}`, "an output of the program is not a valid event"},
		"not of its schema": {`{type: "dev.cdeventsx.tuition-incident.acknowledged.0.1.0", source: "a", id: "b", time: "2024-05-01T08:00:00Z", subject: {id: "s", content: {severity: .n}}}`, `{"n":9}`, "/subject/content/severity"},
		"not JSON":          {`.`, `{`, "in.json:1: adapter x: this is not one JSON value"},
		"two values":        {`.`, `{} {}`, "this is not one JSON value; for one on each line use the ending .jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"x.jq": c.program, "x.yaml": declaration, "in.json": c.input})
			a := load(t, dir, "x")
			a.runTime = 100 * time.Millisecond
			if strings.Contains(c.want, "10000") {
				a.runTime = time.Minute
			}
			got := check(t, a, filepath.Join(dir, "in.json"), nil, "", []string{c.want})
			if len(got.events) > 0 || strings.Contains(got.faults[0].Error(), "secret") {
				t.Errorf("events %v, faults %v", got.events, got.faults)
			}
		})
	}
}

// A program that fails on one line does not keep the others from being read.
func TestFaultsAreValues(t *testing.T) {
	dir := folder(t, map[string]string{
		"x.jq": `{type: "dev.cdeventsx.tuition-incident.acknowledged.0.1.0", source: "s", id: .id, time: "2024-05-01T08:00:00Z",
			subject: {id: .id, content: {severity: .severity}}}, report(3; "code"; "message"; "mend")`,
		"x.yaml":   declaration,
		"in.jsonl": "{\"id\":\"a\",\"severity\":1}\n{\"id\":1}\nnothing\n{\"id\":\"b\",\"severity\":2}\n",
	})
	c := read(t, load(t, dir, "x"), filepath.Join(dir, "in.jsonl"), nil)
	if len(c.events) != 2 || c.events[1].ID != "b" || c.events[1].Position.Line != 4 {
		t.Errorf("events %+v", c.events)
	}
	if len(c.faults) != 2 || c.faults[0].Line != 2 || c.faults[1].Line != 3 {
		t.Errorf("faults %v", c.faults)
	}
	if len(c.findings) != 3 || c.findings[0].String() != filepath.Join(dir, "in.jsonl")+":3: code: message; mend" {
		t.Errorf("findings %v", c.findings)
	}
}

// CDEvents' own types have closed content: what tuition adds goes into customData.
func TestTuitionAttributes(t *testing.T) {
	dir := folder(t, map[string]string{
		"x.jq": `{type: "dev.cdevents.incident.detected.0.3.0", source: "s", id: "i", time: "2024-05-01T08:00:00Z",
			subject: {id: "n", content: {environment: {id: "production"}}}, tuition: {severity: .severity}}`,
		"x.yaml": declaration, "in.json": `{"severity": 2}`,
	})
	c := read(t, load(t, dir, "x"), filepath.Join(dir, "in.json"), nil)
	if len(c.faults) > 0 || len(c.events) != 1 || !strings.Contains(string(c.events[0].CDEvent), `"customData":{"tuition":{"severity":2}}`) {
		t.Errorf("events %s, faults %v", c.events, c.faults)
	}
}

func TestBadAdapters(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no declaration":   {map[string]string{"x.jq": "."}, "x.yaml: adapter x: there is no declaration beside the program"},
		"no program":       {map[string]string{"x.yaml": declaration}, "x.yaml: adapter x: there is no program beside it; add x.jq"},
		"unknown field":    {map[string]string{"x.jq": ".", "x.yaml": declaration + "inputs: json\n"}, "x.yaml:4: adapter x: the declaration cannot be read: unknown field"},
		"unknown input":    {map[string]string{"x.jq": ".", "x.yaml": "input: word\n"}, "x.yaml: adapter x: input is not one of markdown, rows, json"},
		"not jq":           {map[string]string{"x.jq": ".a\n| (\n", "x.yaml": declaration}, "x.jq:3: adapter x: the program is not jq: unexpected EOF"},
		"unknown function": {map[string]string{"x.jq": "nothing(.)", "x.yaml": declaration}, "x.jq: adapter x: the program cannot be compiled: function not defined: nothing/1"},
		"other inputs":     {map[string]string{"x.jq": "input", "x.yaml": declaration}, "the program cannot be compiled: input(s)/0 is not allowed"},
		"modules":          {map[string]string{"x.jq": `import "a" as a; .`, "x.yaml": declaration}, "the program cannot be compiled: cannot load module"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(folder(t, c.files))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		if _, err := Load("/nowhere"); err == nil || !strings.Contains(err.Error(), "/nowhere: the folder of adapters cannot be read; correct the setting adapters_dir") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("unknown adapter", func(t *testing.T) {
		set, err := Load("")
		if err != nil {
			t.Fatal(err)
		}
		_, err = set.Get("markdown")
		if err == nil || err.Error() != `there is no adapter "markdown"; there are: `+strings.Join(set.Names(), ", ") {
			t.Errorf("got %v", err)
		}
	})
}

// The environment is closed to programs.
func TestProgramsSeeNoEnvironment(t *testing.T) {
	t.Setenv("TUITION_SECRET", "secret")
	dir := folder(t, map[string]string{"x.jq": `report(1; "env"; [env, $ENV] | tostring; "")`, "x.yaml": declaration, "in.json": "{}"})
	c := read(t, load(t, dir, "x"), filepath.Join(dir, "in.json"), nil)
	if len(c.findings) != 1 || c.findings[0].Message != "[{},{}]" {
		t.Errorf("findings %v", c.findings)
	}
}

func TestUsersAdapterWins(t *testing.T) {
	dir := folder(t, map[string]string{"release-tags.jq": "empty", "release-tags.yaml": "description: mine\ninput: rows\n", "a.tsv": "a\n1\n"})
	a := load(t, dir, "release-tags")
	if c := read(t, a, filepath.Join(dir, "a.tsv"), nil); a.Description != "mine" || len(c.events)+len(c.faults) > 0 {
		t.Errorf("%q gave %v", a.Description, c)
	}
}

func TestFiles(t *testing.T) {
	dir := folder(t, map[string]string{"b.md": report, "a.MD": report, "c.txt": ""})
	a := load(t, "", "markdown-postmortem")
	got, faults := a.Files([]string{"/nowhere", filepath.Join(dir, "c.txt"), dir})
	if len(faults) != 1 || strings.Join(got, " ") != dir+"/c.txt "+dir+"/a.MD "+dir+"/b.md" {
		t.Errorf("got %v, %v", got, faults)
	}
	for path, want := range map[string]string{"/nowhere": "there is no such file or folder", t.TempDir(): "nothing in this folder is for this adapter; name a folder with files .md, .markdown"} {
		if _, faults := a.Files([]string{path}); len(faults) != 1 || !strings.Contains(faults[0].Error(), want) {
			t.Errorf("%s: %v", path, faults)
		}
	}
}

type stopping struct{ collected }

func (s *stopping) Event(Event) error { return errStop }

var errStop = errors.New("enough")

func TestReadingEndsWithTheSinkAndTheContext(t *testing.T) {
	dir := folder(t, map[string]string{"a.md": report})
	a := load(t, "", "markdown-postmortem")
	if err := a.File(context.Background(), filepath.Join(dir, "a.md"), Options{}, &stopping{}); err != errStop {
		t.Errorf("the sink's error: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.File(ctx, filepath.Join(dir, "a.md"), Options{}, &collected{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: got %v", err)
	}
}
