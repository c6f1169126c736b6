package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// RandomCall draws one call of the store for one of three accounts.
func RandomCall(dice *rand.Rand, pool string, now time.Time) func(context.Context, guard.Store) (string, error) {
	key := guard.Key(pool, fmt.Sprint("user", dice.IntN(3)))
	bucket := guard.Bucket{Burst: 1 + dice.IntN(4), Refill: time.Hour}
	issued := now.Add(-time.Duration(dice.IntN(90)) * time.Minute)
	mails := guard.MailState{Mail: now.UnixMilli() + dice.Int64N(9), SlowMail: now.UnixMilli(), Next: now.UnixMilli() + 1,
		Nonce: fmt.Sprint("nonce", dice.IntN(9)), Digits: 8,
		Withheld: guard.Withheld{Nonce: fmt.Sprint(dice.IntN(2)), Digits: 8}}
	stale, name, refund := dice.IntN(4) == 0, fmt.Sprint("c", dice.IntN(3)), time.Duration(dice.IntN(2))*time.Hour
	kind := dice.IntN(7)
	return func(ctx context.Context, s guard.Store) (string, error) {
		before, err := s.Read(ctx, key)
		if err != nil {
			return "", err
		}
		if stale {
			before.Next++
		}
		after := before
		after.MailState = mails
		var answer any
		switch kind {
		case 0, 1:
			answer, err = s.SpendGuess(ctx, key, bucket, 6, now)
		case 2:
			if before.Guess == 0 {
				refund = 0 // nothing was spent, so the triggers would return nothing
			}
			answer, err = s.Use(ctx, key, guard.Use{Issued: issued, Challenge: name, Guess: refund, First: stale}, now)
		case 3:
			answer, err = s.Claim(ctx, key, before, after, now)
		case 4:
			err = s.Release(ctx, key, after, before, now)
		case 5:
			err = s.AskResend(ctx, key+name, now)
			if err == nil && stale {
				answer, err = s.ResendAsked(ctx, key+name)
			}
		default:
			answer, err = s.CountQuota(ctx, key+"quota", name, now)
		}
		if err != nil {
			return "", err
		}
		left, err := s.Read(ctx, key)
		return fmt.Sprintf("%v, then %+v", answer, left), err
	}
}
