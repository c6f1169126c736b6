package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"
)

// Texts of services and of data that can't be read may hold anything; codes and kinds can't.
func TestErrorsHaveNoTextOfOthers(t *testing.T) {
	const private = "jane@example.com"
	api := func(code string) error { return &smithy.GenericAPIError{Code: code, Message: private} }
	for _, c := range []struct {
		cause error
		want  string
	}{
		{api("MessageRejected"), "MessageRejected"},
		{fmt.Errorf("%s: %w", private, api("a.b#Throttling")), "a.b#Throttling"},
		{api(private), "an error without a code"},
		{api(""), "an error without a code"},
		{errors.New(private), "*errors.errorString"},
		{&smithy.DeserializationError{Err: errors.New(private), Snapshot: []byte(private)}, "*errors.errorString"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, "dial tcp: connection refused"},
		{&net.OpError{Op: "read", Net: "tcp", Err: errors.New(private)}, "read tcp: *errors.errorString"},
		{fmt.Errorf("%s: %w", private, context.DeadlineExceeded), "no answer in time"},
		{fmt.Errorf("%s: %w", private, context.Canceled), "canceled"},
	} {
		err := error(&serviceError{c.cause})
		if got := err.Error(); got != c.want {
			t.Errorf("%T: %q, want %q", c.cause, got, c.want)
		}
		if errors.Unwrap(err) != nil || !errors.Is(err, c.cause) {
			t.Errorf("%T: the cause is printed by its wrapper, or can't be found", c.cause)
		}
	}
}
