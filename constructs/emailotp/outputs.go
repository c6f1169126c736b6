package emailotp

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

func (e *emailOTP) AddOutputs() {
	type output struct {
		id, description string
		value           *string
	}
	stack, s := e.stack(), &e.config.settings
	all := []output{
		{"UserPoolId", "The user pool's id", e.pool.UserPoolId()},
		{"UserPoolClientId", "The app client's id", e.client.UserPoolClientId()},
		{"Region", "The user pool's Region", stack.Region()},
		{"Mode", "How users sign in", jsii.String(string(s.Mode))},
	}
	if s.RememberDevices > 0 {
		all = append(all, output{"RememberDevices", "For how many days a device is remembered",
			jsii.String(strconv.Itoa(s.RememberDevices))})
	}
	if s.RecoveryByEmail {
		all = append(all, output{"PasswordRecovery", "The way back in for a forgotten password",
			jsii.String(string(RecoveryByEmail))})
	}
	if s.Mode == settings.Password && s.SupportAddress != "" {
		all = append(all, output{"SupportAddress", "Who helps users with a forgotten password", &s.SupportAddress})
	}
	for _, o := range all {
		if stack.Node().TryFindChild(&o.id) != nil {
			refuse(*e.Node().Path(), []string{fmt.Sprintf(
				"AddOutputs can't add the output %s: the stack %s has a construct of that id; remove it, or write outputs of "+
					"your own",
				o.id, *stack.Node().Path())})
		}
		awscdk.NewCfnOutput(stack, &o.id, &awscdk.CfnOutputProps{Description: &o.description, Value: o.value})
	}
}
