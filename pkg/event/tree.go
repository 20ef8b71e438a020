package event

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxDepth   = 32      // levels of objects and arrays in an event
	maxInteger = 1 << 53 // integers from here on lose digits in canonical JSON
)

// parseTree reads exactly one JSON object into maps, slices, strings, float64,
// bool and nil, refusing what canonical JSON (RFC 8785) cannot carry.
func (s *schemaSet) parseTree(data []byte) (map[string]any, *Rejection) {
	if !utf8.Valid(data) {
		return nil, reject(CodeInvalidUTF8, "", "UTF-8")
	}
	p := treeParser{dec: jsontext.NewDecoder(bytes.NewBuffer(data)), words: s.words}
	tree, r := p.value()
	if r != nil {
		return nil, r
	}
	object, ok := tree.(map[string]any)
	if !ok {
		return nil, reject(CodeInvalidJSON, "", "a JSON object")
	}
	if _, err := p.dec.ReadToken(); err != io.EOF {
		return nil, reject(CodeInvalidJSON, "", "nothing after the object")
	}
	return object, nil
}

type treeParser struct {
	dec    *jsontext.Decoder
	words  map[string]bool
	inData bool // the CDEvent stands in the property data of what is read
}

func (p *treeParser) value() (any, *Rejection) {
	if p.dec.StackDepth() > maxDepth {
		return nil, p.reject(CodeTooDeep, p.dec.StackPointer(), "at most 32 levels of objects and arrays")
	}
	tok, err := p.dec.ReadToken()
	if err != nil {
		return nil, p.syntax(err)
	}
	switch tok.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return tok.Bool(), nil
	case '"':
		return tok.String(), nil
	case '0':
		f, ok := exactNumber(tok.String())
		if !ok {
			return nil, p.reject(CodeNumberRange, p.dec.StackPointer(), "a number that a 64-bit float holds exactly enough")
		}
		return f, nil
	case '[':
		list := []any{}
		for p.dec.PeekKind() != ']' {
			v, r := p.value()
			if r != nil {
				return nil, r
			}
			list = append(list, v)
		}
		_, err = p.dec.ReadToken()
		if err != nil {
			return nil, p.syntax(err)
		}
		return list, nil
	case '{':
		object := map[string]any{}
		for p.dec.PeekKind() != '}' {
			name, err := p.dec.ReadToken()
			if err != nil {
				return nil, p.syntax(err)
			}
			key := name.String()
			v, r := p.value()
			if r != nil {
				return nil, r
			}
			object[key] = v
		}
		_, err = p.dec.ReadToken()
		if err != nil {
			return nil, p.syntax(err)
		}
		return object, nil
	}
	return nil, p.reject(CodeInvalidJSON, p.dec.StackPointer(), "a JSON value")
}

func (p *treeParser) syntax(err error) *Rejection {
	var at jsontext.Pointer
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		at = syntactic.JSONPointer
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return p.reject(CodeDuplicateKey, at, "each property once")
	}
	return p.reject(CodeInvalidJSON, at, "well-formed JSON")
}

func (p *treeParser) reject(code Code, at jsontext.Pointer, expected string) *Rejection {
	tokens := slices.Collect(at.Tokens())
	if p.inData && len(tokens) > 0 && tokens[0] == "data" {
		tokens = tokens[1:]
	}
	return reject(code, safePointer(p.words, tokens), expected)
}

// exactNumber reads a JSON number, if canonical JSON keeps its value.
func exactNumber(text string) (float64, bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, false
	}
	if !strings.ContainsAny(text, ".eE") && (f >= maxInteger || f <= -maxInteger) {
		return 0, false
	}
	return f, true
}

// safePointer writes an RFC 6901 pointer, cut at the first token that is neither
// an array index nor a word of the schemas: other names are content.
func safePointer(words map[string]bool, tokens []string) string {
	var b strings.Builder
	for _, token := range tokens {
		if _, isIndex := digits(token); !words[token] && (!isIndex || len(token) > 6) {
			break
		}
		b.WriteByte('/')
		b.WriteString(token) // no word of the schemas has ~ or /
	}
	return b.String()
}

// AddAttributes puts values, of the kinds that JSON has, beside the attributes that the
// event states. The canonical event, and with it the event's order, stay as they are.
func (e *Event) AddAttributes(add map[string]any) {
	all := map[string]any{}
	if e.Attributes != "" {
		if err := json.Unmarshal([]byte(e.Attributes), &all); err != nil {
			panic("event: attributes are always a JSON object: " + err.Error())
		}
	}
	maps.Copy(all, add)
	e.Attributes = canonical(all)
	e.Stated |= StatedAttributes
}

// canonical writes v as canonical JSON by RFC 8785.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("event: a parsed tree is always JSON: " + err.Error())
	}
	out := jsontext.Value(b)
	if err := out.Canonicalize(); err != nil {
		panic("event: a parsed tree is always canonical JSON: " + err.Error())
	}
	return string(out)
}
