// Package emailotp adds sign-in by e-mail code to an Amazon Cognito user pool: a password and then
// a mailed code, or a mailed code alone.
//
//	func main() {
//		emailotp.Main(func(app awscdk.App) error {
//			stack := awscdk.NewStack(app, jsii.String("Prod"), nil)
//			emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
//				Mode:   emailotp.ModePasswordless,
//				Sender: emailotp.SenderAddress("no-reply@example.com"),
//			})
//			return nil
//		})
//	}
//
// # Modes
//
// [ModePassword] requires a password, proven by SRP so that it never leaves the device, and then a
// mailed code. Clients sign in with CUSTOM_AUTH and CHALLENGE_NAME=SRP_A. A user who must change
// the password does so before the code. If Cognito would issue tokens for the new password alone,
// EmailOTP refuses them, and the user signs in again. Administrators create users, unless
// [UserPoolProps] allows self sign-up.
//
// [ModePasswordless] requires a mailed code alone. Clients sign in with CUSTOM_AUTH. Users may sign
// up by themselves, by Username alone; the first code that they prove verifies their address. The
// answers of a sign-in do not show whether an account exists.
//
// # Props
//
// Mode and Sender are required. Every other field of [EmailOTPProps] may stay nil and has the
// default that its comment states. The most used ones:
//
//   - CodeLength, CodeTTL, MaxAttempts: 8 digits, 5 minutes, 3 answers per sign-in.
//   - GuessBurst and GuessRefill: 10 answers of an account at once and one more per hour, across
//     all of its sign-ins. With 8 digits an attacker guesses an account's code within a year with a
//     chance of 1 in 11,400. After the last of these answers a code of 20 digits is mailed, which
//     needs no limit, so an attacker can't lock a user out.
//   - Sender: [SenderAddress] for a trial, [SenderDomain] or [SenderHostedZone] for production,
//     [SenderIdentity] for an identity that exists, also another account's.
//   - SandboxRecipients: needed while the AWS account is in the SES sandbox.
//   - UserPool: a pool that the stack has already. Its other triggers stay.
//   - Mail: wording, languages, colours; see [MailProps].
//   - RemovalPolicy: RETAIN. Use DESTROY for an environment that keeps no data.
//
// The constructor reports every mistake in the props at once, by a panic with an [*Error], before
// it creates anything. [EmailOTPProps.Validate] returns the same without creating anything. [Main]
// and [Refusal] turn the panic into sentences.
//
// # What is created
//
//   - a user pool on the Lite plan: sign-in by e-mail address, native MFA off, recovery by e-mail
//     off;
//   - an app client that allows custom authentication and refresh, and nothing else;
//   - five functions in Go on provided.al2023 and arm64, each with its own role and log group. Four
//     are triggers of the pool. The fifth receives bounces and complaints from a rule on the
//     account's default event bus: EmailOTP sends no mail to an address with a recorded permanent
//     bounce or complaint;
//   - a KMS key for MACs, and a DynamoDB table on demand;
//   - an SES identity, unless one is given. An address and a domain have identities of their own,
//     so a change from one to the other leaves the old identity in place until it is deleted on
//     purpose;
//   - a configuration set for these mails. It requires TLS on the way to the recipient's mail
//     server and publishes bounces and complaints. It is not the identity's default: other mail of
//     the domain is not affected.
//
// Costs, at list prices of us-east-1 in September 2026: $1 per month for the key; $0.0055 for each
// monthly active user above 10,000; and for each sign-in about $0.0001 for the mail, four Lambda
// invocations (six with a password), three KMS calls ($0.03 for 10,000), and one read and four
// writes of DynamoDB.
//
// # Functions are built from source
//
// The functions are part of this module. The construct compiles them at synth from the module's
// source: the module cache, a replace, a workspace. This requires a Go toolchain and no Docker. The
// same toolchain gives the same bytes on every machine, so snapshots of templates are stable. The
// context key "emailotp:source" names the source's directory where the construct can't find it, as
// in a vendored app. An app that must not compile passes zips by the Code props.
//
// # Bypasses
//
// A mailed code protects nothing if another way to tokens needs none. At synth, after every aspect,
// the construct searches the whole app for app clients of the same pool that allow a password flow,
// managed login or writing email, and for a pool that recovers passwords by e-mail, has native MFA
// on, or has e-mail as an alias. Each such [Bypass] fails the synthesis with the client's path and
// the remedy. AcknowledgedBypasses accepts single ones. The construct can't see clients that are
// created outside the app.
//
// # Replacing the key
//
// KMS does not rotate a key for MACs. KeyGeneration replaces it: add 1 and deploy. Sign-ins under
// way get a mail with a new code. The stack keeps the key of the generation before, so that the
// deployment can be rolled back.
//
// # Contract
//
// Within a major version these don't change in a way that breaks you: this package's API; construct
// ids and with them logical ids; metric names and dimensions ([EmailOTP.Metric]); the functions'
// environment variables; the metadata keys "EmailOTP::Function", "EmailOTP::Client",
// "EmailOTP::AcknowledgedBypasses", "EmailOTP::Brand" and "EmailOTP::Guessing"; and the challenge
// parameters that clients read: codeLength, attemptsLeft, expiresAt, resendAvailableAt,
// resendsLeft, now, reason, in password mode codeDeliveryDestination, and challenge where a
// remembered device may answer. In versions below 1 the changelog marks in bold which changes
// replace resources.
//
// Package emailotptest has snapshot tests for apps that use this package.
package emailotp
