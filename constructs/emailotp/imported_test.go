//go:build !race

package emailotp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/contract"
)

const importedID = "eu-west-1_AbCdEfGhI"

// imports returns props with a pool that another stack owns.
func imports(stack awscdk.Stack, mode emailotp.Mode) *emailotp.EmailOTPProps {
	p := valid(mode)
	p.UserPool = awscognito.UserPool_FromUserPoolId(stack, text("Customers"), text(importedID))
	return p
}

func bypass(kind emailotp.BypassKind, path string) emailotp.Bypass {
	return emailotp.Bypass{Kind: kind, Path: path}
}

// attachment returns the one custom resource of a stack.
func attachment(t *testing.T, stack awscdk.Stack) map[string]any {
	t.Helper()
	all := resources(t, stack, contract.AttachmentType)
	return all[logical(t, all, "SignIn")]
}

func TestAnImportedPoolsTemplate(t *testing.T) {
	stack := newStack(t)
	signIn(stack, imports(stack, emailotp.ModePassword))
	emailotptest.Snapshot(t, stack, "testdata/imported.golden.json")
}

// TestAnImportedPoolIsAttached looks at what a golden can't explain: rights, permissions and order.
func TestAnImportedPoolIsAttached(t *testing.T) {
	for _, mode := range modes {
		stack := newStack(t)
		p := imports(stack, mode)
		e := signIn(stack, p)
		reader := awsiam.NewRole(stack, text("Reader"), &awsiam.RoleProps{
			AssumedBy: awsiam.NewServicePrincipal(text("lambda.amazonaws.com"), nil)})
		e.GrantReadUsers(reader)
		if *e.UserPool().UserPoolId() != importedID || e.AttachUserPool() == nil {
			t.Errorf("%s: pool %s, function %v", mode, *e.UserPool().UserPoolId(), e.AttachUserPool())
		}
		a := attachment(t, stack)
		properties := a["Properties"].(map[string]any)
		triggers := properties["Triggers"].(map[string]any)
		if properties["UserPoolId"] != importedID || properties["Mode"] != string(mode) || len(triggers) != 4 ||
			properties["ServiceTimeout"] != "900" || properties["Version"] == "" || len(properties["Settings"].(string)) != 32 ||
			properties["SynthesizedAt"] != nil || a["DeletionPolicy"] != "Delete" {
			t.Errorf("%s: %s", mode, compact(t, a))
		}
		permissions := 0
		for id, r := range resources(t, stack, "AWS::Lambda::Permission") {
			words := compact(t, r)
			if strings.Contains(words, "cognito-idp.amazonaws.com") && strings.Contains(words, ":userpool/"+importedID) {
				permissions++
				contains(t, compact(t, a["DependsOn"]), `"`+id+`"`)
			}
		}
		if permissions != 4 {
			t.Errorf("%s: the pool may invoke %d functions, want 4", mode, permissions)
		}
		for arn := range triggers {
			contains(t, compact(t, a["DependsOn"]), compact(t, triggers[arn].(map[string]any)["Fn::GetAtt"].([]any)[0]))
		}
		clients := resources(t, stack, "AWS::Cognito::UserPoolClient")
		client := clients[logical(t, clients, "SignIn")]
		contains(t, compact(t, client), `"UserPoolId":"`+importedID+`"`, `"DependsOn":["SignInUserPoolAttachment`,
			`"EmailOTP::Client":"`+string(mode)+`"`)
		if mode == emailotp.ModePasswordless {
			contains(t, compact(t, a["DependsOn"]), `"SignInVerifyEmailPolicy`)
		}
		var rights []string
		for id, policy := range resources(t, stack, "AWS::IAM::Policy") {
			if strings.HasPrefix(id, "SignInAttachUserPoolRole") {
				for _, s := range policy["Properties"].(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
					rights = append(rights, compact(t, s))
				}
			}
		}
		words := strings.Join(rights, "\n")
		contains(t, words, `["cognito-idp:DescribeUserPool","cognito-idp:DescribeUserPoolClient",`+
			`"cognito-idp:GetUserPoolMfaConfig","cognito-idp:ListUserPoolClients","cognito-idp:UpdateUserPool"]`,
			":userpool/"+importedID)
		if len(rights) != 2 || strings.Contains(words, `"Resource":"*"`) {
			t.Errorf("%s: the function may\n%s", mode, words)
		}
		if pools := resources(t, stack, "AWS::Cognito::UserPool"); len(pools) > 0 {
			t.Errorf("%s: created %v", mode, pools)
		}
	}
}

