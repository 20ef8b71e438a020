package event

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tuition-hq/tuition/schemas"
)

const ownBase = "https://tuition-hq.github.io/schemas/event/"

// schemaSet is every schema of schemas/event, compiled. It is never changed
// after it was made and safe for concurrent use.
type schemaSet struct {
	types    map[string]*typeSchemas // by name without version
	envelope *jsonschema.Schema      // types of the vocabulary without a schema here
	custom   [2]*jsonschema.Schema   // custom types of other tools, in CDEvents 0.4.1 and 0.5.1
	incident *jsonschema.Schema      // customData.tuition of incidents
	service  *jsonschema.Schema      // customData.tuition of services
	words    map[string]bool         // property names of the schemas, the only ones that a rejection may hold
}

// typeSchemas are the versions of one type.
type typeSchemas struct {
	byVersion map[typeVersion]*jsonschema.Schema
	newest    typeVersion
	newer     *jsonschema.Schema // the newest one with additional properties allowed, for minors that we do not know yet
}

// loadSchemas compiles the embedded schemas, once. Nothing is ever fetched: a
// reference to anything else is an error.
var loadSchemas = sync.OnceValues(func() (*schemaSet, error) {
	set := &schemaSet{types: map[string]*typeSchemas{}, words: map[string]bool{}}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(noLoader{})

	types := map[string]string{} // type → $id
	err := fs.WalkDir(schemas.Event, "event", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		raw, err := fs.ReadFile(schemas.Event, path)
		if err != nil {
			return err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return fmt.Errorf("schemas/%s: %w", path, err)
		}
		id := doc.(map[string]any)["$id"].(string)
		collectWords(doc, set.words)
		if t, ok := describedType(doc); ok {
			types[t] = id
		}
		if err := c.AddResource(id, doc); err != nil {
			return fmt.Errorf("schemas/%s: %w", path, err)
		}
		return c.AddResource(newerID(id), relax(doc, nil))
	})
	if err != nil {
		return nil, err
	}

	compile := func(id string) *jsonschema.Schema {
		s, compileErr := c.Compile(id)
		err = errors.Join(err, compileErr)
		return s
	}
	for _, t := range slices.Sorted(maps.Keys(types)) {
		name, version, ok := splitType(t)
		if !ok {
			return nil, fmt.Errorf("schema %s: %q is not a type", types[t], t)
		}
		ts := set.types[name]
		if ts == nil {
			ts = &typeSchemas{byVersion: map[typeVersion]*jsonschema.Schema{}}
			set.types[name] = ts
		}
		ts.byVersion[version] = compile(types[t])
		if len(ts.byVersion) == 1 || version.newerThan(ts.newest) {
			ts.newest, ts.newer = version, compile(newerID(types[t]))
		}
	}
	set.envelope = compile(ownBase + "cdevents-envelope.json")
	set.custom = [2]*jsonschema.Schema{compile("https://cdevents.dev/0.4.1/schema/custom"), compile("https://cdevents.dev/0.5.1/schema/custom")}
	set.incident = compile(ownBase + "tuition-customdata-incident.0.1.0.json")
	set.service = compile(ownBase + "tuition-customdata-service.0.1.0.json")
	return set, err
})

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not an embedded schema, and schemas are never fetched", url)
}

// newerID is where the relaxed copy of a schema lives; references between copies follow.
func newerID(id string) string {
	for _, base := range [...]string{"https://cdevents.dev/0.4.1/", "https://cdevents.dev/0.5.1/", ownBase} {
		if rest, ok := strings.CutPrefix(id, base); ok {
			return strings.TrimSuffix(base, "/") + "-newer/" + rest
		}
	}
	return id
}

// relax copies a schema for minors newer than it: properties may be added
// everywhere, and context.type is not compared.
func relax(node any, path []string) any {
	switch node := node.(type) {
	case map[string]any:
		out := make(map[string]any, len(node))
		isType := slices.Equal(path, []string{"properties", "context", "properties", "type"})
		for key, v := range node {
			text, isText := v.(string)
			switch {
			case key == "additionalProperties" && v == false:
			case isType && key == "enum":
			case (key == "$id" || key == "$ref") && isText:
				out[key] = newerID(text)
			default:
				out[key] = relax(v, append(slices.Clip(path), key))
			}
		}
		return out
	case []any:
		out := make([]any, len(node))
		for i, v := range node {
			out[i] = relax(v, append(slices.Clip(path), "[]"))
		}
		return out
	}
	return node
}

// describedType is the one type that a schema is for, if it is for one.
func describedType(doc any) (string, bool) {
	for _, key := range [...]string{"properties", "context", "properties", "type", "enum"} {
		object, ok := doc.(map[string]any)
		if !ok {
			return "", false
		}
		doc = object[key]
	}
	enum, ok := doc.([]any)
	if !ok || len(enum) != 1 {
		return "", false
	}
	t, ok := enum[0].(string)
	return t, ok
}

