package assembly_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/attach"
	"github.com/cognito-emailotp/cdk-emailotp/internal/poolcheck"
	"github.com/cognito-emailotp/cdk-emailotp/internal/rules"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

var bypassInSentence = regexp.MustCompile(`Kind: "([A-Z_]+)", Path: "([^"]+)"`)

// TestTheDeploymentNamesTheBypassesOfTheTemplate: what `emailotp check` finds in a template is what
// the function finds in the pool that the template makes, under the same names.
func TestTheDeploymentNamesTheBypassesOfTheTemplate(t *testing.T) {
	warned := func(dir string) string {
		_, report := checked(t, dir)
		var all []string
		for _, f := range report.Pools[1].Warnings {
			all = append(all, f.Mark())
		}
		return strings.Join(all, " ")
	}
	if got := warned(edited(t, prodTemplate, func(o object) {
		at(o, "Resources")["Legacy"] = client(object{"Ref": "SignInUserPool"})
		props(o, "SignInClient")["PreventUserExistenceErrors"] = "ENABLED"
	})); got != "USER_EXISTENCE:Legacy" {
		t.Errorf("warnings %q", got)
	}
	recovery := object{"RecoveryMechanisms": []any{object{"Name": "verified_email", "Priority": 1}}}
	found := map[rules.Kind]bool{}
	for name, c := range map[string]struct {
		pool, client object
		marks        []string
		want         string
	}{
		"nothing":          {},
		"SRP by default":   {client: object{"ExplicitAuthFlows": nil}, want: "USER_SRP_AUTH:Legacy"},
		"SRP":              {client: object{"ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}, want: "USER_SRP_AUTH:Legacy"},
		"a password":       {client: object{"ExplicitAuthFlows": []any{"ALLOW_USER_PASSWORD_AUTH"}}, want: "USER_PASSWORD_AUTH:Legacy"},
		"an admin's":       {client: object{"ExplicitAuthFlows": []any{"ADMIN_NO_SRP_AUTH"}}, want: "ADMIN_USER_PASSWORD_AUTH:Legacy"},
		"a choice":         {client: object{"ExplicitAuthFlows": []any{"ALLOW_USER_AUTH"}}, want: "USER_AUTH:Legacy"},
		"a flow of later":  {client: object{"ExplicitAuthFlows": []any{"ALLOW_PALM"}}, want: "UNKNOWN_FLOW:Legacy"},
		"managed login":    {client: object{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []any{"code"}}, want: "HOSTED_UI:Legacy"},
		"all attributes":   {client: object{"WriteAttributes": nil}, want: "WRITE_EMAIL:Legacy"},
		"email":            {client: object{"WriteAttributes": []any{"email"}}, want: "WRITE_EMAIL:Legacy"},
		"recovery":         {pool: object{"AccountRecoverySetting": recovery}, want: "EMAIL_RECOVERY:Pool"},
		"native MFA":       {pool: object{"MfaConfiguration": "OPTIONAL"}, want: "NATIVE_MFA:Pool"},
		"an alias":         {pool: object{"AliasAttributes": []any{"email"}}, want: "EMAIL_ALIAS:Pool"},
		"an acknowledged":  {client: object{"ExplicitAuthFlows": nil}, marks: []string{"USER_SRP_AUTH:Legacy"}},
		"one with an end":  {client: object{"ExplicitAuthFlows": nil}, marks: []string{"USER_SRP_AUTH:Legacy until 2999-12-31"}},
		"one that ended":   {client: object{"ExplicitAuthFlows": nil}, marks: []string{"USER_SRP_AUTH:Legacy until 2020-01-01"}, want: "USER_SRP_AUTH:Legacy"},
		"a malformed end":  {client: object{"ExplicitAuthFlows": nil}, marks: []string{"USER_SRP_AUTH:Legacy until then"}, want: "USER_SRP_AUTH:Legacy"},
		"several together": {pool: object{"MfaConfiguration": "ON"}, client: object{"ExplicitAuthFlows": nil, "WriteAttributes": nil}, want: "NATIVE_MFA:Pool USER_SRP_AUTH:Legacy WRITE_EMAIL:Legacy"},
	} {
		harmless := object{"UserPoolId": object{"Ref": "SignInUserPool"}, "ExplicitAuthFlows": []any{"ALLOW_CUSTOM_AUTH"},
			"WriteAttributes": []any{"name"}}
		maps.Copy(harmless, c.client)
		maps.DeleteFunc(harmless, func(_ string, v any) bool { return v == nil })
		var pool object
		open, _ := checked(t, edited(t, prodTemplate, func(o object) {
			at(o, "Resources")["Legacy"] = object{"Type": "AWS::Cognito::UserPoolClient", "Properties": harmless}
			pool = props(o, "SignInUserPool")
			maps.Copy(pool, c.pool)
			at(o, "Resources", "SignInUserPool")["Metadata"] = object{"EmailOTP::AcknowledgedBypasses": c.marks}
		}))
		if open = strings.ReplaceAll(open, ":SignInUserPool", ":Pool"); open != c.want {
			t.Errorf("%s: the template has %q, want %q", name, open, c.want)
		}
		if deployed := ofDeployment(t, pool, harmless, c.marks); deployed != c.want {
			t.Errorf("%s: the deployment has %q, want %q", name, deployed, c.want)
		}
		for mark := range strings.FieldsSeq(open) {
			kind, _, _ := strings.Cut(mark, ":")
			found[rules.Kind(kind)] = true
		}
	}
	for _, kind := range rules.Bypasses() {
		if !found[kind] {
			t.Errorf("no case has %s", kind)
		}
	}
}

// ofDeployment returns the marks of what the check at deployment finds in a pool and its client.
func ofDeployment(t *testing.T, pool, client object, marks []string) string {
	t.Helper()
	described, lambdas, expected := maps.Clone(pool), object{}, map[string]string{}
	for _, f := range settings.Triggers(settings.Password) {
		slot := rules.LambdaConfigNames(f)[0]
		lambdas[slot], expected[slot] = string(f), string(f)
	}
	described["Id"], described["LambdaConfig"], described["SchemaAttributes"] = "Pool", lambdas, pool["Schema"]
	living := maps.Clone(client)
	living["ClientId"] = "Legacy"
	var raw [2]json.RawMessage
	for i, v := range []object{described, living} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		raw[i] = text
	}
	var found []string
	for _, sentence := range poolcheck.Findings(attach.Properties{UserPoolID: "Pool", Mode: "password",
		Expected: expected, AcknowledgedBypasses: marks}, raw[0], []json.RawMessage{raw[1]}) {
		m := bypassInSentence.FindStringSubmatch(sentence)
		if m == nil {
			t.Fatalf("not a bypass: %s", sentence)
		}
		found = append(found, m[1]+":"+m[2])
	}
	slices.Sort(found)
	return strings.Join(found, " ")
}
