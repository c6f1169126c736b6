//go:build !race

package stacks_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
	"github.com/cognito-emailotp/cdk-emailotp/internal/environments"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
	"github.com/cognito-emailotp/cdk-emailotp/stacks"
)

var update = flag.Bool("update", false, "write the golden files")

// deployed returns the stacks of cdk.json's environments by name.
func deployed(t *testing.T, context map[string]any, stage, mode any) map[string]awscdk.Stack {
	t.Helper()
	selected, err := environments.Read(context[environments.ContextKey], stage, mode)
	if err != nil {
		t.Fatal(err)
	}
	app := emailotptest.App(t, context)
	made := map[string]awscdk.Stack{}
	for _, env := range selected {
		made[env.Name] = stacks.NewEmailOTPStack(app, stacks.StackName(env.Name),
			&stacks.EmailOTPStackProps{Environment: env}).Stack
	}
	return made
}

// The smallest environment in each mode, and the largest. `emailotp dev` starts from these files.
func TestTemplates(t *testing.T) {
	for file, env := range map[string]struct{ name, mode any }{
		"dev": {"dev", nil}, "dev-password": {"dev", "password"}, "prod": {"prod", nil},
	} {
		emailotptest.Snapshot(t, deployed(t, context(t), env.name, env.mode)[env.name.(string)],
			fmt.Sprintf("testdata/%s.golden.json", file))
	}
}

// `emailotp dev` uses the committed templates while these hashes hold.
func TestTheCommittedTemplatesAreOfTheseInputs(t *testing.T) {
	const file = "testdata/inputs.sum"
	got, err := synth.Inputs("..")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		disk.Write(t, file, got)
	}
	want := disk.Read(t, file)
	if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		t.Errorf("stacks/%s is of other sources, so a newcomer waits for a synthesis; run `make test-update`", file)
	}
}

// Every environment of cdk.json in both modes, and a page on a domain of its own, go through
// CloudFormation's rules at their strictest. The Node process reads the variable when it starts.
func TestCloudFormationsRulesHoldForEveryTemplate(t *testing.T) {
	restart := func(validation string) {
		os.Setenv("CDK_VALIDATION", validation)
		jsii.Close()
	}
	restart("true")
	defer restart("false")
	refused := func(stack awscdk.Stack) (problem any) {
		defer func() { problem = recover() }()
		assertions.Template_FromStack(stack, nil)
		return nil
	}
	control := awscdk.NewStack(emailotptest.App(t, strict(t)), jsii.String("Control"), nil)
	awscognito.NewCfnUserPoolClient(control, jsii.String("Client"), &awscognito.CfnUserPoolClientProps{
		UserPoolId: jsii.String("eu-west-1_AbCdEfGhI"), AuthSessionValidity: jsii.Number(16)})
	if problem := refused(control); problem == nil || !strings.Contains(fmt.Sprint(problem), "F3034") {
		t.Errorf("a session of 16 minutes: %v; the validation is off", problem)
	}
	for _, mode := range []string{"password", "passwordless"} {
		for name, stack := range deployed(t, strict(t), nil, mode) {
			if problem := refused(stack); problem != nil {
				t.Errorf("%s, %s: %v", name, mode, problem)
			}
		}
	}
	if problem := refused(hosted(t, strict(t), withDomain())); problem != nil {
		t.Errorf("with a page: %v", problem)
	}
}

func TestOutputsAreWhatAClientNeeds(t *testing.T) {
	stack := deployed(t, context(t), "dev", nil)["dev"]
	outputs := *assertions.Template_FromStack(stack, nil).FindOutputs(jsii.String("*"), nil)
	if got, want := slices.Sorted(maps.Keys(outputs)),
		[]string{"Mode", "Region", "UserPoolClientId", "UserPoolId"}; !slices.Equal(got, want) {
		t.Errorf("outputs %v, want %v", got, want)
	}
	if *stack.StackName() != "EmailOtp-dev" || *stack.Region() != "eu-west-1" {
		t.Errorf("stack %s in %s", *stack.StackName(), *stack.Region())
	}
}

// values returns a value for each key of an environment that is not its default.
func values() map[string]any {
	all := map[string]any{
		"region": "eu-west-1", "account": "123456789012", "senderIdentity": "domain", "hostedZoneId": "Z0123456789ABC",
		"sandboxRecipients": true, "selfSignUp": false, "memorySize": 256.0, "logRetentionDays": 14.0,
		"removalPolicy": "destroy", "keyGeneration": 2.0, "passwordRecovery": "email",
		"brand": map[string]any{"cornerRadius": 8.0},
	}
	var s settings.Settings
	for i, f := range settings.Fields() {
		switch f.Of(&s).(type) {
		case *int, *time.Duration:
			all[f.Key] = float64(f.Least + i%(f.Most-f.Least) + 1)
		case *bool:
			all[f.Key] = true
		case *[]string:
			all[f.Key] = []any{"example.com", "example.net"}
		case *string:
			switch {
			case f.Key == "defaultLocale":
				all[f.Key] = "de"
			case f.Key == "sender", strings.HasSuffix(f.Key, "To"), strings.HasSuffix(f.Key, "Address"):
				all[f.Key] = fmt.Sprintf("address%d@example.com", i)
			default:
				all[f.Key] = fmt.Sprint("Text ", i)
			}
		}
	}
	all["codeLength"] = 10.0 // The chance to guess a code must stay small.
	delete(all, "")
	return all
}

