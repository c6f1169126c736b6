package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
	gateway "github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/awsfront"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

type (
	store = trigger.Store
	item  = guard.Item
)

// newStore returns the budgets' store: in process, or the real one in front of the engine.
func newStore(g *gateway.Front, inMemory bool) store {
	if inMemory {
		return newMemory()
	}
	return dynamo.New(dynamodb.New(dynamodb.Options{Region: region, HTTPClient: inProcess{g}, RetryMaxAttempts: 2,
		BaseEndpoint: aws.String("http://127.0.0.1"), Credentials: credentials.NewStaticCredentialsProvider("lab", "lab",
			"")}), tableName)
}

// failures returns how many wrong answers in a row the store has of a user.
func (l *lab) failures(who person) int {
	i, err := l.store.Read(l.run.ctx, guard.Key(l.id, who.name))
	l.run.check(err)
	return i.Failures
}

// memory is a store for the longest simulations. [sameStore] shows that it answers as the real one.
type memory struct {
	mu    sync.Mutex
	items map[string]item
	lanes map[string]int
}

func newMemory() *memory { return &memory{items: map[string]item{}, lanes: map[string]int{}} }

// change runs f on the item of key, and keeps the result if f returns true.
func (m *memory) change(key string, f func(*item) bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.items[key]
	if !f(&i) {
		return false
	}
	m.items[key] = i
	return true
}

func (m *memory) Read(_ context.Context, key string) (item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.items[key], nil
}

// swap replaces the part of an item that a claim owns, if that is still as in from.
func (m *memory) swap(key string, from, to item) bool {
	type claimed struct {
		mail, slow, next int64
		nonce            string
		digits           int
	}
	of := func(i item) claimed { return claimed{i.Mail, i.SlowMail, i.Next, i.Nonce, i.Digits} }
	return m.change(key, func(i *item) bool {
		if of(*i) != of(from) {
			return false
		}
		i.Mail, i.SlowMail, i.Next, i.Nonce, i.Digits = to.Mail, to.SlowMail, to.Next, to.Nonce, to.Digits
		return true
	})
}

func (m *memory) Claim(_ context.Context, key string, before, after item, _ time.Time) (bool, error) {
	return m.swap(key, before, after), nil
}

func (m *memory) Release(_ context.Context, key string, before, after item, _ time.Time) error {
	m.swap(key, after, before)
	return nil
}

func (m *memory) Touch(context.Context, string, time.Time) error { return nil }

// spend takes one from a bucket that is full again, or has room.
func spend(tat *int64, b guard.Bucket, now time.Time) bool {
	step, at := b.Refill.Milliseconds(), now.UnixMilli()
	switch {
	case *tat <= at:
		*tat = at + step
	case *tat <= at+step*int64(b.Burst-1):
		*tat += step
	default:
		return false
	}
	return true
}

func (m *memory) SpendGuess(_ context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error) {
	return m.change(key, func(i *item) bool {
		if i.Failures >= limit || !spend(&i.Guess, b, now) {
			return false
		}
		i.Failures++
		return true
	}), nil
}

func (m *memory) SpendLane(_ context.Context, key string, limit int, _ time.Time) (used int, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lanes[key] >= limit {
		return 0, false, nil
	}
	m.lanes[key]++
	return m.lanes[key], true, nil
}

func (m *memory) ReturnLane(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lanes[key] = max(0, m.lanes[key]-1)
	return nil
}

func (m *memory) Use(_ context.Context, key string, issued time.Time, challenge string, refund time.Duration,
	_ time.Time) (bool, error) {
	return m.change(key, func(i *item) bool {
		if i.Used >= issued.UnixMilli() {
			return false
		}
		i.Used, i.UsedBy, i.Failures = issued.UnixMilli(), challenge, 0
		i.Mail, i.SlowMail, i.Next = 0, 0, 0
		i.Guess -= refund.Milliseconds()
		return true
	}), nil
}

func (m *memory) AskResend(_ context.Context, key, challenge string, _ time.Time) error {
	m.change(key, func(i *item) bool { i.Resend = challenge; return true })
	return nil
}

// sameStore sends the same random calls to the store in memory and to the engine, and compares every
// answer.
func sameStore(r *run) {
	l := r.lab(plan{mode: passwordless})
	n := r.scale(4000, 800)
	twin := store(newMemory())
	dice := rand.New(rand.NewPCG(7, uint64(n)))
	now, differ, first := epoch, 0, ""
	for i := range n {
		r.alive()
		now = now.Add(time.Duration(dice.IntN(40)) * time.Minute)
		call := randomCall(dice, l.id, now)
		real, err := call(r.ctx, l.store)
		r.check(err)
		other, err := call(r.ctx, twin)
		r.check(err)
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
func randomCall(dice *rand.Rand, pool string, now time.Time) func(context.Context, store) (string, error) {
	key := guard.Key(pool, fmt.Sprint("user", dice.IntN(3)))
	bucket := guard.Bucket{Burst: 1 + dice.IntN(4), Refill: time.Hour}
	issued := now.Add(-time.Duration(dice.IntN(90)) * time.Minute)
	after := item{Mail: now.UnixMilli() + dice.Int64N(9), SlowMail: now.UnixMilli(), Next: now.UnixMilli() + 1,
		Nonce: fmt.Sprint("nonce", dice.IntN(9)), Digits: 8}
	stale, name, refund := dice.IntN(4) == 0, fmt.Sprint("c", dice.IntN(3)), time.Duration(dice.IntN(2))*time.Hour
	kind := dice.IntN(7)
	return func(ctx context.Context, s store) (string, error) {
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
				refund = 0 // nothing was spent, so the triggers would return nothing
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
		left, err := s.Read(ctx, key)
		return fmt.Sprintf("%v, then %+v", answer, left), err
	}
}
