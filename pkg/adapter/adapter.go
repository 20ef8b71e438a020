// Package adapter turns what a source has (a Markdown report, rows of a table,
// a JSON document) into CDEvents by a jq program. An adapter is data: a user
// adds a source by adding two files. A program sees its input and $meta and
// nothing else: no environment, no files, no other inputs; its time and its
// output are bounded.
package adapter

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/itchyny/gojq"

	"github.com/tuition-hq/tuition/schemas"
)

// The kinds of input that an adapter may declare.
const (
	InputMarkdown = "markdown" // .md, .markdown: one run for each document (source.Markdown)
	InputRows     = "rows"     // .csv, .tsv, .tab: one run for each row, an object of column → text
	InputJSON     = "json"     // .json: one run for the document; .jsonl, .ndjson: one for each line
)

// Bounds on one run of a program. Its memory has none of its own: adapters are
// trusted not to be hostile, the files they read are not trusted at all.
const (
	runTime    = 10 * time.Second
	runOutputs = 10_000
)

// Parameter is a value that the user gives by --set name=value; the program
// finds it in $meta.set.
type Parameter struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Required    bool   `yaml:"required"`
	Default     string `yaml:"default"`
	Kind        string `yaml:"kind"` // zoneKind, else any text
}

const zoneKind = "time zone"

// Declaration is what NAME.yaml says.
type Declaration struct {
	Version        string      `yaml:"version"`
	Description    string      `yaml:"description"`
	Input          string      `yaml:"input"`
	Authentication string      `yaml:"authentication"` // of a webhook; "none" for files
	Parameters     []Parameter `yaml:"parameters"`
}

// Adapter is one compiled adapter. It is safe for concurrent use.
type Adapter struct {
	Name string
	Declaration
	code    *gojq.Code
	runTime time.Duration
}

// Set is the adapters that there are.
type Set struct {
	adapters map[string]*Adapter
}

// Load compiles the adapters of the binary and those of a folder of the
// user's, which win by name; dir "" is none.
func Load(dir string) (*Set, error) {
	s := &Set{adapters: map[string]*Adapter{}}
	if err := s.load(embedded(schemas.Adapters), ""); err != nil {
		return nil, err
	}
	if dir == "" {
		return s, nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, &Fault{File: dir, What: "the folder of adapters cannot be read", Mend: "correct the setting adapters_dir, or leave it out"}
	}
	if err := s.load(os.DirFS(dir), dir); err != nil {
		return nil, err
	}
	return s, nil
}

func embedded(all embed.FS) fs.FS {
	sub, err := fs.Sub(all, "adapters")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// Names lists the adapters by name.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.adapters)) }

// Get gives an adapter by name; the error says which there are.
func (s *Set) Get(name string) (*Adapter, error) {
	if a := s.adapters[name]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("there is no adapter %q; there are: %s", name, strings.Join(s.Names(), ", "))
}

func (s *Set) load(files fs.FS, dir string) error {
	programs, err := fs.Glob(files, "*.jq")
	if err != nil {
		return err
	}
	var faults []error
	for _, program := range programs {
		a, err := compile(files, dir, strings.TrimSuffix(program, ".jq"))
		if err != nil {
			faults = append(faults, err)
			continue
		}
		s.adapters[a.Name] = a
	}
	declarations, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return err
	}
	for _, declaration := range declarations {
		name := strings.TrimSuffix(declaration, ".yaml")
		if !slices.Contains(programs, name+".jq") {
			faults = append(faults, &Fault{
				Adapter: name, File: path.Join(dir, declaration), What: "there is no program beside it",
				Mend: "add " + name + ".jq, or take this file away",
			})
		}
	}
	return errors.Join(faults...)
}

