package source

import (
	"bytes"
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

// maxNesting bounds lists in lists and quotes in quotes.
const maxNesting = 32

// Markdown turns a document (CommonMark with tables) into JSON values:
//
//	{title, line, sections: [{title, level, line, path: [titles of the enclosing sections],
//	  paragraphs: [{text, line}],
//	  items: [{text, line, depth, ordered, key?, value?}],
//	  tables: [{line, header: [text], rows: [{line, cells: [text], surplus}]}]}]}
//
// Sections are in the document's order; what stands before the first heading
// is a section without title, level 0. The document's title is its first
// heading. Text is what a reader sees: marks of emphasis, links and code are
// gone, entities resolved, line breaks are spaces. An item "key: value" has both
// parts apart. A row has as many cells as the header; surplus says that
// its line had more. Lines count from 1.
func Markdown(data []byte, file string) (map[string]any, error) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	if n := deepest(data); n > maxNesting {
		return nil, &Fault{File: file, What: "lists or quotes are nested too deep", Mend: "use at most 32 levels"}
	}
	m := &markdown{data: data, sections: []any{}}
	for i, b := range data {
		if b == '\n' {
			m.ends = append(m.ends, i)
		}
	}
	p := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser()
	root := p.Parse(text.NewReader(data), parser.WithContext(parser.NewContext()))
	m.open("", 0, 1)
	m.blocks(root, 0, false)
	m.close()
	return map[string]any{"title": m.title, "line": m.titleLine, "sections": m.sections}, nil
}

type markdown struct {
	data      []byte
	ends      []int // offsets of line ends
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

func (m *markdown) line(offset int) int {
	return 1 + sort.SearchInts(m.ends, offset)
}

func (m *markdown) open(title string, level, line int) {
	for len(m.ancestors) > 0 && m.ancestors[len(m.ancestors)-1].level >= level {
		m.ancestors = m.ancestors[:len(m.ancestors)-1]
	}
	path := []any{}
	for _, a := range m.ancestors {
		path = append(path, a.title)
	}
	m.section = map[string]any{"title": title, "level": level, "line": line, "path": path,
		"paragraphs": []any{}, "items": []any{}, "tables": []any{}}
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
			m.add("paragraphs", map[string]any{"text": m.text(n), "line": m.blockLine(n)})
		}
	}
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

// deepest estimates the nesting of lists and quotes from below: the most
// markers that open blocks on one line, or two spaces of indentation a level.
func deepest(data []byte) int {
	most := 0
	for line := range bytes.Lines(data) {
		depth, indent := 0, 0
	line:
		for i := 0; i < len(line); i++ {
			switch line[i] {
			case ' ':
				indent++
			case '\t':
				indent += 4
			case '>', '-', '*', '+':
				if line[i] != '>' && i+1 < len(line) && line[i+1] != ' ' && line[i+1] != '\t' {
					break line // emphasis, a rule, or a table's line
				}
				depth++
			default:
				break line
			}
		}
		if depth > 0 {
			most = max(most, depth+indent/4)
		}
	}
	return most
}
