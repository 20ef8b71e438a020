package adapter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tuition-hq/tuition/pkg/event"
	"github.com/tuition-hq/tuition/pkg/source"
)

// Options of reading one file.
type Options struct {
	Set      map[string]string // the adapter's parameters
	Progress source.Progress
}

// Sink takes what comes of a file, in order. An error of its own ends the reading.
type Sink interface {
	// Event takes one event of the history that is imported.
	Event(Event) error
	// Finding takes an oddity that was read all the same.
	Finding(Finding) error
	// Fault takes an input, or an output of the program, that gave no event; reading goes on.
	Fault(*Fault) error
}

// Event is one valid CDEvent and where its input stood. Whoever publishes it as
// history adds event.HeaderImported.
type Event struct {
	CDEvent  []byte
	Type, ID string
	Position event.Position
}

// extensions by kind of input.
var extensions = map[string][]string{
	InputMarkdown: {".md", ".markdown"},
	InputRows:     {".csv", ".tsv", ".tab"},
	InputJSON:     {".json", ".jsonl", ".ndjson"},
}

// Files expands folders among the paths into the files in them that the
// adapter reads, by name; folders in folders are left alone. A path that gives no
// file is a fault, and the others are expanded all the same.
func (a *Adapter) Files(paths []string) (files []string, faults []error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			faults = append(faults, &Fault{Adapter: a.Name, File: path, What: "there is no such file or folder", Mend: "check the path"})
			continue
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			faults = append(faults, &Fault{Adapter: a.Name, File: path, What: "the folder cannot be read", Mend: "check its permissions"})
			continue
		}
		found := false
		for _, entry := range entries {
			if !entry.IsDir() && a.reads(entry.Name()) {
				files, found = append(files, filepath.Join(path, entry.Name())), true
			}
		}
		if !found {
			faults = append(faults, &Fault{
				Adapter: a.Name, File: path, What: "nothing in this folder is for this adapter",
				Mend: "name a folder with files " + strings.Join(extensions[a.Input], ", "),
			})
		}
	}
	return files, faults
}

func (a *Adapter) reads(file string) bool {
	return slices.Contains(extensions[a.Input], strings.ToLower(filepath.Ext(file)))
}

// File reads one file into the sink. The error is a *Fault if the file cannot
// be read to its end, else the sink's own, ctx's, or one about the parameters.
func (a *Adapter) File(ctx context.Context, path string, options Options, sink Sink) error {
	set, err := a.settings(options.Set)
	if err != nil {
		return err
	}
	if !a.reads(path) {
		return &Fault{
			Adapter: a.Name, File: path, What: "this adapter does not read files of this name",
			Mend: "name a file " + strings.Join(extensions[a.Input], ", "),
		}
	}
	in, err := source.Open(path, options.Progress)
	if err != nil {
		return a.fault(err)
	}
	defer in.Close()
	r := &reading{Adapter: a, ctx: ctx, path: path, set: set, sink: sink}
	switch a.Input {
	case InputMarkdown:
		err = r.markdown(in)
	case InputRows:
		err = r.rows(in)
	default:
		err = r.json(in)
	}
	return a.fault(err)
}

// fault gives the source's faults the adapter's name.
func (a *Adapter) fault(err error) error {
	var f *source.Fault
	if errors.As(err, &f) {
		return &Fault{Adapter: a.Name, File: f.File, Line: f.Line, What: f.What, Mend: f.Mend}
	}
	return err
}

type reading struct {
	*Adapter
	ctx  context.Context
	path string
	set  map[string]any
	sink Sink
}

func (r *reading) markdown(in io.Reader) error {
	data, err := source.Document(in, r.path)
	if err != nil {
		return err
	}
	document, err := source.Markdown(data, r.path)
	if err != nil {
		return err
	}
	return r.one(document, 1)
}

func (r *reading) rows(in io.Reader) error {
	separator, err := source.Separator(r.path)
	if err != nil {
		return err
	}
	findings := &repeated{Sink: r.sink}
	r.sink = findings
	err = source.Rows(in, r.path, separator, func(row source.Row) error {
		return r.one(row.Fields, row.Line)
	}, r.skipped)
	if told := findings.tell(); err == nil {
		err = told
	}
	return err
}

// repeated holds findings back and tells equal ones once: what one row of a
// table says oddly the thousands beside it say too.
type repeated struct {
	Sink
	findings []Finding
	count    map[Finding]int // by finding without its line
}

func (r *repeated) Finding(f Finding) error {
	line := f.Line
	f.Line = 0
	if r.count == nil {
		r.count = map[Finding]int{}
	}
	if r.count[f]++; r.count[f] == 1 {
		f.Line = line
		r.findings = append(r.findings, f)
	}
	return nil
}

