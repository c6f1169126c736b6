package otp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAnswer bounds what is looked at, in bytes: a long code in full-width digits, grouped and
// wrapped in direction marks, stays below.
const maxAnswer = 256

// Normalize turns what a person typed or pasted into digits. It drops spaces, dashes and invisible
// direction marks, which come along when a grouped code is copied out of a mail, and reads
// full-width, Arabic-Indic and Persian digits as the digits they are. It reports false, and the
// answer then needs no comparison, unless exactly the given number of digits remains and nothing
// else.
func Normalize(answer string, digits int) (string, bool) {
	if len(answer) > maxAnswer || !utf8.ValidString(answer) {
		return "", false
	}
	var b strings.Builder
	for _, r := range answer {
		switch d, ok := digit(r); {
		case ok:
			b.WriteByte(d)
		case !ignorable(r):
			return "", false
		}
	}
	return b.String(), b.Len() == digits
}

func digit(r rune) (byte, bool) {
	for _, zero := range [...]rune{'0', '\u0660', '\u06F0', '\uFF10'} {
		if r >= zero && r <= zero+9 {
			return byte('0' + r - zero), true
		}
	}
	return 0, false
}

func ignorable(r rune) bool {
	switch r {
	case '\u200B', '\u200E', '\u200F', '\u061C', '\uFEFF', // zero width space, direction marks, byte order mark
		'\u2066', '\u2067', '\u2068', '\u2069', '\u202A', '\u202B', '\u202C', '\u202D', '\u202E', // isolates and embeddings
		'\u2212', '\uFF0D': // minus signs
		return true
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Pd, r)
}
