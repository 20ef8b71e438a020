package event

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a text with its disguises taken off: entities, percent escapes and
// backslash escapes decoded, compatibility forms of Unicode (full-width letters and @)
// made plain, invisible characters left out. from[i] is where byte i of text began in
// the original; from[len(text)] is its end.
type folded struct {
	text string
	from []int
}

// maxDisguises bounds how often one disguise is looked for inside another.
const maxDisguises = 4

// fold takes the disguises off s.
func fold(s string) folded {
	f := folded{text: s, from: make([]int, len(s)+1)}
	for i := range f.from {
		f.from[i] = i
	}
	for range maxDisguises {
		next := f.once()
		if next.text == f.text {
			break
		}
		f = next
	}
	return f
}

// once takes off one layer.
func (f folded) once() folded {
	var b strings.Builder
	from := make([]int, 0, len(f.from))
	put := func(text string, at int) {
		for range len(text) {
			from = append(from, f.from[at])
		}
		b.WriteString(text)
	}
	s := f.text
	for i := 0; i < len(s); {
		if text, n := decodeEscape(s[i:]); n > 0 {
			put(text, i)
			i += n
			continue
		}
		c, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c < utf8.RuneSelf || c == utf8.RuneError:
			put(s[i:i+n], i)
		case invisible(c):
		case c == '。' || c == '․':
			put(".", i)
		case disguised(c):
			put(norm.NFKC.String(s[i:i+n]), i)
		default:
			put(s[i:i+n], i)
		}
		i += n
	}
	return folded{b.String(), append(from, f.from[len(s)])}
}

// decodeEscape reads an entity of HTML, a percent escape or a backslash escape at
// the beginning of s; n is its length, 0 if there is none.
func decodeEscape(s string) (text string, n int) {
	switch s[0] {
	case '&':
		end := strings.IndexByte(s[:min(len(s), 12)], ';')
		if end < 0 {
			return "", 0
		}
		if text = html.UnescapeString(s[:end+1]); text != s[:end+1] {
			return text, end + 1
		}
	case '%':
		var raw []byte
		for n = 0; n+2 < len(s) && s[n] == '%' && len(raw) < utf8.UTFMax; n += 3 {
			b, err := strconv.ParseUint(s[n+1:n+3], 16, 8)
			if err != nil {
				break
			}
			raw = append(raw, byte(b))
			if utf8.FullRune(raw) {
				if c, size := utf8.DecodeRune(raw); c >= ' ' && c != utf8.RuneError && size == len(raw) {
					return string(raw), n + 3
				}
				break
			}
		}
	case '\\':
		for _, form := range [...]struct {
			prefix string
			digits int
		}{{`\u`, 4}, {`\x`, 2}, {`\U`, 8}} {
			if !strings.HasPrefix(s, form.prefix) || len(s) < 2+form.digits {
				continue
			}
			if c, err := strconv.ParseUint(s[2:2+form.digits], 16, 32); err == nil && c >= ' ' && c <= unicode.MaxRune && utf8.ValidRune(rune(c)) {
				return string(rune(c)), 2 + form.digits
			}
		}
	}
	return "", 0
}

// invisible characters can stand inside an identifier without being seen.
func invisible(c rune) bool {
	switch {
	case c < 0xAD:
		return false
	case unicode.Is(unicode.Cf, c), unicode.Is(unicode.Variation_Selector, c):
		return true
	case c == 0x034F, c == 0x115F, c == 0x1160, c == 0x17B4, c == 0x17B5, c == 0x3164, c == 0xFFA0:
		return true
	}
	return false
}

// disguised characters are other forms of plain ones: full-width, small, mathematical,
// circled, superscript, and spaces of other widths.
func disguised(c rune) bool {
	switch {
	case c < 0xA0:
		return false
	case c == 0xA0, c >= 0x2000 && c <= 0x200A, c == 0x202F, c == 0x3000,
		c == '。', c == '․',
		c >= 0x2070 && c <= 0x209F, c >= 0x2100 && c <= 0x214F, c >= 0x2460 && c <= 0x24FF,
		c >= 0xFE50 && c <= 0xFE6F, c >= 0xFF01 && c <= 0xFF65, c >= 0x1D400 && c <= 0x1D7FF, c >= 0x1F100 && c <= 0x1F1FF:
		return true
	}
	return false
}
