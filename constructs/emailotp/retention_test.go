//go:build !race

package emailotp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// A first deployment that fails is rolled back: only what deletion protection keeps stays behind.
func TestWhatIsKeptWhenTheStackIsDeleted(t *testing.T) {
	unprotected := emailotp.UserPoolProps{DeletionProtection: new(bool)}
	for _, c := range []struct {
		name                           string
		policy                         awscdk.RemovalPolicy
		pool                           *emailotp.UserPoolProps
		ofPool, ofTable, ofKeyAndOther string
	}{
		{"by default", "", nil, "Retain", "Retain", "RetainExceptOnCreate"},
		{"RETAIN", awscdk.RemovalPolicy_RETAIN, nil, "Retain", "Retain", "RetainExceptOnCreate"},
		{"RETAIN_ON_UPDATE_OR_DELETE", awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE, nil, "Retain", "Retain",
			"RetainExceptOnCreate"},
		{"a pool without deletion protection", "", &unprotected, "RetainExceptOnCreate", "Retain", "RetainExceptOnCreate"},
		{"DESTROY", awscdk.RemovalPolicy_DESTROY, nil, "Delete", "Delete", "Delete"},
	} {
		stack := newStack(t)
		p := valid(emailotp.ModePassword)
		p.RemovalPolicy, p.UserPoolProps = c.policy, c.pool
		signIn(stack, p)
		for kind, want := range map[string]string{"AWS::Cognito::UserPool": c.ofPool, "AWS::DynamoDB::GlobalTable": c.ofTable,
			"AWS::KMS::Key": c.ofKeyAndOther, "AWS::Logs::LogGroup": c.ofKeyAndOther,
			"AWS::SES::EmailIdentity": c.ofKeyAndOther} {
			for id, r := range resources(t, stack, kind) {
				if r["DeletionPolicy"] != want {
					t.Errorf("%s: %s has the deletion policy %v, want %s", c.name, id, r["DeletionPolicy"], want)
				}
				protected := strings.Contains(compact(t, r), `"DeletionProtection":"ACTIVE"`) ||
					strings.Contains(compact(t, r), `"DeletionProtectionEnabled":true`)
				if protected != (want == "Retain") {
					t.Errorf("%s: %s is protected from deletion: %t", c.name, id, protected)
				}
			}
		}
	}
}

func TestAGenerationReplacesTheKeyAlone(t *testing.T) {
	template := func(generation float64) map[string]any {
		stack := newStack(t)
		p := valid(emailotp.ModePassword)
		p.KeyGeneration = &generation
		signIn(stack, p)
		return (*assertions.Template_FromStack(stack, nil).ToJSON())["Resources"].(map[string]any)
	}
	keys := func(resources map[string]any) (ids []string) {
		for id, r := range resources {
			if r.(map[string]any)["Type"] == "AWS::KMS::Key" {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		return ids
	}
	first, second, third := template(1), template(2), template(3)
	one, two, three := keys(first), keys(second), keys(third)
	if len(one) != 1 || one[0] != "SignInKeyDA3A2C98" || len(two) != 2 || !slices.Contains(two, one[0]) ||
		len(three) != 2 || slices.Contains(three, one[0]) {
		t.Fatalf("keys of the generations: %v, %v, %v; each keeps the one before", one, two, three)
	}
	current := two[0]
	if current == one[0] {
		current = two[1]
	}
	if !slices.Contains(three, current) {
		t.Errorf("generation 3 has lost the key of generation 2: %v", three)
	}
	delete(second, current)
	changed := compact(t, second)
	if strings.Count(changed, one[0]) != 1 {
		t.Errorf("the old key is in use: %s", changed)
	}
	same := strings.ReplaceAll(compact(t, first), `{"Fn::GetAtt":["`+one[0]+`"`, `{"Fn::GetAtt":["`+current+`"`)
	if changed != same {
		t.Errorf("more than the key has changed:\n%s\nwant\n%s", changed, same)
	}
}

func TestDestroyLeavesNothingProtected(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	p.RemovalPolicy = awscdk.RemovalPolicy_DESTROY
	signIn(stack, p)
	template := string(emailotptest.Template(t, stack))
	for _, absent := range []string{`"Retain`, `"ACTIVE"`, `"DeletionProtectionEnabled": true`} {
		if strings.Contains(template, absent) {
			t.Errorf("the template has %s", absent)
		}
	}
}
