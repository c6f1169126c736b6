//go:build !race

package emailotp_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

var _ = flag.Bool("update", false, "write the golden files")

var modes = []emailotp.Mode{emailotp.ModePassword, emailotp.ModePasswordless}

func TestTemplates(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		emailotptest.Snapshot(t, stack, fmt.Sprintf("testdata/%s.golden.json", mode))
	}
}

// Importers' feature flags are unknown. Those of this repository's app change the order of a
// statement's resources and nothing else.
func TestFeatureFlagsChangeTheOrderOfResourcesAlone(t *testing.T) {
	for _, mode := range modes {
		stack := awscdk.NewStack(emailotptest.App(t, flags(t)), text("Prod"), nil)
		signIn(stack, valid(mode))
		golden, err := os.ReadFile(fmt.Sprintf("testdata/%s.golden.json", mode))
		if err != nil {
			t.Fatal(err)
		}
		lines := func(template []byte) []string {
			all := strings.Split(strings.ReplaceAll(string(template), ",\n", "\n"), "\n")
			slices.Sort(all)
			return all
		}
		if got := emailotptest.Template(t, stack); !slices.Equal(lines(got), lines(golden)) {
			t.Errorf("%s: with feature flags the template is\n%s", mode, got)
		}
	}
}

func TestTemplatesAreTheSameEachTime(t *testing.T) {
	render := func() string {
		stack := awscdk.NewStack(emailotptest.App(t, flags(t)), text("Prod"), nil)
		p := valid(emailotp.ModePasswordless)
		p.Mail = &emailotp.MailProps{Languages: map[string]emailotp.MailStrings{"de": {Subject: "A"}, "fr": {Subject: "B"},
			"it": {Subject: "C"}}}
		signIn(stack, p)
		return string(emailotptest.Template(t, stack))
	}
	first := render()
	for range 3 {
		if again := render(); again != first {
			t.Fatal("two renderings differ")
		}
	}
}

// statements returns what a role may do, "ALLOW actions ON resources [IF condition]" each, sorted,
// over every policy that names it.
func statements(t *testing.T, stack awscdk.Stack, role string) []string {
	t.Helper()
	var found []string
	for _, policy := range resources(t, stack, "AWS::IAM::Policy") {
		properties := policy["Properties"].(map[string]any)
		if compact(t, properties["Roles"]) != `[{"Ref":"`+role+`"}]` {
			continue
		}
		for _, s := range properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			statement := s.(map[string]any)
			line := fmt.Sprintf("%v %s ON %s", statement["Effect"], compact(t, statement["Action"]),
				compact(t, statement["Resource"]))
			if c := statement["Condition"]; c != nil {
				line += " IF " + compact(t, c)
			}
			found = append(found, line)
		}
	}
	slices.Sort(found)
	return found
}

func TestEachRoleMayDoExactlyItsPart(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		roles := resources(t, stack, "AWS::IAM::Role")
		id := func(kind, prefix string) string { return logical(t, resources(t, stack, kind), prefix) }
		arn := func(id string) string { return `{"Fn::GetAtt":["` + id + `","Arn"]}` }
		key, table, pool := arn(id("AWS::KMS::Key", "SignIn")), arn(id("AWS::DynamoDB::GlobalTable", "SignIn")),
			arn(id("AWS::Cognito::UserPool", "SignIn"))
		ses := func(kind, id string) string {
			return `{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":ses:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"},":` + kind + `/",{"Ref":"` + id + `"}]]}`
		}
		budget := `Allow ["dynamodb:GetItem","dynamodb:UpdateItem"] ON ` + table
		want := map[string][]string{
			"SignInDefineAuthChallenge": {},
			"SignInCreateAuthChallenge": {
				`Allow "kms:GenerateMac" ON ` + key,
				`Allow "ses:SendEmail" ON [` + ses("identity", id("AWS::SES::EmailIdentity", "SignIn")) + `,` +
					ses("configuration-set", id("AWS::SES::ConfigurationSet", "SignIn")) +
					`] IF {"StringEquals":{"ses:FromAddress":"no-reply@example.com"}}`,
				budget,
			},
			"SignInVerifyAuthChallenge": {`Allow "kms:VerifyMac" ON ` + key, budget},
			"SignInMailEvents":          {`Allow "dynamodb:UpdateItem" ON ` + table},
		}
		if mode == emailotp.ModePasswordless {
			want["SignInPreSignUp"] = nil
			want["SignInVerifyAuthChallenge"] = append(want["SignInVerifyAuthChallenge"],
				`Allow "cognito-idp:AdminUpdateUserAttributes" ON `+pool)
		} else {
			want["SignInPreTokenGeneration"] = nil
		}
		if len(roles) != len(want) {
			t.Errorf("%s: %d roles, want %d", mode, len(roles), len(want))
		}
		for prefix, allowed := range want {
			logs := arn(id("AWS::Logs::LogGroup", prefix+"Logs"))
			allowed = append(allowed, `Allow ["logs:CreateLogStream","logs:PutLogEvents"] ON `+logs)
			slices.Sort(allowed)
			if got := statements(t, stack, logical(t, roles, prefix+"Role")); !slices.Equal(got, allowed) {
				t.Errorf("%s: %s may\n%s\nwant\n%s", mode, prefix, strings.Join(got, "\n"), strings.Join(allowed, "\n"))
			}
		}
	}
}

