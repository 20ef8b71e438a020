package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// redactor takes people out of an event before anything of it is stored. It walks
// the whole tree, names of properties included, so that every field, typed column
// and attribute is made of what is left: identifiers that stand in text (findPeople),
// and the whole of properties that name a person (isPersonal). Each becomes "person:"
// and 12 hex digits of HMAC-SHA256 under the key, so that the same person stays the
// same, however written, and nobody without the key can tell who.
//
// Deliberately narrow: a bare name in the middle of a sentence is not found.
type redactor struct {
	key    []byte
	refuse bool

	changed bool     // a person was hashed
	found   []string // with refuse: where the first person was found
	kind    string   // with refuse: what sort of identifier it was
}

const personMark = "person:"

// reset forgets the last event.
func (r *redactor) reset() { r.changed, r.found, r.kind = false, nil, "" }

// object redacts m in place. whole: m stands for a person, all its texts are theirs.
func (r *redactor) object(m map[string]any, path []string, whole bool) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		personal := isPersonal(name)
		v := r.value(m[name], append(slices.Clip(path), name), name, whole || personal)
		clean := r.text(name, path)
		if whole && !personal && !isField(name) {
			clean = r.person(name, "person as the name of a property", path)
		}
		if clean != name {
			delete(m, name)
			for base, n := clean, 2; ; n++ { // two spellings of one person stay two properties
				if _, taken := m[clean]; !taken {
					break
				}
				clean = base + "/" + strconv.Itoa(n)
			}
		}
		m[clean] = v
	}
}

func (r *redactor) value(v any, path []string, name string, whole bool) any {
	switch v := v.(type) {
	case string:
		if whole && !impersonal(name, v) {
			return r.person(v, "person in a field for people", path)
		}
		return r.text(v, path)
	case float64:
		if whole && isIdentifier(name) {
			return r.person(strconv.FormatFloat(v, 'f', -1, 64), "number of a person", path)
		}
	case []any:
		for i, item := range v {
			v[i] = r.value(item, path, name, whole)
		}
	case map[string]any:
		r.object(v, path, whole)
	}
	return v
}

// text redacts what stands in s. What is not a person's stays as it is, to the byte.
func (r *redactor) text(s string, path []string) string {
	if !suspect(s) {
		return s
	}
	if at, end, v := findJSON(s); v != nil && len(path) < maxDepth {
		inside := s[at:end]
		before := canonical(v)
		if after := canonical(r.value(v, append(slices.Clip(path), "json"), "", false)); after != before {
			inside = after
		}
		return r.text(s[:at], path) + inside + r.text(s[end:], path)
	}
	f := fold(s)
	found := findPeople(f.text)
	if len(found) == 0 {
		return s
	}
	var b strings.Builder
	last := 0
	for _, p := range found {
		start, end := f.from[p.start], f.from[p.end]
		b.WriteString(s[last:start])
		b.WriteString(r.person(p.key, p.kind, path))
		last = end
	}
	b.WriteString(s[last:])
	if r.refuse {
		return s
	}
	return b.String()
}

// maxJSON bounds how many openings of a text are tried as JSON.
const maxJSON = 16

// findJSON finds the first JSON object, or list of such, that stands in a text.
func findJSON(s string) (start, end int, v any) {
	tries := 0
	for start = 0; start < len(s) && tries < maxJSON; start++ {
		if s[start] != '{' && s[start] != '[' || !jsonOpening(s[start+1:]) {
			continue
		}
		tries++
		dec := jsontext.NewDecoder(strings.NewReader(s[start:]))
		raw, err := dec.ReadValue()
		if err == nil && json.Unmarshal(raw, &v) == nil {
			return start, start + int(dec.InputOffset()), v
		}
	}
	return 0, 0, nil
}

// jsonOpening says whether a JSON object or list may go on like this.
func jsonOpening(s string) bool {
	s = strings.TrimLeft(s, " \t\r\n")
	return s != "" && (s[0] == '"' || s[0] == '{' || s[0] == '[')
}

// person gives the hash that stands for who, or with refuse remembers the place.
func (r *redactor) person(who, kind string, path []string) string {
	if r.refuse {
		if r.found == nil && !isPersonHash(who) {
			r.found, r.kind = append([]string{}, path...), kind
		}
		return who
	}
	if isPersonHash(who) { // already done, as in an event that was exported and comes back
		return who
	}
	r.changed = true
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(personKey(who)))
	return personMark + hex.EncodeToString(mac.Sum(nil)[:6])
}

// personKey is one spelling for all spellings of an identifier.
func personKey(who string) string {
	who = strings.ToLower(strings.TrimSpace(fold(who).text))
	return strings.TrimPrefix(strings.TrimPrefix(who, "mailto:"), "@")
}

func isPersonHash(s string) bool {
	rest, ok := strings.CutPrefix(s, personMark)
	if !ok || len(rest) != 12 {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// digest keys the digest of an event that people were taken out of: with a plain one,
// whoever can read what is left could try addresses until the digest fits.
func (r *redactor) digest(data []byte) [32]byte {
	if r == nil || !r.changed || len(r.key) == 0 {
		return sha256.Sum256(data)
	}
	mac := hmac.New(sha256.New, r.key)
	mac.Write(data)
	return [32]byte(mac.Sum(nil))
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
