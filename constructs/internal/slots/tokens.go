package slots

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// TokenVersion reads the version of the events about tokens, which is empty for V1_0. The Lite plan
// has version 1 alone: plan is the one of a pool that is to be created, where pool is nil. The
// warning is empty for none.
func TokenVersion(r *propread.Reader, version awscognito.LambdaVersion, mode settings.Mode, pool awscognito.IUserPool,
	plan awscognito.FeaturePlan) (used awscognito.LambdaVersion, warning string) {
	switch version {
	case "", awscognito.LambdaVersion_V1_0:
		return "", ""
	case awscognito.LambdaVersion_V2_0, awscognito.LambdaVersion_V3_0:
	default:
		r.Add("PreTokenGenerationVersion must be V1_0, V2_0 or V3_0 (received: %q); leave it empty for V1_0", version)
		return "", ""
	}
	if mode == settings.Passwordless {
		r.Add("PreTokenGenerationVersion has a meaning in ModePassword alone; EmailOTP leaves this trigger free in " +
			"ModePasswordless: leave the prop empty and pass the version to AddTrigger")
		return "", ""
	}
	const lacks = "PreTokenGenerationVersion %s needs a plan above Lite"
	if propread.IsNil(pool) {
		if plan == "" || plan == awscognito.FeaturePlan_LITE {
			r.Add(lacks+"; set UserPoolProps.FeaturePlan to ESSENTIALS or PLUS, or use V1_0", version)
		}
		return version, ""
	}
	resource, ok := pool.Node().DefaultChild().(awscognito.CfnUserPool)
	if !ok || resource.UserPoolTier() == nil || *resource.UserPoolTier() != "LITE" {
		return version, ""
	}
	if version == awscognito.LambdaVersion_V3_0 {
		r.Add(lacks+"; set FeaturePlan ESSENTIALS or PLUS where the pool is created, or use V1_0", version)
		return version, ""
	}
	return version, fmt.Sprintf(lacks+", unless the pool had advanced security on 22 November 2024; "+
		"Cognito refuses the deployment otherwise", version)
}
