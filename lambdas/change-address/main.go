// Command change-address is the Lambda function by which users change their e-mail address.
package main

import (
	"crypto/rand"
	"log"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/changeaddress"
)

func main() {
	debug.SetGCPercent(200)
	ahead := &cloud.Ahead{}
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	h, err := changeaddress.New(changeaddress.Options{Lookup: os.LookupEnv, Now: time.Now, Random: rand.Reader, Log: logger,
		Ahead: ahead})
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(ahead.Before(h))
}
