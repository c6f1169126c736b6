// Command pre-sign-up is the Lambda function that confirms new users or refuses their addresses.
package main

import (
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	s := trigger.MustSettings(settings.PreSignUp, os.LookupEnv)
	lambda.Start(trigger.SignUp{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.PreSignUp, time.Now),
	}.Handler())
}
