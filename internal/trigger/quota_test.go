package trigger_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

// other returns another user than known.
func other(n int) user {
	name := fmt.Sprintf("other%d", n)
	u := known().with("sub", name).with("email", name+"@example.com")
	u.name = name
	return u
}

// counted returns the counters of one of the pool's quotas.
func (w *world) counters(k guard.Kind) guard.Counters {
	return w.store.Counters()[guard.QuotaKey(k, pool, w.clock)]
}

func TestARefusalForQuotaLooksSentAndIsCountedByKind(t *testing.T) {
	for _, tc := range []struct {
		name   string
		user   func(int) user
		limit  func(*settings.Settings)
		metric settings.Metric
	}{
		{"verified", other, func(s *settings.Settings) { s.PoolMailsVerified = 2 }, settings.PoolMailsRefusedVerified},
		{"unverified, by the hour", func(n int) user { return other(n).with("email_verified", "false") },
			func(s *settings.Settings) { s.PoolMailsUnverified = 2 }, settings.PoolMailsRefusedUnverified},
		{"unverified, by the day", func(n int) user { return other(n).with("email_verified", "false") },
			func(s *settings.Settings) { s.PoolMailsUnverifiedDay = 2 }, settings.PoolMailsRefusedUnverified},
		{"unknown", func(n int) user { return stranger(fmt.Sprintf("nobody%d@example.com", n)) },
			func(s *settings.Settings) { s.PoolMailsUnknown = 2 }, settings.PoolMailsRefusedUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, settings.Passwordless)
			tc.limit(&w.settings)
			var before *signIn
			for n := range 3 {
				w.log.Reset()
				w.reset()
				s := w.start(tc.user(n)).want("").reason("sent")
				if before != nil && fmt.Sprint(s.public) != fmt.Sprint(before.public) {
					t.Errorf("start %d is shown %v, the one before %v", n+1, s.public, before.public)
				}
				if w.counted("Claim")*w.counted("CountQuota") != 1 || w.counted("Release")+w.counted("ReturnQuota") != 0 {
					t.Errorf("start %d: calls %v", n+1, w.calls)
				}
				if n == 2 {
					w.logHas(fmt.Sprintf("%q:1", tc.metric), `"PoolMailsRefused":1`)
				} else {
					w.logLacks("PoolMailsRefused")
				}
				before = s
			}
			toPeople := 0
			for _, m := range w.sent {
				if m.Decoy != (m.To == trigger.Simulator) {
					t.Errorf("decoy %v to %s", m.Decoy, m.To)
				}
				if !m.Decoy {
					toPeople++
				}
			}
			if tc.name != "unknown" && (toPeople != 2 || len(w.sent) != 3) || tc.name == "unknown" && len(w.sent) != 2 {
				t.Errorf("%d mails, %d to people", len(w.sent), toPeople)
			}
			// The account's own budget is spent as a mail would.
			if i := w.store.Items()[guard.Key(pool, "other2")]; tc.name != "unknown" && i.SlowMail == 0 {
				t.Errorf("item %+v", i)
			}
		})
	}
}

func TestAPasswordSignInThatTheQuotaRefusedIsMailedOnceThereIsRoom(t *testing.T) {
	w := newWorld(t, settings.Password)
	w.settings.PoolMailsVerified = 1
	w.start(other(1))
	s := w.start(known()).want("").reason("sent")
	if len(w.mails) != 1 || w.item() != (guard.Item{}) {
		t.Fatalf("%d mails, item %+v", len(w.mails), w.item())
	}
	w.pass(time.Hour)
	s.resend().reason("resent").answer(w.latest()).want("tokens")
}

// Of parallel starts of one account one is mailed, and no other one keeps a mail of the quota.
func TestParallelStartsOfOneAccountCountOnce(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() { w.start(known()) })
	}
	wait.Wait()
	sum := 0
	for _, n := range w.counters(guard.ProvenMails) {
		sum += n
	}
	if sum != 1 || len(w.mailbox(person)) != 1 {
		t.Errorf("%d counted, %d mails", sum, len(w.mailbox(person)))
	}
	if c := w.counters(guard.DecoyMails); c["h09"] != 19 {
		t.Errorf("decoys %v", c)
	}
}

func TestALostClaimIsPlannedAnewAndReturnsItsCount(t *testing.T) {
	for name, u := range map[string]user{"known": known(), "unknown": stranger("nobody@example.com")} {
		w := newWorld(t, settings.Passwordless)
		w.store.beforeClaim = func() { w.start(u) }
		w.start(u).want("").reason("sent")
		if got := w.counted("CountQuota") - w.counted("ReturnQuota"); got != 2 || w.counted("ReturnQuota") != 1 {
			t.Errorf("%s: %v", name, w.calls)
		}
	}
}

