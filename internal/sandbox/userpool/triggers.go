package userpool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/exactjson"
)

// socketTimeout is how the service says that a trigger took too long.
const socketTimeout = "Socket timeout while invoking Lambda function."

// run calls a trigger with an event and reads the response part of what it
// returned into response.
func (p *Pool) run(ctx context.Context, t Trigger, e event, response any) error {
	payload, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding an event for %s: %w", t, err)
	}
	answer, err := p.invoke(ctx, t, payload)
	if err != nil {
		return p.triggerError(t, err)
	}
	return readAnswer(answer, response)
}

// has reports whether the pool has the trigger.
func (p *Pool) has(t Trigger) bool { return p.cfg.Triggers[t] }

// errNoAnswer is a trigger that didn't answer in time, however often it was called.
var errNoAnswer = errors.New("no answer in time")

// answer is what one call of a function came back with.
type answer struct {
	body []byte
	err  error
}

// invoke calls the function, again if it doesn't answer in time. A repeated call
// runs beside the earlier one, because nothing stops a function that has
// started; only the latest call's answer counts.
func (p *Pool) invoke(ctx context.Context, t Trigger, payload []byte) ([]byte, error) {
	for attempt := 1; attempt <= p.opts.TriggerAttempts; attempt++ {
		done := make(chan answer, 1)
		go func() { done <- p.call(ctx, t, bytes.Clone(payload)) }()
		timer := time.NewTimer(p.opts.TriggerTimeout)
		select {
		case a := <-done:
			timer.Stop()
			return a.body, a.err
		case <-timer.C:
			p.log.Warn("trigger did not answer in time", "trigger", string(t), "attempt", attempt,
				"timeout", p.opts.TriggerTimeout.String())
		}
	}
	return nil, errNoAnswer
}

// call calls the function once. An in-process handler that panics looks like a
// process that died.
func (p *Pool) call(ctx context.Context, t Trigger, payload []byte) (a answer) {
	defer func() {
		if v := recover(); v != nil {
			a = answer{err: &FunctionError{Kind: Exited, Type: "Runtime.ExitError", Message: "RequestId: " + p.uuid() + " Error: Runtime exited with error: exit status 2"}}
		}
	}()
	body, err := p.opts.Invoker.Invoke(ctx, t, payload)
	return answer{body, err}
}

// triggerError words a failed call. All of them are HTTP 400.
func (p *Pool) triggerError(t Trigger, err error) error {
	var failed *FunctionError
	switch {
	case errors.Is(err, errNoAnswer):
		return errLambdaUnexpected(t, socketTimeout)
	case errors.As(err, &failed):
		return errLambdaValidation(t, failed.Message)
	default:
		p.log.Error("trigger could not be called", "trigger", string(t), "error", err.Error())
		return errLambdaUnexpected(t, err.Error())
	}
}

// readAnswer reads the response part of the event that a function returned. A
// null or missing member keeps response's value, and a name in another case is
// none of its members.
func readAnswer(answer []byte, response any) error {
	if !json.Valid(answer) {
		return errInvalidJSON()
	}
	var e struct {
		Response json.RawMessage `json:"response"`
	}
	if err := exactjson.Unmarshal(answer, &e); err != nil {
		return errUnrecognizable()
	}
	if b := bytes.TrimSpace(e.Response); len(b) == 0 || b[0] != '{' {
		return errUnrecognizable()
	}
	if err := exactjson.Unmarshal(e.Response, response); err != nil {
		return errUnrecognizable()
	}
	return nil
}
