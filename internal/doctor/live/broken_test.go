package live_test

import (
	"slices"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/doctor"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// What is broken in a template is named as it runs in the sandbox, all at once.
func TestABrokenStackIsNamedInTheSandbox(t *testing.T) {
	dir := app.Changed(t, app.Password, func(resources map[string]any) {
		for id, r := range resources {
			resource := r.(map[string]any)
			p, _ := resource["Properties"].(map[string]any)
			switch resource["Type"] {
			case "AWS::KMS::Key":
				p["Enabled"] = false
			case "AWS::SES::ConfigurationSet":
				p["SendingOptions"] = map[string]any{"SendingEnabled": false}
			case "AWS::SES::ConfigurationSetEventDestination":
				delete(resources, id)
			case "AWS::DynamoDB::GlobalTable":
				delete(p, "TimeToLiveSpecification")
			case "AWS::Cognito::UserPool":
				p["AccountRecoverySetting"] = map[string]any{"RecoveryMechanisms": []any{
					map[string]any{"Name": "verified_email", "Priority": 1}}}
			case "AWS::Cognito::UserPoolClient":
				p["ExplicitAuthFlows"] = []any{"ALLOW_CUSTOM_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
				p["AuthSessionValidity"] = 3
				p["PreventUserExistenceErrors"] = "LEGACY"
			}
		}
	})
	o, _ := options(t, sandbox.Options{Assembly: dir, Stack: app.Password, AllowBypasses: true,
		SESSandbox: &sandbox.SESSandbox{}})
	var got []string
	for _, f := range doctor.Examine(t.Context(), doctor.Options{API: o.API, EmailOTP: o.EmailOTP}).Findings {
		if f.Level == doctor.Broken || f.Level == doctor.Doubtful {
			got = append(got, f.ID)
		}
	}
	for _, want := range []string{"key-disabled", "set-paused", "destinations", "table-ttl", "email-recovery",
		"user-srp-auth", "session-validity", "ses-sandbox", "ses-quota", "user-existence"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not named; found %v", want, got)
		}
	}
}
