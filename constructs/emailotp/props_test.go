//go:build !race

package emailotp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

type props = emailotp.EmailOTPProps

var text, number, yes = jsii.String, jsii.Number[float64], jsii.Bool(true)

// A misuse is one wrong value of a prop, with the refusal that it causes.
type misuse struct {
	prop   string // as the refusal names it
	name   string
	change func(stack awscdk.Stack, p *props)
	wants  string // after the prop's name
}

func seconds(n float64) awscdk.Duration { return awscdk.Duration_Seconds(number(n)) }

// token returns a value that is known at deployment alone.
func token(stack awscdk.Stack) *string { return stack.StackId() }

func tokenNumber() *float64 {
	return awscdk.Token_AsNumber(awscdk.Fn_Ref(text("Parameter")))
}

func tokenDuration() awscdk.Duration {
	return awscdk.Duration_Seconds(tokenNumber())
}

func pool(p *props) *emailotp.UserPoolProps {
	p.UserPoolProps = &emailotp.UserPoolProps{}
	return p.UserPoolProps
}

func client(p *props) *emailotp.UserPoolClientProps {
	p.UserPoolClientProps = &emailotp.UserPoolClientProps{}
	return p.UserPoolClientProps
}

func mailOf(p *props) *emailotp.MailProps {
	p.Mail = &emailotp.MailProps{}
	return p.Mail
}

func zone(stack awscdk.Stack, name *string) awsroute53.IPublicHostedZone {
	return awsroute53.PublicHostedZone_FromPublicHostedZoneAttributes(stack, text("Zone"),
		&awsroute53.PublicHostedZoneAttributes{HostedZoneId: text("Z0123456789ABC"), ZoneName: name})
}

func inline() awslambda.Code { return awslambda.Code_FromInline(text("x")) }

