package function

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
)

// KeyStatement lets a function read and write a table that the key encrypts. DynamoDB uses the key
// in the caller's name.
func KeyStatement(stack awscdk.Stack, key awskms.IKey) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
		Resources: &[]*string{key.KeyArn()},
		Conditions: &map[string]any{"StringEquals": map[string]string{"kms:ViaService": fmt.Sprintf("dynamodb.%s.%s",
			*stack.Region(), *stack.UrlSuffix())}},
	})
}

// AllowLogs lets CloudWatch Logs encrypt the log groups of this account and Region, as its own
// documentation has the statement. An imported key's policy can't be changed.
func AllowLogs(stack awscdk.Stack, key awskms.IKey) {
	service := fmt.Sprintf("logs.%s.%s", *stack.Region(), *stack.UrlSuffix())
	groups := fmt.Sprintf("arn:%s:logs:%s:%s:log-group:*", *stack.Partition(), *stack.Region(),
		*stack.Account())
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(&service, nil)},
		Actions:    jsii.Strings("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"),
		Resources:  jsii.Strings("*"),
		Conditions: &map[string]any{"ArnLike": map[string]string{"kms:EncryptionContext:aws:logs:arn": groups}},
	}), jsii.Bool(true))
}

// NetworkStatement lets Lambda connect a function to a VPC (AWS Lambda Developer Guide, execution
// role for a function in a VPC). AWS's managed policy for it would also let the role write into
// every log group of the account. Lambda creates the interfaces, so no ARN is known before.
func NetworkStatement() awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Resources: jsii.Strings("*"),
		Actions: jsii.Strings("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
			"ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")})
}
