package trigger_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

var modes = settings.Modes()

func eachMode(t *testing.T, f func(t *testing.T, w *world)) {
	for _, m := range modes {
		t.Run(string(m), func(t *testing.T) { f(t, newWorld(t, m)) })
	}
}

func TestARightCodeSignsIn(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.start(known()).want("").reason("sent").answer(w.latest()).want("tokens")
		if n := len(w.mailbox(person)); n != 1 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestWrongCodesEndTheSignInAfterItsAttempts(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		s := w.start(known())
		for left := 2; left > 0; left-- {
			s.answer(wrong(w.latest())).want("").reason("wrong-code")
			if got := s.public["attemptsLeft"]; got != []string{"", "1", "2"}[left] {
				t.Errorf("attemptsLeft %v, want %d", got, left)
			}
		}
		s.answer(wrong(w.latest())).want("failed")
		if n := len(w.mailbox(person)); n != 1 {
			t.Errorf("%d mails", n)
		}
	})
}

func TestTheSameCodeStaysRightAfterAWrongAnswer(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.start(known()).answer(wrong(w.latest())).answer(w.latest()).want("tokens")
}

func TestAnExpiredCodeIsNotComparedAndAResendMailsAnother(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		s := w.start(known())
		code := w.latest()
		w.pass(w.settings.CodeTTL)
		w.reset()
		s.answer(code).want("").reason("expired")
		if w.counted("SpendGuess")+w.counted("VerifyMac") != 0 {
			t.Error("an expired answer was spent or compared")
		}
		s.resend().want("").reason("resent")
		s.answer(w.latest()).want("tokens")
	})
}

func TestACodeIsUsedUpOnceInWhicheverSignInItWasRight(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	first, second := w.start(known()), w.start(known())
	code := w.latest()
	if len(w.mailbox(person)) != 1 {
		t.Fatal("the second sign-in did not join the first one's code")
	}
	second.answer(code).want("tokens")
	first.answer(code).want("").reason("wrong-code")
	// The owner's next sign-in gets a fresh code at once: a right answer ended the cool-down.
	third := w.start(known())
	if w.latest() == code {
		t.Fatal("a used code was mailed again")
	}
	third.answer(w.latest()).want("tokens")
}

func TestAnOlderCodeDiesWithANewerOnesUse(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	old := w.start(known())
	oldCode := w.latest()
	w.pass(4*time.Minute + 59*time.Second)
	w.change(func(i *guard.Item) { i.Nonce = "" })
	w.start(known()).answer(w.latest()).want("tokens")
	old.answer(oldCode).want("").reason("wrong-code")
}

func TestARepeatedVerifyOfARightAnswerStaysRightAndRefundsOnce(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(known())
	code := w.latest()
	for range 3 {
		if right, err := s.verify(code, nil); !right || err != nil {
			t.Fatalf("%v, %v", right, err)
		}
	}
	// Three spends, one refund: a replay costs guesses, it never gains any.
	if left := (guard.Bucket{Burst: 10, Refill: time.Hour}).Left(w.item().Guess, w.clock.UnixMilli()); left != 8 {
		t.Errorf("%d guesses left, want 8", left)
	}
}

func TestCountsBeforeItCompares(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(known())
	w.reset()
	s.verify(wrong(w.latest()), nil)
	if want := []string{"SpendGuess", "VerifyMac"}; !slices.Equal(w.calls, want) {
		t.Errorf("calls %v, want %v", w.calls, want)
	}
	w.store.fail["SpendGuess"] = errors.New("down")
	w.reset()
	if _, err := s.verify(w.latest(), nil); err == nil || w.counted("VerifyMac") != 0 {
		t.Errorf("compared without counting: %v, %v", w.calls, err)
	}
}

func TestGuessesRunOutAndALongCodeTakesOver(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		guesses := func() (n int) {
			w.reset()
			for range 20 {
				s := w.start(known())
				for s.ended == "" && s.public["codeLength"] == "8" {
					s.answer("00000000")
				}
				w.pass(time.Second)
			}
			return w.counted("VerifyMac")
		}
		if n := guesses(); n > 10 {
			t.Fatalf("%d guesses were compared, the budget is 10", n)
		}
		w.pass(guard.Lifetime)
		owner := w.start(known())
		if len(w.latest()) != 20 || owner.public["codeLength"] != "20" {
			t.Fatalf("the owner got a code of %d digits", len(w.latest()))
		}
		owner.answer(w.latest()).want("tokens")
		if w.item().Failures != 0 {
			t.Error("a proven long code did not end the run of failures")
		}
	})
}