func TestARightAnswerReturnsItsMailToTheFastBucketAlone(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	for n := range 48 {
		s := w.start(known())
		if len(w.mailbox(person)) != n+1 {
			t.Fatalf("sign-in %d got no mail", n+1)
		}
		s.answer(w.latest()).want("tokens")
		w.pass(time.Second)
	}
	if i := w.item(); i.Mail > w.clock.UnixMilli() || i.Next != 0 {
		t.Errorf("item %+v", i)
	}
	w.start(known()).want("")
	if n := len(w.mailbox(person)); n != 48 {
		t.Errorf("%d mails at once", n)
	}
}

func TestAnAccountThatHasJustProvenItsAddressHasHalfTheQuota(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(known().with("email_verified", "false"))
	s.answer(w.latest()).want("tokens")
	if w.item().Proven != w.clock.UnixMilli() {
		t.Fatalf("item %+v", w.item())
	}
	w.pass(time.Hour)
	w.start(known()).answer(w.latest()).want("tokens")
	if c := w.counters(guard.ProvenMails); c["o10"] != 1 || c["h10"] != 0 {
		t.Errorf("counters %v", c)
	}
	w.pass(8 * 24 * time.Hour)
	w.start(known()).answer(w.latest()).want("tokens")
	if c := w.counters(guard.ProvenMails); c["o10"] != 0 || c["h10"] != 1 {
		t.Errorf("counters %v", c)
	}
	// A verified account's first answer is no proof.
	w.start(other(1)).answer(w.mailbox("other1@example.com")[0]).want("tokens")
	if i := w.store.Items()[guard.Key(pool, "other1")]; i.Proven != 0 {
		t.Errorf("item %+v", i)
	}
}

func TestSignUpRefusesByFormatAlone(t *testing.T) {
	for _, tc := range []struct {
		address string
		domains []string
		refused string
	}{
		{"user@example.com", nil, ""},
		{"user@example.com", []string{"example.com"}, ""},
		{"User@EXAMPLE.com", []string{"example.org", "example.com"}, ""},
		{"user@mail.example.com", []string{"example.com"}, ""},
		{"user@badexample.com", []string{"example.com"}, "domain-not-allowed"},
		{"user@example.com.example.org", []string{"example.com"}, "domain-not-allowed"},
		{"user@com", []string{"com"}, "address-unmailable"},
		{"a..b@example.com", nil, "address-unmailable"},
		{"usér@example.com", nil, "address-unmailable"},
		{strings.Repeat("a", 65) + "@example.com", nil, "address-unmailable"},
		{"", nil, "address-unmailable"},
		{"bounce+1@Simulator.amazonSES.com", nil, "address-unmailable"},
	} {
		w := newWorld(t, settings.Passwordless)
		w.settings.AllowedSignUpDomains = tc.domains
		s := &signIn{w: w, user: user{"name", map[string]any{"email": tc.address}, false}}
		out, err := w.invoke(settings.PreSignUp, s.event("PreSignUp_SignUp", map[string]any{}))
		if tc.refused == "" && (err != nil || out["autoConfirmUser"] != true) {
			t.Errorf("%s of %v: %v, %v", tc.address, tc.domains, out, err)
		}
		if tc.refused != "" {
			if err == nil || err.Error() != trigger.RefusedSignUp.Error() {
				t.Errorf("%s of %v: %v, %v", tc.address, tc.domains, out, err)
			}
			w.logHas(tc.refused, `"SignUpsRefused":1`)
			w.logLacks("@", "Faults")
		}
		out, err = w.invoke(settings.PreSignUp, s.event("PreSignUp_AdminCreateUser", map[string]any{}))
		if err != nil || out["autoConfirmUser"] != false {
			t.Errorf("%s of %v by an administrator: %v, %v", tc.address, tc.domains, out, err)
		}
	}
}

func TestAnAddressThatCantBeMailedHasALogReasonAndAMetric(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.start(known().with("email", "a..b@example.com")).want("").reason("sent")
	w.logHas(`"reason":"address-unmailable"`, `"AddressesUnmailable":1`)
	w.logLacks("@")
	w.log.Reset()
	w.start(stranger("nobody@example.com"))
	w.logLacks("unmailable", "AddressesUnmailable")
}

