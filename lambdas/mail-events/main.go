// Command mail-events is the Lambda function that marks addresses whose mail bounced or was
// reported as spam.
package main

import (
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	s := trigger.MustSettings(settings.MailEvents, os.LookupEnv)
	lambda.Start(trigger.MailEvents{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.MailEvents, time.Now),
		Store:    trigger.Must(table.New(s.TableName, os.LookupEnv)),
		Now:      time.Now,
	})
}
