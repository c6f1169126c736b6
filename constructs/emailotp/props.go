package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Mode is how people sign in.
type Mode string

const (
	// ModePassword asks for a password, proven by SRP, and then for a mailed code.
	ModePassword Mode = Mode(settings.Password)
	// ModePasswordless asks for a mailed code alone.
	ModePasswordless Mode = Mode(settings.Passwordless)
)

// EmailOTPProps says how people sign in. Mode and Sender are required; what is left nil has the
// default that its field states. The props are read once and never written to. No value may be a
// token: all of them are checked, and most are rendered, while the app is synthesised.
type EmailOTPProps struct {
	// Mode is how people sign in: [ModePassword] or [ModePasswordless]. Required.
	Mode Mode
	// Sender is the address that mails the codes: [SenderAddress], [SenderDomain],
	// [SenderHostedZone] or [SenderIdentity]. Required.
	Sender Sender

	// SenderName is the display name beside the sender's address. Default: ProductName.
	SenderName *string
	// ReplyTo is the address that answers go to. Default: the sender's address.
	ReplyTo *string
	// ProductName is what the mail calls the service. Default: the sender's domain.
	ProductName *string
	// SupportAddress is what the mail offers to people who asked for no code. Default: none.
	SupportAddress *string
	// DefaultLocale is the mail's language for users without a locale attribute, a BCP 47 tag such
	// as "de" or "pt-BR". Default: "en".
	DefaultLocale *string
	// Mail overrides the mail's wording, languages and colours. It can't go with
	// CreateAuthChallengeCode: its result lies beside that function's program. Default: what ships.
	Mail *MailProps

	// MailFromDomain is the envelope sender's domain, a subdomain of the sender's own, for SPF to
	// align. Only for [SenderDomain] and [SenderHostedZone]. Default: "mail." and the zone's name for
	// [SenderHostedZone], which gets its records too; Amazon's own domain otherwise.
	MailFromDomain *string
	// DmarcRecord is the TXT record created at _dmarc in the zone of [SenderHostedZone]; empty to
	// create none, for a zone that has one. Default: "v=DMARC1; p=none", which satisfies receivers
	// that ask for a policy and changes nothing for the domain's other mail.
	DmarcRecord *string

	// CodeLength is how many digits a code has, 6 to 10. Default: 8.
	CodeLength *float64
	// CodeTTL is how long a sign-in's code is valid, 1 to 8 minutes in whole seconds. Default: 5 minutes.
	//
	// A code lives 10 minutes in all (NIST SP 800-63B-4, 3.1.3.2), so that whoever starts again
	// within the rest gets the same code; 8 keep two of them.
	CodeTTL awscdk.Duration
	// MaxAttempts is how many answers one sign-in takes, 1 to 5. Default: 3.
	MaxAttempts *float64
	// GuessBurst is how many answers an account takes at once before a 20-digit code takes over,
	// 3 to 100. Default: 10.
	GuessBurst *float64
	// GuessRefill is the time in which an account gets one answer back, 1 minute to 1 day in whole
	// seconds. Default: 1 hour.
	//
	// CodeLength, GuessBurst and GuessRefill make the chance to guess a code of one account within a
	// year. It is written into the stack's metadata; above 1e-3 it is a warning, above 1e-1 an error.
	GuessRefill awscdk.Duration

	// VerifiedMailsPerHour bounds the pool's mails to proven addresses, 1 to 3,600,000. Default: 20,000.
	VerifiedMailsPerHour *float64
	// UnverifiedMailsPerHour bounds the pool's mails to addresses that were never proven, 1 to
	// 3,600,000. Default: 2,000.
	UnverifiedMailsPerHour *float64
	// UnknownMailsPerHour bounds the mails to SES's mailbox simulator that stand in for accounts which
	// don't exist, 1 to 3,600,000. Default: 2,000.
	UnknownMailsPerHour *float64
	// MailUnverifiedAddresses lets [ModePassword] mail codes to addresses that were never verified:
	// for pools whose addresses come from an administrator. Default: false.
	MailUnverifiedAddresses *bool

	// UserPool attaches to a pool of the same stack in place of a new one. Its other triggers stay.
	// An imported pool can't be attached to: CloudFormation can't change its triggers. It can't go
	// with UserPoolProps. Default: a new pool.
	UserPool awscognito.IUserPool
	// UserPoolProps adjusts the new pool. Default: see [UserPoolProps].
	UserPoolProps *UserPoolProps
	// UserPoolClientProps adjusts the app client. Default: see [UserPoolClientProps].
	UserPoolClientProps *UserPoolClientProps
	// ClientsMayChangeEmail lets app clients write the email attribute. A stolen access token then
	// moves the account to the thief's mailbox; verification before the change does not help, for the
	// thief owns the new one. Default: false.
	ClientsMayChangeEmail *bool
	// AcknowledgedBypasses lists bypasses that the app needs; see [Bypass]. Default: none.
	AcknowledgedBypasses *[]Bypass

	// Architecture is the functions' processor. Default: ARM_64.
	Architecture awslambda.Architecture
	// MemorySize is each function's memory in MiB, 128 to 10,240. Default: 512, which brings enough
	// processor for a cold start's TLS handshakes.
	MemorySize *float64
	// LogRetention is how long the functions' logs are kept. Default: ONE_MONTH.
	LogRetention awslogs.RetentionDays
	// RemovalPolicy holds for the pool, the key, the table and the logs: RETAIN,
	// RETAIN_ON_UPDATE_OR_DELETE or DESTROY. Whatever is retained is protected from deletion too.
	// Default: RETAIN.
	RemovalPolicy awscdk.RemovalPolicy

	// DefineAuthChallengeCode is that function's code, built beforehand: a zip with the program as
	// "bootstrap", for the Architecture. Default: built from source while the app is synthesised.
	DefineAuthChallengeCode awslambda.Code
	// CreateAuthChallengeCode is that function's code, built beforehand.
	CreateAuthChallengeCode awslambda.Code
	// VerifyAuthChallengeCode is that function's code, built beforehand.
	VerifyAuthChallengeCode awslambda.Code
	// PreSignUpCode is that function's code, built beforehand. Only in [ModePasswordless].
	PreSignUpCode awslambda.Code
	// PreTokenGenerationCode is that function's code, built beforehand. Only in [ModePassword].
	PreTokenGenerationCode awslambda.Code
	// MailEventsCode is that function's code, built beforehand.
	MailEventsCode awslambda.Code
}

