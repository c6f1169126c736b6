// Command verify-auth-challenge is the Lambda function that checks answers.
package main

import (
	"log"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/directory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	debug.SetGCPercent(trigger.GCPercent)
	s := trigger.MustSettings(settings.VerifyAuthChallenge, os.LookupEnv)
	ahead := &cloud.Ahead{}
	v := trigger.Verify{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.VerifyAuthChallenge, time.Now),
		Keys:     trigger.Must(macs.New(s.KeyARN, os.LookupEnv, ahead.Connections(1))),
		Store:    trigger.Must(table.New(s.TableName, os.LookupEnv, ahead.Connections(1))),
		Now:      time.Now,
	}
	if s.Mode == settings.Passwordless {
		v.Directory = trigger.Must(directory.New(os.LookupEnv))
	}
	if s.Chained != "" {
		log.SetOutput(trigger.WithoutErrors(os.Stderr))
		v.Chained = trigger.Must(functions.New(s.Chained, os.LookupEnv))
	}
	lambda.Start(ahead.Before(v.Handler()))
}
