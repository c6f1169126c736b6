// Package settings is the one definition of what the construct hands to its Lambda functions.
//
// The construct fills a [Settings] and writes [Settings.Environment] into each function. The
// function reads the same struct back with [Parse]. [Fields] lists every setting with its prop, its
// key in cdk.json, its environment variable and its range, so no name and no range stands twice. A
// function receives only the settings that it reads.
//
// The package imports neither the CDK nor an AWS SDK: importing apps build it too.
package settings

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Mode is how users sign in: [Password] or [Passwordless].
type Mode string

const (
	// Password requires a password, proven by SRP, and then a mailed code.
	Password Mode = "password"
	// Passwordless requires a mailed code alone.
	Passwordless Mode = "passwordless"
)

// Modes returns every mode.
func Modes() []Mode { return []Mode{Password, Passwordless} }

// IsValid reports whether m is one of [Modes].
func (m Mode) IsValid() bool { return m == Password || m == Passwordless }

// Function names one of the functions: its folder below lambdas/.
type Function string

// The functions. A mode uses five of the first six: PreSignUp belongs to passwordless pools alone,
// PreTokenGeneration to password pools alone. All but MailEvents and AttachUserPool are
// triggers of the user pool.
const (
	DefineAuthChallenge Function = "define-auth-challenge"
	CreateAuthChallenge Function = "create-auth-challenge"
	VerifyAuthChallenge Function = "verify-auth-challenge"
	PreSignUp           Function = "pre-sign-up"
	PreTokenGeneration  Function = "pre-token-generation"
	// MailEvents handles SES's events about bounces and complaints.
	MailEvents Function = "mail-events"
	// AttachUserPool puts the triggers into an imported pool and checks deployed pools. It answers
	// CloudFormation, reads no setting, and belongs to no mode.
	AttachUserPool Function = "attach-user-pool"
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
// trigger writes it, the construct's rule filters by it, and MailEvents finds the account of a
// bounce by it, without a list of mailed addresses.
const ItemTag = "emailotp-item"

// Settings is everything that the construct hands to its functions. The zero value is not valid;
// start from [Defaults].
type Settings struct {
	// Mode is how users sign in.
	Mode Mode
	// MaxAttempts is how many answers one sign-in accepts.
	MaxAttempts int

	// CodeLength is the number of digits of a short code.
	CodeLength int
	// CodeTTL is how long a sign-in's code is valid, whole seconds.
	CodeTTL time.Duration
	// RememberDevices is how long a device is remembered, in days; 0 remembers none.
	RememberDevices int
	// KeyARN is the KMS key of the MACs.
	KeyARN string
	// TableName is the DynamoDB table of the budgets.
	TableName string
	// CaseSensitiveNames is true for a pool in which "Ann" and "ann" are two user names.
	CaseSensitiveNames bool
	// UserPoolID is the pool's id, for a function that receives no event of the pool.
	UserPoolID string
	// ClientIDs are the app clients whose users may change their address by [ChangeAddress].
	ClientIDs []string
	// OriginSecret is the ARN of the secret that the sign-in page's distribution sends.
	OriginSecret string
	// GuessBurst is how many answers of an account are compared at once before long codes begin.
	GuessBurst int
	// GuessRefill is the time in which an account gets one guess back, whole seconds.
	GuessRefill time.Duration
	// PoolMailsVerified, PoolMailsUnverified and PoolMailsUnknown are the pool's three mail quotas,
	// in mails an hour: to proven addresses, to addresses never proven, and the decoys (to SES's
	// mailbox simulator) for unknown names.
	PoolMailsVerified, PoolMailsUnverified, PoolMailsUnknown int
	// PoolMailsUnverifiedDay is the same quota for addresses never proven, in mails a day (UTC).
	PoolMailsUnverifiedDay int
	// AllowedSignUpDomains are the domains whose addresses may sign up, and all their subdomains;
	// lower case. Empty allows every domain.
	AllowedSignUpDomains []string

	// Mail shapes the mail.
	Mail
	// Chained is the ARN of the adopter's own function that this function invokes: the one for
	// PreSignUp, PreTokenGeneration, CustomMessage or PostConfirmation. Empty for none.
	Chained string
	// IdentityARN is the SES identity that sends, where another account owns it; empty for the own
	// account's.
	IdentityARN string
	// ConfigurationSet is SES's configuration set; empty for none.
	ConfigurationSet string
	// CustomMessages has [CreateAuthChallenge] write the mails that Cognito itself sends.
	CustomMessages bool
	// InvitationByMail has operators mail the temporary password of a new user. No function acts by
	// it; the command line reads it from one.
	InvitationByMail bool
	// RecoveryByEmail lets users of password mode reset a forgotten password by e-mail.
	RecoveryByEmail bool
	// TrustUnverified lets password mode mail to addresses that were never verified: for pools
	// whose addresses come from an administrator.
	TrustUnverified bool
}

// Defaults returns the settings of a construct without optional props.
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
		Mail:                   Mail{DefaultLocale: "en"},
	}
}

// ForgetsDevices reports whether a password reset forgets the account's remembered devices, for
// which the pool calls [VerifyAuthChallenge] as its post-confirmation trigger.
func (s Settings) ForgetsDevices() bool { return s.RecoveryByEmail && s.RememberDevices > 0 }

// Environment returns the environment variables of function f. Variables whose value is empty are
// left out, because Lambda limits all of them to [MaxEnvironment].
func (s Settings) Environment(f Function) map[string]string {
	env := make(map[string]string)
	for _, field := range fields {
		if value := field.write(&s); value != "" && field.ReadBy(f) {
			env[field.Variable] = value
		}
	}
	return env
}

// Merge sets the fields that function f reads, from the function's environment. Its error is that
// of [Parse]; the fields that could be read are set also then.
func (s *Settings) Merge(f Function, lookup func(string) (string, bool)) error {
	parsed, err := Parse(f, lookup)
	for _, field := range fields {
		if field.ReadBy(f) {
			reflect.ValueOf(field.Of(s)).Elem().Set(reflect.ValueOf(field.Of(&parsed)).Elem())
		}
	}
	return err
}

// Parse reads function f's settings from its environment, usually [os.LookupEnv]. It reports every
// missing, malformed and out-of-range variable at once; a function that can't read its settings
// must not serve.
func Parse(f Function, lookup func(string) (string, bool)) (Settings, error) {
	var s Settings
	var problems []error
	for _, field := range fields {
		if !field.ReadBy(f) {
			continue
		}
		value, _ := lookup(field.Variable)
		switch {
		case value != "":
			if err := field.read(&s, value); err != nil {
				problems = append(problems, fmt.Errorf("%s %w", field.Variable, err))
			}
		case !field.optional:
			problems = append(problems, fmt.Errorf("%s is not set; redeploy the function by the construct", field.Variable))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return s, errors.Join(problems...)
}