func collectWords(node any, words map[string]bool) {
	switch node := node.(type) {
	case map[string]any:
		for key, v := range node {
			if properties, ok := v.(map[string]any); ok && key == "properties" {
				for name := range properties {
					words[name] = true
				}
			}
			collectWords(v, words)
		}
		words["tuition"] = true
	case []any:
		for _, v := range node {
			collectWords(v, words)
		}
	}
}

// find picks the schema for a type.
func (s *schemaSet) find(t string, hasSpecversion bool) (*jsonschema.Schema, meaning, *Rejection) {
	name, version, ok := splitType(t)
	if !ok {
		return nil, meaning{}, reject(CodeUnknownType, "/context/type", "a type that ends in its version, as in "+TypeServiceDeployed)
	}
	known := s.types[name]
	if known != nil {
		if schema := known.byVersion[version]; schema != nil {
			return schema, meanings[name], nil
		}
		if version.major == known.newest.major && version.newerThan(known.newest) {
			return known.newer, meanings[name], nil
		}
	}
	if vocabulary[name] {
		if version.major != 0 {
			return nil, meaning{}, reject(CodeUnknownVersion, "/context/type", "major version 0")
		}
		return s.envelope, meaning{}, nil
	}
	if known != nil {
		return nil, meaning{}, reject(CodeUnknownVersion, "/context/type",
			fmt.Sprintf("version %d.%d.%d or a newer minor of it", known.newest.major, known.newest.minor, known.newest.patch))
	}
	if strings.HasPrefix(t, customFamily) && !strings.HasPrefix(t, tuitionFamily) {
		if hasSpecversion {
			return s.custom[1], meaning{}, nil
		}
		return s.custom[0], meaning{}, nil
	}
	return nil, meaning{}, reject(CodeUnknownType, "/context/type", "a type of CDEvents 0.4.1 or 0.5, of tuition, or a custom type of another tool")
}

// check validates v, which stands at prefix in the event.
func (s *schemaSet) check(schema *jsonschema.Schema, v any, prefix ...string) *Rejection {
	err := schema.Validate(v)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return unfit(schema, safePointer(s.words, prefix), "a value that the schema can judge")
	}
	cause := firstCause(invalid)
	want := expectation(cause.ErrorKind)
	if _, more := cause.ErrorKind.(*kind.AdditionalProperties); more {
		if names := propertiesAt(schema, cause.InstanceLocation); len(names) > 0 {
			want = "only the properties " + strings.Join(names, ", ")
		}
	}
	return unfit(schema, safePointer(s.words, append(prefix, cause.InstanceLocation...)), want)
}

// unfit rejects what a schema does not take, and names the schema.
func unfit(schema *jsonschema.Schema, pointer, expected string) *Rejection {
	r := reject(CodeSchema, pointer, expected)
	r.Schema = strings.TrimSuffix(schema.Location, "#")
	return r
}

// propertiesAt are the names that a schema knows for the object at a location; none if several forms are allowed there.
func propertiesAt(schema *jsonschema.Schema, location []string) []string {
	for _, step := range append([]string{""}, location...) {
		if step != "" {
			schema = schema.Properties[step]
		}
		for schema != nil && schema.Ref != nil {
			schema = schema.Ref
		}
		if schema == nil {
			return nil
		}
	}
	return slices.Sorted(maps.Keys(schema.Properties))
}

// firstCause picks one fault, always the same one: the first in the order of
// pointers, then of expectations. Alternatives are one fault, not one for each.
func firstCause(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		return e
	}
	if len(e.Causes) == 0 {
		return e
	}
	best := firstCause(e.Causes[0])
	for _, other := range e.Causes[1:] {
		other = firstCause(other)
		order := slices.Compare(other.InstanceLocation, best.InstanceLocation)
		if order < 0 || order == 0 && expectation(other.ErrorKind) < expectation(best.ErrorKind) {
			best = other
		}
	}
	return best
}

// expectation words what a schema wanted, never what it got.
func expectation(k jsonschema.ErrorKind) string {
	switch k := k.(type) {
	case *kind.Type:
		return strings.Join(k.Want, " or ")
	case *kind.Enum:
		words := make([]string, len(k.Want))
		for i, w := range k.Want {
			if w == nil {
				w = "null"
			}
			words[i] = fmt.Sprint(w)
		}
		return "one of " + strings.Join(words, ", ")
	case *kind.Required:
		return "the property " + strings.Join(k.Missing, ", ")
	case *kind.AdditionalProperties:
		return "only properties that the schema names"
	case *kind.Format:
		return k.Want
	case *kind.MinLength:
		return fmt.Sprintf("at least %d characters", k.Want)
	case *kind.MinItems:
		return fmt.Sprintf("at least %d items", k.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("at most %d items", k.Want)
	case *kind.MinProperties:
		return fmt.Sprintf("at least %d properties", k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("at most %d properties", k.Want)
	case *kind.Minimum:
		want, _ := k.Want.Float64()
		return fmt.Sprintf("at least %v", want)
	case *kind.Maximum:
		want, _ := k.Want.Float64()
		return fmt.Sprintf("at most %v", want)
	case *kind.Pattern:
		return "text that matches " + k.Want
	case *kind.AnyOf, *kind.OneOf:
		return "one of the forms that the schema allows"
	}
	return "what the schema of the type says"
}
