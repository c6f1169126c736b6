package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// without copies the assembly and cuts every statement with an action out of the
// policies of a stack's template.
func without(t *testing.T, stack, action string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(assembly(t))); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, stack+".template.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]any
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	cut := 0
	template = prune(template, func(statement map[string]any) bool {
		found := statement["Effect"] == "Allow" && hasAction(statement["Action"], action)
		if found {
			cut++
		}
		return found
	}).(map[string]any)
	if cut == 0 {
		t.Fatalf("no statement of %s allows %s", file, action)
	}
	if text, err = json.Marshal(template); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// prune leaves the matching objects out of every list.
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

func hasAction(actions any, want string) bool {
	switch a := actions.(type) {
	case string:
		return a == want
	case []any:
		return slices.Contains(a, any(want))
	}
	return false
}

// What a role doesn't allow is refused, as on AWS: so every statement is needed.
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
			sb := own(t, sandbox.Options{Assembly: without(t, passwordless, action), Stack: passwordless})
			p := newUser(t, sb, "role@example.com")
			r, err := p.start()
			if trigger == "VerifyAuthChallengeResponse" {
				if err != nil {
					t.Fatal(err)
				}
				_, err = p.answer(r, p.code())
			}
			wantRefusal(t, err, "UserLambdaValidationException", trigger+" "+unavailable)
		})
	}
}

// Proving the address is no condition of the sign-in, so it goes on without.
func TestASignInGoesOnWhereTheAddressCannotBeMarkedVerified(t *testing.T) {
	t.Parallel()
	sb := own(t, sandbox.Options{Assembly: without(t, passwordless, "cognito-idp:AdminUpdateUserAttributes"), Stack: passwordless})
	p := newUser(t, sb, "unmarked@example.com", func(u *sandbox.User) { u.Unverified = true })
	if tokens := p.signIn(); tokens.AccessToken == nil {
		t.Error("no tokens")
	}
	if u, _ := sb.User(p.email); u.Attributes["email_verified"] == "true" {
		t.Error("the address is marked verified without a permission")
	}
}

func TestAFunctionMayNotDoTheOthersWork(t *testing.T) {
	t.Parallel()
	sb := on(t, passwordless)
	p := newUser(t, sb, "separation@example.com")
	p.signIn()
	for trigger, never := range map[sandbox.Trigger][]string{
		sandbox.CreateAuthChallenge:         {"kms:VerifyMac", "cognito-idp:AdminUpdateUserAttributes"},
		sandbox.VerifyAuthChallengeResponse: {"kms:GenerateMac", "ses:SendEmail"},
		sandbox.DefineAuthChallenge:         {"kms:GenerateMac", "kms:VerifyMac", "ses:SendEmail", "dynamodb:GetItem", "dynamodb:UpdateItem"},
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