var misuses = []misuse{
	{"Mode", "missing", func(_ awscdk.Stack, p *props) { p.Mode = "" },
		" is missing; pass ModePassword or ModePasswordless"},
	{"Mode", "unknown", func(_ awscdk.Stack, p *props) { p.Mode = "both" },
		` must be ModePassword ("password") or ModePasswordless ("passwordless") (received: "both")`},
	{"Sender", "missing", func(_ awscdk.Stack, p *props) { p.Sender = nil },
		` is missing; pass SenderAddress("no-reply@example.com")`},
	{"Brand", "a colour that can't be read", func(_ awscdk.Stack, p *props) { p.Brand = &emailotp.Brand{AccentColor: "#ffee00"} },
		`.AccentColor must have a contrast of 4.5 to 1 on white (received: "#ffee00"`},
	{"Brand", "no logo", func(_ awscdk.Stack, p *props) { p.Brand = &emailotp.Brand{Logo: "none.png"} },
		`.Logo must name a file (received: "none.png"`},
	{"Brand", "a token", func(s awscdk.Stack, p *props) { p.Brand = &emailotp.Brand{TermsURL: *token(s)} },
		".TermsURL"},
	{"Sender", "no address", func(_ awscdk.Stack, p *props) { p.Sender = emailotp.SenderAddress("codes@") },
		` must be one e-mail address like codes@example.com (received: "codes@"`},
	{"Sender", "a display name", func(_ awscdk.Stack,
		p *props) {
		p.Sender = emailotp.SenderAddress("Codes <codes@example.com>")
	}, ` must be one e-mail address like codes@example.com (received: "Codes <codes@example.com>"`},
	{"Sender", "a token", func(s awscdk.Stack, p *props) { p.Sender = emailotp.SenderAddress(*token(s)) },
		" must be known while the app is synthesised (received: a token)"},
	{"Sender", "a domain's token", func(s awscdk.Stack,
		p *props) {
		p.Sender = emailotp.SenderDomain(*token(s), "codes")
	}, " must be known while the app is synthesised (received: a token)"},
	{"Sender", "no domain", func(_ awscdk.Stack, p *props) { p.Sender = emailotp.SenderDomain("example", "codes") },
		" must be one e-mail address"},
	{"Sender", "no identity", func(_ awscdk.Stack,
		p *props) {
		p.Sender = emailotp.SenderIdentity(nil, "codes@example.com")
	}, " has no identity"},
	{"Sender", "another identity's address", func(s awscdk.Stack, p *props) {
		p.Sender = emailotp.SenderIdentity(awsses.EmailIdentity_FromEmailIdentityName(s, text("Identity"),
			text("example.com")), "codes@other.example.net")
	}, ` must be an address of example.com, the identity that it sends by (received: "codes@other.example.net")`},
	{"Sender", "no zone", func(_ awscdk.Stack,
		p *props) {
		p.Sender = emailotp.SenderHostedZone(nil, "codes@example.com")
	}, " has no hosted zone"},
	{"Sender", "another zone's address", func(s awscdk.Stack, p *props) {
		p.Sender = emailotp.SenderHostedZone(zone(s, text("example.net")), "codes@example.com")
	}, ` must be an address of example.net`},
	{"Sender", "a zone whose name is a token", func(s awscdk.Stack, p *props) {
		p.Sender = emailotp.SenderHostedZone(zone(s, token(s)), "codes@example.com")
	}, "'s hosted zone has a name that is not known"},
	{"SenderName", "a header", func(_ awscdk.Stack, p *props) { p.SenderName = text("A\r\nBcc: b@example.com") },
		" must be one line without control characters"},
	{"SenderName", "an encoded word, which the function would refuse",
		func(_ awscdk.Stack, p *props) { p.SenderName = text("=?utf-8?q?x?=") }, ` must not have "=?"`},
	{"ReplyTo", "no address", func(_ awscdk.Stack, p *props) { p.ReplyTo = text("help") },
		` has no @; write one address like name@example.com (received: "help")`},
	{"ProductName", "too long", func(_ awscdk.Stack, p *props) { p.ProductName = text(strings.Repeat("x", 65)) },
		" must have at most 64 characters (received: 65)"},
	{"SupportAddress", "no address", func(_ awscdk.Stack, p *props) { p.SupportAddress = text("a@b@c") },
		" has a character before the @"},
	{"DefaultLocale", "no such language", func(_ awscdk.Stack, p *props) { p.DefaultLocale = text("tlh") },
		` must be one of ar, de, en,`},
	{"MailFromDomain", "of an address", func(_ awscdk.Stack, p *props) { p.MailFromDomain = text("mail.example.com") },
		" goes with SenderDomain or SenderHostedZone alone"},
	{"MailFromDomain", "of another domain", func(_ awscdk.Stack, p *props) {
		p.Sender, p.MailFromDomain = emailotp.SenderDomain("example.com", "codes"), text("mail.example.net")
	}, ` must be a subdomain of example.com (received: "mail.example.net")`},
	{"MailFromDomain", "the sender's own", func(s awscdk.Stack, p *props) {
		p.Sender, p.MailFromDomain = emailotp.SenderHostedZone(zone(s, text("example.com")), "codes@id.example.com"),
			text("id.example.com")
	}, " must not be the domain that mail is sent from"},
	{"MailFromDomain", "a token", func(s awscdk.Stack, p *props) {
		p.Sender, p.MailFromDomain = emailotp.SenderDomain("example.com", "codes"), token(s)
	}, " must be known while the app is synthesised"},
	{"DmarcRecord", "of an address", func(_ awscdk.Stack, p *props) { p.DmarcRecord = text("v=DMARC1; p=reject") },
		" goes with SenderHostedZone alone"},
	{"DmarcRecord", "something else", func(s awscdk.Stack, p *props) {
		p.Sender, p.DmarcRecord = emailotp.SenderHostedZone(zone(s, text("example.com")), "codes@example.com"), text("v=spf1")
	}, ` must begin with "v=DMARC1;", or be empty for none (received: "v=spf1")`},
	{"DmarcRecord", "a token", func(s awscdk.Stack, p *props) {
		p.Sender, p.DmarcRecord = emailotp.SenderHostedZone(zone(s, text("example.com")), "codes@example.com"), token(s)
	}, " must be known while the app is synthesised"},

	{"CodeLength", "too short", func(_ awscdk.Stack, p *props) { p.CodeLength = number(4) },
		" must be 6 to 10 digits (received: 4); leave it nil for 8"},
	{"CodeLength", "a fraction", func(_ awscdk.Stack, p *props) { p.CodeLength = number(7.5) },
		" must be 6 to 10 digits (received: 7.5)"},
	{"CodeTTL", "too long", func(_ awscdk.Stack, p *props) { p.CodeTTL = seconds(660) },
		" must be 1 minute to 8 minutes in whole seconds (received: 11 minutes); leave it nil for 5 minutes"},
	{"CodeTTL", "part of a second", func(_ awscdk.Stack, p *props) { p.CodeTTL = awscdk.Duration_Millis(number(90_500)) },
		" must be 1 minute to 8 minutes in whole seconds (received: 1m30.5s)"},
	{"MaxAttempts", "none", func(_ awscdk.Stack, p *props) { p.MaxAttempts = number(0) },
		" must be 1 to 5 answers (received: 0); leave it nil for 3"},
	{"GuessBurst", "too many", func(_ awscdk.Stack, p *props) { p.GuessBurst = number(101) },
		" must be 3 to 100 answers (received: 101)"},
	{"GuessRefill", "too slow", func(_ awscdk.Stack, p *props) { p.GuessRefill = awscdk.Duration_Days(number(2)) },
		" must be 1 minute to 1 day in whole seconds (received: 2 days)"},
	{"CodeLength, GuessBurst and GuessRefill", "too easy to guess", func(_ awscdk.Stack, p *props) {
		p.CodeLength, p.GuessRefill = number(6), seconds(60)
	}, " give 525,610 guesses of one account a year (10 at once and one more every 1 minute), each right once in 10^6: a chance of 0.41; this must be 0.1 or less"},
	{"RememberDevices", "passwordless", func(_ awscdk.Stack, p *props) {
		p.Mode, p.RememberDevices = emailotp.ModePasswordless, number(30)
	}, " has a meaning in ModePassword alone"},
	{"PasswordRecovery", "unknown", func(_ awscdk.Stack, p *props) {
		p.Mode, p.PasswordRecovery = emailotp.ModePassword, "mail"
	}, ` must be RecoveryByAdministrator ("administrator") or RecoveryByEmail ("email") (received: "mail")`},
	{"PasswordRecovery", "passwordless", func(_ awscdk.Stack, p *props) {
		p.Mode, p.PasswordRecovery = emailotp.ModePasswordless, emailotp.RecoveryByEmail
	}, " has a meaning in ModePassword alone"},
	{"InvitationByMail", "passwordless", func(_ awscdk.Stack, p *props) {
		p.Mode, p.InvitationByMail = emailotp.ModePasswordless, yes
	}, " has a meaning in ModePassword alone; leave it nil: a passwordless pool has no temporary password to mail"},
	{"UserPoolProps.UserInvitation", "beside CustomMessages", func(_ awscdk.Stack, p *props) {
		p.CustomMessages = yes
		p.UserPoolProps = &emailotp.UserPoolProps{UserInvitation: &awscognito.UserInvitationConfig{EmailSubject: text("x")}}
	}, " has an EmailSubject or an EmailBody, which CustomMessages replaces"},
	{"UserPoolProps.UserVerification", "beside CustomMessages", func(_ awscdk.Stack, p *props) {
		p.CustomMessages = yes
		p.UserPoolProps = &emailotp.UserPoolProps{UserVerification: &awscognito.UserVerificationConfig{EmailBody: text(
			"{####}")}}
	}, " has an EmailSubject or an EmailBody, which CustomMessages replaces"},
	{"Mail", "texts of Cognito's mails without CustomMessages", func(_ awscdk.Stack, p *props) {
		p.Mail = &emailotp.MailProps{Languages: map[string]emailotp.MailStrings{
			"de": {Cognito: emailotp.CognitoMailStrings{ResetHeading: "Neues Passwort"}}}}
	}, " has texts or templates of Cognito's own mails, which EmailOTP writes with CustomMessages alone"},
	{"Mail.Languages", "an invitation without the name", func(_ awscdk.Stack, p *props) {
		p.CustomMessages = yes
		p.Mail = &emailotp.MailProps{Languages: map[string]emailotp.MailStrings{
			"de": {Cognito: emailotp.CognitoMailStrings{Invitation: "Willkommen"}}}}
	}, `["de"].cognito.invitation lacks {username}, which Cognito requires`},
	{"CustomMessages", "a long text", func(_ awscdk.Stack, p *props) {
		p.CustomMessages, p.SupportAddress = yes, text("help@example.com")
		long := strings.Repeat("<>", 500)
		p.Mail = &emailotp.MailProps{Footer: text(strings.Repeat("&", 500)),
			Languages: map[string]emailotp.MailStrings{"de": {Secret: long, NotYouTitle: long, Support: long}}}
	}, ": language de, reset: the HTML has 20041 characters; Cognito accepts 20000"},
	{"VerifiedMailsPerHour", "none", func(_ awscdk.Stack, p *props) { p.VerifiedMailsPerHour = number(0) },
		" must be 1 to 1,800,000 mails an hour (received: 0); leave it nil for 20,000"},
	{"UnverifiedMailsPerHour", "negative", func(_ awscdk.Stack, p *props) { p.UnverifiedMailsPerHour = number(-1) },
		" must be 1 to 1,800,000 mails an hour (received: -1)"},
	{"UnverifiedMailsPerDay", "too many", func(_ awscdk.Stack, p *props) { p.UnverifiedMailsPerDay = number(43_200_001) },
		" must be 1 to 43,200,000 mails a day (received: 43200001); leave it nil for 1,000"},
	{"AllowedSignUpDomains", "none", func(_ awscdk.Stack, p *props) { p.AllowedSignUpDomains = jsii.Strings() },
		" must have at least one domain; leave it nil for every domain"},
	{"AllowedSignUpDomains", "an address", func(_ awscdk.Stack,
		p *props) {
		p.AllowedSignUpDomains = jsii.Strings("example.com", "x@example.net")
	}, ` must be domain names like example.com (received: "x@example.net", which `},
	{"AllowedSignUpDomains", "a list in one text",
		func(_ awscdk.Stack, p *props) { p.AllowedSignUpDomains = jsii.Strings("example.com,example.net") },
		` must be domain names like example.com (received: "example.com,example.net", which `},
	{"AllowedSignUpDomains", "no dot", func(_ awscdk.Stack, p *props) { p.AllowedSignUpDomains = jsii.Strings("com") },
		` must be domain names like example.com (received: "com", which has a domain without a dot)`},
	{"AllowedSignUpDomains[1]", "a token", func(s awscdk.Stack,
		p *props) {
		p.AllowedSignUpDomains = &[]*string{text("example.com"), token(s)}
	}, " must be known while the app is synthesised"},
	{"AllowedSignUpDomains", "with passwords", func(_ awscdk.Stack, p *props) {
		p.Mode, p.AllowedSignUpDomains = emailotp.ModePassword, jsii.Strings("example.com")
	}, " has a meaning in ModePasswordless alone"},
	{"AllowedSignUpDomains", "more than a function's environment holds", func(_ awscdk.Stack, p *props) {
		p.AllowedSignUpDomains = jsii.Strings(slices.Repeat([]string{"long-name.example.com"}, 200)...)
	}, " must fit into a function's environment of 4,096 bytes (received: 4,4"},
	{"MailUnverifiedAddresses", "without passwords", func(_ awscdk.Stack, p *props) { p.MailUnverifiedAddresses = yes },
		" has a meaning in ModePassword alone"},

	{"AttachUserPoolCode", "without a use", func(_ awscdk.Stack, p *props) {
		p.AttachUserPoolCode = awslambda.Code_FromAsset(text("testdata"), nil)
	}, " goes with an imported UserPool or CheckOnDeploy"},
	{"CaseSensitiveUserNames", "without an imported pool",
		func(_ awscdk.Stack, p *props) { p.CaseSensitiveUserNames = yes },
		" goes with an imported UserPool"},
	{"AttachUserPoolStatements", "without an imported pool", func(_ awscdk.Stack, p *props) {
		p.AttachUserPoolStatements = &[]awsiam.PolicyStatement{awsiam.NewPolicyStatement(nil)}
	}, " goes with an imported UserPool"},
	{"AttachUserPoolStatements[0]", "nil", func(s awscdk.Stack, p *props) {
		p.UserPool = awscognito.UserPool_FromUserPoolId(s, text("Imported"), text("eu-west-1_AbCdEfGhI"))
		p.AttachUserPoolStatements = &[]awsiam.PolicyStatement{nil}
	}, " is nil; pass awsiam.NewPolicyStatement"},
	{"UserPool and UserPoolProps", "both", func(s awscdk.Stack, p *props) { p.UserPool = ownPool(s, nil); pool(p) },
		" exclude each other"},
	{"UserPoolProps.UserPoolName", "a token", func(s awscdk.Stack, p *props) { pool(p).UserPoolName = token(s) },
		" must be known"},
	{"UserPoolProps.UserPoolName", "too long",
		func(_ awscdk.Stack, p *props) { pool(p).UserPoolName = text(strings.Repeat("x", 129)) },
		" must be 128 characters or fewer"},
	{"UserPoolProps.PasswordPolicy.MinLength", "too short", func(_ awscdk.Stack, p *props) {
		pool(p).PasswordPolicy = &awscognito.PasswordPolicy{MinLength: number(6)}
	}, " must be 8 to 99 characters (received: 6)"},
	{"UserPoolProps.PasswordPolicy.TempPasswordValidity", "too long", func(_ awscdk.Stack, p *props) {
		pool(p).PasswordPolicy = &awscognito.PasswordPolicy{TempPasswordValidity: awscdk.Duration_Days(number(400))}
	}, " must be 1 day to 365 days"},
	{"UserPoolProps.StandardAttributes.Email", "required", func(_ awscdk.Stack, p *props) {
		pool(p).StandardAttributes = &awscognito.StandardAttributes{Email: &awscognito.StandardAttribute{Required: yes}}
	}, " must be nil: clients may not write email"},
	{"UserPoolProps.FeaturePlan", "unknown", func(_ awscdk.Stack, p *props) { pool(p).FeaturePlan = "FREE" },
		` must be LITE, ESSENTIALS or PLUS (received: "FREE")`},
	{"UserPoolClientProps.UserPoolClientName", "a token",
		func(s awscdk.Stack, p *props) { client(p).UserPoolClientName = token(s) }, " must be known"},
	{"UserPoolClientProps.AccessTokenValidity", "longer than the refresh token's", func(_ awscdk.Stack, p *props) {
		client(p).RefreshTokenValidity = awscdk.Duration_Hours(number(2))
		p.UserPoolClientProps.AccessTokenValidity = awscdk.Duration_Hours(number(3))
	}, " must be 5 minutes to 2 hours in whole seconds (received: 3 hours)"},
	{"UserPoolClientProps.IdTokenValidity", "a token",
		func(s awscdk.Stack, p *props) { client(p).IdTokenValidity = tokenDuration() }, " must be known"},
	{"UserPoolClientProps.RefreshTokenValidity", "too short",
		func(_ awscdk.Stack, p *props) { client(p).RefreshTokenValidity = seconds(60) }, " must be 1 hour to 3650 days"},
	{"UserPoolClientProps.RefreshTokenRotationGracePeriod", "too long", func(_ awscdk.Stack, p *props) {
		client(p).RefreshTokenRotationGracePeriod = seconds(61)
	}, " must be 0s to 1 minute"},
	{"UserPoolClientProps.WriteAttributes", "email", func(_ awscdk.Stack, p *props) {
		client(p).WriteAttributes = awscognito.NewClientAttributes().WithStandardAttributes(
			&awscognito.StandardAttributesMask{Email: yes})
	}, " must not have email: a stolen access token would move the account"},
	{"AcknowledgedBypasses", "an unknown kind", func(_ awscdk.Stack, p *props) {
		p.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: "WINDOW", Path: "Prod/Web"}}
	}, ` has no kind "WINDOW"; the kinds are USER_SRP_AUTH,`},
	{"AcknowledgedBypasses", "no path", func(_ awscdk.Stack, p *props) {
		p.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassHostedUI}}
	}, " has a HOSTED_UI without a path"},
	{"AcknowledgedBypasses", "a token", func(s awscdk.Stack, p *props) {
		p.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassHostedUI, Path: *token(s)}}
	}, " must be known while the app is synthesised"},

	{"Architecture", "another", func(_ awscdk.Stack, p *props) {
		p.Architecture = awslambda.Architecture_Custom(text("riscv64"), nil)
	}, ` must be ARM_64 or X86_64 (received: "riscv64")`},
	{"MemorySize", "too little", func(_ awscdk.Stack, p *props) { p.MemorySize = number(64) },
		" must be 128 to 10,240 MiB (received: 64); leave it nil for 512"},
	{"MemorySize", "a token", func(s awscdk.Stack, p *props) { p.MemorySize = tokenNumber() }, " must be known"},
	{"LogRetention", "unknown", func(_ awscdk.Stack, p *props) { p.LogRetention = "FOREVER" },
		` must be one of awslogs.RetentionDays (received: "FOREVER")`},
	{"LogRetention", "with a log group", func(s awscdk.Stack, p *props) {
		p.LogRetention, p.LogGroup = awslogs.RetentionDays_ONE_DAY, awslogs.NewLogGroup(s, text("Logs"), nil)
	}, " can't go with LogGroup"},
	{"Tracing", "unknown", func(_ awscdk.Stack, p *props) { p.Tracing = "ON" },
		` must be ACTIVE, PASS_THROUGH or DISABLED (received: "ON")`},
	{"ReservedConcurrentExecutions", "none", func(_ awscdk.Stack, p *props) { p.ReservedConcurrentExecutions = number(0) },
		" must be 1 to 100,000"},
	{"VpcConfig", "without a network", func(_ awscdk.Stack, p *props) { p.VpcConfig = &emailotp.VpcConfig{} },
		" has no Vpc"},
	{"CodeSigningConfig", "with code that is built here", func(s awscdk.Stack, p *props) {
		p.CodeSigningConfig = awslambda.CodeSigningConfig_FromCodeSigningConfigArn(s, text("Signing"),
			text("arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0"))
	}, " needs DefineAuthChallengeCode"},
	{"RemovalPolicy", "unknown to keys", func(_ awscdk.Stack,
		p *props) {
		p.RemovalPolicy = awscdk.RemovalPolicy_SNAPSHOT
	}, ` must be RETAIN, RETAIN_ON_UPDATE_OR_DELETE or DESTROY (received: "SNAPSHOT")`},
	{"KeyGeneration", "none", func(_ awscdk.Stack, p *props) { p.KeyGeneration = number(0) },
		" must be 1 to 1,000 generations (received: 0); leave it nil for 1"},
	{"PreSignUpCode", "of the other mode", func(_ awscdk.Stack,
		p *props) {
		p.Mode, p.PreSignUpCode = emailotp.ModePassword, inline()
	}, " has no function in password mode"},
	{"PreTokenGenerationCode", "of the other mode",
		func(_ awscdk.Stack, p *props) { p.PreTokenGenerationCode = inline() }, " has no function in passwordless mode"},

	{"Mail and CreateAuthChallengeCode", "both",
		func(_ awscdk.Stack, p *props) { mailOf(p); p.CreateAuthChallengeCode = inline() }, " exclude each other"},
	{"Mail.LogoText", "a token", func(s awscdk.Stack, p *props) { mailOf(p).LogoText = token(s) }, " must be known"},
	{`Mail.Languages["de"].Heading`, "a token in a language", func(s awscdk.Stack, p *props) {
		mailOf(p).Languages = map[string]emailotp.MailStrings{"de": {Heading: "Hallo " + *token(s)}}
	}, " must be known while the app is synthesised (received: a token)"},
	{`Mail.Languages["de"].Expires["other"]`, "a token in a plural", func(s awscdk.Stack, p *props) {
		mailOf(p).Languages = map[string]emailotp.MailStrings{"de": {Expires: map[string]string{"other": *token(s)}}}
	}, " must be known while the app is synthesised (received: a token)"},
	{"Mail.Templates.Text", "a token in a template", func(s awscdk.Stack, p *props) {
		mailOf(p).Templates = &emailotp.MailTemplates{Text: "{{.Grouped}} " + *token(s)}
	}, " must be known while the app is synthesised (received: a token)"},
	{"Mail.AccentColor", "no colour", func(_ awscdk.Stack, p *props) { mailOf(p).AccentColor = text("red") }, " "},
	{"Mail.AccentColor", "too pale", func(_ awscdk.Stack, p *props) { mailOf(p).AccentColor = text("#ffff00") },
		` "#ffff00" has a contrast of`},
	{"Mail.Footer", "too long", func(_ awscdk.Stack, p *props) { mailOf(p).Footer = text(strings.Repeat("x", 501)) },
		" must have at most 500 characters"},
	{"Mail.SignInHost", "a path", func(_ awscdk.Stack,
		p *props) {
		mailOf(p).SignInHost = text("https://id.example.com/x")
	}, " must be a host like id.example.com"},
	{"Mail.FeedbackId", "a colon", func(_ awscdk.Stack, p *props) { mailOf(p).FeedbackId = text("a:b") },
		` must consist of ASCII letters`},
	{"Mail.Languages", "no such language", func(_ awscdk.Stack, p *props) {
		mailOf(p).Languages = map[string]emailotp.MailStrings{"xx-nonsense-tag": {Subject: "x"}}
	}, ": "},
	{"Mail.Languages", "an unknown value", func(_ awscdk.Stack, p *props) {
		mailOf(p).Languages = map[string]emailotp.MailStrings{"de": {Subject: "{produkt}"}}
	}, `["de"].subject`},
	{"Mail: text.tmpl:1", "a template that calls what isn't there", func(_ awscdk.Stack, p *props) {
		mailOf(p).Templates = &emailotp.MailTemplates{Text: "{{.Kode}}"}
	}, ""},
	{"Mail.Directory", "missing", func(_ awscdk.Stack, p *props) { mailOf(p).Directory = text("/no/such/directory") },
		` "/no/such/directory": `},
}

