//go:build !race

package examples_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexrudd/cognito-srp/v4"
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/jsii-runtime-go"

	existingpool "github.com/cognito-emailotp/cdk-emailotp/examples/existing-pool/stack"
	smallest "github.com/cognito-emailotp/cdk-emailotp/examples/smallest/stack"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

const (
	person   = "user@example.com"
	password = "correct-Horse-7-battery"
)

// assembly synthesises with the functions built, as cdk synth does.
func assembly(t *testing.T, example string, build func(awscdk.App)) string {
	t.Helper()
	dir, flags := t.TempDir(), context(t, example)
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(dir), Context: &flags})
	build(app)
	app.Synth(nil)
	return dir
}

// log is what the functions print.
type log struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// run starts the sandbox on an assembly with a person in the pool, who is known to the pool alone.
func run(t *testing.T, dir string, user sandbox.User) (*sandbox.Sandbox, *cognitoidentityprovider.Client, *log) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing, without which the sandbox has no tables", tool)
			}
			t.Skipf("%s is missing, without which the sandbox has no tables; install Node 22 or 24", tool)
		}
	}
	output := &log{}
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Assembly: dir, Users: []sandbox.User{user}, FunctionLog: output})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb, cognitoidentityprovider.New(cognitoidentityprovider.Options{
		Region: sb.Config().Region, BaseEndpoint: aws.String(sb.Config().Endpoint), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("developer", "secret", ""),
	}), output
}

var codes = regexp.MustCompile(`\b\d{4} ?\d{4}\b`)

// mailed returns the code of the newest mail.
func mailed(t *testing.T, sb *sandbox.Sandbox, since time.Time) string {
	t.Helper()
	mail, err := sb.WaitForMessage(t.Context(), person, since)
	if err != nil {
		t.Fatal(err)
	}
	code := strings.ReplaceAll(codes.FindString(mail.Text), " ", "")
	if len(code) != 8 {
		t.Fatalf("no code of 8 digits in the mail:\n%s", mail.Text)
	}
	return code
}

func TestPeopleSignInToTheSmallest(t *testing.T) {
	dir := assembly(t, "smallest", func(app awscdk.App) { smallest.New(app, "Smallest") })
	sb, client, _ := run(t, dir, sandbox.User{Email: person})
	since, id := time.Now(), sb.Config().UserPoolClientID
	first, err := client.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: &id, AuthParameters: map[string]string{"USERNAME": person},
	})
	if err != nil {
		t.Fatal(err)
	}
	if first.AuthenticationResult != nil {
		t.Fatal("tokens before the code")
	}
	done := answer(t, client, id, first.ChallengeName, first.Session, person, mailed(t, sb, since))
	if done.AuthenticationResult == nil || aws.ToString(done.AuthenticationResult.IdToken) == "" {
		t.Fatal("no tokens for the right code")
	}
	checkCalls(t, sb, settings.Passwordless)
}

func TestPeopleSignInToTheExistingPoolAndItsOwnTriggerRuns(t *testing.T) {
	dir := assembly(t, "existing-pool", func(app awscdk.App) {
		existingpool.New(app, "ExistingPool", &existingpool.Props{
			JournalDir:   "existing-pool/journal",
			Architecture: existingpool.Architecture(map[string]string{"amd64": "x86_64"}[runtime.GOARCH]),
		})
	})
	sb, client, output := run(t, dir, sandbox.User{Email: person, Password: password})
	user, _ := sb.User(person)
	since, id := time.Now(), sb.Config().UserPoolClientID
	verifier := provePassword(t, client, sb.Config())
	if verifier.ChallengeName != types.ChallengeNameTypeCustomChallenge {
		t.Fatalf("after the password comes %q, want the code", verifier.ChallengeName)
	}
	done := answer(t, client, id, verifier.ChallengeName, verifier.Session, person, mailed(t, sb, since))
	if done.AuthenticationResult == nil {
		t.Fatal("no tokens for the right password and code")
	}
	checkCalls(t, sb, settings.Password)
	if n := sb.Counts()["lambda:"+string(sandbox.PostAuthentication)]; n != 1 {
		t.Errorf("the app's own trigger ran %d times, want 1", n)
	}
	if lines := output.String(); !strings.Contains(lines, `"source":"PostAuthentication_Authentication","sub":"`+user.Sub+`"`) {
		t.Errorf("the journal has no line about the sign-in:\n%s", lines)
	}
}

// provePassword goes through SRP and returns what the pool asks for next.
func provePassword(t *testing.T, client *cognitoidentityprovider.Client, c sandbox.Config) *cognitoidentityprovider.RespondToAuthChallengeOutput {
	t.Helper()
	srp, err := cognitosrp.NewCognitoSRP(person, password, c.UserPoolID, c.UserPoolClientID, nil)
	if err != nil {
		t.Fatal(err)
	}
	parameters := srp.GetAuthParams()
	parameters["CHALLENGE_NAME"] = "SRP_A"
	first, err := client.InitiateAuth(t.Context(), &cognitoidentityprovider.InitiateAuthInput{
		AuthFlow: types.AuthFlowTypeCustomAuth, ClientId: &c.UserPoolClientID, AuthParameters: parameters,
	})
	if err != nil {
		t.Fatal(err)
	}
	proof, err := srp.PasswordVerifierChallenge(first.ChallengeParameters, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	next, err := client.RespondToAuthChallenge(t.Context(), &cognitoidentityprovider.RespondToAuthChallengeInput{
		ChallengeName: first.ChallengeName, ClientId: &c.UserPoolClientID, Session: first.Session, ChallengeResponses: proof,
	})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// checkCalls compares what one sign-in called with what the cost estimate counts.
func checkCalls(t *testing.T, sb *sandbox.Sandbox, mode settings.Mode) {
	t.Helper()
	n := sb.Counts()
	got := cost.Calls{
		Define: n["lambda:DefineAuthChallenge"], Create: n["lambda:CreateAuthChallenge"],
		Verify: n["lambda:VerifyAuthChallengeResponse"], PreTokenGeneration: n["lambda:PreTokenGeneration"],
		MACs:  n["kms:GenerateMac"] + n["kms:VerifyMac"],
		Reads: n["dynamodb:GetItem"], Writes: n["dynamodb:UpdateItem"], Mails: n["ses:SendEmail"],
	}
	if want := cost.PerSignIn(mode); got != want {
		t.Errorf("a sign-in calls %+v, the estimate counts %+v; all calls: %v", got, want, n)
	}
}

func answer(t *testing.T, client *cognitoidentityprovider.Client, id string, name types.ChallengeNameType, session *string, username, code string) *cognitoidentityprovider.RespondToAuthChallengeOutput {
	t.Helper()
	done, err := client.RespondToAuthChallenge(t.Context(), &cognitoidentityprovider.RespondToAuthChallengeInput{
		ChallengeName: name, ClientId: &id, Session: session,
		ChallengeResponses: map[string]string{"USERNAME": username, "ANSWER": code},
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}
