package main

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/mail"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/rig"
)

// mutant is a weakness, the attacks that must find it, and words that they must report.
type mutant struct {
	foundBy []string
	words   string
	weak    lab.Weakness
}

// mutants are the weakened worlds, by name.
func mutants() map[string]mutant {
	stored := func(weak func(guard.Store) guard.Store) lab.Weakness { return lab.Weakness{Store: weak} }
	wrapped := func(f settings.Function, wrap func(lab.Function) lab.Function) lab.Weakness {
		return lab.Weakness{Function: func(g settings.Function, h lab.Function) lab.Function {
			if f == g {
				return wrap(h)
			}
			return h
		}}
	}
	const overBudget = "answers were compared, 10 is the budget"
	return map[string]mutant{
		"a store that doesn't count guesses": {[]string{"parallel", "year"}, "compared",
			stored(func(s guard.Store) guard.Store { return uncounted{s} })},
		"a store that reads, then writes": {[]string{"parallel"}, overBudget,
			stored(func(s guard.Store) guard.Store { return &checkThenAct{Store: s, spent: map[string]int{}} })},
		"a verify that compares first": {[]string{"parallel"}, overBudget,
			lab.Weakness{Verify: func(v trigger.Verify) lab.Function { return comparesFirst{v} }}},
		"a verify that compares twice": {[]string{"replay"}, "answers of one Session were compared",
			wrapped(settings.VerifyAuthChallenge, func(h lab.Function) lab.Function { return twice{h} })},
		"codes that can be used again": {[]string{"parallel"}, "were let in by one code",
			stored(func(s guard.Store) guard.Store { return reusable{s} })},
		"a key that accepts everything": {[]string{"elsewhere"}, "it was accepted",
			lab.Weakness{Key: func(k lab.KeyService) lab.KeyService { return yes{k} }}},
		"a client with every flow": {[]string{"bypass"}, "tokens were given", lab.Weakness{Client: func(c *lab.PoolClient) {
			c.ExplicitAuthFlows = append(c.ExplicitAuthFlows, "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH",
				"ALLOW_ADMIN_USER_PASSWORD_AUTH")
		}}},
		"a define that trusts the last row": {[]string{"forged", "bypass"}, "tokens",
			wrapped(settings.DefineAuthChallenge, func(h lab.Function) lab.Function { return lastRow{h} })},
		"claims that every caller wins": {[]string{"retries"}, "mails",
			stored(func(s guard.Store) guard.Store { return generous{s} })},
		"mails that are not counted": {[]string{"flood"}, "is the most",
			stored(func(s guard.Store) guard.Store { return forgetful{s} })},
		"long codes that are never mailed": {[]string{"lockout"}, "kept out",
			stored(func(s guard.Store) guard.Store { return stingy{s} })},
		"last mails without a longer code": {[]string{"lockout"}, "the owner waited",
			lab.Weakness{Renderer: func(r trigger.Renderer) trigger.Renderer { return brief{r} }}},
		"a create with another reason for invented names": {[]string{"enumeration"}, "reason=none",
			wrapped(settings.CreateAuthChallenge, func(h lab.Function) lab.Function { return telltale{h} })},
		"a spend that fails open": {[]string{"faults"}, "compared that were not counted",
			stored(func(s guard.Store) guard.Store { return failsOpen{s} })},
		"a release that does nothing": {[]string{"faults"}, "counted as sent",
			stored(func(s guard.Store) guard.Store { return keeps{s} })},
		"failures that are counted in memory alone": {[]string{"crash"}, "failures are forgotten",
			stored(func(s guard.Store) guard.Store { return uncounted{s} })},
		"a store that never forgets a device": {[]string{"devices"}, "forgotten devices were accepted",
			stored(func(s guard.Store) guard.Store { return remembers{s} })},
		"a reset that forgets no device": {[]string{"recovery"}, "gave tokens",
			stored(func(s guard.Store) guard.Store { return remembers{s} })},
		"a verify that accepts every device": {[]string{"devices"}, "guesses of a device gave tokens",
			wrapped(settings.VerifyAuthChallenge, func(h lab.Function) lab.Function { return credulous{h} })},
		"authorization codes that can be redeemed again": {[]string{"redirect"}, "one code gave tokens",
			lab.Weakness{Codes: func(s oauth.Store) oauth.Store { return lasting{s} }}},
		"a change of address that counts no guess": {[]string{"address"}, "guesses were compared",
			stored(func(s guard.Store) guard.Store { return uncounted{s} })},
		"a trigger that panics": {[]string{"hostile"}, "panicked",
			stored(func(s guard.Store) guard.Store { return jumpy{s} })},
	}
}

// lasting never uses a code up.
type lasting struct{ oauth.Store }

