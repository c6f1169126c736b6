package e2e_test

import (
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
)

// until moves the clock to a time that a challenge names, and a moment more: it names whole
// seconds.
func until(t *testing.T, clock *inprocess.Clock, r *round, key string) {
	t.Helper()
	clock.Advance(stamp(t, r, key).Sub(stamp(t, r, "now")) + 1200*time.Millisecond)
}

// wantParams compares some of a challenge's parameters: keys and values in turn.
func wantParams(t *testing.T, r *round, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := r.Params[pairs[i]]; got != pairs[i+1] {
			t.Errorf("%s is %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

func TestACodeExpiresAndAnotherIsMailedOnRequest(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb, clock := clocked(t, stack)
		p := newUser(t, sb, "late@example.com")
		r := p.Begin()
		code := p.Code()
		until(t, clock, r, "expiresAt")
		r = p.Again(r, code)
		wantParams(t, r, "reason", "expired")
		p.WantMails(1)
		next := p.Resend(r)
		wantParams(t, next, "reason", "resent", "resendsLeft", "1")
		p.WantTokens(p.Finish(next, p.Code()))
	})
}

func TestAResendWaitsForTheCoolDown(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb, clock := clocked(t, stack)
		p := newUser(t, sb, "again@example.com")
		r := p.Begin()
		code := p.Code()
		early := p.Resend(r)
		wantParams(t, early, "reason", "resend-too-soon", "attemptsLeft", "3")
		p.WantMails(1)
		until(t, clock, early, "resendAvailableAt")
		late := p.Resend(early)
		wantParams(t, late, "reason", "resent", "attemptsLeft", "3", "resendsLeft", "0")
		if again := p.Code(); again != code {
			t.Errorf("the mail was sent again with another code")
		}
		p.WantTokens(p.Finish(late, code))
	})
}

func TestALongCodeTakesOverWhenTheGuessesAreSpent(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		sb, clock := clocked(t, stack)
		p := newUser(t, sb, "besieged@example.com")
		first := p.Begin()
		code := p.Code()
		guesses, r := 0, first
		for r.Params["codeLength"] == "8" {
			next, err := p.Answer(r, wrong(code))
			if guesses++; guesses > 12 {
				t.Fatal("the account's guesses don't end")
			}
			if err != nil {
				wantRefusal(t, err, "NotAuthorizedException", refused)
				next = p.Begin()
			}
			r = next
		}
		if guesses < 8 || guesses > 10 {
			t.Errorf("%d guesses before long codes, want 8 to 10", guesses)
		}
		until(t, clock, first, "resendAvailableAt")
		p.Seen = len(p.Mails())
		r = p.Begin()
		wantParams(t, r, "codeLength", "20")
		long := p.Code()
		if len(long) != 24 {
			t.Errorf("a long code is 20 digits in fours, the mail has %d characters", len(long))
		}
		p.WantTokens(p.Finish(r, long))
	})
}

func TestAnUnknownUsersResendLooksLikeAKnownOnes(t *testing.T) {
	t.Parallel()
	p := newPerson(t, app.On(t, app.Passwordless), "stranger@example.com")
	wantParams(t, p.Resend(p.Begin()), "reason", "resend-too-soon", "attemptsLeft", "3")
	p.WantMails(0)
}
