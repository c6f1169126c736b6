package guard_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

var (
	start  = time.Date(2026, 11, 5, 9, 5, 3, 0, time.UTC)
	policy = guard.Policy{CodeLength: 8, CodeTTL: 5 * time.Minute, Attempts: 3,
		Guesses: guard.Bucket{Burst: 10, Refill: time.Hour}, Key: "key"}
)

func nonce(at time.Time, n byte) otp.Nonce {
	random := strings.NewReader(strings.Repeat(string(rune('a'+n%26)), 8))
	made, _ := otp.NewNonce(at, random)
	return made
}

// Whatever is spent and given back, and when: a bucket never lets more through than it held, plus
// what refilled, plus what was given back.
func TestABucketIsExactUnderAnySequence(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		b := guard.Bucket{Burst: 1 + random.IntN(12), Refill: time.Duration(1+random.IntN(5000)) * time.Millisecond}
		now, tat := start.UnixMilli(), int64(0)
		begin, spent, returned := now, 0, 0
		for range 400 {
			now += int64(random.IntN(4000))
			left := b.Left(tat, now)
			if (left > 0) != b.Allows(tat, now) {
				t.Fatalf("%+v: %d left and allowed %v", b, left, b.Allows(tat, now))
			}
			if b.Allows(tat, now) {
				tat = b.Spend(tat, now)
				spent++
				if got := b.Left(tat, now); got != left-1 {
					t.Fatalf("%+v: %d left, then %d", b, left, got)
				}
				if random.IntN(5) == 0 {
					tat -= b.Interval()
					returned++
				}
			} else if at := b.AllowedAt(tat, now); b.Allows(tat, at-1) || !b.Allows(tat, at) {
				t.Fatalf("%+v: allowed at %d is off", b, at)
			}
			if most := b.Burst + int((now-begin)/b.Interval()) + returned; spent > most {
				t.Fatalf("%+v: %d spent, at most %d", b, spent, most)
			}
		}
	}
}

func TestTheYearlyBoundIsOneDivision(t *testing.T) {
	b := guard.Bucket{Burst: 10, Refill: time.Hour}
	if b.Yearly() != 8770 {
		t.Errorf("%d guesses a year, want 10 + 8,760", b.Yearly())
	}
	for digits, want := range map[int]float64{6: 8.73e-3, 8: 8.77e-5, 10: 8.77e-7} {
		if got := guard.YearlyBound(digits, b); math.Abs(got-want)/want > 0.001 {
			t.Errorf("%d digits: %.4g, want %.4g", digits, got, want)
		}
	}
	if got := guard.YearlyBound(20, b); got <= 0 {
		t.Errorf("20 digits: %g; the small number was lost", got)
	}
}

func mailed(i guard.Item, n otp.Nonce, digits int) guard.Item {
	i.Nonce, i.Digits, i.Key = n.String(), digits, "key"
	i.Next = n.Issued().Add(guard.Cooldown).UnixMilli()
	return i
}

// lastMail returns the item after the mail that emptied the slow bucket.
func lastMail(i guard.Item, n otp.Nonce) guard.Item {
	i = mailed(i, n, 8)
	i.SlowMail, i.Fallback = n.Issued().Add(48*30*time.Minute).UnixMilli(), true
	return i
}

