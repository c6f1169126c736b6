// Command verify is a Lambda function that makes the AWS calls of verify-auth-challenge for a right
// answer, one after the other, and nothing else.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/cognito-emailotp/cdk-emailotp/tools/bench/bare"
)

func main() {
	table := dynamodb.NewFromConfig(bare.Config("DYNAMODB"))
	key := kms.NewFromConfig(bare.Config("KMS"))
	lambda.Start(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		if _, err := table.UpdateItem(ctx, bare.Update()); err != nil {
			return nil, err
		}
		_, err := key.VerifyMac(ctx, &kms.VerifyMacInput{KeyId: aws.String(bare.KeyARN),
			MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: make([]byte, 200), Mac: make([]byte, 32)})
		if err != nil {
			return nil, err
		}
		_, err = table.UpdateItem(ctx, bare.Update())
		return event, err
	})
}
