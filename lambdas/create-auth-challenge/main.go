// Command create-auth-challenge is the Lambda function that derives codes and mails them.
package main

import (
	"crypto/rand"
	"log"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/email"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/functions"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/macs"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/table"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/trigger"
)

func main() {
	debug.SetGCPercent(trigger.GCPercent)
	s := trigger.MustSettings(settings.CreateAuthChallenge, os.LookupEnv)
	ahead := &cloud.Ahead{}
	c := trigger.Create{
		Settings: s,
		Reporter: trigger.NewReporter(os.Stdout, settings.CreateAuthChallenge, time.Now),
		Keys:     trigger.Must(macs.New(s.KeyARN, os.LookupEnv, ahead.Connections(1))),
		Store:    trigger.Must(table.New(s.TableName, os.LookupEnv, ahead.Connections(2))),
		Renderer: trigger.Must(trigger.MailRenderer(s, os.LookupEnv)),
		Sender:   trigger.Must(email.New(s, os.LookupEnv, ahead.Connections(1))),
		Now:      time.Now,
		Random:   rand.Reader,
	}
	if s.Chained != "" {
		log.SetOutput(trigger.WithoutErrors(os.Stderr))
		c.Chained = trigger.Must(functions.New(s.Chained, os.LookupEnv))
	}
	lambda.Start(ahead.Before(c.Handler()))
}