func TestStart(t *testing.T) {
	now, fresh := start, nonce(start, 0)
	ago := func(d time.Duration) otp.Nonce { return nonce(now.Add(-d), 1) }
	spent := now.Add(500 * time.Hour).UnixMilli()
	cooling := func(i guard.Item) guard.Item { i.Next = now.Add(time.Second).UnixMilli(); return i }
	for _, tc := range []struct {
		name   string
		item   guard.Item
		class  guard.Class
		action guard.Action
		nonce  otp.Nonce
		digits int
	}{
		{"nothing known: a fresh code is mailed", guard.Item{}, guard.Verified, guard.Mail, fresh, 8},
		{"within the cool-down the live code is joined", mailed(guard.Item{}, ago(30*time.Second), 8), guard.Verified,
			guard.Join, ago(30 * time.Second), 8},
		{"after it the live code is mailed again", mailed(guard.Item{}, ago(2*time.Minute), 8), guard.Verified, guard.Mail,
			ago(2 * time.Minute), 8},
		{"joinable now, but not when the next mail may go: a fresh one is mailed",
			mailed(guard.Item{}, ago(4*time.Minute+time.Second), 8), guard.Verified, guard.Mail, fresh, 8},
		{"just joinable, with a full TTL left", cooling(mailed(guard.Item{}, ago(5*time.Minute), 8)), guard.Verified,
			guard.Join, ago(5 * time.Minute), 8},
		{"too old to be joined", mailed(guard.Item{}, ago(5*time.Minute+time.Millisecond), 8), guard.Verified, guard.Mail,
			fresh, 8},
		{"guesses ran out on a short code: a long one goes past the fast bucket", func() guard.Item {
			i := mailed(guard.Item{Guess: spent, MailState: guard.MailState{Mail: now.Add(29 * time.Minute).UnixMilli()}},
				ago(2*time.Minute), 8)
			return i
		}(), guard.Verified, guard.Mail, fresh, 20},
		{"a used code is not joined", func() guard.Item {
			i := mailed(guard.Item{}, ago(time.Minute), 8)
			i.Used, i.Next = ago(time.Minute).Issued().UnixMilli(), 0
			return i
		}(), guard.Verified, guard.Mail, fresh, 8},
		{"no mail left: the live code is joined",
			mailed(guard.Item{MailState: guard.MailState{Mail: spent}}, ago(2*time.Minute), 8), guard.Verified, guard.Join,
			ago(2 * time.Minute), 8},
		{"no mail left and nothing to join", guard.Item{MailState: guard.MailState{SlowMail: spent}}, guard.Verified,
			guard.Silent, fresh, 8},
		{"no mail and no guesses left: the last mail's longer code is joined", lastMail(guard.Item{Guess: spent},
			ago(2*time.Minute)), guard.Verified, guard.Join, ago(2 * time.Minute), 20},
		{"with guesses left its short one is joined", lastMail(guard.Item{}, ago(2*time.Minute)), guard.Verified,
			guard.Join, ago(2 * time.Minute), 8},
		{"a mail without a longer code is not joined then", func() guard.Item {
			i := lastMail(guard.Item{Guess: spent}, ago(2*time.Minute))
			i.Fallback = false
			return i
		}(), guard.Verified, guard.Silent, fresh, 20},
		{"no guesses left: a long code", guard.Item{Guess: spent}, guard.Verified, guard.Mail, fresh, 20},
		{"fewer guesses than a sign-in takes: a long code", guard.Item{Guess: now.Add(8 * time.Hour).UnixMilli()},
			guard.Verified, guard.Mail, fresh, 20},
		{"exactly a sign-in's guesses: a short one", guard.Item{Guess: now.Add(7 * time.Hour).UnixMilli()}, guard.Verified,
			guard.Mail, fresh, 8},
		{"98 failures in a row: a long code", guard.Item{Failures: 98}, guard.Verified, guard.Mail, fresh, 20},
		{"97 failures in a row: a short one", guard.Item{Failures: 97}, guard.Verified, guard.Mail, fresh, 8},
		{"a short live code can't be joined when a long one is due",
			mailed(guard.Item{Guess: spent}, ago(30*time.Second), 8), guard.Verified, guard.Silent, fresh, 20},
		{"a long live code is joined where a short one would do", mailed(guard.Item{}, ago(30*time.Second), 20),
			guard.Verified, guard.Join, ago(30 * time.Second), 20},
		{"a code of another configured length is not joined", mailed(guard.Item{}, ago(2*time.Minute), 6), guard.Verified,
			guard.Mail, fresh, 8},
		{"an unreadable nonce is no live code", guard.Item{MailState: guard.MailState{Nonce: "?", Digits: 8}},
			guard.Verified, guard.Mail, fresh, 8},
		{"a code of a replaced key is not joined, and the cool-down does not hold up the new one", func() guard.Item {
			i := cooling(mailed(guard.Item{}, ago(30*time.Second), 8))
			i.Key = "old"
			return i
		}(), guard.Verified, guard.Mail, fresh, 8},
		{"a used code of a replaced key changes nothing", func() guard.Item {
			i := cooling(mailed(guard.Item{}, ago(30*time.Second), 8))
			i.Key, i.Used = "old", ago(30*time.Second).Issued().UnixMilli()
			return i
		}(), guard.Verified, guard.Silent, fresh, 8},
		{"unverified: six mails at once are allowed",
			guard.Item{MailState: guard.MailState{SlowMail: now.Add(150 * time.Minute).UnixMilli()}}, guard.Unverified,
			guard.Mail, fresh, 8},
		{"unverified: a seventh is not", guard.Item{MailState: guard.MailState{SlowMail: now.Add(150*time.Minute +
			time.Millisecond).UnixMilli()}}, guard.Unverified, guard.Silent, fresh, 8},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := policy.Start(tc.item, tc.class, now, fresh)
			if d.Action != tc.action || d.Nonce != tc.nonce || d.Digits != tc.digits || d.Key != "key" {
				t.Errorf("%+v, want action %d, %v, %d digits", d, tc.action, tc.nonce, tc.digits)
			}
			if d.Action == guard.Mail && (d.Claimed.Nonce != d.Nonce.String() ||
				d.Claimed.Next != now.Add(time.Minute).UnixMilli() ||
				d.Claimed.Guess != tc.item.Guess || d.Claimed.SlowMail <= tc.item.SlowMail) {
				t.Errorf("claimed %+v", d.Claimed)
			}
		})
	}
}

