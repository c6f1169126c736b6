// Package stack is the app's one stack. The pool is not in it: another stack, another tool or the
// console created it.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

const (
	// poolID is the pool that people sign in to already.
	poolID = "eu-west-1_Example01"
	// legacyClient is the id of an app client from the time before: it signs in by password alone
	// until its app has moved.
	legacyClient = "1example23456789legacy"
)

// New creates the stack.
func New(app awscdk.App, id string) awscdk.Stack {
	stack := awscdk.NewStack(app, &id, nil)
	pool := awscognito.UserPool_FromUserPoolId(stack, jsii.String("Customers"), jsii.String(poolID))
	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:     emailotp.ModePassword,
		Sender:   emailotp.SenderAddress("no-reply@example.com"),
		UserPool: pool,
		// The deployment finds each client of the pool, also those made in the console, and fails
		// for a bypass that is not in this list. Take a line out when its client has moved.
		AcknowledgedBypasses: &[]emailotp.Bypass{
			{Kind: emailotp.BypassUserSrpAuth, Path: legacyClient},
			{Kind: emailotp.BypassWriteEmail, Path: legacyClient},
		},
	})
	signIn.AddOutputs()
	return stack
}
