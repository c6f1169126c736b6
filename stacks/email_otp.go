// Package stacks creates a stack with the construct for each environment of cdk.json.
package stacks

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsses"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/environments"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// constructID is the id of the construct in its stack.
const constructID = "SignIn"

// EmailOTPStackProps are the props of [NewEmailOTPStack].
type EmailOTPStackProps struct {
	awscdk.StackProps
	// Environment is what cdk.json describes.
	Environment environments.Environment
}

// EmailOTPStack is one environment's stack.
type EmailOTPStack struct {
	awscdk.Stack
	// SignIn is the construct.
	SignIn emailotp.EmailOTP
}

// StackName returns the name of an environment's stack: EmailOtp-dev for dev.
func StackName(environment string) string { return "EmailOtp-" + environment }

// NewEmailOTPStack creates an environment's stack, with the outputs that a client needs:
// UserPoolId, UserPoolClientId, Region, Mode and, where the sign-in page is hosted, SignInUrl. The
// DNS records that the sender's domain needs and that the stack can't create are outputs too.
func NewEmailOTPStack(scope constructs.Construct, id string, props *EmailOTPStackProps) EmailOTPStack {
	env := deployment{props.Environment}
	sp := props.StackProps
	if sp.Env == nil {
		sp.Env = &awscdk.Environment{Region: jsii.String(env.Region), Account: optional(env.Account)}
	}
	if sp.Description == nil {
		sp.Description = jsii.String("Sign-in by e-mail code, environment " + env.Name)
	}
	stack := awscdk.NewStack(scope, &id, &sp)
	zone := env.zone(stack)
	signIn := emailotp.NewEmailOTP(stack, jsii.String(constructID), env.props(stack, zone))
	signIn.AddOutputs()
	for _, c := range env.Clients {
		client := signIn.AddClient(&c.Name, &emailotp.ClientProps{CallbackURLs: jsii.Strings(c.CallbackURLs...),
			LogoutURLs: jsii.Strings(c.LogoutURLs...), GenerateSecret: &c.GenerateSecret})
		output(stack, "ClientId"+c.Name, "The id of the app client "+c.Name, client.UserPoolClient.UserPoolClientId())
		if client.Secret != nil {
			output(stack, "ClientSecret"+c.Name, "The ARN of the client's secret in Secrets Manager", client.Secret.SecretArn())
		}
	}
	if env.SignInPage {
		output(stack, "SignInUrl", "The sign-in page", env.hostPage(stack, zone, signIn).URL())
	}
	for i, r := range signIn.DnsRecords() {
		description := fmt.Sprintf("A DNS record that %s needs: name, type, value", domainOf(env.Settings.From))
		output(stack, fmt.Sprintf("DnsRecord%d", i+1), description, jsii.String(*r.Name+" "+*r.Type+" "+*r.Value))
	}
	return EmailOTPStack{stack, signIn}
}

// A deployment is an environment with methods that create what it describes.
type deployment struct{ environments.Environment }

// props translates the environment. The settings that functions receive are set by their names in
// the list that [settings.Fields] returns.
func (d deployment) props(stack awscdk.Stack, zone awsroute53.IHostedZone) *emailotp.EmailOTPProps {
	p := &emailotp.EmailOTPProps{
		Sender:            d.sender(stack, zone),
		SandboxRecipients: &d.SandboxRecipients,
		KeyGeneration:     jsii.Number(d.KeyGeneration),
		MemorySize:        jsii.Number(d.MemorySize),
		LogRetention:      retentions[d.LogRetentionDays],
		PasswordRecovery:  emailotp.PasswordRecovery(d.PasswordRecovery),
	}
	props := reflect.ValueOf(p).Elem()
	for _, f := range settings.Fields() {
		if value := propValue(f.Of(&d.Settings)); value != nil && f.Prop != "" && f.Prop != "Sender" {
			props.FieldByName(f.Prop).Set(reflect.ValueOf(value))
		}
	}
	if d.SelfSignUp != nil {
		p.UserPoolProps = &emailotp.UserPoolProps{SelfSignUpEnabled: d.SelfSignUp}
	}
	p.Brand = d.Brand
	if d.Destroy {
		p.RemovalPolicy = awscdk.RemovalPolicy_DESTROY
	}
	return p
}

// propValue returns a setting as the construct's props have it; nil for an absent one.
func propValue(setting any) any {
	switch v := setting.(type) {
	case *settings.Mode:
		return *v
	case *int:
		if *v != 0 {
			return jsii.Number(*v)
		}
	case *time.Duration:
		return awscdk.Duration_Seconds(jsii.Number(v.Seconds()))
	case *string:
		if *v != "" {
			return v
		}
	case *bool:
		if *v {
			return v
		}
	case *[]string:
		if len(*v) > 0 {
			return jsii.Strings(*v...)
		}
	}
	return nil
}

// zone is the hosted zone of the sender's domain, nil for none.
func (d deployment) zone(stack awscdk.Stack) awsroute53.IHostedZone {
	if d.HostedZoneID == "" {
		return nil
	}
	return awsroute53.PublicHostedZone_FromPublicHostedZoneAttributes(stack, jsii.String("SenderZone"),
		&awsroute53.PublicHostedZoneAttributes{HostedZoneId: &d.HostedZoneID,
			ZoneName: jsii.String(domainOf(d.Settings.From))})
}

func (d deployment) sender(stack awscdk.Stack, zone awsroute53.IHostedZone) emailotp.Sender {
	local, domain, _ := strings.Cut(d.Settings.From, "@")
	switch {
	case zone != nil:
		return emailotp.SenderHostedZone(zone, d.Settings.From)
	case d.SenderIdentity == environments.IdentityDomain:
		return emailotp.SenderDomain(domain, local)
	case d.SenderIdentity == environments.IdentityExisting && domain != "":
		identity := awsses.EmailIdentity_FromEmailIdentityName(stack, jsii.String("SenderIdentity"), &domain)
		return emailotp.SenderIdentity(identity, d.Settings.From)
	}
	return emailotp.SenderAddress(d.Settings.From)
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}

func output(stack awscdk.Stack, id, description string, value *string) {
	awscdk.NewCfnOutput(stack, &id, &awscdk.CfnOutputProps{Description: &description, Value: value})
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// retentions are the periods that environments.LogRetentions lists, as the CDK has them.
var retentions = map[int]awslogs.RetentionDays{
	1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS,
	7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH,
	60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS, 120: awslogs.RetentionDays_FOUR_MONTHS,
	150: awslogs.RetentionDays_FIVE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR,
	400: awslogs.RetentionDays_THIRTEEN_MONTHS, 545: awslogs.RetentionDays_EIGHTEEN_MONTHS,
	731:  awslogs.RetentionDays_TWO_YEARS,
	1096: awslogs.RetentionDays_THREE_YEARS, 1827: awslogs.RetentionDays_FIVE_YEARS, 2192: awslogs.RetentionDays_SIX_YEARS,
	2557: awslogs.RetentionDays_SEVEN_YEARS, 2922: awslogs.RetentionDays_EIGHT_YEARS,
	3288: awslogs.RetentionDays_NINE_YEARS,
	3653: awslogs.RetentionDays_TEN_YEARS,
}
