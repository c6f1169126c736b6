package assembly_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/assembly"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/iam"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func TestThePoolIsTheTemplatesOwn(t *testing.T) {
	p := mustPlan(t, app, passwordless)
	if p.Stack != "EmailOtp-dev" || p.PoolLogicalID != "SignInUserPool" || p.Mode != "passwordless" ||
		p.Region != "eu-west-1" {
		t.Errorf("found %s %s %s %s", p.Stack, p.PoolLogicalID, p.Mode, p.Region)
	}
	if !regexp.MustCompile(`^eu-west-1_[A-Za-z0-9]{9}$`).MatchString(p.Pool.ID) {
		t.Errorf("pool id %q hasn't the form of a real one", p.Pool.ID)
	}
	if !regexp.MustCompile(`^[a-z0-9]{26}$`).MatchString(p.ClientID) {
		t.Errorf("client id %q hasn't the form of a real one", p.ClientID)
	}
	if !slices.Equal(p.Pool.UsernameAttributes, []string{"email"}) || p.Pool.UsernameCaseSensitive ||
		p.Pool.AdminCreateUserOnly ||
		!slices.Equal(p.Pool.RecoveryMechanisms, []string{"admin_only"}) || p.Pool.PasswordPolicy.MinimumLength != 12 ||
		!p.Pool.PasswordPolicy.RequireLowercase || p.Pool.PasswordPolicy.RequireSymbols {
		t.Errorf("pool: %+v", p.Pool)
	}
	client := p.Pool.Clients[0]
	if client.ID != p.ClientID || client.AuthSessionValidity != 6*time.Minute || !client.PreventUserExistenceErrors ||
		!client.EnableTokenRevocation ||
		!slices.Equal(client.ExplicitAuthFlows, []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}) ||
		!slices.Equal(client.WriteAttributes, []string{"locale", "name"}) {
		t.Errorf("client: %+v", client)
	}
	for _, trigger := range []userpool.Trigger{userpool.DefineAuthChallenge, userpool.CreateAuthChallenge,
		userpool.VerifyAuthChallengeResponse, userpool.PreSignUp} {
		if !p.Pool.Triggers[trigger] {
			t.Errorf("trigger %s is missing", trigger)
		}
	}
	if _, err := userpool.New(p.Pool, userpool.Options{Invoker: userpool.InvokerFunc(nil)}); err != nil {
		t.Errorf("the emulation refuses the pool: %v", err)
	}
}

func TestIdsAreTheSameAtEveryStartAndDifferBetweenStacks(t *testing.T) {
	a, again, b := mustPlan(t, app, passwordless), mustPlan(t, app, passwordless), mustPlan(t, app, password)
	if a.Pool.ID != again.Pool.ID || a.ClientID != again.ClientID {
		t.Error("ids change from start to start")
	}
	if a.Pool.ID == b.Pool.ID || a.ClientID == b.ClientID {
		t.Error("two stacks share an id")
	}
	if b.Region != "us-east-1" {
		t.Errorf("region %s is not the stack's own", b.Region)
	}
}

func TestAnOptionOverridesTheRegionEverywhere(t *testing.T) {
	a, err := assembly.Load(app, "ap-southeast-2")
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Plan(passwordless)
	if err != nil {
		t.Fatal(err)
	}
	if p.Region != "ap-southeast-2" || p.Pool.Region != "ap-southeast-2" ||
		p.Keys[0].ARN[:30] != "arn:aws:kms:ap-southeast-2:123" {
		t.Errorf("region %s, key %s", p.Region, p.Keys[0].ARN)
	}
}

func function(t *testing.T, p *assembly.Plan, trigger userpool.Trigger) assembly.Function {
	t.Helper()
	for _, f := range p.Functions {
		if slices.Contains(f.Triggers, trigger) {
			return f
		}
	}
	t.Fatalf("no function for %s", trigger)
	return assembly.Function{}
}

func TestAFunctionHasAllThatItsProcessNeeds(t *testing.T) {
	p := mustPlan(t, app, passwordless)
	f := function(t, p, userpool.CreateAuthChallenge)
	if f.CodeError != nil || f.Folder != "create-auth-challenge" || f.Runtime != "provided.al2023" ||
		f.Handler != "bootstrap" ||
		f.Architecture != "x86_64" || f.MemoryMB != 256 || f.Timeout != 4*time.Second || f.AssetHash[:4] != "b2b2" {
		t.Errorf("function: %+v", f)
	}
	want := map[string]string{
		"EMAILOTP_MODE": "passwordless", "EMAILOTP_FROM": "codes@example.com", "EMAILOTP_KEY": p.Keys[0].ARN,
		"EMAILOTP_TABLE": p.Tables[0].Name, "EMAILOTP_CONFIGURATION_SET": p.ConfigurationSets[0].Name,
	}
	for name, value := range want {
		if f.Environment[name] != value || value == "" {
			t.Errorf("%s is %q, want %q", name, f.Environment[name], value)
		}
	}
	if arm := function(t, mustPlan(t, app, password), userpool.PreTokenGeneration); arm.Architecture != "arm64" {
		t.Errorf("architecture %s, want arm64", arm.Architecture)
	}
}

