package mail

import "strings"

// Group returns code with a space between groups of digits, which are easy to read aloud and to
// copy by hand: "123 456", "1234 5678", "123 456 7890"; from 11 digits on in fours.
func Group(code string) string { return strings.Join(groups(code), " ") }

// groups cuts code into groups: of four where they come out even or the code is long, else of
// three. A digit that is left over joins the last group.
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
