// Package stack is one Region's stack.
package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// Regions returns where the app is deployed.
func Regions() []string { return []string{"eu-west-1", "us-east-1"} }

// New creates a Region's stack. A Region has a pool, a key, a table and an SES identity of its own:
// nothing is shared, so that no Region needs another one to be up, and an account's budget of
// guesses is one budget because the account itself lives in one Region.
func New(scope constructs.Construct, id, region string) awscdk.Stack {
	stack := awscdk.NewStack(scope, &id, &awscdk.StackProps{Env: &awscdk.Environment{Region: &region}})

	signIn := emailotp.NewEmailOTP(stack, jsii.String("SignIn"), &emailotp.EmailOTPProps{
		Mode:        emailotp.ModePasswordless,
		Sender:      emailotp.SenderDomain("example.com", "no-reply"),
		ProductName: jsii.String("Example"),
	})

	signIn.AddOutputs()
	// SES verifies a domain anew in each Region: each has DKIM records of its own.
	for i, r := range signIn.DnsRecords() {
		awscdk.NewCfnOutput(stack, jsii.String(fmt.Sprintf("DnsRecord%d", i+1)),
			&awscdk.CfnOutputProps{Value: jsii.String(*r.Name + " " + *r.Type + " " + *r.Value)})
	}
	return stack
}