// ofThePage are the keys of the sign-in page, which page_test.go follows.
var ofThePage = []string{"changeAddress", "clients", "signInPage", "signInPageCertificateArn", "signInPageDomain"}

// keys returns every key of an environment: an unknown one is refused with the list of those that
// exist.
func keys(t *testing.T) []string {
	t.Helper()
	_, err := environments.Read(map[string]any{"x": map[string]any{"?": 1}}, nil, nil)
	_, list, found := strings.Cut(fmt.Sprint(err), "; the keys are ")
	if !found {
		t.Fatalf("no list of keys: %v", err)
	}
	list, _, _ = strings.Cut(list, "\n")
	return strings.Split(list, ", ")
}

func TestEveryKeyReachesTheTemplateAndTheReadme(t *testing.T) {
	readme := disk.Read(t, "../docs/deploy.md")
	_, list, _ := strings.Cut(string(readme), "\nKeys: ")
	list, _, _ = strings.Cut(list, "\n\n")
	for _, key := range keys(t) {
		if !strings.Contains(list, "`"+key+"`") {
			t.Errorf("docs/deploy.md does not list the key %s", key)
		}
		if _, ok := values()[key]; (ok || key == "mode") == slices.Contains(ofThePage, key) {
			t.Errorf("the key %s has a value in this test: %t; add one, and its trace in the template", key, ok)
		}
	}
	notIn := map[string][]string{"password": {"allowedSignUpDomains"},
		"passwordless": {"mailUnverifiedAddresses", "rememberDevices", "passwordRecovery", "invitationByMail"}}
	template := func(mode string) string {
		given := values()
		given["mode"] = mode
		for _, key := range notIn[mode] {
			delete(given, key)
		}
		selected, err := environments.Read(map[string]any{"x": given}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		stack := stacks.NewEmailOTPStack(emailotptest.App(t, nil), "X", &stacks.EmailOTPStackProps{Environment: selected[0]})
		if *stack.Account() != "123456789012" || *stack.Region() != "eu-west-1" {
			t.Errorf("deploys to %s in %s", *stack.Account(), *stack.Region())
		}
		return string(emailotptest.Template(t, stack.Stack))
	}
	both := []string{`"AllowAdminCreateUserOnly": true`, `"MemorySize": 256`, `"RetentionInDays": 14`, `"Delete"`,
		`"HostedZoneId": "Z0123456789ABC"`,
		`"EmailIdentity": "example.com"`, `:identity/*"`, `"SignInKey2`, `"EmailOTP::Brand": "{\"cornerRadius\":8}"`,
		`"CustomMessage": {`, `"EmailSendingAccount": "DEVELOPER"`}
	perMode := map[string][]string{"password": both, "passwordless": both}
	for _, f := range settings.Fields() {
		value, ok := values()[f.Key]
		if f.Key == "" || f.Key == "mode" {
			continue
		}
		if !ok {
			t.Errorf("the setting %s has no value in this test", f.Key)
		}
		if items, isList := value.([]any); isList {
			value = strings.Trim(strings.ReplaceAll(fmt.Sprint(items), " ", ","), "[]")
		}
		trace := fmt.Sprintf("%q: %q", f.Variable, fmt.Sprint(value))
		for mode := range perMode {
			if !slices.Contains(notIn[mode], f.Key) {
				perMode[mode] = append(slices.Clone(perMode[mode]), trace)
			}
		}
	}
	perMode["password"] = append(perMode["password"], `"verified_email"`, `"PostConfirmation"`)
	for mode, wants := range perMode {
		contains(t, template(mode), append(wants, fmt.Sprintf(`"EMAILOTP_MODE": %q`, mode))...)
	}
}

func TestAnIdentityThatExistsIsNotCreated(t *testing.T) {
	selected, err := environments.Read(map[string]any{"x": map[string]any{"region": "eu-west-1", "mode": "password",
		"sender": "no-reply@example.com", "senderIdentity": "existing"}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	stack := stacks.NewEmailOTPStack(emailotptest.App(t, nil), "X", &stacks.EmailOTPStackProps{Environment: selected[0]})
	template := string(emailotptest.Template(t, stack.Stack))
	contains(t, template, `:identity/example.com"`, `:identity/no-reply@example.com"`, `"EMAILOTP_CONFIGURATION_SET"`)
	if strings.Contains(template, "AWS::SES::EmailIdentity") {
		t.Error("the identity is created again")
	}
}

// The CDK has a name for each period that cdk.json may have.
func TestEveryLogRetentionHasAName(t *testing.T) {
	stack := awscdk.NewStack(emailotptest.App(t, nil), jsii.String("X"), nil)
	for days, name := range stacks.Retentions {
		awslogs.NewLogGroup(stack, jsii.String(fmt.Sprint("Logs", days, "Days")), &awslogs.LogGroupProps{Retention: name})
	}
	template := string(emailotptest.Template(t, stack))
	for _, days := range environments.LogRetentions() {
		contains(t, template, fmt.Sprintf(`"RetentionInDays": %d`, days))
	}
	if got, want := len(stacks.Retentions), len(environments.LogRetentions()); got != want {
		t.Errorf("%d names, want %d", got, want)
	}
}
