// Command pre-sign-up is the Lambda function that confirms new users or refuses their addresses.
package main

import (
	"log"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	s := trigger.MustSettings(settings.PreSignUp, os.LookupEnv)
	t := trigger.SignUp{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.PreSignUp, time.Now),
	}
	if s.Chained != "" {
		debug.SetGCPercent(trigger.GCPercent)
		log.SetOutput(trigger.WithoutErrors(os.Stderr))
		t.Chained = trigger.Must(functions.New(s.Chained, os.LookupEnv))
	}
	lambda.Start(t.Handler())
}
