//go:build !race

package stacks_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/stacks"
)

var _ = flag.Bool("update", false, "write the golden files")

// Every environment of cdk.json in both modes, through CloudFormation's rules at their strictest.
func TestTemplatesOfEveryEnvironmentAndMode(t *testing.T) {
	context := strict(t)
	for _, mode := range []string{"password", "passwordless"} {
		environments, err := stacks.Environments(context[stacks.ContextKey], nil, mode)
		if err != nil {
			t.Fatal(err)
		}
		app := emailotptest.App(t, context)
		made := map[string]awscdk.Stack{}
		for _, env := range environments {
			made[env.Name] = stacks.NewEmailOTPStack(app, stacks.StackName(env.Name), &stacks.EmailOTPStackProps{Environment: env}).Stack
		}
		for name, stack := range made {
			t.Run(name+" "+mode, func(t *testing.T) {
				emailotptest.Snapshot(t, stack, fmt.Sprintf("testdata/%s.%s.golden.json", name, mode))
			})
		}
	}
}

func TestTheValidationIsOn(t *testing.T) {
	stack := awscdk.NewStack(emailotptest.App(t, strict(t)), jsii.String("Control"), nil)
	awscognito.NewCfnUserPoolClient(stack, jsii.String("Client"), &awscognito.CfnUserPoolClientProps{UserPoolId: jsii.String("eu-west-1_AbCdEfGhI"), AuthSessionValidity: jsii.Number(16)})
	defer func() {
		problem := recover()
		if problem == nil {
			t.Fatal("a session of 16 minutes was accepted")
		}
		contains(t, fmt.Sprint(problem), "F3034")
	}()
	assertions.Template_FromStack(stack, nil)
}

func TestOutputsAreWhatAClientNeeds(t *testing.T) {
	environments, err := stacks.Environments(context(t)[stacks.ContextKey], "dev", nil)
	if err != nil {
		t.Fatal(err)
	}
	app := emailotptest.App(t, nil)
	stack := stacks.NewEmailOTPStack(app, stacks.StackName("dev"), &stacks.EmailOTPStackProps{Environment: environments[0]})
	outputs := *assertions.Template_FromStack(stack.Stack, nil).FindOutputs(jsii.String("*"), nil)
	if got, want := slices.Sorted(maps.Keys(outputs)), []string{"Mode", "Region", "UserPoolClientId", "UserPoolId"}; !slices.Equal(got, want) {
		t.Errorf("outputs %v, want %v", got, want)
	}
	if *stack.StackName() != "EmailOtp-dev" || *stack.Region() != "eu-west-1" {
		t.Errorf("stack %s in %s", *stack.StackName(), *stack.Region())
	}
}

func TestEveryTunableReachesTheConstruct(t *testing.T) {
	number, text, yes := jsii.Number[float64], jsii.String, jsii.Bool(true)
	env := stacks.Environment{
		Name: "x", Region: "eu-west-1", Account: "123456789012", Mode: emailotp.ModePassword, Sender: "no-reply@example.com", SenderIdentity: "domain", HostedZoneID: "Z0123456789ABC",
		SenderName: text("Sender"), ReplyTo: text("reply@example.com"), ProductName: text("Product"), SupportAddress: text("support@example.com"), DefaultLocale: text("de"),
		CodeLength: number(10), MaxAttempts: number(2), GuessBurst: number(5), CodeTTL: 4 * time.Minute, GuessRefill: 2 * time.Hour,
		VerifiedMailsPerHour: number(11), UnverifiedMailsPerHour: number(12), UnknownMailsPerHour: number(13),
		MailUnverifiedAddresses: yes, SelfSignUp: yes, MemorySize: number(256), LogRetentionDays: 14, RemovalPolicy: "destroy",
	}
	stack := stacks.NewEmailOTPStack(emailotptest.App(t, nil), "X", &stacks.EmailOTPStackProps{Environment: env})
	contains(t, string(emailotptest.Template(t, stack.Stack)),
		`"EMAILOTP_FROM_NAME": "Sender"`, `"EMAILOTP_REPLY_TO": "reply@example.com"`, `"EMAILOTP_PRODUCT_NAME": "Product"`,
		`"EMAILOTP_SUPPORT_ADDRESS": "support@example.com"`, `"EMAILOTP_LOCALE": "de"`, `"EMAILOTP_CODE_LENGTH": "10"`, `"EMAILOTP_CODE_TTL": "240"`,
		`"EMAILOTP_MAX_ATTEMPTS": "2"`, `"EMAILOTP_GUESS_BURST": "5"`, `"EMAILOTP_GUESS_REFILL": "7200"`, `"EMAILOTP_POOL_MAILS_VERIFIED": "11"`,
		`"EMAILOTP_POOL_MAILS_UNVERIFIED": "12"`, `"EMAILOTP_POOL_MAILS_UNKNOWN": "13"`, `"EMAILOTP_TRUST_UNVERIFIED": "true"`,
		`"AllowAdminCreateUserOnly": false`, `"MemorySize": 256`, `"RetentionInDays": 14`, `"Delete"`, `"HostedZoneId": "Z0123456789ABC"`, `"EmailIdentity": "example.com"`)
}
