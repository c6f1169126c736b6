// The CDK app: one stack for each environment that cdk.json describes.
package main

import (
	"errors"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/environments"
	"github.com/cognito-emailotp/cdk-emailotp/stacks"
)

func main() { emailotp.Main(build) }

// build creates the stacks of the selected environments.
func build(app awscdk.App) error {
	context := func(key string) any { return app.Node().TryGetContext(&key) }
	selected, err := environments.Read(context(environments.ContextKey), context("stage"), context("mode"))
	if err != nil {
		return err
	}
	var refused []error
	for _, env := range selected {
		refused = append(refused, emailotp.Refusal(func() error {
			stacks.NewEmailOTPStack(app, stacks.StackName(env.Name), &stacks.EmailOTPStackProps{Environment: env})
			return nil
		}))
	}
	return errors.Join(refused...)
}