// UserPoolProps adjusts the pool that the construct creates. It has no field that opens a side door:
// native MFA, aliases, recovery and triggers are the construct's.
type UserPoolProps struct {
	// UserPoolName is the pool's name, 1 to 128 characters. Default: generated.
	UserPoolName *string
	// SelfSignUpEnabled lets people sign up by themselves. Default: true in [ModePasswordless], false
	// in [ModePassword].
	SelfSignUpEnabled *bool
	// PasswordPolicy is what passwords must be. Default: 12 characters or more of all four classes,
	// temporary passwords valid for 7 days.
	PasswordPolicy *awscognito.PasswordPolicy
	// StandardAttributes are the attributes required or mutable, save Email, which clients may not
	// write and so can't be required. Default: Cognito's.
	StandardAttributes *awscognito.StandardAttributes
	// CustomAttributes are the pool's own attributes. Default: none.
	CustomAttributes *map[string]awscognito.ICustomAttribute
	// FeaturePlan is the pool's price class. Default: LITE, which is all that EmailOTP needs.
	FeaturePlan awscognito.FeaturePlan
	// Email is how Cognito sends mails of its own: confirmations and invitations. Default: Cognito's
	// shared sender, 50 mails a day.
	Email awscognito.UserPoolEmail
	// UserInvitation is the wording of Cognito's invitations. Default: Cognito's.
	UserInvitation *awscognito.UserInvitationConfig
	// UserVerification is the wording of Cognito's confirmations. Default: Cognito's.
	UserVerification *awscognito.UserVerificationConfig
	// DeletionProtection keeps the pool from being deleted. Default: true unless RemovalPolicy is
	// DESTROY.
	DeletionProtection *bool
}

// UserPoolClientProps adjusts the app client that the construct creates. It has no field for flows,
// OAuth or existence errors: they are the construct's.
type UserPoolClientProps struct {
	// UserPoolClientName is the client's name, 1 to 128 characters. Default: generated.
	UserPoolClientName *string
	// GenerateSecret gives the client a secret, for clients that run on a server. Default: false.
	GenerateSecret *bool
	// AccessTokenValidity is 5 minutes to 1 day. Default: 60 minutes.
	AccessTokenValidity awscdk.Duration
	// IdTokenValidity is 5 minutes to 1 day. Default: 60 minutes.
	IdTokenValidity awscdk.Duration
	// RefreshTokenValidity is 60 minutes to 10 years. Default: 30 days.
	RefreshTokenValidity awscdk.Duration
	// RefreshTokenRotationGracePeriod is 0 to 60 seconds and makes every refresh token valid once;
	// clients refresh by GetTokensFromRefreshToken then. Default: no rotation.
	RefreshTokenRotationGracePeriod awscdk.Duration
	// ReadAttributes are what the client may read. Default: all.
	ReadAttributes awscognito.ClientAttributes
	// WriteAttributes are what the client may write; with "email" only under
	// ClientsMayChangeEmail. Default: every standard attribute but email.
	WriteAttributes awscognito.ClientAttributes
}
