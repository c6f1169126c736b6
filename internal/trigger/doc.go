// Package trigger is the Lambda functions behind a user pool. Five are its triggers: they turn
// Cognito's events into calls of packages flow, otp, guard and mail, and their results into
// Cognito's answers. The sixth, [MailEvents], receives SES's events about bounces and complaints.
//
// Each trigger is a struct. Its fields are what it needs from outside, behind small interfaces. Its
// Handler method returns the argument of lambda.Start:
//
//	define := trigger.Define{Settings: s, Reporter: trigger.NewReporter(os.Stdout, trigger.DefineName)}
//	lambda.Start(define.Handler())
//
// Every trigger fails closed. A failure reaches the client as one of the sentences of [Refusals]
// and nothing else. The log has the reason, names a user by sub alone, and never holds a service's
// text.
package trigger

import (
	"context"

	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Sender sends one mail. A nil error means that the mail service accepted it. [ErrRecipient],
// [ErrUncertain] and [ErrThrottled] mean what they state, by errors.Is. Any other error means that
// the mail was surely not sent.
type Sender interface {
	Send(ctx context.Context, m mail.Mail) error
}

// Errors of a [Sender].
var (
	// ErrRecipient: the mail service works and refuses this one recipient.
	ErrRecipient error = words("the recipient was refused")
	// ErrUncertain: the mail service did not answer; the mail may have been sent.
	ErrUncertain error = words("no answer came, the mail may have been sent")
	// ErrThrottled: the mail service still throttled at the end of the deadline. The mail was
	// surely not sent.
	ErrThrottled error = words("the mail service throttles, the mail was not sent")
)

// Directory is the user pool as the verify trigger changes it.
type Directory interface {
	// MarkVerified sets email_verified for the user.
	MarkVerified(ctx context.Context, pool, username string) error
}

// Renderer renders mails; package mail has the real one.
type Renderer interface {
	Render(m mail.Message) (mail.Mail, error)
	// Cognito writes a mail that Cognito itself sends, in the language that fits locale best.
	Cognito(kind mail.CognitoKind, locale string) (mail.CognitoMail, error)
}
