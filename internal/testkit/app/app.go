// Package app synthesises the repository's own app for tests, by the CDK CLI that the app pins. A
// test that imports it needs Node and the CLI, and with -short it is skipped.
//
// EMAILOTP_ASSEMBLY names a directory with an assembly that [Synthesise] made before: `make test`
// makes one for all packages. Without it each package makes its own.
package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// Variable is the environment variable that names an assembly.
const Variable = "EMAILOTP_ASSEMBLY"

// The stacks of the assembly, one for each mode.
const (
	Passwordless = "EmailOtp-passwordless"
	Password     = "EmailOtp-password"
	// People is a password pool with every option for its people: they may change their address,
	// too.
	People = "EmailOtp-people"
	// Redirect is passwordless with a hosted sign-in page and two clients that redirect to it: Web,
	// and Server with a secret. Its users may change their address.
	Redirect = "EmailOtp-redirect"
)

// The addresses to which the clients of [Redirect] return. Nothing need listen there.
const (
	CallbackURL = "http://localhost:5173/callback"
	LogoutURL   = "http://localhost:5173/"
	// AuthJSCallbackURL is that of Auth.js's Cognito provider in an app below /auth.
	AuthJSCallbackURL = "http://localhost:3000/auth/callback/cognito"
)

// Stacks are the stacks in the order of the tests.
var Stacks = []string{Passwordless, Password}

// Repo returns the root of the checkout.
var Repo = sync.OnceValues(func() (string, error) { return build.Locate(context.Background()) })

// Synthesise writes the assembly with all stacks into the directory out. It uses the directory app
// for the CLI's project; both must not exist yet.
//
// The functions get 30 s for a call in place of their 4 s. A machine with many processes may need
// more than 4 s to start one, and no test with this assembly is about that limit, which the golden
// templates show.
func Synthesise(ctx context.Context, app, out string) error {
	if err := Write(app, map[string]map[string]any{"passwordless": {"mode": "passwordless"},
		"password": {"mode": "password"},
		"people": {"mode": "password", "rememberDevices": 30, "passwordRecovery": "email",
			"supportAddress": "help@example.com", "customMessages": true, "signInPage": true, "changeAddress": true},
		"redirect": {"mode": "passwordless", "signInPage": true, "changeAddress": true, "clients": map[string]any{
			"Web":    map[string]any{"callbackUrls": []string{CallbackURL}, "logoutUrls": []string{LogoutURL}},
			"Server": map[string]any{"callbackUrls": []string{CallbackURL, AuthJSCallbackURL}, "generateSecret": true}}},
	}); err != nil {
		return err
	}
	if err := synth.Run(ctx, synth.Options{App: app, Output: out}); err != nil {
		return err
	}
	templates, err := filepath.Glob(filepath.Join(out, "*.template.json"))
	for _, path := range templates {
		text, readErr := os.ReadFile(path)
		err = errors.Join(err, readErr, os.WriteFile(path, shortTimeout.ReplaceAll(text, []byte("${1}30")), 0o644))
	}
	return err
}

// shortTimeout is the timeout of a trigger in a template.
var shortTimeout = regexp.MustCompile(`("Timeout": )4\b`)

// assembly is synthesised once for each package.
var assembly struct {
	once sync.Once
	dir  string
	err  error
}

// Assembly returns the directory of the assembly. Tests must not change it; see [Changed].
func Assembly(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the CDK CLI; leave out -short")
	}
	testkit.Need(t, "node", "npm")
	a := &assembly
	if a.dir = os.Getenv(Variable); a.dir != "" {
		return a.dir
	}
	repo, err := Repo()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(repo, "node_modules", ".bin", "cdk")); err != nil {
		testkit.Lacking(t, "the CDK CLI is not installed; run `npm ci`")
	}
	scratch := testkit.Scratch(t)
	a.once.Do(func() {
		a.err = errors.New("another test could not synthesise the app")
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		a.err = Synthesise(ctx, filepath.Join(scratch, "app"), filepath.Join(scratch, "cdk.out"))
	})
	if a.err != nil {
		t.Fatal(a.err)
	}
	return filepath.Join(scratch, "cdk.out")
}

