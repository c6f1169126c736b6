// Command attach-user-pool is the Lambda function behind a custom resource. It puts EmailOTP's
// triggers into a user pool that the stack imports, and checks the deployed pool with its clients.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud/pools"
	"github.com/cognito-emailotp/cdk-emailotp/internal/customresource"
	"github.com/cognito-emailotp/cdk-emailotp/internal/poolcheck"
)

func main() {
	operate := func(ctx context.Context, e customresource.Event) (string, error) {
		// An error here is an answer, too: a function that does not start would keep CloudFormation
		// waiting.
		api, err := pools.New(os.LookupEnv)
		if err != nil {
			return "", err
		}
		return attach.Operation(api, check)(ctx, e)
	}
	lambda.Start(customresource.Handler(operate, customresource.Options{}))
}

// check returns the findings that stop the deployment. It logs all others, because an answer to
// CloudFormation has no place for them.
func check(p attach.Properties, pool json.RawMessage, clients []json.RawMessage) []string {
	for _, sentence := range poolcheck.Warnings(p, clients) {
		slog.Warn(sentence)
	}
	return poolcheck.Findings(p, pool, clients)
}
