package assembly_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
)

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

// What each property means is tested in package rules; here the values are those of the template.
func TestTheRenderedTemplateIsChecked(t *testing.T) {
	config := func(o object) object { return at(props(o, "SignInUserPool"), "LambdaConfig") }
	trigger := func(name string, value any) func(object) { return func(o object) { config(o)[name] = value } }
	pool := func(name string, value any) func(object) {
		return func(o object) { props(o, "SignInUserPool")[name] = value }
	}
	// second adds an app client; one without properties is harmless.
	second := func(properties object) func(object) {
		return func(o object) {
			harmless := object{"UserPoolId": object{"Ref": "SignInUserPool"}, "ExplicitAuthFlows": []any{"ALLOW_CUSTOM_AUTH"},
				"WriteAttributes": []any{"name"}}
			maps.Copy(harmless, properties)
			at(o, "Resources")["Legacy"] = object{"Type": "AWS::Cognito::UserPoolClient", "Properties": harmless}
		}
	}
	own := func(name string, value any) func(object) {
		return func(o object) { props(o, "SignInClient")[name] = value }
	}
	foreign := object{"Fn::GetAtt": []any{"SignInPreTokenGeneration", "Arn"}}
	replaced := "REPLACED_TRIGGER:SignInUserPool"
	none := object{"Ref": "AWS::NoValue"}
	for name, c := range map[string]struct {
		change func(object)
		want   string
	}{
		"nothing was changed":      {func(object) {}, ""},
		"a harmless second client": {second(nil), ""},
		"no flows":                 {second(object{"ExplicitAuthFlows": none}), "USER_SRP_AUTH:Legacy"},
		"two flows with passwords": {second(object{"ExplicitAuthFlows": []any{"ALLOW_USER_PASSWORD_AUTH",
			"ADMIN_NO_SRP_AUTH"}}), "ADMIN_USER_PASSWORD_AUTH:Legacy USER_PASSWORD_AUTH:Legacy"},
		"the hosted pages": {second(object{"AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": []any{"code"}}),
			"HOSTED_UI:Legacy"},
		"machines alone": {second(object{"AllowedOAuthFlowsUserPoolClient": true,
			"AllowedOAuthFlows": []any{"client_credentials"}}), ""},
		"no write attributes": {second(object{"WriteAttributes": none}), "WRITE_EMAIL:Legacy"},
		"a client of this pool or another": {func(o object) {
			o["Conditions"] = object{"Never": object{"Fn::Equals": []any{"a", "b"}}}
			second(object{"WriteAttributes": none,
				"UserPoolId": object{"Fn::If": []any{"Never", object{"Ref": "SignInUserPool"}, "eu-west-1_Other"}}})(o)
		}, "WRITE_EMAIL:Legacy"},
		"a client of another pool": {second(object{"UserPoolId": "eu-west-1_Other",
			"ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH"}}), ""},
		"a raw override of the own client": {own("ExplicitAuthFlows", []any{"ALLOW_USER_SRP_AUTH"}),
			"USER_SRP_AUTH:SignInClient"},
		"email that never changes": {func(o object) {
			second(object{"WriteAttributes": none})(o)
			pool("Schema", []any{object{"Name": "email", "Mutable": false}})(o)
		}, ""},
		"no recovery": {pool("AccountRecoverySetting", none), "EMAIL_RECOVERY:SignInUserPool"},
		"native MFA":  {pool("MfaConfiguration", "ON"), "NATIVE_MFA:SignInUserPool"},
		"an alias":    {pool("AliasAttributes", []any{"email"}), "EMAIL_ALIAS:SignInUserPool"},
		"a required attribute": {pool("Schema", []any{object{"Name": "email", "Required": true}}),
			"REFUSED_ATTRIBUTES:SignInClient"},
		"a replaced trigger":  {trigger("CreateAuthChallenge", foreign), replaced},
		"an unresolvable one": {trigger("CreateAuthChallenge", object{"Fn::Transform": object{}}), replaced},
		"no triggers at all": {pool("LambdaConfig", none),
			strings.Join([]string{replaced, replaced, replaced, replaced}, " ")},
		"an alias of its own": {func(o object) {
			at(o, "Resources")["Live"] = object{"Type": "AWS::Lambda::Alias",
				"Properties": object{"FunctionName": object{"Ref": "SignInDefineAuthChallenge"}, "Name": "live"}}
			config(o)["DefineAuthChallenge"] = object{"Ref": "Live"}
		}, ""},
		"triggers of options": {func(o object) {
			at(props(o, "SignInCreateAuthChallenge"), "Environment", "Variables")["EMAILOTP_CUSTOM_MESSAGES"] = "true"
			at(props(o, "SignInVerifyAuthChallengeResponse"), "Environment", "Variables")["EMAILOTP_RECOVERY_BY_EMAIL"] = "true"
			for _, id := range []string{"Define", "Create", "Verify"} {
				id = strings.Replace("SignIn"+id+"AuthChallenge", "VerifyAuthChallenge", "VerifyAuthChallengeResponse", 1)
				at(props(o, id), "Environment", "Variables")["EMAILOTP_REMEMBER_DEVICES"] = "30"
			}
			config(o)["PostConfirmation"] = foreign
		}, replaced + " " + replaced},
		"a versioned trigger": {trigger("PreTokenGenerationConfig",
			object{"LambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:other", "LambdaVersion": "V2_0"}), replaced},
		"the other mode's one": {func(o object) {
			at(props(o, "SignInDefineAuthChallenge"), "Environment", "Variables")["EMAILOTP_MODE"] = "passwordless"
		}, replaced},
		"a foreign function": {func(o object) { delete(at(o, "Resources", "SignInDefineAuthChallenge"), "Metadata") },
			replaced},
		"flows of a parameter": {func(o object) {
			o["Parameters"] = object{"Flows": object{"Type": "CommaDelimitedList", "Default": "ALLOW_CUSTOM_AUTH"}}
			own("ExplicitAuthFlows", object{"Ref": "Flows"})(o)
		}, "UNKNOWN_FLOW:SignInClient"},
		"flows by a condition on a parameter": {func(o object) {
			o["Parameters"] = object{"Old": object{"Type": "String", "Default": "no"}}
			o["Conditions"] = object{"IsOld": object{"Fn::Equals": []any{object{"Ref": "Old"}, "yes"}}}
			at(o, "Resources")["Extra"] = object{"Type": "AWS::Lambda::Function", "Condition": "IsOld"}
			own("ExplicitAuthFlows", object{"Fn::If": []any{"IsOld", []any{"ALLOW_USER_SRP_AUTH"},
				[]any{"ALLOW_CUSTOM_AUTH"}}})(o)
		}, "UNKNOWN_FLOW:SignInClient"},
		"a client on a condition": {func(o object) {
			o["Conditions"] = object{"Never": object{"Fn::Equals": []any{"a", "b"}}}
			old := client(object{"Ref": "SignInUserPool"})
			old["Condition"] = "Never"
			at(o, "Resources")["Old"] = old
		}, "USER_SRP_AUTH:Old WRITE_EMAIL:Old"},
	} {
		got, report := checked(t, edited(t, prodTemplate, c.change))
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for _, f := range report.Pools[1].Open {
			if f.Remedy == "" {
				t.Errorf("%s: %s has no remedy", name, f.Mark())
			}
		}
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
		at(m, "artifacts")[id] = object{"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/us-east-1",
			"displayName": id,
			"properties":  object{"templateFile": id + ".template.json"}}
	})
}

