package event

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// scanner reads the plain subset of JSON that producers send: no escapes in
// strings, no text with an @ but package URLs. Whatever it says false to is left
// to the full parser; it never accepts what that one would refuse.
type scanner struct {
	b []byte
	i int
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// hasByte marks, from the lowest, bytes of w that are c.
func hasByte(w uint64, c byte) uint64 {
	w ^= ones * uint64(c)
	return (w - ones) & ^w & highs
}

func (p *scanner) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

// token takes c, after white space.
func (p *scanner) token(c byte) bool {
	p.space()
	return p.exactly(c)
}

// exactly takes c, with no white space before it.
func (p *scanner) exactly(c byte) bool {
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

// text reads a string; the result shares the scanner's bytes.
func (p *scanner) text() (s string, ok bool) {
	if !p.exactly('"') {
		return "", false
	}
	start, ask, ascii, slash := p.i, false, true, uint64(0)
	for {
		for p.i+8 <= len(p.b) {
			// From the lowest, bytes below -, from : to @, from [ to ^, above z and outside ASCII.
			w := binary.LittleEndian.Uint64(p.b[p.i:])
			low := w &^ highs
			special := (w-ones*'-')&^w&highs | (low+ones*(0x7f-'9'))&^(low+ones*(0x7f-'@'))&highs |
				(low+ones*(0x7f-'Z'))&^(low+ones*(0x7f-'^'))&highs | (low+ones*(0x7f-'z'))&highs | w&highs
			if special != 0 {
				slash |= hasByte(w, '/') & (special&-special - 1)
				p.i += bits.TrailingZeros64(special) / 8
				break
			}
			slash |= hasByte(w, '/')
			p.i += 8
		}
		if p.i >= len(p.b) {
			return "", false
		}
		switch c := p.b[p.i]; {
		case c == '"':
			s = share(p.b[start:p.i])
			p.i++
			return s, (ascii || utf8.ValidString(s)) && (!ask && slash == 0 || !suspect(s))
		case c == '\\' || c < 0x20:
			return "", false
		case c == ':':
			ask = ask || p.i > start && isLetter(p.b[p.i-1])
		case c >= utf8.RuneSelf:
			ascii, ask = false, true
		case c == '/':
			slash = 1
		case c == '-', c == '.', c == '_', isAlphanumeric(c):
		default:
			ask = true
		}
		p.i++
	}
}

// next gives the name of an object's next property and stands before its value;
// more is false at the object's end. count is how many were read before.
func (p *scanner) next(count int) (name string, more, ok bool) {
	p.space()
	if p.exactly('}') {
		return "", false, true
	}
	if count > 0 {
		if !p.exactly(',') {
			return "", false, false
		}
		p.space()
	}
	// Only names without escapes are known, so that there is nothing to look for in one.
	if !p.exactly('"') {
		return "", false, false
	}
	end := bytes.IndexByte(p.b[p.i:], '"')
	if end < 0 {
		return "", false, false
	}
	name = share(p.b[p.i : p.i+end])
	p.i += end + 1
	if !p.token(':') {
		return "", false, false
	}
	p.space()
	return name, true, true
}

// textInto reads a string into a place that must still be empty; an empty string is refused.
func (p *scanner) textInto(into *string) bool {
	s, ok := p.text()
	if !ok || s == "" || *into != "" {
		return false
	}
	*into = s
	return true
}

// word takes a literal: null, true, false.
func (p *scanner) word(w string) bool {
	if len(p.b)-p.i >= len(w) && string(p.b[p.i:p.i+len(w)]) == w {
		p.i += len(w)
		return true
	}
	return false
}

// number takes the characters that a plain decimal is made of.
func (p *scanner) number() string {
	start := p.i
	for p.i < len(p.b) && (p.b[p.i] >= '0' && p.b[p.i] <= '9' || p.b[p.i] == '.') {
		p.i++
	}
	return share(p.b[start:p.i])
}

// plainInteger reads a non-negative integer of at most 15 digits that is its own canonical form.
func plainInteger(s string) (int64, bool) {
	if s == "" || len(s) > 15 || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	var n int64
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, true
}

// plainShare reads a number from 0 to 1 that is its own canonical form: at most 15
// decimals, the last one not 0, and not so small that it would be written with an exponent.
func plainShare(s string) (float64, bool) {
	switch {
	case s == "0":
		return 0, true
	case s == "1":
		return 1, true
	case len(s) < 3 || len(s) > 17 || s[:2] != "0." || s[len(s)-1] == '0':
		return 0, false
	}
	n, scale, large := 0.0, 1.0, false
	for i := 2; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		large = large || i < 8 && s[i] != '0'
		n, scale = n*10+float64(s[i]-'0'), scale*10
	}
	return n / scale, large // both are exact below 2^53, so the quotient is the nearest float
}

// plainReference says that s is a URI reference that needs no closer look: an
// absolute path, or http and https with a plain host.
func plainReference(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && plainPath(s) || plainURL(s)
}

// plainURL says that s is an absolute http or https URL that needs no closer look.
func plainURL(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		if rest, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
	}
	n := 0
	for n < len(rest) && (isAlphanumeric(rest[n]) || rest[n] == '.' || rest[n] == '-') {
		n++
	}
	return n > 0 && (n == len(rest) || rest[n] == '/' && plainPath(rest[n:]))
}

func plainPath(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !isAlphanumeric(c) && c != '/' && c != '-' && c != '.' && c != '_' && c != '~' && c != ':' && c != '=' && c != ',' {
			return false
		}
	}
	return true
}
