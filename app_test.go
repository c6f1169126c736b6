//go:build !race

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

// asApp makes the test binary run the app itself.
const asApp = "EMAILOTP_TEST_AS_APP"

func TestMain(m *testing.M) {
	if os.Getenv(asApp) != "" {
		main()
	}
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// execute runs the app as the CDK CLI does, with changes to the context of cdk.json and without
// building functions.
func execute(t *testing.T, change func(context, environments map[string]any)) (code int, out, words string) {
	t.Helper()
	content, err := os.ReadFile("cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	file.Context["aws:cdk:bundling-stacks"] = []string{}
	environments, _ := file.Context["emailotp"].(map[string]any)
	change(file.Context, environments)
	context, err := json.Marshal(file.Context)
	if err != nil {
		t.Fatal(err)
	}
	out = t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asApp+"=1", "CDK_CONTEXT_JSON="+string(context), "CDK_OUTDIR="+out,
		"CDK_VALIDATION=false")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run() // The exit code says it.
	return cmd.ProcessState.ExitCode(), out, stderr.String()
}

func TestTheAppWritesAStackAnEnvironment(t *testing.T) {
	code, out, words := execute(t, func(context, environments map[string]any) {})
	if code != 0 {
		t.Fatalf("exit %d: %s", code, words)
	}
	for stack, golden := range map[string]string{"EmailOtp-dev": "dev", "EmailOtp-staging": "", "EmailOtp-prod": "prod"} {
		template, err := os.ReadFile(filepath.Join(out, stack+".template.json"))
		if err != nil {
			t.Error(err)
		}
		if golden == "" {
			continue
		}
		// `emailotp dev` starts from the golden file in place of what the app writes.
		var content map[string]any
		if err := json.Unmarshal(template, &content); err != nil {
			t.Fatal(err)
		}
		got, err := emailotptest.Render(content)
		want, missing := os.ReadFile("stacks/testdata/" + golden + ".golden.json")
		if err != nil || missing != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from its golden file (%v, %v); run `make test-update`", stack, err, missing)
		}
	}
}

func TestOneStageAndAnotherMode(t *testing.T) {
	code, out, words := execute(t, func(context,
		environments map[string]any) {
		context["stage"], context["mode"] = "prod", "passwordless"
	})
	if code != 0 {
		t.Fatalf("exit %d: %s", code, words)
	}
	template, err := os.ReadFile(filepath.Join(out, "EmailOtp-prod.template.json"))
	if err != nil || !bytes.Contains(template, []byte(`"EmailOTP::Client": "passwordless"`)) {
		t.Errorf("no passwordless prod: %v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(out, "*.template.json")); len(found) != 1 {
		t.Errorf("stacks %v", found)
	}
}

func TestMistakesAreSentencesAndNoStackTrace(t *testing.T) {
	for name, c := range map[string]struct {
		change func(context, environments map[string]any)
		wants  []string
	}{
		"in the context": {func(context, environments map[string]any) {
			environments["prod"].(map[string]any)["codeLenght"] = 3
			environments["dev"].(map[string]any)["codeLength"] = 3
		}, []string{`emailotp: error: cdk.json: context "emailotp": environment "dev": codeLength must be a whole number from 6 to 10 (received: 3)`,
			`emailotp: error: cdk.json: context "emailotp": environment "prod": unknown key "codeLenght" (did you mean "codeLength"?)`}},
		"in props, in two environments": {func(context, environments map[string]any) {
			environments["prod"].(map[string]any)["sender"] = "codes@"
			environments["dev"].(map[string]any)["replyTo"] = "me"
		}, []string{`emailotp: error: EmailOTP "EmailOtp-dev/SignIn": ReplyTo has no @`,
			`emailotp: error: EmailOTP "EmailOtp-prod/SignIn": Sender must be one e-mail address`}},
		"in the mode": {func(context, environments map[string]any) { context["mode"] = "both" },
			[]string{"emailotp: error: -c mode=both: must be one of password, passwordless"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, words := execute(t, c.change)
			if code != 1 {
				t.Errorf("exit %d", code)
			}
			for _, want := range c.wants {
				if !strings.Contains(words, want) {
					t.Errorf("missing %q in\n%s", want, words)
				}
			}
			for _, trace := range []string{"goroutine", "panic", ".go:", "at Object."} {
				if strings.Contains(words, trace) {
					t.Errorf("%q in\n%s", trace, words)
				}
			}
		})
	}
}