// Accounts that answer their own mail as fast as they can do not stop the mails of owners, whether
// they are established or proved their addresses an hour ago.
func TestAFloodThatAnswersItsOwnMailStopsNoOwnersMail(t *testing.T) {
	simulates(t)
	for _, fresh := range []bool{false, true} {
		w := newWorld(t, settings.Passwordless)
		w.settings.PoolMailsVerified = 160
		for step := range 45 {
			for n := range 10 {
				attacker := other(n)
				if step == 0 && fresh {
					w.store.Put(guard.Key(pool, attacker.name), guard.Item{Proven: w.clock.Add(-time.Hour).UnixMilli()})
				}
				before := len(w.mailbox(attacker.name + "@example.com"))
				s := w.start(attacker)
				if codes := w.mailbox(attacker.name + "@example.com"); len(codes) > before {
					s.answer(codes[before]).want("tokens")
				}
			}
			owner := other(1000 + step)
			s := w.start(owner).want("").reason("sent")
			if codes := w.mailbox(owner.name + "@example.com"); len(codes) != 1 {
				t.Fatalf("owner %d got no mail; counters %v", step, w.counters(guard.ProvenMails))
			} else {
				s.answer(codes[0]).want("tokens")
			}
			w.pass(40 * time.Second)
		}
		if toPeople := len(w.mails) - len(w.mailbox(trigger.Simulator)); toPeople > 160 {
			t.Errorf("%d mails", toPeople)
		}
	}
}

// TestAnUnprovenAddressWithoutMailsLeftLooksLikeAnUnknownName: the sign-in moves to a long code for
// both when the guesses run out, although only the unknown name has mails left, and for both after
// the cool-down alone. After five starts the sign-in has the unproven address's last mail, and
// moves to the longer code in that.
func TestAnUnprovenAddressWithoutMailsLeftLooksLikeAnUnknownName(t *testing.T) {
	for _, starts := range []int{5, 8} {
		for _, wait := range []time.Duration{time.Second, guard.Cooldown + time.Second} {
			for name, act := range map[string]func(*signIn){
				"answer": func(s *signIn) { s.answer("00000000") }, "resend": func(s *signIn) { s.resend() }} {
				t.Run(fmt.Sprint(starts, " starts, ", name, " after ", wait), func(t *testing.T) {
					outOfMailsLooksUnknown(t, starts, wait, act)
				})
			}
		}
	}
}

func outOfMailsLooksUnknown(t *testing.T, starts int, wait time.Duration, act func(*signIn)) {
	seen := map[string]string{}
	for name, u := range map[string]user{"unproven": known().with("email_verified", "false"),
		"proven": known(), "unknown": stranger("nobody@example.com")} {
		w := newWorld(t, settings.Passwordless)
		// The slow bucket of an unproven address has 6 mails, the others' 48.
		for range starts {
			w.start(u)
			w.pass(guard.Cooldown + time.Second)
		}
		w.pass(10 * time.Minute)
		held := w.start(u)
		if both := w.longer() != ""; both != (name == "unproven" && starts == 5) {
			t.Errorf("%s: the newest mail has a longer code beside the short one: %v", name, both)
		}
		for n := 0; n < w.settings.GuessBurst; n++ {
			s := w.start(u)
			for s.ended == "" && n < w.settings.GuessBurst {
				s.answer("00000000")
				n++
			}
			n--
		}
		w.pass(wait)
		w.reset()
		act(held)
		seen[name] = fmt.Sprint(held.public, w.counted("SendEmail"), w.counted("Claim"), w.counted("GenerateMac"))
		w.pass(guard.Cooldown + time.Second)
		w.reset()
		next := w.start(u)
		seen[name] += fmt.Sprint(next.public, w.counted("SendEmail"), w.counted("Claim"), w.counted("GenerateMac"))
	}
	if seen["unproven"] != seen["unknown"] || seen["proven"] != seen["unknown"] {
		t.Errorf("differ: %v", seen)
	}
}

func TestABounceOfAProvenAddressTakesNothingFromTheQuotaForOthers(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(known().with("email_verified", "false"))
	s.answer(w.latest()).want("tokens")
	w.pass(time.Hour)
	if err := w.receive(mailEvent(t, w, "bounce-permanent")); err != nil {
		t.Fatal(err)
	}
	w.logHas("permanent-bounce")
	if c := w.counters(guard.UnprovenMails); c[guard.BounceCounter] != 0 {
		t.Errorf("counters %v", c)
	}
}
