package sandbox_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/disk"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

type object = map[string]any

// own is a function of the app on a trigger of the pool: code in the template, an asset of the
// files by name, or a container image.
type own struct {
	id, trigger, runtime, handler, inline string
	asset                                 map[string]string
	timeout                               int
}

// withOwn adds functions of the app to the assembly's passwordless stack.
func withOwn(t testing.TB, dir string, all ...own) string {
	t.Helper()
	editTemplate(t, dir, func(template object) {
		resources := template["Resources"].(object)
		triggers := resources["SignInUserPool"].(object)["Properties"].(object)["LambdaConfig"].(object)
		for _, f := range all {
			code, metadata := object{"S3Key": f.id + ".zip", "S3Bucket": "assets"}, object{}
			switch {
			case f.inline != "":
				code = object{"ZipFile": f.inline}
			case f.asset != nil:
				metadata["aws:asset:path"] = "asset." + f.id
				for name, text := range f.asset {
					disk.Write(t, filepath.Join(dir, "asset."+f.id, name), text)
				}
			default:
				code = object{"ImageUri": "repository:tag"}
			}
			resources[f.id] = object{"Type": "AWS::Lambda::Function", "Metadata": metadata, "Properties": object{
				"Runtime": f.runtime, "Handler": f.handler, "Code": code, "Timeout": max(f.timeout, 3),
				"Role": object{"Fn::GetAtt": []string{"SignInDefineAuthChallengeRole", "Arn"}},
			}}
			resources[f.id+"Permission"] = object{"Type": "AWS::Lambda::Permission", "Properties": object{
				"FunctionName": object{"Ref": f.id}, "Principal": "cognito-idp.amazonaws.com", "Action": "lambda:InvokeFunction",
			}}
			triggers[f.trigger] = object{"Fn::GetAtt": []string{f.id, "Arn"}}
		}
	})
	return dir
}

// runOwn runs the passwordless EmailOTP by processes.
func runOwn(t testing.TB, opts sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	opts.Stack = "EmailOtp-dev"
	opts.TriggerTimeout = cmp.Or(opts.TriggerTimeout, time.Minute)
	return testkit.Start(t, opts)
}

// signUpAndIn signs person up and in, and returns the claims of the ID token as JSON.
func signUpAndIn(t testing.TB, sb *sandbox.Sandbox) string {
	t.Helper()
	id, name, password := sb.Config().UserPoolClientID, person, "a password that nobody needs"
	if _, err := pool(sb).SignUp(t.Context(),
		&cognitoidentityprovider.SignUpInput{ClientId: &id, Username: &name, Password: &password}); err != nil {
		t.Fatal(err)
	}
	since := time.Now()
	first, err := initiate(t, sb, person)
	if err != nil {
		t.Fatal(err)
	}
	mail, err := sb.WaitForMessage(t.Context(), person, since)
	if err != nil {
		t.Fatal(err)
	}
	second, err := answer(t, sb, first.Session, mail.Text)
	if err != nil || second.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", second, err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(*second.AuthenticationResult.IdToken, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(claims)
}

const python = `import json, os, urllib.request
def handler(event, context):
    print(json.dumps(dict(os.environ)))
    event["response"] = {"claimsOverrideDetails": {"claimsToAddOrOverride": {"team": "red"}}}
    return event
`

const module = `export const handler = async (event, context) => {
  console.log(JSON.stringify(process.env));
  const other = await fetch(process.env.AWS_ENDPOINT_URL, {method: 'POST',
    headers: {'X-Amz-Target': 'AWSEvents.PutEvents', 'Content-Type': 'application/x-amz-json-1.1'}, body: '{}'});
  console.log('another service answers', other.status);
  return event;
};`

const callback = `exports.handler = (event, context, done) => setTimeout(() => {
  console.log('welcome', event.request.userAttributes.sub === undefined);
  done(null, event);
}, 10);`

