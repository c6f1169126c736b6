package sandbox

import (
	"context"
	"fmt"
)

// Trigger names a Lambda trigger as a user pool's LambdaConfig does.
type Trigger string

// The triggers that an EmailOTP uses, and those that the pool knows beside them.
const (
	DefineAuthChallenge         Trigger = "DefineAuthChallenge"
	CreateAuthChallenge         Trigger = "CreateAuthChallenge"
	VerifyAuthChallengeResponse Trigger = "VerifyAuthChallengeResponse"
	PreSignUp                   Trigger = "PreSignUp"
	PreTokenGeneration          Trigger = "PreTokenGeneration"
	PreAuthentication           Trigger = "PreAuthentication"
	PostAuthentication          Trigger = "PostAuthentication"
	PostConfirmation            Trigger = "PostConfirmation"
)

// MailEvents is no trigger of a user pool: it stands for the function that
// EventBridge hands SES's bounces and complaints to. Its event is EventBridge's,
// its answer doesn't count, and an error has it called again, twice.
const MailEvents Trigger = "MailEvents"

// Invoker runs triggers in place of the assembly's binaries. It gets the whole
// event as Cognito sends it and returns the whole event with its response. An
// error that isn't a *[FunctionError] counts as one that the function returned,
// its text being what the client reads behind "failed with error". Invoke is
// called from several goroutines at once.
type Invoker interface {
	Invoke(ctx context.Context, trigger Trigger, event []byte) ([]byte, error)
}

// Handler is one function in process. The Handler interface of
// github.com/aws/aws-lambda-go/lambda has this form, so lambda.NewHandler makes
// one of any Lambda handler.
type Handler interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, event []byte) ([]byte, error)

// Invoke calls f.
func (f HandlerFunc) Invoke(ctx context.Context, event []byte) ([]byte, error) { return f(ctx, event) }

// Handlers is an [Invoker] made of in-process handlers. A panic in one of them
// is what the death of its process would be; a trigger without a handler fails.
type Handlers map[Trigger]Handler

// Invoke runs the trigger's handler.
func (h Handlers) Invoke(ctx context.Context, trigger Trigger, event []byte) (out []byte, err error) {
	handler, ok := h[trigger]
	if !ok {
		return nil, fmt.Errorf("no handler for trigger %s", trigger)
	}
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &FunctionError{Failure: Exited, Type: "Runtime.ExitError", Message: fmt.Sprint(p)}
		}
	}()
	return handler.Invoke(ctx, event)
}

// Failure says how a function failed.
type Failure int

const (
	// Handled: the function returned an error.
	Handled Failure = iota
	// Exited: the process ended in the middle of the call.
	Exited
	// TimedOut: the function used up its own timeout.
	TimedOut
)

// FunctionError is a call that gave no result.
type FunctionError struct {
	Failure Failure
	// Type is Lambda's errorType, such as "Runtime.ExitError".
	Type string
	// Message is Lambda's errorMessage.
	Message string
}

// Error gives type and message.
func (e *FunctionError) Error() string {
	if e.Type == "" {
		return e.Message
	}
	return e.Type + ": " + e.Message
}
