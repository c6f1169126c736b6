package e2e_test

import (
	"slices"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// without returns an assembly without the statements that allow an action.
func without(t *testing.T, action string) string {
	t.Helper()
	return app.Changed(t, app.Passwordless, func(resources map[string]any) {
		cut := 0
		prune(resources, func(statement map[string]any) bool {
			actions, ok := statement["Action"].([]any)
			found := statement["Effect"] == "Allow" && (ok && slices.Contains(actions, any(action)) ||
				statement["Action"] == action)
			if found {
				cut++
			}
			return found
		})
		if cut == 0 {
			t.Fatalf("no statement allows %s", action)
		}
	})
}

// prune removes the matching objects from every list.
func prune(v any, match func(map[string]any) bool) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = prune(value, match)
		}
		return v
	case []any:
		v = slices.DeleteFunc(v, func(e any) bool {
			m, ok := e.(map[string]any)
			return ok && match(m)
		})
		for i := range v {
			v[i] = prune(v[i], match)
		}
		return v
	}
	return v
}

// The sandbox refuses what a role does not allow, as AWS does.
func TestEveryStatementOfTheRolesIsNeeded(t *testing.T) {
	t.Parallel()
	for action, trigger := range map[string]string{
		"kms:GenerateMac":     "CreateAuthChallenge",
		"kms:VerifyMac":       "VerifyAuthChallengeResponse",
		"ses:SendEmail":       "CreateAuthChallenge",
		"dynamodb:UpdateItem": "CreateAuthChallenge",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			sb := app.Own(t, sandbox.Options{Assembly: without(t, action), Stack: app.Passwordless})
			p := newUser(t, sb, "role@example.com")
			r, err := p.Start()
			if trigger == "VerifyAuthChallengeResponse" {
				if err != nil {
					t.Fatal(err)
				}
				_, err = p.Answer(r, p.Code())
			}
			wantRefusal(t, err, "UserLambdaValidationException", trigger+" "+unavailable)
		})
	}
}

// A sign-in does not depend on the mark that the address is verified.
func TestASignInGoesOnWhereTheAddressCannotBeMarkedVerified(t *testing.T) {
	t.Parallel()
	sb := app.Own(t, sandbox.Options{Assembly: without(t, "cognito-idp:AdminUpdateUserAttributes"),
		Stack: app.Passwordless})
	p := newUser(t, sb, "unmarked@example.com", func(u *sandbox.User) { u.Unverified = true })
	if tokens := p.SignIn(); tokens.AccessToken == nil {
		t.Error("no tokens")
	}
	if u, _ := sb.User(p.Email); u.Attributes["email_verified"] == "true" {
		t.Error("the address is marked verified without a permission")
	}
}

func TestEachFunctionCallsOnlyItsOwnServices(t *testing.T) {
	t.Parallel()
	sb := app.On(t, app.Passwordless)
	p := newUser(t, sb, "separation@example.com")
	p.SignIn()
	for trigger, never := range map[sandbox.Trigger][]string{
		sandbox.CreateAuthChallenge:         {"kms:VerifyMac", "cognito-idp:AdminUpdateUserAttributes"},
		sandbox.VerifyAuthChallengeResponse: {"kms:GenerateMac", "ses:SendEmail"},
		sandbox.DefineAuthChallenge: {"kms:GenerateMac", "kms:VerifyMac", "ses:SendEmail", "dynamodb:GetItem",
			"dynamodb:UpdateItem"},
	} {
		counts, err := sb.CountsOf(trigger)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range never {
			if counts[action] != 0 {
				t.Errorf("%s called %s", trigger, action)
			}
		}
	}
}
