// Package stack is the app's one stack: a pool with triggers of its own, and the sign-in beside
// them.
package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// Props are the location of the app's own function and the processor of all functions.
type Props struct {
	// JournalDir is the folder of the function's source.
	JournalDir string
	// Architecture is the processor of all functions; nil for ARM_64.
	Architecture awslambda.Architecture
}

// Architecture reads the context key "architecture": "x86_64", or anything else for ARM_64. On a
// computer with that processor the sandbox runs the app's own function as it would be deployed.
func Architecture(context any) awslambda.Architecture {
	if context == "x86_64" {
		return awslambda.Architecture_X86_64()
	}
	return awslambda.Architecture_ARM_64()
}

// attemptsCode is the code of a trigger that stands in the template.
const attemptsCode = `exports.handler = async event => {
  console.log('sign-in begins at client', event.callerContext.clientId);
  return event;
};
`

// New creates the stack.
func New(scope constructs.Construct, id string, props *Props) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, nil)
	architecture := props.Architecture
	if architecture == nil {
		architecture = awslambda.Architecture_ARM_64()
	}

	// What the app had: a pool, a function that keeps a journal of confirmations and sign-ins, and
	// a small one on Node.js that logs which app client a sign-in begins at.
	journal := newJournal(stack, props.JournalDir, architecture)
	attempts := awslambda.NewFunction(stack, jsii.String("Attempts"), &awslambda.FunctionProps{
		Runtime: awslambda.Runtime_NODEJS_22_X(),
		Handler: jsii.String("index.handler"),
		Code:    awslambda.Code_FromInline(jsii.String(attemptsCode)),
	})
	pool := awscognito.NewUserPool(stack, jsii.String("Users"), &awscognito.UserPoolProps{
		FeaturePlan:       awscognito.FeaturePlan_LITE,
		SignInAliases:     &awscognito.SignInAliases{Email: jsii.Bool(true)},
		AutoVerify:        &awscognito.AutoVerifiedAttrs{Email: jsii.Bool(true)},
		SelfSignUpEnabled: jsii.Bool(false),
		LambdaTriggers: &awscognito.UserPoolTriggers{
			PreAuthentication:  attempts,
			PostConfirmation:   journal,
			PostAuthentication: journal,
		},
		// A second factor that the mailbox guards must not be able to replace the first.
		AccountRecovery: awscognito.AccountRecovery_NONE,
		Mfa:             awscognito.Mfa_OFF,
	})

	// What it gets: triggers that were free, and an app client that requires the code.
	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:         emailotp.ModePassword,
		Sender:       emailotp.SenderAddress("no-reply@example.com"),
		UserPool:     pool,
		Architecture: architecture,
	})

	signIn.AddOutputs()
	return stack
}
