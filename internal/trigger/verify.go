package trigger

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Verify is the verify-auth-challenge-response trigger. It spends from the account's guesses first,
// then compares, and uses a right code up. A pool that resets passwords by e-mail and remembers
// devices calls it as its post-confirmation trigger too.
type Verify struct {
	Settings settings.Settings
	Reporter *Reporter
	Keys     otp.Verifier
	Store    guard.Store
	// Directory sets email_verified; nil in password mode, where addresses are verified already.
	Directory Directory
	// Chained is the adopter's own post-confirmation function; nil for none.
	Chained Chained
	Now     func() time.Time
}

type verifyResponse struct {
	AnswerCorrect bool `json:"answerCorrect"`
}

// Handler returns the trigger as the argument of lambda.Start.
func (v Verify) Handler() Handler { return Handler{v.Reporter, v.respond} }

func (v Verify) respond(ctx context.Context, e *event, r *report) (any, error) {
	if strings.HasPrefix(e.TriggerSource, postConfirmation) {
		return v.confirmed(ctx, e, r)
	}
	if isDeviceRound(e.Request.PrivateChallengeParameters) {
		return v.compareDevice(ctx, e, r)
	}
	p, err := parsePrivate(e.Request.PrivateChallengeParameters, e.CallerContext.ClientID)
	if err != nil {
		return nil, &failure{RefusedMalformed, "foreign-parameters", err}
	}
	a, now := accountOf(e, v.Settings), v.Now()
	if e.isResend() {
		return verifyResponse{}, v.askResend(ctx, e, p, now, r)
	}
	if p.device && e.action() == contract.ActionDevice {
		return v.compareDevice(ctx, e, r)
	}
	// None of these answers is compared, so none costs the account a guess.
	answer, ok := e.Request.ChallengeAnswer.(string)
	if ok {
		answer, ok = otp.Normalize(answer, p.challenge.Digits)
	}
	switch {
	case !ok:
		r.record(slog.LevelInfo, "wrong", "malformed-answer")
		return verifyResponse{}, nil
	case p.challenge.Expired(now):
		r.record(slog.LevelInfo, "wrong", "expired")
		r.count(settings.CodesExpired)
		return verifyResponse{}, nil
	case p.key != guard.KeyTag(v.Settings.KeyARN):
		r.record(slog.LevelWarn, "wrong", "another-key")
		return verifyResponse{}, nil
	}
	right, err := v.compare(ctx, e, a, p, answer, now, r)
	if right && err == nil {
		v.keepDevices(ctx, e, a, now, r)
	}
	return verifyResponse{right}, err
}

// askResend notes for create that this round's answer requested a resend. Past the limit nothing is
// noted, and both define and create count an answer.
func (v Verify) askResend(ctx context.Context, e *event, p private, now time.Time, r *report) error {
	r.record(slog.LevelInfo, "resend", "asked")
	if p.resends <= 0 {
		return nil
	}
	if err := v.Store.AskResend(ctx, guard.ResendKey(e.UserPoolID, p.challenge.ID), now); err != nil {
		return unavailable("table-resend", err)
	}
	return nil
}

// compare spends, compares and uses, in this order. TestCountsBeforeItCompares guards it.
func (v Verify) compare(
	ctx context.Context, e *event, a account, p private, answer string, now time.Time, r *report) (bool, error) {
	bucket := guard.GuessesOf(v.Settings)
	refund := time.Duration(0)
	if p.challenge.Digits != otp.LongDigits {
		ok, err := v.Store.SpendGuess(ctx, a.key, bucket, guard.MaxFailures, now)
		if err != nil {
			return false, unavailable("table-spend", err)
		}
		if !ok {
			r.record(slog.LevelWarn, "wrong", "guesses-spent")
			r.count(settings.GuessesRefused)
			return false, nil
		}
		refund = bucket.Refill
	}
	right, err := otp.Check(ctx, v.Keys, a.subject, p.challenge, p.binding, answer)
	if err != nil {
		return false, unavailable("key", err)
	}
	// A code may be older than its challenge, which must not show: it is compared all the same.
	isTooOld := !now.Before(p.challenge.Nonce.Issued().Add(guard.Lifetime))
	if !right || a.unknown || isTooOld {
		r.record(slog.LevelInfo, "wrong", "wrong-code")
		r.count(settings.CodesWrong)
		return false, nil
	}
	return v.use(ctx, e, a, p, refund, now, r)
}

// use marks the code as used: from then on it and all older ones are wrong. A repeat of the very
// call that used it is still right.
func (v Verify) use(
	ctx context.Context, e *event, a account, p private, refund time.Duration, now time.Time, r *report) (bool, error) {
	var won bool
	var marking error
	use := guard.Use{Issued: p.challenge.Nonce.Issued(), Challenge: p.challenge.ID, Guess: refund,
		Mail: p.mailRefund, First: v.Directory != nil && !e.isVerified()}
	err := inParallel(
		func() (err error) {
			won, err = v.Store.Use(ctx, a.key, use, now)
			return err
		},
		func() error {
			if use.First {
				marking = v.Directory.MarkVerified(ctx, e.UserPoolID, e.UserName)
			}
			return nil
		},
	)
	if err != nil {
		return false, unavailable("table-use", err)
	}
	if !won {
		item, err := v.Store.Read(ctx, a.key)
		if err != nil {
			return false, unavailable("table-read", err)
		}
		if item.UsedBy != p.challenge.ID {
			r.record(slog.LevelInfo, "wrong", "used-before")
			r.count(settings.CodesWrong)
			return false, nil
		}
	}
	r.record(slog.LevelInfo, "right", "proven")
	r.count(settings.CodesVerified)
	if marking != nil {
		// The sign-in is proven all the same; the next one tries again.
		r.cause(wordsf(marking, "email_verified could not be set"))
		r.count(settings.VerificationFaults)
	}
	return true, nil
}
