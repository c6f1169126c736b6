package userpool

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/config"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/tokens"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/triggers"
)

// The types of the packages below that callers need.
type (
	Config               = config.Pool
	Client               = config.Client
	PasswordPolicy       = config.PasswordPolicy
	SchemaAttribute      = config.Attribute
	RefreshTokenRotation = config.RefreshTokenRotation
	Trigger              = config.Trigger
	Invoker              = triggers.Invoker
	InvokerFunc          = triggers.InvokerFunc
	SigningKeys          = tokens.SigningKeys
)

// The triggers that the pool runs.
const (
	DefineAuthChallenge         = config.DefineAuthChallenge
	CreateAuthChallenge         = config.CreateAuthChallenge
	VerifyAuthChallengeResponse = config.VerifyAuthChallengeResponse
	PreSignUp                   = config.PreSignUp
	PreTokenGeneration          = config.PreTokenGeneration
	PreAuthentication           = config.PreAuthentication
	PostAuthentication          = config.PostAuthentication
	PostConfirmation            = config.PostConfirmation
	CustomMessage               = config.CustomMessage
)

// Triggers lists every trigger that the pool runs. A pool whose template names another one logs a
// warning, and that trigger never runs.
func Triggers() []Trigger { return config.Triggers() }

// DefaultPasswordPolicy is Cognito's own policy.
func DefaultPasswordPolicy() PasswordPolicy { return config.DefaultPasswordPolicy() }

// GenerateKeys makes the two keys of a pool, which takes from tenths of a second to seconds.
func GenerateKeys() (*SigningKeys, error) { return tokens.GenerateKeys() }

// Mailer receives the mails that Cognito itself sends: codes that confirm a user, an address or a
// reset, and invitations.
type Mailer interface {
	Deliver(ctx context.Context, m CognitoMail) error
}

// CognitoMail is a mail that Cognito itself sends. It has one body: HTML where CustomMessage wrote
// it, else Text.
type CognitoMail struct{ To, Subject, Text, HTML string }

// Options configure a pool beside its template. The zero value suits a pool without triggers.
type Options struct {
	// Invoker runs the triggers; required where Config.Triggers has any.
	Invoker Invoker
	// Mailer receives Cognito's own mails; nil drops them.
	Mailer Mailer
	// Now is the clock of sessions, codes, lock-outs and tokens; nil means time.Now. TriggerTimeout
	// is real time in any case.
	Now func() time.Time
	// Keys sign the tokens; nil makes two RSA keys of 2,048 bits.
	Keys *SigningKeys
	// Issuer is the tokens' issuer; empty means the AWS form,
	// https://cognito-idp.<region>.amazonaws.com/<pool id>.
	Issuer string
	// TriggerTimeout is how long the pool waits for a trigger; 0 means 5 seconds.
	TriggerTimeout time.Duration
	// TriggerAttempts is how often the pool calls a trigger that does not answer in time; 0 means
	// once. A further call runs beside the earlier ones, whose answers no longer count.
	TriggerAttempts int
	// NewPasswordIssuesTokens switches to a reported old behaviour of Cognito: a user who must
	// change the password chooses it right after the proof, without DefineAuthChallenge, and
	// receives tokens.
	NewPasswordIssuesTokens bool
	// CustomChallengeEntryRow makes InitiateAuth with CHALLENGE_NAME=CUSTOM_CHALLENGE pass a true
	// CUSTOM_CHALLENGE row without metadata to DefineAuthChallenge. By default the session is
	// empty. The behaviour of a live pool is not established.
	CustomChallengeEntryRow bool
	// CreateSeesNoClientMetadata keeps ClientMetadata of RespondToAuthChallenge from
	// CreateAuthChallenge. By default it is passed on, as AWS's documents state.
	CreateSeesNoClientMetadata bool
	// UnknownUserNameIsDummy makes the dummy UUID the userName of an unknown user in events, in
	// place of the typed name. Which of them a live pool sends is not established.
	UnknownUserNameIsDummy bool
	// SessionOverhead is added to the length of each Session, in bytes before base64. A Session of
	// more than 2,048 characters is an error.
	SessionOverhead int
	// Logger receives one record for each request, and warnings; nil means none. No code, token,
	// password or address is logged.
	Logger *slog.Logger
	// AllowedOrigins reports whether pages of an origin may call the pool; nil allows http and
	// https origins on localhost, 127.0.0.1 and [::1].
	AllowedOrigins func(origin string) bool
	// Authorize checks an operation that IAM guards (Admin*, List*, Describe*), by its IAM action,
	// such as "cognito-idp:AdminGetUser", and the pool's ARN. Its error becomes an
	// AccessDeniedException. Nil allows all.
	Authorize func(r *http.Request, action, poolARN string) error
}
