package sandbox_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	ses "github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

const bouncing = "bounce+person@simulator.amazonses.com"

// startBinaries runs the trivial binaries for one user whose mail bounces.
func startBinaries(t *testing.T, change func(template map[string]any)) *sandbox.Sandbox {
	t.Helper()
	dir := binaryApp(t)
	editTemplate(t, dir, change)
	return testkit.Start(t, sandbox.Options{Assembly: dir, Stack: "EmailOtp-dev", FunctionLog: t.Output(),
		TriggerTimeout: time.Minute, Users: []sandbox.User{{Email: bouncing}}})
}

// mailed has a mail sent to an address and waits for what is said of it.
func mailed(t *testing.T, sb *sandbox.Sandbox, name string) {
	t.Helper()
	if _, err := initiate(t, sb, name); err != nil {
		t.Fatal(err)
	}
	if err := sb.WaitForMailEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestABounceReachesItsFunctionsBinaryWithItsOwnRights(t *testing.T) {
	sb := startBinaries(t, func(map[string]any) {})
	mailed(t, sb, bouncing)
	counts, err := sb.CountsOf(sandbox.MailEvents)
	if err != nil || counts["dynamodb:UpdateItem"] != 1 || len(counts) != 1 || sb.Counts()["lambda:MailEvents"] != 1 {
		t.Errorf("calls %v of %d invocations, %v", counts, sb.Counts()["lambda:MailEvents"], err)
	}
	if slices.Contains(sb.Triggers(), sandbox.MailEvents) {
		t.Error("the function is listed as a trigger of the pool")
	}
}

func TestAnEventsFunctionBeyondItsRoleIsRefusedAndCalledTwiceMore(t *testing.T) {
	sb := startBinaries(t, func(template map[string]any) {
		delete(template["Resources"].(map[string]any), "SignInMailEventsRoleDefaultPolicy")
	})
	mailed(t, sb, bouncing)
	if n := sb.Counts()["lambda:MailEvents"]; n != 3 {
		t.Errorf("%d invocations, want 3", n)
	}
}

func TestARuleThatMayNotInvokeDeliversNothingAndIsReported(t *testing.T) {
	sb := startBinaries(t, func(template map[string]any) {
		delete(template["Resources"].(map[string]any), "SignInMailEventsPermission")
	})
	mailed(t, sb, bouncing)
	if n := sb.Counts()["lambda:MailEvents"]; n != 0 {
		t.Errorf("%d invocations", n)
	}
	if report := strings.Join(sb.Report(), "\n"); !strings.Contains(report, "lets rule SignInMailEventsRule invoke it") {
		t.Errorf("report %s", report)
	}
	if _, err := sb.Environment(sandbox.MailEvents); err == nil ||
		!strings.Contains(err.Error(), "no rule that hands SES's events") {
		t.Errorf("environment: %v", err)
	}
}

func TestAnInProcessHandlerHearsOfMailThatComesBack(t *testing.T) {
	var mu sync.Mutex
	var heard []map[string]any
	sb := start(t, sandbox.Options{InProcess: func(ctx context.Context, sb *sandbox.Sandbox) (sandbox.Invoker, error) {
		return sandbox.Handlers{sandbox.MailEvents: sandbox.HandlerFunc(func(_ context.Context, event []byte) ([]byte,
			error) {
			var e map[string]any
			if err := json.Unmarshal(event, &e); err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			heard = append(heard, e)
			return []byte("null"), nil
		})}, nil
	}})
	environment, err := sb.Environment(sandbox.MailEvents)
	if err != nil || environment["EMAILOTP_USER_POOL_ID"] != sb.Config().UserPoolID {
		t.Errorf("environment %v, %v", environment, err)
	}
	client := sesv2.New(sesv2.Options{Region: "eu-west-1", BaseEndpoint: aws.String(sb.Config().SESEndpoint),
		RetryMaxAttempts: 1, Credentials: pool(sb).Options().Credentials})
	sb.SuppressAddress("listed@example.com")
	for _, to := range []string{bouncing, "complaint@simulator.amazonses.com", "listed@example.com",
		"success@simulator.amazonses.com", person} {
		in := mailTo(to, "1234 5678")
		in.EmailTags = []ses.MessageTag{{Name: aws.String("emailotp-item"), Value: aws.String("key")}}
		if _, err := client.SendEmail(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if err := sb.WaitForMailEvents(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Without the tag the rule asks for, nobody is told.
	if _, err := client.SendEmail(t.Context(), mailTo(bouncing, "1234 5678")); err != nil {
		t.Fatal(err)
	}
	if err := sb.WaitForMailEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	var types []string
	for _, e := range heard {
		types = append(types, e["detail-type"].(string))
		if e["source"] != "aws.ses" || e["region"] != "eu-west-1" || e["account"] != "123456789012" || e["version"] != "0" {
			t.Errorf("event %v", e)
		}
	}
	if want := []string{"Email Bounced", "Email Complaint Received", "Email Bounced"}; !slices.Equal(types, want) {
		t.Errorf("heard %v, want %v", types, want)
	}
}
