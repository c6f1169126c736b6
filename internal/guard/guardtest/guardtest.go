// Package guardtest holds the tests that every [guard.Store] must pass.
package guardtest

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

var (
	now    = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)
	bucket = guard.Bucket{Burst: 10, Refill: time.Hour}
	unique atomic.Int64
)

// suite is one run of the tests.
type suite struct {
	*testing.T
	guard.Store
	ctx context.Context
	// key is a key that no other test uses.
	key string
}

// Run runs all tests against the store. Each uses keys of its own.
func Run(t *testing.T, s guard.Store) {
	for name, test := range map[string]func(suite){
		"an absent item is the zero item":                   absent,
		"a claim is won once and reads back":                claimOnce,
		"of many parallel claims exactly one is won":        claimParallel,
		"a claim that clamps compares the guesses too":      claimClamps,
		"a release restores only its own claim":             release,
		"guesses are spent exactly under parallel answers":  spendParallel,
		"guesses come back with time":                       spendRefills,
		"a guess tat of a former policy is clamped":         spendClamps,
		"the hundredth failure in a row is the last":        spendLimit,
		"a code is used once and refunds once":              use,
		"a use with nothing spent leaves full buckets full": useUnspent,
		"only the first proof is kept":                      useFirst,
		"parallel counts in a quota add up":                 quotaParallel,
		"a count can be returned":                           quotaReturn,
		"a resend is asked for in one challenge alone":      resend,
		"a mark is set once and touches nothing else":       mark,
		"a mark creates no item":                            markCreates,
		"a bounce does not shorten a complaint":             markKinds,
		"devices are remembered, the first to end goes":     devices,
		"parallel devices are all remembered":               devicesParallel,
		"forgotten devices are gone, whoever remembers":     devicesForgotten,
		"a device creates no item":                          deviceCreates,
		"random calls agree with the arithmetic":            randomCalls,
	} {
		t.Run(name, func(t *testing.T) {
			test(suite{t, s, t.Context(), fmt.Sprintf("key-%s-%d", rand.Text()[:8], unique.Add(1))})
		})
	}
}

// value returns v, or ends the test with the error.
func value[T any](s suite, v T, err error) T {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	return v
}

func (s suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s suite) item() guard.Item {
	s.Helper()
	i, err := s.Read(s.ctx, s.key)
	return value(s, i, err)
}

func (s suite) claim(before, after guard.Item) bool {
	s.Helper()
	won, err := s.Claim(s.ctx, s.key, before, after, now)
	return value(s, won, err)
}

func (s suite) spend(b guard.Bucket, at time.Time) bool {
	s.Helper()
	spent, err := s.SpendGuess(s.ctx, s.key, b, guard.MaxFailures, at)
	return value(s, spent, err)
}

func (s suite) use(u guard.Use) bool {
	s.Helper()
	used, err := s.Use(s.ctx, s.key, u, now)
	return value(s, used, err)
}

func (s suite) mark(m guard.Mark) bool {
	s.Helper()
	item, marked, err := s.MarkBounced(s.ctx, s.key, m, now)
	if marked && item != s.item() {
		s.Errorf("returned %+v", item)
	}
	return value(s, marked, err)
}

func (s suite) want(want guard.Item) {
	s.Helper()
	if got := s.item(); got != want {
		s.Errorf("%+v,\nwant %+v", got, want)
	}
}

// times calls f in parallel and returns how often it returned true.
func (s suite) times(n int, f func(i int) (bool, error)) int {
	s.Helper()
	var done atomic.Int64
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			if ok, err := f(i); err != nil {
				s.Error(err)
			} else if ok {
				done.Add(1)
			}
		})
	}
	wait.Wait()
	return int(done.Load())
}

func claimed() guard.Item {
	n, _ := otp.NewNonce(now, rand.Reader)
	return guard.Item{MailState: guard.MailState{
		Mail: 7, SlowMail: 8, Next: 9, Nonce: n.String(), Digits: 8, Fallback: true, Key: "key",
		Withheld: guard.Withheld{Nonce: n.String(), Digits: 20}}}
}

func absent(s suite) { s.want(guard.Item{}) }

