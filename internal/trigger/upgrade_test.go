package trigger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const otherKey = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-0000-4000-8000-000000000002"

func TestAnAnswerUnderAReplacedKeyCostsNothingAndMailsANewCode(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		s := w.start(known())
		before := w.item()
		w.settings.KeyARN = otherKey
		w.reset()
		s.answer(w.latest()).want("").reason("new-code")
		if i := w.item(); w.counted("SpendGuess")+w.counted("VerifyMac") != 0 || i.Guess != before.Guess || i.Failures != 0 {
			t.Errorf("calls %v, item %+v", w.calls, i)
		}
		if n := len(w.mailbox(person)); n != 2 {
			t.Fatalf("%d mails", n)
		}
		s.answer(w.latest()).want("tokens")
	})
}

func TestACodeOfAReplacedKeyIsNeverJoined(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		w.start(known())
		w.settings.KeyARN = otherKey
		w.start(known()).want("").reason("sent").answer(w.latest()).want("tokens")
		if n := len(w.mailbox(person)); n != 2 {
			t.Errorf("%d mails", n)
		}
	})
}

// The settings change while a stranger starts a sign-in every 20 seconds and the owner is in the
// middle of one: the owner gets in, by that sign-in or the next, within a code's life.
func TestAnUpgradeKeepsNoAccountOut(t *testing.T) {
	simulates(t)
	for name, change := range map[string]func(*settings.Settings){
		"CodeLength 8 to 6":       func(s *settings.Settings) { s.CodeLength = 6 },
		"CodeLength 8 to 10":      func(s *settings.Settings) { s.CodeLength = 10 },
		"CodeTTL 1 to 8 minutes":  func(s *settings.Settings) { s.CodeTTL = 8 * time.Minute },
		"GuessRefill to a minute": func(s *settings.Settings) { s.GuessRefill = time.Minute },
		"GuessBurst 10 to 3":      func(s *settings.Settings) { s.GuessBurst = 3 },
		"MaxAttempts 3 to 1":      func(s *settings.Settings) { s.MaxAttempts = 1 },
		"the key":                 func(s *settings.Settings) { s.KeyARN = otherKey },
		"the sender":              func(s *settings.Settings) { s.From = "other@example.com" },
	} {
		for _, guessing := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				eachMode(t, func(t *testing.T, w *world) {
					if w.settings.CodeTTL = 5 * time.Minute; name == "CodeTTL 1 to 8 minutes" {
						w.settings.CodeTTL = time.Minute
					}
					for range 30 {
						if s := w.start(known()); guessing {
							s.answer("00000000")
						}
						w.pass(20 * time.Second)
					}
					underWay := w.start(known())
					change(&w.settings)
					changed := w.clock
					for s := underWay; ; s = w.start(known()) {
						for _, code := range slices.Backward(w.mailbox(person)[max(0, len(w.mailbox(person))-3):]) {
							if s.ended == "" {
								s.answer(code)
							}
						}
						if s.ended == "tokens" {
							break
						}
						if w.pass(20 * time.Second); w.clock.Sub(changed) > guard.Lifetime {
							t.Fatalf("the owner is kept out for %v; item %+v", w.clock.Sub(changed), w.item())
						}
					}
				})
			})
		}
	}
}

// An owner whose fast bucket a stranger emptied under a CodeTTL of one minute waits no longer than
// the new settings' interval.
func TestALongerCodeTTLShortensTheWait(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	w.settings.CodeTTL = time.Minute
	for range 50 {
		w.start(known())
		w.pass(20 * time.Second)
	}
	w.settings.CodeTTL = 8 * time.Minute
	mails, changed := len(w.mailbox(person)), w.clock
	for len(w.mailbox(person)) == mails {
		w.start(known())
		if w.pass(20 * time.Second); w.clock.Sub(changed) > 3*time.Minute {
			t.Fatalf("no mail in %v; item %+v", w.clock.Sub(changed), w.item())
		}
	}
}

// A faster refill holds from the first sign-in on: what a former policy wrote does not keep short
// codes away for hours.
func TestAFasterGuessRefillBringsShortCodesBack(t *testing.T) {
	w := newWorld(t, settings.Passwordless)
	for range 4 {
		s := w.start(known())
		for s.ended == "" && s.public["codeLength"] == "8" {
			s.answer("00000000")
		}
		w.pass(time.Second)
	}
	w.settings.GuessRefill = time.Minute
	w.pass(time.Minute)
	w.start(known())
	w.pass(10 * time.Minute)
	if s := w.start(known()); s.public["codeLength"] != "8" {
		t.Errorf("item %+v, public %v", w.item(), s.public)
	}
}

func TestEveryNumberOfAttemptsLeadsToTokensOrAnEnd(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		for attempts := settings.MinAttempts; attempts <= settings.MaxAttempts; attempts++ {
			for right := range attempts + 1 {
				w := newWorld(t, w.settings.Mode)
				w.settings.MaxAttempts = attempts
				s := w.start(known())
				for n := range right {
					s.answer(wrong(w.latest()))
					if want := map[bool]string{true: "failed"}[n+1 == attempts]; s.ended != want {
						t.Fatalf("%d attempts: ended %q after %d wrong ones", attempts, s.ended, n+1)
					}
				}
				if right < attempts {
					s.answer(w.latest()).want("tokens")
				}
			}
		}
	})
}

// Define and create may disagree about a resend: define sees the client's words, create what verify
// wrote. Where that write is lost, create counts an answer more, and a right code must still be
// right.
func TestALostRequestForAResendEndsNoSignIn(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		for attempts := settings.MinAttempts; attempts <= settings.MaxAttempts; attempts++ {
			w := newWorld(t, w.settings.Mode)
			w.settings.MaxAttempts = attempts
			s := w.start(known())
			for range attempts - 1 {
				s.answer(wrong(w.latest()))
			}
			w.store.forgetResends = true
			s.resend().want("")
			s.answer(w.latest()).want("tokens")
		}
	})
}

func TestAResendBelongsToItsOwnSignIn(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		first, second, third := w.start(known()), w.start(known()), w.start(known())
		// Both verify calls come before either create.
		for _, s := range []*signIn{first, second} {
			if _, err := s.verify("resend", map[string]any{"action": "resend"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range []*signIn{first, second} {
			s.rows = append(s.rows, map[string]any{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": false,
				"challengeMetadata": s.metadata})
			s.next(map[string]any{"action": "resend"})
			s.want("").reason("resend-too-soon")
			if s.public["attemptsLeft"] != "3" || s.public["resendsLeft"] != "1" {
				t.Errorf("public %v", s.public)
			}
		}
		third.answer(wrong(w.latest())).want("").reason("wrong-code")
		if third.public["attemptsLeft"] != "2" || third.public["resendsLeft"] != "2" {
			t.Errorf("public %v", third.public)
		}
	})
}
