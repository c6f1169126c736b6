package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// hidden stands for what a mask doesn't show, whatever its length.
const hidden = "***"

// maxSuffix is the longest top-level domain that a mask shows.
const maxSuffix = 24

// Mask returns address with all but its first letter, its domain's first letter and its top-level
// domain hidden: "jane.doe+news@mail.example.com" is "j***@m***.com". An owner of two mailboxes
// sees which one is meant; the mask reveals neither the names nor their lengths to others.
//
// A name of one letter is masked like every other ("a***@…"): hiding its letter would reveal that
// the name is that short. A value that isn't an address is "***".
func Mask(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return hidden
	}
	local, domain := address[:at], address[at+1:]
	suffix := ""
	if dot := strings.LastIndexByte(domain, '.'); dot >= 0 && plainSuffix(domain[dot+1:]) {
		suffix = domain[dot:]
	}
	return first(local) + hidden + "@" + first(domain) + hidden + suffix
}

// first returns the first character of s if it is a letter or digit; a mark or a control character
// shown alone would garble what surrounds it.
func first(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return ""
	}
	return s[:size]
}

// plainSuffix reports whether s looks like a top-level domain.
func plainSuffix(s string) bool {
	if s == "" || len(s) > maxSuffix {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' {
			return false
		}
	}
	return true
}
