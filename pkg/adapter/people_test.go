package adapter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tuition-hq/tuition/internal/servertest"
	"github.com/tuition-hq/tuition/pkg/source"
	"github.com/tuition-hq/tuition/schemas"
)

// textsOf lists every text of a value, names of properties too.
func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, textsOf(item)...)
		}
		return all
	case map[string]any:
		var all []string
		for name, item := range v {
			all = append(append(all, name), textsOf(item)...)
		}
		return all
	}
	return nil
}

var word = regexp.MustCompile(`\p{L}[\p{L}\p{M}]*`)

// The 38 real reports, whose authors left initials and given names in: none of the
// names that they give in their fields for people, and no given name, is in an event.
// The golden file lists what is written with a capital behind words that people often
// follow: things all of them.
func TestReportsKeepNobody(t *testing.T) {
	folder := servertest.Shared(t, "data", "dfds-postmortems", "reports")
	a := load(t, "", "markdown-postmortem")
	files, err := a.Files([]string{folder})
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for _, name := range schemas.Names() {
		given[name] = true
	}
	behind := regexp.MustCompile(`(?:\b(?i:by|with|thanks|to|from|asked|told|and) |[(\[])(\p{Lu}[\p{L}-]*)`)
	inReports, masked, capitals := map[string]bool{}, 0, map[string]int{}
	for _, file := range files {
		in, err := source.Open(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := source.Document(in, file)
		if err != nil {
			t.Fatal(err)
		}
		in.Close()
		document, err := source.Markdown(text, file)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, name := range peopleOf(document) {
			names[name], inReports[name] = true, true
		}
		for _, w := range word.FindAllString(string(text), -1) {
			if given[w] {
				names[w], inReports[w] = true, true
			}
		}
		for _, e := range read(t, a, file, nil).events {
			var tree any
			if err := json.Unmarshal(e.CDEvent, &tree); err != nil {
				t.Fatal(err)
			}
			for _, stored := range textsOf(tree) {
				masked += strings.Count(stored, personMask)
				for _, w := range word.FindAllString(stored, -1) {
					if names[w] {
						t.Errorf("%s: an event holds a name of %d letters", filepath.Base(file), len(w))
					}
				}
				for _, m := range behind.FindAllStringSubmatch(stored, -1) {
					capitals[m[1]]++
				}
			}
		}
	}
	if len(inReports) < 8 || masked == 0 {
		t.Errorf("%d names found in the reports, %d masked: the test has nothing to test", len(inReports), masked)
	}
	var b bytes.Buffer
	for _, w := range slices.Sorted(maps.Keys(capitals)) {
		fmt.Fprintln(&b, w)
	}
	golden(t, filepath.Join("testdata", "capitals.txt"), b.Bytes())
}

func TestWithoutPeople(t *testing.T) {
	names := []string{"Zorblax", "Quimby", "JQ"}
	for in, want := range map[string]string{
		"Talk with Rune/Platform":                "Talk with [person]/Platform",
		"John evaluated it, then John Smith did": "[person] evaluated it, then [person] did",
		"Zorblax Quimby's alert":                 "[person]'s alert",
		"Done (JQ)":                              "Done ([person])",
		"Add a check (owner: Jo Doe)":            "Add a check",
		"Add a check — Assignee: @jo":            "Add a check",
		"Add a check (owner: Platform team)":     "Add a check (owner: Platform team)",
		"Owner: payments, see below":             "Owner: payments, see below",
		"No dry run. John":                       "No dry run. [person]",
		"Johnson & Johnson, JQL and Ruby":        "Johnson & Johnson, JQL and Ruby",
		"Jørgen, José and Søren Å. knew":         "[person], [person] and [person]. knew",
		"  nothing  ":                            "nothing",
	} {
		if got := withoutPeople(in, names); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
