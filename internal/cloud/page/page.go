// Package page is what the functions behind the sign-in page's domain are made of, and starts them.
package page

import (
	"crypto/rand"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
)

// Options are what a function is made of.
type Options struct {
	Lookup cloud.Lookup
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
	// Ahead opens connections at the first event.
	Ahead *cloud.Ahead
}

// Main runs the function that handler makes, as Lambda's program.
func Main(handler func(Options) (cloud.Handler, error)) {
	debug.SetGCPercent(200) // see trigger.GCPercent
	o := Options{Lookup: os.LookupEnv, Now: time.Now, Random: rand.Reader,
		Log: slog.New(slog.NewJSONHandler(os.Stdout, nil)), Ahead: &cloud.Ahead{}}
	h, err := handler(o)
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(o.Ahead.Before(h))
}
