package guard_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

// What is shown as left can be spent, not one more, and at the time that is named one more can.
func TestBudgetsNameTheTimesAtWhichMoreCome(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		now := start.Add(time.Duration(random.IntN(1e6)) * time.Millisecond)
		ms := now.UnixMilli()
		i := guard.Item{Guess: ms + random.Int64N(11*3_600_000) - 3_600_000, MailState: guard.MailState{
			Mail: ms + random.Int64N(30*60_000) - 60_000, SlowMail: ms + random.Int64N(24*3_600_000) - 3_600_000}}
		b := policy.Budgets(i, guard.Verified, now)
		if got := policy.ShortLeft(i, now); b.Guesses != got {
			t.Fatalf("%d guesses left, can spend %d", b.Guesses, got)
		}
		if b.Guesses == b.GuessesOf != b.NextGuess.IsZero() {
			t.Fatalf("%d of %d guesses, the next at %v", b.Guesses, b.GuessesOf, b.NextGuess)
		}
		if at := b.NextGuess; !at.IsZero() && (policy.ShortLeft(i, at.Add(-time.Millisecond)) != b.Guesses ||
			policy.ShortLeft(i, at) != b.Guesses+1) {
			t.Fatalf("at %v there are %d guesses, of %d before", at, policy.ShortLeft(i, at), b.Guesses)
		}
		later := policy.Budgets(i, guard.Verified, b.MoreMails)
		if !b.MoreMails.IsZero() && later.Mails <= b.Mails && later.MailsOf == b.MailsOf {
			t.Fatalf("at %v there are %d mails, of %d before", b.MoreMails, later.Mails, b.Mails)
		}
		if (b.Mails > 0) == b.NextMail.After(now) {
			t.Fatalf("%d mails left, the next one at %v (now %v)", b.Mails, b.NextMail, now)
		}
	}
}

func TestBudgetsOfARunOfFailures(t *testing.T) {
	b := policy.Budgets(guard.Item{Failures: guard.MaxFailures}, guard.Verified, start)
	if b.Guesses != 0 || !b.NextGuess.IsZero() || !b.LongCodes || b.Failures != guard.MaxFailures {
		t.Errorf("%+v", b)
	}
	if b := policy.Budgets(guard.Item{}, guard.Unverified, start); b.Guesses != 10 || b.LongCodes || b.Mails != 6 ||
		!b.MoreMails.IsZero() || b.NextMail != start {
		t.Errorf("a new account: %+v", b)
	}
	// What a former policy wrote does not count beyond an empty bucket.
	if b := policy.Budgets(guard.Item{Guess: start.Add(9000 * time.Hour).UnixMilli()}, guard.Verified,
		start); b.Guesses != 0 || b.NextGuess.After(start.Add(time.Hour)) {
		t.Errorf("after a change of policy: %+v", b)
	}
}
