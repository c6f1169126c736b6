package clients_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/cognito-emailotp/cdk-emailotp/internal/cachedir"
	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/exampleapp"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/node"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// startForApp starts a world whose page serves an app: what make returns, at http://localhost. The
// page is at 127.0.0.1, or by https at localhost, so that both are of other origins.
func startForApp(t *testing.T, mode string, environment map[string]string,
	make func(w *world, origin string) http.Handler, change ...func(*sandbox.Options)) (w *world, app string) {
	t.Helper()
	l, err := loopback.Listen(t.Context(), 0, "the app", "")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	app = "http://localhost:" + port
	w = start(t, mode, environment, append(change, func(o *sandbox.Options) {
		o.CallbackURLs, o.LogoutURLs, o.TLS = []string{app + "/callback"}, []string{app + "/"}, true
	})...)
	server := loopback.Serve(l, loopback.Guard(make(w, app)), slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = server.Close() })
	return w, app
}

// exampleApp is the React app of web/example, on oidc-client-ts.
func exampleApp(w *world, origin string) http.Handler {
	w.t.Helper()
	cache, err := cachedir.Dir()
	if err != nil {
		w.t.Fatal(err)
	}
	app := exampleapp.New(exampleapp.Options{
		Config: exampleapp.Config{Issuer: w.cfg.Issuer, DiscoveryURL: w.cfg.OAuth.DiscoveryURL,
			ClientID: w.cfg.OAuth.Clients[0].ClientID, APIURL: origin + "/api"},
		Keys: w.cfg.Endpoint + "/" + w.cfg.UserPoolID + "/.well-known/jwks.json", CacheDir: cache,
	})
	if err := app.Prepare(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return app
}

// click clicks what a selector finds.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.until("there is "+selector, `document.querySelector(%s)`, selector)
	eval[bool](b, `(setTimeout(() => document.querySelector(%s).click()), true)`, selector)
}

// origin waits until the tab shows a page of an origin.
func (b *tab) origin(want string) {
	b.t.Helper()
	b.until("the tab shows "+want, `location.origin === %s && document.readyState === "complete"`, want)
}

// pageOf waits for the sign-in page, drawn by its script.
func (b *tab) pageOf(origin string) {
	b.t.Helper()
	b.origin(origin)
	b.until("the page is drawn", `document.querySelector("#language")`)
	b.heading("Sign in")
}

// signedInto waits for the example app to show a user.
func (b *tab) signedInto(app, address string) {
	b.t.Helper()
	b.origin(app)
	b.says("#email", address)
}

func TestAReactAppSignsInByRedirectWithACodeAlone(t *testing.T) {
	t.Parallel()
	w, app := startForApp(t, "passwordless", map[string]string{"EMAILOTP_GUESS_BURST": "3"}, exampleApp)
	page := strings.TrimSuffix(w.cfg.OAuth.LogoutURL, "/logout")
	b := newTab(t)
	b.do(chromedp.Navigate(app))
	b.press("Sign in")
	b.pageOf(page)

	// A new account, a wrong code, a reload in the middle.
	b.press("Create an account")
	b.fill("#email", "lin@example.com")
	since := time.Now()
	b.goOn()
	code := w.code("lin@example.com", since)
	b.answer(wrong(code), "2 tries left")
	b.do(chromedp.Reload())
	b.heading("Check your email")
	b.fill("#code", code)
	b.signedInto(app, "lin@example.com")
	if got := eval[string](b, `location.pathname + location.search + location.hash`); got != "/" {
		t.Errorf("the app's address is %s after the sign-in, want nothing of the code in it", got)
	}
	b.press("Call the API")
	lin, _ := w.sb.User("lin@example.com")
	b.says("#answer", `200 {"sub":"`+lin.Sub+`"}`)
	b.do(chromedp.Reload())
	b.signedInto(app, "lin@example.com")

	// Out again, which the refresh token does not survive.
	token := eval[string](b, `JSON.parse(Object.entries(sessionStorage).find(([k]) => k.startsWith("oidc.user"))[1]).refresh_token`)
	b.press("Sign out")
	b.says("main", "You are signed out")
	b.origin(app)
	if status := w.renewAt(w.cfg.OAuth.Clients[0].ClientID, token); status == http.StatusOK {
		t.Error("the refresh token is valid after the sign-out")
	}

	// The page has kept nothing: a second tab signs in anew. The guesses that are left don't
	// suffice for another short code.
	second := b.another()
	second.do(chromedp.Navigate(app))
	second.press("Sign in")
	second.pageOf(page)
	if keys := second.stored(); keys != "" {
		t.Errorf("the page's storages have %s, want nothing", keys)
	}
	since = time.Now()
	second.begin("lin@example.com")
	second.until("the code is long", `document.querySelectorAll(".places i").length === 20`)
	second.paste("#code", w.code("lin@example.com", since))
	second.signedInto(app, "lin@example.com")
	// Back leads to the app, not to the page.
	eval[bool](second, `(setTimeout(() => history.back()), true)`)
	second.until("the app is back", `location.origin === %s && document.readyState === "complete"`, app)
}