func (r *repeated) tell() error {
	for _, f := range r.findings {
		sort := f
		sort.Line = 0
		if n := r.count[sort]; n > 1 {
			f.Message += fmt.Sprintf(" (the first of %d rows)", n)
		}
		if err := r.Sink.Finding(f); err != nil {
			return err
		}
	}
	return nil
}

// skipped takes a line or row that cannot be read.
func (r *reading) skipped(f *source.Fault) error { return r.sink.Fault(r.fault(f).(*Fault)) }

func (r *reading) json(in io.Reader) error {
	if strings.ToLower(filepath.Ext(r.path)) != ".json" {
		return source.JSONLines(in, r.path, func(m event.Message) error {
			return r.decoded(m.Value, m.Line)
		}, r.skipped)
	}
	data, err := source.Document(in, r.path)
	if err != nil {
		return err
	}
	return r.decoded(data, 1)
}

func (r *reading) decoded(data []byte, line int) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	if err == nil {
		if _, err = decoder.Token(); err == io.EOF {
			return r.one(numbers(value), line)
		}
	}
	return r.sink.Fault(&Fault{
		Adapter: r.Name, File: r.path, Line: line, What: "this is not one JSON value",
		Mend: "for one on each line use the ending .jsonl",
	})
}

// numbers makes numbers of a decoded value what programs count with: int where
// it fits, else float64.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
		f, _ := v.Float64() // beyond its range: ±Inf, which no schema takes
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return value
}

// one runs the program on one input.
func (r *reading) one(input any, line int) error {
	meta := map[string]any{"adapter": r.Name, "file": filepath.Base(r.path), "line": line, "set": r.set}
	err := r.run(r.ctx, input, meta, func(output any) error {
		return r.take(output, line)
	})
	var f *Fault
	if errors.As(err, &f) && f.File == "" {
		return r.reject(f, line)
	}
	return err
}

// reject places a fault of the program or of its output and goes on.
func (r *reading) reject(f *Fault, line int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	f.Adapter, f.File = r.Name, r.path
	if f.Line == 0 {
		f.Line = line
	}
	return r.sink.Fault(f)
}

func (r *reading) take(output any, line int) error {
	object, _ := output.(map[string]any)
	if finding, is := object["finding"].(map[string]any); is {
		f := Finding{File: r.path, Line: line}
		if at, ok := finding["line"].(int); ok {
			f.Line = at
		}
		f.Code, _ = finding["code"].(string)
		f.Message, _ = finding["message"].(string)
		f.Mend, _ = finding["mend"].(string)
		return r.sink.Finding(f)
	}
	e, fault := build(object)
	if fault != nil {
		return r.reject(fault, line)
	}
	e.Position = event.Position{File: r.path, Line: line}
	return r.sink.Event(*e)
}

// build makes a CDEvent of an output {type, source, id, time, subject: {id,
// content}, tuition?}; tuition is for CDEvents' own types, whose content is closed.
func build(object map[string]any) (*Event, *Fault) {
	if object == nil {
		return nil, &Fault{What: "an output of the program is not an object", Mend: "give {type, source, id, time, subject: {id, content}}"}
	}
	for key := range object {
		if !slices.Contains([]string{"type", "source", "id", "time", "subject", "tuition"}, key) {
			return nil, &Fault{What: fmt.Sprintf("an output of the program has a field %q", key), Mend: "give {type, source, id, time, subject: {id, content}}"}
		}
	}
	text := map[string]string{}
	for _, key := range []string{"type", "source", "id", "time"} {
		value, _ := object[key].(string)
		if value == "" {
			return nil, &Fault{What: "an output of the program has no " + key, Mend: "give {type, source, id, time, subject: {id, content}}"}
		}
		text[key] = value
	}
	at, err := time.Parse(time.RFC3339Nano, text["time"])
	if err != nil {
		return nil, &Fault{What: "the time of an output is not RFC 3339", Mend: "use parse_time, or 2024-05-01T08:00:00Z"}
	}
	subject, _ := object["subject"].(map[string]any)
	id, _ := subject["id"].(string)
	content, _ := subject["content"].(map[string]any)
	if id == "" || content == nil {
		return nil, &Fault{What: "an output of the program has no subject {id, content}", Mend: "give both; content may be {}"}
	}
	var extras []event.Extra
	if attributes, is := object["tuition"].(map[string]any); is {
		extras = append(extras, event.Tuition(attributes))
	}
	cdevent, err := event.New(text["type"], text["source"], text["id"], at, id, content, extras...)
	if err != nil {
		return nil, &Fault{What: "an output of the program is not a valid event: " + err.Error(), Mend: "compare it with the schema of " + text["type"]}
	}
	return &Event{CDEvent: cdevent, Type: text["type"], ID: text["id"]}, nil
}