func TestAnAbsentArchitectureIsX86(t *testing.T) {
	dir := edited(t, prodTemplate, func(template object) {
		delete(props(template, "SignInDefineAuthChallenge"),
			"Architectures")
	})
	if f := function(t, mustPlan(t, dir, password), userpool.DefineAuthChallenge); f.Architecture != "x86_64" {
		t.Errorf("architecture %s", f.Architecture)
	}
}

func TestRolesAreReadInlineAndAttached(t *testing.T) {
	for _, choice := range []assembly.Choice{passwordless, password} {
		p := mustPlan(t, app, choice)
		create, verify := function(t, p, userpool.CreateAuthChallenge).Principal, function(t, p,
			userpool.VerifyAuthChallengeResponse).Principal
		key, table := p.Keys[0].ARN, p.Tables[0].ARN
		mail := map[string][]string{"ses:fromaddress": {"codes@example.com"}}
		for _, c := range []struct {
			who  iam.Principal
			call iam.Request
			want bool
		}{
			{create, iam.Request{Action: "kms:GenerateMac", Resource: key}, true},
			{create, iam.Request{Action: "kms:VerifyMac", Resource: key}, false},
			{verify, iam.Request{Action: "kms:VerifyMac", Resource: key}, true},
			{verify, iam.Request{Action: "kms:GenerateMac", Resource: key}, false},
			{create, iam.Request{Action: "dynamodb:UpdateItem", Resource: table}, true},
			{create, iam.Request{Action: "dynamodb:Scan", Resource: table}, false},
			{create, iam.Request{Action: "ses:SendEmail", Resource: p.Identities[0].ARN, Context: mail}, true},
			{create, iam.Request{Action: "ses:SendEmail", Resource: p.ConfigurationSets[0].ARN, Context: mail}, true},
			{create, iam.Request{Action: "ses:SendEmail", Resource: p.Identities[0].ARN,
				Context: map[string][]string{"ses:fromaddress": {"other@example.com"}}}, false},
			{verify, iam.Request{Action: "ses:SendEmail", Resource: p.Identities[0].ARN, Context: mail}, false},
			{verify, iam.Request{Action: "cognito-idp:AdminUpdateUserAttributes", Resource: p.PoolARN},
				choice.Mode == passwordless.Mode},
		} {
			if got := c.who.Allowed(c.call); got != c.want {
				t.Errorf("%s, %s: %s on %s is %v, want %v", p.Mode, c.who.Function, c.call.Action, c.call.Resource, got, c.want)
			}
		}
	}
}

func TestBothKindsOfTableAreFound(t *testing.T) {
	for _, choice := range []assembly.Choice{passwordless, password} {
		p := mustPlan(t, app, choice)
		if len(p.Tables) != 1 {
			t.Fatalf("%s: %d tables", p.Mode, len(p.Tables))
		}
		table := p.Tables[0]
		if table.TTLAttribute != "ttl" || table.Definition["KeySchema"] == nil ||
			table.Definition["AttributeDefinitions"] == nil || table.Definition["TableName"] != table.Name {
			t.Errorf("%s: %+v", p.Mode, table)
		}
	}
}

func TestATableThatNoTriggerUsesStaysOut(t *testing.T) {
	dir := edited(t, devTemplate, func(template object) {
		at(template, "Resources")["Orders"] = object{"Type": "AWS::DynamoDB::Table", "Properties": object{}}
	})
	if p := mustPlan(t, dir, passwordless); len(p.Tables) != 1 {
		t.Errorf("%d tables", len(p.Tables))
	}
}

func TestAnIdentityThatOnlyARoleNamesCountsAsVerifiedAndIsReported(t *testing.T) {
	dir := edited(t, devTemplate, func(template object) {
		delete(at(template, "Resources"), "SignInSender")
	})
	p := mustPlan(t, dir, passwordless)
	if len(p.Identities) != 1 || p.Identities[0].Name != "example.com" || !p.Identities[0].Outside {
		t.Errorf("identities: %+v", p.Identities)
	}
	if !mentioned(p.Warnings, "example.com is made outside this assembly") {
		t.Errorf("warnings: %q", p.Warnings)
	}
}

func TestWhatIsNotEmulatedIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		change func(object)
		want   string
	}{
		"no right to invoke": {func(o object) { delete(at(o, "Resources"), "SignInPreSignUpPermission") },
			"SignInPreSignUp: no AWS::Lambda::Permission"},
		"a client's pool unknown": {func(o object) {
			at(o, "Resources")["Stray"] = object{"Type": "AWS::Cognito::UserPoolClient",
				"Properties": object{"UserPoolId": object{"Ref": "Gone"}}}
		}, "Stray: its user pool can't be resolved"},
		"native MFA": {func(o object) { props(o, "SignInUserPool")["MfaConfiguration"] = "OPTIONAL" }, "native MFA OPTIONAL"},
		"devices": {func(o object) {
			props(o, "SignInUserPool")["DeviceConfiguration"] = object{"ChallengeRequiredOnNewDevice": true}
		}, "tracks devices"},
		"threat protection": {func(o object) {
			props(o, "SignInUserPool")["UserPoolAddOns"] = object{"AdvancedSecurityMode": "ENFORCED"}
		}, "threat protection ENFORCED"},
		"first factors": {func(o object) {
			at(props(o, "SignInUserPool"), "Policies")["SignInPolicy"] = object{"AllowedFirstAuthFactors": []any{"PASSWORD",
				"EMAIL_OTP"}}
		}, "first factor EMAIL_OTP"},
		"an unknown trigger": {func(o object) {
			at(props(o, "SignInUserPool"), "LambdaConfig")["UserMigration"] = object{"Fn::GetAtt": []any{"SignInPreSignUp",
				"Arn"}}
		}, "trigger setting UserMigration"},
		"federation": {func(o object) {
			at(o, "Resources")["Google"] = object{"Type": "AWS::Cognito::UserPoolIdentityProvider",
				"Properties": object{"UserPoolId": object{"Ref": "SignInUserPool"}}}
		}, "not emulated: federated sign-in"},
		"a domain": {func(o object) {
			at(o, "Resources")["Domain"] = object{"Type": "AWS::Cognito::UserPoolDomain",
				"Properties": object{"UserPoolId": object{"Ref": "SignInUserPool"}}}
		}, "hosted sign-in pages"},
		"the app's own resources": {func(o object) {
			for id, kind := range map[string]string{"Files": "S3::Bucket", "More": "S3::Bucket", "Jobs": "SQS::Queue",
				"API": "ApiGateway::RestApi"} {
				at(o, "Resources")[id] = object{"Type": "AWS::" + kind}
			}
		}, "only the sign-in runs here; the app's resources of ApiGateway, S3, SQS are ignored"},
		"a managed policy": {func(o object) {
			props(o, "SignInPreSignUpRole")["ManagedPolicyArns"] = []any{"arn:aws:iam::aws:policy/AdministratorAccess"}
		}, "AdministratorAccess"},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustPlan(t, edited(t, devTemplate, c.change), passwordless)
			if !mentioned(p.Warnings, c.want) {
				t.Errorf("warnings %q lack %q", p.Warnings, c.want)
			}
		})
	}
}

func TestTheVersionOfTheTokenTriggerIsThePools(t *testing.T) {
	p := mustPlan(t, edited(t, prodTemplate, func(o object) {
		at(props(o, "SignInUserPool"), "LambdaConfig")["PreTokenGenerationConfig"] = object{"LambdaVersion": "V2_0",
			"LambdaArn": object{"Fn::GetAtt": []any{"SignInPreTokenGeneration", "Arn"}}}
	}), password)
	if p.Pool.TokenVersion != "V2_0" {
		t.Errorf("version %q", p.Pool.TokenVersion)
	}
}

