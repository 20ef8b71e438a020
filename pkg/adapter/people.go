package adapter

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/itchyny/gojq"

	"github.com/tuition-hq/tuition/schemas"
)

// peopleFunctions keep people out of what programs make of prose:
//
//	people                       of a Markdown document: the names that it gives itself, in
//	                             its fields, columns and sections for people
//	about_people                 says whether a key or a heading of a column is for people
//	without_people($names)       a text in which each of the names, and each given name
//	                             with the surname behind it, has become [person]
func peopleFunctions() []gojq.CompilerOption {
	return []gojq.CompilerOption{
		gojq.WithFunction("people", 0, 0, func(document any, _ []any) any {
			var names []any
			for _, name := range peopleOf(document) {
				names = append(names, name)
			}
			if names == nil {
				return []any{}
			}
			return names
		}),
		gojq.WithFunction("about_people", 0, 0, func(key any, _ []any) any {
			text, _ := key.(string)
			return aboutPeople(text)
		}),
		gojq.WithFunction("without_people", 1, 1, func(text any, args []any) any {
			s, ok := text.(string)
			if !ok {
				return text // null stays null
			}
			var names []string
			list, _ := args[0].([]any)
			for _, name := range list {
				if n, is := name.(string); is {
					names = append(names, n)
				}
			}
			return withoutPeople(s, names)
		}),
	}
}

const personMask = "[person]"

const peopleKeys = `(?:action )?owners?|assignees?|assigned(?: to)?|responsible|who|dri|authors?|(?:written|prepared|reported|created|reviewed|resolved|acknowledged) by|` +
	`(?:incident |comms? |communications? |ops |operations |technical |tech )?(?:lead|commander|manager|coordinator|scribe)|scribe|reporter|att?endees?|participants?|responders?|` +
	`on-?call(?: engineers?)?|contacts?|reviewers?|facilitator|people|persons?|by|resolver|actor|editor|champion|poc|point of contact`

var (
	peopleKey     = regexp.MustCompile(`(?i)^\W*(?:` + peopleKeys + `)\W*$`)
	peopleSection = regexp.MustCompile(`(?i)\b(?:att?endees?|participants?|authors?|responders?|people involved|contributors?|on-?call|contacts?|acknowledge?ments|thanks|sign-?off|roles)\b`)
	// peopleLabel is such a key and its value in the middle of a text: "… (owner: Jo Doe)", "… — Owner: Jo".
	peopleLabel = regexp.MustCompile(`(?i)[\s(\[–—,;-]*\b(?:` + peopleKeys + `)\**\s*:\**\s*([^)\];|\n–—]+)[)\]]?`)
	// group says that what owns something is more than one person, or nobody yet.
	group   = regexp.MustCompile(`(?i)\b(?:teams?|squad|group|tribe|department|platform|operations|engineering|sre|ops|devops|support|infrastructure|security|n/?a|none|tbd|todo|unassigned|unknown|everyone|all)\b`)
	words   = regexp.MustCompile(`[\p{L}][\p{L}\p{M}'’.-]*`)
	capital = regexp.MustCompile(`^\p{Lu}`)
)

func aboutPeople(key string) bool { return peopleKey.MatchString(key) }

// peopleOf gathers the names that a document gives in places made for them.
func peopleOf(document any) []string {
	doc, _ := document.(map[string]any)
	found := map[string]bool{}
	add := func(text string) {
		for _, part := range regexp.MustCompile(`[,;/&|]|\band\b|\bog\b|\n`).Split(text, -1) {
			if group.MatchString(part) {
				continue
			}
			for _, w := range words.FindAllString(part, -1) {
				if w = strings.Trim(w, ".'’-"); len(w) > 1 && capital.MatchString(w) {
					found[w] = true
				}
			}
		}
	}
	front, _ := doc["frontMatter"].(map[string]any)
	for key, value := range front {
		if text, ok := value.(string); ok && aboutPeople(key) {
			add(text)
		}
	}
	for _, section := range objects(doc["sections"]) {
		title, _ := section["title"].(string)
		whole := peopleSection.MatchString(title)
		for _, list := range []string{"paragraphs", "items"} {
			for _, entry := range objects(section[list]) {
				text, _ := entry["text"].(string)
				key, _ := entry["key"].(string)
				value, _ := entry["value"].(string)
				if whole {
					add(text)
				} else if aboutPeople(key) {
					add(value)
				}
				for _, fact := range objects(entry["facts"]) {
					if key, _ := fact["key"].(string); aboutPeople(key) {
						value, _ := fact["value"].(string)
						add(value)
					}
				}
				for _, m := range peopleLabel.FindAllStringSubmatch(text, -1) {
					add(m[1])
				}
			}
		}
		for _, table := range objects(section["tables"]) {
			header, _ := table["header"].([]any)
			for _, row := range objects(table["rows"]) {
				cells, _ := row["cells"].([]any)
				for i, cell := range cells {
					head, _ := header[min(i, len(header)-1)].(string)
					if text, ok := cell.(string); ok && (whole || aboutPeople(head)) {
						add(text)
					}
				}
			}
		}
	}
	var names []string
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var all []map[string]any
	for _, item := range list {
		if object, ok := item.(map[string]any); ok {
			all = append(all, object)
		}
	}
	return all
}

var givenNames = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, name := range schemas.Names() {
		set[name] = true
	}
	return set
})

// withoutPeople masks people in a text: what stands behind a label for people is taken
// out with its label, names become [person].
func withoutPeople(text string, names []string) string {
	text = peopleLabel.ReplaceAllStringFunc(text, func(found string) string {
		m := peopleLabel.FindStringSubmatch(found)
		if value := strings.TrimSpace(m[1]); group.MatchString(value) || !capital.MatchString(value) && !strings.HasPrefix(value, "@") && !strings.Contains(value, "@") {
			return found // a team, or a sentence
		}
		return ""
	})
	var b strings.Builder
	last, inName := 0, false
	for _, at := range words.FindAllStringIndex(text, -1) {
		word := strings.TrimRight(text[at[0]:at[1]], ".'’-")
		bare := strings.TrimSuffix(strings.TrimSuffix(word, "'s"), "’s")
		gap := text[last:at[0]]
		named := slices.Contains(names, bare) || givenNames()[bare]
		surname := inName && gap == " " && capital.MatchString(bare) && bare == word
		switch {
		case named && inName && gap == " ", surname:
			// belongs to the name before it, which stands there masked
		case named:
			b.WriteString(gap)
			b.WriteString(personMask)
		default:
			b.WriteString(gap + word)
			last, inName = at[0]+len(word), false
			continue
		}
		b.WriteString(word[len(bare):])
		last, inName = at[0]+len(word), bare == word
	}
	b.WriteString(text[last:])
	return strings.TrimSpace(b.String())
}