func TestWhatMustBeAbsent(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		template := string(emailotptest.Template(t, stack))
		for _, absent := range []string{"iam::aws:policy", "ManagedPolicyArns", "USER_SRP", "USER_PASSWORD",
			"ALLOW_USER_AUTH", "AllowedOAuthFlows\"", "LEGACY",
			"verified_email", "ses:*", "kms:Decrypt", "dynamodb:*", "SendRawEmail", "nodejs", "Custom::"} {
			if strings.Contains(template, absent) {
				t.Errorf("%s: the template has %s", mode, absent)
			}
		}
		for id, policy := range resources(t, stack, "AWS::IAM::Policy") {
			if strings.Contains(compact(t, policy), `*`) {
				t.Errorf("%s: policy %s has a wildcard: %s", mode, id, compact(t, policy))
			}
		}
		for id, permission := range resources(t, stack, "AWS::Lambda::Permission") {
			p := permission["Properties"].(map[string]any)
			caller, source := "cognito-idp.amazonaws.com", "SignInUserPool"
			if strings.Contains(compact(t, p["FunctionName"]), "SignInMailEvents") {
				caller, source = "events.amazonaws.com", "SignInMailEventsRule"
			}
			if p["Principal"] != caller || !strings.Contains(compact(t, p["SourceArn"]), source) {
				t.Errorf("%s: permission %s is not its one caller's alone: %s", mode, id, compact(t, p))
			}
		}
	}
}

func TestTheClientAllowsCustomAuthenticationAndRefreshAlone(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		signIn(stack, valid(mode))
		clients := resources(t, stack, "AWS::Cognito::UserPoolClient")
		if len(clients) != 1 {
			t.Fatalf("%s: %d clients", mode, len(clients))
		}
		template := assertions.Template_FromStack(stack, nil)
		template.HasResource(text("AWS::Cognito::UserPoolClient"), map[string]any{
			"Metadata": map[string]any{"EmailOTP::Client": string(mode)},
			"Properties": map[string]any{
				"ExplicitAuthFlows":               []string{"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
				"AllowedOAuthFlowsUserPoolClient": false,
				"PreventUserExistenceErrors":      "ENABLED",
				"EnableTokenRevocation":           true,
				"AuthSessionValidity":             7,
			},
		})
		for _, c := range clients {
			for _, a := range c["Properties"].(map[string]any)["WriteAttributes"].([]any) {
				if strings.HasPrefix(a.(string), "email") {
					t.Errorf("%s: clients may write %v", mode, a)
				}
			}
		}
	}
}

func TestTheSessionOutlivesTheCodeWithinCognitosLimits(t *testing.T) {
	for ttl, minutes := range map[float64]float64{60: 3, 61: 4, 300: 7, 480: 10} {
		stack := newStack(t)
		p := valid(emailotp.ModePasswordless)
		p.CodeTTL = seconds(ttl)
		signIn(stack, p)
		assertions.Template_FromStack(stack, nil).HasResourceProperties(text("AWS::Cognito::UserPoolClient"),
			map[string]any{"AuthSessionValidity": minutes})
	}
}

