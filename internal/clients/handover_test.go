package clients_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/signinpage"
)

// given is a hand-over as a server receives it.
type given struct {
	Request      string `json:"request"`
	AccessToken  string `json:"access_token"`
	IDToken      string `json:"id_token"`
	RefreshToken string `json:"refresh_token"`
}

// counter is a server of hand-overs whose answers a test chooses, in front of a page of its own. It
// stands for the function, so that a test sees what the page does with each answer.
type counter struct {
	mu      sync.Mutex
	answers []string // status and body, the last one for all further calls
	got     []given
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var g given
	if err := json.NewDecoder(r.Body).Decode(&g); err != nil || r.Method != http.MethodPost ||
		r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Origin") != "http://"+r.Host {
		http.Error(w, `{"error": "invalid_request"}`, http.StatusUnsupportedMediaType)
		return
	}
	c.got = append(c.got, g)
	var status int
	answer := c.answers[0]
	if len(c.answers) > 1 {
		c.answers = c.answers[1:]
	}
	text, body, _ := strings.Cut(answer, " ")
	_, _ = fmt.Sscan(text, &status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprint(w, body)
}

func (c *counter) calls() []given {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]given(nil), c.got...)
}

// withCounter puts a page with such a server at w.page, and returns an app's address.
func (w *world) withCounter(answers ...string) (c *counter, app string) {
	w.t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<!doctype html><title>App</title><h1>The app</h1>")
	}))
	w.t.Cleanup(receiver.Close)
	c = &counter{}
	for _, a := range answers {
		c.answers = append(c.answers, strings.ReplaceAll(a, "APP", receiver.URL))
	}
	url, closePage, err := servePage(w.settings(), signinpage.Options{}, func(page http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/oauth2/hand-over", c)
		mux.Handle("/", page)
		return mux
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = closePage() })
	w.page = url
	return c, receiver.URL
}

// stored returns the keys of both storages.
func (b *tab) stored() string {
	b.t.Helper()
	return eval[string](b, `[...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(k => k !== "emailotp.language").sort().join(" ")`)
}

// renewAt returns the pool's status for a refresh token of a client.
func (w *world) renewAt(client, token string) int {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH",
		"AuthParameters": map[string]string{"REFRESH_TOKEN": token}})
	if err != nil {
		w.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.cfg.Endpoint, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestThePageHandsItsTokensOverAndKeepsNothing(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	c, app := w.withCounter(`503 {"error": "temporarily_unavailable"}`, `400 {"error": "invalid_grant"}`,
		`200 {"redirect": "APP/callback?code=c&state=s"}`)
	// The request must arrive as it was, whatever its encoding.
	request := "client_id=" + w.cfg.UserPoolClientID +
		"&redirect_uri=https%3A%2F%2Fapp.example.com%2F&state=a%20b+c%2F%25&lang=en"
	b := newTab(t)
	b.countCalls()
	b.do(chromedp.Navigate(app + "/before"))
	b.open(w.page + "/?" + request)
	b.fill("#email", w.person)
	since := time.Now()
	b.goOn()
	code := w.code(w.person, since)
	b.answer(wrong(code), "2 tries left")
	b.do(chromedp.Reload())
	b.heading("Check your email")
	if eval[bool](b, `/idToken|accessToken|refreshToken/.test(Object.keys(localStorage) + Object.keys(sessionStorage))`) {
		t.Error("tokens are stored in the middle of a sign-in")
	}
	b.fill("#code", code)
	b.says("#alert", "the way back to the app failed")
	if keys := b.stored(); keys != "" {
		t.Errorf("the storages have %s while the tokens are in memory", keys)
	}
	b.press("Try again")
	b.says(".notice", "Your session has ended.")
	since = time.Now()
	b.goOn()
	b.fill("#code", w.code(w.person, since))
	b.heading("The app")
	if got := eval[string](b, `location.href`); got != app+"/callback?code=c&state=s" {
		t.Errorf("the page left for %s", got)
	}
	all := c.calls()
	for i, g := range all {
		if g.Request != request || g.AccessToken == "" || g.IDToken == "" || g.RefreshToken == "" {
			t.Errorf("hand-over %d has the request %q and tokens of %d, %d and %d bytes, want the page's query and three tokens",
				i, g.Request, len(g.AccessToken), len(g.IDToken), len(g.RefreshToken))
		}
	}
	if len(all) != 3 || all[0] != all[1] || all[2].AccessToken == all[1].AccessToken {
		t.Errorf("%d hand-overs, want the same tokens twice and new ones after a new sign-in", len(all))
	}
	// The refresh token lives on.
	if status := w.renewAt(w.cfg.UserPoolClientID, all[2].RefreshToken); status != http.StatusOK {
		t.Errorf("the refresh token that was handed over is answered with %d, want it valid", status)
	}
	// Back leads to what was before the page.
	eval[bool](b, `(setTimeout(() => history.back()), true)`)
	b.until("the app is back", `location.href === %s`, app+"/before")
	b.open(w.page)
	if keys := b.stored(); keys != "" {
		t.Errorf("the storages have %s after a hand-over, want nothing", keys)
	}
}

func TestARequestThatLeadsNowhereHasASentenceAndNoForm(t *testing.T) {
	t.Parallel()
	w := on(t, "passwordless")
	c, app := w.withCounter(`400 {"error": "invalid_client"}`)
	b := newTab(t)
	b.do(chromedp.Navigate(app + "/before"))
	for id, want := range map[string]string{
		"invalid_client": "may have been removed", "redirect_mismatch": "isn’t registered for it",
		"invalid_request": "isn’t complete", "temporarily_unavailable": "in a few minutes",
		"<b>constructor</b>": "isn’t complete", "": "isn’t complete",
	} {
		b.open(w.page + "/?error=" + id)
		b.heading("There’s no way on from here")
		b.says("#alert", want)
		if eval[bool](b, `!!document.querySelector("input, main b")`) {
			t.Errorf("error=%s shows a form", id)
		}
	}
	b.open(w.page + "/?error=invalid_client&lang=de")
	b.heading("Hier geht es nicht weiter")
	// The app is removed while the user signs in. The address has the hint, and asks for an
	// account.
	b.open(w.page + "/?client_id=" + w.cfg.UserPoolClientID + "&login_hint=" + w.person + "&prompt=create")
	b.heading("Create your account")
	if got := b.value("#email"); got != w.person {
		t.Errorf("the address is %q, want the one of the hint", got)
	}
	since := time.Now()
	b.goOn()
	b.fill("#code", w.code(w.person, since))
	b.heading("There’s no way on from here")
	b.says("#alert", "may have been removed")
	if n := len(c.calls()); n != 1 {
		t.Errorf("%d hand-overs, want one", n)
	}
}
