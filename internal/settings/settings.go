// Package settings is the one definition of what the construct tells its Lambda functions.
//
// The construct fills a [Settings] and writes [Settings.Environment] into each function; the
// function reads the same struct back with [Parse]. Neither side knows a variable's name, so the
// two can't drift apart. A function is given only what it reads.
//
// The package imports neither the CDK nor an AWS SDK: importing apps build it too.
package settings

import (
	"errors"
	"fmt"
	"sort"
	"time"
)

// Mode is how people sign in.
type Mode string

const (
	// Password asks for a password (by SRP) and then for a mailed code.
	Password Mode = "password"
	// Passwordless asks for a mailed code alone.
	Passwordless Mode = "passwordless"
)

// Function names one of the functions: its folder below lambdas/.
type Function string

// The functions. A mode uses five of the six: PreSignUp belongs to passwordless pools alone,
// PreTokenGeneration to password pools alone. All but MailEvents are triggers of the user pool.
const (
	DefineAuthChallenge Function = "define-auth-challenge"
	CreateAuthChallenge Function = "create-auth-challenge"
	VerifyAuthChallenge Function = "verify-auth-challenge"
	PreSignUp           Function = "pre-sign-up"
	PreTokenGeneration  Function = "pre-token-generation"
	// MailEvents hears of mails that came back.
	MailEvents Function = "mail-events"
)

// Functions returns the functions of a mode in a fixed order: its triggers, then MailEvents.
func Functions(m Mode) []Function { return append(Triggers(m), MailEvents) }

// Triggers returns those functions of a mode that the user pool calls, in a fixed order.
func Triggers(m Mode) []Function {
	common := []Function{DefineAuthChallenge, CreateAuthChallenge, VerifyAuthChallenge}
	if m == Passwordless {
		return append(common, PreSignUp)
	}
	return append(common, PreTokenGeneration)
}

// ItemTag is the name of the SES message tag that carries the key of an account's item: the create
// trigger writes it, the construct's rule asks for it, and by it an event about a mail finds the
// account without a list of who was mailed when.
const ItemTag = "emailotp-item"

// Ranges that the construct validates and that [Parse] holds again, so that a variable edited by
// hand can't weaken a deployed function.
const (
	// MinCodeLength is in digits: NIST SP 800-63B-4, 3.1.3.2, asks for six at least.
	MinCodeLength = 6
	// MaxCodeLength is in digits; past ten people copy groups wrongly more often than guessing costs.
	MaxCodeLength = 10
	// MinCodeTTL is the shortest life of a code.
	MinCodeTTL = time.Minute
	// MaxCodeTTL keeps two minutes of a code's ten (NIST SP 800-63B-4, 3.1.3.2) in which a second
	// sign-in can still join it with a full life ahead.
	MaxCodeTTL = 8 * time.Minute
	// MinAttempts is the fewest answers that one sign-in takes.
	MinAttempts = 1
	// MaxAttempts bounds the answers of one sign-in: every round makes Cognito's Session longer, and
	// its API model stops at 2,048 characters.
	MaxAttempts = 5
	// MinGuessBurst and MaxGuessBurst bound the account's guesses at once.
	MinGuessBurst = 3
	// MaxGuessBurst is NIST's limit of consecutive failures (SP 800-63B-4, 3.2.2).
	MaxGuessBurst = 100
	// MinGuessRefill and MaxGuessRefill bound the time in which one guess comes back.
	MinGuessRefill = time.Minute
	// MaxGuessRefill is a day.
	MaxGuessRefill = 24 * time.Hour
	// MinPoolMails and MaxPoolMails bound each lane of the pool, in mails an hour.
	MinPoolMails = 1
	// MaxPoolMails is 1,000 mails a second.
	MaxPoolMails = 3_600_000
)

