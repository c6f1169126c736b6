package settings

import "time"

// Ranges that the construct and the reader of cdk.json check, and that [Parse] checks again: a
// variable that was edited by hand can't weaken a deployed function.
const (
	// MinCodeLength is in digits: NIST SP 800-63B-4, 3.1.3.2, requires six or more.
	MinCodeLength = 6
	// MaxCodeLength is in digits. Users copy longer codes wrongly more often than guessing costs.
	MaxCodeLength = 10
	// MinCodeTTL is the shortest life of a code.
	MinCodeTTL = time.Minute
	// MaxCodeTTL leaves two of a code's ten minutes (NIST SP 800-63B-4, 3.1.3.2), in which a second
	// sign-in can still join the code with a full life ahead.
	MaxCodeTTL = 8 * time.Minute
	// MinAttempts is the fewest answers that one sign-in accepts.
	MinAttempts = 1
	// MaxAttempts bounds the answers of one sign-in: every round lengthens Cognito's Session, which
	// its API model limits to 2,048 characters.
	MaxAttempts = 5
	// MinGuessBurst is the fewest guesses of an account at once.
	MinGuessBurst = 3
	// MaxGuessBurst is NIST's limit of consecutive failures (SP 800-63B-4, 3.2.2).
	MaxGuessBurst = 100
	// MinGuessRefill is the shortest time in which an account gets one guess back.
	MinGuessRefill = time.Minute
	// MaxGuessRefill is the longest one: a day.
	MaxGuessRefill = 24 * time.Hour
	// MinPoolMails is the smallest quota of the pool, in mails an hour or a day.
	MinPoolMails = 1
	// MaxPoolMails is the largest hourly quota of the pool: 500 mails a second. One item of the
	// table counts a quota, and DynamoDB writes one item at most 1,000 times a second.
	MaxPoolMails = 1_800_000
	// MaxPoolMailsDay is the largest daily quota of the pool.
	MaxPoolMailsDay = 24 * MaxPoolMails
	// MinRememberDevices is the shortest time that a device is remembered, in days.
	MinRememberDevices = 1
	// MaxRememberDevices is the longest such time, in days: a quarter of a year.
	MaxRememberDevices = 90
	// MaxEnvironment is Lambda's limit for all variables of a function, in bytes.
	MaxEnvironment = 4096
)

// Ranges of what shapes the template alone.
const (
	// MinMemorySize is Lambda's least memory, in MiB.
	MinMemorySize = 128
	// DefaultMemorySize brings enough processor for the TLS handshakes of a cold start, in MiB.
	DefaultMemorySize = 512
	// MaxMemorySize is Lambda's most memory, in MiB.
	MaxMemorySize = 10_240
	// MaxKeyGeneration is the last generation of the key; the first is 1.
	MaxKeyGeneration = 1_000
)
