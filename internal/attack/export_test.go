package attack

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// Judgement of samples, for tests.
var (
	MannWhitney = mannWhitney
	Median      = median
	Chance      = chance
	MaxGuesses  = maxGuesses
)

// Leaks reports whether two series of times count as a leak.
func Leaks(a, b []float64) bool {
	_, broken := timingRow("known", "start", a, b)
	return broken != ""
}

// Mutants are worlds that deserve to be broken, by name, with the attacks that must notice.
func Mutants() map[string]Mutant {
	store := func(make func(trigger.Store) trigger.Store) weakness { return weakness{store: make} }
	wrap := func(f settings.Function, make func(function) function) weakness {
		return weakness{function: func(g settings.Function, h function) function {
			if f == g {
				return make(h)
			}
			return h
		}}
	}
	return map[string]Mutant{
		"a store that doesn't count guesses": {[]string{"parallel", "year"}, "compared", store(func(s trigger.Store) trigger.Store { return uncounted{s} })},
		"a store that reads, then writes":    {[]string{"parallel"}, "answers were compared, 10 is the budget", store(func(s trigger.Store) trigger.Store { return &checkThenAct{Store: s} })},
		"a verify that compares first":       {[]string{"parallel"}, "answers were compared, 10 is the budget", weakness{verify: func(v trigger.Verify) function { return comparesFirst{v} }}},
		"a verify that compares twice":       {[]string{"replay"}, "answers of one Session were compared", wrap(settings.VerifyAuthChallenge, func(h function) function { return twice{h} })},
		"codes that can be used again":       {[]string{"parallel"}, "were let in by one code", store(func(s trigger.Store) trigger.Store { return reusable{s} })},
		"a key that says yes to everything":  {[]string{"elsewhere"}, "it was accepted", weakness{key: func(k keyService) keyService { return yes{k} }}},
		"a client with every flow": {[]string{"doors"}, "tokens were given", weakness{client: func(c *userpool.Client) {
			c.ExplicitAuthFlows = append(c.ExplicitAuthFlows, "ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH")
		}}},
		"a define that trusts the last row":           {[]string{"forged", "doors"}, "tokens", wrap(settings.DefineAuthChallenge, func(h function) function { return lastRow{h} })},
		"claims that everybody wins":                  {[]string{"retries"}, "mails", store(func(s trigger.Store) trigger.Store { return generous{s} })},
		"mails that are not counted":                  {[]string{"flood"}, "is the most", store(func(s trigger.Store) trigger.Store { return forgetful{s} })},
		"long codes that are never mailed":            {[]string{"lockout"}, "kept out", store(func(s trigger.Store) trigger.Store { return stingy{s} })},
		"a create that says something else to nobody": {[]string{"enumeration"}, "reason=none", wrap(settings.CreateAuthChallenge, func(h function) function { return telltale{h} })},
		"a spend that fails open":                     {[]string{"faults"}, "compared that were not counted", store(func(s trigger.Store) trigger.Store { return failsOpen{s} })},
		"a release that does nothing":                 {[]string{"faults"}, "counted as sent", store(func(s trigger.Store) trigger.Store { return keeps{s} })},
		"failures that are counted in memory alone":   {[]string{"crash"}, "failures are forgotten", store(func(s trigger.Store) trigger.Store { return uncounted{s} })},
		"a trigger that panics":                       {[]string{"hostile"}, "panicked", store(func(s trigger.Store) trigger.Store { return jumpy{s} })},
	}
}

// Mutant is a weakness, the attacks that must find it, and words of what they must say.
type Mutant struct {
	FoundBy []string
	Words   string
	weak    weakness
}

// Run runs one attack, small, on the mutant.
func (m Mutant) Run(ctx context.Context, name string) (Report, error) {
	return Run(ctx, Options{Small: true, Only: []string{name}, weaken: m.weak})
}

type uncounted struct{ trigger.Store }

