// Command verify-auth-challenge is the Lambda function that checks the codes which people type.
package main

import (
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/directory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	s := trigger.MustSettings(settings.VerifyAuthChallenge, os.LookupEnv)
	v := trigger.Verify{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.VerifyAuthChallenge, time.Now),
		Keys:     trigger.Must(macs.New(s.KeyARN, os.LookupEnv)),
		Store:    trigger.Must(table.New(s.TableName, os.LookupEnv)),
		Now:      time.Now,
	}
	if s.Mode == settings.Passwordless {
		v.Directory = trigger.Must(directory.New(os.LookupEnv))
	}
	lambda.Start(v.Handler())
}