func claimOnce(s suite) {
	want := claimed()
	if !s.claim(guard.Item{}, want) {
		s.Fatal("the first claim lost")
	}
	if s.claim(guard.Item{}, claimed()) {
		s.Fatal("a claim on a changed item was won")
	}
	for name, change := range map[string]func(*guard.Item){
		"mail": func(i *guard.Item) { i.Mail++ }, "slow mail": func(i *guard.Item) { i.SlowMail = 0 },
		"next": func(i *guard.Item) { i.Next++ }, "nonce": func(i *guard.Item) { i.Nonce = "" },
		"digits": func(i *guard.Item) { i.Digits = 0 }, "fallback": func(i *guard.Item) { i.Fallback = false },
		"key": func(i *guard.Item) { i.Key = "other" }, "withheld nonce": func(i *guard.Item) { i.Withheld.Nonce = "" },
		"withheld digits": func(i *guard.Item) { i.Withheld.Digits = 8 },
	} {
		before := want
		if change(&before); s.claim(before, claimed()) {
			s.Errorf("a claim was won although the item's %s differs", name)
		}
	}
	s.want(want)
}

func claimParallel(s suite) {
	won := s.times(100, func(int) (bool, error) { return s.Claim(s.ctx, s.key, guard.Item{}, claimed(), now) })
	if won != 1 {
		s.Errorf("%d claims were won", won)
	}
}

func claimClamps(s suite) {
	for range 3 {
		s.spend(bucket, now)
	}
	before := s.item()
	after := claimed()
	after.Guess, after.Failures = before.Guess-5, before.Failures
	s.spend(bucket, now)
	if s.claim(before, after) {
		s.Fatal("a claim that clamps was won although a guess was spent")
	}
	before = s.item()
	after.Failures = before.Failures
	if !s.claim(before, after) {
		s.Fatal("a claim that clamps was lost")
	}
	s.want(after)
}

func release(s suite) {
	before, after := guard.Item{}, claimed()
	s.claim(before, after)
	s.ok(s.Release(s.ctx, s.key, before, claimed(), now))
	s.want(after)
	s.ok(s.Release(s.ctx, s.key, before, after, now))
	s.want(before)
	if !s.claim(before, claimed()) {
		s.Error("a released claim can't be claimed again")
	}
}

func spendParallel(s suite) {
	n := s.times(200, func(int) (bool, error) { return s.SpendGuess(s.ctx, s.key, bucket, guard.MaxFailures, now) })
	// A spend can be refused that two others, meeting between its tries, made room for; never the
	// other way round.
	if n > 10 || n < 9 {
		s.Errorf("%d of 200 guesses were allowed, the budget is 10", n)
	}
	if got := s.item().Failures; got != n {
		s.Errorf("%d failures are counted for %d guesses", got, n)
	}
}

func spendRefills(s suite) {
	for i := range 10 {
		if !s.spend(bucket, now) {
			s.Fatalf("guess %d refused", i+1)
		}
	}
	for _, at := range []time.Duration{0, time.Hour - time.Millisecond} {
		if s.spend(bucket, now.Add(at)) {
			s.Fatalf("an eleventh guess after %v", at)
		}
	}
	if !s.spend(bucket, now.Add(time.Hour)) || s.spend(bucket, now.Add(time.Hour)) {
		s.Error("one guess comes back in an hour, and only one")
	}
	late := now.Add(1000 * time.Hour)
	for range 10 {
		if !s.spend(bucket, late) {
			s.Fatal("a full bucket is not full")
		}
	}
	if s.spend(bucket, late) {
		s.Error("a full bucket holds more than its burst")
	}
}

func spendClamps(s suite) {
	for range 10 {
		s.spend(bucket, now)
	}
	faster := guard.Bucket{Burst: 10, Refill: time.Minute}
	if s.spend(faster, now) {
		s.Fatal("a guess of an empty bucket")
	}
	if got, want := s.item().Guess, now.Add(10*time.Minute).UnixMilli(); got != want {
		s.Fatalf("the tat is %v from the latest possible one", time.Duration(got-want)*time.Millisecond)
	}
	if !s.spend(faster, now.Add(time.Minute)) || s.spend(faster, now.Add(time.Minute)) {
		s.Error("one guess comes back in a minute, and only one")
	}
}

func spendLimit(s suite) {
	wide := guard.Bucket{Burst: 1000, Refill: time.Minute}
	for i := range guard.MaxFailures {
		if !s.spend(wide, now) {
			s.Fatalf("failure %d refused", i+1)
		}
	}
	if s.spend(wide, now.Add(time.Hour)) {
		s.Error("a 101st guess in a row")
	}
	if !s.use(guard.Use{Issued: now, Challenge: "c"}) {
		s.Fatal("a right long code is refused")
	}
	if !s.spend(wide, now.Add(time.Hour)) {
		s.Error("a right answer does not end the run")
	}
}

