//go:build !race

package emailotp_test

import (
	"slices"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
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
