package blameless

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The results of a check, as an event states them.
const (
	Passed     = "passed"
	Failed     = "failed"
	NotChecked = "not-checked"
)

// Finding is one place whose wording makes a person the cause. It holds nothing of
// the text but words of its rule.
type Finding struct {
	Line, Column int // from 1; a column counts characters
	Kind, Level  string
	Wording      string // what the rule matched, the person masked
	Why, Instead string
}

// Result is what a check of some texts says.
type Result struct {
	Check string         // passed, failed, or not-checked if there was no text
	Kinds map[string]int // findings by kind, those that only advise included
}

const mask = "[person]"

// Text checks a plain text.
func (c *Checker) Text(text string) []Finding { return c.check(text, []block{{0, len(text)}}) }

// Check checks the texts of one post-mortem as a whole.
func (c *Checker) Check(texts ...string) Result {
	r := Result{Check: NotChecked, Kinds: map[string]int{}}
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		if r.Check == NotChecked {
			r.Check = Passed
		}
		for _, f := range c.Text(text) {
			r.Kinds[f.Kind]++
			if f.Level == Fails {
				r.Check = Failed
			}
		}
	}
	return r
}

// maxBlock bounds, in bytes, what is matched at once; more of a block is passed over.
const maxBlock = 64 << 10

// block is a stretch of text that no sentence leaves.
type block struct{ start, end int }

func (c *Checker) check(text string, blocks []block) []Finding {
	type hit struct {
		start, end int
		finding    Finding
	}
	var hits []hit
	for _, b := range blocks {
		part := text[b.start:min(b.end, b.start+maxBlock)]
		for i := range c.rules {
			r := &c.rules[i]
			for _, m := range r.pattern.FindAllStringSubmatchIndex(part, -1) {
				if r.unless != nil && r.unless.MatchString(sentence(part, m[0], m[1])) || !c.isPerson(r.pattern, part, m) {
					continue
				}
				hits = append(hits, hit{b.start + m[0], b.start + m[1], Finding{
					Kind: r.Kind, Level: r.Level, Wording: masked(r.pattern, part, m), Why: r.Why, Instead: r.Instead,
				}})
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.start, b.start) })
	var found []Finding
	last := -1
	for _, h := range hits {
		if h.start < last { // two rules on the same words
			continue
		}
		last = h.end
		before := text[:h.start]
		h.finding.Line = 1 + strings.Count(before, "\n")
		h.finding.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
		found = append(found, h.finding)
	}
	return found
}

// sentence gives the sentence around a place.
func sentence(s string, start, end int) string {
	from := strings.LastIndexAny(s[:start], ".!?|;\n") + 1
	if to := strings.IndexAny(s[end:], ".!?|;\n"); to >= 0 {
		return s[from : end+to]
	}
	return s[from:]
}

// article before a capitalised word says that it is a thing: the Scheduler.
var article = regexp.MustCompile(`(?i)\b(?:the|an?|our|its|this|that|each|every)\s+$`)

// isPerson says whether a capitalised word that a rule took for a name may be one.
func (c *Checker) isPerson(re *regexp.Regexp, s string, m []int) bool {
	i := re.SubexpIndex("unknown")
	if i < 0 || m[2*i] < 0 {
		return true
	}
	words := strings.Fields(strings.ToLower(s[m[2*i]:m[2*i+1]]))
	return !slices.ContainsFunc(words, func(w string) bool { return c.notPeople[strings.TrimSuffix(w, "'s")] }) &&
		!article.MatchString(s[:m[2*i]])
}

// masked is what a rule matched without the person.
func masked(re *regexp.Regexp, s string, m []int) string {
	start, end := m[0], m[1]
	text := ""
	for i, name := range re.SubexpNames() {
		if strings.HasPrefix(name, "person") && m[2*i] >= start {
			text += s[start:m[2*i]] + mask
			start = m[2*i+1]
		}
	}
	return strings.Join(strings.Fields(text+s[start:end]), " ")
}
