package mail

import "strings"

// Group writes code with a space between groups of digits, as it is easiest to read aloud and to copy
// by hand: "123 456", "1234 5678", "123 456 7890"; from 11 digits on in fours.
func Group(code string) string { return strings.Join(groups(code), " ") }

// groups cuts code into groups: in fours where they come out even or where it is long, else in threes
// of which the last takes a digit that is left over.
func groups(code string) []string {
	n := len(code)
	size := 4
	switch n {
	case 5, 6, 7, 9, 10:
		size = 3
	}
	var all []string
	for len(code) > size {
		if rest := len(code) - size; rest < 2 {
			break
		}
		all = append(all, code[:size])
		code = code[size:]
	}
	return append(all, code)
}
