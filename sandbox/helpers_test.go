package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestMain(m *testing.M) { testkit.Main(m, runtime.GOMAXPROCS(0)) }

// app is an assembly with two EmailOTPs: stack EmailOtp-dev, passwordless, for x86_64, and stack
// EmailOtp-prod, with a password, for arm64.
const app = "../internal/sandbox/assembly/testdata/app"

// copyApp gives a copy of the assembly that the test may change.
func copyApp(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(app)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start runs the passwordless EmailOTP with the trivial handlers unless the options say otherwise.
func start(t testing.TB, opts sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if opts.Assembly == "" {
		opts.Assembly = app
	}
	if opts.Mode == "" {
		opts.Mode = "passwordless"
	}
	if opts.Invoker == nil && opts.InProcess == nil {
		opts.InProcess = trivialHandlers
	}
	return testkit.Start(t, opts)
}

// pool is a client of the user-pool API.
func pool(sb *sandbox.Sandbox) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region: sb.Config().Region, BaseEndpoint: aws.String(sb.Config().Endpoint), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("developer", "secret", ""),
	})
}

// trivialHandlers are a sign-in by mailed code with nothing of its care: the code is fixed, and
// only the wiring is under test.
func trivialHandlers(ctx context.Context, sb *sandbox.Sandbox) (sandbox.Invoker, error) {
	variables, err := sb.Environment(sandbox.CreateAuthChallenge)
	if err != nil {
		return nil, err
	}
	ses := sesv2.New(sesv2.Options{
		Region: variables["AWS_REGION"], BaseEndpoint: aws.String(variables["AWS_ENDPOINT_URL_SESV2"]), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(variables["AWS_ACCESS_KEY_ID"],
			variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"]),
	})
	var mu sync.Mutex
	n := 0
	return sandbox.Handlers{
		sandbox.DefineAuthChallenge: respond(func(request map[string]any) (map[string]any, error) {
			rows, _ := request["session"].([]any)
			if len(rows) > 0 {
				last := rows[len(rows)-1].(map[string]any)
				return map[string]any{"issueTokens": last["challengeResult"],
					"failAuthentication": last["challengeResult"] != true, "challengeName": nil}, nil
			}
			return map[string]any{"challengeName": "CUSTOM_CHALLENGE", "issueTokens": false, "failAuthentication": false}, nil
		}),
		sandbox.CreateAuthChallenge: respond(func(request map[string]any) (map[string]any, error) {
			mu.Lock()
			n++
			code := fmt.Sprintf("%04d 0000", n)
			mu.Unlock()
			to, _ := request["userAttributes"].(map[string]any)["email"].(string)
			if to == "" {
				to = "success@simulator.amazonses.com"
			}
			_, err := ses.SendEmail(ctx, mailTo(to, "Your code:\n\n"+code+"\n"))
			return map[string]any{
				"publicChallengeParameters":  map[string]any{"codeLength": "8"},
				"privateChallengeParameters": map[string]any{"code": code}, "challengeMetadata": "M",
			}, err
		}),
		sandbox.VerifyAuthChallengeResponse: respond(func(request map[string]any) (map[string]any, error) {
			private, _ := request["privateChallengeParameters"].(map[string]any)
			return map[string]any{"answerCorrect": private["code"] == request["challengeAnswer"]}, nil
		}),
		sandbox.PreSignUp: respond(func(map[string]any) (map[string]any, error) {
			return map[string]any{"autoConfirmUser": true, "autoVerifyEmail": false, "autoVerifyPhone": false}, nil
		}),
	}, nil
}

func mailTo(to, text string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("codes@example.com"),
		Destination:      &types.Destination{ToAddresses: []string{to}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("Sign in")},
			Body:    &types.Body{Text: &types.Content{Data: aws.String(text)}},
		}},
	}
}

// respond makes a handler of what computes the response from the request.
func respond(f func(request map[string]any) (map[string]any, error)) sandbox.HandlerFunc {
	return func(_ context.Context, event []byte) ([]byte, error) {
		var e map[string]any
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, err
		}
		response, err := f(e["request"].(map[string]any))
		if err != nil {
			return nil, err
		}
		e["response"] = response
		return json.Marshal(e)
	}
}

// compiling guards the program of [trivial].
var compiling sync.Mutex

// trivial compiles testdata/trivial as a Lambda function's binary, once for the package, and
// returns its path.
func trivial(t testing.TB) string {
	t.Helper()
	compiling.Lock()
	defer compiling.Unlock()
	program := filepath.Join(testkit.Scratch(t), "bootstrap")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o",
		program, "./testdata/trivial")
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	if words, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the trivial function: %v\n%s", err, words)
	}
	return program
}
