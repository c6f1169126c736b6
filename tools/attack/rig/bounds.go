package rig

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
	Attempts      = 3  // answers of one sign-in
	GuessBurst    = 10 // guesses at once
	guessesPerDay = 24 // and one more each hour
	InARow        = 100
	CodeTTL       = 5 * time.Minute
	CodeLifetime  = 10 * time.Minute
	Cooldown      = time.Minute

	SlowMailBurst   = 48 // mails to one proven address at once, however they are spread
	SlowMailsPerDay = 48
	NewMailBurst    = 6 // mails to an address that was never proven
	NewMailsPerDay  = 48

	// LongDigits is the length of the code that is mailed when the guesses are spent: 20 digits are
	// above the 64 bits from which NIST requires no limit.
	LongDigits = 20
)

// MaxGuesses returns how many short answers of one account can be compared within a number of days.
func MaxGuesses(days int) int { return GuessBurst + guessesPerDay*days }

// Chance returns the probability that one of n different guesses is the code.
func Chance(n, digits int) float64 {
	return -math.Expm1(float64(n) * math.Log1p(-math.Pow10(-digits)))
}

// Chances writes the probability at the usual lengths.
func Chances(n int) string {
	return fmt.Sprintf("%.1e, %.1e, %.1e at 6, 8, 10 digits", Chance(n, 6), Chance(n, 8), Chance(n, 10))
}

// Unexpected returns err unless it is one of the fixed refusals, the only errors that a client may
// read.
func Unexpected(err error) error {
	var r *trigger.Refusal
	if err == nil || errors.As(err, &r) && slices.Contains(trigger.Refusals(), r) {
		return nil
	}
	return err
}

// OddError describes the first error that no client may read.
func OddError(errs []error) string {
	for _, err := range errs {
		if err := Unexpected(err); err != nil {
			return fmt.Sprintf("a client received %v", err)
		}
	}
	return ""
}

// WrongCode returns a code of the same length that differs from the given one.
func WrongCode(code string) string {
	if code == "" {
		return "00000000"
	}
	return code[:len(code)-1] + string('0'+(code[len(code)-1]-'0'+1)%10)
}

// Guess returns the n-th guess of an attacker who tries all codes of a length in order.
func Guess(n, digits int) string { return fmt.Sprintf("%0*d", digits, n) }

// IsShort reports whether the sign-in waits for a short code.
func IsShort(s *lab.SignIn) bool {
	return s.End == lab.Open && s.Digits() > 0 && s.Digits() < LongDigits
}
