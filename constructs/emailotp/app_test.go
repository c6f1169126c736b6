//go:build !race

package emailotp_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
)

// asApp is the variable by which this test binary runs an app by [emailotp.Main].
const asApp = "EMAILOTP_TEST_APP"

// apps are the apps that it can run.
var apps = map[string]func(awscdk.App) error{
	"sound": func(app awscdk.App) error {
		awscdk.NewStack(app, text("Prod"), nil)
		return nil
	},
	"its own error": func(awscdk.App) error { return errors.New("the account is missing\nthe Region is missing") },
	"refused props": func(app awscdk.App) error {
		signIn(awscdk.NewStack(app, text("Prod"), nil), &props{Mode: emailotp.ModePassword})
		return nil
	},
	"a failed validation": func(app awscdk.App) error {
		stack := awscdk.NewStack(app, text("Prod"), nil)
		for _, id := range []string{"A", "B"} {
			emailotp.NewEmailOTP(stack, &id, valid(emailotp.ModePasswordless))
		}
		return nil
	},
	"a defect": func(awscdk.App) error { panic("index out of range") },
}

func TestMainPrintsSentencesWhereItPanickedBefore(t *testing.T) {
	for _, c := range []struct {
		app   string
		code  int
		wants []string
		trace bool
	}{
		{"sound", 0, nil, false},
		{"its own error", 1, []string{"emailotp: error: the account is missing\nemailotp: error: the Region is missing\n"},
			false},
		{"refused props", 1, []string{`emailotp: error: EmailOTP "Prod/SignIn": Sender is missing`}, false},
		{"a failed validation", 1, []string{"emailotp: error: ",
			"Prod/B/EmailIdentity creates the SES identity no-reply@example.com too"}, false},
		{"a defect", 2, []string{"panic: index out of range"}, true},
	} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asApp+"="+c.app, "CDK_OUTDIR="+t.TempDir(),
			`CDK_CONTEXT_JSON={"aws:cdk:bundling-stacks":[]}`)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != c.code {
			t.Errorf("%s: exit code %d, want %d", c.app, code, c.code)
		}
		contains(t, string(out), c.wants...)
		if trace := strings.Contains(string(out), "goroutine "); trace != c.trace {
			t.Errorf("%s: a stack trace: %t, want %t\n%s", c.app, trace, c.trace, out)
		}
	}
}
