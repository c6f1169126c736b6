// Command pre-token-generation is the Lambda function that refuses tokens after a new password
// alone.
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
	s := trigger.MustSettings(settings.PreTokenGeneration, os.LookupEnv)
	t := trigger.Tokens{Reporter: trigger.NewReporter(os.Stdout, settings.PreTokenGeneration, time.Now)}
	if s.Chained != "" {
		debug.SetGCPercent(trigger.GCPercent)
		log.SetOutput(trigger.WithoutErrors(os.Stderr))
		t.Chained = trigger.Must(functions.New(s.Chained, os.LookupEnv))
	}
	lambda.Start(t.Handler())
}
