package e2e_test

import (
	"testing"
	"time"
)

// The binaries go by the machine's clock and by no other, so these tests really
// wait, all at once and beside the others.

// until waits for a time that the pool told, and a moment more: it tells whole seconds.
func until(t *testing.T, r *round, key string) {
	t.Helper()
	wait := stamp(t, r, key).Sub(stamp(t, r, "now")) + 1200*time.Millisecond
	if testing.Short() {
		t.Skipf("would wait for %v", wait)
	}
	select {
	case <-time.After(wait):
	case <-t.Context().Done():
	}
}

func TestACodeExpiresAndAnotherIsMailedOnRequest(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{shortPasswordless, shortPassword} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			p := newUser(t, on(t, stack), "late@example.com")
			r := p.begin()
			code := p.code()
			until(t, r, "expiresAt")
			r = p.again(r, code)
			if r.params["reason"] != "expired" {
				t.Errorf("a right code too late: %v", r.params)
			}
			p.wantMails(1)
			next, err := p.resend(r)
			if err != nil {
				t.Fatal(err)
			}
			p.asked(next)
			if next.params["reason"] != "resent" || next.params["resendsLeft"] != "1" {
				t.Errorf("after a resend: %v", next.params)
			}
			p.wantTokens(p.finish(next, p.code()))
		})
	}
}

func TestAResendWaitsForTheCoolDown(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{passwordless, password} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			p := newUser(t, on(t, stack), "again@example.com")
			r := p.begin()
			code := p.code()
			early, err := p.resend(r)
			if err != nil {
				t.Fatal(err)
			}
			if p.asked(early); early.params["reason"] != "resend-too-soon" || early.params["attemptsLeft"] != "3" {
				t.Errorf("a resend within the cool-down: %v", early.params)
			}
			p.wantMails(1)
			until(t, early, "resendAvailableAt")
			late, err := p.resend(early)
			if err != nil {
				t.Fatal(err)
			}
			if p.asked(late); late.params["reason"] != "resent" || late.params["attemptsLeft"] != "3" || late.params["resendsLeft"] != "0" {
				t.Errorf("a resend after the cool-down: %v", late.params)
			}
			if again := p.code(); again != code {
				t.Errorf("the mail was sent again with another code")
			}
			p.wantTokens(p.finish(late, code))
		})
	}
}

func TestALongCodeTakesOverWhenTheGuessesAreSpent(t *testing.T) {
	t.Parallel()
	for _, stack := range []string{passwordless, password} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			p := newUser(t, on(t, stack), "besieged@example.com")
			first := p.begin()
			code := p.code()
			guesses, r := 0, first
			for r.params["codeLength"] == "8" {
				next, err := p.answer(r, wrong(code))
				if guesses++; guesses > 12 {
					t.Fatal("the account's guesses don't end")
				}
				if err != nil {
					wantRefusal(t, err, "NotAuthorizedException", refused)
					next = p.begin()
				}
				r = next
			}
			if guesses < 8 || guesses > 10 {
				t.Errorf("%d guesses before long codes, want 8 to 10", guesses)
			}
			until(t, first, "resendAvailableAt")
			p.seen = len(p.mails())
			r = p.begin()
			if r.params["codeLength"] != "20" {
				t.Fatalf("codeLength is %s, want 20", r.params["codeLength"])
			}
			long := p.code()
			if len(long) != 24 {
				t.Errorf("a long code is 20 digits in fours, the mail has %d characters", len(long))
			}
			p.wantTokens(p.finish(r, long))
		})
	}
}

func TestAnUnknownUsersResendLooksLikeAKnownOnes(t *testing.T) {
	t.Parallel()
	p := newPerson(t, on(t, passwordless), "stranger@example.com")
	next, err := p.resend(p.begin())
	if err != nil {
		t.Fatal(err)
	}
	if p.asked(next); next.params["reason"] != "resend-too-soon" || next.params["attemptsLeft"] != "3" {
		t.Errorf("an unknown user's resend: %v", next.params)
	}
	p.wantMails(0)
}
