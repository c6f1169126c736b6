// Package sandbox runs the sign-in of a CDK app on one machine, without an AWS
// account: it reads the cloud assembly that cdk synth wrote, finds the EmailOTP
// in it, and starts the template's own user pool, app client, keys, tables and
// mail identity beside the function binaries that would be deployed.
//
// Six lines of a test:
//
//	sb, err := sandbox.Start(ctx, sandbox.Options{Assembly: "cdk.out", Mode: "passwordless"})
//	if err != nil { t.Fatal(err) }
//	defer sb.Close()
//	since := time.Now()
//	signIn(sb.Config().Endpoint, sb.Config().UserPoolClientID, "user@example.com")
//	mail, err := sb.WaitForMessage(ctx, "user@example.com", since)
//
// # Defaults
//
// Every listener is bound to 127.0.0.1 on a free port, and refuses requests
// whose Host header isn't its own. Time is the machine's, a trigger has five
// seconds and one attempt, an event's function is called again after fractions
// of a second where Lambda takes minutes, tokens carry the issuer that AWS would
// write, and tables live in memory. Nothing is read from, or written to, the AWS
// configuration of the person who runs it.
//
// # What is emulated
//
// The user pool's API with its triggers, KMS MACs, SESv2 SendEmail, the way of
// SES's bounces and complaints through EventBridge to a function, and the
// Cognito admin calls of the functions are the sandbox's own; DynamoDB is
// dynalite, an engine that it installs into the user's cache directory by npm
// the first time a template has a table. Each function calls them with a key of
// its own and is held to what its role in the template allows. Any other call
// is answered with 501 and logged. [Sandbox.Report] lists what the template has
// and the sandbox lacks.
//
// # Platform
//
// Function assets are Linux binaries. They run where they are when the host is
// Linux on the same processor; elsewhere they are rebuilt for the host from the
// module's source, and the report says so.
package sandbox
