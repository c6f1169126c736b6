// The CDK app: one stack for each environment that cdk.json describes.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/stacks"
)

func main() { os.Exit(run()) }

// run returns the exit code. It is apart from main so that what it defers comes before os.Exit.
func run() int {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	if err := build(app); err != nil {
		for line := range strings.Lines(err.Error()) {
			if line = strings.TrimSpace(line); line != "" {
				fmt.Fprintln(os.Stderr, "emailotp: error:", line)
			}
		}
		return 1
	}
	return 0
}

// build creates the selected environments' stacks and synthesises the app.
func build(app awscdk.App) error {
	context := func(key string) any { return app.Node().TryGetContext(&key) }
	environments, err := stacks.Environments(context(stacks.ContextKey), context("stage"), context("mode"))
	if err != nil {
		return err
	}
	var refused []error
	for _, env := range environments {
		refused = append(refused, attempt(func() {
			stacks.NewEmailOTPStack(app, stacks.StackName(env.Name), &stacks.EmailOTPStackProps{Environment: env})
		}))
	}
	if err := errors.Join(refused...); err != nil {
		return err
	}
	return attempt(func() { app.Synth(nil) })
}

// attempt turns the panics by which constructs refuse their props, and the CDK failed validations,
// into errors: they are sentences for the reader of cdk.json. Other panics are defects and keep
// their trace.
func attempt(f func()) (err error) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case *emailotp.Error:
			err = problem
		case *stacks.PageError:
			err = problem
		case error:
			if !strings.Contains(problem.Error(), "Validation") {
				panic(problem)
			}
			err = problem
		default:
			panic(problem)
		}
	}()
	f()
	return nil
}
