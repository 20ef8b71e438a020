// Package blameless finds wording that makes a person the cause of a failure, and says
// how to write it instead. It never says who: what a rule takes for a person is masked
// in every finding, and nothing else of the text is in one but the rule's own words.
//
// It reads English. It judges wording, not facts: it cannot know whether a capitalised
// word is a name, so generic verbs count only behind given names, roles and pronouns,
// and "we" and teams never count, as they name nobody.
package blameless

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/tuition-hq/tuition/schemas"
)

// The levels of a rule.
const (
	Fails   = "fails"   // a person is made the cause: the check does not pass
	Advises = "advises" // reported to the author only
)

// Rule is one entry of a file of rules; the embedded file documents the fields.
type Rule struct {
	Kind    string   `yaml:"kind"`
	Level   string   `yaml:"level"`
	Pattern string   `yaml:"pattern"`
	Unless  string   `yaml:"unless"`
	Why     string   `yaml:"why"`
	Instead string   `yaml:"instead"`
	Fires   []string `yaml:"fires"`
	Silent  []string `yaml:"silent"`

	pattern, unless *regexp.Regexp
}

// file is a file of rules. One of the user's may leave out words and not_people, or add to them.
type file struct {
	Version   string            `yaml:"version"`
	Words     map[string]string `yaml:"words"`
	NotPeople string            `yaml:"not_people"`
	Rules     []Rule            `yaml:"rules"`
}

// Checker holds compiled rules. It is safe for concurrent use.
type Checker struct {
	rules     []Rule
	notPeople map[string]bool
}

// Default gives the rules that come with tuition.
var Default = sync.OnceValues(func() (*Checker, error) { return New(nil, "") })

// New adds the rules of a user's file, in YAML, to those that come with tuition; name
// is the file's in errors. A rule with the kind of one of ours stands beside it.
func New(own []byte, name string) (*Checker, error) {
	var base file
	if err := yaml.UnmarshalWithOptions(schemas.BlamelessRules, &base, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("embedded rules: %w", err)
	}
	c := &Checker{notPeople: map[string]bool{}}
	words := base.Words
	add := func(f file, where string) error {
		for _, w := range strings.Fields(f.NotPeople) {
			c.notPeople[w] = true
		}
		for i, r := range f.Rules {
			if err := r.compile(words); err != nil {
				return fmt.Errorf("%s: rule %d (kind %q): %w", where, i+1, r.Kind, err)
			}
			c.rules = append(c.rules, r)
		}
		return nil
	}
	if err := add(base, "embedded rules"); err != nil {
		return nil, err
	}
	if len(own) == 0 {
		return c, nil
	}
	var f file
	if err := yaml.UnmarshalWithOptions(own, &f, yaml.Strict()); err != nil {
		reason, _, _ := strings.Cut(yaml.FormatError(err, false, false), "\n")
		return nil, fmt.Errorf("%s: %s; see schemas/blameless/rules.yaml for the form", name, reason)
	}
	words = maps.Clone(words)
	for w, text := range f.Words {
		if old, known := words[w]; known {
			text = old + "|" + text
		}
		words[w] = text
	}
	if err := add(f, name); err != nil {
		return nil, err
	}
	return c, nil
}

// Kinds lists the kinds of the rules, each once.
func (c *Checker) Kinds() []string {
	var kinds []string
	for _, r := range c.rules {
		if !slices.Contains(kinds, r.Kind) {
			kinds = append(kinds, r.Kind)
		}
	}
	return kinds
}

// Rules lists the rules, for the tests and the documentation.
func (c *Checker) Rules() []Rule { return slices.Clone(c.rules) }

var (
	kindForm    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)
	placeholder = regexp.MustCompile(`\{([a-z_]+)(\d?)\}`)
	boundary    = regexp.MustCompile(`\\b(\{(?:person|who)\d?\})|(\{(?:person|who)\d?\})\\b`)
)

func (r *Rule) compile(words map[string]string) error {
	switch {
	case !kindForm.MatchString(r.Kind):
		return errors.New("kind must be lower-case letters, digits and -")
	case r.Level != Fails && r.Level != Advises:
		return errors.New("level must be fails or advises")
	case r.Pattern == "" || r.Why == "" || r.Instead == "":
		return errors.New("pattern, why and instead are needed")
	}
	var err error
	if r.pattern, err = expand(r.Pattern, words); err != nil {
		return fmt.Errorf("pattern: %w", err)
	}
	if r.Unless != "" {
		if r.unless, err = expand(r.Unless, words); err != nil {
			return fmt.Errorf("unless: %w", err)
		}
	}
	return nil
}

// expand writes out the placeholders of a pattern and compiles it.
func expand(pattern string, words map[string]string) (*regexp.Regexp, error) {
	// A boundary is a part of {person}, since not all that stands for one is a word.
	pattern = boundary.ReplaceAllString(pattern, "$1$2")
	for range 3 { // words may name words
		var unknown string
		pattern = placeholder.ReplaceAllStringFunc(pattern, func(found string) string {
			m := placeholder.FindStringSubmatch(found)
			switch m[1] {
			case "person":
				return `(?P<person` + m[2] + `>` + someone(words) + `)`
			case "who":
				return `(?P<person` + m[2] + `>` + someone(words) + `|\b(?-i:(?P<unknown>\p{Lu}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’.-]*)?)))`
			}
			text, known := words[m[1]]
			if !known {
				unknown = m[1]
				return found
			}
			return "(?:" + wrapped(text) + ")"
		})
		if unknown != "" {
			return nil, fmt.Errorf("{%s} is not in words", unknown)
		}
	}
	pattern = strings.ReplaceAll(pattern, " ", `\s+`)
	re, err := regexp.Compile(`(?i)` + pattern)
	if err != nil {
		return nil, fmt.Errorf("this is not a regular expression of RE2: %w", err)
	}
	return re, nil
}

// wrapped joins the lines of a word, which break behind a bar.
func wrapped(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "| ", "|")
}

// someone is the expression for a person that is certain enough for any verb.
func someone(words map[string]string) string {
	return `\b(?:(?:the|an?|our|one of (?:our|the)|their|another|this|that|some|which)\s+)?(?:(?:` + wrapped(words["adjective"]) + `)\s+){0,3}(?:` + wrapped(words["role"]) + `)s?\b` +
		`|\b(?-i:` + givenNames() + `)(?:(?-i: \p{Lu}[\p{L}'’-]+| \p{Lu}\.))?` +
		`|\b(?:he|she|someone|somebody|(?-i:I))\b` +
		`|\[(?:person|name|redacted|engineer|employee)\]|person:[0-9a-f]{12}|@[\w.-]+`
}

// givenNames is the expression for one of the names. Its boundaries are those of ASCII,
// so that a name that ends in another letter has none.
var givenNames = sync.OnceValue(func() string {
	names := schemas.Names()
	for i, name := range names {
		if name[len(name)-1] < 0x80 {
			names[i] += `\b`
		}
	}
	return strings.Join(names, "|")
})
