package emailotp

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/function"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// chains reads the adopter's own functions, and the version of the events about tokens.
func (r *reader) chains(c *config, p *EmailOTPProps) {
	c.chained = map[settings.Function]awslambda.IFunction{}
	otherMode := "has a meaning in the other mode alone; EmailOTP leaves this trigger free in " + string(p.Mode) + " mode"
	for _, chain := range []struct {
		prop     string
		fn       awslambda.IFunction
		of       settings.Function
		isCalled bool
		problem  string
	}{
		{"PreSignUp", p.PreSignUp, settings.PreSignUp, p.Mode == ModePasswordless, otherMode},
		{"PreTokenGeneration", p.PreTokenGeneration, settings.PreTokenGeneration, p.Mode == ModePassword, otherMode},
		{"CustomMessage", p.CustomMessage, settings.CreateAuthChallenge, c.settings.CustomMessages,
			"goes with CustomMessages; EmailOTP leaves this trigger free without it"},
		{"PostConfirmation", p.PostConfirmation, settings.VerifyAuthChallenge, c.settings.ForgetsDevices(),
			"goes with RememberDevices and RecoveryByEmail together; EmailOTP leaves this trigger free without them"},
	} {
		switch {
		case propread.IsNil(chain.fn):
		case !chain.isCalled:
			r.Add("%s %s: leave the prop nil and add the function to the pool by AddTrigger", chain.prop, chain.problem)
		case function.IsEmailOTPs(chain.fn):
			r.Add("%s is a function of EmailOTP's own (%s), which would invoke itself; "+
				"pass a function of yours, or leave it nil",
				chain.prop, *chain.fn.Node().Path())
		default:
			c.chained[chain.of] = chain.fn
		}
	}
	r.tokenVersion(c, p)
}

// tokenVersion reads the version of the events about tokens. The Lite plan has version 1 alone.
func (r *reader) tokenVersion(c *config, p *EmailOTPProps) {
	version := p.PreTokenGenerationVersion
	switch version {
	case "", awscognito.LambdaVersion_V1_0:
		return
	case awscognito.LambdaVersion_V2_0, awscognito.LambdaVersion_V3_0:
	default:
		r.Add("PreTokenGenerationVersion must be V1_0, V2_0 or V3_0 (received: %q); leave it empty for V1_0", version)
		return
	}
	if p.Mode == ModePasswordless {
		r.Add("PreTokenGenerationVersion has a meaning in ModePassword alone; EmailOTP leaves this trigger free in " +
			"ModePasswordless: leave the prop empty and pass the version to AddTrigger")
		return
	}
	c.tokenVersion = version
	const lacks = "PreTokenGenerationVersion %s needs a plan above Lite"
	if propread.IsNil(p.UserPool) {
		if c.poolProps.FeaturePlan == "" || c.poolProps.FeaturePlan == awscognito.FeaturePlan_LITE {
			r.Add(lacks+"; set UserPoolProps.FeaturePlan to ESSENTIALS or PLUS, or use V1_0", version)
		}
		return
	}
	resource, ok := p.UserPool.Node().DefaultChild().(awscognito.CfnUserPool)
	if !ok || resource.UserPoolTier() == nil || *resource.UserPoolTier() != "LITE" {
		return
	}
	if version == awscognito.LambdaVersion_V3_0 {
		r.Add(lacks+"; set FeaturePlan ESSENTIALS or PLUS where the pool is created, or use V1_0", version)
		return
	}
	c.tokenWarning = fmt.Sprintf(lacks+", unless the pool had advanced security on 22 November 2024; "+
		"Cognito refuses the deployment otherwise", version)
}

// operation returns Cognito's operation for a slot and the version of its events.
func (c *config) operation(s slot) (awscognito.UserPoolOperation, awscognito.LambdaVersion) {
	if s.function == settings.PreTokenGeneration && c.tokenVersion != "" {
		return awscognito.UserPoolOperation_PRE_TOKEN_GENERATION_CONFIG(), c.tokenVersion
	}
	return s.operation(), ""
}

// chainStatements returns the right to invoke the adopter's function: by this very ARN, since an
// alias or a version is a resource of its own.
func (e *emailOTP) chainStatements(f settings.Function) []awsiam.PolicyStatement {
	chained := e.config.chained[f]
	if chained == nil {
		return nil
	}
	return []awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("lambda:InvokeFunction"),
		Resources: &[]*string{chained.FunctionArn()},
	})}
}

// isChainable reports whether an adopter's function can be behind the trigger, as the prop of its
// name.
func (s slot) isChainable() bool {
	return len(s.names) > 0 && slices.Contains([]string{"preSignUp", "preTokenGeneration", "customMessage",
		"postConfirmation"}, s.names[0])
}

// chainedARNs returns the adopter's functions by the names in LambdaConfig of the triggers that
// invoke them.
func (e *emailOTP) chainedARNs() map[string]*string {
	arns := map[string]*string{}
	for _, slot := range e.config.triggers() {
		if chained := e.config.chained[slot.function]; slot.isChainable() && chained != nil {
			arns[capital(slot.names[0])] = chained.FunctionArn()
		}
	}
	return arns
}

// checkChain refuses a chained function that was imported by the ARN of one of the own functions:
// it would invoke itself. It adds the warning about the version of the events about tokens.
func (e *emailOTP) checkChain() {
	if w := e.config.tokenWarning; w != "" {
		awscdk.Validations_Of(e).AddWarning(jsii.String("emailotp:PreTokenGenerationVersion"), jsii.String(w))
	}
	for _, slot := range e.config.triggers() {
		own := e.config.chained[slot.function]
		if own == nil || !slot.isChainable() {
			continue
		}
		chained := e.stack().Resolve(own.FunctionArn())
		for f, function := range e.functions {
			if reflect.DeepEqual(chained, e.stack().Resolve(function.FunctionArn())) {
				refuse(*e.Node().Path(), []string{fmt.Sprintf(
					"the chained function %s has the ARN of EmailOTP's own function %s, which would invoke itself; "+
						"pass a function of yours, or leave it nil", *own.Node().Path(), f)})
			}
		}
	}
}
