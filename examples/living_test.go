//go:build !race

package examples_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	existingpool "github.com/cognito-emailotp/cdk-emailotp/examples/existing-pool/stack"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// The living pool and its app clients: one that signs in by SRP, one of a server by an
// administrator's call, and one that was made in the console with every default.
const (
	legacyClient, serverClient, consoles = "1legacy", "2server", "3console"
)

// livingPools are the ids of the living pools by their stacks.
var livingPools = map[string]string{"password": "eu-west-1_Living001", "passwordless": "eu-west-1_Living002",
	"people": "eu-west-1_Living003"}

// nodeCode are the app's own triggers, in the template.
var nodeCode = map[string]string{
	"welcome": `exports.handler = async event => { console.log('welcome', event.triggerSource); return event; };`,
	"terms": `exports.handler = async event => {
  if (event.request.userAttributes.email.startsWith('blocked')) throw new Error('Accept the terms first.');
  return event;
};`,
	"claims": `exports.handler = async event => {
  event.response = { claimsAndScopeOverrideDetails: { idTokenGeneration: { claimsToAddOrOverride: { plan: 'gold' } } } };
  return event;
};`,
	"letters": `exports.handler = async event => {
  if (event.request.userAttributes.email.startsWith('strict')) throw new Error('No mail for strict users.');
  event.response.emailSubject = 'A letter of ours';
  return event;
};`,
}

// A livingApp is the directory of an assembly, which tests share and none changes: stacks that
// import the living pool, one for each mode and one with every option for people, and one that
// creates its pool and checks it at deployment.
type livingApp string

func newLivingApp(t *testing.T) livingApp {
	dir := t.TempDir()
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(dir)})
	environment := &awscdk.Environment{Account: jsii.String("123456789012"), Region: jsii.String("eu-west-1")}
	props := func(mode emailotp.Mode, sender string) *emailotp.EmailOTPProps {
		return &emailotp.EmailOTPProps{Mode: mode, Sender: emailotp.SenderAddress(sender + "@example.com"),
			Architecture: existingpool.Architecture(map[string]string{"amd64": "x86_64"}[runtime.GOARCH])}
	}
	nodes := func(stack awscdk.Stack) map[string]awslambda.Function {
		functions := map[string]awslambda.Function{}
		for name, code := range nodeCode {
			functions[name] = awslambda.NewFunction(stack, &name, &awslambda.FunctionProps{
				FunctionName: &name, Runtime: awslambda.Runtime_NODEJS_22_X(), Handler: jsii.String("index.handler"),
				Code: awslambda.Code_FromInline(&code)})
		}
		return functions
	}
	for name, mode := range map[string]emailotp.Mode{"password": emailotp.ModePassword,
		"passwordless": emailotp.ModePasswordless, "people": emailotp.ModePassword} {
		stack := awscdk.NewStack(app, jsii.String(name), &awscdk.StackProps{Env: environment})
		functions := nodes(stack)
		p := props(mode, name)
		p.UserPool = awscognito.UserPool_FromUserPoolId(stack, jsii.String("Customers"), jsii.String(livingPools[name]))
		if mode == emailotp.ModePassword {
			p.PreTokenGeneration, p.PreTokenGenerationVersion = functions["claims"], awscognito.LambdaVersion_V2_0
		} else {
			p.PreSignUp = functions["terms"]
		}
		if name == "people" {
			p.RememberDevices, p.PasswordRecovery, p.CustomMessages = jsii.Number(30), emailotp.RecoveryByEmail, jsii.Bool(true)
			p.CustomMessage, p.PostConfirmation = functions["letters"], functions["welcome"]
		}
		var accepted []emailotp.Bypass
		for _, b := range []emailotp.Bypass{
			{Kind: emailotp.BypassUserSrpAuth, Path: legacyClient}, {Kind: emailotp.BypassWriteEmail, Path: legacyClient},
			{Kind: emailotp.BypassUserAuth, Path: legacyClient},
			{Kind: emailotp.BypassAdminUserPasswordAuth, Path: serverClient},
			{Kind: emailotp.BypassUserSrpAuth, Path: consoles}, {Kind: emailotp.BypassWriteEmail, Path: consoles},
		} {
			b.Until = "2999-12-31"
			accepted = append(accepted, b)
		}
		p.AcknowledgedBypasses = &accepted
		emailotp.NewEmailOTP(stack, jsii.String("SignIn"), p)
	}
	own := props(emailotp.ModePasswordless, "own")
	stack := awscdk.NewStack(app, jsii.String("own"), &awscdk.StackProps{Env: environment})
	own.CheckOnDeploy, own.CustomMessages, own.CustomMessage = jsii.Bool(true), jsii.Bool(true), nodes(stack)["letters"]
	emailotp.NewEmailOTP(stack, jsii.String("SignIn"), own)
	app.Synth(nil)
	return livingApp(dir)
}

