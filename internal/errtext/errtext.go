// Package errtext writes errors for logs, without the text that a service, a client or an adopter's
// function put into them: it may have an address or a code.
package errtext

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"syscall"
)

// What services write as error codes and request ids. Anything else is not logged.
var (
	code      = regexp.MustCompile(`^[A-Za-z][A-Za-z.:_]{0,63}$`)
	requestID = regexp.MustCompile(`^[A-Z0-9]{52}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// IsCode reports whether a text is an error's code or type, such as "Runtime.ExitError".
func IsCode(text string) bool { return code.MatchString(text) }

// Describe returns what a log may have of an error. Errors with a method LogText are described by
// it: their text is this module's own. Of each other error at the end of a chain it returns the
// type, or what the operating system reported, and of its chain the service's code, the HTTP
// status, the request id, the network operation and whether it was a timeout.
func Describe(err error) string { return strings.Join(parts(err), "; ") }

func parts(err error) (all []string) {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		switch e := inner.(type) {
		case interface{ LogText() string }:
			return []string{e.LogText()}
		case interface{ Unwrap() []error }:
			for _, branch := range e.Unwrap() {
				all = append(all, parts(branch)...)
			}
			return all
		}
		if errors.Unwrap(inner) == nil {
			return append([]string{leaf(inner)}, facts(err)...)
		}
	}
	return nil
}

// leaf describes the error at the end of a chain.
func leaf(err error) string {
	if number, ok := err.(syscall.Errno); ok {
		return number.Error()
	}
	return fmt.Sprintf("%T", err)
}

// facts are what a chain has besides texts.
func facts(err error) (all []string) {
	var api interface{ ErrorCode() string }
	if errors.As(err, &api) && IsCode(api.ErrorCode()) {
		all = append(all, "code "+api.ErrorCode())
	}
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) && response.HTTPStatusCode() != 0 {
		all = append(all, fmt.Sprintf("status %d", response.HTTPStatusCode()))
	}
	var request interface{ ServiceRequestID() string }
	if errors.As(err, &request) && requestID.MatchString(request.ServiceRequestID()) {
		all = append(all, "request "+request.ServiceRequestID())
	}
	var op *net.OpError
	if errors.As(err, &op) {
		all = append(all, op.Op+" "+op.Net)
	}
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		all = append(all, "canceled")
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout():
		all = append(all, "timeout")
	}
	return all
}
