//go:build !race

package examples_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	existingpool "github.com/cognito-emailotp/cdk-emailotp/examples/existing-pool/stack"
	smallest "github.com/cognito-emailotp/cdk-emailotp/examples/smallest/stack"
	"github.com/cognito-emailotp/cdk-emailotp/internal/cost"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// assembly synthesises an example and builds its functions, as cdk synth does.
func assembly(t *testing.T, example string, build func(awscdk.App)) string {
	t.Helper()
	dir, flags := t.TempDir(), context(t, example)
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(dir), Context: &flags})
	build(app)
	app.Synth(nil)
	return dir
}

func TestUsersSignInToTheSmallest(t *testing.T) {
	sb := testkit.Start(t, sandbox.Options{Assembly: assembly(t, "smallest", func(app awscdk.App) {
		smallest.New(app,
			"Smallest")
	})})
	p := testkit.NewUser(t, sb, "user@example.com")
	p.WantTokens(p.SignIn())
	checkCalls(t, sb, nil, settings.Passwordless)
	before := sb.Counts()
	p.WantTokens(p.SignIn())
	checkCalls(t, sb, before, settings.Passwordless)
}

func TestUsersSignInToTheExistingPoolAndItsOwnTriggerRuns(t *testing.T) {
	output := &syncbuf.Buffer{}
	sb := testkit.Start(t, sandbox.Options{FunctionLog: output, Assembly: assembly(t, "existing-pool",
		func(app awscdk.App) {
			existingpool.New(app, "ExistingPool", &existingpool.Props{
				JournalDir:   "existing-pool/journal",
				Architecture: existingpool.Architecture(map[string]string{"amd64": "x86_64"}[runtime.GOARCH]),
			})
		})})
	p := testkit.NewUser(t, sb, "user@example.com", func(u *sandbox.User) { u.Password = testkit.GoodPassword })
	p.WantTokens(p.SignIn())
	checkCalls(t, sb, nil, settings.Password)
	if n := sb.Counts()["lambda:"+string(sandbox.PostAuthentication)]; n != 1 {
		t.Errorf("the app's own trigger ran %d times, want 1", n)
	}
	before := sb.Counts()
	p.WantTokens(p.SignIn())
	checkCalls(t, sb, before, settings.Password)
	user, _ := sb.User(p.Email)
	lines := output.String()
	if !strings.Contains(lines, `"source":"PostAuthentication_Authentication","sub":"`+user.Sub+`"`) {
		t.Errorf("the journal has no line about the sign-in:\n%s", lines)
	}
	if !strings.Contains(lines, "INFO\tsign-in begins at client "+sb.Config().UserPoolClientID+"\n") {
		t.Errorf("the Node.js trigger has no line about the sign-in:\n%s", lines)
	}
}

// checkCalls compares the calls of one sign-in, those since the counts of before, with those that
// the cost estimate counts.
func checkCalls(t *testing.T, sb *sandbox.Sandbox, before map[string]int, mode settings.Mode) {
	t.Helper()
	n := sb.Counts()
	for name := range n {
		n[name] -= before[name]
	}
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
