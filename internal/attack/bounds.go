package attack

import (
	"fmt"
	"math"
	"time"
)

// The defaults that the bounds follow from. They are written here once more, and not read from the
// packages that they limit: whoever changes a default has to come here and see what it costs.
const (
	attempts      = 3  // answers that a sign-in takes
	guessBurst    = 10 // guesses at once
	guessesPerDay = 24 // and one more every hour
	inARow        = 100
	codeTTL       = 5 * time.Minute
	codeLifetime  = 10 * time.Minute
	cooldown      = time.Minute

	slowMailBurst   = 48 // mails to one person at once, however they are spread
	slowMailsPerDay = 48
	newMailBurst    = 3 // to an address that nobody proved
	newMailsPerDay  = 24
)

// maxGuesses returns how many short answers of one account can be compared within a number of days,
// whatever happens in between.
func maxGuesses(days int) int64 { return int64(guessBurst + guessesPerDay*days) }

// chance returns the probability that one of n different guesses is the code.
func chance(n int64, digits int) float64 {
	return -math.Expm1(float64(n) * math.Log1p(-math.Pow10(-digits)))
}

// chances writes the probability at each length that people use.
func chances(n int64) string {
	return fmt.Sprintf("%.1e, %.1e, %.1e at 6, 8, 10 digits", chance(n, 6), chance(n, 8), chance(n, 10))
}