func TestASignInWithAShortCodeMovesToALongOneWhenGuessesRunOut(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	owner := w.start(known())
	code := w.latest()
	w.change(func(i *guard.Item) { i.Guess = w.clock.Add(10 * time.Hour).UnixMilli() })
	w.pass(guard.Cooldown)
	owner.answer(code).want("").reason("new-code")
	if owner.public["codeLength"] != "20" || len(w.latest()) != 20 {
		t.Fatalf("public %v, mailed %d digits", owner.public, len(w.latest()))
	}
	owner.answer(w.latest()).want("tokens")
}

// TestTheLastMailServesAfterTheGuessesAreSpent: no further mail is allowed for half an hour, so the
// mail has a longer code, in this sign-in and in a new one.
func TestTheLastMailServesAfterTheGuessesAreSpent(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		last := func(i *guard.Item) { i.SlowMail = w.clock.Add(47 * 30 * time.Minute).UnixMilli() }
		w.change(last)
		owner := w.start(known())
		code, longer := w.latest(), w.longer()
		if len(code) != 8 || len(longer) != 20 || owner.public["codeLength"] != "8" {
			t.Fatalf("mailed %q and %q, public %v", code, longer, owner.public)
		}
		w.change(func(i *guard.Item) { i.Guess = w.clock.Add(10 * time.Hour).UnixMilli() })
		w.pass(2 * guard.Cooldown)
		owner.answer(code).want("").reason("new-code")
		late := w.start(known())
		if owner.public["codeLength"] != "20" || late.public["codeLength"] != "20" || len(w.mailbox(person)) != 1 {
			t.Fatalf("%v, %v, %d mails", owner.public, late.public, len(w.mailbox(person)))
		}
		late.answer(longer).want("tokens")
		owner.answer(longer).want("") // it was used
		w.logLacks(longer)
	})
}

// Guesses come back just after the last mail, which was due a long code, and a code that was never
// mailed has taken its place since. An attacker can time that.
func TestTheLastMailServesAfterGuessesCameBack(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.change(func(i *guard.Item) {
		i.SlowMail, i.Guess = w.clock.Add(47*30*time.Minute).UnixMilli(), w.clock.Add(7*time.Hour+time.Second).UnixMilli()
	})
	w.start(known())
	code, longer := w.latest(), w.longer()
	if len(code) != 8 || len(longer) != 20 {
		t.Fatalf("mailed %q and %q", code, longer)
	}
	w.pass(guard.Lifetime - w.settings.CodeTTL - 10*time.Second)
	w.start(known())
	s := w.start(known())
	if s.public["codeLength"] != "8" || len(w.mailbox(person)) != 1 {
		t.Fatalf("public %v, %d mails", s.public, len(w.mailbox(person)))
	}
	s.answer(code).want("tokens")
}

// A sign-in whose code was never mailed keeps it after a wrong answer, within its cool-down and
// after that. A resend moves it to the code that was mailed since.
func TestASignInWithoutAMailGetsTheNextOnesCodeByAResend(t *testing.T) {
	for _, until := range []time.Duration{0, guard.Cooldown} {
		w := newWorld(t, settings.Passwordless)
		w.change(func(i *guard.Item) { i.SlowMail = w.clock.Add(47*30*time.Minute + 90*time.Second).UnixMilli() })
		s := w.start(known())
		w.start(known())
		w.logLacks("CodesJoined") // there is none to join
		w.logHas("user-mail-budget")
		w.pass(until)
		s.answer("00000001").want("").reason("wrong-code")
		w.pass(100*time.Second - until)
		w.start(known())
		s.resend().want("").answer(w.latest()).want("tokens")
	}
}

// A sign-in without mails left seems to get new ones, and its code lives no longer for that. Past
// ten minutes it is compared and wrong, as the code of an unknown name is.
func TestACodeLivesTenMinutesHoweverOftenItSeemsToBeMailed(t *testing.T) {
	for after, want := range map[time.Duration]string{guard.Lifetime - time.Second: "tokens", guard.Lifetime: ""} {
		w := newWorld(t, settings.Passwordless)
		w.change(func(i *guard.Item) { i.SlowMail = w.clock.Add(47 * 30 * time.Minute).UnixMilli() })
		s, began := w.start(known()), w.clock
		for range 2 {
			w.pass(4*time.Minute + 50*time.Second)
			s.resend().want("").reason("resent")
		}
		w.clock = began.Add(after)
		w.reset()
		s.answer(w.latest()).want(want)
		if len(w.mailbox(person)) != 1 || w.counted("SpendGuess") != 1 || w.counted("VerifyMac") != 1 {
			t.Errorf("after %v: %d mails, calls %v", after, len(w.mailbox(person)), w.calls)
		}
	}
}

