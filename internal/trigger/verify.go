package trigger

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Verify is the verify-auth-challenge-response trigger: it spends from the account's guesses first,
// compares then, and uses a right code up.
type Verify struct {
	Settings settings.Settings
	Reporter *Reporter
	Keys     otp.Verifier
	Store    Store
	// Directory sets email_verified; nil in password mode, where addresses are verified before.
	Directory Directory
	Now       func() time.Time
}

type verifyResponse struct {
	AnswerCorrect bool `json:"answerCorrect"`
}

// Handler returns the trigger as lambda.Start takes it.
func (v Verify) Handler() Handler { return Handler{v.Reporter, v.respond} }

func (v Verify) respond(ctx context.Context, e *event, r *report) (any, error) {
	p, err := parsePrivate(e.Request.PrivateChallengeParameters, e.CallerContext.ClientID)
	if err != nil {
		return nil, &failure{RefusedMalformed, "foreign-parameters", err}
	}
	a, now := accountOf(e, v.Settings), v.Now()
	if e.resend() {
		return verifyResponse{}, v.askResend(ctx, a, p, now, r)
	}
	// Neither of these is compared with anything, so neither costs the account a guess.
	answer, ok := e.Request.ChallengeAnswer.(string)
	if ok {
		answer, ok = otp.Normalize(answer, p.challenge.Digits)
	}
	switch {
	case !ok:
		r.say(slog.LevelInfo, "wrong", "malformed-answer")
		return verifyResponse{}, nil
	case p.challenge.Expired(now):
		r.say(slog.LevelInfo, "wrong", "expired")
		r.count(settings.CodesExpired)
		return verifyResponse{}, nil
	case p.keyID != keyName(v.Settings.KeyARN):
		r.say(slog.LevelWarn, "wrong", "another-key")
		return verifyResponse{}, nil
	}
	right, err := v.compare(ctx, e, a, p, answer, now, r)
	return verifyResponse{right}, err
}

// askResend notes for create that this round's answer asked for a resend. Past the limit nothing is
// noted, and both define and create count an answer.
func (v Verify) askResend(ctx context.Context, a account, p private, now time.Time, r *report) error {
	r.say(slog.LevelInfo, "resend", "asked")
	if p.resends <= 0 {
		return nil
	}
	if err := v.Store.AskResend(ctx, a.key, p.challenge.ID, now); err != nil {
		return &failure{RefusedUnavailable, "table-resend", err}
	}
	return nil
}

// compare spends, compares and uses, in this order. TestCountsBeforeItCompares guards it.
func (v Verify) compare(ctx context.Context, e *event, a account, p private, answer string, now time.Time, r *report) (bool, error) {
	bucket := guard.Bucket{Burst: v.Settings.GuessBurst, Refill: v.Settings.GuessRefill}
	refund := time.Duration(0)
	if p.challenge.Digits != otp.LongDigits {
		ok, err := v.Store.SpendGuess(ctx, a.key, bucket, guard.MaxFailures, now)
		if err != nil {
			return false, &failure{RefusedUnavailable, "table-spend", err}
		}
		if !ok {
			r.say(slog.LevelWarn, "wrong", "guesses-spent")
			r.count(settings.GuessesRefused)
			return false, nil
		}
		refund = bucket.Refill
	}
	right, err := otp.Check(ctx, v.Keys, a.subject, p.challenge, p.binding, answer)
	if err != nil {
		return false, &failure{RefusedUnavailable, "key", err}
	}
	if !right || a.unknown {
		r.say(slog.LevelInfo, "wrong", "wrong-code")
		r.count(settings.CodesWrong)
		return false, nil
	}
	return v.use(ctx, e, a, p, refund, now, r)
}

// use makes the code the first and last answer of its kind: once used, it and all older ones are
// wrong. A repeat of the very call that used it is still right.
func (v Verify) use(ctx context.Context, e *event, a account, p private, refund time.Duration, now time.Time, r *report) (bool, error) {
	var won bool
	var marking error
	err := together(
		func() (err error) {
			won, err = v.Store.Use(ctx, a.key, p.challenge.Nonce.Issued(), p.challenge.ID, refund, now)
			return err
		},
		func() error {
			if v.Directory != nil && !e.verified() {
				marking = v.Directory.MarkVerified(ctx, e.UserPoolID, e.UserName)
			}
			return nil
		},
	)
	if err != nil {
		return false, &failure{RefusedUnavailable, "table-use", err}
	}
	if !won {
		item, err := v.Store.Read(ctx, a.key)
		if err != nil {
			return false, &failure{RefusedUnavailable, "table-read", err}
		}
		if item.UsedBy != p.challenge.ID {
			r.say(slog.LevelInfo, "wrong", "used-before")
			r.count(settings.CodesWrong)
			return false, nil
		}
	}
	r.say(slog.LevelInfo, "right", "proven")
	r.count(settings.CodesVerified)
	if marking != nil {
		// The sign-in is proven all the same; the next one tries again.
		r.cause(errors.Join(errors.New("email_verified could not be set"), marking))
		r.count(settings.VerificationFaults)
	}
	return true, nil
}
