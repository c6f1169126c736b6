package mail

import (
	"strings"
	"unicode"

	"github.com/cognito-emailotp/cdk-emailotp/internal/locale"
)

// Unicode's isolates (UAX 9, section 2.4): what stands between one of them and popIsolate is laid
// out by itself, so that an address or a code keeps its order inside a sentence of the other
// direction.
const (
	leftToRightIsolate = "\u2066"
	firstStrongIsolate = "\u2068"
	popIsolate         = "\u2069"
)

// isolated wraps s, text whose direction isn't known, if that direction could matter in a sentence
// that runs dir.
func isolated(s string, dir locale.Direction) string {
	if dir == locale.LTR && !rightToLeft(s) {
		return s
	}
	return firstStrongIsolate + s + popIsolate
}

// isolatedLTR wraps s, which reads left to right, in a sentence that runs dir.
func isolatedLTR(s string, dir locale.Direction) string {
	if dir == locale.LTR {
		return s
	}
	return leftToRightIsolate + s + popIsolate
}

// rightToLeft reports whether s has a character of a script that is written from right to left.
func rightToLeft(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return r >= 0x590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana,
			unicode.Nko, unicode.Adlam)
	}) >= 0
}