func compile(files fs.FS, dir, name string) (*Adapter, error) {
	a := &Adapter{Name: name, runTime: runTime}
	declared := path.Join(dir, name+".yaml")
	text, err := fs.ReadFile(files, name+".yaml")
	if err != nil {
		return nil, &Fault{
			Adapter: name, File: declared, What: "there is no declaration beside the program",
			Mend: "add it, with version, description and input",
		}
	}
	if err := yaml.UnmarshalWithOptions(text, &a.Declaration, yaml.Strict()); err != nil {
		f := &Fault{Adapter: name, File: declared, What: "the declaration cannot be read", Mend: "see the adapters that come with tuition"}
		var positioned yaml.Error
		if errors.As(err, &positioned) {
			f.What += ": " + positioned.GetMessage()
			if token := positioned.GetToken(); token != nil && token.Position != nil {
				f.Line = token.Position.Line
			}
		}
		return nil, f
	}
	if !slices.Contains([]string{InputMarkdown, InputRows, InputJSON}, a.Input) {
		return nil, &Fault{Adapter: name, File: declared, What: "input is not one of markdown, rows, json", Mend: "declare what the program reads"}
	}
	program, err := fs.ReadFile(files, name+".jq")
	if err != nil {
		return nil, err
	}
	fault := &Fault{Adapter: name, File: path.Join(dir, name+".jq"), Mend: "correct the program; gojq's README says where it differs from jq"}
	query, err := gojq.Parse(string(program))
	if err != nil {
		var p *gojq.ParseError
		if errors.As(err, &p) {
			fault.Line = 1 + strings.Count(string(program[:min(p.Offset, len(program))]), "\n")
		}
		fault.What = "the program is not jq: " + err.Error()
		return nil, fault
	}
	a.code, err = gojq.Compile(query, append(functions(), gojq.WithVariables([]string{"$meta"}))...)
	if err != nil {
		fault.What = "the program cannot be compiled: " + err.Error()
		return nil, fault
	}
	return a, nil
}

// settings completes what the user set by the defaults, and refuses what the
// adapter does not know.
func (a *Adapter) settings(set map[string]string) (map[string]any, error) {
	all := map[string]any{}
	for _, p := range a.Parameters {
		if value, given := set[p.Name]; given {
			if p.Kind == zoneKind && zoneOf(value) == nil {
				return nil, fmt.Errorf("adapter %s: --set %s=%s is no time zone that is known; write it as Europe/Berlin, UTC or +02:00", a.Name, p.Name, value)
			}
			all[p.Name] = value
		} else if p.Required {
			return nil, fmt.Errorf("adapter %s needs --set %s=…: %s", a.Name, p.Name, p.Description)
		} else if p.Default != "" {
			all[p.Name] = p.Default
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if _, known := all[name]; known {
			continue
		}
		var names []string
		for _, p := range a.Parameters {
			names = append(names, p.Name)
		}
		return nil, fmt.Errorf("adapter %s has no parameter %s; it has: %s", a.Name, strconv.Quote(name), strings.Join(names, ", "))
	}
	return all, nil
}

// run gives the program's outputs to yield, in order.
func (a *Adapter) run(ctx context.Context, input any, meta map[string]any, yield func(any) error) error {
	ctx, cancel := context.WithTimeout(ctx, a.runTime)
	defer cancel()
	outputs := a.code.RunWithContext(ctx, input, meta)
	for count := 0; ; count++ {
		output, more := outputs.Next()
		if !more {
			return nil
		}
		if err, failed := output.(error); failed {
			if ctx.Err() != nil {
				return &Fault{What: fmt.Sprintf("the program did not end within %s", a.runTime), Mend: "look for a loop in it"}
			}
			return thrown(err)
		}
		if count == runOutputs {
			return &Fault{What: fmt.Sprintf("the program gave more than %d outputs for one input", runOutputs), Mend: "look for a loop in it, or split the input"}
		}
		if err := yield(output); err != nil {
			return err
		}
	}
}

// thrown makes a fault of a program's error. What the program says by
// error({message, mend, line}) or error("…") is its author's words; jq's own
// errors quote values of the input, which are cut off.
func thrown(err error) *Fault {
	f := &Fault{Mend: "correct the input, or the adapter if the input is right"}
	var halt *gojq.HaltError
	var value gojq.ValueError
	switch {
	case errors.As(err, &halt):
		f.What = "the program halts"
	case errors.As(err, &value):
		switch v := value.Value().(type) {
		case map[string]any:
			f.What, _ = v["message"].(string)
			if mend, ok := v["mend"].(string); ok {
				f.Mend = mend
			}
			f.Line, _ = v["line"].(int)
		case string:
			f.What = v
		}
	}
	if f.What == "" {
		what, _, cut := strings.Cut(err.Error(), "(")
		if cut {
			what = strings.TrimSpace(what) + " …"
		}
		f.What = "the program failed: " + what
	}
	return f
}