// ofSettings are the misuses that all settings of a type share: tokens, blank texts, and numbers
// and durations just out of their range.
func ofSettings() (all []misuse) {
	var s settings.Settings
	for _, f := range settings.Fields() {
		add := func(name string, value func(awscdk.Stack) any, wants string) {
			all = append(all, misuse{f.Prop, name, func(stack awscdk.Stack, p *props) {
				reflect.ValueOf(p).Elem().FieldByName(f.Prop).Set(reflect.ValueOf(value(stack)))
			}, wants})
		}
		switch f.Of(&s).(type) {
		case *string:
			if f.Prop != "" && f.Prop != "Sender" {
				add("a token", func(stack awscdk.Stack) any { return token(stack) }, " must be known while the app is synthesised")
				add("blank", func(awscdk.Stack) any { return text(" ") }, ` must not be empty (received: " ")`)
			}
		case *int:
			limits := fmt.Sprintf(" must be %s to %s %s (received: ", thousands(f.Least), thousands(f.Most), f.Unit)
			add("a token", func(stack awscdk.Stack) any { return tokenNumber() },
				" must be known while the app is synthesised")
			add("too small", func(awscdk.Stack) any { return number(float64(f.Least - 1)) }, limits)
			add("too large", func(awscdk.Stack) any { return number(float64(f.Most + 1)) }, limits)
		case *time.Duration:
			add("a token", func(stack awscdk.Stack) any { return tokenDuration() },
				" must be known while the app is synthesised")
			add("too short", func(awscdk.Stack) any { return seconds(float64(f.Least - 1)) }, " must be ")
			add("too long", func(awscdk.Stack) any { return seconds(float64(f.Most + 1)) }, " must be ")
		}
	}
	return all
}