// While a user's slow bucket has a mail, at any moment a live code can be joined or a mail is
// allowed, whatever others have started and however often the account's guesses run out: no user
// waits longer than a cool-down.
func TestAUserIsNeverLeftWithoutACode(t *testing.T) {
	for _, ttl := range []time.Duration{time.Minute, 5 * time.Minute, 8 * time.Minute} {
		for _, class := range []guard.Class{guard.Verified, guard.Unverified} {
			for _, hides := range []bool{false, true} {
				neverLeftWithoutACode(t, ttl, class, hides)
			}
		}
	}
}

func neverLeftWithoutACode(t *testing.T, ttl time.Duration, class guard.Class, hides bool) {
	p := policy
	p.CodeTTL, p.HidesMails = ttl, hides
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		item, now := guard.Item{}, start
		for n := range 120 {
			if random.IntN(40) == 0 {
				item.Guess = now.Add(10 * time.Hour).UnixMilli()
			}
			d := p.Start(item, class, now, nonce(now, byte(n)))
			slow, cooling := p.Mails(class)[1], now.UnixMilli() < item.Next
			if d.Unsent && slow.Allows(item.SlowMail, now.UnixMilli()) && !cooling {
				t.Fatalf("TTL %v, after %v: no code to be had; %+v", ttl, now.Sub(start), item)
			}
			if d.Action == guard.Mail || d.Action == guard.Withhold {
				item = d.Claimed
			}
			now = now.Add(time.Duration(random.IntN(90)) * time.Second)
		}
	}
}

// An attacker keeps the slow bucket empty, and spends the account's guesses at the worst moments. A
// mail still lets its owner in, for as long as its code can be joined.
func TestEveryLastMailServesItsOwner(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for n, class := range []guard.Class{guard.Verified, guard.Unverified, guard.Verified, guard.Unverified} {
		policy := policy
		policy.HidesMails = n > 1
		item, now, mails, both := guard.Item{}, start, 0, 0
		for n := range 20_000 {
			now = now.Add(time.Duration(5+random.IntN(60)) * time.Second)
			d := policy.Start(item, class, now, nonce(now, byte(n)))
			if d.Action == guard.Withhold {
				item = d.Claimed
			}
			if d.Action == guard.Mail {
				item = d.Claimed
				if left := policy.Mails(class)[1].Left(item.SlowMail, now.UnixMilli()); item.Fallback != (left == 0 &&
					(d.Digits == 8 || policy.HidesMails)) {
					t.Fatalf("a mail of %d digits with %d mails left: longer code %v", d.Digits, left, item.Fallback)
				}
				mails++
				if item.Fallback {
					both++
				}
			}
			if random.IntN(400) == 0 {
				item.Guess = now.Add(10 * time.Hour).UnixMilli()
			}
			issued, err := otp.ParseNonce(item.Nonce)
			if err != nil || policy.Mails(class)[1].Allows(item.SlowMail, now.UnixMilli()) ||
				now.Sub(issued.Issued()) > guard.Lifetime-policy.CodeTTL {
				continue
			}
			d = policy.Start(item, class, now, nonce(now, 0))
			if d.Unsent || d.Action == guard.Mail || d.Nonce != issued {
				t.Fatalf("%v after the last mail: %+v", now.Sub(issued.Issued()), d)
			}
		}
		if mails < 300 || both < 50 || both > mails-50 && !policy.HidesMails {
			t.Errorf("%d mails, %d of them with both codes: too few to show anything", mails, both)
		}
	}
}

