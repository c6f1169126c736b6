// Command api is a CDK app with a REST API that only users who signed in by a mailed code can call.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/examples/api/stack"
)

func main() {
	emailotp.Main(func(app awscdk.App) error {
		props, err := stack.FromContext(app)
		if err == nil {
			stack.New(app, "Api", props)
		}
		return err
	})
}
