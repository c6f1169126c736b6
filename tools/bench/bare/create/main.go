// Command create is a Lambda function that makes the AWS calls of create-auth-challenge, in the
// same order and as many side by side, and nothing else.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	db "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	keys "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/cognito-emailotp/cdk-emailotp/tools/bench/bare"
)

func main() {
	table := dynamodb.NewFromConfig(bare.Config("DYNAMODB"))
	key := kms.NewFromConfig(bare.Config("KMS"))
	mail := sesv2.NewFromConfig(bare.Config("SESV2"))
	lambda.Start(func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		_, err := table.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("Guard"), ConsistentRead: aws.Bool(true),
			Key: map[string]db.AttributeValue{"pk": &db.AttributeValueMemberS{Value: bare.Key}}})
		if err != nil {
			return nil, err
		}
		mac := func() error {
			_, err := key.GenerateMac(ctx, &kms.GenerateMacInput{KeyId: aws.String(bare.KeyARN),
				MacAlgorithm: keys.MacAlgorithmSpecHmacSha256, Message: make([]byte, 200)})
			return err
		}
		update := func() error {
			_, err := table.UpdateItem(ctx, bare.Update())
			return err
		}
		if err := together(update, update, mac); err != nil {
			return nil, err
		}
		return event, together(mac, func() error {
			_, err := mail.SendEmail(ctx, message())
			return err
		})
	})
}

func message() *sesv2.SendEmailInput {
	content := func(n int) *types.Content {
		return &types.Content{Data: aws.String(strings.Repeat("a", n)), Charset: aws.String("UTF-8")}
	}
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("no-reply@example.com"),
		Destination:      &types.Destination{ToAddresses: []string{"user@example.com"}},
		Content: &types.EmailContent{Simple: &types.Message{Subject: content(40),
			Body: &types.Body{Text: content(bare.TextSize), Html: content(bare.HTMLSize)}}},
	}
}

func together(all ...func() error) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, f := range all {
		wait.Go(func() { errs[i] = f() })
	}
	wait.Wait()
	return errors.Join(errs...)
}
