package emailotp

import (
	"fmt"
	"reflect"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/function"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/propread"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/internal/slots"
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
	plan := c.poolProps.FeaturePlan
	c.tokenVersion, c.tokenWarning = slots.TokenVersion(&r.Reader, p.PreTokenGenerationVersion, p.Mode, p.UserPool, plan)
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

// chainedARNs returns the adopter's functions by the names in LambdaConfig of the triggers that
// invoke them.
func (e *emailOTP) chainedARNs() map[string]*string {
	arns := map[string]*string{}
	for _, slot := range e.config.triggers() {
		if chained := e.config.chained[slot.Function]; slot.IsChainable() && chained != nil {
			arns[slot.Trigger()] = chained.FunctionArn()
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
		own := e.config.chained[slot.Function]
		if own == nil || !slot.IsChainable() {
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
