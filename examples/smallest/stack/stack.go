// Package stack is the app's one stack.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// New creates the stack: a user pool, its app client and the sign-in, with outputs for both ids.
func New(scope constructs.Construct, id string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)

	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:   emailotp.ModePasswordless,
		Sender: emailotp.SenderAddress("no-reply@example.com"),
	})

	signIn.AddOutputs()
	return stack
}