func TestEachMisuseOfAPropIsRefusedByNameBeforeAnythingIsCreated(t *testing.T) {
	for _, m := range append(ofSettings(), misuses...) {
		t.Run(m.prop+", "+m.name, func(t *testing.T) {
			stack := newStack(t)
			p := valid(emailotp.ModePasswordless)
			m.change(stack, p)
			before := len(*stack.Node().FindAll(""))
			words := refusal(func() { signIn(stack, p) })
			contains(t, words, `EmailOTP "Prod/SignIn": `+m.prop+m.wants)
			if lines := strings.Count(words, "\n"); lines > 0 {
				t.Errorf("%d more problems than were made:\n%s", lines, words)
			}
			if after := len(*stack.Node().FindAll("")); after != before {
				t.Errorf("%d constructs were created", after-before)
			}
			if err := p.Validate(); err == nil || !strings.Contains(err.Error(), m.prop+m.wants) {
				t.Errorf("Validate returns %v", err)
			}
		})
	}
}

// untestable are the props that no value can be wrong for, because the CDK's type admits none, and
// those that the other tests of this package misuse.
var untestable = map[string]string{
	"UserPoolProps": "its fields are", "UserPoolClientProps": "its fields are",
	"UserPool": "imported_test.go misuses it", "CheckOnDeploy": "a bool",
	"ClientsMayChangeEmail": "a bool", "SandboxRecipients": "a bool", "DefineAuthChallengeCode": "an object",
	"CreateAuthChallengeCode": "an object", "VerifyAuthChallengeCode": "an object", "MailEventsCode": "an object",
	"LogGroup": "an object", "EncryptionKey": "see alarms_test.go",
	"PreSignUp": "see chain_test.go", "PreTokenGeneration": "see chain_test.go",
	"CustomMessage": "see chain_test.go", "PostConfirmation": "see chain_test.go",
	"PreTokenGenerationVersion":       "see chain_test.go",
	"UserPoolProps.SelfSignUpEnabled": "a bool", "UserPoolProps.PasswordPolicy": "its fields are",
	"UserPoolProps.StandardAttributes": "its field is",
	"UserPoolProps.CustomAttributes":   "objects", "UserPoolProps.Email": "an object",
	"UserPoolProps.DeletionProtection":   "a bool",
	"UserPoolClientProps.GenerateSecret": "a bool", "UserPoolClientProps.ReadAttributes": "an object",
	"Mail.CodeInSubject": "a bool", "Mail.Templates": "named by file and line",
}

