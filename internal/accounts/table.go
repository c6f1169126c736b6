package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
)

// table is the part of DynamoDB that [dynamo.Store] calls, by raw JSON: the SDK's client would add
// megabytes to the command line.
type table struct{ api *awsapi.Client }

type option = func(*dynamodb.Options)

// item is an item of the table as DynamoDB's JSON has it. EmailOTP writes texts and numbers alone.
type item map[string]map[string]string

func (t table) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...option) (*dynamodb.GetItemOutput, error) {
	key, err := encode(in.Key)
	if err != nil {
		return nil, err
	}
	var answer struct{ Item map[string]map[string]any }
	err = t.api.JSON(ctx, awsapi.DynamoDB, "GetItem", map[string]any{"TableName": in.TableName, "Key": key,
		"ConsistentRead": in.ConsistentRead}, &answer)
	return &dynamodb.GetItemOutput{Item: decode(answer.Item)}, err
}

func (t table) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, _ ...option) (
	*dynamodb.UpdateItemOutput, error) {
	key, errKey := encode(in.Key)
	values, errValues := encode(in.ExpressionAttributeValues)
	if err := errors.Join(errKey, errValues); err != nil {
		return nil, err
	}
	request := map[string]any{"TableName": in.TableName, "Key": key, "UpdateExpression": in.UpdateExpression,
		"ExpressionAttributeNames": in.ExpressionAttributeNames}
	if in.ConditionExpression != nil {
		request["ConditionExpression"] = in.ConditionExpression
	}
	if len(values) > 0 {
		request["ExpressionAttributeValues"] = values
	}
	var answer struct{ Attributes map[string]map[string]any }
	err := t.api.JSON(ctx, awsapi.DynamoDB, "UpdateItem", request, &answer)
	if failed := (*awsapi.Error)(nil); errors.As(err, &failed) && failed.Code == "ConditionalCheckFailedException" {
		err = &types.ConditionalCheckFailedException{Message: &failed.Message}
	}
	return &dynamodb.UpdateItemOutput{Attributes: decode(answer.Attributes)}, err
}

func encode(values map[string]types.AttributeValue) (item, error) {
	out := item{}
	for name, value := range values {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			out[name] = map[string]string{"S": v.Value}
		case *types.AttributeValueMemberN:
			out[name] = map[string]string{"N": v.Value}
		default:
			return nil, fmt.Errorf("the value %s is neither a text nor a number", name)
		}
	}
	return out, nil
}

// decode drops attributes of other types: EmailOTP writes none.
func decode(values map[string]map[string]any) map[string]types.AttributeValue {
	out := map[string]types.AttributeValue{}
	for name, value := range values {
		if s, ok := value["S"].(string); ok {
			out[name] = &types.AttributeValueMemberS{Value: s}
		} else if n, ok := value["N"].(string); ok {
			out[name] = &types.AttributeValueMemberN{Value: n}
		}
	}
	return out
}