// Where mails are hidden a sign-in goes on as if the slow bucket were full. What it takes is the
// code of the last mail while that fits, and what is mailed is a fresh code as soon as one may be.
func TestWithheldMails(t *testing.T) {
	p, now, fresh := policy, start, nonce(start, 0)
	p.HidesMails = true
	ago := func(d time.Duration) otp.Nonce { return nonce(now.Add(-d), 1) }
	spent, last := now.Add(500*time.Hour).UnixMilli(), ago(2*time.Minute)
	behind := func(i guard.Item, withheld otp.Nonce) guard.Item {
		i.Withheld = guard.Withheld{Nonce: withheld.String(), Digits: 8}
		return i
	}
	cooling := func(i guard.Item) guard.Item { i.Next = now.Add(time.Second).UnixMilli(); return i }
	allowed := mailed(guard.Item{}, ago(40*time.Minute), 8)
	oldKey := lastMail(guard.Item{}, last)
	oldKey.Key = "old"
	for _, tc := range []struct {
		name     string
		item     guard.Item
		action   guard.Action
		nonce    otp.Nonce
		digits   int
		unsent   bool
		withheld otp.Nonce // after the claim; the zero nonce for none
	}{
		{"no mail left", guard.Item{MailState: guard.MailState{SlowMail: spent}}, guard.Withhold, fresh, 8, true, fresh},
		{"the last mail's code would be mailed again", lastMail(guard.Item{}, last), guard.Withhold, last, 8, false,
			otp.Nonce{}},
		{"it would not outlive the next mail, and is taken all the same", lastMail(guard.Item{}, ago(4*time.Minute+time.Second)),
			guard.Withhold, ago(4*time.Minute + time.Second), 8, false, fresh},
		{"its longer code serves where guesses are spent", lastMail(guard.Item{Guess: spent}, last), guard.Withhold, last, 20,
			false, fresh},
		{"and within the cool-down", cooling(lastMail(guard.Item{Guess: spent}, last)), guard.Silent, last, 20, false,
			otp.Nonce{}},
		{"the last mail's code is of a replaced key", oldKey, guard.Withhold, fresh, 8, true, fresh},
		{"a withheld code is joined by the last mail's", cooling(behind(lastMail(guard.Item{}, last), ago(time.Minute))),
			guard.Join, last, 8, false, otp.Nonce{}},
		{"or by none", cooling(behind(lastMail(guard.Item{}, ago(6*time.Minute)), ago(time.Minute))), guard.Join,
			ago(time.Minute), 8, true, otp.Nonce{}},
		{"a mail may be sent where a withheld code is joined", cooling(behind(allowed, ago(4*time.Minute))), guard.Mail, fresh,
			8, false, ago(4 * time.Minute)},
		{"or would be mailed again", behind(allowed, last), guard.Mail, fresh, 8, false, last},
		{"or would be too old for that", behind(allowed, ago(5*time.Minute)), guard.Mail, fresh, 8, false, otp.Nonce{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := p.Start(tc.item, guard.Verified, now, fresh)
			if d.Action != tc.action || d.Nonce != tc.nonce || d.Digits != tc.digits || d.Unsent != tc.unsent {
				t.Errorf("%+v, want action %d, %v, %d digits, unsent %v", d, tc.action, tc.nonce, tc.digits, tc.unsent)
			}
			after, withheld := d.Claimed, ""
			if tc.withheld != (otp.Nonce{}) {
				withheld = tc.withheld.String()
			}
			isJoin := tc.item.Next > now.UnixMilli()
			switch {
			case d.Action == guard.Join || d.Action == guard.Silent:
			case after.Key == p.Key && tc.item.Key != p.Key && after.Nonce != "":
				t.Errorf("the former key's code would count as the new one's: %+v", after)
			case after.Withheld.Nonce != withheld, d.Action == guard.Mail != (after.SlowMail > tc.item.SlowMail),
				d.Action == guard.Mail && after.Nonce != fresh.String(), isJoin != (after.Next == tc.item.Next),
				isJoin != (after.Mail == tc.item.Mail):
				t.Errorf("claimed %+v", after)
			}
		})
	}
}

