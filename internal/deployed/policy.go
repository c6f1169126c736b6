package deployed

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/partition"
)

// ARN returns the ARN of a resource in the EmailOTP's partition, Region and account, which is that
// of its functions. Some services' ARNs lack the Region, the account, or both.
func (e *EmailOTP) ARN(service, resource string) string {
	region, account := e.region, "*"
	for _, f := range e.Functions {
		if parts := strings.SplitN(f.Lambda.FunctionArn, ":", 6); len(parts) == 6 {
			account = parts[4]
		}
	}
	switch service {
	case "apigateway":
		account = ""
	case "cloudfront", "iam":
		region = ""
	case "s3":
		region, account = "", ""
	}
	return strings.Join([]string{"arn", partition.Name(e.region), service, region, account, resource}, ":")
}

// All returns the functions of the EmailOTP and of its sign-in page.
func (e *EmailOTP) All() (all []Function) {
	all = slices.Collect(maps.Values(e.Functions))
	if e.Page != nil {
		all = append(all, slices.Collect(maps.Values(e.Page.Functions))...)
	}
	return all
}

// FunctionARNs returns the ARNs of all functions, from their names where Lambda did not answer.
func (e *EmailOTP) FunctionARNs() (all []string) {
	for _, f := range e.All() {
		if arn := cmp.Or(f.Lambda.FunctionArn, e.ARN("lambda", "function:"+f.Name)); f.Name != "" {
			all = append(all, arn)
		}
	}
	return all
}

// Policy returns the least rights for [Find].
func (e *EmailOTP) Policy() []awsapi.Statement {
	var stacks []string
	for _, name := range append([]string{e.Stack}, e.neighbors...) {
		stacks = append(stacks, e.ARN("cloudformation", "stack/"+name+"/*"))
	}
	statements := []awsapi.Statement{
		awsapi.Allow(stacks, "cloudformation:DescribeStacks", "cloudformation:GetTemplate",
			"cloudformation:ListStackResources"),
		awsapi.Allow(e.FunctionARNs(), "lambda:GetFunction"),
	}
	if len(e.exports) > 0 {
		statements = append(statements, awsapi.Allow([]string{"*"}, "cloudformation:ListImports"))
	}
	if e.isPageUnknown && e.Page == nil {
		statements = append(statements, awsapi.Allow([]string{""}, "lambda:GetFunction")) // of its functions
	}
	return statements
}
