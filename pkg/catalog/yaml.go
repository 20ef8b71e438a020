package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds on a file, so that none can take the process with it. Anchors'
// aliases are refused altogether: what they multiply has no bound.
const (
	maxFile    = 4 << 20 // bytes
	maxLine    = 16 << 10
	maxNesting = 64
)

// Problem is one thing wrong in a file: where, what, and how to mend it.
type Problem struct {
	File         string
	Line, Column int // from 1; 0 if the whole file is meant
	What, Mend   string
}

// Error writes "file:line:column: what; how to mend".
func (p Problem) Error() string {
	where := p.File
	if p.Line > 0 {
		where += ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
	}
	return where + ": " + p.What + "; " + p.Mend
}

type place struct{ line, column int }

func (p place) lineText() string { return strconv.Itoa(p.line) }

// field is one key of a mapping: its value, and where the key stands.
type field struct {
	value ast.Node
	at    place
}

// file is a parsed file and the problems found in it.
type file struct {
	path      string
	documents []ast.Node
	warnings  []Problem
	problems  []error
}

func open(path string) (*file, error) {
	f := &file{path: path}
	data, err := read(path)
	if err != nil {
		var p Problem
		if errors.As(err, &p) {
			return nil, err
		}
		return nil, Problem{File: path, What: "cannot be read: " + plain(err), Mend: "check the path and its permissions"}
	}
	if p := bounds(data); p != nil {
		p.File = path
		return nil, *p
	}
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, f.syntax(err)
	}
	for _, document := range parsed.Docs {
		if document.Body == nil || document.Body.Type() == ast.NullType {
			continue
		}
		finder := &aliasFinder{}
		ast.Walk(finder, document.Body)
		if finder.found != nil {
			at := f.at(finder.found)
			return nil, Problem{path, at.line, at.column, "a YAML alias (*name or <<) is not read here", "write the value out where the alias stands"}
		}
		f.documents = append(f.documents, document.Body)
	}
	if len(f.documents) == 0 {
		return nil, Problem{File: path, What: "there is nothing in the file", Mend: "see the example kit for what it may hold"}
	}
	return f, nil
}

func read(path string) ([]byte, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, Problem{File: path, What: fmt.Sprintf("the file is larger than %d MiB", maxFile>>20), Mend: "split it, or name another file"}
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// bounds refuses what would make the parser recurse without end: its stack
// grows with nesting, which brackets and dashes make at one byte or two a level.
func bounds(data []byte) *Problem {
	line, start, depth := 1, 0, 0
	for i, b := range data {
		switch b {
		case 0:
			return &Problem{Line: line, Column: i - start + 1, What: "there is a zero byte: this is not a text file", Mend: "name a YAML file"}
		case '\n':
			line, start = line+1, i+1
		case '[', '{':
			if depth++; depth > maxNesting {
				return &Problem{Line: line, Column: i - start + 1, What: fmt.Sprintf("brackets are nested deeper than %d", maxNesting), Mend: "close them, or put text with brackets in fewer lines"}
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
		if i-start >= maxLine {
			return &Problem{Line: line, Column: 1, What: fmt.Sprintf("the line is longer than %d KiB", maxLine>>10), Mend: "break it"}
		}
	}
	return nil
}

type aliasFinder struct{ found ast.Node }

func (a *aliasFinder) Visit(n ast.Node) ast.Visitor {
	switch n.Type() {
	case ast.AliasType, ast.MergeKeyType:
		if a.found == nil {
			a.found = n
		}
	}
	return a
}

func (f *file) syntax(err error) Problem {
	p := Problem{File: f.path, What: "this is not YAML", Mend: "check indentation, quotes and brackets"}
	var positioned yaml.Error
	if errors.As(err, &positioned) {
		p.What += ": " + positioned.GetMessage()
		if t := positioned.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

func (f *file) at(n ast.Node) place {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{}
	}
	// A mapping's own token is its first colon: take its first key.
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			return f.at(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return f.at(m.Key)
	}
	p := n.GetToken().Position
	return place{p.Line, p.Column}
}

func (f *file) fail(at place, what, mend string) {
	f.problems = append(f.problems, Problem{f.path, at.line, at.column, what, mend})
}

func (f *file) warn(at place, what, mend string) {
	f.warnings = append(f.warnings, Problem{f.path, at.line, at.column, what, mend})
}

func (f *file) err() error { return errors.Join(f.problems...) }

// mapping gives a mapping's fields, or nil and a problem.
func (f *file) mapping(n ast.Node, what string) map[string]field {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case nil:
		return nil
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		f.fail(f.at(n), what+" must be a mapping", "write `key: value` lines")
		return nil
	}
	fields := make(map[string]field, len(values))
	for _, v := range values {
		key := v.Key.GetToken().Value
		if _, twice := fields[key]; twice {
			f.fail(f.at(v.Key), "key "+quote(key)+" stands twice in one mapping", "keep one")
		}
		fields[key] = field{v.Value, f.at(v.Key)}
	}
	return fields
}

// only reports fields that are not among the known ones.
func (f *file) only(fields map[string]field, known ...string) {
	for _, key := range sortedKeys(fields) {
		found := false
		for _, k := range known {
			found = found || k == key
		}
		if !found {
			f.fail(fields[key].at, "unknown field "+quote(key), "known here: "+strings.Join(known, ", "))
		}
	}
}

func (f *file) sequence(n ast.Node, name string) []ast.Node {
	switch s := n.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.SequenceNode:
		return s.Values
	default:
		f.fail(f.at(n), quote(name)+" must be a list", "write `- item` lines, or [item, item]")
		return nil
	}
}

func (f *file) required(n ast.Node, fields map[string]field, key, what string) string {
	value := f.text(fields[key])
	if value == "" {
		f.fail(f.at(n), what+" without "+quote(key), "add `"+key+": …`")
	}
	return value
}

// text gives a scalar as it is written; "" if the field is absent or null.
func (f *file) text(d field) string {
	var text string
	switch n := d.value.(type) {
	case nil, *ast.NullNode:
		return ""
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.StringNode:
		text = n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		text = n.GetToken().Value
	default:
		f.fail(f.at(n), "this must be a single value", "write text, in quotes if it has : or #")
		return ""
	}
	// In quotes an escape can stand for anything; no event's name has such a character.
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		f.fail(f.at(d.value), quote(text)+" has a character that cannot be seen", "take it out")
	}
	return strings.TrimSpace(text)
}

func (f *file) names(d field) []named {
	var names []named
	for _, n := range f.sequence(d.value, "this field") {
		name := f.text(field{value: n})
		if name == "" {
			f.warn(f.at(n), "an empty name is passed over", "take it out, or write the name")
			continue
		}
		names = append(names, named{name: name, at: f.at(n)})
	}
	return names
}

func sortedKeys(fields map[string]field) []string {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func quote(s string) string { return strconv.Quote(s) }

// plain is an error without the path that it repeats.
func plain(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