func TestClientsOfOtherStacksAreChecked(t *testing.T) {
	exported := func(o object) {
		o["Outputs"] = object{"Pool": object{"Value": object{"Ref": "SignInUserPool"},
			"Export": object{"Name": object{"Fn::Sub": "${AWS::StackName}-customers"}}}}
	}
	for name, pool := range map[string]any{
		"an export":     object{"Fn::ImportValue": "EmailOtp-prod-customers"},
		"a weak output": object{"Fn::GetStackOutput": object{"StackName": "EmailOtp-prod", "OutputName": "Pool"}},
		"a stack's ARN": object{"Fn::GetStackOutput": object{"StackName": "arn:aws:cloudformation:us-east-1:123456789012:stack/EmailOtp-prod/1", "OutputName": "Pool"}},
		"part of an ARN": object{"Fn::Select": []any{1,
			object{"Fn::Split": []any{"/", object{"Fn::Join": []any{"",
				[]any{"arn/", object{"Fn::ImportValue": "EmailOtp-prod-customers"}}}}}}}},
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
			at(o, "Resources", "SignInUserPool")["Metadata"] = object{
				"EmailOTP::AcknowledgedBypasses": []any{"USER_SRP_AUTH:Api/Web", "WRITE_EMAIL:Web"}}
		})
		web := client(object{"Fn::ImportValue": "EmailOtp-prod-customers"})
		addStack(t, dir, "Api", object{"Resources": object{"Web": web}})
		if got, _ := checked(t, dir); got != "WRITE_EMAIL:Api/Web" {
			t.Errorf("open: %q", got)
		}
		web["Metadata"] = object{"EmailOTP::AcknowledgedBypasses": []any{"WRITE_EMAIL:Web"},
			"aws:cdk:path": "Api/Web/Resource"}
		addStack(t, dir, "Api", object{"Resources": object{"Web": web}})
		got, report := checked(t, dir)
		if accepted := report.Pools[1].Acknowledged; got != "" || len(accepted) != 2 || accepted[0].Name != "Api/Web" {
			t.Errorf("open %q, acknowledged %v", got, accepted)
		}
	})
	t.Run("of a pool that is not known", func(t *testing.T) {
		dir := edited(t, prodTemplate, exported)
		addStack(t, dir, "Api", object{"Resources": object{"Web": client(object{"Ref": "Given"})},
			"Parameters": object{"Given": object{"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/pool"}}})
		if got, report := checked(t, dir); got != "" ||
			!mentioned(report.Skipped, "app client Web was not checked, for its user pool is not known") {
			t.Errorf("open %q, skipped %q", got, report.Skipped)
		}
	})
}