// Write makes a project directory in which the CLI runs the repository's app, with environments of
// these names and keys in place of those in the repository's cdk.json.
func Write(dir string, named map[string]map[string]any) error {
	repo, err := Repo()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(repo, "cdk.json"))
	if err != nil {
		return err
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	file["app"] = fmt.Sprintf("cd %q && go run .", repo)
	environments := map[string]any{}
	for name, keys := range named {
		environment := map[string]any{"region": "eu-west-1", "sender": "codes@example.com", "productName": "Example",
			"removalPolicy": "destroy"}
		maps.Copy(environment, keys)
		environments[name] = environment
	}
	file["context"].(map[string]any)["emailotp"] = environments
	if text, err = json.Marshal(file); err != nil {
		return err
	}
	pins, err := os.ReadFile(filepath.Join(repo, "package.json"))
	return errors.Join(err,
		os.WriteFile(filepath.Join(dir, "cdk.json"), text, 0o644),
		os.WriteFile(filepath.Join(dir, "package.json"), pins, 0o644),
		os.Symlink(filepath.Join(repo, "node_modules"), filepath.Join(dir, "node_modules")))
}

// Changed returns a copy of the assembly in which change has edited the resources of a stack, by
// logical id.
func Changed(t testing.TB, stack string, change func(resources map[string]any)) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(Assembly(t))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, stack+".template.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]any
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	change(template["Resources"].(map[string]any))
	if text, err = json.Marshal(template); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// WithEnvironment returns a copy of the assembly in which the functions of a stack have other
// values of environment variables, as other props would give them. A function gets no variable that
// it lacks.
func WithEnvironment(t testing.TB, stack string, values map[string]string) string {
	t.Helper()
	return Changed(t, stack, func(resources map[string]any) {
		for _, r := range resources {
			resource := r.(map[string]any)
			if resource["Type"] != "AWS::Lambda::Function" {
				continue
			}
			variables := resource["Properties"].(map[string]any)["Environment"].(map[string]any)["Variables"].(map[string]any)
			for name, value := range values {
				if _, has := variables[name]; has {
					variables[name] = value
				}
			}
		}
	})
}

// sandboxes are the shared sandboxes, by stack.
var sandboxes sync.Map

// On returns the sandbox of a stack that the tests of a package share. They have users of their own
// and neither inject faults nor count calls. [testkit.Main] closes it.
func On(t testing.TB, stack string) *sandbox.Sandbox {
	t.Helper()
	dir := Assembly(t)
	v, _ := sandboxes.LoadOrStore(stack, sync.OnceValues(func() (*sandbox.Sandbox, error) {
		sb, err := sandbox.Start(context.Background(), sandbox.Options{Assembly: dir, Stack: stack,
			TriggerTimeout: TriggerTimeout})
		if err == nil {
			testkit.AtExit(sb.Close)
		}
		return sb, err
	}))
	sb, err := v.(func() (*sandbox.Sandbox, error))()
	if err != nil {
		t.Fatal(err)
	}
	return sb
}

// TriggerTimeout is how long the pool waits for a function in tests that are not about waiting. A
// busy machine may need more than Cognito's 5 s to start a process.
const TriggerTimeout = 30 * time.Second

// Own starts a sandbox for one test.
func Own(t testing.TB, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if o.Assembly == "" {
		o.Assembly = Assembly(t)
	}
	if o.TriggerTimeout == 0 {
		o.TriggerTimeout = TriggerTimeout
	}
	return testkit.Start(t, o)
}

// Command builds the command line and returns the program's path.
func Command(t testing.TB) string {
	t.Helper()
	repo, err := Repo()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(testkit.Scratch(t), "bin", "emailotp")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s", "-o", program, "./cmd/emailotp")
	cmd.Dir = repo
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}
