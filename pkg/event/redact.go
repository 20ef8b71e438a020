package event

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// redactor takes people out of an event before it is stored: e-mail addresses and
// @handles wherever they stand in text, and the whole text of properties that name
// a person. Each becomes "person:" and 12 hex digits of HMAC-SHA256 under the key,
// so that the same person stays the same and nobody without the key can tell who.
//
// Deliberately narrow: a name in the middle of a sentence is not found. Package
// URLs (pkg:…) are left alone, as their @ stands before a version.
type redactor struct {
	key    []byte
	refuse bool
	found  []string // with refuse: where the first person was found
}

var (
	email  = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`)
	handle = regexp.MustCompile(`(^|[^A-Za-z0-9_@/.%+:-])@[A-Za-z0-9][A-Za-z0-9_-]*(?:$|[^A-Za-z0-9_/-])`)
)

// personal are the properties whose text names a person, in lower case without _ and -.
var personal = map[string]bool{
	"user": true, "userid": true, "username": true, "login": true, "email": true, "actor": true,
	"author": true, "committer": true, "creator": true, "createdby": true, "updatedby": true,
	"reporter": true, "reportedby": true, "acknowledgedby": true, "resolvedby": true, "closedby": true,
	"assignee": true, "assignees": true, "assignedto": true, "reviewer": true, "reviewers": true, "reviewedby": true,
}

var foldName = strings.NewReplacer("_", "", "-", "")

func isPersonal(name string) bool { return personal[strings.ToLower(foldName.Replace(name))] }

// object redacts m in place.
func (r *redactor) object(m map[string]any, path []string, whole bool) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v := r.value(m[name], append(slices.Clip(path), name), whole || isPersonal(name))
		if clean := r.text(name, path); clean != name {
			delete(m, name)
			name = clean
		}
		m[name] = v
	}
}

func (r *redactor) value(v any, path []string, whole bool) any {
	switch v := v.(type) {
	case string:
		if whole && v != "" {
			return r.person(v, path)
		}
		return r.text(v, path)
	case []any:
		for i, item := range v {
			v[i] = r.value(item, path, whole)
		}
	case map[string]any:
		r.object(v, path, whole)
	}
	return v
}

func (r *redactor) text(s string, path []string) string {
	if !strings.Contains(s, "@") || strings.HasPrefix(s, "pkg:") {
		return s
	}
	s = email.ReplaceAllStringFunc(s, func(found string) string { return r.person(found, path) })
	return handle.ReplaceAllStringFunc(s, func(found string) string {
		at := strings.IndexByte(found, '@')
		end := at + 1
		for end < len(found) && (found[end] == '_' || found[end] == '-' || isAlphanumeric(found[end])) {
			end++
		}
		return found[:at] + r.person(found[at:end], path) + found[end:]
	})
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func (r *redactor) person(who string, path []string) string {
	if r.refuse {
		if r.found == nil {
			r.found = append([]string{}, path...)
		}
		return who
	}
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(strings.ToLower(who)))
	return "person:" + hex.EncodeToString(mac.Sum(nil)[:6])
}
