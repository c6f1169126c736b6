package dynamo

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/guard"
)

func itemOf(a map[string]types.AttributeValue) guard.Item {
	return guard.Item{
		Guess:    numberOf(a, "g"),
		Failures: int(numberOf(a, "n")),
		Mail:     numberOf(a, "m"),
		SlowMail: numberOf(a, "d"),
		Next:     numberOf(a, "next"),
		Nonce:    textOf(a, "nonce"),
		Digits:   int(numberOf(a, "kind")),
		Used:     numberOf(a, "uf"),
		UsedBy:   textOf(a, "ub"),
		Resend:   textOf(a, "rs"),
		Bounced:  textOf(a, "bx"),
	}
}

func numberOf(a map[string]types.AttributeValue, name string) int64 {
	if v, ok := a[name].(*types.AttributeValueMemberN); ok {
		n, _ := strconv.ParseInt(v.Value, 10, 64)
		return n
	}
	return 0
}

func textOf(a map[string]types.AttributeValue, name string) string {
	if v, ok := a[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}
