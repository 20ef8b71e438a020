package blameless

import (
	"fmt"
	"strings"
	"testing"
)

func checker(t testing.TB) *Checker {
	t.Helper()
	c, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every rule keeps what its own examples say.
func TestRulesKeepTheirExamples(t *testing.T) {
	c := checker(t)
	for _, r := range c.Rules() {
		if len(r.Fires) == 0 || len(r.Silent) == 0 {
			t.Errorf("%s has no examples", r.Kind)
		}
		for _, s := range r.Fires {
			kinds := map[string]bool{}
			for _, f := range c.Text(s) {
				kinds[f.Kind] = true
			}
			if !kinds[r.Kind] {
				t.Errorf("%s does not find %q; found %v", r.Kind, s, kinds)
			}
		}
		for _, s := range r.Silent {
			if found := c.Text(s); len(found) > 0 {
				t.Errorf("%s: %q is found as %s: %q", r.Kind, s, found[0].Kind, found[0].Wording)
			}
		}
	}
}

// No finding tells who.
func TestFindingsAreMasked(t *testing.T) {
	c := checker(t)
	for _, s := range []string{
		"Zorblax Quimby forgot to renew it.", "Peter Quimby failed to test it.", "It was misconfigured by Peter Q.", "Peter's mistake.",
		"@zorblax failed to check.", "Everyone blamed Peter Quimby.", "The root cause was Peter Quimby.", "The fault lies with Maria Quimby.",
		"Peter Quimby was reprimanded.", "The admin Zorblax forgot it.", "A mistake by Peter Quimby.",
	} {
		found := c.Text(s)
		if len(found) == 0 {
			t.Errorf("%q: nothing found", s)
		}
		for _, f := range found {
			for _, name := range []string{"Peter", "Quimby", "Zorblax", "zorblax", "Maria"} {
				if strings.Contains(f.Wording, name) || strings.Contains(f.Why+f.Instead, name) {
					t.Errorf("%q: the finding says %q", s, f.Wording)
				}
			}
			if !strings.Contains(f.Wording, mask) {
				t.Errorf("%q: nothing stands for the person in %q", s, f.Wording)
			}
		}
	}
}

func TestOwnRules(t *testing.T) {
	own := `
version: 0.1.0
words: {role: "pilot|stoker"}
not_people: contoso
rules:
  - kind: rookie
    level: advises
    pattern: '\brookie {mistake}'
    why: It belittles.
    instead: Say what was hard to know.
`
	c, err := New([]byte(own), "own.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Check("A rookie mistake."); r.Check != Passed || r.Kinds["rookie"] != 1 {
		t.Errorf("%+v", r)
	}
	if len(checker(t).Text("Contoso forgot it.")) == 0 || len(c.Text("Contoso forgot it.")) != 0 {
		t.Error("not_people of the user's file changes nothing, or changes the default")
	}
	for text, want := range map[string]string{
		"rules: [{kind: X}]":                                                      `own.yaml: rule 1 (kind "X"): kind must be`,
		"rules: [{kind: x, level: bad}]":                                          "level must be fails or advises",
		"rules: [{kind: x, level: fails}]":                                        "pattern, why and instead are needed",
		"rules: [{kind: x, level: fails, pattern: '(', why: a, instead: b}]":      "not a regular expression of RE2",
		"rules: [{kind: x, level: fails, pattern: '{nope}', why: a, instead: b}]": "{nope} is not in words",
		"ruled: []": "unknown field",
	} {
		if _, err := New([]byte(text), "own.yaml"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestMarkdownPlaces(t *testing.T) {
	text := "# Title\n\nAll well. The engineer\nforgot it.\n\n" +
		"```\nthe engineer forgot it\n```\n\n- **Peter** failed to test `Peter forgot`\n- [x] no [Peter forgot](https://x.example/Peter-forgot) here\n\n" +
		"| Time | Event |\n|---|---|\n| 10:00 | *Somebody* forgot it | \n\n<!-- Peter forgot -->\n> It was human error.\n"
	got := ""
	for _, f := range checker(t).Markdown(text) {
		got += fmt.Sprintln(f.Line, f.Column, f.Kind, f.Wording)
	}
	want := "3 11 person-forgot [person] forgot\n10 5 person-failed [person] failed to\n11 11 person-forgot [person] forgot\n15 12 person-forgot [person] forgot\n18 10 human-error human error\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
