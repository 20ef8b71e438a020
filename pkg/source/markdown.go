package source

import (
	"bytes"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extensionast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Bounds on a Markdown document. The parser's time grows with more than the
// square of some paragraphs' length (1.2 s for one of 32 KiB that is made to be
// slow), its tables' memory with rows times columns.
const (
	maxMarkdown = 256 << 10 // bytes
	maxBlock    = 32 << 10  // bytes between empty lines, tables' rows left out
	maxLines    = 10_000
	maxColumns  = 32
	maxNesting  = 32 // lists in lists, quotes in quotes
)

// Markdown turns a document (CommonMark with tables) into JSON values:
//
//	{title, line, frontMatter?: {key: text}, sections: [{title, level, line, path: [titles of the enclosing sections],
//	  paragraphs: [{text, line, facts?: [{key, value, line}]}],
//	  items: [{text, line, depth, ordered, key?, value?}],
//	  tables: [{line, header: [text], rows: [{line, cells: [text], surplus}]}]}]}
//
// Sections are in the document's order; what stands before the first heading
// is a section without title, level 0. The document's title is its first
// heading. Text is what a reader sees: marks of emphasis, links and code are
// gone, entities resolved, line breaks are spaces. An item "key: value" has both
// parts apart; facts are a paragraph's lines "**key:** value". Front matter is YAML
// between two lines "---" at the beginning; its plain values are kept as they are
// written. A row has as many cells as the header; surplus says that
// its line had more. Lines count from 1.
func Markdown(data []byte, file string) (map[string]any, error) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	if len(data) > maxMarkdown {
		return nil, &Fault{File: file, What: fmt.Sprintf("the document is larger than %d KiB", maxMarkdown>>10), Mend: "split it, or name another file"}
	}
	front, data, err := frontMatter(data, file)
	if err != nil {
		return nil, err
	}
	m := &markdown{data: data, sections: []any{}}
	block := 0
	for line := range bytes.Lines(data) {
		number := len(m.ends) + 1
		switch text := bytes.TrimSpace(line); {
		case len(text) == 0:
			block = 0
		case text[0] != '|':
			block += len(line)
		}
		switch {
		case max(block, len(line)) > maxBlock:
			return nil, &Fault{File: file, Line: number, What: fmt.Sprintf("a paragraph is longer than %d KiB", maxBlock>>10), Mend: "put empty lines into it"}
		case number > maxLines:
			return nil, &Fault{File: file, Line: number, What: fmt.Sprintf("the document has more than %d lines", maxLines), Mend: "split it"}
		case nesting(line) > maxNesting:
			return nil, &Fault{File: file, Line: number, What: "lists or quotes are nested too deep", Mend: fmt.Sprintf("use at most %d levels", maxNesting)}
		case tableRule.Match(line) && bytes.Count(line, []byte("|")) > maxColumns:
			return nil, &Fault{File: file, Line: number, What: fmt.Sprintf("the table has more than %d columns", maxColumns), Mend: "use fewer"}
		}
		m.ends = append(m.ends, m.end()+len(line))
	}
	p := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	root := p.Parse(text.NewReader(data), parser.WithContext(parser.NewContext()))
	m.open("", 0, 1)
	m.blocks(root, 0, false)
	m.close()
	document := map[string]any{"title": m.title, "line": m.titleLine, "sections": m.sections}
	if front != nil {
		document["frontMatter"] = front
	}
	return document, nil
}

type markdown struct {
	data      []byte
	ends      []int // the offset behind each line
	title     string
	titleLine int
	sections  []any
	section   map[string]any
	ancestors []heading
}

type heading struct {
	title string
	level int
}

func (m *markdown) end() int {
	if len(m.ends) == 0 {
		return 0
	}
	return m.ends[len(m.ends)-1]
}

// line is the number of the line that holds the byte at offset.
func (m *markdown) line(offset int) int {
	return min(1+sort.SearchInts(m.ends, offset+1), max(1, len(m.ends)))
}

func (m *markdown) open(title string, level, line int) {
	for len(m.ancestors) > 0 && m.ancestors[len(m.ancestors)-1].level >= level {
		m.ancestors = m.ancestors[:len(m.ancestors)-1]
	}
	path := []any{}
	for _, a := range m.ancestors {
		path = append(path, a.title)
	}
	m.section = map[string]any{
		"title": title, "level": level, "line": line, "path": path,
		"paragraphs": []any{}, "items": []any{}, "tables": []any{},
	}
	if level > 0 {
		m.ancestors = append(m.ancestors, heading{title, level})
	}
}

// close keeps the section, unless it is what stands before the first heading and nothing does.
func (m *markdown) close() {
	if m.section["level"] == 0 && len(m.section["paragraphs"].([]any))+len(m.section["items"].([]any))+len(m.section["tables"].([]any)) == 0 {
		return
	}
	m.sections = append(m.sections, m.section)
}

func (m *markdown) add(list string, value map[string]any) {
	m.section[list] = append(m.section[list].([]any), value)
}