func TestOneMailForOneSignInHoweverOftenCognitoRepeatsTheCall(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		var wait sync.WaitGroup
		publics := make([]*signIn, 8)
		for i := range publics {
			wait.Go(func() { publics[i] = w.start(known()) })
		}
		wait.Wait()
		if n := len(w.mailbox(person)); n != 1 {
			t.Fatalf("%d mails for one sign-in", n)
		}
		for _, s := range publics[1:] {
			s.want("").reason("sent")
		}
		publics[3].answer(w.latest()).want("tokens")
	})
}

func TestACallThatDiedBetweenClaimAndMailIsHealedByAResend(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.sendHook = func() { panic("the process is killed") }
	w.start(known()).want("error")
	w.sendHook = nil
	s := w.start(known()).want("")
	if len(w.mailbox(person)) != 0 {
		t.Fatal("a mail within the cool-down")
	}
	w.pass(guard.Cooldown)
	s.resend().reason("resent").answer(w.latest()).want("tokens")
}

func TestALostAnswerToTheClaimStillMailsOnce(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.store.lostClaim = errLostRace
	w.start(known()).want("").answer(w.latest()).want("tokens")
	if len(w.mailbox(person)) != 1 {
		t.Errorf("%d mails", len(w.mailbox(person)))
	}
}

func TestAMailThatWasNotSentIsNotCountedAsSent(t *testing.T) {
	for name, fault := range map[string]func(*world){
		"the mail service is down": func(w *world) { w.sendErr = errors.New("503") },
		"the key is down":          func(w *world) { w.keyErr = errors.New("denied") },
		"the quota is down":        func(w *world) { w.store.fail["CountQuota"] = errors.New("throttled") },
		"the claim's answer is lost": func(w *world) {
			w.store.lostClaim = errors.New("timeout")
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachMode(t, func(t *testing.T, w *world) {
				fault(w)
				s := w.start(known()).want("error")
				if s.err.Error() != trigger.RefusedUnavailable.Error() {
					t.Errorf("the client is shown %q", s.err)
				}
				if i := w.item(); i != (guard.Item{}) {
					t.Errorf("something was left half done: %+v", i)
				}
				if !contains(w.log.String(), `"Faults":1`) {
					t.Errorf("no metric: %s", w.log.String())
				}
				w.sendErr, w.keyErr, w.store.fail, w.store.lostClaim = nil, nil, map[string]error{}, nil
				w.start(known()).want("").answer(w.latest()).want("tokens")
			})
		})
	}
}

func TestAnUncertainMailCountsAsSentAndARefusedRecipientLooksLikeASentMail(t *testing.T) {
	for _, tc := range []struct {
		err    error
		metric string
	}{{trigger.ErrUncertain, `"MailsUncertain":1`}, {trigger.ErrRecipient, `"RecipientsRefused":1`}} {
		eachMode(t, func(t *testing.T, w *world) {
			usual := w.start(known()).public
			w = newWorld(t, w.settings.Mode)
			w.sendErr = tc.err
			s := w.start(known()).want("").reason("sent")
			for k, v := range usual {
				if s.public[k] != v {
					t.Errorf("%s: %v, usually %v", k, s.public[k], v)
				}
			}
			if w.item().Next == 0 {
				t.Errorf("%v: item %+v", tc.err, w.item())
			}
			w.logHas(tc.metric)
			w.logLacks("CodesSent", `"mailed"`)
		})
	}
}

func TestResend(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		s := w.start(known())
		code := w.latest()
		s.resend().want("").reason("resend-too-soon")
		if s.public["attemptsLeft"] != "3" || s.public["resendsLeft"] != "1" {
			t.Errorf("public %v", s.public)
		}
		if want := "2026-11-05T09:06:03Z"; s.public["resendAvailableAt"] != want {
			t.Errorf("resendAvailableAt %v, want %s", s.public["resendAvailableAt"], want)
		}
		w.pass(guard.Cooldown)
		s.resend().want("").reason("resent")
		if codes := w.mailbox(person); len(codes) != 2 || codes[1] != code {
			t.Fatalf("a resend mails the same code while it can be joined: %d mails", len(codes))
		}
		// A third resend is an answer.
		s.resend().want("").reason("wrong-code")
		if s.public["attemptsLeft"] != "2" || s.public["resendsLeft"] != "0" {
			t.Errorf("public %v", s.public)
		}
		s.answer(code).want("tokens")
	})
}

