package doctor

import (
	"encoding/json"
	"slices"

	"github.com/cognito-emailotp/cdk-emailotp/internal/awsapi"
	"github.com/cognito-emailotp/cdk-emailotp/internal/deployed"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Policy returns the least rights for [Examine]; with signIn, those for a live sign-in too.
func Policy(d *deployed.EmailOTP, signIn bool) []awsapi.Statement {
	pool := []string{"cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolClient",
		"cognito-idp:GetWebACLForResource", "cognito-idp:ListUserPoolClients"}
	if signIn {
		pool = append(pool, "cognito-idp:AdminCreateUser", "cognito-idp:AdminDeleteUser",
			"cognito-idp:AdminResetUserPassword", "cognito-idp:AdminSetUserPassword", "cognito-idp:ListUsers")
	}
	table := []string{"dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"}
	statements := append(d.Policy(),
		awsapi.Allow(d.FunctionARNs(), "lambda:GetPolicy"),
		awsapi.Allow([]string{d.ARN("cognito-idp", "userpool/"+d.PoolID)}, pool...),
		awsapi.Allow([]string{d.Settings.KeyARN}, "kms:DescribeKey"),
	)
	var roles []string
	for _, f := range d.All() {
		if f.Lambda.Role != "" {
			roles = append(roles, f.Lambda.Role)
		}
	}
	if len(roles) > 0 {
		statements = append(statements, awsapi.Allow(roles, "iam:SimulatePrincipalPolicy"))
	}
	if rule, isThere := ruleARN(d); isThere {
		statements = append(statements, awsapi.Allow([]string{rule}, "events:DescribeRule", "events:ListTargetsByRule"))
	}
	if signIn {
		table = append(table, "dynamodb:GetItem")
		var groups []string
		for _, f := range settings.Triggers(d.Mode) {
			groups = append(groups, logsOf(d, f))
		}
		statements = append(statements, awsapi.Allow(groups, "logs:FilterLogEvents"))
	}
	return append(append(statements, pagePolicy(d)...),
		awsapi.Allow([]string{d.ARN("dynamodb", "table/"+d.Settings.TableName)}, table...),
		// These have no resource, or answer for the whole account.
		awsapi.Allow([]string{"*"}, "cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmsForMetric",
			"cloudwatch:GetMetricData",
			"lambda:GetAccountSettings", "logs:DescribeLogGroups", "ses:GetAccount", "ses:GetConfigurationSet",
			"ses:GetConfigurationSetEventDestinations", "ses:GetEmailIdentity", "ses:GetSuppressedDestination",
			"wafv2:GetWebACLForResource"))
}

// logsOf returns the ARN of a function's log group as IAM's policies have it, with ":*" at the end
// (Amazon CloudWatch Logs API Reference, LogGroup).
func logsOf(d *deployed.EmailOTP, f settings.Function) string {
	return d.ARN("logs", "log-group:"+d.Functions[f].LogGroup()+":*")
}

// pagePolicy returns the rights to look at the sign-in page; nothing without one.
func pagePolicy(d *deployed.EmailOTP) []awsapi.Statement {
	if d.Page == nil {
		return nil
	}
	api := d.Page.Part("AWS::ApiGatewayV2::Api")
	return []awsapi.Statement{
		awsapi.Allow([]string{d.ARN("dynamodb", "table/"+d.Page.CodesTable)}, "dynamodb:DescribeTable",
			"dynamodb:DescribeTimeToLive"),
		awsapi.Allow([]string{d.Page.OriginSecret}, "secretsmanager:DescribeSecret"),
		awsapi.Allow([]string{d.ARN("cloudfront", "distribution/"+d.Page.Part("AWS::CloudFront::Distribution"))},
			"cloudfront:GetDistribution"),
		awsapi.Allow([]string{d.ARN("s3", d.Page.Part("AWS::S3::Bucket"))}, "s3:GetBucketPublicAccessBlock"),
		awsapi.Allow([]string{d.ARN("apigateway", "/apis/"+api+"/stages/*")}, "apigateway:GET"),
	}
}

// statementOf returns the least statement that allows an action, as an IAM policy has it.
func statementOf(d *deployed.EmailOTP, action string) string {
	var resources []string
	for _, s := range Policy(d, false) {
		if slices.Contains(s.Action, action) {
			resources = append(resources, s.Resource...)
		}
	}
	text, _ := json.Marshal(awsapi.Allow(resources, action)) // texts alone
	return string(text)
}
