// Command existing-pool is a CDK app that had a user pool with triggers of its own before it got
// codes by e-mail as the second factor.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/examples/existing-pool/stack"
)

func main() {
	emailotp.Main(func(app awscdk.App) error {
		stack.New(app, "ExistingPool", &stack.Props{
			JournalDir:   "journal",
			Architecture: stack.Architecture(app.Node().TryGetContext(jsii.String("architecture"))),
		})
		return nil
	})
}
