package trigger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Handler is a trigger as an aws-lambda-go handler: it receives the event's bytes and returns the
// whole event with its response. Its errors are refusals, and the errors of the adopter's functions
// ([Denied]).
type Handler struct {
	reporter *Reporter
	respond  func(context.Context, *event, *report) (any, error)
}

// reserve is kept of an invocation's time, so that a service that does not answer ends in a refusal
// and what was begun is taken back, before Lambda ends the process.
const reserve = takeBackTime + 200*time.Millisecond

// Invoke runs the trigger. It never panics. Its error, if any, is one of [Refusals] or a [Denied].
func (h Handler) Invoke(ctx context.Context, payload []byte) (out []byte, err error) {
	r := &report{message: "answered", now: h.reporter.now, began: h.reporter.now()}
	defer func() {
		if p := recover(); p != nil {
			// The value may hold parts of the event; its type is enough.
			out, err = nil, refuse(r, &failure{RefusedUnavailable, "panic", words(fmt.Sprintf("panic with a %T", p))})
		}
		h.reporter.write(ctx, r)
	}()
	e, err := decode(payload)
	if err != nil {
		r.pool = h.reporter.poolOf(payload)
		return nil, refuse(r, &failure{RefusedMalformed, "malformed-event", err})
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

// failure is a fault: an error with the refusal that the client is shown and the reason for the
// log. A trigger that works and refuses returns the [Refusal] itself.
type failure struct {
	refusal *Refusal
	reason  string
	// cause is logged as describe permits; nil for none.
	cause error
}

func (f *failure) Error() string { return f.reason }
func (f *failure) Unwrap() error { return f.cause }

// unavailable returns the failure of a service.
func unavailable(reason string, cause error) error {
	return &failure{RefusedUnavailable, reason, cause}
}

// refuse logs and counts a failure and returns what the client may read.
func refuse(r *report, err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	var denied *Denied
	if errors.As(err, &denied) {
		r.record(slog.LevelWarn, "refused", chainedError)
		r.count(settings.ChainedErrors)
		return denied
	}
	f := &failure{RefusedUnavailable, "unexpected", err}
	var known *failure
	if errors.As(err, &known) {
		f = known
	}
	level, metric := slog.LevelError, settings.Faults
	switch {
	case isChainFault(f.reason):
		metric = settings.ChainedFaults
	case f.refusal == RefusedNoAddress, f.refusal == RefusedUnverified:
		// The account lacks something, and nothing failed that an operator would be woken for.
		level, metric = slog.LevelWarn, settings.AddressesUnmailable
	}
	r.record(level, "failed closed", f.reason)
	r.cause(f.cause)
	r.count(metric)
	return f.refusal
}
