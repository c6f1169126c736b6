// Command update is a Lambda function that makes the one AWS call of mail-events and nothing else.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-emailotp/cdk-emailotp/tools/bench/bare"
)

func main() {
	table := dynamodb.NewFromConfig(bare.Config("DYNAMODB"))
	lambda.Start(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		_, err := table.UpdateItem(ctx, bare.Update())
		return event, err
	})
}
