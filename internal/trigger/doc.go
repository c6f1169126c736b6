// Package trigger is the Lambda functions behind a user pool. Five are its triggers: they turn
// Cognito's events into calls of packages flow, otp, guard and mail, and their results into
// Cognito's answers. The sixth, [MailEvents], hears from SES of mails that came back.
//
// Each trigger is a struct whose fields are what it needs from outside, all behind small
// interfaces, and whose Handler method gives what lambda.Start takes:
//
//	define := trigger.Define{Settings: s, Reporter: trigger.NewReporter(os.Stdout, trigger.DefineName)}
//	lambda.Start(define.Handler())
//
// Every trigger fails closed. Whatever goes wrong reaches the client as one of the sentences of
// [Refusals] and nothing else; the log has the reason, and names a user by sub alone.
package trigger

import (
	"context"
	"errors"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
)

// Store keeps the accounts' budgets; package guard/dynamo has the real one, and documents the
// methods.
type Store interface {
	Read(ctx context.Context, key string) (guard.Item, error)
	Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error)
	Release(ctx context.Context, key string, before, after guard.Item, now time.Time) error
	Touch(ctx context.Context, key string, now time.Time) error
	SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error)
	SpendLane(ctx context.Context, key string, limit int, now time.Time) (int, bool, error)
	ReturnLane(ctx context.Context, key string) error
	Use(ctx context.Context, key string, issued time.Time, challenge string, refund time.Duration, now time.Time) (bool, error)
	AskResend(ctx context.Context, key, challenge string, now time.Time) error
}

// Sender sends one mail with one attempt. A nil error means that the mail service took it. An error
// that is [ErrRecipient] or [ErrUncertain] says so by errors.Is; any other means that the mail was
// surely not sent.
type Sender interface {
	Send(ctx context.Context, m mail.Mail) error
}

var (
	// ErrRecipient: the mail service works and refuses this one recipient.
	ErrRecipient = errors.New("the recipient was refused")
	// ErrUncertain: no answer came; the mail may have been sent.
	ErrUncertain = errors.New("no answer came, the mail may have been sent")
	// ErrThrottled: the mail service refused the mail because of its rate for as long as it was tried.
	ErrThrottled = errors.New("the mail service throttles the account, the mail was not sent")
)

// Directory is the user pool as the verify trigger changes it.
type Directory interface {
	// MarkVerified sets email_verified for the user.
	MarkVerified(ctx context.Context, pool, username string) error
}

// Renderer makes mails; package mail has the real one.
type Renderer interface {
	Render(m mail.Message) (mail.Mail, error)
}
