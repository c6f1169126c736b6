// Package stacks instantiates the construct once an environment.
package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// ConstructID is the id of the construct in its stack.
const ConstructID = "SignIn"

// EmailOTPStackProps are the props of [NewEmailOTPStack].
type EmailOTPStackProps struct {
	awscdk.StackProps
	// Environment says what is deployed.
	Environment Environment
}

// EmailOTPStack is one environment's stack.
type EmailOTPStack struct {
	awscdk.Stack
	// SignIn is the construct.
	SignIn emailotp.EmailOTP
}

// StackName returns the name of an environment's stack: EmailOtp-dev for dev.
func StackName(environment string) string { return "EmailOtp-" + environment }

// NewEmailOTPStack creates an environment's stack, with the outputs that a client needs: UserPoolId,
// UserPoolClientId, Region, Mode and, where the sign-in page is hosted, SignInUrl. Where the sender's domain needs DNS records that the stack
// can't create, they are outputs too.
func NewEmailOTPStack(scope constructs.Construct, id string, props *EmailOTPStackProps) EmailOTPStack {
	env := props.Environment
	sp := props.StackProps
	if sp.Env == nil {
		sp.Env = &awscdk.Environment{Region: jsii.String(env.Region), Account: optional(env.Account)}
	}
	if sp.Description == nil {
		sp.Description = jsii.String("Sign-in by e-mail code, environment " + env.Name)
	}
	stack := awscdk.NewStack(scope, &id, &sp)
	zone := env.zone(stack)
	signIn := emailotp.NewEmailOTP(stack, jsii.String(ConstructID), env.props(zone))
	output(stack, "UserPoolId", "The user pool's id", signIn.UserPool().UserPoolId())
	output(stack, "UserPoolClientId", "The app client's id", signIn.UserPoolClient().UserPoolClientId())
	output(stack, "Region", "The user pool's Region", stack.Region())
	output(stack, "Mode", "How people sign in", jsii.String(string(env.Mode)))
	if env.SignInPage {
		output(stack, "SignInUrl", "The sign-in page", env.hostPage(stack, zone, signIn))
	}
	for i, r := range signIn.DnsRecords() {
		description := fmt.Sprintf("A DNS record that %s needs: name, type, value", domainOf(env.Sender))
		output(stack, fmt.Sprintf("DnsRecord%d", i+1), description, jsii.String(*r.Name+" "+*r.Type+" "+*r.Value))
	}
	return EmailOTPStack{stack, signIn}
}

// props translates the environment. Durations become the CDK's here, once.
func (e Environment) props(zone awsroute53.IHostedZone) *emailotp.EmailOTPProps {
	p := &emailotp.EmailOTPProps{
		Mode: e.Mode, Sender: e.sender(zone),
		SenderName: e.SenderName, ReplyTo: e.ReplyTo, ProductName: e.ProductName,
		SupportAddress: e.SupportAddress, DefaultLocale: e.DefaultLocale,
		CodeLength: e.CodeLength, MaxAttempts: e.MaxAttempts, GuessBurst: e.GuessBurst,
		VerifiedMailsPerHour: e.VerifiedMailsPerHour, UnverifiedMailsPerHour: e.UnverifiedMailsPerHour,
		UnknownMailsPerHour: e.UnknownMailsPerHour, MailUnverifiedAddresses: e.MailUnverifiedAddresses,
		MemorySize: e.MemorySize, LogRetention: retentions[e.LogRetentionDays],
	}
	if e.CodeTTL != 0 {
		p.CodeTTL = awscdk.Duration_Seconds(jsii.Number(e.CodeTTL.Seconds()))
	}
	if e.GuessRefill != 0 {
		p.GuessRefill = awscdk.Duration_Seconds(jsii.Number(e.GuessRefill.Seconds()))
	}
	if e.SelfSignUp != nil {
		p.UserPoolProps = &emailotp.UserPoolProps{SelfSignUpEnabled: e.SelfSignUp}
	}
	if e.RemovalPolicy == "destroy" {
		p.RemovalPolicy = awscdk.RemovalPolicy_DESTROY
	}
	return p
}

// zone is the hosted zone of the sender's domain, nil for none.
func (e Environment) zone(stack awscdk.Stack) awsroute53.IHostedZone {
	if e.HostedZoneID == "" {
		return nil
	}
	return awsroute53.PublicHostedZone_FromPublicHostedZoneAttributes(stack, jsii.String("SenderZone"),
		&awsroute53.PublicHostedZoneAttributes{HostedZoneId: jsii.String(e.HostedZoneID), ZoneName: jsii.String(domainOf(e.Sender))})
}

func (e Environment) sender(zone awsroute53.IHostedZone) emailotp.Sender {
	switch {
	case zone != nil:
		return emailotp.SenderHostedZone(zone, e.Sender)
	case e.SenderIdentity == "domain":
		local, domain, _ := strings.Cut(e.Sender, "@")
		return emailotp.SenderDomain(domain, local)
	}
	return emailotp.SenderAddress(e.Sender)
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

// retentions are CloudWatch Logs' periods in days.
var retentions = map[int]awslogs.RetentionDays{
	1: awslogs.RetentionDays_ONE_DAY, 3: awslogs.RetentionDays_THREE_DAYS, 5: awslogs.RetentionDays_FIVE_DAYS,
	7: awslogs.RetentionDays_ONE_WEEK, 14: awslogs.RetentionDays_TWO_WEEKS, 30: awslogs.RetentionDays_ONE_MONTH,
	60: awslogs.RetentionDays_TWO_MONTHS, 90: awslogs.RetentionDays_THREE_MONTHS, 120: awslogs.RetentionDays_FOUR_MONTHS,
	150: awslogs.RetentionDays_FIVE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS, 365: awslogs.RetentionDays_ONE_YEAR,
	400: awslogs.RetentionDays_THIRTEEN_MONTHS, 545: awslogs.RetentionDays_EIGHTEEN_MONTHS, 731: awslogs.RetentionDays_TWO_YEARS,
	1096: awslogs.RetentionDays_THREE_YEARS, 1827: awslogs.RetentionDays_FIVE_YEARS, 2192: awslogs.RetentionDays_SIX_YEARS,
	2557: awslogs.RetentionDays_SEVEN_YEARS, 2922: awslogs.RetentionDays_EIGHT_YEARS, 3288: awslogs.RetentionDays_NINE_YEARS,
	3653: awslogs.RetentionDays_TEN_YEARS,
}

func retentionList() string {
	days := make([]int, 0, len(retentions))
	for d := range retentions {
		days = append(days, d)
	}
	slices.Sort(days)
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(days), " ", ", "), "[]")
}
