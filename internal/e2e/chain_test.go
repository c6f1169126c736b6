package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

type object = map[string]any

// chainer is EmailOTP's function of a stack that invokes the app's own.
var chainer = map[string]string{app.Passwordless: "pre-sign-up", app.Password: "pre-token-generation"}

// chain adds a function of the app's own to the resources, as the props PreSignUp and
// PreTokenGeneration would. The change may edit its statement.
func chain(resources object, stack string, change func(statement object)) {
	for id, r := range resources {
		function, _ := r.(object)
		metadata, _ := function["Metadata"].(object)
		if metadata["EmailOTP::Function"] != chainer[stack] {
			continue
		}
		own := object{"Fn::GetAtt": []any{"Own", "Arn"}}
		properties := function["Properties"].(object)
		properties["Environment"].(object)["Variables"].(object)["EMAILOTP_CHAINED"] = own
		statement := object{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": own}
		if change != nil {
			change(statement)
		}
		role := properties["Role"].(object)["Fn::GetAtt"].([]any)[0].(string)
		resources[role].(object)["Properties"].(object)["Policies"] = []any{object{"PolicyName": "Chain",
			"PolicyDocument": object{"Statement": []any{statement}}}}
		ownProperties := maps.Clone(properties)
		delete(ownProperties, "Environment")
		ownProperties["Role"] = object{"Fn::GetAtt": []any{"OwnRole", "Arn"}}
		resources["Own"] = object{"Type": "AWS::Lambda::Function", "Properties": ownProperties}
		resources["OwnRole"] = object{"Type": "AWS::IAM::Role", "Properties": object{}}
		if id == "Own" {
			panic("the app has a function Own already")
		}
		return
	}
}

// own is the app's own function, which a test may replace.
type own struct {
	mu     sync.Mutex
	events []object
	answer func(event object) (any, error)
}

func (o *own) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var event object
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	o.events = append(o.events, event)
	answer, err := o.answer(event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(answer)
}

// chained starts a sandbox whose EmailOTP has the app's own function behind it.
func chained(t *testing.T, stack string, change func(resources object), fn *own) *sandbox.Sandbox {
	t.Helper()
	o := (&inprocess.Clock{}).Options(sandbox.Options{Stack: stack, Assembly: app.Changed(t, stack, change)})
	handlers := o.InProcess
	o.InProcess = func(ctx context.Context, s *sandbox.Sandbox) (sandbox.Invoker, error) {
		all, err := handlers(ctx, s)
		if err != nil {
			return nil, err
		}
		all.(sandbox.Handlers)[sandbox.Chained] = fn
		return all, nil
	}
	return app.Own(t, o)
}

func withChain(stack string) func(object) {
	return func(resources object) { chain(resources, stack, nil) }
}

func responding(response object) func(object) (any, error) {
	return func(event object) (any, error) {
		event["response"] = response
		return event, nil
	}
}

// claimsOf returns all claims of a token.
func claimsOf(t *testing.T, token *string) (claims object) {
	t.Helper()
	parsed, err := jwt.ParseSigned(*token, []jose.SignatureAlgorithm{jose.RS256})
	if err == nil {
		err = parsed.UnsafeClaimsWithoutVerification(&claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestAChainedFunctionAddsClaimsInEveryVersion(t *testing.T) {
	t.Parallel()
	added := object{"claimsToAddOrOverride": object{"seats": "4"}}
	both := object{"claimsAndScopeOverrideDetails": object{"idTokenGeneration": added, "accessTokenGeneration": added}}
	for version, response := range map[string]object{"V1_0": {"claimsOverrideDetails": added}, "V2_0": both,
		"V3_0": both} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			fn := &own{answer: responding(response)}
			sb := chained(t, app.Password, func(resources object) {
				chain(resources, app.Password, nil)
				for _, r := range resources {
					if pool := r.(object); pool["Type"] == "AWS::Cognito::UserPool" && version != "V1_0" {
						config := pool["Properties"].(object)["LambdaConfig"].(object)
						config["PreTokenGenerationConfig"] = object{"LambdaVersion": version,
							"LambdaArn": config["PreTokenGeneration"]}
						delete(config, "PreTokenGeneration")
					}
				}
			}, fn)
			p := newUser(t, sb, "seats@example.com")
			tokens := p.SignIn()
			if claimsOf(t, tokens.IdToken)["seats"] != "4" ||
				(claimsOf(t, tokens.AccessToken)["seats"] == "4") != (version != "V1_0") {
				t.Errorf("ID %v, access %v", claimsOf(t, tokens.IdToken), claimsOf(t, tokens.AccessToken))
			}
			if len(fn.events) != 1 || fn.events[0]["version"] != version[1:2] ||
				fn.events[0]["triggerSource"] != "TokenGeneration_Authentication" {
				t.Errorf("events %v", fn.events)
			}
			if n := sb.Counts()["lambda:Chained"]; n != 1 {
				t.Errorf("%d invocations", n)
			}
		})
	}
}

// signUp signs a user up as a client of the API does.
func signUp(p *person) error {
	password := testkit.GoodPassword
	_, err := p.API.SignUp(p.T.Context(), &cognito.SignUpInput{ClientId: &p.Config.UserPoolClientID, Username: &p.Email,
		Password: &password})
	return err
}

// The client reads the chained function's error as Cognito would word it, and nothing that the
// function answers verifies an address.
func TestAChainedFunctionRefusesASignUpAndVerifiesNothing(t *testing.T) {
	t.Parallel()
	fn := &own{answer: func(event object) (any, error) {
		if attributes := event["request"].(object)["userAttributes"].(object); strings.HasPrefix(
			attributes["email"].(string), "late") {
			return nil, errors.New("all seats are taken")
		}
		return responding(object{"autoConfirmUser": false, "autoVerifyEmail": true, "autoVerifyPhone": true})(event)
	}}
	sb := chained(t, app.Passwordless, withChain(app.Passwordless), fn)
	wantRefusal(t, signUp(newPerson(t, sb, "late@example.com")), "UserLambdaValidationException",
		"PreSignUp failed with error all seats are taken.")
	early := newPerson(t, sb, "early@example.com")
	if err := signUp(early); err != nil {
		t.Fatal(err)
	}
	if u, _ := sb.User(early.Email); u.Status != "CONFIRMED" || u.Attributes["email_verified"] == "true" {
		t.Errorf("after sign-up: %+v", u)
	}
	if early.SignIn() == nil || len(fn.events) != 2 {
		t.Errorf("%d events", len(fn.events))
	}
}

func TestAChainedFunctionThatCanNotBeInvokedFailsClosed(t *testing.T) {
	modes(t, func(t *testing.T, stack string) {
		for name, c := range map[string]struct {
			statement func(object)
			fault     sandbox.Fault
			answer    any
		}{
			"no right":  {statement: func(s object) { s["Action"] = "lambda:InvokeFunction*x" }},
			"another":   {statement: func(s object) { s["Resource"] = "arn:aws:lambda:eu-west-1:123456789012:function:x" }},
			"throttled": {fault: sandbox.Fault{Service: sandbox.Lambda, Operation: "Invoke", Throttle: true}},
			"absent": {fault: sandbox.Fault{Service: sandbox.Lambda, Operation: "Invoke", Error: "ResourceNotFoundException",
				Status: 404}},
			"no answer":   {fault: sandbox.Fault{Service: sandbox.Lambda, Operation: "Invoke", LoseAnswer: true}},
			"null":        {answer: nil},
			"no response": {answer: object{"version": "1"}},
			"a list":      {answer: []any{}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				fn := &own{answer: func(object) (any, error) { return c.answer, nil }}
				sb := chained(t, stack, func(resources object) { chain(resources, stack, c.statement) }, fn)
				if c.fault.Service != "" {
					breakdown(t, sb, c.fault)
				}
				if stack == app.Passwordless {
					p := newPerson(t, sb, "closed@example.com")
					wantRefusal(t, signUp(p), "UserLambdaValidationException", "PreSignUp "+unavailable)
					if _, ok := sb.User(p.Email); ok {
						t.Error("the user was created")
					}
				} else {
					p := newUser(t, sb, "closed@example.com")
					_, err := p.Answer(p.Begin(), p.Code())
					wantRefusal(t, err, "UserLambdaValidationException", "PreTokenGeneration "+unavailable)
				}
				isReached := c.statement == nil && (c.fault.Service == "" || c.fault.LoseAnswer)
				if n := len(fn.events); n > 1 || (n == 1) != isReached {
					t.Errorf("%d invocations, want one if it is reached at all (%t)", n, isReached)
				}
			})
		}
	})
}

