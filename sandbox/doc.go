// Package sandbox runs the sign-in of a CDK app on one machine, without an AWS account. It reads
// the cloud assembly that cdk synth wrote, finds the EmailOTP in it, and starts the template's user
// pool, app client, keys, tables and mail identity beside the function binaries that would be
// deployed.
//
// A test needs six lines:
//
//	sb, err := sandbox.Start(ctx, sandbox.Options{Assembly: "cdk.out", Mode: sandbox.Passwordless})
//	if err != nil { t.Fatal(err) }
//	defer sb.Close()
//	since := time.Now()
//	signIn(sb.Config().Endpoint, sb.Config().UserPoolClientID, "user@example.com")
//	mail, err := sb.WaitForMessage(ctx, "user@example.com", since)
//
// # Defaults
//
// Every listener is bound to 127.0.0.1 on a free port and refuses requests with a foreign Host
// header. A trigger has five seconds and one attempt. A failed function of an event is called again
// after fractions of a second, where Lambda waits minutes. Tokens carry the issuer that AWS would
// write. Tables live in memory. The sandbox neither reads nor writes the user's AWS configuration.
//
// # Time
//
// The clock is the machine's, or Options.Clock. [Sandbox.Advance] moves it forward, so that a test
// does not wait for an expiry, and [Sandbox.Now] lists what follows it. Functions that run as
// processes keep the machine's time: run handlers in process, with Options.InProcess, for tests of
// their expiries.
//
// # What is emulated
//
// The sandbox emulates the user pool's API with its triggers, KMS MACs, SESv2 SendEmail, and the
// delivery of SES's bounces and complaints by EventBridge. DynamoDB is dynalite, an engine that npm
// installs into the user's cache directory when a template first has a table. Each function signs
// with a key of its own and has the rights of its role in the template. Every other call is
// answered with HTTP 501 and logged. [Sandbox.Report] lists what the template has and the sandbox
// lacks. docs/sandbox.md in the module lists every operation: emulated, partly, or not.
//
// # Platform
//
// Function assets are Linux binaries. On Linux with the same processor they run unchanged;
// elsewhere the sandbox rebuilds them for the host from the module's source, and [Sandbox.Report]
// lists them.
package sandbox
