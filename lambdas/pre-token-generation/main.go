// Command pre-token-generation is the Lambda function that refuses tokens after a new password
// alone.
package main

import (
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	s := trigger.MustSettings(settings.PreTokenGeneration, os.LookupEnv)
	lambda.Start(trigger.Tokens{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.PreTokenGeneration, time.Now),
	}.Handler())
}
