package check

import (
	"strings"
	"unicode"
)

// someWords is how many words a finding names.
const someWords = 5

// missingWords returns the first words of a that b doesn't have anywhere. Spaces are left out of b,
// since a code may stand in groups in one form only; the line for browsers ("@example.com
// #12345678") is left out of a.
func missingWords(a, b string) []string {
	squeezed := squeeze(b)
	var missing []string
	for line := range strings.Lines(a) {
		if strings.HasPrefix(line, "@") && strings.Contains(line, " #") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if w := squeeze(word); w != "" && !strings.Contains(squeezed, w) {
				if missing = append(missing, word); len(missing) == someWords {
					return missing
				}
			}
		}
	}
	return missing
}

// squeeze drops everything but letters, digits and marks, and folds case.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
