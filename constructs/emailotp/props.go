package emailotp

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Mode is how users sign in: [ModePassword] or [ModePasswordless].
type Mode = settings.Mode

const (
	// ModePassword requires a password, proven by SRP, and then a mailed code.
	ModePassword = settings.Password
	// ModePasswordless requires a mailed code alone.
	ModePasswordless = settings.Passwordless
)

// EmailOTPProps configures an [EmailOTP]. Mode and Sender are required. A field that is nil has the
// default that its comment states. The construct reads the props once and never writes to them. No
// value may be a token, because all of them are checked, and most are rendered, at synth.
type EmailOTPProps struct {
	// Mode is how users sign in: [ModePassword] or [ModePasswordless]. Required.
	Mode Mode
	// Sender is the address that mails the codes: [SenderAddress], [SenderDomain],
	// [SenderHostedZone] or [SenderIdentity]. Required.
	Sender Sender

	// SenderName is the display name beside the sender's address. Default: ProductName.
	SenderName *string
	// ReplyTo is the address that replies go to. Default: the sender's address.
	ReplyTo *string
	// ProductName is the mail's name for the service. Default: the sender's domain.
	ProductName *string
	// SupportAddress is the address that the mail offers to users who requested no code. Default:
	// none.
	SupportAddress *string
	// DefaultLocale is the mail's language for users without a locale attribute, a BCP 47 tag such
	// as "de" or "pt-BR". Default: "en".
	DefaultLocale *string
	// Brand is the look of the mail and of a sign-in page that is made for this EmailOTP. Its
	// AccentColor and MailLogoURL can't go with CreateAuthChallengeCode. Default: the look that
	// ships.
	Brand *Brand
	// Mail overrides the mail's wording, languages and colours. It can't go with
	// CreateAuthChallengeCode, because its result lies beside that function's program. Default: the
	// built-in mail.
	Mail *MailProps

	// CustomMessages writes the mails that Cognito itself sends (invitations, reset codes, and
	// codes that confirm an address) in the layout, the languages and the brand of the code mails.
	// EmailOTP then occupies the trigger CustomMessage. Cognito accepts the answer only from a pool
	// that mails by an SES identity of yours, so the new pool sends by Sender; a UserPool of yours
	// must be configured so.
	//
	// SES must have verified the identity before: deploy a new Sender first without CustomMessages.
	// Default: false. Cognito's own texts.
	CustomMessages *bool

	// InvitationByMail has Cognito mail the temporary password of a user whom `emailotp users
	// invite` creates. Codes go to the same mailbox: until the user has chosen a password, and at
	// most for the password policy's TempPasswordValidity, a reader of that mailbox has both
	// factors. AdminCreateUser, called by a program of yours, mails unless it passes SUPPRESS,
	// whatever this prop is. With CustomMessages the mail is EmailOTP's, else Cognito's, and
	// `emailotp doctor` reports it where this prop is false. Only in [ModePassword]. Default:
	// false. The command prints the password once and mails nothing.
	InvitationByMail *bool

	// MailFromDomain is the envelope sender's domain, a subdomain of the sender's own, for SPF to
	// align. Only for [SenderDomain] and [SenderHostedZone]. Default: "mail." and the zone's name
	// for [SenderHostedZone], which gets its records too; Amazon's own domain otherwise.
	MailFromDomain *string
	// DmarcRecord is the TXT record created at _dmarc in the zone of [SenderHostedZone]; empty to
	// create none, for a zone that has one. Default: "v=DMARC1; p=none", which satisfies receivers
	// that require a policy and changes nothing for the domain's other mail.
	DmarcRecord *string
	// SandboxRecipients lets the mailing function send to verified identities of this account, for
	// an account that is still in the SES sandbox: SES checks ses:SendEmail on the recipient's
	// identity there too. The function's role then covers every identity of the account and Region;
	// its condition on the From address stays. Leave it nil once SES has granted production access.
	// Default: false.
	SandboxRecipients *bool

	// CodeLength is the number of digits of a code, 6 to 10. Default: 8.
	CodeLength *float64
	// CodeTTL is how long a sign-in's code is valid, 1 to 8 minutes in whole seconds. Default: 5
	// minutes.
	//
	// A code lives 10 minutes in all (NIST SP 800-63B-4, 3.1.3.2). A sign-in that starts in the
	// rest of them gets the same code; a CodeTTL of 8 minutes leaves a rest of two.
	CodeTTL awscdk.Duration
	// MaxAttempts is how many answers one sign-in accepts, 1 to 5. Default: 3.
	MaxAttempts *float64
	// GuessBurst is how many answers of an account are compared at once, 3 to 100. After them a
	// code of 20 digits is mailed. Default: 10.
	GuessBurst *float64
	// GuessRefill is the time in which an account gets one answer back, 1 minute to 1 day in whole
	// seconds. Default: 1 hour.
	//
	// CodeLength, GuessBurst and GuessRefill determine the chance to guess a code of one account
	// within a year. The construct writes it into the stack's metadata, warns above 1e-3 and
	// refuses above 1e-1.
	GuessRefill awscdk.Duration

	// PasswordRecovery is the way back in for a user who forgot the password:
	// [RecoveryByAdministrator] or [RecoveryByEmail]. A UserPool of yours has the setting itself
	// (AccountRecovery); this one then states that you want it. With RememberDevices a reset
	// forgets the account's devices, for which EmailOTP occupies the trigger PostConfirmation.
	// Only in [ModePassword]. Default: RecoveryByAdministrator.
	PasswordRecovery PasswordRecovery
	// RememberDevices is how many days a client may leave out the code after it proved one, 1 to
	// 90; 30 is usual. The password is still required. The client draws the secret, at its user's
	// request, and EmailOTP keeps a hash of it. Only in [ModePassword]. Default: 0. Every sign-in
	// then requires a code.
	//
	// docs/security.md states the price: a phisher who relays one code can remember a device too.
	RememberDevices *float64

	// VerifiedMailsPerHour bounds the pool's mails to proven addresses, 1 to 1,800,000. Default:
	// 20,000.
	VerifiedMailsPerHour *float64
	// UnverifiedMailsPerHour bounds the pool's mails to addresses that were never proven, 1 to
	// 1,800,000. Default: 200.
	UnverifiedMailsPerHour *float64
	// UnverifiedMailsPerDay bounds the same mails in a day (UTC), 1 to 43,200,000. Default: 1,000.
	UnverifiedMailsPerDay *float64
	// UnknownMailsPerHour bounds the decoys: mails to SES's mailbox simulator for sign-ins with
	// unknown names, 1 to 1,800,000. Default: 2,000.
	UnknownMailsPerHour *float64
	// MailUnverifiedAddresses lets [ModePassword] mail codes to addresses that were never verified:
	// for pools whose addresses come from an administrator. Default: false.
	MailUnverifiedAddresses *bool
	// AllowedSignUpDomains are the domains whose addresses may sign up in [ModePasswordless], such
	// as "example.com", each with all of its subdomains. Default: every domain.
	AllowedSignUpDomains *[]*string

	// UserPool attaches to a pool of the same stack, or to an imported one, in place of a new one.
	// Its other triggers stay. It can't go with UserPoolProps. Default: a new pool.
	//
	// A function puts the triggers into an imported pool during the deployment, and removes them
	// when the EmailOTP is deleted. It changes nothing else of the pool, and refuses where the
	// deployed pool or one of its clients has a bypass that AcknowledgedBypasses does not list.
	UserPool awscognito.IUserPool
	// CheckOnDeploy checks the deployed pool and all its clients, those made in the console too, at
	// every deployment of a newly synthesised template. A bypass that AcknowledgedBypasses does not
	// list fails the deployment. Each synthesis changes the template, so every `cdk diff` shows a
	// difference. An imported pool is checked without it, where the EmailOTP changes. Default:
	// false.
	CheckOnDeploy *bool
	// CaseSensitiveUserNames is true for an imported pool in which "Ann" and "ann" are two user
	// names (its UsernameConfiguration). The deployment fails where the pool differs. For any other
	// pool the construct reads it. Default: false.
	CaseSensitiveUserNames *bool
	// AttachUserPoolStatements are further rights of the function that changes an imported pool:
	// iam:PassRole on the role of the pool's SmsConfiguration, kms:CreateGrant on the key of its
	// custom senders. Default: none.
	AttachUserPoolStatements *[]awsiam.PolicyStatement
	// UserPoolProps adjusts the new pool. Default: see [UserPoolProps].
	UserPoolProps *UserPoolProps
	// PreSignUp is your own function for the trigger that EmailOTP occupies in [ModePasswordless].
	// EmailOTP invokes it with Cognito's event after its own checks, and it may refuse the sign-up.
	// EmailOTP alone confirms a user who signs up, and no answer verifies an address. What it
	// answers about users of administrators and of identity providers passes through. It shares the
	// trigger's 4 seconds and may be invoked again. Default: none.
	//
	// All other triggers stay free, but for those of CustomMessage and PostConfirmation where an
	// option occupies them: add your functions to the pool.
	PreSignUp awslambda.IFunction
	// PreTokenGeneration is your own function for the trigger that EmailOTP occupies in
	// [ModePassword]. EmailOTP invokes it with Cognito's event after it allowed the tokens, and its
	// answer passes through: it may change claims and groups, and refuse. It shares the trigger's 4
	// seconds, also at every refresh, and may be invoked again. Default: none.
	PreTokenGeneration awslambda.IFunction
	// CustomMessage is your own function for the trigger that EmailOTP occupies with
	// CustomMessages. EmailOTP invokes it first, with Cognito's event. The subject, the body and
	// the text of an SMS that it sets stay, unless Cognito would refuse them; EmailOTP writes what
	// it leaves out. Its error goes to Cognito. Where a stranger can request the mail for any name
	// (ForgotPassword, ResendCode) an error would show who has an account, so only its texts
	// are lost. It shares the trigger's 4 seconds and may be invoked again. Default: none.
	CustomMessage awslambda.IFunction
	// PostConfirmation is your own function for the trigger that EmailOTP occupies with
	// RememberDevices and [RecoveryByEmail] together. EmailOTP invokes it with Cognito's event,
	// after it forgot the devices of a user who reset the password. Its error goes to the client;
	// where it gives no answer at all, the call succeeds, for Cognito has set the password by then.
	// It shares the trigger's 4 seconds and may be invoked again. Default: none.
	PostConfirmation awslambda.IFunction
	// PreTokenGenerationVersion is the version of the events that this trigger receives: V1_0,
	// V2_0 or V3_0. The last two need a plan above LITE. Only in [ModePassword]. Default: V1_0.
	PreTokenGenerationVersion awscognito.LambdaVersion
	// UserPoolClientProps adjusts the app client. Default: see [UserPoolClientProps].
	UserPoolClientProps *UserPoolClientProps
	// ClientsMayChangeEmail lets app clients write the email attribute. A stolen access token then
	// moves the account to the thief's mailbox. Verification before the change does not help,
	// because the thief owns the new mailbox. Default: false.
	ClientsMayChangeEmail *bool
	// AcknowledgedBypasses lists bypasses that the app needs; see [Bypass]. Default: none.
	AcknowledgedBypasses *[]Bypass

	// Architecture is the functions' processor. Default: ARM_64.
	Architecture awslambda.Architecture
	// MemorySize is each function's memory in MiB, 128 to 10,240. Default: 512, which brings enough
	// processor for a cold start's TLS handshakes.
	MemorySize *float64
	// LogRetention is how long the functions' logs are kept. It can't go with LogGroup. Default:
	// ONE_MONTH.
	LogRetention awslogs.RetentionDays
	// LogGroup receives the logs of all functions, each in streams of its own. Default: a log group
	// for each function.
	LogGroup awslogs.ILogGroup
	// EncryptionKey encrypts the table and the log groups that the construct and its sign-in page
	// create. It must be a symmetric key of the stack's Region. The construct lets the functions'
	// roles use it for the table and, where the key is of this app, CloudWatch Logs for the log
	// groups; the policy of an imported key must allow logs.<Region>.amazonaws.com already. Codes
	// are derived by [EmailOTP.Key], which it does not replace. Default: keys that AWS owns.
	EncryptionKey awskms.IKey
	// ReservedConcurrentExecutions is how many invocations of each function run at a time, 1 or
	// more. It reserves and limits: beyond it Lambda refuses, and sign-ins fail. Default: what the
	// account has left.
	ReservedConcurrentExecutions *float64
	// Tracing is AWS X-Ray's mode for each function. Default: DISABLED.
	Tracing awslambda.Tracing
	// VpcConfig runs the functions in a VPC. They must reach KMS, DynamoDB, SES and Cognito from
	// there, and the sign-in page's function Secrets Manager, by a NAT gateway or by endpoints.
	// Default: none.
	VpcConfig *VpcConfig
	// CodeSigningConfig is the signing profiles that Lambda requires of the functions' code. Assets
	// of the CDK are not signed, so every function's Code prop must be given with it. Default:
	// none.
	CodeSigningConfig awslambda.ICodeSigningConfig
	// RemovalPolicy decides whether the pool, the key, the table, the logs and the SES identity are
	// kept when the stack is deleted: RETAIN, RETAIN_ON_UPDATE_OR_DELETE or DESTROY. The first two
	// are equal. The pool and the table are protected from deletion too where they are kept.
	// Everything else is deleted if the stack's first deployment fails. Default: RETAIN.
	RemovalPolicy awscdk.RemovalPolicy
	// KeyGeneration is the number of the KMS key in use, 1 to 1,000. To replace the key, add 1 and
	// deploy. Sign-ins under way then get a mail with a new code. The stack keeps the key of the
	// generation before, so that a roll-back finds it. Default: 1.
	KeyGeneration *float64

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
	// AttachUserPoolCode is that function's code, built beforehand. Only with an imported UserPool
	// or CheckOnDeploy.
	AttachUserPoolCode awslambda.Code
}