// The functions that a trigger's role may invoke are part of the plan, and those that these may,
// whether the role names the function, an alias or a version.
func TestFunctionsThatFunctionsInvokeArePlanned(t *testing.T) {
	getAtt := func(id string) object { return object{"Fn::GetAtt": []any{id, "Arn"}} }
	for name, resource := range map[string]any{
		"function": getAtt("Own"), "alias": object{"Ref": "OwnAlias"},
		"any version": object{"Fn::Join": []any{"", []any{getAtt("Own"), ":*"}}},
	} {
		p := mustPlan(t, edited(t, devTemplate, func(o object) {
			all := at(o, "Resources")
			for _, id := range []string{"Own", "Behind", "Stranger"} {
				function := object{}
				for key, value := range props(o, "SignInPreSignUp") {
					function[key] = value
				}
				delete(function, "Environment")
				function["Role"] = getAtt(id + "Role")
				all[id] = object{"Type": "AWS::Lambda::Function", "Properties": function}
			}
			allow := func(resource any) object {
				return object{"PolicyName": "Invoke", "PolicyDocument": object{"Statement": []any{object{"Effect": "Allow",
					"Action": "lambda:InvokeFunction", "Resource": resource}}}}
			}
			all["OwnAlias"] = object{"Type": "AWS::Lambda::Alias", "Properties": object{"Name": "live",
				"FunctionName": object{"Ref": "Own"}, "FunctionVersion": "1"}}
			all["OwnRole"] = object{"Type": "AWS::IAM::Role",
				"Properties": object{"Policies": []any{allow(getAtt("Behind"))}}}
			all["BehindRole"] = object{"Type": "AWS::IAM::Role", "Properties": object{"Policies": []any{allow("*")}}}
			props(o, "SignInPreSignUpRole")["Policies"] = []any{allow(resource)}
			at(props(o, "SignInPreSignUp"), "Environment", "Variables")["EMAILOTP_CHAINED"] = resource
		}), passwordless)
		var planned []string
		for _, f := range p.Functions {
			if f.Folder == "" && len(f.Triggers) == 0 {
				planned = append(planned, f.LogicalID)
			}
		}
		if !slices.Equal(planned, []string{"Behind", "Own"}) {
			t.Errorf("%s: planned %v", name, planned)
		}
		if own := p.Chained["pre-sign-up"]; !strings.HasSuffix(own, "Own") && !strings.Contains(own, "-Own-") {
			t.Errorf("%s: chained %q", name, p.Chained)
		}
	}
}

// A function of the app has its reason, and the plan goes on; EmailOTP's own must run.
func TestFunctionsOfTheAppMayBeUnableToRun(t *testing.T) {
	elsewhere := "arn:aws:lambda:eu-west-1:123456789012:function:elsewhere:live"
	for name, c := range map[string]struct {
		change func(function object) // of the app's function on PostAuthentication
		why    string                // empty for one that can run
		inline string
	}{
		"inline JavaScript": {func(f object) { f["Runtime"] = "nodejs22.x" }, "", "code"},
		"inline Python":     {func(f object) { f["Runtime"] = "python3.13" }, "", "code"},
		"inline, of no kind": {func(f object) { f["Runtime"] = "java21" },
			`nodejs and python alone; its runtime is "java21"`, ""},
		"a container image": {func(f object) { f["Code"] = object{"ImageUri": "x"} }, "it is a container image", ""},
		"code in a bucket": {func(f object) { f["Code"] = object{"S3Bucket": "b", "S3Key": "k.zip"} },
			`its code (S3 key "k.zip") is not among the assembly's assets`, ""},
		"a dynamic reference": {func(f object) {
			f["Environment"] = object{"Variables": object{"KEY": "{{resolve:ssm:key}}"}}
		}, "environment variable KEY is a dynamic reference", "code"},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustPlan(t, edited(t, devTemplate, func(template object) {
				f := object{"Runtime": "nodejs22.x", "Handler": "index.handler", "Code": object{"ZipFile": "code"},
					"Role": object{"Fn::GetAtt": []any{"SignInDefineAuthChallengeRole", "Arn"}}}
				c.change(f)
				at(template, "Resources")["Own"] = object{"Type": "AWS::Lambda::Function", "Properties": f}
				triggers := at(props(template, "SignInUserPool"), "LambdaConfig")
				triggers["PostAuthentication"] = object{"Fn::GetAtt": []any{"Own", "Arn"}}
				triggers["PostConfirmation"] = elsewhere
			}), passwordless)
			f := function(t, p, userpool.PostAuthentication)
			if f.IsOwn || f.LogicalID != "Own" || f.Inline != c.inline || (f.CodeError == nil) != (c.why == "") {
				t.Errorf("function %+v", f)
			}
			if c.why != "" {
				expect(t, f.CodeError, c.why)
			}
			absent := function(t, p, userpool.PostConfirmation)
			if absent.Name != "elsewhere" || absent.IsOwn {
				t.Errorf("absent function %+v", absent)
			}
			expect(t, absent.CodeError, "is not in the assembly", "elsewhere", "synthesise its stack with it")
			if own := function(t, p, userpool.PreSignUp); !own.IsOwn || own.CodeError != nil {
				t.Errorf("EmailOTP's own: %+v", own)
			}
		})
	}
	dir := edited(t, devTemplate, func(template object) {
		at(props(template, "SignInUserPool"), "LambdaConfig")["DefineAuthChallenge"] = elsewhere
	})
	_, err := plan(dir, passwordless)
	expect(t, err, "trigger DefineAuthChallenge", "is not in the assembly")
}
