package deployed

import (
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
)

// ARN returns the ARN of a resource in the EmailOTP's partition, Region and account, which are
// those of its functions.
func (e *EmailOTP) ARN(service, resource string) string {
	for _, f := range e.Functions {
		if parts := strings.SplitN(f.Lambda.FunctionArn, ":", 6); len(parts) == 6 {
			return strings.Join([]string{parts[0], parts[1], service, parts[3], parts[4], resource}, ":")
		}
	}
	return "arn:aws:" + service + ":*:*:" + resource
}

// Policy returns the least rights for [Find].
func (e *EmailOTP) Policy() []awsapi.Statement {
	var functions []string
	for _, f := range e.Functions {
		if f.Lambda.FunctionArn != "" {
			functions = append(functions, f.Lambda.FunctionArn)
		}
	}
	return []awsapi.Statement{
		awsapi.Allow([]string{e.ARN("cloudformation", "stack/"+e.Stack+"/*")}, "cloudformation:DescribeStacks",
			"cloudformation:GetTemplate", "cloudformation:ListStackResources"),
		awsapi.Allow(functions, "lambda:GetFunction"),
	}
}
