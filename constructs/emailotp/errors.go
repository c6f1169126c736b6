package emailotp

import (
	"fmt"
	"slices"
	"strings"
)

// Error is the refusal of an EmailOTP. [NewEmailOTP] panics with it, for constructors return no
// errors in the CDK.
type Error struct {
	// Path is the path of the construct that was refused.
	Path string
	// Problems are sentences, sorted, each with what was wrong, the value given, the values allowed
	// and the remedy.
	Problems []string
}

// Error returns one line a problem, each naming the construct.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("EmailOTP %q: %s", e.Path, p)
	}
	return strings.Join(lines, "\n")
}

// refuse panics if there are problems.
func refuse(path string, problems []string) {
	if len(problems) == 0 {
		return
	}
	slices.Sort(problems)
	panic(&Error{Path: path, Problems: slices.Compact(problems)})
}