// An attacker keeps the slow bucket empty by starts at any pace and spends the guesses at any
// moment. An owner who begins a sign-in every 30 seconds has a mailed code within half an hour.
func TestAnOwnerWaitsHalfAnHourAtMostWhateverTheAttackersPace(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pace := func() time.Duration { return time.Duration(20+random.IntN(420)) * time.Second }
	for trial := range 120 {
		p, item, now, starts, visits := policy, guard.Item{}, start, 0, 0
		p.HidesMails = trial%2 == 0
		slow := p.Mails(guard.Verified)[1]
		item.SlowMail = now.UnixMilli() + slow.Slack() + slow.Interval()
		begin := func() guard.Decision {
			starts++
			d := p.Start(item, guard.Verified, now, nonce(now, byte(starts)))
			if d.Action == guard.Mail || d.Action == guard.Withhold {
				item = d.Claimed
			}
			return d
		}
		every, isSteady, spends, next := pace(), random.IntN(3) > 0, 1+random.IntN(400), now
		for came := (time.Time{}); now.Before(start.Add(24 * time.Hour)); now = now.Add(10 * time.Second) {
			if !now.Before(next) {
				if begin(); !isSteady {
					every = pace()
				}
				next = now.Add(every)
				for random.IntN(spends) == 0 && p.Guesses.Allows(item.Guess, now.UnixMilli()) {
					item.Guess = p.Guesses.Spend(item.Guess, now.UnixMilli())
				}
			}
			switch {
			case came.IsZero() && random.IntN(700) == 0:
				came = now
			case came.IsZero() || now.Sub(came)%(30*time.Second) != 0:
			case !begin().Unsent:
				came = time.Time{}
				visits++
			case now.Sub(came) > 30*time.Minute:
				t.Fatalf("trial %d: no code %v after the owner came; %+v", trial, now.Sub(came), item)
			}
		}
		if visits < 2 {
			t.Errorf("trial %d: %d visits are too few to show anything", trial, visits)
		}
	}
}