func TestFurtherRightsAreTheAdopters(t *testing.T) {
	stack := newStack(t)
	p := imports(stack, emailotp.ModePassword)
	role := "arn:aws:iam::123456789012:role/sms"
	p.AttachUserPoolStatements = &[]awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("iam:PassRole"), Resources: jsii.Strings(role)})}
	signIn(stack, p)
	policies := resources(t, stack, "AWS::IAM::Policy")
	contains(t, compact(t, policies[logical(t, policies, "SignInAttachUserPoolRole")]),
		`{"Action":"iam:PassRole","Effect":"Allow","Resource":"`+role+`"}`)
}

// The properties are the one reason for CloudFormation to call the function again.
func TestChangedSettingsChangeTheAttachment(t *testing.T) {
	settings := func(change func(*emailotp.EmailOTPProps)) any {
		stack := newStack(t)
		p := imports(stack, emailotp.ModePassword)
		change(p)
		signIn(stack, p)
		return attachment(t, stack)["Properties"].(map[string]any)["Settings"]
	}
	first := settings(func(*emailotp.EmailOTPProps) {})
	if again := settings(func(*emailotp.EmailOTPProps) {}); again != first {
		t.Errorf("the same settings have the hashes %v and %v", first, again)
	}
	if other := settings(func(p *emailotp.EmailOTPProps) { p.CodeLength = number(9) }); other == first {
		t.Error("a longer code leaves the hash as it was")
	}
}

func TestAcknowledgementsReachTheDeployment(t *testing.T) {
	stack := newStack(t)
	p := imports(stack, emailotp.ModePassword)
	p.UserPool.AddClient(text("Legacy"), &awscognito.UserPoolClientOptions{
		AuthFlows: &awscognito.AuthFlow{UserSrp: yes}, DisableOAuth: yes,
		WriteAttributes: awscognito.NewClientAttributes().WithStandardAttributes(
			&awscognito.StandardAttributesMask{Locale: yes})})
	legacy := "Prod/Customers/Legacy"
	p.AcknowledgedBypasses = &[]emailotp.Bypass{bypass(emailotp.BypassUserSrpAuth, legacy),
		bypass(emailotp.BypassUserSrpAuth, "1example23456789"), bypass(emailotp.BypassNativeMFA, "Prod/Customers"),
		bypass(emailotp.BypassEmailRecovery, importedID)}
	p.ClientsMayChangeEmail = yes
	signIn(stack, p)
	a := attachment(t, stack)
	clients := resources(t, stack, "AWS::Cognito::UserPoolClient")
	id := logical(t, clients, "CustomersLegacy")
	if got, want := compact(t, a["Properties"].(map[string]any)["AcknowledgedBypasses"]),
		`[{"Fn::Join":["",["USER_SRP_AUTH:",{"Ref":"`+id+`"}]]},"USER_SRP_AUTH:1example23456789",`+
			`"NATIVE_MFA:`+importedID+`","EMAIL_RECOVERY:`+importedID+`","WRITE_EMAIL:*"]`; got != want {
		t.Errorf("acknowledged\n%s\nwant\n%s", got, want)
	}
	contains(t, compact(t, a["Metadata"]), `"USER_SRP_AUTH:`+id+`"`)
}

func TestWhatTheAppShowsOfAnImportedPoolIsCheckedAtSynth(t *testing.T) {
	stack := newStack(t)
	p := imports(stack, emailotp.ModePassword)
	p.AcknowledgedBypasses = &[]emailotp.Bypass{bypass(emailotp.BypassHostedUI, "Prod/Web")}
	bareClient(stack, text(importedID))
	bareClient(awscdk.NewStack(awscdk.App_Of(stack), text("Other"), nil), text(importedID))
	bareClient(awscdk.NewStack(awscdk.App_Of(stack), text("Third"), nil), text("eu-west-1_Another00"))
	signIn(stack, p)
	words := synthesised(stack)
	contains(t, words, "app client Prod/Web leaves its flows", "app client Other/Web leaves its flows",
		`AcknowledgedBypasses has {Kind: "HOSTED_UI", Path: "Prod/Web"}, which is not open (any more)`)
	if strings.Contains(words, "Third/Web") {
		t.Errorf("refuses a client of another pool:\n%s", words)
	}
}

