// Command imported-pool is a CDK app that gives a user pool of another stack codes by e-mail as the
// second factor.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/examples/imported-pool/stack"
)

func main() {
	emailotp.Main(func(app awscdk.App) error {
		stack.New(app, "ImportedPool")
		return nil
	})
}