func TestTheAppsOwnTriggersRunOnNodeAndPython(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is missing; install Python 3")
	}
	// Another home would have empty caches: the program and its modules would be compiled anew, and
	// the table engine installed.
	app := binaryApp(t)
	cache, err := cachedir.Dir()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	disk.Write(t, filepath.Join(home, ".aws", "credentials"), "[default]\naws_access_key_id = AKIADEVELOPER\n")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIADEVELOPER", "AWS_SECRET_ACCESS_KEY": "developers-secret",
		"AWS_SESSION_TOKEN": "developers-token", "AWS_PROFILE": "developers-profile", "HOME": home,
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://developers-host/", "GITHUB_TOKEN": "developers-other-token",
	} {
		t.Setenv(name, value)
	}
	log := &syncbuf.Buffer{}
	sb := runOwn(t, sandbox.Options{FunctionLog: log, CacheDir: cache, Assembly: withOwn(t, app,
		own{id: "Welcome", trigger: "PostConfirmation", runtime: "nodejs22.x", handler: "index.handler", inline: callback},
		own{id: "Journal", trigger: "PostAuthentication", runtime: "nodejs24.x", handler: "src/journal.handler",
			asset: map[string]string{"src/journal.mjs": module}},
		own{id: "Claims", trigger: "PreTokenGeneration", runtime: "python3.13", handler: "index.handler", inline: python},
	)})
	if claims := signUpAndIn(t, sb); !strings.Contains(claims, `"team":"red"`) {
		t.Errorf("claims %s", claims)
	}
	if err := sb.Close(); err != nil { // after it all that the functions printed is there
		t.Error(err)
	}
	printed := log.String()
	for _, want := range []string{"INFO\twelcome false\n", "INFO\tanother service answers 501\n",
		`"AWS_EXECUTION_ENV":"AWS_Lambda_nodejs24.x"`, `"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"`,
		`"AWS_SHARED_CREDENTIALS_FILE":"/dev/null"`, `"AWS_EC2_METADATA_DISABLED": "true"`} {
		if !strings.Contains(printed, want) {
			t.Errorf("the functions did not print %s:\n%s", want, printed)
		}
	}
	for _, secret := range []string{"AKIADEVELOPER", "developers-", "NODE_PATH", "PYTHONPATH", home} {
		if strings.Contains(printed, secret) {
			t.Errorf("the functions have %s in their environment", secret)
		}
	}
	for _, line := range sb.Report() {
		if strings.Contains(line, "passes") {
			t.Errorf("report: %s", line)
		}
	}
}

