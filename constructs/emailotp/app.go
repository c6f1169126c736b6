package emailotp

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// Main is the main function of a CDK app: it creates the app, calls add, which creates the stacks,
// and synthesises. It does not return.
//
// The error of add, the refusal of an EmailOTP and a failed validation of the app end the process
// with exit code 1 and one sentence per problem on stderr. Any other panic keeps its stack trace.
func Main(add func(app awscdk.App) error) { os.Exit(runApp(os.Stderr, closeQuietly, add)) }

// closeQuietly stops the CDK's Node process at the end of the app. jsii prints that it could not
// read how the process ended, without a line break, so that a success would follow on the same
// line. What the app has to report is printed by then.
func closeQuietly() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	jsii.Close()
}

// runApp returns the exit code. It is apart from Main because os.Exit runs no deferred call.
func runApp(stderr io.Writer, end func(), add func(awscdk.App) error) int {
	defer end()
	app := awscdk.NewApp(nil)
	err := Refusal(func() error { return add(app) })
	if err == nil {
		err = Refusal(func() error { app.Synth(nil); return nil })
	}
	if err == nil {
		return 0
	}
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintln(stderr, "emailotp: error:", line)
		}
	}
	return 1
}

// Refusal calls f and returns its error, or the error that f panics with where that is a refusal:
// an [*Error], or a failed validation of the CDK. Other panics are defects and go on. An app that
// creates several EmailOTPs can collect the refusals of all.
func Refusal(f func() error) (err error) {
	defer func() {
		problem := recover()
		if problem == nil {
			return
		}
		failure, ok := problem.(error)
		refusal := (*Error)(nil)
		if !ok || !errors.As(failure, &refusal) && !strings.Contains(failure.Error(), "Validation") {
			panic(problem)
		}
		err = failure
	}()
	return f()
}