func TestThePoolIsClosedWhereAMailboxWouldOpenIt(t *testing.T) {
	for mode, adminOnly := range map[emailotp.Mode]bool{emailotp.ModePassword: true, emailotp.ModePasswordless: false} {
		stack := newStack(t)
		signIn(stack, valid(mode))
		assertions.Template_FromStack(stack, nil).HasResource(text("AWS::Cognito::UserPool"), map[string]any{
			"DeletionPolicy": "Retain",
			"Properties": map[string]any{
				"UserPoolTier":                "LITE",
				"UsernameAttributes":          []string{"email"},
				"AliasAttributes":             assertions.Match_Absent(),
				"UsernameConfiguration":       map[string]any{"CaseSensitive": false},
				"AutoVerifiedAttributes":      []string{"email"},
				"UserAttributeUpdateSettings": map[string]any{"AttributesRequireVerificationBeforeUpdate": []string{"email"}},
				"MfaConfiguration":            "OFF",
				"AccountRecoverySetting": map[string]any{"RecoveryMechanisms": []any{map[string]any{"Name": "admin_only",
					"Priority": 1}}},
				"AdminCreateUserConfig": map[string]any{"AllowAdminCreateUserOnly": adminOnly},
				"DeletionProtection":    "ACTIVE",
				"Schema":                assertions.Match_Absent(),
			},
		})
	}
}

func TestFunctionsEndBeforeCognitoGivesUpAndAreMarked(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePasswordless)
	p.Architecture, p.MemorySize = awslambda.Architecture_X86_64(), number(256)
	signIn(stack, p)
	folders := map[string]bool{}
	for id, fn := range resources(t, stack, "AWS::Lambda::Function") {
		properties := fn["Properties"].(map[string]any)
		if timeout := properties["Timeout"].(float64); timeout >= 5 {
			t.Errorf("%s runs for %v s", id, timeout)
		}
		if compact(t, properties["Architectures"]) != `["x86_64"]` || properties["MemorySize"] != 256.0 ||
			properties["Runtime"] != "provided.al2023" {
			t.Errorf("%s: %s", id, compact(t, properties))
		}
		folders[fn["Metadata"].(map[string]any)["EmailOTP::Function"].(string)] = true
	}
	want := []string{"create-auth-challenge", "define-auth-challenge", "mail-events", "pre-sign-up",
		"verify-auth-challenge"}
	if got := slices.Sorted(maps.Keys(folders)); !slices.Equal(got, want) {
		t.Errorf("functions %v, want %v", got, want)
	}
}

func TestTheGuessingBoundIsStatedAndADoubtfulOneIsAWarning(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePassword)
	p.CodeLength = number(6)
	signIn(stack, p)
	contains(t, string(emailotptest.Template(t, stack)), `"EmailOTP::Guessing::SignIn"`,
		`"ChancePerAccountAndYear": "0.00873"`, `"GuessesPerYear": 8770`)
	warnings := *assertions.Annotations_FromStack(stack).FindWarning(text("*"),
		assertions.Match_StringLikeRegexp(text(".*each right once in 10\\^6: a chance of 0.0087, above 0.001.*")))
	if len(warnings) != 1 {
		t.Errorf("%d warnings", len(warnings))
	}
	sound := newStack(t)
	signIn(sound, valid(emailotp.ModePassword))
	if warnings := *assertions.Annotations_FromStack(sound).FindWarning(text("*"),
		assertions.Match_AnyValue()); len(warnings) != 0 {
		t.Errorf("the default warns: %v", warnings)
	}
}

// TestTheFunctionsReadWhetherThePoolFoldsNames: the budgets of unknown names follow the pool's
// rule, or another spelling of a name would show whether an account has it.
func TestTheFunctionsReadWhetherThePoolFoldsNames(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*awscognito.UserPoolProps)
		want   bool
	}{
		"Cognito's default":        {nil, true},
		"a pool that folds names":  {func(p *awscognito.UserPoolProps) { p.SignInCaseSensitive = jsii.Bool(false) }, false},
		"a pool that doesn't fold": {func(p *awscognito.UserPoolProps) { p.SignInCaseSensitive = jsii.Bool(true) }, true},
	} {
		stack := newStack(t)
		props := valid(emailotp.ModePasswordless)
		props.UserPool = ownPool(stack, c.change)
		signIn(stack, props)
		for _, function := range []string{"SignInCreate", "SignInVerify"} {
			functions := resources(t, stack, "AWS::Lambda::Function")
			got := strings.Contains(compact(t, functions[logical(t, functions, function)]),
				`"EMAILOTP_CASE_SENSITIVE_NAMES":"true"`)
			if got != c.want {
				t.Errorf("%s, %s: case-sensitive is %v, want %v", name, function, got, c.want)
			}
		}
	}
}
