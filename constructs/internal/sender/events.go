package sender

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// ConnectEvents makes SES publish bounces and complaints on the account's default event bus,
// the only one that SES writes to. A rule there invokes fn with the events of this
// configuration set's mails that carry a code. Only AWS services can put events with the source
// "aws.ses" on the bus.
func ConnectEvents(scope constructs.Construct, set awsses.ConfigurationSet, fn awslambda.Function) {
	set.AddEventDestination(jsii.String("MailEvents"), &awsses.ConfigurationSetEventDestinationOptions{
		Destination: awsses.EventDestination_EventBus(
			awsevents.EventBus_FromEventBusName(scope, jsii.String("DefaultEventBus"), jsii.String("default"))),
		Events: &[]awsses.EmailSendingEvent{awsses.EmailSendingEvent_BOUNCE, awsses.EmailSendingEvent_COMPLAINT},
	})
	// The rule of the lower level: the target's class would link every service that EventBridge
	// reaches.
	rule := awsevents.NewCfnRule(scope, jsii.String("MailEventsRule"), &awsevents.CfnRuleProps{
		Description: jsii.String("Bounces and complaints of sign-in mails, for EmailOTP"),
		EventPattern: map[string]any{
			"source":      []string{"aws.ses"},
			"detail-type": []string{"Email Bounced", "Email Complaint Received"},
			"detail": map[string]any{"mail": map[string]any{"tags": map[string]any{
				"ses:configuration-set": []*string{set.ConfigurationSetName()},
				settings.ItemTag:        []any{map[string]any{"exists": true}},
			}}},
		},
		Targets: []any{&awsevents.CfnRule_TargetProperty{Id: jsii.String("MailEvents"), Arn: fn.FunctionArn()}},
	})
	fn.AddPermission(jsii.String("EventBridge"), &awslambda.Permission{
		Principal: awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil),
		SourceArn: rule.AttrArn(),
	})
}
