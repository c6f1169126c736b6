package attack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// sameStore shows that the store in memory, on which the longest simulations run, answers as the real
// one: both get the same random calls, and every answer must be the same.
func sameStore(ctx context.Context, r *run) error {
	l, err := r.bench.lab(plan{mode: settings.Passwordless})
	if err != nil {
		return err
	}
	defer l.close()
	n := scale(r, 4000, 800)
	real, twin := l.store, trigger.Store(newMemory())
	dice := rand.New(rand.NewPCG(7, uint64(n)))
	now := epoch
	differ, first := 0, ""
	for i := range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		now = now.Add(time.Duration(dice.IntN(40)) * time.Minute)
		call := randomCall(dice, l.id, now)
		a, err := call(ctx, real)
		if err != nil {
			return err
		}
		b, err := call(ctx, twin)
		if err != nil {
			return err
		}
		if a != b {
			if differ++; first == "" {
				first = fmt.Sprintf("call %d: the engine says %s, memory %s", i, a, b)
			}
		}
	}
	r.add(Row{Mode: "both", Tried: "the store in memory answers like the engine: the same random calls to both", Count: int64(n),
		Result: fmt.Sprintf("%d answers differ", differ), Bound: "0"}, first)
	return nil
}

// randomCall draws one call of the store on one of three accounts.
func randomCall(dice *rand.Rand, pool string, now time.Time) func(context.Context, trigger.Store) (string, error) {
	key := guard.Key(pool, fmt.Sprint("user", dice.IntN(3)))
	bucket := guard.Bucket{Burst: 1 + dice.IntN(4), Refill: time.Hour}
	issued := now.Add(-time.Duration(dice.IntN(90)) * time.Minute)
	after := guard.Item{Mail: now.UnixMilli() + dice.Int64N(9), SlowMail: now.UnixMilli(), Next: now.UnixMilli() + 1,
		Nonce: fmt.Sprint("nonce", dice.IntN(9)), Digits: 8}
	stale, name, refund := dice.IntN(4) == 0, fmt.Sprint("c", dice.IntN(3)), time.Duration(dice.IntN(2))*time.Hour
	kind := dice.IntN(7)
	return func(ctx context.Context, s trigger.Store) (string, error) {
		before, err := s.Read(ctx, key)
		if err != nil {
			return "", err
		}
		if stale {
			before.Next++
		}
		var answer any
		switch kind {
		case 0, 1:
			answer, err = s.SpendGuess(ctx, key, bucket, 6, now)
		case 2:
			if before.Guess == 0 {
				refund = 0 // nothing was spent, so the triggers would give nothing back
			}
			answer, err = s.Use(ctx, key, issued, name, refund, now)
		case 3:
			answer, err = s.Claim(ctx, key, before, after, now)
		case 4:
			err = s.Release(ctx, key, after, before, now)
		case 5:
			err = s.AskResend(ctx, key, name, now)
		default:
			used, ok, e := s.SpendLane(ctx, key+"lane", 5, now)
			answer, err = fmt.Sprint(used, ok), e
		}
		if err != nil {
			return "", err
		}
		item, err := s.Read(ctx, key)
		return fmt.Sprintf("%v, then %+v", answer, item), err
	}
}
