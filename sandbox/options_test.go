package sandbox_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

func TestAllThatIsWrongWithTheOptionsIsSaidAtOnce(t *testing.T) {
	_, err := sandbox.Start(t.Context(), sandbox.Options{
		Mode: "code", Port: 70000, InboxPort: -1, TriggerAttempts: 11, TriggerTimeout: -time.Second, SessionOverhead: -1,
		InboxSize: -1,
		Invoker:   sandbox.Handlers{}, InProcess: func(context.Context, *sandbox.Sandbox) (sandbox.Invoker,
			error) {
			return nil, nil
		},
		AllowedOrigins: []string{"https://app.example.com/path"},
		Functions:      map[string]sandbox.Handler{"Journal": nil}, Stub: []string{"Journal"}, Require: []string{"Journal"},
		Modules:    []string{"no-such-directory"},
		LogoutURLs: []string{"http://app.example.com/"}, TLSPort: -2,
		SESSandbox: &sandbox.SESSandbox{VerifiedRecipients: []string{"a@example.com", "example.com", "nobody"}},
		Users: []sandbox.User{{Email: "nobody"}, {Email: "a@example.com", Temporary: true},
			{Email: "A@example.com"}},
		Faults: []sandbox.Fault{{Service: "s3", Throttle: true}, {Service: sandbox.SES},
			{Service: sandbox.KMS, Error: "X", LoseAnswer: true, Status: 200}},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{
		"LogoutURLs belong to the client that CallbackURLs make", "TLSPort must be",
		`CallbackURLs, LogoutURLs: a redirect URI may have http on localhost, 127.0.0.1 and [::1] alone; use https (received: "http://app.example.com/")`,
		"Assembly must be", `(received: "code")`, "(received: 70000)", "(received: -1)", "Invoker and InProcess exclude",
		"TriggerTimeout must be", "TriggerAttempts must be", "SessionOverhead", "InboxSize",
		"AllowedOrigins must be", `SESSandbox: VerifiedRecipients must be addresses such as you@example.com or domains such as example.com (received: "nobody")`, `Users[0]: Email must be one address such as user@example.com (received: "nobody")`, "Users[1]: Temporary needs a Password", "Users[2]: the address is there twice",
		`Faults[0]: Service must be`, "Faults[1]: one of", "Faults[2]: Error, Throttle and LoseAnswer exclude",
		"Status must be", "Functions, Stub and Require are for the assembly's functions", `Functions["Journal"] must be`,
		`Functions and Stub exclude each other for a function (both name "Journal")`,
		`Require and Stub exclude each other for a function (both name "Journal")`,
		`Modules must be directories, such as node_modules (received: "no-such-directory")`,
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q:\n%v", part, err)
		}
	}
}

func TestTLSWithoutAPageIsRefused(t *testing.T) {
	_, err := sandbox.Start(t.Context(), sandbox.Options{Assembly: app, Mode: "passwordless", TLS: true,
		InProcess: trivialHandlers})
	if err == nil || !strings.Contains(err.Error(), "--callback") {
		t.Errorf("got %v", err)
	}
}

func TestAPortInUseIsASentence(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	_, err = sandbox.Start(t.Context(), sandbox.Options{Assembly: app, Mode: "passwordless", Port: port,
		InProcess: trivialHandlers})
	if err == nil || !strings.Contains(err.Error(), "is in use by another process") ||
		!strings.Contains(err.Error(), "--port") {
		t.Errorf("got %v", err)
	}
}

func TestABypassStopsTheStartUnlessItIsAllowed(t *testing.T) {
	testkit.Need(t, "node", "npm")
	dir := copyApp(t)
	editTemplate(t, dir, func(template map[string]any) {
		client := template["Resources"].(map[string]any)["SignInClient"].(map[string]any)["Properties"].(map[string]any)
		client["ExplicitAuthFlows"] = []string{"ALLOW_USER_SRP_AUTH"}
		client["WriteAttributes"] = []string{"email"}
	})
	opts := sandbox.Options{Assembly: dir, Mode: "passwordless", InProcess: trivialHandlers}
	_, err := sandbox.Start(t.Context(), opts)
	if err == nil || !strings.Contains(err.Error(), `"USER_SRP_AUTH:SignInClient"`) ||
		!strings.Contains(err.Error(), `"WRITE_EMAIL:SignInClient"`) ||
		!strings.Contains(err.Error(), "EmailOTP::AcknowledgedBypasses") {
		t.Errorf("got %v", err)
	}
	opts.AllowBypasses = true
	sb := start(t, opts)
	if report := strings.Join(sb.Report(), "\n"); !strings.Contains(report, "open bypass USER_SRP_AUTH:SignInClient") {
		t.Errorf("report %s", report)
	}
}

func TestAFailedStartLeavesNothingBehind(t *testing.T) {
	testkit.Need(t, "node", "npm")
	before := children(t)
	port := freePort(t)
	opts := sandbox.Options{Assembly: app, Mode: "passwordless", Port: port, InProcess: trivialHandlers,
		Faults: []sandbox.Fault{{Service: sandbox.SES, Throttle: true, Trigger: "Nobody"}}}
	if _, err := sandbox.Start(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "Nobody") {
		t.Fatalf("got %v", err)
	}
	if n := children(t) - before; n != 0 {
		t.Errorf("%d processes are left", n)
	}
	opts.Faults = nil
	start(t, opts) // the port is free again
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestAStartCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if sb, err := sandbox.Start(ctx, sandbox.Options{Assembly: app, Mode: "passwordless",
		InProcess: trivialHandlers}); err == nil {
		sb.Close()
		t.Error("it started")
	}
}

func TestBinariesThatAreNoneAreRefusedWithTheirNames(t *testing.T) {
	testkit.Need(t, "node", "npm")
	_, err := sandbox.Start(t.Context(), sandbox.Options{Assembly: app, Mode: "passwordless"})
	if err == nil || strings.Count(err.Error(), "is not a Linux binary") != 1 ||
		strings.Count(strings.Split(err.Error(), ": its asset's")[0], "SignIn") != 5 {
		t.Errorf("got %v", err)
	}
}