func use(s suite) {
	before := claimed()
	before.Mail, before.SlowMail = now.Add(8*time.Minute).UnixMilli(), now.Add(30*time.Minute).UnixMilli()
	s.claim(guard.Item{}, before)
	for range 3 {
		s.spend(bucket, now)
	}
	u := guard.Use{Issued: now, Guess: time.Hour, Mail: 5 * time.Minute, First: true}
	won := s.times(50, func(i int) (bool, error) {
		u := u
		u.Challenge = fmt.Sprintf("challenge-%d", i)
		return s.Use(s.ctx, s.key, u, now)
	})
	i := s.item()
	want := before
	want.Guess, want.Mail, want.Next = now.Add(2*time.Hour).UnixMilli(), now.Add(3*time.Minute).UnixMilli(), 0
	want.Used, want.UsedBy, want.UsedAt, want.Proven = now.UnixMilli(), i.UsedBy, now.UnixMilli(), now.UnixMilli()
	if won != 1 || i != want || i.UsedBy == "" {
		s.Fatalf("used %d times,\n%+v, want\n%+v", won, i, want)
	}
	if s.use(guard.Use{Issued: now.Add(-time.Second), Challenge: "older"}) {
		s.Error("an older code was used")
	}
	if !s.use(guard.Use{Issued: now.Add(time.Second), Challenge: "newer"}) {
		s.Error("a newer code was refused")
	}
	// Zeros that a use leaves count as absent in a claim.
	if !s.claim(s.item(), claimed()) {
		s.Error("no claim after a use")
	}
}

func useUnspent(s suite) {
	if !s.use(guard.Use{Issued: now, Challenge: "c", Guess: time.Hour, Mail: time.Minute}) {
		s.Fatal("refused")
	}
	if i := s.item(); i.Guess > 0 || i.Mail > 0 || !s.claim(i, claimed()) {
		s.Errorf("%+v", i)
	}
	for i := range 11 {
		if s.spend(bucket, now) != (i < 10) {
			s.Errorf("guess %d of a full bucket of 10", i+1)
		}
	}
}

func useFirst(s suite) {
	s.use(guard.Use{Issued: now.Add(-time.Hour), Challenge: "a"})
	if s.item().Proven != 0 {
		s.Error("an answer of a verified account counts as its first proof")
	}
	for n, at := range []time.Time{now, now.Add(time.Hour)} {
		ok, err := s.Use(s.ctx, s.key, guard.Use{Issued: at, Challenge: "b", First: true}, at)
		if !value(s, ok, err) || s.item().Proven != now.UnixMilli() {
			s.Errorf("proof %d: %+v", n, s.item())
		}
	}
}

func quotaParallel(s suite) {
	seen := make([]int, 100)
	s.times(len(seen), func(i int) (bool, error) {
		c, err := s.CountQuota(s.ctx, s.key, []string{"h09", "o09"}[i%2], now)
		seen[i] = c["h09"] + c["o09"]
		return true, err
	})
	// Each write is seen by itself and by all later ones, so every sum occurs once.
	times := map[int]int{}
	for _, n := range seen {
		if times[n]++; n < 1 || n > len(seen) || times[n] > 1 {
			s.Fatalf("sums %v", seen)
		}
	}
	c, err := s.CountQuota(s.ctx, s.key, guard.BounceCounter, now)
	if want := (guard.Counters{"h09": 50, "o09": 50, "b": 1}); !reflect.DeepEqual(value(s, c, err), want) {
		s.Errorf("counters %v, want %v", c, want)
	}
}

func quotaReturn(s suite) {
	count := func() int {
		c, err := s.CountQuota(s.ctx, s.key, "h09", now)
		return value(s, c, err)["h09"]
	}
	s.ok(s.ReturnQuota(s.ctx, s.key, "h09"))
	if n := count(); n != 1 {
		s.Fatalf("returning what was never counted left %d", n-1)
	}
	s.ok(s.ReturnQuota(s.ctx, s.key, "h09"))
	if n := count(); n != 1 {
		s.Errorf("%d counted after one was returned", n)
	}
}

func resend(s suite) {
	asked := func(key string) bool {
		ok, err := s.ResendAsked(s.ctx, key)
		return value(s, ok, err)
	}
	if asked(s.key) {
		s.Fatal("asked before it was asked for")
	}
	for range 2 {
		s.ok(s.AskResend(s.ctx, s.key, now))
	}
	if !asked(s.key) || asked(s.key+"-other") {
		s.Error("the request is not kept for this challenge, or for another one")
	}
}

