// Command define-auth-challenge is the Lambda function that decides each next step of a sign-in.
package main

import (
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	s := trigger.MustSettings(settings.DefineAuthChallenge, os.LookupEnv)
	lambda.Start(trigger.Define{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.DefineAuthChallenge, time.Now),
	}.Handler())
}
