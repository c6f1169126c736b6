// Package guard is the policy of the budgets: how many answers of an account are compared, how many
// mails an account and a pool may cause, when a long code takes over. It is arithmetic on an
// [Item], a quota's [Counters] and a time, without I/O. [Store] is the interface of what keeps
// them.
//
// The account's guesses are a [Bucket] that a right answer does not refill. So the chance of
// guessing is one division, whatever an owner or an attacker does in between:
//
//	guard.YearlyBound(8, guard.Bucket{Burst: 10, Refill: time.Hour}) // 8.77e-05
//
// When the bucket is empty a code of 20 digits is mailed in place of a short one. It needs no
// budget, so an attacker who spends an account's guesses can't lock its owner out.
package guard

import (
	"math"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/otp"
)

const (
	// Lifetime is how long a code lives in all: NIST SP 800-63B-4, 3.1.3.2, allows 10 minutes. A
	// sign-in's own expiry is its start plus the code TTL; the rest is for those that join.
	Lifetime = 10 * time.Minute
	// Cooldown is the least time between two mails to one user.
	Cooldown = time.Minute
	// MaxFailures is how many answers may be wrong in a row before only long codes are mailed
	// (NIST SP 800-63B-4, 3.2.2).
	MaxFailures = 100
)

// Policy is the budgets of every account in a pool.
type Policy struct {
	// CodeLength is the length of a short code in digits.
	CodeLength int
	// CodeTTL is how long a sign-in's code is valid.
	CodeTTL time.Duration
	// Attempts is how many answers one sign-in takes.
	Attempts int
	// Guesses is the account's bucket of answers that are compared.
	Guesses Bucket
	// Key is the tag of the key that codes are derived with. A code of another key is never joined,
	// and its sign-in is given a new one.
	Key string
	// HidesMails is true where a stranger can start a sign-in: what it shows must not depend on the
	// slow mail bucket, which an account's owner spends from too.
	HidesMails bool
}

// Mails returns the buckets that every mail to a user of the class spends from, the fast one first.
//
// The fast bucket refills as fast as codes grow too old to be joined. So while the slow one has a
// mail left, at any moment a live code can be joined or a mail may be sent. The slow bucket ends a
// flood, for only time refills it. Verified: 48, and one more every 30 minutes, at most 96 mails in
// any 24 hours from full and 48 in each day after. Unverified: 6, and one more every 30 minutes, at
// most 54 and 48. Once it is empty, an owner waits at most 30 minutes at any pace of an attack, and
// 25 under a start a minute: with a code TTL of 5 a sign-in can join the last code for 5 minutes.
func (p Policy) Mails(c Class) [2]Bucket {
	slow := Bucket{Burst: 48, Refill: 30 * time.Minute}
	if c == Unverified {
		slow.Burst = 6
	}
	return [2]Bucket{{Burst: 6, Refill: Lifetime - p.CodeTTL}, slow}
}

// Class is how far an address is trusted with mail.
type Class int

const (
	// Verified is a user with a verified address, and every unknown name: a stranger must not see
	// the difference.
	Verified Class = iota
	// Unverified is a user who signed up and has not proven the address.
	Unverified
)

// ShortLeft returns how many short answers the account may still give now.
func (p Policy) ShortLeft(i Item, now time.Time) int {
	return min(p.Guesses.Left(i.Guess, now.UnixMilli()), max(0, MaxFailures-i.Failures))
}

// Digits returns the length of the code that a sign-in starting now should get: a short one only
// where the account has a whole sign-in's answers left. With one or two left, an attacker who keeps
// the account at the edge could spend them between the mail and the owner's answer.
func (p Policy) Digits(i Item, now time.Time) int {
	if p.ShortLeft(i, now) < min(p.Attempts, p.Guesses.Burst) {
		return otp.LongDigits
	}
	return p.CodeLength
}

// YearlyBound returns the chance to guess a code of one account within any year: each of the
// bucket's guesses is right once in 10^digits.
func YearlyBound(digits int, b Bucket) float64 {
	// log1p and expm1 keep the digits that 1-(1-p)^n would lose.
	return -math.Expm1(float64(b.Yearly()) * math.Log1p(-math.Pow10(-digits)))
}