func TestResendAndAgain(t *testing.T) {
	now, fresh, own := start, nonce(start, 0), nonce(start.Add(-2*time.Minute), 1)
	other := nonce(start.Add(-time.Minute), 2)
	session := guard.Session{Nonce: own, Digits: 8, Key: "key", Expires: own.Issued().Add(policy.CodeTTL)}
	long, replaced := session, session
	long.Digits, replaced.Key = 20, "old"
	unsent := session
	unsent.Unsent = true
	expired := session
	expired.Expires = now
	// The expiry that a sign-in was shown may be later than its code's own end.
	old := session
	old.Nonce, old.Expires = nonce(now.Add(-guard.Lifetime), 1), now.Add(time.Minute)
	spent := now.Add(500 * time.Hour).UnixMilli()
	cooling := func(i guard.Item) guard.Item { i.Next = now.Add(time.Second).UnixMilli(); return i }
	for _, tc := range []struct {
		name   string
		decide func(guard.Item, guard.Class, time.Time, otp.Nonce, guard.Session) guard.Decision
		item   guard.Item
		own    guard.Session
		action guard.Action
		nonce  otp.Nonce
		digits int
	}{
		{"a resend mails the live code", policy.Resend, mailed(guard.Item{}, own, 8), session, guard.Mail, own, 8},
		{"a resend within the cool-down keeps the own code", policy.Resend, cooling(mailed(guard.Item{}, own, 8)), session,
			guard.Keep, own, 8},
		{"a stranger's newer code is not forced on it", policy.Resend, cooling(mailed(guard.Item{}, other, 8)), session,
			guard.Keep, own, 8},
		{"an expired own code gives way to a live one", policy.Resend, cooling(mailed(guard.Item{}, other, 8)), expired,
			guard.Join, other, 8},
		{"so does one at the end of its life", policy.Resend, cooling(mailed(guard.Item{}, other, 8)), old, guard.Join, other,
			8},
		{"a code that was never mailed gives way to a live one", policy.Resend, cooling(mailed(guard.Item{}, other, 8)),
			unsent, guard.Join, other, 8},
		{"one of another length is, which shows", policy.Resend,
			cooling(mailed(guard.Item{Guess: now.Add(8 * time.Hour).UnixMilli()}, other, 20)), session, guard.Join, other, 20},
		{"a resend out of mails keeps the own code", policy.Resend, guard.Item{MailState: guard.MailState{Mail: spent}},
			session, guard.Keep, own, 8},
		{"a wrong answer keeps the code", policy.Again, mailed(guard.Item{}, other, 8), session, guard.Keep, own, 8},
		{"out of guesses a wrong answer moves to a long code", policy.Again, guard.Item{Guess: spent}, session, guard.Mail,
			fresh, 20},
		{"or joins a long one", policy.Again, cooling(mailed(guard.Item{Guess: spent}, other, 20)), session, guard.Join,
			other, 20},
		{"or takes the longer code of the last mail", policy.Again, lastMail(guard.Item{Guess: spent}, own), session,
			guard.Join, own, 20},
		{"or waits for the cool-down", policy.Again, cooling(mailed(guard.Item{Guess: spent}, own, 8)), session, guard.Keep,
			own, 8},
		{"a wrong answer to a code of a replaced key moves to a new code", policy.Again, mailed(guard.Item{}, other, 8),
			replaced, guard.Mail, other, 8},
		{"or joins one", policy.Again, cooling(mailed(guard.Item{}, other, 8)), replaced, guard.Join, other, 8},
		{"or waits with the old one", policy.Again, guard.Item{MailState: guard.MailState{SlowMail: spent}}, replaced,
			guard.Keep, own, 8},
		{"a resend for a code of a replaced key joins", policy.Resend, cooling(mailed(guard.Item{}, other, 8)), replaced,
			guard.Join, other, 8},
		{"a long code stays whatever the guesses", policy.Again, guard.Item{Guess: spent}, long, guard.Keep, own, 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			item := tc.item
			if !strings.Contains(tc.name, "cool-down") && item.Next > 0 && tc.action == guard.Mail {
				item.Next = 0
			}
			d := tc.decide(item, guard.Verified, now, fresh, tc.own)
			if d.Action != tc.action || d.Nonce != tc.nonce || d.Digits != tc.digits {
				t.Errorf("%+v, want action %d, %v, %d digits", d, tc.action, tc.nonce, tc.digits)
			}
		})
	}
}

func TestKeysNameNoUserAndNeverMeet(t *testing.T) {
	keys := map[string]string{}
	for name, key := range map[string]string{
		"user":        guard.Key("pool", "user@example.com"),
		"other user":  guard.Key("pool", "user@example.co"),
		"other pool":  guard.Key("pooluser@", "example.com"),
		"unknown":     guard.UnknownKey("pool", "user@example.com", false),
		"resend":      guard.ResendKey("pool", "user@example.com"),
		"quota":       guard.QuotaKey(guard.DecoyMails, "pool", start),
		"other quota": guard.QuotaKey(guard.ProvenMails, "pool", start),
		"other day":   guard.QuotaKey(guard.ProvenMails, "pool", start.AddDate(0, 0, 1)),
	} {
		if strings.Contains(key, "example") || len(key) != 43 {
			t.Errorf("%s: key %q", name, key)
		}
		if twin, met := keys[key]; met {
			t.Errorf("%s and %s share a key", name, twin)
		}
		keys[key] = name
	}
}

func TestUnknownNamesShareAnItemWhereThePoolTakesThemForOne(t *testing.T) {
	for _, c := range []struct {
		a, b          string
		caseSensitive bool
		same          bool
	}{
		{"User@Example.COM", "user@example.com", false, true},
		{"User@Example.COM", "user@example.com", true, false},
		{"user@example.com ", "user@example.com", false, false},
		{" user@example.com", "user@example.com", false, false},
		{"İ@example.com", "i@example.com", false, false},
		{"É@example.com", "é@example.com", false, false},
	} {
		same := guard.UnknownKey("pool", c.a, c.caseSensitive) == guard.UnknownKey("pool", c.b, c.caseSensitive)
		if same != c.same {
			t.Errorf("%q and %q, case-sensitive %v: one item is %v", c.a, c.b, c.caseSensitive, same)
		}
	}
}