func (uncounted) SpendGuess(context.Context, string, guard.Bucket, int, time.Time) (bool, error) {
	return true, nil
}

// checkThenAct is the race that a conditional write prevents.
type checkThenAct struct {
	trigger.Store
	mu    sync.Mutex
	spent map[string]int
}

func (s *checkThenAct) SpendGuess(_ context.Context, key string, b guard.Bucket, _ int, _ time.Time) (bool, error) {
	read := func() int { s.mu.Lock(); defer s.mu.Unlock(); return s.spent[key] }
	n := read()
	time.Sleep(time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spent == nil {
		s.spent = map[string]int{}
	}
	s.spent[key] = n + 1
	return n < b.Burst, nil
}

type comparesFirst struct{ v trigger.Verify }

func (f comparesFirst) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	look := f.v
	look.Store = dry{f.v.Store}
	look.Directory = nil
	out, err := look.Handler().Invoke(ctx, event)
	if err != nil || !bytes.Contains(out, []byte(`"answerCorrect":true`)) {
		return out, err
	}
	return f.v.Handler().Invoke(ctx, event)
}

type dry struct{ trigger.Store }

func (dry) SpendGuess(context.Context, string, guard.Bucket, int, time.Time) (bool, error) {
	return true, nil
}
func (dry) Use(context.Context, string, time.Time, string, time.Duration, time.Time) (bool, error) {
	return true, nil
}

type twice struct{ function }

func (f twice) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	_, _ = f.function.Invoke(ctx, event)
	return f.function.Invoke(ctx, event)
}

type reusable struct{ trigger.Store }

func (s reusable) Use(ctx context.Context, key string, issued time.Time, challenge string, refund time.Duration, now time.Time) (bool, error) {
	_, err := s.Store.Use(ctx, key, issued, challenge, refund, now)
	return true, err
}

type yes struct{ keyService }

func (yes) VerifyMAC(context.Context, []byte, []byte) (bool, error) { return true, nil }

type lastRow struct{ function }

func (f lastRow) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	var e struct{ Request struct{ Session []row } }
	if json.Unmarshal(event, &e) == nil && len(e.Request.Session) > 0 && e.Request.Session[len(e.Request.Session)-1].Result {
		return []byte(`{"response":{"issueTokens":true}}`), nil
	}
	return f.function.Invoke(ctx, event)
}

type generous struct{ trigger.Store }

func (s generous) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	_, err := s.Store.Claim(ctx, key, before, after, now)
	return true, err
}

type forgetful struct{ trigger.Store }

func (s forgetful) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	after.Mail, after.SlowMail = before.Mail, before.SlowMail
	return s.Store.Claim(ctx, key, before, after, now)
}

type stingy struct{ trigger.Store }

func (s stingy) Claim(ctx context.Context, key string, before, after guard.Item, now time.Time) (bool, error) {
	if after.Digits == longDigits {
		return false, nil
	}
	return s.Store.Claim(ctx, key, before, after, now)
}

type telltale struct{ function }

func (f telltale) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	out, err := f.function.Invoke(ctx, event)
	if bytes.Contains(event, []byte(`"userNotFound":true`)) {
		out = bytes.Replace(out, []byte(`"reason":"sent"`), []byte(`"reason":"none"`), 1)
	}
	return out, err
}

type failsOpen struct{ trigger.Store }

func (s failsOpen) SpendGuess(ctx context.Context, key string, b guard.Bucket, limit int, now time.Time) (bool, error) {
	if ok, err := s.Store.SpendGuess(ctx, key, b, limit, now); err == nil {
		return ok, nil
	}
	return true, nil
}

type keeps struct{ trigger.Store }

func (keeps) Release(context.Context, string, guard.Item, guard.Item, time.Time) error { return nil }

type jumpy struct{ trigger.Store }

func (jumpy) AskResend(context.Context, string, string, time.Time) error { panic("a bug") }
