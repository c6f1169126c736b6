package guard

import "time"

// Budgets is what an account has left, for a person who looks at it.
type Budgets struct {
	// Guesses is how many short codes are still compared; GuessesOf the size of the full bucket.
	Guesses, GuessesOf int
	// NextGuess is when one more comes back; zero for a full bucket, and while a run of failures
	// allows long codes alone.
	NextGuess time.Time
	// Failures counts the wrong answers since the last right one, of at most [MaxFailures].
	Failures int
	// LongCodes is true while the account's next mail has a code of 20 digits.
	LongCodes bool
	// Mails is how many mails may be sent without a wait beyond the cool-down; MailsOf is the size
	// of the full bucket. The fast and the slow bucket both bound it.
	Mails, MailsOf int
	// NextMail is when the next mail may be sent: now or later.
	NextMail time.Time
	// MoreMails is when one more comes back; zero for full buckets.
	MoreMails time.Time
}

// Budgets returns what the account has left now. The item need not be clamped.
func (p Policy) Budgets(i Item, c Class, now time.Time) Budgets {
	i = p.Clamp(i, c, now)
	ms, mails := now.UnixMilli(), p.Mails(c)
	b := Budgets{Guesses: p.ShortLeft(i, now), GuessesOf: p.Guesses.Burst, Failures: i.Failures,
		LongCodes: p.Digits(i, now) != p.CodeLength, NextMail: p.MailAllowedAt(i, c, now)}
	if i.Failures < MaxFailures {
		b.NextGuess = p.Guesses.moreAt(i.Guess, ms)
	}
	// The bucket with fewer mails left is the one that bounds them.
	scarce, tat := mails[0], i.Mail
	if mails[1].Left(i.SlowMail, ms) < scarce.Left(tat, ms) {
		scarce, tat = mails[1], i.SlowMail
	}
	b.Mails, b.MailsOf, b.MoreMails = scarce.Left(tat, ms), scarce.Burst, scarce.moreAt(tat, ms)
	return b
}

// moreAt returns when one more than now may be spent; zero for a full bucket.
func (b Bucket) moreAt(tat, now int64) time.Time {
	left := b.Left(tat, now)
	if left >= b.Burst {
		return time.Time{}
	}
	return time.UnixMilli(tat - int64(b.Burst-1-left)*b.Interval()).UTC()
}