// The browser forbids storage to the page, and the user takes 20 minutes: Cognito's session and the
// code are over, the app's request is not.
func TestAReactAppSignsInByRedirectWithAPassword(t *testing.T) {
	t.Parallel()
	clock := &inprocess.Clock{}
	w, app := startForApp(t, "password", nil, exampleApp, func(o *sandbox.Options) { *o = clock.Options(*o) })
	page := strings.TrimSuffix(w.cfg.OAuth.LogoutURL, "/logout")
	b := newTab(t)
	b.movableClock(0)
	b.withoutStorage(page)
	b.do(chromedp.Navigate(app))
	b.press("Sign in")
	b.pageOf(page)
	b.fill("#email", w.newcomer)
	b.fill("#password", temporary)
	b.press("Continue")
	b.heading("Choose a new password")
	b.fill("#new-password", ownPassword)
	since := time.Now()
	b.press("Save password")
	b.heading("Check your email")
	code := w.code(w.newcomer, since)
	clock.Advance(20 * time.Minute)
	b.advance(20 * time.Minute)
	b.says(".expiry", "The code has expired.")
	b.fill("#code", code)
	b.heading("Sign in")
	b.says("#alert", "it took too long")
	if got := b.value("#email"); got != w.newcomer {
		t.Errorf("the address is %q after 20 minutes, want it kept", got)
	}
	b.fill("#password", ownPassword)
	since = time.Now()
	b.goOn()
	b.fill("#code", w.code(w.newcomer, since))
	b.signedInto(app, w.newcomer)
	// A stranger to the API gets nothing.
	const withMadeUpToken = `fetch("/api/me", {headers: {authorization: "x"}}).then(r => r.status)`
	if got := eval[int](b, withMadeUpToken); got != http.StatusUnauthorized {
		t.Errorf("the API answers a bad token with %d", got)
	}
	w.withoutJavaScript(newTab(t), app)
}

// withoutStorage has the browser refuse storage to the pages of an origin that open from now on.
func (b *tab) withoutStorage(origin string) {
	b.t.Helper()
	b.before(`if (location.origin === "` + origin + `") for (const name of ["localStorage", "sessionStorage"])
		Object.defineProperty(globalThis, name, { get() { throw new DOMException("denied", "SecurityError") } })`)
}

// withoutJavaScript comes from an app on a server, to the page's sentence and a button that does
// nothing.
func (w *world) withoutJavaScript(b *tab, app string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.t.Fatal(err)
	}
	request := url.Values{"response_type": {"code"}, "client_id": {w.cfg.OAuth.Clients[0].ClientID},
		"redirect_uri": {app + "/callback"}, "code_challenge_method": {"S256"}, "state": {"s"},
		"code_challenge": {strings.Repeat("A", 43)}}
	b.do(chromedp.Navigate(w.cfg.OAuth.AuthorizeURL + "?" + request.Encode()))
	b.says("noscript", "This page needs JavaScript.")
	b.heading("Sign in")
	if at := eval[string](b, `location.search`); !strings.Contains(at, "client_id=") {
		b.t.Errorf("without JavaScript the browser is at %q, want the app's request", at)
	}
	b.press("Continue")
	if eval[bool](b, `!document.querySelector("noscript p").offsetHeight`) {
		b.t.Error("the sentence is gone after a click")
	}
}

// amplifyApp is an app on Amplify's signInWithRedirect. Amplify goes to its domain by https alone.
func amplifyApp(w *world, _ string) http.Handler {
	w.t.Helper()
	source, err := os.ReadFile("testdata/redirect.ts")
	if err != nil {
		w.t.Fatal(err)
	}
	built := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{Contents: string(source), Sourcefile: "redirect.ts", ResolveDir: node.Modules(w.t),
			Loader: api.LoaderTS},
		Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser, Target: api.ES2022,
	})
	if len(built.Errors) > 0 {
		w.t.Fatalf("bundling the app: %s", built.Errors[0].Text)
	}
	domain, _, _ := strings.Cut(strings.TrimPrefix(w.cfg.TLS.AuthorizeURL, "https://"), "/")
	config, err := json.Marshal(map[string]string{"userPoolId": w.cfg.UserPoolID,
		"clientId": w.cfg.TLS.Clients[0].ClientID, "endpoint": w.cfg.Endpoint, "domain": domain})
	if err != nil {
		w.t.Fatal(err)
	}
	files := map[string][]byte{"/main.js": built.OutputFiles[0].Contents, "/config.json": config}
	index := []byte(`<!doctype html><title>App</title><script type="module" src="/main.js"></script><button id="in">In</button>` +
		`<button id="out">Out</button><button id="renew">Renew</button><p id="who"></p><p id="renewed"></p>`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := files[r.URL.Path]
		if !ok {
			body = index
		}
		http.ServeContent(w, r, "index.html"+r.URL.Path, time.Time{}, bytes.NewReader(body))
	})
}

func TestAmplifySignsInByRedirect(t *testing.T) {
	t.Parallel()
	w, app := startForApp(t, "passwordless", nil, amplifyApp)
	page := strings.TrimSuffix(w.cfg.TLS.LogoutURL, "/logout")
	b := newTab(t)
	if _, err := chromedp.Call(b.ctx, security.SetIgnoreCertificateErrors,
		security.SetIgnoreCertificateErrorsParams{Ignore: true}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(app))
	b.says("#who", "nobody")
	b.click("#in")
	b.pageOf(page)
	b.fill("#email", w.person)
	since := time.Now()
	b.goOn()
	b.fill("#code", w.code(w.person, since))
	b.origin(app)
	b.says("#who", w.person)
	b.click("#renew")
	b.says("#renewed", w.person)
	b.click("#out")
	b.until("Amplify has signed out", `location.href === %s && document.querySelector("#who")?.textContent === "nobody"`,
		app+"/")
	b.click("#in")
	b.pageOf(page)
	if keys := b.stored(); keys != "" {
		t.Errorf("the page's storages have %s, want nothing", keys)
	}
}
