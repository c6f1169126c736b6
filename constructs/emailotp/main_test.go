//go:build !race

package emailotp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp"
	"github.com/cognito-emailotp/cdk-emailotp/constructs/emailotp/emailotptest"
)

func TestMain(m *testing.M) {
	if app, ok := apps[os.Getenv(asApp)]; ok {
		emailotp.Main(app)
	}
	emailotptest.Main(m)
}

// flags are the recommended feature flags that the repository's app runs with.
func flags(t testing.TB) map[string]any {
	t.Helper()
	content, err := os.ReadFile("../../cdk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	delete(file.Context, "emailotp")
	return file.Context
}

// newStack returns a stack called Prod in an app of its own.
func newStack(t testing.TB) awscdk.Stack {
	t.Helper()
	return awscdk.NewStack(emailotptest.App(t, nil), jsii.String("Prod"), nil)
}

// valid returns the least that works.
func valid(m emailotp.Mode) *emailotp.EmailOTPProps {
	return &emailotp.EmailOTPProps{Mode: m, Sender: emailotp.SenderAddress("no-reply@example.com")}
}

func signIn(stack awscdk.Stack, props *emailotp.EmailOTPProps) emailotp.EmailOTP {
	return emailotp.NewEmailOTP(stack, jsii.String("SignIn"), props)
}

// refusal runs f and returns what it panics with; empty for nothing.
func refusal(f func()) (words string) {
	defer func() {
		if problem := recover(); problem != nil {
			words = fmt.Sprint(problem)
		}
	}()
	f()
	return ""
}

// synthesised returns the refusal of the app's synthesis.
func synthesised(stack awscdk.Stack) string {
	return refusal(func() { assertions.Template_FromStack(stack, nil) })
}

// resources returns the stack's resources of a type by logical id.
func resources(t testing.TB, stack awscdk.Stack, kind string) map[string]map[string]any {
	t.Helper()
	template := *assertions.Template_FromStack(stack, nil).ToJSON()
	found := map[string]map[string]any{}
	for id, r := range template["Resources"].(map[string]any) {
		if resource := r.(map[string]any); resource["Type"] == kind {
			found[id] = resource
		}
	}
	return found
}

// logical returns the logical id of the one resource whose id begins with prefix.
func logical(t testing.TB, found map[string]map[string]any, prefix string) string {
	t.Helper()
	match := ""
	for id := range found {
		if strings.HasPrefix(id, prefix) {
			if match != "" {
				t.Fatalf("both %s and %s begin with %s", match, id, prefix)
			}
			match = id
		}
	}
	if match == "" {
		t.Fatalf("no resource begins with %s", prefix)
	}
	return match
}

// compact writes a value as JSON.
func compact(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func contains(t testing.TB, words string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(words, want) {
			t.Errorf("missing %q in\n%s", want, words)
		}
	}
}
