package emailotp

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func (e *emailOTP) AddOutputs() {
	stack := e.stack()
	for _, o := range []struct {
		id, description string
		value           *string
	}{
		{"UserPoolId", "The user pool's id", e.pool.UserPoolId()},
		{"UserPoolClientId", "The app client's id", e.client.UserPoolClientId()},
		{"Region", "The user pool's Region", stack.Region()},
		{"Mode", "How users sign in", jsii.String(string(e.config.settings.Mode))},
	} {
		if stack.Node().TryFindChild(&o.id) != nil {
			refuse(*e.Node().Path(), []string{fmt.Sprintf(
				"AddOutputs can't add the output %s: the stack %s has a construct of that id; remove it, or write outputs of "+
					"your own",
				o.id, *stack.Node().Path())})
		}
		awscdk.NewCfnOutput(stack, &o.id, &awscdk.CfnOutputProps{Description: &o.description, Value: o.value})
	}
}
