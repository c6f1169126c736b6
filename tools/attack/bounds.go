package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

// The defaults from which the bounds follow. They are not read from the packages that they limit: a
// changed default breaks a bound here, and the change of these numbers shows its price.
const (
	attempts      = 3  // answers of one sign-in
	guessBurst    = 10 // guesses at once
	guessesPerDay = 24 // and one more each hour
	inARow        = 100
	codeTTL       = 5 * time.Minute
	codeLifetime  = 10 * time.Minute
	cooldown      = time.Minute

	slowMailBurst   = 48 // mails to one proven address at once, however they are spread
	slowMailsPerDay = 48
	newMailBurst    = 6 // mails to an address that was never proven
	newMailsPerDay  = 48

	// longDigits is the length of the code that is mailed when the guesses are spent: 20 digits are
	// above the 64 bits from which NIST requires no limit.
	longDigits = 20
)

// maxGuesses returns how many short answers of one account can be compared within a number of days.
func maxGuesses(days int) int { return guessBurst + guessesPerDay*days }

// chance returns the probability that one of n different guesses is the code.
func chance(n, digits int) float64 {
	return -math.Expm1(float64(n) * math.Log1p(-math.Pow10(-digits)))
}

// chances writes the probability at the usual lengths.
func chances(n int) string {
	return fmt.Sprintf("%.1e, %.1e, %.1e at 6, 8, 10 digits", chance(n, 6), chance(n, 8), chance(n, 10))
}

// unexpected returns err unless it is one of the fixed refusals, the only errors that a client may
// read.
func unexpected(err error) error {
	var r *trigger.Refusal
	if err == nil || errors.As(err, &r) && slices.Contains(trigger.Refusals(), r) {
		return nil
	}
	return err
}

// oddError describes the first error that no client may read.
func oddError(errs []error) string {
	for _, err := range errs {
		if err := unexpected(err); err != nil {
			return fmt.Sprintf("a client received %v", err)
		}
	}
	return ""
}

// wrongCode returns a code of the same length that differs from the given one.
func wrongCode(code string) string {
	if code == "" {
		return "00000000"
	}
	return code[:len(code)-1] + string('0'+(code[len(code)-1]-'0'+1)%10)
}

// guess returns the n-th guess of an attacker who tries all codes of a length in order.
func guess(n, digits int) string { return fmt.Sprintf("%0*d", digits, n) }

// isShort reports whether the sign-in waits for a short code.
func isShort(s *lab.SignIn) bool {
	return s.End == lab.Open && s.Digits() > 0 && s.Digits() < longDigits
}
