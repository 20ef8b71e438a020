package blameless

import (
	"regexp"
	"strings"
)

// Markdown checks a report in Markdown: headings, paragraphs, items, cells and quotes.
// Code, links' targets, comments and tags are left out; places are those of the file.
func (c *Checker) Markdown(text string) []Finding {
	blank := blanked(text)
	return c.check(blank, blocksOf(blank))
}

var (
	comment    = regexp.MustCompile(`(?s)<!--.*?-->`)
	inlineCode = regexp.MustCompile("``[^`\n]+``|`[^`\n]+`")
	target     = regexp.MustCompile(`\]\([^)\s]*\)|\]\[[^\]\n]*\]|<https?://[^>\s]*>|https?://[^\s)>]+|(?m)^\[[^\]\n]+\]:.*$`)
	tag        = regexp.MustCompile(`</?[a-zA-Z][^>\n]*>`)
	marks      = regexp.MustCompile(`\*+|(?m)^[ \t]*(?:[-+>]|#{1,6}|\d+[.)]|\[[ xX]\])[ \t]+`)
	underline  = regexp.MustCompile(`(^|[^\pL\pN_])_+|_+([^\pL\pN_]|$)`)
)

// blanked replaces what is not prose by blanks, byte for byte, so that places stay.
func blanked(text string) string {
	b := []byte(text)
	blank := func(start, end int) {
		for i := start; i < end; i++ {
			if b[i] != '\n' {
				b[i] = ' '
			}
		}
	}
	fence, at := "", 0
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case fence != "":
			blank(at, at+len(line))
			if strings.HasPrefix(trimmed, fence) {
				fence = ""
			}
		case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
			fence = trimmed[:3]
			blank(at, at+len(line))
		}
		at += len(line)
	}
	for _, re := range []*regexp.Regexp{comment, inlineCode, target, tag, marks, underline} {
		for _, m := range re.FindAllIndex(b, -1) {
			start := m[0]
			if b[start] == ']' {
				start++ // the text of a link stays apart from what follows
			}
			if re == underline {
				for i := m[0]; i < m[1]; i++ {
					if b[i] == '_' {
						b[i] = ' '
					}
				}
				continue
			}
			blank(start, m[1])
		}
	}
	return string(b)
}

var (
	ruler = regexp.MustCompile(`^[ \t]*[|:+=-][|:+= \t-]*$`)
	opens = regexp.MustCompile(`^[ \t]*$`)
)

// blocksOf cuts a blanked text: an empty line, a heading, an item and a cell end a block.
func blocksOf(text string) []block {
	var all []block
	start, at := 0, 0
	end := func(to int) {
		if to > start {
			all = append(all, block{start, to})
		}
	}
	for line := range strings.Lines(text) {
		next := at + len(line)
		switch {
		case opens.MatchString(strings.TrimRight(line, "\r\n")), ruler.MatchString(strings.TrimRight(line, "\r\n")):
			end(at)
			start = next
		case strings.Contains(line, "|"):
			end(at)
			for i := range len(line) {
				if line[i] == '|' {
					end(at + i)
					start = at + i + 1
				}
			}
			end(next)
			start = next
		case strings.HasPrefix(line, "  "): // a mark stood here: a new item or quote
			end(at)
			start = at
		}
		at = next
	}
	end(len(text))
	return all
}