func TestAResendIsNeverCompared(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(known())
	w.reset()
	right, err := s.verify(w.latest(), map[string]any{"action": "resend"})
	if right || err != nil || w.counted("VerifyMac") != 0 || w.counted("SpendGuess") != 0 {
		t.Errorf("%v, %v, %v", right, err, w.calls)
	}
}

func TestAMailFloodEndsAndTheOwnerStillGetsIn(t *testing.T) {
	simulates(t)
	eachMode(t, func(t *testing.T, w *world) {
		start := w.clock
		for w.clock.Before(start.Add(24 * time.Hour)) {
			w.start(known())
			w.pass(guard.Cooldown)
		}
		if n := len(w.mailbox(person)); n > 96 {
			t.Errorf("%d mails in a day, the budget is 96", n)
		}
	})
	w := newWorld(t, settings.Passwordless)
	for range 60 {
		w.start(known())
		w.pass(20 * time.Second)
	}
	w.start(known()).answer(w.latest()).want("tokens")
}

func TestAChangeOfAddressKillsTheCode(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	s := w.start(known())
	s.user = known().with("email", "other@example.com")
	s.answer(w.latest()).want("").reason("wrong-code")
}

func TestNoCodeAndNoAddressIsLoggedOrLeftBehind(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		s := w.start(known())
		s.answer(wrong(w.latest())).resend()
		w.pass(time.Minute)
		s.resend().answer(w.latest()).want("tokens")
		code := w.latest()
		var left strings.Builder
		left.WriteString(w.log.String())
		for k, i := range w.store.Items() {
			left.WriteString(k + i.Nonce + i.UsedBy + i.Mark.Address)
		}
		for _, row := range s.rows {
			if m, ok := row["challengeMetadata"].(string); ok {
				left.WriteString(m)
			}
		}
		for k, v := range s.private.(map[string]any) {
			left.WriteString(k + v.(string))
		}
		for _, secret := range []string{code, code[:4] + " " + code[4:], person, "user@"} {
			if contains(left.String(), secret) {
				t.Errorf("%q is left behind", secret)
			}
		}
	})
}

var masked = regexp.MustCompile(`^[^@]*\*[^@]*@[^@]*\*`)

func TestTheClientIsShownOnlyWhatItMayKnow(t *testing.T) {
	keys := func(m map[string]any) string {
		var all []string
		for k := range m {
			all = append(all, k)
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	common := "attemptsLeft codeLength expiresAt now reason resendAvailableAt resendsLeft"
	p := newWorld(t, settings.Passwordless).start(known()).public
	if keys(p) != common {
		t.Errorf("passwordless: %s", keys(p))
	}
	if p["expiresAt"] != "2026-11-05T09:10:03Z" || p["now"] != "2026-11-05T09:05:03Z" ||
		p["resendAvailableAt"] != "2026-11-05T09:06:03Z" {
		t.Errorf("times %v", p)
	}
	p = newWorld(t, settings.Password).start(known()).public
	if keys(p) != "attemptsLeft codeDeliveryDestination codeLength expiresAt now reason resendAvailableAt resendsLeft" {
		t.Errorf("password: %s", keys(p))
	}
	if d := p["codeDeliveryDestination"].(string); !masked.MatchString(d) {
		t.Errorf("destination %q", d)
	}
}

func TestTheSessionStaysWithinCognitosLimit(t *testing.T) {
	w := newWorld(t, settings.Password)
	w.settings.MaxAttempts = 5
	s := w.start(known())
	size := func() (n int) {
		for _, row := range s.rows {
			m, _ := row["challengeMetadata"].(string)
			n += len(row["challengeName"].(string)) + len(m) + 10
		}
		for k, v := range s.private.(map[string]any) {
			n += len(k) + len(v.(string)) + 6
		}
		return n
	}
	for s.ended == "" {
		if n := size(); n > 1200 {
			t.Fatalf("after %d rows a session holds %d bytes of ours", len(s.rows), n)
		}
		w.pass(time.Minute)
		if s.public["resendsLeft"] != "0" {
			s.resend()
		} else {
			s.answer("00000001")
		}
	}
	if len(s.rows) != 2+7 {
		t.Errorf("%d rows", len(s.rows))
	}
}