// The programs themselves, one invoking the other: the claim is in the token, the client reads the
// function's error, and only the function's own log has it.
func TestTheProgramsOfAChain(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("assets are Linux binaries, which run in place on Linux only")
	}
	asset := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-o",
		filepath.Join(asset, "bootstrap"), "./testdata/chained")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if words, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, words)
	}
	var log syncbuf.Buffer
	sb := app.Own(t, sandbox.Options{Stack: app.Password, FunctionLog: &log,
		Assembly: app.Changed(t, app.Password, func(resources object) {
			chain(resources, app.Password, nil)
			function := resources["Own"].(object)
			function["Metadata"] = object{"aws:asset:path": asset}
			properties := function["Properties"].(object)
			properties["Code"] = object{"S3Bucket": "assets", "S3Key": "own.zip"}
			properties["Architectures"] = []any{map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]}
		})})
	if claims := claimsOf(t, newUser(t, sb, "seats@example.com").SignIn().IdToken); claims["seats"] != "4" {
		t.Errorf("claims %v", claims)
	}
	late := newUser(t, sb, "late@example.com")
	_, err := late.Answer(late.Begin(), late.Code())
	wantRefusal(t, err, "UserLambdaValidationException",
		"PreTokenGeneration failed with error all seats are taken for "+late.Email+".")
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "all seats") && !strings.Contains(line, "Own") {
			t.Errorf("EmailOTP's log has the function's text: %s", line)
		}
	}
	if !strings.Contains(log.String(), `"reason":"chained-error"`) {
		t.Errorf("the log lacks the reason:\n%s", log.String())
	}
}