// Settings is everything that the functions are told. The zero value is not valid; start from
// [Defaults].
type Settings struct {
	// Mode is how people sign in.
	Mode Mode
	// MaxAttempts is how many answers one sign-in takes, 1 to 5.
	MaxAttempts int

	// CodeLength is the number of digits of a short code, 6 to 10.
	CodeLength int
	// CodeTTL is how long a sign-in's code is valid, 1 to 8 minutes, whole seconds.
	CodeTTL time.Duration
	// KeyARN is the KMS key of the MACs.
	KeyARN string
	// TableName is the DynamoDB table of the budgets.
	TableName string
	// UserPoolID is the pool's id, for a function that no event of the pool tells it.
	UserPoolID string
	// GuessBurst is how many answers an account takes at once before long codes begin.
	GuessBurst int
	// GuessRefill is the time in which an account gets one guess back, whole seconds.
	GuessRefill time.Duration
	// PoolMailsVerified, PoolMailsUnverified and PoolMailsUnknown are the pool's three mail lanes, in
	// mails an hour: to proven addresses, to addresses never proven, and (to SES's mailbox
	// simulator) for names that nobody has.
	PoolMailsVerified, PoolMailsUnverified, PoolMailsUnknown int
	// PoolMailsUnverifiedDay is the same quota for addresses never proven, in mails a day (UTC).
	PoolMailsUnverifiedDay int
	// AllowedSignUpDomains are the domains whose addresses may sign up, and all their subdomains;
	// lower case. Empty allows every domain.
	AllowedSignUpDomains []string

	// From is the sender's address, without a display name.
	From string
	// FromName is the sender's display name; empty for the product name.
	FromName string
	// IdentityARN names the SES identity that sends, when it is another account's; empty for the own.
	IdentityARN string
	// ConfigurationSet is SES's configuration set; empty for none.
	ConfigurationSet string
	// ReplyTo is where answers go; empty for From.
	ReplyTo string
	// ProductName is what the mail calls the service.
	ProductName string
	// SupportAddress is what the mail offers to people who did not ask for it; empty for none.
	SupportAddress string
	// DefaultLocale is the language for users without a locale attribute, a BCP 47 tag.
	DefaultLocale string
	// TrustUnverified lets password mode mail to addresses that were never verified: for pools whose
	// addresses come from an administrator.
	TrustUnverified bool
}

// Defaults returns the settings that hold where the construct is told nothing.
func Defaults(m Mode) Settings {
	return Settings{
		Mode:                m,
		MaxAttempts:         3,
		CodeLength:          8,
		CodeTTL:             5 * time.Minute,
		GuessBurst:          10,
		GuessRefill:         time.Hour,
		PoolMailsVerified:   20_000,
		PoolMailsUnverified: 200,
		PoolMailsUnknown:    2_000,

		PoolMailsUnverifiedDay: 1_000,
		DefaultLocale:          "en",
	}
}

// Environment returns the environment variables of function f. Variables whose value is empty are
// left out: Lambda's environment holds 4 KB in all.
func (s Settings) Environment(f Function) map[string]string {
	env := make(map[string]string)
	for _, v := range variables {
		if !v.readBy(f) {
			continue
		}
		if value := v.get(&s); value != "" {
			env[v.name] = value
		}
	}
	return env
}

// Parse reads function f's settings from its environment, usually [os.LookupEnv]. It reports every
// missing, malformed and out-of-range variable at once; a function that can't read its settings
// must not serve.
func Parse(f Function, lookup func(string) (string, bool)) (Settings, error) {
	var s Settings
	var problems []error
	for _, v := range variables {
		if !v.readBy(f) {
			continue
		}
		value, found := lookup(v.name)
		if !found || value == "" {
			if v.required {
				problems = append(problems, fmt.Errorf("%s is not set; redeploy the function by the construct", v.name))
			}
			continue
		}
		if err := v.set(&s, value); err != nil {
			problems = append(problems, fmt.Errorf("%s %w", v.name, err))
		}
	}
	sort.Slice(problems, func(i, j int) bool { return problems[i].Error() < problems[j].Error() })
	return s, errors.Join(problems...)
}
