package mail

import (
	"fmt"
	"slices"
	"strings"
)

// fill replaces the words in braces in s by value, and passes everything between them through
// literal. A brace that begins none of the known words is literal.
func fill(s string, literal func(string) string, value func(name string) (string, bool)) string {
	if strings.IndexByte(s, '{') < 0 {
		return literal(s)
	}
	var b strings.Builder
	b.Grow(len(s) + 64)
	for {
		name, before, after, found := placeholder(s)
		if !found {
			b.WriteString(literal(s))
			return b.String()
		}
		b.WriteString(literal(before))
		if v, ok := value(name); ok {
			b.WriteString(v)
		} else {
			b.WriteString(literal("{" + name + "}"))
		}
		s = after
	}
}

// placeholder finds the first {word} of s.
func placeholder(s string) (name, before, after string, found bool) {
	for from := 0; ; {
		open := strings.IndexByte(s[from:], '{')
		if open < 0 {
			return "", "", "", false
		}
		open += from
		end := open + 1
		for end < len(s) && alphanumeric(s[end]) {
			end++
		}
		if end > open+1 && end < len(s) && s[end] == '}' {
			return s[open+1 : end], s[:open], s[end+1:], true
		}
		from = open + 1
	}
}

// checkPlaceholders returns an error for a word in braces in s that is none of values.
func checkPlaceholders(s string, values []string) error {
	for rest := s; ; {
		name, _, after, found := placeholder(rest)
		if !found {
			break
		}
		if !slices.Contains(values, name) {
			if len(values) == 0 {
				return fmt.Errorf("has {%s}, but no value can stand here", name)
			}
			return fmt.Errorf("has {%s}; the values it can have are {%s}", name, strings.Join(values, "}, {"))
		}
		rest = after
	}
	return nil
}
