package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// withoutText is middleware that keeps a service's own words out of errors: SES repeats addresses
// in them, and errors are logged. It runs outermost, so that retries still see the SDK's errors.
var withoutText = middleware.InitializeMiddlewareFunc("WithoutText", func(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (out middleware.InitializeOutput, metadata middleware.Metadata, err error) {
	if out, metadata, err = next.HandleInitialize(ctx, in); err != nil {
		err = &serviceError{err}
	}
	return out, metadata, err
})

// A serviceError is an error of a call. Its text has the error's code, the HTTP status and the
// request id, or what kept an answer away. Is and As see all of cause; Unwrap is left out, since a
// log that prints what an error wraps would print the service's text.
type serviceError struct{ cause error }

func (e *serviceError) Is(target error) bool { return errors.Is(e.cause, target) }
func (e *serviceError) As(target any) bool   { return errors.As(e.cause, target) }

func (e *serviceError) Error() string {
	var parts []string
	var response *awshttp.ResponseError
	if errors.As(e.cause, &response) && response.HTTPStatusCode() != 0 {
		parts = append(parts, fmt.Sprintf("HTTP status %d", response.HTTPStatusCode()))
		if id := word(response.ServiceRequestID()); id != "" {
			parts = append(parts, "request "+id)
		}
	}
	name := e.name()
	if len(parts) == 0 {
		return name
	}
	return name + " (" + strings.Join(parts, ", ") + ")"
}

// name returns the error's code, or for an error without an answer its kind.
func (e *serviceError) name() string {
	var api smithy.APIError
	var op *net.OpError
	switch {
	case errors.As(e.cause, &api):
		if code := word(api.ErrorCode()); code != "" {
			return code
		}
		return "an error without a code"
	case errors.As(e.cause, &op):
		return op.Op + " " + op.Net + ": " + innermost(op.Err)
	case errors.Is(e.cause, context.Canceled):
		return "canceled"
	case errors.Is(e.cause, context.DeadlineExceeded) || isTimeout(e.cause):
		return "no answer in time"
	}
	return innermost(e.cause)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// innermost returns what the operating system reported, or the type of the error that err wraps
// last: that one's text may hold anything.
func innermost(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("%T", err)
		}
		err = inner
	}
}

// word returns s if it is a code or an id, and nothing if it could be text.
func word(s string) string {
	if len(s) > 80 || strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("_-.:#", r)
	}) {
		return ""
	}
	return s
}
