// Package customresource answers CloudFormation for a Lambda function behind a custom resource.
//
// CloudFormation waits for an answer at a presigned URL, by default for an hour. [Handler]
// therefore answers whatever happens: an error, a panic, or an operation that outlives the
// function's time.
//
//	lambda.Start(customresource.Handler(operate, customresource.Options{}))
package customresource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"time"
)

// RequestType is the operation that CloudFormation requests.
type RequestType string

// The three request types.
const (
	Create RequestType = "Create"
	Update RequestType = "Update"
	Delete RequestType = "Delete"
)

// An Event is CloudFormation's request. All values below the property members are texts, because
// CloudFormation turns numbers and booleans into texts.
type Event struct {
	RequestType           RequestType
	ResponseURL           string
	StackID               string `json:"StackId"`
	RequestID             string `json:"RequestId"`
	LogicalResourceID     string `json:"LogicalResourceId"`
	PhysicalResourceID    string `json:"PhysicalResourceId"`
	ResourceProperties    json.RawMessage
	OldResourceProperties json.RawMessage
}

// An Operation carries out an event. It returns the resource's physical id, or an error whose text
// CloudFormation shows to the person who deploys. After a failed Create, CloudFormation sends a
// Delete for the id that was answered, so an operation returns its id with an error, too.
type Operation func(ctx context.Context, e Event) (physicalID string, err error)

// Options adjusts [Handler]. The zero value serves.
type Options struct {
	// Client sends the answer. Nil is a client of its own.
	Client *http.Client
	// Reserve is the part of the function's time that is kept for the answer. Zero is 10 seconds.
	Reserve time.Duration
	// Pause is the time before the answer is sent a second time; it doubles each time. Zero is
	// 200 milliseconds.
	Pause time.Duration
	// Log receives why an operation failed, in full, and the stack of one that panicked. Nil is
	// stderr.
	Log io.Writer
}

// maxAnswer is the most bytes that CloudFormation accepts as an answer (custom resource response
// objects, CloudFormation User Guide).
const maxAnswer = 4096

// tries is how often the answer is sent before the invocation counts as failed. Lambda then invokes
// the function again.
const tries = 4

type answer struct {
	Status             string
	Reason             string `json:",omitempty"`
	PhysicalResourceID string `json:"PhysicalResourceId"`
	StackID            string `json:"StackId"`
	RequestID          string `json:"RequestId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
}

// Handler returns a handler for lambda.Start. It returns an error only where the answer could not
// be delivered; Lambda then repeats the event, so operations must be idempotent.
func Handler(operate Operation, o Options) func(context.Context, Event) error {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 3 * time.Second}
	}
	if o.Reserve == 0 {
		o.Reserve = 10 * time.Second
	}
	if o.Pause == 0 {
		o.Pause = 200 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = os.Stderr
	}
	return func(ctx context.Context, e Event) error {
		id, err := run(ctx, operate, e, o)
		if err != nil {
			fmt.Fprintf(o.Log, "%s of %s failed: %v\n", e.RequestType, e.LogicalResourceID, err)
		}
		return send(ctx, e.ResponseURL, answerOf(e, id, err), o)
	}
}

// run carries out the operation within the function's time less the reserve. An operation that
// ignores its context is abandoned: the answer must not wait for it.
func run(ctx context.Context, operate Operation, e Event, o Options) (string, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-o.Reserve))
		defer cancel()
	}
	type result struct {
		id  string
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				// The stack has no values; the panic's own text may have one.
				fmt.Fprintf(o.Log, "the operation panicked with a %T\n%s", p, debug.Stack())
				done <- result{"", fmt.Errorf("the function panicked with a %T; its log has the details", p)}
			}
		}()
		id, err := operate(ctx, e)
		done <- result{id, err}
	}()
	select {
	case r := <-done:
		return r.id, r.err
	case <-ctx.Done():
	}
	// Both may be ready, and a result is worth more than the end of the time.
	select {
	case r := <-done:
		return r.id, r.err
	default:
		return "", errors.New("the operation did not end within the function's time; deploy again")
	}
}

// answerOf returns the answer to e. After a failed operation it keeps the event's physical id: by
// another one CloudFormation would delete a resource that never existed.
func answerOf(e Event, id string, err error) answer {
	a := answer{Status: "SUCCESS", PhysicalResourceID: id, StackID: e.StackID, RequestID: e.RequestID,
		LogicalResourceID: e.LogicalResourceID}
	if err != nil {
		a.Status, a.Reason = "FAILED", err.Error()
		if e.PhysicalResourceID != "" {
			a.PhysicalResourceID = e.PhysicalResourceID
		}
	}
	if a.PhysicalResourceID == "" {
		a.PhysicalResourceID = e.PhysicalResourceID
	}
	if a.PhysicalResourceID == "" {
		// CloudFormation refuses an empty id, and with it the reason that matters.
		a.PhysicalResourceID = "failed-" + e.RequestID
	}
	return a
}

// cutMark ends a reason that was too long.
const cutMark = " ... (the function's log has the rest)"

// encode returns the answer's JSON, with the reason cut at a character so that it fits.
func encode(a answer) ([]byte, error) {
	body, err := json.Marshal(a)
	if err != nil || len(body) <= maxAnswer {
		return body, err
	}
	reason := a.Reason
	a.Reason = cutMark
	if body, err = json.Marshal(a); err != nil || len(body) > maxAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes without its reason", maxAnswer)
	}
	left := maxAnswer - len(body)
	for at, r := range reason {
		// A character's length in JSON, where quotes and control characters are escaped.
		char, _ := json.Marshal(string(r))
		if left -= len(char) - len(`""`); left < 0 {
			a.Reason = reason[:at] + cutMark
			break
		}
	}
	return json.Marshal(a)
}

// send delivers the answer. It has the reserve to do so, even where the context has ended
// meanwhile.
func send(ctx context.Context, url string, a answer, o Options) error {
	body, err := encode(a)
	if err != nil {
		return fmt.Errorf("custom resource: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Reserve)
	defer cancel()
	pause := o.Pause
	for try := 1; ; try++ {
		if err = put(ctx, o.Client, url, body); err == nil {
			return nil
		}
		if try == tries || ctx.Err() != nil {
			return fmt.Errorf("custom resource: the answer could not be delivered: %w", err)
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
		}
	}
}

// put sends the answer once. Errors leave the URL out: its signature allows anybody to answer.
func put(ctx context.Context, client *http.Client, url string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the response URL is malformed")
	}
	// The URL is signed for a request without a content type.
	r.Header["Content-Type"] = nil
	response, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("%T", errors.Unwrap(err))
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode >= 300 {
		return fmt.Errorf("HTTP status %d", response.StatusCode)
	}
	return nil
}