// Two stages deploy one app, so the templates differ in nothing, and the stacks at most in their
// names.
func TestStagesAreKeptApart(t *testing.T) {
	for _, prefix := range []string{"", "A-"} {
		dir, artifacts := t.TempDir(), object{}
		for _, stage := range []string{"A", "B"} {
			sub := filepath.Join(dir, stage)
			if err := os.CopyFS(sub, os.DirFS(app)); err != nil {
				t.Fatal(err)
			}
			rewrite(t, filepath.Join(sub, prodTemplate), func(o object) {
				o["Outputs"] = object{"Pool": object{"Value": object{"Ref": "SignInUserPool"},
					"Export": object{"Name": "customers"}}}
			})
			artifacts[stage] = object{"type": "cdk:cloud-assembly", "displayName": stage,
				"properties": object{"directoryName": stage}}
		}
		rewrite(t, filepath.Join(dir, "A", "manifest.json"), func(m object) {
			for _, name := range []string{"EmailOtp-dev", "EmailOtp-prod"} {
				at(m, "artifacts", name, "properties")["stackName"] = prefix + name
			}
		})
		addStack(t, filepath.Join(dir, "B"), "Api",
			object{"Resources": object{"Web": client(object{"Fn::ImportValue": "customers"})}})
		write(t, filepath.Join(dir, "manifest.json"), object{"version": "54.0.0", "artifacts": artifacts})
		_, report := checked(t, dir)
		for i, pool := range report.Pools {
			if want := map[bool]int{true: 2}[i == 3]; len(report.Pools) != 4 || len(pool.Open) != want {
				t.Errorf("prefix %q: pool %d of %d, stack %s: open %v", prefix, i, len(report.Pools), pool.Stack, pool.Open)
			}
		}
	}
}

// Without asset metadata only TemplateURL leads to a nested stack's template.
func TestANestedEmailOTPIsFoundWithoutAssetMetadata(t *testing.T) {
	var devResources any
	nested := func(t *testing.T, url any) string {
		dir := edited(t, devTemplate, func(o object) { devResources, o["Resources"] = o["Resources"], object{} })
		template := object{"Resources": object{"Nested": object{"Type": "AWS::CloudFormation::Stack",
			"Properties": object{"TemplateURL": url}}}}
		if err := os.Rename(filepath.Join(dir, prodTemplate), filepath.Join(dir, "inner.nested.template.json")); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, prodTemplate), template)
		rewrite(t, filepath.Join(dir, "EmailOtp-prod.assets.json"), func(o object) {
			at(o, "files")["abc"] = object{"source": object{"path": "inner.nested.template.json", "packaging": "file"},
				"destinations": object{"current": object{"objectKey": "prefix/abc.json"}}}
		})
		return dir
	}
	t.Run("among the assets", func(t *testing.T) {
		dir := nested(t, object{"Fn::Join": []any{"",
			[]any{"https://s3.", object{"Ref": "AWS::Region"}, ".", object{"Ref": "AWS::URLSuffix"},
				"/assets/prefix/abc.json"}}})
		if p := mustPlan(t, dir, password); p.PoolLogicalID != "SignInUserPool" ||
			function(t, p, "CreateAuthChallenge").CodeError != nil {
			t.Errorf("plan %+v", p)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		dir := nested(t, "https://example.com/other.json")
		const sentence = "nested stack EmailOtp-prod/Nested was not read, for the assembly does not hold its template"
		_, err := plan(dir, password)
		expect(t, err, "has no EmailOTP", sentence)
		rewrite(t, filepath.Join(dir, devTemplate), func(o object) { o["Resources"] = devResources })
		if _, report := checked(t, dir); !mentioned(report.Skipped, sentence) {
			t.Errorf("skipped %q", report.Skipped)
		}
	})
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