func mark(s suite) {
	want := claimed()
	s.claim(guard.Item{}, want)
	want.Mark = guard.BounceMark("hash-1", "General", now)
	if !s.mark(want.Mark) || s.mark(want.Mark) {
		s.Fatal("an address is marked once")
	}
	s.want(want)
	// A mark of another address takes its place, and no claim, release or use takes it away.
	other := guard.BounceMark("hash-2", "NoEmail", now)
	if !s.mark(other) {
		s.Fatal("another address can't be marked")
	}
	before, after := s.item(), claimed()
	s.claim(before, after)
	s.ok(s.Release(s.ctx, s.key, before, after, now))
	s.use(guard.Use{Issued: now, Challenge: "c"})
	if got := s.item(); got.Mark != other {
		s.Errorf("%+v", got)
	}
}

func markCreates(s suite) {
	if s.mark(guard.BounceMark("hash", "General", now)) {
		s.Error("an absent item was marked")
	}
	s.want(guard.Item{})
}

func markKinds(s suite) {
	s.claim(guard.Item{}, claimed())
	bounce, complaint := guard.BounceMark("hash", "General", now), guard.ComplaintMark("hash", now.Add(-time.Minute))
	if !s.mark(bounce) || s.mark(complaint) {
		s.Error("an older event replaced a younger one")
	}
	complaint = guard.ComplaintMark("hash", now.Add(time.Second))
	if bounce.At += 60_000; !s.mark(complaint) || s.mark(bounce) || s.item().Mark != complaint {
		s.Errorf("a bounce shortened a complaint: %+v", s.item().Mark)
	}
	// A right answer voids the complaint, so a later bounce marks.
	ok, err := s.Use(s.ctx, s.key, guard.Use{Issued: now, Challenge: "c"}, now.Add(time.Hour))
	value(s, ok, err)
	if bounce = guard.BounceMark("hash", "General", now.Add(2*time.Hour)); !s.mark(bounce) || s.item().Mark != bounce {
		s.Errorf("no bounce after a voided complaint: %+v", s.item().Mark)
	}
}

// randomCalls compares the store with the policy's own arithmetic over a random sequence of calls.
func randomCalls(s suite) {
	dice := mathrand.New(mathrand.NewPCG(7, 11))
	at, model := now, guard.Item{}
	for n := range 150 {
		at = at.Add(time.Duration(dice.IntN(40)) * time.Minute)
		ms := at.UnixMilli()
		b := guard.Bucket{Burst: 1 + dice.IntN(4), Refill: time.Hour}
		switch dice.IntN(4) {
		case 0, 1:
			want := model.Failures < 6 && b.Allows(model.Guess, ms)
			if want {
				model.Guess, model.Failures = b.Spend(model.Guess, ms), model.Failures+1
			} else {
				model.Guess = b.Clamp(model.Guess, ms)
			}
			if got, err := s.SpendGuess(s.ctx, s.key, b, 6, at); value(s, got, err) != want {
				s.Fatalf("call %d: spent %v, want %v", n, got, want)
			}
		case 2:
			issued := at.Add(-time.Duration(dice.IntN(90)) * time.Minute)
			want := issued.UnixMilli() > model.Used
			if want {
				model.Used, model.UsedBy, model.UsedAt, model.Failures, model.Next = issued.UnixMilli(), "c", ms, 0, 0
				model.Guess, model.Mail = model.Guess-time.Hour.Milliseconds(), model.Mail-time.Minute.Milliseconds()
			}
			u := guard.Use{Issued: issued, Challenge: "c", Guess: time.Hour, Mail: time.Minute}
			got, err := s.Use(s.ctx, s.key, u, at)
			if value(s, got, err) != want {
				s.Fatalf("call %d: used %v, want %v", n, got, want)
			}
		case 3:
			after, before := claimed(), model
			after.Mail, after.SlowMail, after.Guess = ms+dice.Int64N(9), ms, model.Guess
			if dice.IntN(4) == 0 {
				before.Next++
			}
			want := before == model
			if got, err := s.Claim(s.ctx, s.key, before, after, at); value(s, got, err) != want {
				s.Fatalf("call %d: claimed %v, want %v", n, got, want)
			}
			if want {
				model.MailState = after.MailState
			}
		}
		if got := s.item(); got != model {
			s.Fatalf("call %d: %+v,\nwant %+v", n, got, model)
		}
	}
}
