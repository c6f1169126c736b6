// Package triggers calls the Lambda triggers of a user pool.
package triggers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsjson"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/lambda"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/random"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

// Invoker runs one trigger.
//
// Invoke receives the whole event as JSON and returns what the function returned. A *[lambda.Error]
// is the failure of a function that ran; any other error means that the call itself failed. Invoke
// is called from several goroutines at once. The context does not end when the client disconnects:
// a function that has started runs to its end.
type Invoker interface {
	Invoke(ctx context.Context, trigger config.Trigger, event []byte) ([]byte, error)
}

// InvokerFunc makes a function an [Invoker].
type InvokerFunc func(ctx context.Context, trigger config.Trigger, event []byte) ([]byte, error)

// Invoke calls f.
func (f InvokerFunc) Invoke(ctx context.Context, trigger config.Trigger, event []byte) ([]byte, error) {
	return f(ctx, trigger, event)
}

// Runner calls the triggers of one pool.
type Runner struct {
	cfg      config.Pool
	invoker  Invoker
	timeout  time.Duration
	attempts int
	log      *slog.Logger
}

// New makes a runner. A trigger that does not answer within the timeout is called up to attempts
// times.
func New(cfg config.Pool, invoker Invoker, timeout time.Duration, attempts int, log *slog.Logger) *Runner {
	return &Runner{cfg, invoker, timeout, attempts, log}
}

// run calls a trigger, if the pool has it, and decodes the response of its answer. The source is
// the second part of triggerSource. The event holds the response as it is before: nulls, or false
// for PreSignUp.
func (r *Runner) run(ctx context.Context, t config.Trigger, source, userName, clientID string, request,
	response any) error {
	if !r.cfg.Triggers[t] {
		return nil
	}
	payload, err := json.Marshal(event{
		Version: r.version(t), Region: r.cfg.Region, UserPoolID: r.cfg.ID, UserName: userName,
		CallerContext: callerContext{AWSSDKVersion: "aws-sdk-unknown-unknown", ClientID: clientID},
		TriggerSource: strings.Replace(string(t), "PreToken", "Token", 1) + "_" + source, Request: request,
		Response: response,
	})
	if err != nil {
		return fmt.Errorf("encoding an event for %s: %w", t, err)
	}
	answer, err := r.invoke(ctx, t, payload)
	if err != nil {
		return r.refusal(t, err)
	}
	return readAnswer(answer, response)
}

// version returns the version of a trigger's events, such as "1".
func (r *Runner) version(t config.Trigger) string {
	if t == config.PreTokenGeneration && r.cfg.TokenVersion != "" {
		return r.cfg.TokenVersion[1:2]
	}
	return "1"
}

// socketTimeout is Cognito's sentence about a trigger that does not answer.
const socketTimeout = "Socket timeout while invoking Lambda function."

// errNoAnswer means that no call of a trigger was answered in time.
var errNoAnswer = errors.New(socketTimeout)

// invoke calls the function, again if it does not answer in time. A repeated call runs beside the
// earlier ones, as nothing stops a function that has started; only the latest call's answer counts.
func (r *Runner) invoke(ctx context.Context, t config.Trigger, payload []byte) ([]byte, error) {
	type result struct {
		body []byte
		err  error
	}
	for attempt := 1; attempt <= r.attempts; attempt++ {
		done := make(chan result, 1)
		go func() {
			body, err := r.call(ctx, t, bytes.Clone(payload))
			done <- result{body, err}
		}()
		timer := time.NewTimer(r.timeout)
		select {
		case a := <-done:
			timer.Stop()
			return a.body, a.err
		case <-timer.C:
			r.log.Warn("trigger did not answer in time", "trigger", string(t), "attempt", attempt, "timeout", r.timeout.String())
		}
	}
	return nil, errNoAnswer
}

// call calls the function once. An in-process handler that panics fails like a process that exits.
func (r *Runner) call(ctx context.Context, t config.Trigger, payload []byte) (body []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &lambda.Error{Failure: lambda.Exited, Type: "Runtime.ExitError",
				Message: "RequestId: " + random.UUID() + " Error: Runtime exited with error: exit status 2"}
		}
	}()
	return r.invoker.Invoke(ctx, t, payload)
}

// refusal words a failed call.
func (r *Runner) refusal(t config.Trigger, err error) error {
	var failed *lambda.Error
	if errors.As(err, &failed) {
		return refusal.LambdaFailed(string(t), failed.Message)
	}
	if !errors.Is(err, errNoAnswer) {
		r.log.Error("trigger could not be called", "trigger", string(t), "error", err.Error())
	}
	return refusal.LambdaUnreachable(string(t), err.Error())
}

// readAnswer decodes the response of the event that a function returned. A null or missing member
// keeps response's value; names count to the letter.
func readAnswer(answer []byte, response any) error {
	if !json.Valid(answer) {
		return refusal.InvalidOutput("Invalid JSON")
	}
	var e struct {
		Response json.RawMessage `json:"response"`
	}
	if err := awsjson.Unmarshal(answer, &e); err != nil {
		return refusal.Unrecognizable
	}
	if b := bytes.TrimSpace(e.Response); len(b) == 0 || b[0] != '{' {
		return refusal.Unrecognizable
	}
	if err := awsjson.Unmarshal(e.Response, response); err != nil {
		return refusal.Unrecognizable
	}
	return nil
}
