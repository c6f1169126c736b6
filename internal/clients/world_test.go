package clients_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// Users of a sandbox that a test has for itself, and passwords in password mode.
const (
	person         = "user@example.com"
	personPassword = testkit.GoodPassword
	newcomer       = "grace@example.com"
	temporary      = "Temporary-horse-7"
	ownPassword    = "My-own-horse-8-stable"
	minimumLength  = 12
)

func TestMain(m *testing.M) { testkit.Main(m, 4) }

var wrong = testkit.Wrong

// modes runs a test in both modes.
func modes(t *testing.T, test func(t *testing.T, mode string)) {
	t.Helper()
	t.Parallel()
	for _, mode := range []string{"passwordless", "password"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			test(t, mode)
		})
	}
}

// world is a sandbox with the sign-in page, and the test's users in it: person and, in password
// mode, newcomer, who has a temporary password.
type world struct {
	t                testing.TB
	sb               *sandbox.Sandbox
	cfg              sandbox.Config
	page             string
	person, newcomer string
}

// pages are the pages of the shared sandboxes, by mode.
var pages sync.Map

// on returns the world of a mode that tests share, with users of the test's own.
func on(t testing.TB, mode string) *world {
	t.Helper()
	w := &world{t: t, sb: app.On(t, "EmailOtp-"+mode), person: testkit.Address(person),
		newcomer: testkit.Address(newcomer)}
	w.cfg = w.sb.Config()
	v, _ := pages.LoadOrStore(mode, sync.OnceValues(func() (string, error) {
		url, closePage, err := servePage(w.settings(), signinpage.Options{})
		if err == nil {
			testkit.AtExit(closePage)
			w.sb.SetSignInURL(url)
		}
		return url, err
	}))
	var err error
	if w.page, err = v.(func() (string, error))(); err != nil {
		t.Fatal(err)
	}
	for _, u := range users(w.person, w.newcomer, mode) {
		if _, err := w.sb.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// visit opens the page of a shared world.
func visit(t testing.TB, mode string) (*world, *tab) {
	t.Helper()
	w, b := on(t, mode), newTab(t)
	b.open(w.page)
	return w, b
}

// start starts a world for one test, with other values in the functions' environment.
func start(t testing.TB, mode string, environment map[string]string, change ...func(*sandbox.Options)) *world {
	t.Helper()
	o := sandbox.Options{Stack: "EmailOtp-" + mode, Users: users(person, newcomer, mode)}
	if len(environment) > 0 {
		o.Assembly = app.WithEnvironment(t, o.Stack, environment)
	}
	for _, c := range change {
		c(&o)
	}
	w := &world{t: t, sb: app.Own(t, o), person: person, newcomer: newcomer}
	w.cfg = w.sb.Config()
	w.serve(signinpage.Options{})
	w.sb.SetSignInURL(w.page)
	return w
}

// clocked starts a world whose pool and functions go by a clock that the test moves.
func clocked(t testing.TB, mode string, environment map[string]string) (*world, *inprocess.Clock) {
	t.Helper()
	clock := &inprocess.Clock{}
	return start(t, mode, environment, func(o *sandbox.Options) { *o = clock.Options(*o) }), clock
}

func users(person, newcomer, mode string) []sandbox.User {
	if mode == "password" {
		return []sandbox.User{{Email: person, Password: personPassword}, {Email: newcomer, Password: temporary,
			Temporary: true}}
	}
	return []sandbox.User{{Email: person}}
}

func (w *world) settings() webbundle.Settings {
	days, recovery, support := 0, "", "help+me@example.com"
	if w.cfg.Stack == app.People {
		days, recovery = 30, w.sb.PasswordRecovery()
	}
	return webbundle.Settings{
		RememberDevices: days, Recovery: recovery, Support: support, ChangeAddress: w.cfg.ChangeAddressURL != "",
		UserPoolID: w.cfg.UserPoolID, UserPoolClientID: w.cfg.UserPoolClientID, Mode: string(w.cfg.Mode),
		Endpoint: w.cfg.Endpoint,
		InboxURL: w.cfg.InboxURL, SignUp: w.cfg.Mode == "passwordless", Product: "Example", PasswordLength: minimumLength,
	}
}

// serve serves a page of the test's own, on the origin of the OAuth endpoints if there are any.
func (w *world) serve(o signinpage.Options) {
	w.t.Helper()
	if w.cfg.OAuth != nil {
		page, err := newPage(w.settings(), o)
		if err != nil {
			w.t.Fatal(err)
		}
		w.sb.SetPage(page)
		w.page = strings.TrimSuffix(w.cfg.OAuth.LogoutURL, "/logout")
		return
	}
	url, closePage, err := servePage(w.settings(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = closePage() })
	w.page = url
}

func newPage(settings webbundle.Settings, o signinpage.Options) (http.Handler, error) {
	var err error
	if o.CacheDir, err = cachedir.Dir(); err != nil {
		return nil, err
	}
	o.Settings = settings
	return signinpage.New(o)
}

// servePage serves a page, behind handlers that a test puts in front of it.
func servePage(settings webbundle.Settings, o signinpage.Options,
	front ...func(http.Handler) http.Handler) (url string, closePage func() error, err error) {
	handler, err := newPage(settings, o)
	if err != nil {
		return "", nil, err
	}
	l, err := loopback.Listen(context.Background(), 0, "the sign-in page", "")
	if err != nil {
		return "", nil, err
	}
	for _, f := range front {
		handler = f(handler)
	}
	server := loopback.Serve(l, loopback.Guard(handler), slog.New(slog.DiscardHandler))
	return server.URL(), server.Close, nil
}

// code waits for the newest mail to address since then and returns the code's digits.
func (w *world) code(address string, since time.Time) string {
	w.t.Helper()
	code, err := testkit.WaitForCode(w.t.Context(), w.sb.Config().InboxURL, address, since)
	if err != nil {
		w.t.Fatal(err)
	}
	return testkit.Digits(code)
}
