// Package guard is the policy of an account's budgets: how many answers are compared, how many
// mails go out, when a long code takes over. It is arithmetic on an [Item] and a time, without I/O;
// package dynamo beside it keeps the items.
//
// The account's guesses are a [Bucket] that a right answer does not refill, so the chance of
// guessing is one division, whatever an owner or an attacker does in between:
//
//	guard.YearlyBound(8, guard.Bucket{Burst: 10, Refill: time.Hour}) // 8.77e-05
//
// When the bucket is empty a code of 20 digits is mailed in place of a short one. It needs no
// budget, so that nobody who spends an account's guesses keeps its owner out.
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
}

// Mails returns the buckets that every mail to a user of the class spends from, the fast one first.
//
// A verified user's fast bucket refills as fast as codes grow too old to be joined, so that at any
// moment a live code can be joined or a mail may go; the slow one ends a flood: 48, and one more
// every 30 minutes, make 96 in the first day and 48 in each day after it.
func (p Policy) Mails(c Class) [2]Bucket {
	if c == Unverified {
		hourly := Bucket{Burst: 3, Refill: time.Hour}
		return [2]Bucket{hourly, hourly}
	}
	return [2]Bucket{{Burst: 6, Refill: Lifetime - p.CodeTTL}, {Burst: 48, Refill: 30 * time.Minute}}
}

// Class is how far an address is trusted with mail.
type Class int

const (
	// Verified is a user who has proven the address, and every name that nobody has: a stranger
	// must not see the difference.
	Verified Class = iota
	// Unverified is a user who signed up and never proved the address.
	Unverified
)

// ShortLeft returns how many short answers the account may still give now.
func (p Policy) ShortLeft(i Item, now time.Time) int {
	return min(p.Guesses.Left(i.Guess, now.UnixMilli()), max(0, MaxFailures-i.Failures))
}

// Digits returns the length of the code that a sign-in starting now should get: a short one only
// where the account has a whole sign-in's answers left. With one or two left, somebody who keeps
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
