package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/build"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// The stacks of the assembly. The short-lived ones have codes that live for a
// minute, so that a test can wait for their end.
const (
	passwordless      = "EmailOtp-passwordless"
	password          = "EmailOtp-password"
	shortPasswordless = "EmailOtp-short-passwordless"
	shortPassword     = "EmailOtp-short-password"
)

// environments take the place of the repository's own in cdk.json.
var environments = map[string]map[string]any{
	"passwordless":       {"mode": "passwordless"},
	"password":           {"mode": "password"},
	"short-passwordless": {"mode": "passwordless", "codeTtlSeconds": 60},
	"short-password":     {"mode": "password", "codeTtlSeconds": 60},
}

// world is what all tests share; each part is made when the first test wants it.
var world struct {
	dir  string // for everything that is written
	repo string

	synthesis sync.Once
	synthErr  error
	binary    sync.Once
	binaryErr error
	sandboxes sync.Map // stack to *shared
}

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		// By default as many tests run at once as there are processors, but some of these only wait.
		if err := flag.Set("test.parallel", "8"); err != nil {
			panic(err)
		}
	}
	code, err := func() (code int, err error) {
		if world.dir, err = os.MkdirTemp("", "emailotp-e2e-*"); err != nil {
			return 1, err
		}
		defer os.RemoveAll(world.dir)
		if world.repo, err = build.Locate(context.Background()); err != nil {
			return 1, err
		}
		defer world.sandboxes.Range(func(_, s any) bool {
			if s := s.(*shared); s.sandbox != nil {
				err = errors.Join(err, s.sandbox.Close())
			}
			return true
		})
		return m.Run(), nil
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// assembly synthesises the app once, with all environments in one run.
func assembly(t testing.TB) string {
	t.Helper()
	needNode(t)
	out := filepath.Join(world.dir, "cdk.out")
	world.synthesis.Do(func() {
		app := filepath.Join(world.dir, "app")
		if world.synthErr = writeApp(app, environments); world.synthErr == nil {
			world.synthErr = synth.Run(context.Background(), synth.Options{App: app, Output: out})
		}
	})
	if world.synthErr != nil {
		t.Fatal(world.synthErr)
	}
	return out
}

// needNode skips a test where there is no Node or its packages aren't
// installed; in CI that is a failure.
func needNode(t testing.TB) {
	t.Helper()
	problem := ""
	if _, err := exec.LookPath("node"); err != nil {
		problem = "Node.js is missing; install Node 22 or 24"
	} else if _, err := os.Stat(filepath.Join(world.repo, "node_modules", ".bin", "cdk")); err != nil {
		problem = "the CDK CLI is missing; run `npm ci`"
	}
	switch {
	case problem != "" && os.Getenv("CI") == "true":
		t.Fatal(problem)
	case problem != "":
		t.Skip(problem)
	}
}

// writeApp makes a directory from which the CLI runs the repository's own app
// with other environments: its cdk.json, package.json and Node packages.
func writeApp(dir string, environments map[string]map[string]any) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var file map[string]any
	text, err := os.ReadFile(filepath.Join(world.repo, "cdk.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	file["app"] = fmt.Sprintf("cd %q && go run .", world.repo)
	all := map[string]any{}
	for name, env := range environments {
		all[name] = map[string]any{"region": "eu-west-1", "sender": "codes@example.com", "productName": "Example", "removalPolicy": "destroy"}
		for key, value := range env {
			all[name].(map[string]any)[key] = value
		}
	}
	file["context"].(map[string]any)["emailotp"] = all
	if text, err = json.Marshal(file); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "cdk.json"), text, 0o644); err != nil {
		return err
	}
	pins, err := os.ReadFile(filepath.Join(world.repo, "package.json"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), pins, 0o644); err != nil {
		return err
	}
	return os.Symlink(filepath.Join(world.repo, "node_modules"), filepath.Join(dir, "node_modules"))
}

// shared is a sandbox that several tests use at once, each with users of its own.
type shared struct {
	once    sync.Once
	sandbox *sandbox.Sandbox
	err     error
}

// on returns the shared sandbox of a stack, for tests that neither break nor
// count anything.
func on(t testing.TB, stack string) *sandbox.Sandbox {
	t.Helper()
	dir := assembly(t)
	v, _ := world.sandboxes.LoadOrStore(stack, &shared{})
	s := v.(*shared)
	s.once.Do(func() {
		s.sandbox, s.err = sandbox.Start(context.Background(), sandbox.Options{Assembly: dir, Stack: stack})
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.sandbox
}

// own starts a sandbox for one test.
func own(t testing.TB, opts sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if opts.Assembly == "" {
		opts.Assembly = assembly(t)
	}
	opts.FunctionLog = t.Output() // shown where the test fails
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	sb, err := sandbox.Start(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	return sb
}
