package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/memory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

// sameStore sends the same random calls to the store in memory and to the engine, and compares
// every answer.
func sameStore(r *run) {
	l := r.Lab(lab.Plan{Mode: settings.Passwordless})
	n := r.scale(4000, 800)
	twin := guard.Store(memory.New())
	dice := rand.New(rand.NewPCG(7, uint64(n)))
	now, differ, first := lab.Epoch, 0, ""
	for i := range n {
		r.Alive()
		now = now.Add(time.Duration(dice.IntN(40)) * time.Minute)
		call := randomCall(dice, l.ID, now)
		real, err := call(r.Ctx, l.Store)
		r.Check(err)
		other, err := call(r.Ctx, twin)
		r.Check(err)
		if real != other {
			if differ++; first == "" {
				first = fmt.Sprintf("call %d: the engine answers %s, memory %s", i, real, other)
			}
		}
	}
	r.add(settings.Mode("both"), "the store in memory answers like the engine: the same random calls to both", n,
		fmt.Sprintf("%d answers differ", differ), "0", first)
}

// randomCall draws one call of the store for one of three accounts.
func randomCall(dice *rand.Rand, pool string, now time.Time) func(context.Context, guard.Store) (string, error) {
	key := guard.Key(pool, fmt.Sprint("user", dice.IntN(3)))
	bucket := guard.Bucket{Burst: 1 + dice.IntN(4), Refill: time.Hour}
	issued := now.Add(-time.Duration(dice.IntN(90)) * time.Minute)
	mails := guard.MailState{Mail: now.UnixMilli() + dice.Int64N(9), SlowMail: now.UnixMilli(), Next: now.UnixMilli() + 1,
		Nonce: fmt.Sprint("nonce", dice.IntN(9)), Digits: 8}
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
