package changeaddress

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/memory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// pool gives an address to everyone who asks, as Cognito does.
type pool struct{ owner map[string]string }

func (p *pool) Find(_ context.Context, name string) (map[string]string, error) {
	if sub := p.owner[name]; sub != "" {
		return map[string]string{"sub": sub}, nil
	}
	return nil, nil
}

func (p *pool) SetEmail(_ context.Context, username, address string) error {
	p.owner[address] = username
	return nil
}

func (p *pool) SignOut(context.Context, string) error { return nil }

// Cognito takes an address from its owner without an error, so the lock alone keeps two accounts
// from finding it free at the same time.
func TestAnAddressIsLockedForOneAccount(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s := &Server{Directory: &pool{map[string]string{}}, Store: memory.New(), Random: rand.Reader,
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	const address = "wanted@example.com"
	a := caller{Access: oauth.Access{Subject: "a"}, username: "a", key: "key-of-a"}
	b := caller{Access: oauth.Access{Subject: "b"}, username: "b", key: "key-of-b"}
	for _, step := range []struct {
		who   caller
		after time.Duration
		want  error
	}{{a, 0, nil}, {b, time.Second, errNotChanged}, {a, time.Second, nil}, {b, lockTime, nil},
		{a, time.Second, errNotChanged}} {
		now = now.Add(step.after)
		if err := s.lock(t.Context(), step.who, address, now); !errors.Is(err, step.want) {
			t.Errorf("%s after %v: %v, want %v", step.who.username, step.after, err, step.want)
		}
	}
	if err := s.lock(t.Context(), a, "WANTED@example.com", now); !errors.Is(err, errNotChanged) {
		t.Errorf("another spelling is not locked: %v", err)
	}
	if taken, err := s.isTaken(t.Context(), a, address); taken || err != nil {
		t.Errorf("a free address is taken: %v, %v", taken, err)
	}
	if err := s.change(t.Context(), b, nil, address); err != nil {
		t.Fatal(err)
	}
	if taken, err := s.isTaken(t.Context(), a, address); !taken || err != nil {
		t.Errorf("an owned address is free: %v, %v", taken, err)
	}
}

// A change ends all sign-ins, so its start leaves the account one mail for the next one.
func TestAStartLeavesTheLastMailToTheNextSignIn(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	settings := settings.Defaults(settings.Passwordless)
	slow := guard.PolicyOf(settings).Mails(guard.Verified)[1]
	store := memory.New()
	s := &Server{Settings: settings, Store: store}
	with := func(left int) error {
		tat := now.Add(time.Duration(slow.Burst-left) * slow.Refill).UnixMilli()
		item := guard.Item{MailState: guard.MailState{SlowMail: tat}}
		store.Put("key", item)
		return s.spendMail(t.Context(), caller{key: "key"}, item, "old@example.com", now)
	}
	if err := with(2); err != nil || slow.Left(store.Items()["key"].SlowMail, now.UnixMilli()) != 1 {
		t.Errorf("two mails left: %v, then %+v", err, store.Items()["key"])
	}
	for left, wait := range []time.Duration{2 * slow.Refill, slow.Refill} {
		before := tooMany(now, now.Add(wait))
		if err := with(left); !errors.Is(err, before) || slow.Left(store.Items()["key"].SlowMail,
			now.UnixMilli()) != left {
			t.Errorf("%d mails left: %v, want %v", left, err, before)
		}
	}
}
