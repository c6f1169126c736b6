package cloud

import (
	"context"
	"errors"

	"github.com/aws/smithy-go/middleware"

	"github.com/cognito-emailotp/cdk-emailotp/internal/errtext"
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

// A serviceError is an error of a call, with a text that may be logged. Is and As see all of cause;
// Unwrap is left out, since a log that prints what an error wraps would print the service's text.
type serviceError struct{ cause error }

func (e *serviceError) Is(target error) bool { return errors.Is(e.cause, target) }
func (e *serviceError) As(target any) bool   { return errors.As(e.cause, target) }
func (e *serviceError) Error() string        { return e.LogText() }
func (e *serviceError) LogText() string      { return errtext.Describe(e.cause) }