func (m *markdown) blocks(parent ast.Node, depth int, ordered bool) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			title, line := m.text(n), m.blockLine(n)
			m.close()
			m.open(title, n.Level, line)
			if m.titleLine == 0 {
				m.title, m.titleLine = title, line
			}
		case *ast.List:
			m.blocks(n, depth, n.IsOrdered())
		case *ast.ListItem:
			m.item(n, depth, ordered)
		case *extensionast.Table:
			m.table(n)
		case *ast.Blockquote:
			m.blocks(n, depth, ordered)
		case *ast.Paragraph, *ast.TextBlock, *ast.FencedCodeBlock, *ast.CodeBlock:
			paragraph := map[string]any{"text": m.text(n), "line": m.blockLine(n)}
			if facts := m.facts(n); facts != nil {
				paragraph["facts"] = facts
			}
			m.add("paragraphs", paragraph)
		}
	}
}

var boldKey = regexp.MustCompile(`^\s*\*\*([^*:]{1,80})(?::\*\*|\*\*\s*:)\s*(.*?)\s*$`)

// facts are the lines "**key:** value" of a paragraph.
func (m *markdown) facts(n ast.Node) []any {
	if n.Kind() != ast.KindParagraph {
		return nil
	}
	var facts []any
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		if kv := boldKey.FindSubmatch(segment.Value(m.data)); kv != nil {
			facts = append(facts, map[string]any{"key": string(kv[1]), "value": string(kv[2]), "line": m.line(segment.Start)})
		}
	}
	return facts
}

var keyValue = regexp.MustCompile(`^([^:]{1,80}):(?:\s+(.*))?$`)

func (m *markdown) item(n *ast.ListItem, depth int, ordered bool) {
	item := map[string]any{"text": "", "line": m.blockLine(n), "depth": depth, "ordered": ordered}
	first := n.FirstChild()
	rest := first
	if first != nil && (first.Kind() == ast.KindParagraph || first.Kind() == ast.KindTextBlock) {
		words := m.text(first)
		item["text"], item["line"] = words, m.blockLine(first)
		if kv := keyValue.FindStringSubmatch(words); kv != nil {
			item["key"], item["value"] = kv[1], strings.TrimSpace(kv[2])
		}
		rest = first.NextSibling()
	}
	m.add("items", item)
	for c := rest; c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.List:
			m.blocks(c, depth+1, c.IsOrdered())
		case *extensionast.Table:
			m.table(c)
		case *ast.Blockquote:
			m.blocks(c, depth+1, ordered)
		default:
			m.add("paragraphs", map[string]any{"text": m.text(c), "line": m.blockLine(c)})
		}
	}
}

func (m *markdown) table(n *extensionast.Table) {
	table := map[string]any{"line": 0, "header": []any{}}
	rows := []any{}
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		cells := []any{}
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, m.text(c))
		}
		line := m.line(r.Pos())
		if r.Kind() == extensionast.KindTableHeader {
			table["line"], table["header"] = line, cells
			continue
		}
		rows = append(rows, map[string]any{"line": line, "cells": cells, "surplus": m.surplus(r)})
	}
	table["rows"] = rows
	m.add("tables", table)
}

// surplus says whether the row's line goes on after its last cell: the parser
// drops what stands beyond the header's columns.
func (m *markdown) surplus(row ast.Node) bool {
	last := row.LastChild()
	if last == nil || last.Lines().Len() == 0 {
		return false
	}
	tail := m.data[last.Lines().At(last.Lines().Len()-1).Stop:]
	if i := bytes.IndexByte(tail, '\n'); i >= 0 {
		tail = tail[:i]
	}
	return strings.Trim(string(tail), " \t|") != ""
}

// blockLine is the line of the block's first text, else of its first descendant that has one.
func (m *markdown) blockLine(n ast.Node) int {
	for c := n; c != nil; c = c.FirstChild() {
		if c.Type() == ast.TypeInline {
			break
		}
		if lines := c.Lines(); lines != nil && lines.Len() > 0 {
			return m.line(lines.At(0).Start)
		}
	}
	return m.line(max(0, n.Pos()))
}

var spaces = regexp.MustCompile(`\s+`)

// text is what a reader sees of a block.
func (m *markdown) text(n ast.Node) string {
	var b strings.Builder
	if n.Kind() == ast.KindFencedCodeBlock || n.Kind() == ast.KindCodeBlock {
		for i := range n.Lines().Len() {
			segment := n.Lines().At(i)
			b.Write(segment.Value(m.data))
		}
	} else {
		m.inline(&b, n, false)
	}
	return strings.TrimSpace(spaces.ReplaceAllString(b.String(), " "))
}

func (m *markdown) inline(b *strings.Builder, parent ast.Node, code bool) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			value := n.Segment.Value(m.data)
			if !code {
				value = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(value)))
			}
			b.Write(value)
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.URL(m.data))
		case *ast.RawHTML:
			b.WriteByte(' ')
		case *ast.CodeSpan:
			m.inline(b, n, true)
		default:
			m.inline(b, n, code)
		}
	}
}

// tableRule is the line below a table's header.
var tableRule = regexp.MustCompile(`^[ \t|:-]+\n?$`)

// nesting estimates how deep a line can nest lists and quotes: the markers that
// open blocks on it, and four spaces of indentation a level.
func nesting(line []byte) int {
	depth, indent := 0, 0
line:
	for i, b := range line {
		switch b {
		case ' ':
			indent++
			continue
		case '\t':
			indent += 4
			continue
		case '>':
			depth++
			continue
		case '-', '*', '+':
			if i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t') {
				depth++
				continue
			} // else emphasis, a rule, or a table's line
		}
		break line
	}
	if depth == 0 {
		return 0
	}
	return depth + indent/4
}
