package emailotp

import (
	"fmt"
	"slices"
	"strings"
)

// Error is the refusal of an EmailOTP. [NewEmailOTP] panics with it, because a constructor of the
// CDK returns no error. [Refusal] and [Main] catch it.
type Error struct {
	// Path is the path of the construct that was refused.
	Path string
	// Problems are sentences, sorted. Each has the problem, the given value, the allowed values and
	// the remedy.
	Problems []string
}

// Error returns a line per problem. Each begins with the construct's path.
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
