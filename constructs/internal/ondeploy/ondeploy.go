// Package ondeploy creates what a deployment runs: the custom resource that attaches to an imported
// pool or checks a pool, and the rights of its function.
package ondeploy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const (
	// TimeoutSeconds is how long the function behind the custom resource may run. A pool with a
	// thousand clients takes more than a minute, because Cognito answers 15 reads a second.
	TimeoutSeconds = 180
	// waitMinutes is how long CloudFormation waits for its answer. Lambda repeats an invocation
	// that crashes twice, after one minute and after two.
	waitMinutes = 15
	// SynthesizedAt is the property that changes with each synthesis, or each day of one.
	SynthesizedAt = "SynthesizedAt"
)

// Fingerprint returns a hash of the settings, without the values that a deployment sets.
func Fingerprint(s settings.Settings, mailFile []byte) string {
	h := sha256.New()
	for _, f := range settings.Functions(s.Mode) {
		environment := s.Environment(f)
		for _, name := range slices.Sorted(maps.Keys(environment)) {
			fmt.Fprintf(h, "%s %s=%q\n", f, name, environment[name])
		}
	}
	h.Write(mailFile)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// moduleVersion returns this module's version, as the running program records it.
func moduleVersion() string {
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Path == build.Module {
			version = info.Main.Version
		}
		for _, dep := range info.Deps {
			if dep.Path == build.Module {
				version = dep.Version
			}
		}
	}
	if version == "" {
		return "(devel)"
	}
	return version
}

// Statements are the rights of the function behind the custom resource, on this one pool.
func Statements(pool awscognito.IUserPool, isImported bool) []awsiam.PolicyStatement {
	actions := []string{"cognito-idp:DescribeUserPool", "cognito-idp:DescribeUserPoolClient",
		"cognito-idp:GetUserPoolMfaConfig", "cognito-idp:ListUserPoolClients"}
	if isImported {
		actions = append(actions, "cognito-idp:UpdateUserPool")
	}
	return []awsiam.PolicyStatement{awsiam.NewPolicyStatement(
		&awsiam.PolicyStatementProps{Actions: jsii.Strings(actions...),
			Resources: &[]*string{pool.UserPoolArn()}})}
}

// New creates a custom resource. CloudFormation invokes fn only where a property has changed; with
// isEverySynthesis one changes at each synthesis.
func New(
	scope constructs.Construct, id string, fn awslambda.Function, properties map[string]any, isEverySynthesis bool,
) awscdk.CustomResource {
	properties["Version"] = moduleVersion()
	if isEverySynthesis {
		properties[SynthesizedAt] = time.Now().UTC().Format(time.RFC3339)
	}
	return awscdk.NewCustomResource(scope, jsii.String(id), &awscdk.CustomResourceProps{
		ServiceToken:   fn.FunctionArn(),
		ResourceType:   jsii.String(contract.AttachmentType),
		ServiceTimeout: awscdk.Duration_Minutes(jsii.Number(waitMinutes)),
		Properties:     &properties,
	})
}

// Permit allows the pool, and no other, to invoke a trigger. For a pool of the stack the CDK does
// so.
func Permit(fn awslambda.Function, pool awscognito.IUserPool) {
	fn.AddPermission(jsii.String("UserPool"), &awslambda.Permission{
		Principal: awsiam.NewServicePrincipal(jsii.String("cognito-idp.amazonaws.com"), nil),
		SourceArn: pool.UserPoolArn(),
	})
}
