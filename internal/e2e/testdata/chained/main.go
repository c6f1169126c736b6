// Command chained is an app's own function behind EmailOTP's: it adds a claim, and refuses users
// whose address begins with "late".
package main

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(_ context.Context, event map[string]any) (map[string]any, error) {
		request, _ := event["request"].(map[string]any)
		attributes, _ := request["userAttributes"].(map[string]any)
		if email, _ := attributes["email"].(string); strings.HasPrefix(email, "late") {
			return nil, errors.New("all seats are taken for " + email)
		}
		event["response"] = map[string]any{"claimsOverrideDetails": map[string]any{
			"claimsToAddOrOverride": map[string]any{"seats": "4"}}}
		return event, nil
	})
}
