//go:build !race

package emailotp_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/poolcheck"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
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

// RecoveryByEmail is an explicit choice: it opens the pool's recovery and marks it as accepted, and
// a reset forgets remembered devices.
func TestRecoveryByEmailOpensThePoolAndForgetsDevices(t *testing.T) {
	stack, p := newStack(t), valid(emailotp.ModePassword)
	p.RememberDevices, p.PasswordRecovery = number(30), emailotp.RecoveryByEmail
	signIn(stack, p)
	template := string(emailotptest.Template(t, stack))
	contains(t, template, `"verified_email"`, `"EmailOTP::AcknowledgedBypasses"`, `"EMAIL_RECOVERY:`,
		`"PostConfirmation": {`)
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

// An acknowledged reset by e-mail does not forget devices by itself, so the construct warns.
func TestAnAcknowledgedResetThatLeavesDevicesWarns(t *testing.T) {
	for _, recovery := range []emailotp.PasswordRecovery{"", emailotp.RecoveryByEmail} {
		stack, p := newStack(t), valid(emailotp.ModePassword)
		p.UserPool = ownPool(stack, func(pool *awscognito.UserPoolProps) {
			pool.AccountRecovery = awscognito.AccountRecovery_EMAIL_ONLY
		})
		p.RememberDevices, p.PasswordRecovery = number(30), recovery
		if recovery == "" {
			p.AcknowledgedBypasses = &[]emailotp.Bypass{{Kind: emailotp.BypassEmailRecovery, Path: *p.UserPool.Node().Path()}}
		}
		signIn(stack, p)
		warnings := len(*assertions.Annotations_FromStack(stack).FindWarning(text("*"),
			assertions.Match_StringLikeRegexp(text("a reset leaves the remembered devices as they are"))))
		if (warnings == 1) != (recovery == "") {
			t.Errorf("recovery %q: %d warnings", recovery, warnings)
		}
	}
}

// What the props accept passes the deployment's check too, which reads the deployed pool and the
// marks of the custom resource.
func TestAcceptedRecoveryPassesTheDeploymentsCheck(t *testing.T) {
	deployed := json.RawMessage(`{"Id":"eu-west-1_Example01","AccountRecoverySetting":{"RecoveryMechanisms":[` +
		`{"Name":"verified_email","Priority":1}]},"MfaConfiguration":"OFF"}`)
	isOpen := func(stack awscdk.Stack) bool {
		properties := attach.Properties{UserPoolID: "eu-west-1_Example01", Mode: string(emailotp.ModePassword)}
		marks := attachment(t, stack)["Properties"].(map[string]any)["AcknowledgedBypasses"]
		if err := json.Unmarshal([]byte(compact(t, marks)), &properties.AcknowledgedBypasses); err != nil {
			t.Fatal(err)
		}
		open, err := poolcheck.Open(properties, deployed, nil)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(open, func(f rules.Finding) bool { return f.Kind == rules.EmailRecovery })
	}
	for _, recovery := range []emailotp.PasswordRecovery{emailotp.RecoveryByEmail, emailotp.RecoveryByAdministrator} {
		own, imported := newStack(t), newStack(t)
		p := valid(emailotp.ModePassword)
		p.PasswordRecovery, p.CheckOnDeploy = recovery, yes
		signIn(own, p)
		p = imports(imported, emailotp.ModePassword)
		p.PasswordRecovery = recovery
		signIn(imported, p)
		for name, stack := range map[string]awscdk.Stack{"a pool of the stack": own, "an imported pool": imported} {
			if got, want := isOpen(stack), recovery != emailotp.RecoveryByEmail; got != want {
				t.Errorf("%s, recovery by %s: EMAIL_RECOVERY is refused: %t, want %t", name, recovery, got, want)
			}
		}
	}
}
