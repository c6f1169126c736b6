// Package table opens the DynamoDB table of the budgets.
package table

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cloud"
	"github.com/cognito-emailotp/cdk-emailotp/internal/guard/dynamo"
)

// timeout is for one attempt; DynamoDB answers within milliseconds.
const timeout = 1500 * time.Millisecond

// New returns the store in the named table.
func New(name string, lookup cloud.Lookup, options ...cloud.Option) (*dynamo.Store, error) {
	c, err := cloud.Config(cloud.DynamoDB, lookup, timeout, options...)
	if err != nil {
		return nil, err
	}
	return dynamo.New(dynamodb.NewFromConfig(c), name), nil
}