func TestTheTableOfMisusesCoversEveryProp(t *testing.T) {
	covered := map[string]bool{}
	for _, m := range append(ofSettings(), misuses...) {
		covered[m.prop] = true
	}
	for prefix, of := range map[string]reflect.Type{
		"": reflect.TypeFor[props](), "UserPoolProps.": reflect.TypeFor[emailotp.UserPoolProps](),
		"UserPoolClientProps.": reflect.TypeFor[emailotp.UserPoolClientProps](),
		"Mail.":                reflect.TypeFor[emailotp.MailProps](),
	} {
		for i := range of.NumField() {
			name := prefix + of.Field(i).Name
			if _, excused := untestable[name]; covered[name] == excused {
				t.Errorf("%s: in the table %t, excused %t", name, covered[name], excused)
			}
		}
	}
}

func TestAllProblemsAreReportedAtOnceSorted(t *testing.T) {
	stack := newStack(t)
	words := refusal(func() {
		signIn(stack, &props{CodeLength: number(3), CodeTTL: seconds(1), MaxAttempts: number(9)})
	})
	want := []string{
		`EmailOTP "Prod/SignIn": CodeLength must be 6 to 10 digits (received: 3); leave it nil for 8`,
		`EmailOTP "Prod/SignIn": CodeTTL must be 1 minute to 8 minutes in whole seconds (received: 1 second); leave it nil for 5 minutes`,
		`EmailOTP "Prod/SignIn": MaxAttempts must be 1 to 5 answers (received: 9); leave it nil for 3`,
		`EmailOTP "Prod/SignIn": Mode is missing; pass ModePassword or ModePasswordless`,
		`EmailOTP "Prod/SignIn": Sender is missing; pass SenderAddress("no-reply@example.com"), SenderDomain, SenderHostedZone or SenderIdentity`,
	}
	if words != strings.Join(want, "\n") {
		t.Errorf("got\n%s", words)
	}
}

