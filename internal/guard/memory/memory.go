// Package memory is the [guard.Store] in memory, for tests and simulations. It does what package
// dynamo does by conditions; package guardtest holds both to the same tests.
package memory

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// Store keeps everything in maps, until it is dropped. Its methods are safe for parallel use.
type Store struct {
	mu     sync.Mutex
	items  map[string]guard.Item
	quotas map[string]guard.Counters
	resend map[string]bool
}

var _ guard.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{items: map[string]guard.Item{}, quotas: map[string]guard.Counters{}, resend: map[string]bool{}}
}

// Items returns a copy of all accounts' items, by key.
func (s *Store) Items() map[string]guard.Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.items)
}

// Counters returns a copy of all quotas' counters, by key.
func (s *Store) Counters() map[string]guard.Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]guard.Counters, len(s.quotas))
	for key, c := range s.quotas {
		all[key] = maps.Clone(c)
	}
	return all
}

// Put replaces the item of key.
func (s *Store) Put(key string, i guard.Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[key] = i
}

// change runs f on the item of key and keeps the result where f returns true.
func (s *Store) change(key string, f func(*guard.Item) bool) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.items[key]
	if !f(&i) {
		return false, nil
	}
	s.items[key] = i
	return true, nil
}

// Read implements [guard.Store].
func (s *Store) Read(_ context.Context, key string) (guard.Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[key], nil
}

// Claim implements [guard.Store].
func (s *Store) Claim(_ context.Context, key string, before, after guard.Item, _ time.Time) (bool, error) {
	return s.change(key, func(i *guard.Item) bool {
		guessing := before.Guess != after.Guess
		if i.MailState != before.MailState || guessing && i.Guess != before.Guess {
			return false
		}
		if i.MailState = after.MailState; guessing {
			i.Guess = after.Guess
		}
		return true
	})
}

// Release implements [guard.Store].
func (s *Store) Release(_ context.Context, key string, before, after guard.Item, _ time.Time) error {
	_, err := s.change(key, func(i *guard.Item) bool {
		if i.MailState != after.MailState {
			return false
		}
		i.MailState = before.MailState
		return true
	})
	return err
}

// SpendGuess implements [guard.Store].
func (s *Store) SpendGuess(
	_ context.Context, key string, b guard.Bucket, limit int, now time.Time) (spent bool, err error) {
	ms := now.UnixMilli()
	_, err = s.change(key, func(i *guard.Item) bool {
		if spent = i.Failures < limit && b.Allows(i.Guess, ms); spent {
			i.Guess, i.Failures = b.Spend(i.Guess, ms), i.Failures+1
			return true
		}
		clamped := b.Clamp(i.Guess, ms)
		changed := clamped != i.Guess
		i.Guess = clamped
		return changed
	})
	return spent, err
}

// Use implements [guard.Store].
func (s *Store) Use(_ context.Context, key string, u guard.Use, now time.Time) (bool, error) {
	return s.change(key, func(i *guard.Item) bool {
		if i.Used >= u.Issued.UnixMilli() {
			return false
		}
		i.Used, i.UsedBy, i.UsedAt = u.Issued.UnixMilli(), u.Challenge, now.UnixMilli()
		i.Failures, i.Next = 0, 0
		i.Guess -= u.Guess.Milliseconds()
		i.Mail -= u.Mail.Milliseconds()
		if u.First && i.Proven == 0 {
			i.Proven = now.UnixMilli()
		}
		return true
	})
}

// CountQuota implements [guard.Store].
func (s *Store) CountQuota(_ context.Context, key, counter string, _ time.Time) (guard.Counters, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quotas[key] == nil {
		s.quotas[key] = guard.Counters{}
	}
	s.quotas[key][counter]++
	return maps.Clone(s.quotas[key]), nil
}

// ReturnQuota implements [guard.Store].
func (s *Store) ReturnQuota(_ context.Context, key, counter string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quotas[key][counter] > 0 {
		s.quotas[key][counter]--
	}
	return nil
}

// AskResend implements [guard.Store].
func (s *Store) AskResend(_ context.Context, key string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resend[key] = true
	return nil
}

// ResendAsked implements [guard.Store].
func (s *Store) ResendAsked(_ context.Context, key string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resend[key], nil
}

// RememberDevice implements [guard.Store].
func (s *Store) RememberDevice(_ context.Context, key string, d guard.Device, until, now time.Time) (bool, error) {
	return s.change(key, func(i *guard.Item) bool {
		_, found := s.items[key]
		i.Devices = i.Devices.Add(d, until, now)
		return found
	})
}

// ForgetDevices implements [guard.Store].
func (s *Store) ForgetDevices(_ context.Context, key string) error {
	_, err := s.change(key, func(i *guard.Item) bool {
		_, found := s.items[key]
		i.Devices = ""
		return found
	})
	return err
}

// MarkBounced implements [guard.Store].
func (s *Store) MarkBounced(_ context.Context, key string, m guard.Mark, _ time.Time) (after guard.Item, marked bool,
	err error) {
	marked, err = s.change(key, func(i *guard.Item) bool {
		if _, found := s.items[key]; !found {
			return false
		}
		old := i.Mark
		weaker := m.Until > 0 && old.Until == 0 && i.UsedAt <= old.At
		if old.Address == m.Address && (old.At >= m.At || weaker) {
			return false
		}
		i.Mark = m
		after = *i
		return true
	})
	return after, marked, err
}
