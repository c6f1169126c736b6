// Package functions invokes an adopter's own Lambda function from a trigger.
package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/signed"
)

const (
	// timeout is the longest that an invocation may take, whatever the trigger's own deadline:
	// Cognito gives up after 5 seconds.
	timeout = 5 * time.Second
	// maxAnswer is Lambda's limit for an answer, 6 MB.
	maxAnswer = 6 << 20
)

// A Function is one Lambda function.
type Function struct {
	client *signed.Client
	arn    string
	path   string
	lookup cloud.Lookup
}

// traceVariable holds the trace of the invocation under way, as Lambda's runtime sets it.
const traceVariable = "_X_AMZN_TRACE_ID"

// New returns the function with the given ARN, which may end in an alias or a version.
func New(arn string, lookup cloud.Lookup, options ...cloud.Option) (*Function, error) {
	c, err := signed.New(cloud.Lambda, "lambda", lookup, timeout, options...)
	if err != nil {
		return nil, err
	}
	return &Function{c, arn, "/2015-03-31/functions/" + url.PathEscape(arn) + "/invocations", lookup}, nil
}

// An Error is a function that failed by itself.
type Error struct {
	// Message is the function's own, for Cognito to show to the client, as it would have without
	// us. It must not be logged: the function may have put anything in it.
	Message string
	// Type is the error's type, such as "Error" or "Runtime.ExitError".
	Type string
}

// Error returns the type alone.
func (e *Error) Error() string { return "the function failed with " + e.Type }

// FunctionError returns the function's message and the error's type.
func (e *Error) FunctionError() (message, kind string) { return e.Message, e.Type }

// A ServiceError is an answer of Lambda's that reports an error: the function is throttled, absent,
// or may not be invoked. It leaves Lambda's own sentence out.
type ServiceError struct {
	Code      string
	Status    int
	RequestID string
}

// Error returns code, status and request id.
func (e *ServiceError) Error() string {
	return fmt.Sprintf("Lambda answered %s (HTTP status %d, request %s)", e.Code, e.Status, e.RequestID)
}

// ErrorCode returns Lambda's code, such as "TooManyRequestsException".
func (e *ServiceError) ErrorCode() string { return e.Code }

// HTTPStatusCode returns the answer's status.
func (e *ServiceError) HTTPStatusCode() int { return e.Status }

// ServiceRequestID returns Lambda's id of the request.
func (e *ServiceError) ServiceRequestID() string { return e.RequestID }

// Invoke calls the function once with an event and returns its answer. A function that fails is an
// [Error], although Lambda reports it by HTTP status 200. There is no second attempt: the time that
// a trigger has does not allow one, and the function may already have acted.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	header := http.Header{"Content-Type": {"application/json"}, "X-Amz-Invocation-Type": {"RequestResponse"},
		"X-Amz-Log-Type": {"None"}}
	// By the trace Lambda recognises functions that invoke each other in a loop, and stops them.
	if trace, _ := f.lookup(traceVariable); trace != "" {
		header.Set("X-Amzn-Trace-Id", trace)
	}
	a, err := f.client.Post(ctx, f.path, header, event, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", f.arn, err)
	}
	if a.Status != http.StatusOK {
		code, _, _ := strings.Cut(a.Header.Get("X-Amzn-Errortype"), ":")
		return nil, fmt.Errorf("invoke %s: %w", f.arn, &ServiceError{code, a.Status, a.Header.Get("X-Amzn-Requestid")})
	}
	if a.Header.Get("X-Amz-Function-Error") != "" {
		e := struct{ ErrorMessage, ErrorType string }{ErrorType: "an error without a type"}
		// What is not of Lambda's form has no message that Cognito could show.
		_ = json.Unmarshal(a.Body, &e)
		return nil, fmt.Errorf("invoke %s: %w", f.arn, &Error{Message: e.ErrorMessage, Type: e.ErrorType})
	}
	return a.Body, nil
}
