package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/npm"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/internal/synth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// Users that every world has, and their passwords in password mode.
const (
	person         = "user@example.com"
	personPassword = "Correct-horse-7-battery"
	newcomer       = "grace@example.com"
	temporary      = "Temporary-horse-7"
	ownPassword    = "My-own-horse-8-stable"
	minimumLength  = 12
)

// scratch is removed when the tests are done.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "emailotp-clients-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	flag.Parse()
	if !given("test.parallel") {
		// Most of the time is spent waiting: for cool-downs and expiries, for browsers and functions.
		_ = flag.Set("test.parallel", "3")
	}
	code := m.Run()
	closeBrowser()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// given reports whether a flag stands on the command line.
func given(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// lacking skips the test, or fails it in CI, where every client is there.
func lacking(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// assemblies are synthesised once for each mode, by the CDK CLI that the app pins.
var assemblies = map[string]func() (string, error){"password": sync.OnceValues(synthesise("password")), "passwordless": sync.OnceValues(synthesise("passwordless"))}

// errTools: the machine can't synthesise.
var errTools = errors.New("the app can't be synthesised here")

func synthesise(mode string) func() (string, error) {
	return func() (string, error) {
		if made := os.Getenv("EMAILOTP_ASSEMBLIES"); made != "" {
			return filepath.Join(made, mode), nil
		}
		root, err := filepath.Abs("../..")
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(filepath.Join(root, "node_modules", "aws-cdk")); err != nil {
			return "", fmt.Errorf("%w: the CDK CLI isn't installed, run `npm ci` in the module's root", errTools)
		}
		out := filepath.Join(scratch, mode)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		return out, synth.Run(ctx, synth.Options{App: root, Output: out, Context: []string{"stage=dev", "mode=" + mode}})
	}
}

// assembly returns the app's cloud assembly for mode, with the functions' environment changed as
// given, which is what another environment in cdk.json would do.
func assembly(t testing.TB, mode string, environment map[string]string) string {
	t.Helper()
	dir, err := assemblies[mode]()
	if errors.Is(err, errTools) {
		lacking(t, "%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(environment) == 0 {
		return dir
	}
	changed := t.TempDir()
	if err := os.CopyFS(changed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	templates, err := filepath.Glob(filepath.Join(changed, "*.template.json"))
	if err != nil || len(templates) != 1 {
		t.Fatalf("templates %v, %v", templates, err)
	}
	changeEnvironment(t, templates[0], environment)
	return changed
}

func changeEnvironment(t testing.TB, path string, environment map[string]string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]any
	if err := json.Unmarshal(data, &template); err != nil {
		t.Fatal(err)
	}
	for _, r := range template["Resources"].(map[string]any) {
		resource := r.(map[string]any)
		if resource["Type"] != "AWS::Lambda::Function" {
			continue
		}
		variables := resource["Properties"].(map[string]any)["Environment"].(map[string]any)["Variables"].(map[string]any)
		for name, value := range environment {
			if _, has := variables[name]; has {
				variables[name] = value
			}
		}
	}
	if data, err = json.Marshal(template); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// world is a sandbox with the sign-in page.
type world struct {
	t    testing.TB
	sb   *sandbox.Sandbox
	cfg  sandbox.Config
	page string
}

// cacheDir is where the sandbox keeps what npm installs, so that a test finds what is there.
func cacheDir(t testing.TB) string {
	t.Helper()
	dir, err := cachedir.Dir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// start runs a sandbox with person and, in password mode, a newcomer with a temporary password.
func start(t testing.TB, mode string, environment map[string]string, change ...func(*sandbox.Options)) *world {
	t.Helper()
	needTools(t, "node", "npm")
	options := sandbox.Options{Assembly: assembly(t, mode, environment), TriggerTimeout: 30 * time.Second, Users: []sandbox.User{{Email: person}}}
	if mode == "password" {
		options.Users = []sandbox.User{{Email: person, Password: personPassword}, {Email: newcomer, Password: temporary, Temporary: true}}
	}
	for _, c := range change {
		c(&options)
	}
	sb, err := sandbox.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, sb: sb, cfg: sb.Config()}
	w.servePage(signinpage.Options{CacheDir: cacheDir(t)})
	return w
}

func (w *world) servePage(o signinpage.Options) {
	w.t.Helper()
	o.Settings = webbundle.Settings{
		UserPoolID: w.cfg.UserPoolID, UserPoolClientID: w.cfg.UserPoolClientID, Mode: string(w.cfg.Mode), Endpoint: w.cfg.Endpoint,
		InboxURL: w.cfg.InboxURL, SignUp: w.cfg.Mode == "passwordless", Product: "Example", PasswordLength: minimumLength,
	}
	page, err := signinpage.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := loopback.Listen(w.t.Context(), 0, "the sign-in page", "")
	if err != nil {
		w.t.Fatal(err)
	}
	server := loopback.Serve(l, loopback.Guard(page), slog.New(slog.DiscardHandler))
	w.t.Cleanup(func() { _ = server.Close() })
	w.page = server.URL()
	w.sb.SetSignInURL(w.page)
}

func needTools(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			lacking(t, "%s is not on PATH, without which this can't be tested", tool)
		}
	}
}

// code waits for the newest mail to address since then and returns the code's digits, from its subject.
func (w *world) code(address string, since time.Time) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	m, err := w.sb.WaitForMessage(ctx, address, since)
	if err != nil {
		w.t.Fatalf("no mail to %s: %v", address, err)
	}
	// The code is the one line of the text that is digits and spaces alone.
	for line := range strings.Lines(m.Text) {
		// Spaces between groups, and marks of direction in right-to-left languages.
		digits := strings.NewReplacer(" ", "", "\u2066", "", "\u2068", "", "\u2069", "", "\u200e", "").Replace(strings.TrimSpace(line))
		if len(digits) >= 6 && strings.Trim(digits, "0123456789") == "" {
			return digits
		}
	}
	w.t.Fatalf("no code in the mail %q", m.Subject)
	return ""
}

// wrong is a code that has the same length and is another one.
func wrong(code string) string {
	last := code[len(code)-1]
	return code[:len(code)-1] + string('0'+(last-'0'+1)%10)
}

// testModules returns the directory whose node_modules have the clients, pinned by web's lock.
var testModules = sync.OnceValues(func() (string, error) {
	cache, err := cachedir.Dir()
	if err != nil {
		return "", err
	}
	p := npm.Package{Name: "sign-in-clients", What: "the clients' tests", Files: web.Sources(), Dev: true}
	return p.Install(context.Background(), cache, nil)
})

func modules(t testing.TB) string {
	t.Helper()
	needTools(t, "node", "npm")
	dir, err := testModules()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
