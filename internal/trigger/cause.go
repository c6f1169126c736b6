package trigger

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
)

// words is an error whose text this package wrote. It may be logged as it stands; other errors may
// hold what a service or a client wrote, and so an address or a code.
type words string

func (w words) Error() string { return string(w) }

// wordsf returns words about a cause. The arguments must not be a client's or a service's text.
func wordsf(cause error, format string, args ...any) error {
	return errors.Join(words(fmt.Sprintf(format, args...)), cause)
}

// What services write as error codes and request ids. Anything else is not logged.
var (
	errorCode = regexp.MustCompile(`^[A-Za-z][A-Za-z.:_]{0,63}$`)
	requestID = regexp.MustCompile(`^[A-Z0-9]{52}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// describe returns what the log may have of an error: our own words; else the types at the ends of
// its chain; and a service's error code, HTTP status and request id. Never an error's text.
func describe(err error) string {
	parts := typesOf(err)
	var api interface{ ErrorCode() string }
	if errors.As(err, &api) && errorCode.MatchString(api.ErrorCode()) {
		parts = append(parts, "code "+api.ErrorCode())
	}
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		parts = append(parts, fmt.Sprintf("status %d", response.HTTPStatusCode()))
	}
	var request interface{ ServiceRequestID() string }
	if errors.As(err, &request) && requestID.MatchString(request.ServiceRequestID()) {
		parts = append(parts, "request "+request.ServiceRequestID())
	}
	var network net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		parts = append(parts, "timeout")
	}
	return strings.Join(parts, "; ")
}

// typesOf returns our own words in the error's tree, and the types of its other leaves.
func typesOf(err error) (parts []string) {
	switch e := err.(type) {
	case nil:
		return nil
	case words:
		return []string{string(e)}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			parts = append(parts, typesOf(inner)...)
		}
		return parts
	}
	if inner := errors.Unwrap(err); inner != nil {
		return typesOf(inner)
	}
	return []string{fmt.Sprintf("%T", err)}
}