func (s lasting) Put(ctx context.Context, i oauth.Item) error {
	kept.Store(i.ID, i)
	return s.Store.Put(ctx, i)
}

func (s lasting) Take(_ context.Context, id string, _ time.Time) (oauth.Item, bool, error) {
	i, ok := kept.Load(id)
	if !ok {
		return oauth.Item{}, false, oauth.ErrNoCode
	}
	return i.(oauth.Item), true, nil
}

// kept has the items of lasting.
var kept sync.Map

type uncounted struct{ guard.Store }

func (uncounted) SpendGuess(context.Context, string, guard.Bucket, int, time.Time) (bool, error) {
	return true, nil
}

// remembers forgets no device.
type remembers struct{ guard.Store }

func (remembers) ForgetDevices(context.Context, string) error { return nil }

// credulous takes every answer to a device's round for right.
type credulous struct{ lab.Function }

func (c credulous) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	if bytes.Contains(event, []byte(`"action":"device"`)) {
		return []byte(`{"response":{"answerCorrect":true}}`), nil
	}
	return c.Function.Invoke(ctx, event)
}

// checkThenAct is the race that a conditional write prevents.
type checkThenAct struct {
	guard.Store
	mu    sync.Mutex
	spent map[string]int
}

func (s *checkThenAct) SpendGuess(_ context.Context, key string, b guard.Bucket, _ int, _ time.Time) (bool, error) {
	s.mu.Lock()
	n := s.spent[key]
	s.mu.Unlock()
	time.Sleep(time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spent[key] = n + 1
	return n < b.Burst, nil
}

// comparesFirst runs verify without counting, and counts right answers alone.
type comparesFirst struct{ verify trigger.Verify }

func (f comparesFirst) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	look := f.verify
	look.Store, look.Directory = dry{uncounted{f.verify.Store}}, nil
	out, err := look.Handler().Invoke(ctx, event)
	if err != nil || !bytes.Contains(out, []byte(`"answerCorrect":true`)) {
		return out, err
	}
	return f.verify.Handler().Invoke(ctx, event)
}

// dry uses nothing up.
type dry struct{ guard.Store }

func (dry) Use(context.Context, string, guard.Use, time.Time) (bool, error) {
	return true, nil
}

type twice struct{ lab.Function }

func (f twice) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	_, _ = f.Function.Invoke(ctx, event)
	return f.Function.Invoke(ctx, event)
}

type reusable struct{ guard.Store }

func (s reusable) Use(ctx context.Context, key string, u guard.Use, now time.Time) (bool, error) {
	_, err := s.Store.Use(ctx, key, u, now)
	return true, err
}

type yes struct{ lab.KeyService }

func (yes) VerifyMAC(context.Context, []byte, []byte) (bool, error) { return true, nil }

type lastRow struct{ lab.Function }

func (f lastRow) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	var e struct{ Request struct{ Session []lab.Row } }
	rows := &e.Request.Session
	if json.Unmarshal(event, &e) == nil && len(*rows) > 0 && (*rows)[len(*rows)-1].Result {
		return []byte(`{"response":{"issueTokens":true}}`), nil
	}
	return f.Function.Invoke(ctx, event)
}

type generous struct{ guard.Store }

func (s generous) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	_, err := s.Store.Claim(ctx, key, before, after, now)
	return true, err
}

type forgetful struct{ guard.Store }

func (s forgetful) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	after.Mail, after.SlowMail = before.Mail, before.SlowMail
	return s.Store.Claim(ctx, key, before, after, now)
}

type stingy struct{ guard.Store }

func (s stingy) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	if after.Digits == rig.LongDigits {
		return false, nil
	}
	return s.Store.Claim(ctx, key, before, after, now)
}

type brief struct{ trigger.Renderer }

func (r brief) Render(m mail.Message) (mail.Mail, error) {
	m.Fallback = ""
	return r.Renderer.Render(m)
}

type telltale struct{ lab.Function }

func (f telltale) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	out, err := f.Function.Invoke(ctx, event)
	if bytes.Contains(event, []byte(`"userNotFound":true`)) {
		out = bytes.Replace(out, []byte(`"reason":"sent"`), []byte(`"reason":"none"`), 1)
	}
	return out, err
}

type failsOpen struct{ guard.Store }

func (s failsOpen) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error) {
	if ok, err := s.Store.SpendGuess(ctx, key, b, limit, now); err == nil {
		return ok, nil
	}
	return true, nil
}

type keeps struct{ guard.Store }

func (keeps) Release(context.Context, string, guard.Item, guard.Item, time.Time) error { return nil }

type jumpy struct{ guard.Store }

func (jumpy) AskResend(context.Context, string, time.Time) error { panic("a bug") }
