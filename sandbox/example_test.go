package sandbox_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// A test of an importing app starts its own assembly and reads the code from the inbox.
func ExampleStart() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sb, err := sandbox.Start(ctx, sandbox.Options{Assembly: "cdk.out", Mode: "passwordless",
		Users: []sandbox.User{{Email: "user@example.com"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer sb.Close()
	since := time.Now()
	// … sign in at sb.Config().Endpoint as user@example.com …
	mail, err := sb.WaitForMessage(ctx, "user@example.com", since)
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(mail.Subject)
}

// Handlers run in process in place of the binaries, with clients that are led to the sandbox and
// judged as the function would be.
func ExampleOptions_inProcess() {
	create := func(environment map[string]string) sandbox.Handler {
		return sandbox.HandlerFunc(func(_ context.Context, event []byte) ([]byte, error) {
			// … environment["AWS_ENDPOINT_URL_SESV2"], environment["AWS_ACCESS_KEY_ID"] …
			return event, nil
		})
	}
	opts := sandbox.Options{Assembly: "cdk.out",
		InProcess: func(_ context.Context, sb *sandbox.Sandbox) (sandbox.Invoker, error) {
			environment, err := sb.Environment(sandbox.CreateAuthChallenge)
			if err != nil {
				return nil, err
			}
			return sandbox.Handlers{sandbox.CreateAuthChallenge: create(environment)}, nil
		}}
	_ = opts
}
