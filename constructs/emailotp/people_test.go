//go:build !race

package emailotp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// A function that may write the list of remembered devices can add one, so mail-events may not.
func TestWithRememberedDevicesMailEventsMayWriteItsOwnAttributesAlone(t *testing.T) {
	stack, p := newStack(t), valid(emailotp.ModePassword)
	p.RememberDevices = number(30)
	signIn(stack, p)
	table := `{"Fn::GetAtt":["` + logical(t, resources(t, stack, "AWS::DynamoDB::GlobalTable"), "SignIn") + `","Arn"]}`
	want := `Allow "dynamodb:UpdateItem" ON ` + table +
		` IF {"ForAllValues:StringLike":{"dynamodb:Attributes":["pk","ttl","bx","bt","be","ua","q_*"]}}`
	role := logical(t, resources(t, stack, "AWS::IAM::Role"), "SignInMailEventsRole")
	if got := statements(t, stack, role); !slices.Contains(got, want) {
		t.Errorf("mail-events may %q, want %q", got, want)
	}
}

// RecoveryByEmail is an explicit choice: it opens the pool's recovery and marks it as accepted, and a
// reset forgets remembered devices.
func TestRecoveryByEmailOpensThePoolAndForgetsDevices(t *testing.T) {
	stack, p := newStack(t), valid(emailotp.ModePassword)
	p.RememberDevices, p.PasswordRecovery = number(30), emailotp.RecoveryByEmail
	signIn(stack, p)
	template := string(emailotptest.Template(t, stack))
	contains(t, template, `"verified_email"`, `"EmailOTP::AcknowledgedBypasses"`, `"EMAIL_RECOVERY:`, `"PostConfirmation": {`)
	for name, change := range map[string]func(*props){
		"by an administrator":        func(p *props) { p.PasswordRecovery = emailotp.RecoveryByAdministrator },
		"without remembered devices": func(p *props) { p.PasswordRecovery = emailotp.RecoveryByEmail },
	} {
		stack, p := newStack(t), valid(emailotp.ModePassword)
		change(p)
		signIn(stack, p)
		if template := string(emailotptest.Template(t, stack)); strings.Contains(template, "PostConfirmation") {
			t.Errorf("%s: the trigger PostConfirmation is occupied", name)
		}
	}
}
