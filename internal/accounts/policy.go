package accounts

import (
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
)

// Policy returns the least rights for the commands: those by which a user is found and shown, and
// the given actions, such as "cognito-idp:AdminDeleteUser".
func Policy(e *deployed.EmailOTP, actions ...string) []awsapi.Statement {
	var pool, table, list []string
	for _, action := range append([]string{"cognito-idp:ListUsers", "dynamodb:GetItem"}, actions...) {
		switch service, _, _ := strings.Cut(action, ":"); service {
		case "cognito-idp":
			pool = append(pool, action)
		case "dynamodb":
			table = append(table, action)
		default:
			list = append(list, action)
		}
	}
	statements := append(e.Policy(),
		awsapi.Allow([]string{e.ARN("cognito-idp", "userpool/"+e.PoolID)}, pool...),
		awsapi.Allow([]string{e.ARN("dynamodb", "table/"+e.Settings.TableName)}, table...))
	if len(list) > 0 {
		statements = append(statements, awsapi.Allow([]string{"*"}, list...)) // SES's list has no ARN
	}
	return statements
}