// VpcConfig is where the functions run, in the terms of [awslambda.FunctionOptions].
type VpcConfig struct {
	// Vpc is the network. Required.
	Vpc awsec2.IVpc
	// VpcSubnets selects the subnets. Default: the private ones.
	VpcSubnets *awsec2.SubnetSelection
	// SecurityGroups are the functions' security groups. Default: a new one for each function.
	SecurityGroups *[]awsec2.ISecurityGroup
	// AllowAllOutbound lets a new security group reach everything. Default: true.
	AllowAllOutbound *bool
}

// UserPoolProps adjusts the pool that the construct creates. It has no field that opens a bypass:
// the construct sets native MFA, aliases, recovery and triggers.
type UserPoolProps struct {
	// UserPoolName is the pool's name, 1 to 128 characters. Default: generated.
	UserPoolName *string
	// SelfSignUpEnabled lets users sign up by themselves. Default: true in [ModePasswordless],
	// false in [ModePassword].
	SelfSignUpEnabled *bool
	// PasswordPolicy is the rule for passwords. Default: 12 characters or more of all four classes,
	// temporary passwords valid for 7 days.
	PasswordPolicy *awscognito.PasswordPolicy
	// StandardAttributes are the attributes that are required or mutable. Email must be nil:
	// clients may not write it, so it can't be required. Default: Cognito's.
	StandardAttributes *awscognito.StandardAttributes
	// CustomAttributes are the pool's own attributes. Default: none.
	CustomAttributes *map[string]awscognito.ICustomAttribute
	// FeaturePlan is the pool's price class. Default: LITE, which suffices for EmailOTP.
	FeaturePlan awscognito.FeaturePlan
	// Email is how Cognito sends mails of its own: confirmations and invitations. Default:
	// Cognito's shared sender, 50 mails a day; Sender with CustomMessages.
	Email awscognito.UserPoolEmail
	// UserInvitation is the wording of Cognito's invitations. With CustomMessages only its
	// SmsMessage has an effect. Default: Cognito's.
	UserInvitation *awscognito.UserInvitationConfig
	// UserVerification is the wording of Cognito's confirmations. With CustomMessages only its
	// SmsMessage has an effect. Default: Cognito's.
	UserVerification *awscognito.UserVerificationConfig
	// DeletionProtection makes Cognito refuse to delete the pool. Default: true unless
	// RemovalPolicy is DESTROY.
	DeletionProtection *bool
}

// UserPoolClientProps adjusts the app client that the construct creates. It has no field for flows,
// OAuth or existence errors: the construct sets them.
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
	// RefreshTokenRotationGracePeriod is 0 to 60 seconds and makes every refresh token valid once.
	// Clients then refresh by GetTokensFromRefreshToken. Default: no rotation.
	RefreshTokenRotationGracePeriod awscdk.Duration
	// ReadAttributes are the attributes that the client may read. Default: all.
	ReadAttributes awscognito.ClientAttributes
	// WriteAttributes are the attributes that the client may write; "email" only with
	// ClientsMayChangeEmail. Default: every standard attribute but email.
	WriteAttributes awscognito.ClientAttributes
}
