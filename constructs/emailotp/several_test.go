//go:build !race

package emailotp_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// A changed logical id replaces the resource: users, budgets and the key are lost. These must never
// change within a major version.
func TestLogicalIDsOfWhatKeepsState(t *testing.T) {
	want := []string{
		"SignInKeyDA3A2C98 AWS::KMS::Key",
		"SignInTable1D05E1CA AWS::DynamoDB::GlobalTable",
		"SignInUserPoolA2C003D1 AWS::Cognito::UserPool",
		"SignInUserPoolClient299BC093 AWS::Cognito::UserPoolClient",
		"SignInEmailIdentity0539377E AWS::SES::EmailIdentity", // of SenderAddress
		"SignInConfigurationSet8764521C AWS::SES::ConfigurationSet",
	}
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		for _, kind := range []string{"AWS::KMS::Key", "AWS::DynamoDB::GlobalTable", "AWS::Cognito::UserPool",
			"AWS::Cognito::UserPoolClient", "AWS::SES::EmailIdentity", "AWS::SES::ConfigurationSet"} {
			for id := range resources(t, stack, kind) {
				if !slices.Contains(want, id+" "+kind) {
					t.Errorf("%s: %s has the logical id %s", mode, kind, id)
				}
			}
		}
	}
}

func TestSeveralStandSideBySideInOneStackAndApp(t *testing.T) {
	app := emailotptest.App(t, nil)
	stack := awscdk.NewStack(app, text("Prod"), nil)
	customers := emailotp.NewEmailOTP(stack, text("Customers"), valid(emailotp.ModePasswordless))
	staff := valid(emailotp.ModePassword)
	staff.Sender = emailotp.SenderIdentity(customers.EmailIdentity(), "no-reply@example.com")
	emailotp.NewEmailOTP(stack, text("Staff"), staff)
	other := awscdk.NewStack(app, text("Other"), nil)
	emailotp.NewEmailOTP(other, text("Customers"), valid(emailotp.ModePasswordless))
	for kind, count := range map[string]int{"AWS::Cognito::UserPool": 2, "AWS::Cognito::UserPoolClient": 2,
		"AWS::Lambda::Function": 10, "AWS::Events::Rule": 2, "AWS::KMS::Key": 2, "AWS::DynamoDB::GlobalTable": 2} {
		if found := resources(t, stack, kind); len(found) != count {
			t.Errorf("%d of %s, want %d", len(found), kind, count)
		}
	}
	contains(t, string(emailotptest.Template(t, stack)), "EmailOTP::Guessing::Customers", "EmailOTP::Guessing::Staff")
	if keys := slices.Sorted(maps.Keys(resources(t, other, "AWS::Cognito::UserPool"))); len(keys) != 1 {
		t.Errorf("the other stack has pools %v", keys)
	}
	if customers.PreTokenGeneration() != nil || customers.PreSignUp() == nil {
		t.Error("a passwordless sign-in has the password mode's trigger")
	}
}

func TestOneIdentityIsNotCreatedTwice(t *testing.T) {
	stack := newStack(t)
	emailotp.NewEmailOTP(stack, text("A"), valid(emailotp.ModePasswordless))
	emailotp.NewEmailOTP(stack, text("B"), valid(emailotp.ModePassword))
	contains(t, synthesised(stack), "[Prod/A] Prod/B/EmailIdentity creates the SES identity no-reply@example.com too, and an account has it once in a Region; create it once, and pass SenderIdentity",
		"[Prod/B] Prod/A/EmailIdentity creates")
}

func TestTheConstructItselfIsKnownToTheCDK(t *testing.T) {
	stack := newStack(t)
	e := signIn(stack, valid(emailotp.ModePassword))
	if stack.Node().FindChild(text("SignIn")) != e {
		t.Error("the tree holds another object")
	}
	awscdk.NewCfnOutput(e, text("Inside"), &awscdk.CfnOutputProps{Value: text("x")})
	later := awscdk.NewCfnResource(stack, text("Later"),
		&awscdk.CfnResourceProps{Type: text("AWS::CloudFormation::WaitConditionHandle")})
	later.Node().AddDependency(e)
	contains(t, string(emailotptest.Template(t, stack)), `"SignInUserPoolA2C003D1",`)
}