// edited returns the living app with one template changed.
func (a livingApp) edited(t *testing.T, stack string, change func(template map[string]any)) string {
	t.Helper()
	dir := t.TempDir()
	entries, err := os.ReadDir(string(a))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		from, to := filepath.Join(string(a), e.Name()), filepath.Join(dir, e.Name())
		if e.Name() != stack+".template.json" {
			if err := os.Symlink(from, to); err != nil {
				t.Fatal(err)
			}
			continue
		}
		template := readJSON(t, from)
		change(template)
		writeJSON(t, to, template)
	}
	return dir
}

// onDeploy returns the resource that a deployment runs by a function.
func onDeploy(template map[string]any) (resource map[string]any) {
	for _, r := range template["Resources"].(map[string]any) {
		if r := r.(map[string]any); r["Type"] == "Custom::EmailOTPUserPoolAttachment" {
			resource = r
		}
	}
	return resource
}

// withoutAcknowledgements is the template after the move.
func withoutAcknowledgements(template map[string]any) {
	r := onDeploy(template)
	delete(r, "Metadata")
	delete(r["Properties"].(map[string]any), "AcknowledgedBypasses")
}

func readJSON(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, text)
}

// decoded keeps numbers as they were written.
func decoded(t *testing.T, text []byte) (v map[string]any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func writeJSON(t *testing.T, file string, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// options returns the options of a sandbox with the living pool: every setting that Cognito has,
// the app's own triggers in it, and the clients. change may alter the pool's description.
func (a livingApp) options(t *testing.T, stack string,
	change func(pool map[string]any, clients ...map[string]any)) sandbox.Options {
	t.Helper()
	pool := readJSON(t, "../internal/attach/testdata/every-field.json")["UserPool"].(map[string]any)
	pool["Id"] = livingPools[stack]
	pool["Arn"] = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + livingPools[stack]
	pool["AdminCreateUserConfig"].(map[string]any)["AllowAdminCreateUserOnly"] = false
	pool["SchemaAttributes"].([]any)[1].(map[string]any)["Required"] = false
	const arn = "arn:aws:lambda:eu-west-1:123456789012:function:"
	pool["LambdaConfig"] = map[string]any{"PostConfirmation": arn + "welcome", "PreSignUp": arn + "terms",
		"PreTokenGeneration":       arn + "claims",
		"PreTokenGenerationConfig": map[string]any{"LambdaArn": arn + "claims", "LambdaVersion": "V2_0"}}
	clients := []map[string]any{
		{"ClientId": legacyClient, "ClientName": "Web before the move",
			"ExplicitAuthFlows": []any{"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}},
		{"ClientId": serverClient, "ClientName": "Server", "ClientSecret": "hidden",
			"ExplicitAuthFlows": []any{"ALLOW_ADMIN_USER_PASSWORD_AUTH"}, "WriteAttributes": []any{"name"}},
		{"ClientId": consoles, "ClientName": "Console"},
	}
	if change != nil {
		change(pool, clients...)
	}
	o := sandbox.Options{Assembly: string(a), Stack: stack}
	dir := t.TempDir()
	o.PoolDescription = filepath.Join(dir, "pool.json")
	writeJSON(t, o.PoolDescription, map[string]any{"UserPool": pool})
	for i, c := range clients {
		file := filepath.Join(dir, fmt.Sprint("client", i, ".json"))
		writeJSON(t, file, map[string]any{"UserPoolClient": c})
		o.PoolClients = append(o.PoolClients, file)
	}
	return o
}

// call sends one request of an administrator and returns the answer with all its members.
func call(t *testing.T, sb *sandbox.Sandbox, operation string, request map[string]any) map[string]any {
	t.Helper()
	request["UserPoolId"] = sb.Config().UserPoolID
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sb.Config().Endpoint, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=developer/20270101/eu-west-1/cognito-idp/aws4_request")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v, status %d: %s", operation, err, answer.StatusCode, &text)
	}
	return decoded(t, text.Bytes())
}

// wantAsBefore compares the pool with the description in a file.
func wantAsBefore(t *testing.T, sb *sandbox.Sandbox, file string) {
	t.Helper()
	got, want := call(t, sb, "DescribeUserPool", map[string]any{})["UserPool"], readJSON(t, file)["UserPool"]
	a, b := got.(map[string]any), want.(map[string]any)
	for _, pool := range []map[string]any{a, b} {
		delete(pool, "LastModifiedDate")
		delete(pool, "EstimatedNumberOfUsers")
	}
	if len(b) < 20 {
		t.Fatalf("the description has %d settings", len(b))
	}
	if reflect.DeepEqual(a, b) {
		return
	}
	for name := range b {
		if !reflect.DeepEqual(a[name], b[name]) {
			t.Errorf("%s is\n%v\nwas\n%v", name, a[name], b[name])
		}
	}
	for name := range a {
		if _, found := b[name]; !found {
			t.Errorf("%s is new: %v", name, a[name])
		}
	}
}

// wantRefused starts a sandbox that the deployment refuses with each of the texts.
func wantRefused(t *testing.T, o sandbox.Options, wants ...string) {
	t.Helper()
	sb, err := sandbox.Start(t.Context(), o)
	if err == nil {
		sb.Close()
		t.Errorf("started, want a refusal with %q", wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("refused without %q: %v", want, err)
		}
	}
}
