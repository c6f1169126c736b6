package bundle

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

var lineBreaks = regexp.MustCompile(`\s*\n\s*`)

// WithRemedy words an error of building a function, whose construct has the id. It adds the prop
// that makes the build unnecessary.
func WithRemedy(f settings.Function, id string, err error) string {
	words := lineBreaks.ReplaceAllString(strings.TrimSpace(err.Error()), "; ")
	return fmt.Sprintf("%s could not be built: %s; %sCode takes a zip built beforehand (emailotp lambdas writes one)",
		f, words, id)
}
