// Command smallest is the CDK app with the least around the construct: people sign in by a mailed
// code, without a password.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/examples/smallest/stack"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack.New(app, "Smallest")
	app.Synth(nil)
}