func TestNilPropsScopeAndIDAreRefused(t *testing.T) {
	stack := newStack(t)
	contains(t, refusal(func() { signIn(stack, nil) }), `EmailOTP "Prod/SignIn": props are nil`)
	contains(t, refusal(func() { emailotp.NewEmailOTP(nil, text("SignIn"), valid(emailotp.ModePassword)) }),
		`EmailOTP "SignIn": scope is nil`)
	contains(t, refusal(func() { emailotp.NewEmailOTP(stack, nil, valid(emailotp.ModePassword)) }),
		`EmailOTP "Prod/": id is missing`)
	var none *emailotp.EmailOTPProps
	if err := none.Validate(); err == nil || !strings.Contains(err.Error(), "props are nil") {
		t.Errorf("Validate returns %v", err)
	}
}

func TestIDsThatCollideAreRefused(t *testing.T) {
	stack := newStack(t)
	signIn(stack, valid(emailotp.ModePassword))
	contains(t, refusal(func() { signIn(stack, valid(emailotp.ModePassword)) }),
		`EmailOTP "Prod/SignIn": id "SignIn" is taken in Prod; give this one another`)
}

func TestAPoolOfAnotherStackOrAppIsRefused(t *testing.T) {
	app := emailotptest.App(t, nil)
	here, there := awscdk.NewStack(app, text("Prod"), nil), awscdk.NewStack(app, text("Pools"), nil)
	p := valid(emailotp.ModePassword)
	p.UserPool = ownPool(there, nil)
	contains(t, refusal(func() { signIn(here, p) }), `EmailOTP "Prod/SignIn": UserPool Pools/Pool belongs to stack Pools`,
		"create the EmailOTP in Pools, or the pool in Prod")
	p.UserPool = ownPool(newStack(t), nil)
	contains(t, refusal(func() { signIn(here, p) }), `EmailOTP "Prod/SignIn": UserPool Prod/Pool belongs to another app`)
}

