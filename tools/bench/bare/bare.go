// Package bare has what the bare functions share: each below this directory makes the AWS calls of
// a trigger and nothing else, with requests of the same size, to be measured beside it.
package bare

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// KeyARN names the key and Key the item.
	KeyARN = "arn:aws:kms:eu-west-1:123456789012:key/0f1e2d3c-0000-4000-8000-000000000001"
	Key    = "hR2tbQk8Jx0cV7mWq3pZs5nYd9uLfA1eGiKoTyBvXzE"
	// TextSize and HTMLSize are the bodies of a mail in bytes.
	TextSize = 500
	HTMLSize = 4_500
)

// Config is what a client of a service needs, read from the environment as far as Lambda sets it.
// All else is the SDK's default. The name is as the SDK's endpoint variables spell it.
func Config(service string) aws.Config {
	c := aws.Config{Region: os.Getenv("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"),
				SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
				SessionToken:    os.Getenv("AWS_SESSION_TOKEN")}, nil
		})}
	if url := os.Getenv("AWS_ENDPOINT_URL_" + service); url != "" {
		c.BaseEndpoint = &url
	}
	return c
}

// Update is a conditional update of one item.
func Update() *dynamodb.UpdateItemInput {
	number := func(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }
	return &dynamodb.UpdateItemInput{
		TableName:        aws.String("Guard"),
		Key:              map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: Key}},
		UpdateExpression: aws.String("SET #g = :start, #n = if_not_exists(#n, :zero) + :one, #ttl = :ttl"),
		ConditionExpression: aws.String("(attribute_not_exists(#g) OR #g <= :now) AND (attribute_not_exists(#n) OR #n " +
			"< :limit)"),
		ExpressionAttributeNames: map[string]string{"#g": "g", "#n": "n", "#ttl": "ttl"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":start": number("1795000000000"), ":zero": number("0"),
			":one": number("1"),
			":ttl": number("1830000000"), ":now": number("1794996400000"), ":limit": number("100")},
		ReturnValues: types.ReturnValueUpdatedNew,
	}
}
