package sandbox

import (
	"context"
	"fmt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Trigger is the name of a Lambda trigger in a user pool's LambdaConfig, or [MailEvents].
type Trigger = userpool.Trigger

// The triggers that an EmailOTP uses, and others that the pool runs.
const (
	DefineAuthChallenge         = userpool.DefineAuthChallenge
	CreateAuthChallenge         = userpool.CreateAuthChallenge
	VerifyAuthChallengeResponse = userpool.VerifyAuthChallengeResponse
	PreSignUp                   = userpool.PreSignUp
	PreTokenGeneration          = userpool.PreTokenGeneration
	PreAuthentication           = userpool.PreAuthentication
	PostAuthentication          = userpool.PostAuthentication
	PostConfirmation            = userpool.PostConfirmation
	CustomMessage               = userpool.CustomMessage
)

// MailEvents is no trigger of a user pool. It names the function that receives SES's bounces and
// complaints from EventBridge. Its event is EventBridge's and its response is ignored; after an
// error it is called again, twice.
const MailEvents Trigger = "MailEvents"

// These are no triggers of a user pool. They name the app's own functions that EmailOTP's invoke:
// Chained the prop PreSignUp or PreTokenGeneration of the construct, the others the props of their
// names.
const (
	Chained                 Trigger = "Chained"
	ChainedCustomMessage    Trigger = "ChainedCustomMessage"
	ChainedPostConfirmation Trigger = "ChainedPostConfirmation"
)

// chainedBehind are the names of the app's own functions by EmailOTP's that invokes them.
var chainedBehind = map[string]Trigger{
	string(settings.PreSignUp): Chained, string(settings.PreTokenGeneration): Chained,
	string(settings.CreateAuthChallenge): ChainedCustomMessage, string(settings.VerifyAuthChallenge): ChainedPostConfirmation,
}

// HandOver is no trigger of a user pool. It names the function of the sign-in page that speaks
// OAuth 2.0; its events are those of an API Gateway HTTP API, payload format 2.0. Other functions
// behind the page's HTTP API are named by their folder in the same way.
const HandOver = Trigger(settings.HandOver)

// Invoker runs triggers in place of the assembly's binaries: Invoke(ctx, trigger, event) receives
// the whole event as Cognito sends it, and returns the whole event with its response. An error that
// is not a *[FunctionError] counts as one that the function returned: its text is what the client
// reads after "failed with error". Invoke is called from several goroutines at once.
type Invoker = userpool.Invoker

// Handler is one function in process. lambda.NewHandler of github.com/aws/aws-lambda-go makes one
// of any Lambda handler.
type Handler interface {
	// Invoke receives the event and returns the answer, both in JSON.
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// HandlerFunc makes a function a [Handler].
type HandlerFunc func(ctx context.Context, event []byte) ([]byte, error)

// Invoke calls f.
func (f HandlerFunc) Invoke(ctx context.Context, event []byte) ([]byte, error) { return f(ctx, event) }

// Handlers is an [Invoker] made of in-process handlers. A panic of a handler has the effect of a
// process that exits. A trigger without a handler fails.
type Handlers map[Trigger]Handler

// Invoke runs the trigger's handler.
func (h Handlers) Invoke(ctx context.Context, trigger Trigger, event []byte) ([]byte, error) {
	handler, ok := h[trigger]
	if !ok {
		return nil, fmt.Errorf("no handler for trigger %s", trigger)
	}
	return runHandler(ctx, handler, event)
}

func runHandler(ctx context.Context, handler Handler, event []byte) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = nil, &FunctionError{Failure: Exited, Type: "Runtime.ExitError", Message: fmt.Sprint(p)}
		}
	}()
	return handler.Invoke(ctx, event)
}

// Failure is the way in which a function failed.
type Failure = lambda.Failure

// A function returned an error, its process exited during the call, or it reached its own timeout.
const (
	Handled  = lambda.Handled
	Exited   = lambda.Exited
	TimedOut = lambda.TimedOut
)

// FunctionError is a call without a result: its Failure, and Lambda's errorType, such as
// "Runtime.ExitError", and errorMessage as Type and Message.
type FunctionError = lambda.Error
