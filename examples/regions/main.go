// Command regions is a CDK app that signs users in independently in two Regions.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/examples/regions/stack"
)

func main() {
	emailotp.Main(func(app awscdk.App) error {
		for _, region := range stack.Regions() {
			stack.New(app, "SignIn-"+region, region)
		}
		return nil
	})
}
