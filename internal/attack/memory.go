package attack

import (
	"context"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// memory is a store for the longest simulations. It does what the real store does by conditions, and
// the row "the store in memory answers like the engine" shows that for a long random sequence.
type memory struct {
	mu    sync.Mutex
	items map[string]guard.Item
	lanes map[string]int
}

func newMemory() *memory { return &memory{items: map[string]guard.Item{}, lanes: map[string]int{}} }

// change runs f on the item of key and keeps the result where f says so.
func (m *memory) change(key string, f func(*guard.Item) bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.items[key]
	if !f(&i) {
		return false
	}
	m.items[key] = i
	return true
}

func (m *memory) Read(_ context.Context, key string) (guard.Item, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.items[key], nil
}

// mails is the part of an item that a claim owns.
type mails struct {
	mail, slow, next int64
	nonce            string
	digits           int
}

func mailsOf(i guard.Item) mails { return mails{i.Mail, i.SlowMail, i.Next, i.Nonce, i.Digits} }

func (s mails) into(i *guard.Item) {
	i.Mail, i.SlowMail, i.Next, i.Nonce, i.Digits = s.mail, s.slow, s.next, s.nonce, s.digits
}

func (m *memory) swap(key string, from, to guard.Item) bool {
	return m.change(key, func(i *guard.Item) bool {
		if mailsOf(*i) != mailsOf(from) {
			return false
		}
		mailsOf(to).into(i)
		return true
	})
}

func (m *memory) Claim(_ context.Context, key string, before, after guard.Item, _ time.Time) (bool, error) {
	return m.swap(key, before, after), nil
}

func (m *memory) Release(_ context.Context, key string, before, after guard.Item, _ time.Time) error {
	m.swap(key, after, before)
	return nil
}

func (m *memory) Touch(context.Context, string, time.Time) error { return nil }

// take spends from a bucket that is full again, or has room.
func take(tat *int64, b guard.Bucket, now time.Time) bool {
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
	return m.change(key, func(i *guard.Item) bool {
		if i.Failures >= limit || !take(&i.Guess, b, now) {
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
	if m.lanes[key] > 0 {
		m.lanes[key]--
	}
	return nil
}

func (m *memory) Use(_ context.Context, key string, issued time.Time, challenge string, refund time.Duration, _ time.Time) (bool, error) {
	return m.change(key, func(i *guard.Item) bool {
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
	m.change(key, func(i *guard.Item) bool { i.Resend = challenge; return true })
	return nil
}
