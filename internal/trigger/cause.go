package trigger

import (
	"errors"
	"fmt"
)

// words is an error whose text this package wrote. It may be logged as it stands; other errors may
// hold what a service or a client wrote, and so an address or a code.
type words string

func (w words) Error() string { return string(w) }

// LogText returns the text; see package errtext.
func (w words) LogText() string { return string(w) }

// wordsf returns words about a cause. The arguments must not be a client's or a service's text.
func wordsf(cause error, format string, args ...any) error {
	return errors.Join(words(fmt.Sprintf(format, args...)), cause)
}
