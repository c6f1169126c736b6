// Package emailotp adds sign-in by e-mail code to an Amazon Cognito user pool: a password and then a
// mailed code, or a mailed code alone.
//
//	stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
//	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
//		Mode:   emailotp.ModePasswordless,
//		Sender: emailotp.SenderAddress("no-reply@example.com"),
//	})
//	awscdk.NewCfnOutput(stack, jsii.String("ClientId"), &awscdk.CfnOutputProps{Value: signIn.UserPoolClient().UserPoolClientId()})
//
// # Modes
//
// [ModePassword] asks for a password, proven by SRP so that it never leaves the device, and then for
// a mailed code. Clients sign in with CUSTOM_AUTH and CHALLENGE_NAME=SRP_A. Users who must change
// their password are asked to, and then sign in again, with a code. Administrators create users,
// unless UserPoolProps allows self sign-up.
//
// [ModePasswordless] asks for a mailed code alone. Clients sign in with CUSTOM_AUTH. People may sign
// up by themselves, by Username alone; the first code they prove verifies their address. Nobody can
// tell from the sign-in's answers whether an account exists.
//
// # Props
//
// Mode and Sender are required; every other field of [EmailOTPProps] may stay nil and has the default
// that its comment states. The ones that are asked for most:
//
//   - CodeLength, CodeTTL, MaxAttempts: 8 digits, 5 minutes, 3 answers a sign-in.
//   - GuessBurst and GuessRefill: 10 answers of an account at once and one more an hour, across all of
//     its sign-ins. With 8 digits that is a chance of 1 in 11,400 to guess an account's code within a
//     year. When the answers are spent, a code of 20 digits is mailed, which needs no limit: nobody is
//     locked out by a stranger.
//   - Sender: [SenderAddress] for a trial, [SenderDomain] or [SenderHostedZone] for production,
//     [SenderIdentity] for an identity that exists, also another account's.
//   - UserPool: a pool that the stack has already. Its other triggers stay.
//   - Mail: wording, languages, colours; see [MailProps].
//   - RemovalPolicy: RETAIN. Use DESTROY where nothing is to be kept.
//
// Every mistake in the props is reported at once, by a panic with an [*Error] before anything is
// created. [EmailOTPProps.Validate] gives the same without creating anything.
//
// # What is created
//
// A user pool on the Lite plan with sign-in by e-mail address, native MFA off and recovery by e-mail
// off; an app client that allows custom authentication and refresh and nothing else; five functions in
// Go on provided.al2023 and arm64, four of them triggers of the pool, each with a role and a log group
// of its own; a KMS key for MACs; a DynamoDB table on demand; an SES identity unless one is given, and
// a configuration set that requires TLS, publishes bounces and complaints as events, and whose events
// a rule on the account's default event bus hands to the fifth function: no more mail goes to an
// address that a mail came back from for good, or whose owner reported one as spam.
//
// What it costs, at list prices of us-east-1 in September 2026: $1 a month for the key, $0.0055 for
// each monthly active user above 10,000, and for each sign-in about $0.0001 for the mail, four Lambda
// invocations (six with a password), three KMS calls ($0.03 for 10,000), and one read and four writes
// of DynamoDB.
//
// # Functions are built from source
//
// The functions are part of this module and are compiled while the app is synthesised, from wherever
// the module's source is: the module cache, a replace, a workspace. This takes a Go toolchain and no
// Docker, and gives the same bytes everywhere under the same toolchain, so that snapshots of templates
// don't flicker. The context key "emailotp:source" names the source's directory where it can't be
// found, as in a vendored app. Apps that must not compile pass zips: the Code props.
//
// # Side doors
//
// A code is worth nothing if another way in needs none. When the app is synthesised, the construct
// looks through all of it, after every aspect, for app clients of the same pool that allow a password
// flow, managed login or writing email, and for a pool that recovers passwords by e-mail, has native
// MFA on, or e-mail as an alias. Each such [Door] fails the synthesis with the client's path and the
// remedy. AcknowledgedDoors lets single ones pass. Clients made outside the app stay unseen.
//
// # Contract
//
// Within a major version these don't change in a way that breaks you: this package's API; construct
// ids and with them logical ids; metric names and dimensions ([EmailOTP.Metric]); the functions'
// environment variables; the metadata keys "EmailOTP::Function", "EmailOTP::Client",
// "EmailOTP::AcknowledgedBypasses" and "EmailOTP::Guessing"; and what clients see: the challenge
// parameters codeLength, attemptsLeft, expiresAt, resendAvailableAt, resendsLeft, now, reason, and in
// password mode codeDeliveryDestination. In versions below 1 the changelog marks in bold what replaces
// resources.
//
// Package emailotptest has the snapshot tests for apps that use this one.
package emailotp
