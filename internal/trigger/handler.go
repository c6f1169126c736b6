package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Handler is a trigger as aws-lambda-go takes it: the event's bytes in, the whole event with its
// response out. Its errors are refusals only.
type Handler struct {
	reporter *Reporter
	respond  func(context.Context, *event, *report) (any, error)
}

// reserve is kept of an invocation's time, so that a service that does not answer ends in a refusal and
// what was begun is taken back, before Lambda ends the process.
const reserve = takeBackTime + 200*time.Millisecond

// Invoke runs the trigger. It never panics, and its error, if any, is one of [Refusals].
func (h Handler) Invoke(ctx context.Context, payload []byte) (out []byte, err error) {
	r := &report{message: "answered"}
	defer func() {
		if p := recover(); p != nil {
			// The value may hold parts of the event; its type says enough.
			out, err = nil, RefusedUnavailable
			r.say(slog.LevelError, "failed closed", "panic")
			r.cause(fmt.Errorf("panic with a %T", p))
			r.count(settings.Faults)
		}
		h.reporter.write(ctx, r)
	}()
	e, err := decode(payload)
	if err != nil {
		r.say(slog.LevelError, "failed closed", "malformed-event")
		r.cause(err)
		return nil, RefusedMalformed
	}
	r.about(e)
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	response, err := h.respond(ctx, e, r)
	if err == nil {
		out, err = e.answer(response)
	}
	if err != nil {
		return nil, refuse(r, err)
	}
	return out, nil
}

// failure is an error with the refusal that the client is told and the reason code for the log.
type failure struct {
	refusal *Refusal
	reason  string
	cause   error
}

func (f *failure) Error() string { return f.reason + ": " + f.cause.Error() }
func (f *failure) Unwrap() error { return f.cause }

// told is a refusal that is no fault: the trigger works, and says no.
func told(r *Refusal) error { return &answer{r} }

type answer struct{ refusal *Refusal }

func (a *answer) Error() string { return a.refusal.Error() }

// refuse notes why a trigger failed and returns what the client may read.
func refuse(r *report, err error) *Refusal {
	var said *answer
	if errors.As(err, &said) {
		return said.refusal
	}
	f := &failure{refusal: RefusedUnavailable, reason: "unexpected", cause: err}
	var known *failure
	if errors.As(err, &known) {
		f = known
	}
	r.say(slog.LevelError, "failed closed", f.reason)
	r.cause(f.cause)
	r.count(settings.Faults)
	return f.refusal
}
