package source

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const maxFrontMatter = 8 << 10 // bytes

// frontMatter reads the YAML between two lines "---" at the beginning of a
// document: its plain values as they are written, lists and objects left out. The
// rest has empty lines in its place, so that lines keep their numbers. Where
// there is none, or what stands there is no YAML object, all is Markdown.
func frontMatter(data []byte, file string) (map[string]any, []byte, error) {
	const rule = "---\n"
	if !bytes.HasPrefix(data, []byte(rule)) {
		return nil, data, nil
	}
	text, rest, found := bytes.Cut(data[len(rule):], []byte("\n---\n"))
	if !found {
		return nil, data, nil
	}
	if len(text) > maxFrontMatter {
		return nil, nil, &Fault{File: file, Line: 1, What: fmt.Sprintf("the front matter is larger than %d KiB", maxFrontMatter>>10), Mend: "move what is no setting into the text"}
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, nil, &Fault{File: file, Line: 1, What: "the front matter between the lines --- is not YAML", Mend: "write key: value on each line"}
	}
	if len(parsed.Docs) != 1 {
		return nil, data, nil
	}
	var values []*ast.MappingValueNode
	switch body := parsed.Docs[0].Body.(type) {
	case *ast.MappingNode:
		values = body.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{body}
	default:
		return nil, data, nil
	}
	front := map[string]any{}
	for _, v := range values {
		if value, plain := v.Value.(ast.ScalarNode); plain && v.Value.Type() != ast.NullType {
			front[v.Key.GetToken().Value] = value.GetToken().Value
		}
	}
	blank := bytes.Repeat([]byte("\n"), 3+bytes.Count(text, []byte("\n")))
	return front, append(blank, rest...), nil
}
