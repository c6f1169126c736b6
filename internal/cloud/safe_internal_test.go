package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/errtext"
)

// Texts of services and of data that can't be read may hold anything; codes and kinds can't.
func TestErrorsHaveNoTextOfOthers(t *testing.T) {
	const private = "jane@example.com"
	api := func(code string) error { return &smithy.GenericAPIError{Code: code, Message: private} }
	for _, c := range []struct {
		cause error
		want  string
	}{
		{api("MessageRejected"), "*smithy.GenericAPIError; code MessageRejected"},
		{fmt.Errorf("%s: %w", private, api("Throttling")), "*smithy.GenericAPIError; code Throttling"},
		{api(private), "*smithy.GenericAPIError"},
		{api(""), "*smithy.GenericAPIError"},
		{errors.New(private), "*errors.errorString"},
		{&smithy.DeserializationError{Err: errors.New(private), Snapshot: []byte(private)}, "*errors.errorString"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, "connection refused; dial tcp"},
		{&net.OpError{Op: "read", Net: "tcp", Err: errors.New(private)}, "*errors.errorString; read tcp"},
		{fmt.Errorf("%s: %w", private, context.DeadlineExceeded), "context.deadlineExceededError; timeout"},
		{fmt.Errorf("%s: %w", private, context.Canceled), "*errors.errorString; canceled"},
		{errors.Join(errors.New(private), api("Throttling")),
			"*errors.errorString; *smithy.GenericAPIError; code Throttling"},
	} {
		err := error(&serviceError{c.cause})
		if got := err.Error(); got != c.want {
			t.Errorf("%T: %q, want %q", c.cause, got, c.want)
		}
		if wrapped := fmt.Errorf("%s: %w", private, err); errtext.Describe(wrapped) != c.want {
			t.Errorf("%T: a log has %q, want %q", c.cause, errtext.Describe(wrapped), c.want)
		}
		if errors.Unwrap(err) != nil || !errors.Is(err, c.cause) {
			t.Errorf("%T: the cause is printed by its wrapper, or can't be found", c.cause)
		}
	}
}
