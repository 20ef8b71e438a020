package adapter

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what was got as what is expected")

// outcome is what is expected of one file.
type outcome struct {
	Events   []json.RawMessage `json:"events"`
	Findings []string          `json:"findings,omitempty"`
	Faults   []string          `json:"faults,omitempty"`
}

func (c collected) outcome() outcome {
	var o outcome
	for _, e := range c.events {
		o.Events = append(o.Events, e.CDEvent)
	}
	for _, f := range c.findings {
		f.File = filepath.Base(f.File)
		o.Findings = append(o.Findings, f.String())
	}
	for _, f := range c.faults {
		f.File = filepath.Base(f.File)
		o.Faults = append(o.Faults, f.Error())
	}
	return o
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		t.Errorf("%s is missing; if what follows is right, write it with `go test ./pkg/adapter -update`. The program gave\n%s", file, got)
	case err != nil:
		t.Fatal(err)
	case !bytes.Equal(got, want):
		t.Errorf("%s says something else; if what follows is right, write it with `go test ./pkg/adapter -update`. The program gave\n%s", file, got)
	}
}

func indented(t *testing.T, value any) []byte {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every adapter of the binary has examples in schemas/adapters/tests/NAME: an
// input, beside it CASE.expected.json with the events it gives, and CASE.set.json
// with the parameters if there are any.
func TestAdapters(t *testing.T) {
	root := filepath.Join("..", "..", "schemas", "adapters", "tests")
	set, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range set.Names() {
		a, err := set.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if a.Version == "" || a.Description == "" {
			t.Errorf("%s: the declaration has no version or no description", name)
		}
		files, err := filepath.Glob(filepath.Join(root, name, "*"))
		if err != nil {
			t.Fatal(err)
		}
		cases := 0
		for _, file := range files {
			if strings.HasSuffix(file, ".expected.json") || strings.HasSuffix(file, ".set.json") {
				continue
			}
			cases++
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				stem := strings.TrimSuffix(file, filepath.Ext(file))
				parameters := map[string]string{}
				if text, err := os.ReadFile(stem + ".set.json"); err == nil {
					if err := json.Unmarshal(text, &parameters); err != nil {
						t.Fatal(err)
					}
				}
				c := read(t, a, file, parameters)
				golden(t, stem+".expected.json", indented(t, c.outcome()))
			})
		}
		if cases == 0 {
			t.Errorf("%s has no example in %s", name, root)
		}
	}
}
