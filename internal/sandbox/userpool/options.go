package userpool

import (
	"context"
	"crypto/rsa"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Invoker runs one trigger.
//
// Invoke gets the whole event as JSON and returns what the function returned. A
// function that answered with an error, died or ran out of its own time is a
// *[FunctionError]; any other error means that the call itself failed. Invoke
// is called from many goroutines at once, and the context is never cancelled by
// the client's going away: a function that has started runs to its end.
type Invoker interface {
	Invoke(ctx context.Context, trigger Trigger, event []byte) ([]byte, error)
}

// InvokerFunc lets a function be an [Invoker].
type InvokerFunc func(ctx context.Context, trigger Trigger, event []byte) ([]byte, error)

// Invoke calls f.
func (f InvokerFunc) Invoke(ctx context.Context, trigger Trigger, event []byte) ([]byte, error) {
	return f(ctx, trigger, event)
}

// FunctionErrorKind says how a function failed.
type FunctionErrorKind int

const (
	// Handled is an error that the function returned; Message is its errorMessage.
	Handled FunctionErrorKind = iota
	// Exited is a process that ended in mid-call; Message holds the platform's
	// words, "RequestId: … Error: Runtime exited with error: exit status 1".
	Exited
	// TimedOut is a function that ran into its own Timeout; Message holds the
	// platform's words, "… Task timed out after 3.00 seconds". It is not the
	// five seconds that Cognito waits: those the pool counts itself.
	TimedOut
)

// FunctionError is the failure of a function that was called.
type FunctionError struct {
	Kind FunctionErrorKind
	// Type is the error's type, such as "errorString" or "Runtime.ExitError".
	Type string
	// Message is what the client gets to read.
	Message string
}

// Error returns the type and the message.
func (e *FunctionError) Error() string {
	return fmt.Sprintf("function failed: %s: %s", e.Type, e.Message)
}

// Mailer receives the mails that Cognito itself would send: codes that confirm
// a user, an address or a reset, and invitations.
type Mailer interface {
	Deliver(ctx context.Context, m CognitoMail) error
}

// CognitoMail is a mail that Cognito itself would send.
type CognitoMail struct{ To, Subject, Text string }

// SigningKeys are the RSA keys that sign the pool's tokens. Both are needed.
type SigningKeys struct{ ID, Access *rsa.PrivateKey }

// Options are what a pool needs beside its configuration. The zero value is
// useful for a pool without triggers.
type Options struct {
	// Invoker runs the triggers; needed where Config.Triggers has any.
	Invoker Invoker
	// Mailer takes Cognito's own mails; nil drops them.
	Mailer Mailer
	// Now is the pool's clock: sessions, codes, lock-outs and tokens go by it. Nil
	// means time.Now. TriggerTimeout goes by real time whatever Now says.
	Now func() time.Time
	// Rand is where ids, salts and codes come from; nil means crypto/rand.Reader.
	Rand io.Reader
	// Keys sign the tokens; nil makes two RSA keys of 2048 bits, which takes a
	// moment, so tests share theirs.
	Keys *SigningKeys
	// Issuer is the tokens' issuer; empty means the AWS form,
	// https://cognito-idp.<region>.amazonaws.com/<pool id>.
	Issuer string
	// TriggerTimeout is how long the pool waits for a trigger; 0 means 5 seconds.
	TriggerTimeout time.Duration
	// TriggerAttempts is how often a trigger that doesn't answer in time is
	// called; 0 means 1. A further call runs beside the earlier ones, whose
	// answers no longer count.
	TriggerAttempts int
	// NewPasswordIssuesTokens switches to what was once reported of live pools: a
	// user who must change the password is asked for a new one right after the
	// proof, without a word to DefineAuthChallenge, and gets tokens for it.
	NewPasswordIssuesTokens bool
	// CustomChallengeEntryRow makes InitiateAuth with CHALLENGE_NAME=CUSTOM_CHALLENGE
	// hand DefineAuthChallenge a true CUSTOM_CHALLENGE row without metadata.
	// Otherwise that entry is an ordinary empty session. What a live pool does is
	// not established.
	CustomChallengeEntryRow bool
	// UnknownUserNameIsDummy gives triggers the dummy UUID as the userName of an
	// unknown user, instead of the name as it was typed. Which of them a live
	// pool sends is not established; the typed name is the more tempting one to
	// mail to.
	UnknownUserNameIsDummy bool
	// SessionOverhead is added to the length, in bytes before base64, of each
	// Session, to stand for what the service's own strings carry beyond the
	// state of the sign-in. A Session longer than 2,048 characters is an error.
	SessionOverhead int
	// Logger gets one record a request and warnings; nil means none. No code,
	// token, password or address is logged.
	Logger *slog.Logger
	// AllowedOrigins judges the Origin of browser requests; nil allows http and
	// https origins on localhost, 127.0.0.1 and [::1].
	AllowedOrigins func(origin string) bool
	// Authorize is asked before every operation that IAM guards (Admin*, List*,
	// Describe*) with the IAM action, such as "cognito-idp:AdminGetUser", and the
	// ARN of the pool. Its error becomes an AccessDeniedException. Nil allows all.
	Authorize func(r *http.Request, action, poolARN string) error
}
