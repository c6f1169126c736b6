// Command smallest is the CDK app with the least around the construct: users sign in by a mailed
// code, without a password.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/examples/smallest/stack"
)

func main() {
	emailotp.Main(func(app awscdk.App) error {
		stack.New(app, "Smallest")
		return nil
	})
}
