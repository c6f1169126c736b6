// Command regions is a CDK app that signs people in independently in two Regions.
package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/examples/regions/stack"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	for _, region := range stack.Regions() {
		stack.New(app, "SignIn-"+region, region)
	}
	app.Synth(nil)
}
