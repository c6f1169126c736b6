// Package function creates the Lambda functions of the constructs, all of one kind: a program of
// this module with a role and a log group of its own.
package function

import (
	"runtime/debug"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// Props describe a function.
type Props struct {
	// Function is the folder below lambdas/.
	Function settings.Function
	// Detail ends the function's description; empty for none.
	Detail string
	Code   awslambda.Code
	// IsGiven is true for a Code that was built beforehand, of whatever version.
	IsGiven      bool
	Architecture awslambda.Architecture
	// MemorySize is in MiB, Timeout in seconds.
	MemorySize, Timeout int
	Environment         map[string]string
	// Statements are the role's permissions besides those for its log.
	Statements []awsiam.PolicyStatement
	LogGroup   awslogs.ILogGroup
	// Grant adds further permissions to the role, and Change changes the function's props; nil does
	// nothing.
	Grant  func(awsiam.Role)
	Change func(*awslambda.FunctionProps)
}

// New creates the function with the given id in scope. Its role has the id with "Role".
func New(scope constructs.Construct, id string, p Props) awslambda.Function {
	role := awsiam.NewRole(scope, jsii.String(id+"Role"), &awsiam.RoleProps{
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("EmailOTP " + string(p.Function)),
	})
	p.LogGroup.GrantWrite(role)
	for _, statement := range p.Statements {
		role.AddToPolicy(statement)
	}
	if p.Grant != nil {
		p.Grant(role)
	}
	environment := make(map[string]*string)
	for name, value := range p.Environment {
		environment[name] = jsii.String(value)
	}
	description := "EmailOTP " + string(p.Function)
	if p.Detail != "" {
		description += " (" + p.Detail + ")"
	}
	if !p.IsGiven {
		info, _ := debug.ReadBuildInfo()
		if version := build.Imported(info); version != "" {
			description += contract.VersionMark + version
		}
	}
	props := &awslambda.FunctionProps{
		Description:   &description,
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Handler:       jsii.String(build.Bootstrap),
		Architecture:  p.Architecture,
		MemorySize:    jsii.Number(p.MemorySize),
		Timeout:       awscdk.Duration_Seconds(jsii.Number(p.Timeout)),
		Code:          p.Code,
		Role:          role,
		LogGroup:      p.LogGroup,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Environment:   &environment,
	}
	if p.Change != nil {
		p.Change(props)
	}
	fn := awslambda.NewFunction(scope, &id, props)
	fn.Node().DefaultChild().(awslambda.CfnFunction).AddMetadata(jsii.String(contract.MetadataFunction),
		string(p.Function))
	return fn
}

// IsEmailOTPs reports whether a function, an alias or a version is of an EmailOTP.
func IsEmailOTPs(fn awslambda.IFunction) bool {
	if alias, ok := fn.(awslambda.IAlias); ok {
		fn = alias.Version().Lambda()
	} else if version, ok := fn.(awslambda.IVersion); ok {
		fn = version.Lambda()
	}
	resource, ok := fn.Node().DefaultChild().(awslambda.CfnFunction)
	return ok && !propread.IsNil(resource.GetMetadata(jsii.String(contract.MetadataFunction)))
}
