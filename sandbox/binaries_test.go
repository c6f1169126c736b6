package sandbox_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// binaryApp is the app with the trivial function as every asset.
func binaryApp(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("assets are Linux binaries, which run in place on Linux only")
	}
	dir := copyApp(t)
	program := trivial(t)
	assets, err := filepath.Glob(filepath.Join(dir, "asset.*", "bootstrap"))
	if err != nil || len(assets) == 0 {
		t.Fatalf("assets: %v, %v", assets, err)
	}
	for _, asset := range assets {
		if err := os.Remove(asset); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(program, asset); err != nil {
			t.Fatal(err)
		}
	}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	editTemplate(t, dir, func(template map[string]any) {
		for _, r := range template["Resources"].(map[string]any) {
			if p, _ := r.(map[string]any)["Properties"].(map[string]any); p["Architectures"] != nil {
				p["Architectures"] = []string{architecture}
				p["Timeout"] = 30 // a busy machine may need more than 4 s to start a process
			}
		}
	})
	return dir
}

func editTemplate(t testing.TB, dir string, change func(template map[string]any)) {
	t.Helper()
	path := filepath.Join(dir, "EmailOtp-dev.template.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]any
	if err := json.Unmarshal(data, &template); err != nil {
		t.Fatal(err)
	}
	change(template)
	if data, err = json.Marshal(template); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheAssemblysBinariesSignAUserUpAndIn(t *testing.T) {
	testkit.Need(t, "node", "npm")
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Assembly: binaryApp(t), Stack: "EmailOtp-dev",
		TriggerTimeout: time.Minute,
		FunctionLog:    t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	client, id := pool(sb), sb.Config().UserPoolClientID
	name, password := "grace@example.com", "a password that nobody needs"
	if _, err := client.SignUp(t.Context(),
		&cognitoidentityprovider.SignUpInput{ClientId: &id, Username: &name, Password: &password}); err != nil {
		t.Fatal(err)
	}
	if u, _ := sb.User(name); u.Status != "CONFIRMED" || u.Attributes["email_verified"] == "true" {
		t.Errorf("after sign-up: %+v", u)
	}
	since := time.Now()
	first, err := initiate(t, sb, name)
	if err != nil {
		t.Fatal(err)
	}
	mail, err := sb.WaitForMessage(t.Context(), name, since)
	if err != nil {
		t.Fatal(err)
	}
	if mail.From != "codes@example.com" || !strings.HasPrefix(mail.Headers["X-SES-CONFIGURATION-SET"], "EmailOtp-dev-") {
		t.Errorf("mail %+v", mail)
	}
	answer := func(code string) (*cognitoidentityprovider.RespondToAuthChallengeOutput, error) {
		return client.RespondToAuthChallenge(t.Context(), &cognitoidentityprovider.RespondToAuthChallengeInput{
			ChallengeName: types.ChallengeNameTypeCustomChallenge, ClientId: &id, Session: first.Session,
			ChallengeResponses: map[string]string{"USERNAME": name, "ANSWER": code},
		})
	}
	second, err := answer(mail.Text)
	if err != nil || second.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", second, err)
	}
	if u, _ := sb.User(name); u.Attributes["email_verified"] != "true" {
		t.Errorf("the proven address is not verified: %+v", u)
	}
	counts := sb.Counts()
	for operation, want := range map[string]int{
		"lambda:PreSignUp": 1, "lambda:DefineAuthChallenge": 2, "lambda:CreateAuthChallenge": 1,
		"lambda:VerifyAuthChallengeResponse": 1,
		"dynamodb:UpdateItem":                1, "kms:GenerateMac": 1, "kms:VerifyMac": 1, "ses:SendEmail": 1,
		"cognito-idp:AdminUpdateUserAttributes": 1,
	} {
		if counts[operation] != want {
			t.Errorf("%s was called %d times, want %d", operation, counts[operation], want)
		}
	}
	if of, err := sb.CountsOf(sandbox.VerifyAuthChallengeResponse); err != nil || of["kms:VerifyMac"] != 1 ||
		of["ses:SendEmail"] != 0 {
		t.Errorf("calls of verify: %v, %v", of, err)
	}
}

func TestAFunctionBeyondItsRoleFailsAsOnAWS(t *testing.T) {
	testkit.Need(t, "node", "npm")
	dir := binaryApp(t)
	editTemplate(t, dir, func(template map[string]any) {
		delete(template["Resources"].(map[string]any), "SignInCreateAuthChallengeRoleDefaultPolicy")
	})
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Assembly: dir, Stack: "EmailOtp-dev",
		TriggerTimeout: time.Minute,
		Users:          []sandbox.User{{Email: person}}})
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	_, err = initiate(t, sb, person)
	if err == nil || !strings.Contains(err.Error(), "CreateAuthChallenge failed with error") ||
		!strings.Contains(err.Error(), "is not authorized to perform: ses:SendEmail") &&
			!strings.Contains(err.Error(), "is not authorized to perform: dynamodb:") {
		t.Errorf("got %v", err)
	}
	if n := len(sb.Messages(sandbox.MessageFilter{})); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

func TestClosingLeavesNoProcess(t *testing.T) {
	testkit.Need(t, "node", "npm")
	before := children(t)
	sb, err := sandbox.Start(t.Context(), sandbox.Options{Assembly: binaryApp(t), Stack: "EmailOtp-dev",
		TriggerTimeout: time.Minute,
		Users:          []sandbox.User{{Email: person}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := initiate(t, sb, person); err != nil {
		t.Error(err)
	}
	if n := children(t) - before; n < 3 { // the engine, define and create
		t.Errorf("only %d processes were running", n)
	}
	for range 2 {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := children(t) - before; n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

// children counts the processes that this one started and that still run.
func children(t *testing.T) int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(data), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[0] != "Z" && fields[1] == strconv.Itoa(os.Getpid()) {
			n++
		}
	}
	return n
}