func TestPropsAreNotWrittenTo(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePasswordless)
	p.UserPoolProps, p.UserPoolClientProps, p.Mail = &emailotp.UserPoolProps{}, &emailotp.UserPoolClientProps{},
		&emailotp.MailProps{}
	before := *p
	signIn(stack, p)
	if !reflect.DeepEqual(*p, before) || !reflect.DeepEqual(*p.UserPoolProps, emailotp.UserPoolProps{}) ||
		!reflect.DeepEqual(*p.UserPoolClientProps, emailotp.UserPoolClientProps{}) ||
		!reflect.DeepEqual(*p.Mail, emailotp.MailProps{}) {
		t.Errorf("changed to %+v", *p)
	}
	signIn(newStack(t), p) // and they serve again
}

func TestMailTemplatesAreReadFromADirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sv.json"), []byte(`{"subject": "Din kod {product}", "heding": "x"}`),
		0o644); err != nil {
		t.Fatal(err)
	}
	p := valid(emailotp.ModePasswordless)
	p.Mail = &emailotp.MailProps{Directory: &dir}
	err := p.Validate()
	if err == nil {
		t.Fatal("an unknown key was accepted")
	}
	contains(t, err.Error(), "Mail.Directory ", "sv.json:", "heding")
}

// A file can hold the text of a token where a program has written it.
func TestTheTextOfATokenInAFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "text.tmpl"), []byte("{{.Grouped}} ${Token[Name.12]}"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := valid(emailotp.ModePasswordless)
	p.Mail = &emailotp.MailProps{Directory: &dir}
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "Mail has the text of a token") {
		t.Errorf("Validate returns %v", err)
	}
}
