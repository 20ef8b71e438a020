package event

import (
	"strings"
	"unicode/utf8"
)

// suspect says whether s may hold an identifier of a person, from its bytes alone and
// without allocating. It errs to yes: findPeople decides. What it says no to is never
// looked at again, so whatever findPeople looks for has its trigger here; a fuzz test
// holds the two together. The fast path of the decoder asks it too.
func suspect(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' {
			continue
		}
		switch c {
		case '@':
			if !versionFollows(s, i) {
				return true
			}
		case '%':
			if i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) && !harmlessEscape(s[i+1], s[i+2]) {
				return true
			}
		case '&':
			if i+1 < len(s) && (s[i+1] == '#' || isAlphanumeric(s[i+1])) {
				return true
			}
		case '\\':
			if i+1 < len(s) && (s[i+1]|0x20 == 'u' || s[i+1] == 'x') {
				return true
			}
		case '+':
			if i+1 < len(s) && s[i+1] >= '1' && s[i+1] <= '9' && (i == 0 || !isAlphanumeric(s[i-1])) {
				return true
			}
		case '(', '[', '{', '<':
			if bracketedWord(s[i+1:]) || (c == '{' || c == '[') && jsonOpening(s[i+1:]) {
				return true
			}
		case '=':
			if i > 0 && isAlphanumeric(s[i-1]) {
				return true
			}
		case ':':
			if i > 0 && (isLetter(s[i-1]) || s[i-1] == '"' || s[i-1] == '\'' || s[i-1] == '*') && suspectColon(s, i) {
				return true
			}
		case '/':
			if i > 2 && isLetter(s[i-1]) && suspectSlash(s, i) {
				return true
			}
		case ' ':
			if i+4 < len(s) && s[i+1]|0x20 == 'a' && s[i+2]|0x20 == 't' && s[i+3] == ' ' && containsFold(s[i+4:min(len(s), i+maxLookBack)], "dot") {
				return true
			}
		default:
			if c >= utf8.RuneSelf {
				r, n := utf8.DecodeRuneInString(s[i:])
				if invisible(r) || disguised(r) {
					return true
				}
				i += n - 1
			}
		}
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// harmlessEscape are the percent escapes of package URLs and paths that hide nothing: / : + = , and space.
func harmlessEscape(a, b byte) bool {
	switch {
	case a == '2':
		return b|0x20 == 'f' || b|0x20 == 'c' || b == '0'
	case a == '3':
		return b|0x20 == 'a' || b|0x20 == 'd'
	}
	return false
}

// versionFollows says whether what stands behind the @ at i can only be a version or a
// digest, as in name@1.2.3, name@v4 or name@sha256:….
func versionFollows(s string, i int) bool {
	if i == 0 || !isAlphanumeric(s[i-1]) || strings.IndexByte(s[max(0, i-maxLookBack):i], ' ') >= 0 {
		return false
	}
	rest := s[i+1:]
	if strings.HasPrefix(rest, "sha256:") || strings.HasPrefix(rest, "sha256%3A") || strings.HasPrefix(rest, "sha512:") {
		rest = rest[7:]
		return strings.IndexByte(rest, '@') < 0
	}
	if len(rest) > 1 && rest[0] == 'v' {
		rest = rest[1:]
	}
	for n := 0; n < len(rest); n++ {
		switch c := rest[n]; {
		case c >= '0' && c <= '9' || n > 0 && (c == '.' || c == '-'):
		default:
			return n > 0 && (c == '/' || c == '?' || c == '#' || c == ' ' || c == ',' || c == ':')
		}
	}
	return rest != ""
}

// bracketedWord says whether s, behind an opening bracket, is "at)", "dot)", "@)" or ".)" in any spelling.
func bracketedWord(s string) bool {
	s = strings.TrimLeft(s[:min(len(s), 10)], " \t")
	for _, w := range [...]string{"at", "dot", "@", ".", "ät", "punkt"} {
		if len(s) > len(w) && strings.EqualFold(s[:len(w)], w) {
			if rest := strings.TrimLeft(s[len(w):], " \t"); rest != "" && strings.IndexByte(")]}>", rest[0]) >= 0 {
				return true
			}
		}
	}
	return false
}

// suspectColon looks at what stands around the : at i: a URL, a label such as
// Reviewed-by:, a scheme such as tel:, or an ARN of IAM.
func suspectColon(s string, i int) bool {
	if strings.HasPrefix(s[i+1:], "//") {
		return suspectURL(s[i+3:])
	}
	end := i
	for end > 0 && (s[end-1] == '*' || s[end-1] == '"' || s[end-1] == '\'') {
		end--
	}
	start := end
	for start > 0 && isLetter(s[start-1]) {
		start--
	}
	word := s[start:end]
	for _, w := range colonWords {
		if len(word) == len(w) && strings.EqualFold(word, w) {
			return true
		}
	}
	return false
}

// colonWords stand before a colon that a person may follow: labels, trailers, schemes, ARNs.
var colonWords = [...]string{
	"by", "with", "to", "cc", "bcc", "author", "authors", "committer", "assignee", "assignees", "reporter", "commander", "owner",
	"owners", "reviewer", "reviewers", "lead", "scribe", "attendees", "atendees", "participants", "responders", "responder",
	"user", "username", "login", "email", "mail", "mailto", "tel", "sms", "callto", "sip", "sips", "skype", "xmpp", "im", "iam", "sts",
	"contact", "phone", "mobile", "approver", "approvers", "requester", "creator", "engineer",
}

// suspectURL says whether the URL whose host begins s may name a person.
func suspectURL(s string) bool {
	s = s[:min(len(s), 16*maxLookBack)]
	slash := strings.IndexByte(s, '/')
	if query := strings.IndexByte(s, '?'); query >= 0 && (slash < 0 || query < slash) {
		return true
	}
	if slash < 0 {
		return false
	}
	if socialHost(s[:slash]) {
		return true
	}
	return suspectPath(s[slash:])
}

// suspectPath looks for segments of a URL's path that people's names follow.
func suspectPath(s string) bool {
	s = s[:min(len(s), 16*maxLookBack)]
	for i := 0; i+1 < len(s); i++ {
		switch s[i] {
		case ' ', '<', '>', '"':
			return false
		case ':':
			if strings.HasPrefix(s[i+1:], "//") {
				return false // the next URL is looked at by itself
			}
		case '?':
			return true
		case '/':
			if s[i+1] == '~' || s[i+1] == '@' {
				return true
			}
			for _, w := range peoplePaths {
				if len(s)-i > len(w)+2 && strings.EqualFold(s[i+1:i+1+len(w)], w) && s[i+1+len(w)] == '/' {
					return true
				}
			}
		}
	}
	return false
}

// suspectSlash looks at the / at i behind a host without a scheme, or behind the
// folder of people's home directories.
func suspectSlash(s string, i int) bool {
	if strings.HasSuffix(s[:i], "/home") || strings.HasSuffix(s[:i], "/Users") {
		return true
	}
	start := i
	for start > 0 && (isAlphanumeric(s[start-1]) || s[start-1] == '.' || s[start-1] == '-') {
		start--
	}
	host := s[start:i]
	return strings.IndexByte(host, '.') > 0 && (socialHost(host) || strings.HasSuffix(host, ".com") && suspectPath(s[i:]))
}

func containsFold(s, word string) bool {
	for i := 0; i+len(word) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}