func TestAnImportedPoolOfAnotherPlaceIsRefused(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI": "is in us-east-1, and a pool calls functions of its own Region alone",
		"arn:aws:cognito-idp:eu-west-1:210987654321:userpool/eu-west-1_AbCdEfGhI": "is of account 210987654321",
	} {
		stack := awscdk.NewStack(emailotptest.App(t, nil), text("Prod"), &awscdk.StackProps{
			Env: &awscdk.Environment{Account: text("123456789012"), Region: text("eu-west-1")}})
		p := valid(emailotp.ModePassword)
		p.UserPool = awscognito.UserPool_FromUserPoolArn(stack, text("Customers"), &arn)
		contains(t, refusal(func() { signIn(stack, p) }), "UserPool Prod/Customers "+want)
	}
}

func TestCheckOnDeploy(t *testing.T) {
	stack := newStack(t)
	p := valid(emailotp.ModePasswordless)
	p.CheckOnDeploy = yes
	p.AcknowledgedBypasses = &[]emailotp.Bypass{bypass(emailotp.BypassUserSrpAuth, "1example23456789")}
	signIn(stack, p)
	a := attachment(t, stack)
	properties := a["Properties"].(map[string]any)
	if properties["Triggers"] != nil || len(properties["Expected"].(map[string]any)) != 4 ||
		!strings.HasSuffix(properties["SynthesizedAt"].(string), "Z") {
		t.Errorf("%s", compact(t, a))
	}
	contains(t, compact(t, properties["AcknowledgedBypasses"]), "USER_SRP_AUTH:1example23456789")
	contains(t, compact(t, a["DependsOn"]), `"SignInUserPoolClient`)
	policies := resources(t, stack, "AWS::IAM::Policy")
	if words := compact(t, policies[logical(t, policies, "SignInAttachUserPoolRole")]); strings.Contains(words,
		"UpdateUserPool") {
		t.Errorf("a check may change the pool: %s", words)
	}
	golden := newStack(t)
	signIn(golden, valid(emailotp.ModePasswordless))
	// All else of the template is as without the check.
	for _, kind := range []string{"AWS::Cognito::UserPool", "AWS::Lambda::Permission", "AWS::Cognito::UserPoolClient"} {
		if got, want := compact(t, resources(t, stack, kind)), compact(t, resources(t, golden, kind)); got != want {
			t.Errorf("the check changes %s", kind)
		}
	}
}

func TestAPrebuiltFunctionAttaches(t *testing.T) {
	stack := newStack(t)
	p := imports(stack, emailotp.ModePassword)
	p.AttachUserPoolCode = awslambda.Code_FromAsset(text("testdata"), nil)
	signIn(stack, p)
	if words := synthesised(stack); words != "" {
		t.Error(words)
	}
}

func TestAWSSolutionsRulesHoldForAnImportedPool(t *testing.T) {
	app := emailotptest.App(t, nil)
	stack := awscdk.NewStack(app, text("Prod"), nil)
	signIn(stack, imports(stack, emailotp.ModePasswordless))
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: yes}), nil)
	if got := broken(stack); !slices.Equal(got, nil) {
		t.Errorf("broken rules %v", got)
	}
}

// TestAChainedFunctionOfAnImportedPoolIsTakenOver: the attachment reads which function may hold the
// slot, and the version of the events that it was made for.
func TestAChainedFunctionOfAnImportedPoolIsTakenOver(t *testing.T) {
	const own = "arn:aws:lambda:eu-west-1:123456789012:function:own"
	for mode, slot := range map[emailotp.Mode]string{emailotp.ModePassword: "PreTokenGeneration",
		emailotp.ModePasswordless: "PreSignUp"} {
		stack := newStack(t)
		p := imports(stack, mode)
		function := awslambda.Function_FromFunctionArn(stack, text("Own"), text(own))
		if p.PreSignUp = function; mode == emailotp.ModePassword {
			p.PreSignUp, p.PreTokenGeneration = nil, function
			p.PreTokenGenerationVersion = awscognito.LambdaVersion_V2_0
		}
		signIn(stack, p)
		words := compact(t, attachment(t, stack)["Properties"])
		contains(t, words, `"Chained":{"`+slot+`":"`+own+`"}`)
		if strings.Contains(words, `"TokenVersion":"V2_0"`) != (mode == emailotp.ModePassword) {
			t.Errorf("%s: %s", mode, words)
		}
	}
}
