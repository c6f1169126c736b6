package email

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// A backoff is how a throttled mail is tried again.
type backoff struct {
	// first and longest bound the pauses, which double. Each is cut by up to a half at random.
	first, longest time.Duration
	// window is the time in which a mail is tried, from the first call on.
	window time.Duration
	// reserve of the context's time is left over, for a last call that is slow and for its answer.
	reserve time.Duration
	// call is the time before the window's end in which no further call begins.
	call time.Duration
}

// standard fits Cognito's 5 s for a trigger. SES counts an account's rate by the second.
var standard = backoff{
	first: 150 * time.Millisecond, longest: time.Second, window: 3 * time.Second,
	reserve: 400 * time.Millisecond, call: 250 * time.Millisecond,
}

// A retrying is a backoff under way.
type retrying struct {
	backoff
	end   time.Time
	pause time.Duration
}

// start begins a backoff, which ends before the context does.
func (b backoff) start(ctx context.Context) *retrying {
	r := &retrying{b, time.Now().Add(b.window), b.first}
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-b.reserve).Before(r.end) {
		r.end = deadline.Add(-b.reserve)
	}
	return r
}

// wait pauses and reports whether time for a further call is left.
func (r *retrying) wait(ctx context.Context) bool {
	pause := r.next()
	if time.Until(r.end) < pause+r.call {
		return false
	}
	return sleep(ctx, pause)
}

func (r *retrying) next() time.Duration {
	pause := r.pause - rand.N(r.pause/2+1)
	r.pause = min(2*r.pause, r.longest)
	return pause
}

// waitForEnd waits for the end of the time in which mails are tried.
func (r *retrying) waitForEnd(ctx context.Context) { sleep(ctx, time.Until(r.end)) }

// sleep reports whether d passed before the context was done.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var throttleCodes = retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}

// isThrottled reports whether SES refused the request because of the account's rate or quota.
func isThrottled(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	return status(err) == http.StatusTooManyRequests || throttleCodes.IsErrorThrottle(err) == aws.TrueTernary
}