func TestATriggerThatCannotRunHerePassesItsEventThroughWithAWarning(t *testing.T) {
	testkit.Need(t, "node", "npm")
	bin := t.TempDir()
	for _, tool := range []string{"node", "npm", "sh", "env"} { // no Python
		at, err := exec.LookPath(tool)
		if err == nil {
			err = os.Symlink(at, filepath.Join(bin, tool))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := withOwn(t, binaryApp(t),
		own{id: "Welcome", trigger: "PostConfirmation", runtime: "java21", handler: "Welcome",
			asset: map[string]string{"welcome.jar": ""}},
		own{id: "Journal", trigger: "PostAuthentication"},
		own{id: "Claims", trigger: "PreTokenGeneration", runtime: "python3.13", handler: "index.handler", inline: python})
	editTemplate(t, dir, func(template object) {
		pool := template["Resources"].(object)["SignInUserPool"].(object)["Properties"].(object)
		pool["LambdaConfig"].(object)["PreAuthentication"] = "arn:aws:lambda:eu-west-1:123456789012:function:elsewhere"
	})
	t.Setenv("PATH", bin)
	sb := runOwn(t, sandbox.Options{Assembly: dir})
	if claims := signUpAndIn(t, sb); strings.Contains(claims, "team") {
		t.Errorf("claims %s", claims)
	}
	report := strings.Join(sb.Report(), "\n")
	for _, want := range []string{
		"function Welcome: trigger PostConfirmation passes each event through unchanged, because its runtime is " +
			"\"java21\", which can't run here",
		"function Journal: trigger PostAuthentication passes each event through unchanged, because it is a container image",
		"function Claims: trigger PreTokenGeneration passes each event through unchanged, because its runtime is " +
			"\"python3.13\", and python3 is not on PATH; install Python 3",
		"function elsewhere: trigger PreAuthentication passes each event through unchanged, because the function arn:",
		"Options.Functions can run a handler in its place",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	_, err := sandbox.Start(t.Context(),
		sandbox.Options{Assembly: dir, Stack: "EmailOtp-dev", Require: []string{"Welcome"}})
	if err == nil || !strings.Contains(err.Error(), `function Welcome: its runtime is "java21"`) ||
		strings.Contains(err.Error(), "Journal") {
		t.Errorf("with Require: %v", err)
	}
}

func TestOptionsChooseWhatRunsForATrigger(t *testing.T) {
	dir := withOwn(t, binaryApp(t),
		own{id: "Journal", trigger: "PostAuthentication", runtime: "nodejs22.x", handler: "index.handler",
			inline: `exports.handler = async () => { throw new Error('the table is missing') }`},
		own{id: "Claims", trigger: "PreTokenGeneration", runtime: "java21", handler: "Claims",
			asset: map[string]string{"claims.jar": ""}})
	claims := sandbox.HandlerFunc(func(_ context.Context, event []byte) ([]byte, error) {
		return bytes.Replace(event, []byte(`"claimsOverrideDetails":null`),
			[]byte(`"claimsOverrideDetails":{"claimsToAddOrOverride":{"team":"blue"}}`), 1), nil
	})
	sb := runOwn(t, sandbox.Options{Assembly: dir, Stub: []string{"Journal"}, Require: []string{"Claims"},
		Functions: map[string]sandbox.Handler{"Claims": claims}})
	if claims := signUpAndIn(t, sb); !strings.Contains(claims, `"team":"blue"`) {
		t.Errorf("claims %s", claims)
	}
	if report := strings.Join(sb.Report(), "\n"); !strings.Contains(report,
		"function Journal: trigger PostAuthentication passes each event through unchanged, as --stub (Options.Stub) asks") ||
		strings.Contains(report, "Claims") {
		t.Errorf("report:\n%s", report)
	}
	for name, c := range map[string]struct {
		options sandbox.Options
		want    string
	}{
		"an unknown name": {sandbox.Options{Require: []string{"Jurnal"}},
			`--require (Options.Require): the sign-in has no function "Jurnal"; it has Claims, `},
		"EmailOTP's own": {sandbox.Options{Stub: []string{"SignInPreSignUp"}}, "without it there is no sign-in"},
	} {
		c.options.Assembly, c.options.Stack = dir, "EmailOtp-dev"
		if _, err := sandbox.Start(t.Context(), c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAnErrorOfAnAppsTriggerReachesTheClientAsCognitoWordsIt(t *testing.T) {
	for name, c := range map[string]struct{ code, want string }{
		"thrown":  {`exports.handler = async () => { throw new Error('closed on Sundays') }`, "closed on Sundays."},
		"missing": {`require('@aws-sdk/client-dynamodb')`, "Error: Cannot find module '@aws-sdk/client-dynamodb'"},
		"timeout": {`exports.handler = () => new Promise(done => setTimeout(done, 60000))`,
			"Task timed out after 3.00 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &syncbuf.Buffer{}
			sb := runOwn(t, sandbox.Options{Users: []sandbox.User{{Email: person}}, FunctionLog: log,
				TriggerTimeout: time.Minute, Assembly: withOwn(t, binaryApp(t), own{id: "Journal", trigger: "PreTokenGeneration",
					runtime: "nodejs22.x", handler: "index.handler", inline: c.code})})
			since := time.Now()
			first, err := initiate(t, sb, person)
			if err != nil {
				t.Fatal(err)
			}
			mail, err := sb.WaitForMessage(t.Context(), person, since)
			if err != nil {
				t.Fatal(err)
			}
			var refused *types.UserLambdaValidationException
			if _, err = answer(t, sb, first.Session, mail.Text); !errors.As(err, &refused) ||
				!strings.Contains(refused.ErrorMessage(), "PreTokenGeneration failed with error") ||
				!strings.Contains(refused.ErrorMessage(), c.want) {
				t.Errorf("got %v; the function printed %s", err, log)
			}
			if name == "missing" && !strings.Contains(log.String(), "Options.Modules") {
				t.Errorf("no remedy for the missing module: %s", log)
			}
		})
	}
}
