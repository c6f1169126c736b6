package assembly_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

func TestBypassesAreFound(t *testing.T) {
	secondClient := func(properties object) func(object) {
		return func(template object) {
			base := object{"UserPoolId": object{"Ref": "SignInUserPool"}, "ExplicitAuthFlows": []any{"ALLOW_CUSTOM_AUTH"}, "WriteAttributes": []any{"name"}}
			for k, v := range properties {
				base[k] = v
			}
			at(template, "Resources")["Legacy"] = object{"Type": "AWS::Cognito::UserPoolClient", "Properties": base}
		}
	}
	none := object{"Ref": "AWS::NoValue"}
	for name, c := range map[string]struct {
		change func(object)
		want   []string
	}{
		"nothing was changed":               {func(object) {}, nil},
		"a harmless second client":          {secondClient(nil), nil},
		"SRP on a second client":            {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}), []string{"USER_SRP_AUTH:Legacy"}},
		"no flows, which means SRP":         {secondClient(object{"ExplicitAuthFlows": none}), []string{"USER_SRP_AUTH:Legacy"}},
		"an empty list, which means SRP":    {secondClient(object{"ExplicitAuthFlows": []any{}}), []string{"USER_SRP_AUTH:Legacy"}},
		"passwords":                         {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"}}), []string{"ADMIN_USER_PASSWORD_AUTH:Legacy", "USER_PASSWORD_AUTH:Legacy"}},
		"choice of factors":                 {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_USER_AUTH"}}), []string{"USER_AUTH:Legacy"}},
		"the hosted pages":                  {secondClient(object{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []any{"code"}}), []string{"HOSTED_UI:Legacy"}},
		"machines alone":                    {secondClient(object{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []any{"client_credentials"}}), nil},
		"email among the attributes":        {secondClient(object{"WriteAttributes": []any{"email"}}), []string{"WRITE_EMAIL:Legacy"}},
		"no list, which means all":          {secondClient(object{"WriteAttributes": none}), []string{"WRITE_EMAIL:Legacy"}},
		"a raw override of the own client":  {func(o object) { props(o, "SignInClient")["ExplicitAuthFlows"] = []any{"ALLOW_USER_SRP_AUTH"} }, []string{"USER_SRP_AUTH:SignInClient"}},
		"recovery by the mailbox":           {func(o object) { delete(props(o, "SignInUserPool"), "AccountRecoverySetting") }, []string{"EMAIL_RECOVERY:SignInUserPool"}},
		"the older name of admin passwords": {secondClient(object{"ExplicitAuthFlows": []any{"ADMIN_NO_SRP_AUTH"}}), []string{"ADMIN_USER_PASSWORD_AUTH:Legacy"}},
		"a flow of the future":              {secondClient(object{"ExplicitAuthFlows": []any{"ALLOW_ANYTHING"}}), []string{"UNKNOWN_FLOW:Legacy"}},
		"native MFA":                        {func(o object) { props(o, "SignInUserPool")["MfaConfiguration"] = "ON" }, []string{"NATIVE_MFA:SignInUserPool"}},
		"an alias":                          {func(o object) { props(o, "SignInUserPool")["AliasAttributes"] = []any{"email"} }, []string{"EMAIL_ALIAS:SignInUserPool"}},
		"a client of another pool":          {secondClient(object{"UserPoolId": "eu-west-1_Other", "ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}), nil},
		"email that never changes": {func(o object) {
			secondClient(object{"WriteAttributes": none})(o)
			props(o, "SignInUserPool")["Schema"] = []any{object{"Name": "email", "Mutable": false}}
		}, nil},
		"recovery by the mailbox, too": {func(o object) {
			props(o, "SignInUserPool")["AccountRecoverySetting"] = object{"RecoveryMechanisms": []any{object{"Name": "verified_phone_number", "Priority": 1}, object{"Name": "verified_email", "Priority": 2}}}
		}, []string{"EMAIL_RECOVERY:SignInUserPool"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustPlan(t, edited(t, prodTemplate, c.change), password)
			var got []string
			for _, d := range p.Bypasses {
				got = append(got, d.Mark())
				if d.Remedy == "" {
					t.Errorf("%s has no remedy", d.Mark())
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("bypasses %q, want %q", got, c.want)
			}
		})
	}
}

func TestABypassOfTheClientOrPoolCanBeAcknowledged(t *testing.T) {
	for _, where := range []string{"SignInClient", "SignInUserPool"} {
		dir := edited(t, prodTemplate, func(template object) {
			props(template, "SignInClient")["ExplicitAuthFlows"] = []any{"ALLOW_USER_SRP_AUTH"}
			r := at(template, "Resources", where)
			if r["Metadata"] == nil {
				r["Metadata"] = object{}
			}
			at(r, "Metadata")["EmailOTP::AcknowledgedBypasses"] = []any{"USER_SRP_AUTH:SignInClient"}
		})
		p := mustPlan(t, dir, password)
		if len(p.Bypasses) != 0 || !mentioned(p.Warnings, "SignInClient allows ALLOW_USER_SRP_AUTH") {
			t.Errorf("%s: bypasses %v, warnings %q", where, p.Bypasses, p.Warnings)
		}
	}
}

func TestRecoveryByMailIsNoBypassWhereTheMailboxIsTheOnlyFactor(t *testing.T) {
	dir := edited(t, devTemplate, func(o object) { delete(props(o, "SignInUserPool"), "AccountRecoverySetting") })
	if p := mustPlan(t, dir, passwordless); len(p.Bypasses) != 0 {
		t.Errorf("bypasses: %v", p.Bypasses)
	}
}

// checked returns the marks of what is open in an assembly, and the report.
func checked(t *testing.T, dir string) (string, *assembly.Report) {
	t.Helper()
	a, err := assembly.Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	report, err := a.Check()
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, pool := range report.Pools {
		for _, f := range pool.Open {
			open = append(open, f.Mark())
		}
	}
	slices.Sort(open)
	return strings.Join(open, " "), report
}

// client returns an app client with every default of Cognito's.
func client(pool any) object {
	return object{"Type": "AWS::Cognito::UserPoolClient", "Properties": object{"UserPoolId": pool}}
}

func TestTheRenderedTemplateIsChecked(t *testing.T) {
	config := func(o object) object { return at(props(o, "SignInUserPool"), "LambdaConfig") }
	foreign := object{"Fn::GetAtt": []any{"SignInPreTokenGeneration", "Arn"}}
	for name, c := range map[string]struct {
		change func(object)
		want   string
	}{
		"nothing was changed": {func(object) {}, ""},
		"a replaced trigger":  {func(o object) { config(o)["CreateAuthChallenge"] = foreign }, "REPLACED_TRIGGER:SignInUserPool"},
		"an unresolvable one": {func(o object) { config(o)["CreateAuthChallenge"] = object{"Fn::Transform": object{}} }, "REPLACED_TRIGGER:SignInUserPool"},
		"no triggers at all":  {func(o object) { delete(props(o, "SignInUserPool"), "LambdaConfig") }, "REPLACED_TRIGGER:SignInUserPool REPLACED_TRIGGER:SignInUserPool REPLACED_TRIGGER:SignInUserPool REPLACED_TRIGGER:SignInUserPool"},
		"an alias of its own": {alias(config), ""},
		"a versioned trigger": {func(o object) {
			config(o)["PreTokenGenerationConfig"] = object{"LambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:other", "LambdaVersion": "V2_0"}
		}, "REPLACED_TRIGGER:SignInUserPool"},
		"the other mode's one": {func(o object) {
			at(props(o, "SignInDefineAuthChallenge"), "Environment", "Variables")["EMAILOTP_MODE"] = "passwordless"
		}, "REPLACED_TRIGGER:SignInUserPool"},
		"a foreign function": {func(o object) { delete(at(o, "Resources", "SignInDefineAuthChallenge"), "Metadata") }, "REPLACED_TRIGGER:SignInUserPool"},
		"flows of a parameter": {func(o object) {
			o["Parameters"] = object{"Flows": object{"Type": "CommaDelimitedList", "Default": "ALLOW_CUSTOM_AUTH"}}
			props(o, "SignInClient")["ExplicitAuthFlows"] = object{"Ref": "Flows"}
		}, "UNKNOWN_FLOW:SignInClient"},
		"flows by a condition on a parameter": {func(o object) {
			o["Parameters"] = object{"Old": object{"Type": "String", "Default": "no"}}
			o["Conditions"] = object{"IsOld": object{"Fn::Equals": []any{object{"Ref": "Old"}, "yes"}}}
			props(o, "SignInClient")["ExplicitAuthFlows"] = object{"Fn::If": []any{"IsOld", []any{"ALLOW_USER_SRP_AUTH"}, []any{"ALLOW_CUSTOM_AUTH"}}}
		}, "UNKNOWN_FLOW:SignInClient"},
		"a client on a condition": {func(o object) {
			o["Conditions"] = object{"Never": object{"Fn::Equals": []any{"a", "b"}}}
			old := client(object{"Ref": "SignInUserPool"})
			old["Condition"] = "Never"
			at(o, "Resources")["Old"] = old
		}, "USER_SRP_AUTH:Old WRITE_EMAIL:Old"},
		"a required attribute": {func(o object) {
			props(o, "SignInUserPool")["Schema"] = []any{object{"Name": "email", "Required": true}}
		}, "REFUSED_ATTRIBUTES:SignInClient"},
	} {
		if got, _ := checked(t, edited(t, prodTemplate, c.change)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func alias(config func(object) object) func(object) {
	return func(o object) {
		at(o, "Resources")["Live"] = object{"Type": "AWS::Lambda::Alias", "Properties": object{"FunctionName": object{"Ref": "SignInDefineAuthChallenge"}, "Name": "live"}}
		config(o)["DefineAuthChallenge"] = object{"Ref": "Live"}
	}
}

func TestAClientThatCognitoRefusesEndsThePlanInCognitosWords(t *testing.T) {
	_, err := plan(edited(t, prodTemplate, func(o object) {
		props(o, "SignInUserPool")["Schema"] = []any{object{"Name": "email", "Required": true}}
	}), password)
	expect(t, err, "InvalidParameterException: Invalid write attributes specified while creating a client: app client SignInClient may not write the attribute email")
}

// addStack adds a stack to an assembly's manifest.
func addStack(t *testing.T, dir, id string, template object) {
	t.Helper()
	write(t, filepath.Join(dir, id+".template.json"), template)
	rewrite(t, filepath.Join(dir, "manifest.json"), func(m object) {
		at(m, "artifacts")[id] = object{"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/us-east-1", "displayName": id,
			"properties": object{"templateFile": id + ".template.json"}}
	})
}

func TestClientsOfOtherStacksAreChecked(t *testing.T) {
	exported := func(o object) {
		o["Outputs"] = object{"Pool": object{"Value": object{"Ref": "SignInUserPool"}, "Export": object{"Name": object{"Fn::Sub": "${AWS::StackName}-customers"}}}}
	}
	for name, pool := range map[string]any{
		"an export":      object{"Fn::ImportValue": "EmailOtp-prod-customers"},
		"a weak output":  object{"Fn::GetStackOutput": object{"StackName": "EmailOtp-prod", "OutputName": "Pool"}},
		"a stack's ARN":  object{"Fn::GetStackOutput": object{"StackName": "arn:aws:cloudformation:us-east-1:123456789012:stack/EmailOtp-prod/1", "OutputName": "Pool"}},
		"part of an ARN": object{"Fn::Select": []any{1, object{"Fn::Split": []any{"/", object{"Fn::Join": []any{"", []any{"arn/", object{"Fn::ImportValue": "EmailOtp-prod-customers"}}}}}}}},
	} {
		dir := edited(t, prodTemplate, exported)
		addStack(t, dir, "Api", object{"Resources": object{"Web": client(pool)}})
		if got, _ := checked(t, dir); got != "USER_SRP_AUTH:Api/Web WRITE_EMAIL:Api/Web" {
			t.Errorf("%s: %q", name, got)
		}
	}
	t.Run("acknowledged by the stack's path, or on the client", func(t *testing.T) {
		dir := edited(t, prodTemplate, func(o object) {
			exported(o)
			at(o, "Resources", "SignInUserPool")["Metadata"] = object{"EmailOTP::AcknowledgedBypasses": []any{"USER_SRP_AUTH:Api/Web", "WRITE_EMAIL:Web"}}
		})
		web := client(object{"Fn::ImportValue": "EmailOtp-prod-customers"})
		addStack(t, dir, "Api", object{"Resources": object{"Web": web}})
		if got, _ := checked(t, dir); got != "WRITE_EMAIL:Api/Web" {
			t.Errorf("open: %q", got)
		}
		web["Metadata"] = object{"EmailOTP::AcknowledgedBypasses": []any{"WRITE_EMAIL:Web"}, "aws:cdk:path": "Api/Web/Resource"}
		addStack(t, dir, "Api", object{"Resources": object{"Web": web}})
		got, report := checked(t, dir)
		if accepted := report.Pools[1].Acknowledged; got != "" || len(accepted) != 2 || accepted[0].Name != "Api/Web" {
			t.Errorf("open %q, acknowledged %v", got, accepted)
		}
	})
	t.Run("of a pool that is not known", func(t *testing.T) {
		dir := edited(t, prodTemplate, exported)
		addStack(t, dir, "Api", object{"Resources": object{"Web": client(object{"Ref": "Given"})}, "Parameters": object{"Given": object{"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/pool"}}})
		if got, report := checked(t, dir); got != "" || !mentioned(report.Skipped, "app client Web was not checked, for its user pool is not known") {
			t.Errorf("open %q, skipped %q", got, report.Skipped)
		}
	})
}

// Two stages deploy one app under the same names, so the templates differ in nothing.
func TestStagesWithEqualNamesAreKeptApart(t *testing.T) {
	dir := t.TempDir()
	artifacts := object{}
	for _, stage := range []string{"A", "B"} {
		sub := filepath.Join(dir, stage)
		if err := os.CopyFS(sub, os.DirFS(app)); err != nil {
			t.Fatal(err)
		}
		rewrite(t, filepath.Join(sub, prodTemplate), func(o object) {
			o["Outputs"] = object{"Pool": object{"Value": object{"Ref": "SignInUserPool"}, "Export": object{"Name": "customers"}}}
		})
		artifacts[stage] = object{"type": "cdk:cloud-assembly", "displayName": stage, "properties": object{"directoryName": stage}}
	}
	addStack(t, filepath.Join(dir, "B"), "Api", object{"Resources": object{"Web": client(object{"Fn::ImportValue": "customers"})}})
	write(t, filepath.Join(dir, "manifest.json"), object{"version": "54.0.0", "artifacts": artifacts})
	_, report := checked(t, dir)
	for i, pool := range report.Pools {
		if want := map[bool]int{true: 2}[i == 3]; len(report.Pools) != 4 || len(pool.Open) != want {
			t.Errorf("pool %d of %d, stack %s: open %v", i, len(report.Pools), pool.Stack, pool.Open)
		}
	}
}

// Without asset metadata only TemplateURL leads to a nested stack's template.
func TestANestedEmailOTPIsFoundWithoutAssetMetadata(t *testing.T) {
	nested := func(t *testing.T, url any) string {
		dir := edited(t, devTemplate, func(o object) { o["Resources"] = object{} })
		template := object{"Resources": object{"Nested": object{"Type": "AWS::CloudFormation::Stack", "Properties": object{"TemplateURL": url}}}}
		if err := os.Rename(filepath.Join(dir, prodTemplate), filepath.Join(dir, "inner.nested.template.json")); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, prodTemplate), template)
		rewrite(t, filepath.Join(dir, "EmailOtp-prod.assets.json"), func(o object) {
			at(o, "files")["abc"] = object{"source": object{"path": "inner.nested.template.json", "packaging": "file"}, "destinations": object{"current": object{"objectKey": "prefix/abc.json"}}}
		})
		return dir
	}
	t.Run("among the assets", func(t *testing.T) {
		dir := nested(t, object{"Fn::Join": []any{"", []any{"https://s3.", object{"Ref": "AWS::Region"}, ".", object{"Ref": "AWS::URLSuffix"}, "/assets/prefix/abc.json"}}})
		if p := mustPlan(t, dir, password); p.PoolLogicalID != "SignInUserPool" || function(t, p, "CreateAuthChallenge").CodeError != nil {
			t.Errorf("plan %+v", p)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		dir := nested(t, "https://example.com/other.json")
		const sentence = "nested stack EmailOtp-prod/Nested was not read, for the assembly does not hold its template"
		_, err := plan(dir, password)
		expect(t, err, "has no EmailOTP", sentence)
		if err := os.WriteFile(filepath.Join(dir, devTemplate), mustRead(t, filepath.Join(app, devTemplate)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, report := checked(t, dir); !mentioned(report.Skipped, sentence) {
			t.Errorf("skipped %q", report.Skipped)
		}
	})
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnAssemblyWithoutAGuardedPoolIsAnError(t *testing.T) {
	dir := edited(t, devTemplate, func(o object) { o["Resources"] = object{} })
	rewrite(t, filepath.Join(dir, prodTemplate), func(o object) { o["Resources"] = object{} })
	a, err := assembly.Load(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Check()
	expect(t, err, "has no EmailOTP")
}
