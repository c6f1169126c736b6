package main

import (
	"fmt"
	"math"
	"time"
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
