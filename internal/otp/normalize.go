package otp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAnswer is the longest answer that is read, in characters: a long code in groups, wrapped in
// direction marks and with a few words around it, stays below.
const maxAnswer = 256

// Normalize returns the digits of what a person typed or pasted. A digit of any script counts as
// the digit that it is; everything else falls away: spaces, dashes, invisible marks, words. It
// reports false unless exactly the given number of digits remains, or if the answer has more than
// 256 characters or isn't UTF-8. Such an answer needs no comparison.
//
// The sign-in page follows the same rule: testdata/answers.json has the cases for both.
func Normalize(answer string, digits int) (string, bool) {
	if len(answer) > maxAnswer*utf8.UTFMax || !utf8.ValidString(answer) || utf8.RuneCountInString(answer) > maxAnswer {
		return "", false
	}
	code := strings.Map(digit, answer)
	return code, len(code) == digits
}

// digit returns the ASCII digit that r stands for, and -1 for any other character. Unicode has the
// decimal digits of each script in a row from 0 to 9, so that a range of them is a multiple of ten.
func digit(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}
	for _, rows := range unicode.Nd.R16 {
		if rune(rows.Lo) <= r && r <= rune(rows.Hi) {
			return '0' + (r-rune(rows.Lo))%10
		}
	}
	for _, rows := range unicode.Nd.R32 {
		if rune(rows.Lo) <= r && r <= rune(rows.Hi) {
			return '0' + (r-rune(rows.Lo))%10
		}
	}
	return -1
}
