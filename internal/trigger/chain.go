package trigger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/errtext"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Chained is the adopter's own function behind a trigger of ours. Invoke calls it once with the
// event's bytes and returns the bytes of its answer.
//
// An error that the function itself returned has a method FunctionError, which returns its message
// and its type. Every other error means that no answer came.
type Chained interface {
	Invoke(ctx context.Context, event []byte) ([]byte, error)
}

// Denied is an error that an adopter's function returned. Cognito would show its text to the client
// if the function were the trigger, so this package returns it unchanged and never logs it.
type Denied struct{ message string }

// Error returns the function's own text.
func (d *Denied) Error() string { return d.message }

// passThrough is a response that is the whole answer to Cognito already.
type passThrough []byte

// chain invokes the adopter's function with the event as it came and returns its answer. There is
// one attempt, and ctx bounds it.
func chain(ctx context.Context, c Chained, e *event, r *report) (passThrough, error) {
	if ctx.Err() != nil {
		return nil, &failure{RefusedUnavailable, "chained-slow", words("no time was left to invoke the function")}
	}
	r.isChained = true
	began := r.now()
	out, err := c.Invoke(ctx, e.payload)
	r.theirs = r.now().Sub(began)
	if err == nil {
		err = checkAnswer(out)
	}
	if err == nil {
		return out, nil
	}
	var own interface{ FunctionError() (message, kind string) }
	if errors.As(err, &own) {
		message, kind := own.FunctionError()
		if errtext.IsCode(kind) {
			r.attrs = append(r.attrs, slog.String("chainedError", kind))
		}
		if message != "" {
			return nil, &Denied{message}
		}
		err = words("the function failed without a message")
	}
	return nil, &failure{RefusedUnavailable, chainFault(ctx, err), err}
}

// errAnswer is the cause where the function's answer is none that Cognito accepts.
var errAnswer = words("the function's answer is no JSON object with an object as its response")

// checkAnswer returns an error for an answer that is no event with a response. Cognito would refuse
// it too ("Unrecognizable lambda output").
func checkAnswer(answer []byte) error {
	var e, response map[string]json.RawMessage
	if json.Unmarshal(answer, &e) != nil || json.Unmarshal(e["response"], &response) != nil || response == nil {
		return errAnswer
	}
	return nil
}

// chainFault names for the log why the adopter's function gave no answer.
func chainFault(ctx context.Context, err error) string {
	var status interface{ HTTPStatusCode() int }
	code := 0
	if errors.As(err, &status) {
		code = status.HTTPStatusCode()
	}
	switch {
	case errors.Is(err, errAnswer):
		return "chained-answer"
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return "chained-slow"
	case code == 429:
		return "chained-throttled"
	case code == 404:
		return "chained-absent"
	case code == 403:
		return "chained-denied"
	}
	return "chained-unavailable"
}

// goOn notes that a failed invocation of the adopter's function costs its answer alone.
func (r *report) goOn(err error) {
	reason, level, metric := chainedError, slog.LevelWarn, settings.ChainedErrors
	var f *failure
	if errors.As(err, &f) {
		reason, level, metric = f.reason, slog.LevelError, settings.ChainedFaults
		r.cause(f.cause)
	}
	r.level = max(r.level, level)
	r.attrs = append(r.attrs, slog.String("chained", reason))
	r.count(metric)
}

// chainedError is the reason in the log for an error that the adopter's function returned.
const chainedError = "chained-error"

// isChainFault reports whether a failure's reason is one of chainFault's.
func isChainFault(reason string) bool { return strings.HasPrefix(reason, "chained-") }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// WithoutErrors returns a writer for package log that drops the lines with a function's error.
// aws-lambda-go logs every error that a handler returns, and the text of a [Denied] is the
// adopter's: it may name the user.
func WithoutErrors(w io.Writer) io.Writer { return withoutErrors{w} }

type withoutErrors struct{ io.Writer }

func (w withoutErrors) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"errorMessage"`)) {
		return len(line), nil
	}
	return w.Writer.Write(line)
}
