package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/tools/attack/lab"
)

const (
	pageOrigin  = "https://login.example.com"
	appCallback = "https://app.example.com/callback"
)

// desk is the sign-in page's function in front of a lab's user pool.
type desk struct {
	lab    *lab.Lab
	server *oauth.Server
	log    *lockedBuffer
	down   bool // of the table
	// seen has every answer, to be searched for what it must not have.
	seen []*httptest.ResponseRecorder
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
func (l *lockedBuffer) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func newDesk(r *run, m settings.Mode) *desk {
	d := &desk{lab: r.Lab(lab.Plan{Mode: m, Memory: true}), log: &lockedBuffer{}}
	d.lab.User(lab.UserSpec{Email: lab.Victim, EmailVerified: true})
	d.server = &oauth.Server{Issuer: d.lab.Issuer(), Cognito: d.lab.Identity(), Store: d.lab.Codes(func() bool { return d.down }),
		Secrets: noSecrets{}, Now: d.lab.Clock.Now, Random: rand.Reader, Origin: func(*http.Request) string { return pageOrigin },
		Log: slog.New(slog.NewTextHandler(d.log, nil)), Clients: []settings.Client{
			{ID: d.lab.Client, CallbackURLs: []string{appCallback}, LogoutURLs: []string{"https://app.example.com/"}},
			{ID: "another", CallbackURLs: []string{"https://another.example.com/callback"}}}}
	return d
}

type noSecrets struct{}

func (noSecrets) Secret(context.Context, string, bool) (string, error) {
	return "", errors.New("no client here has a secret")
}

func (d *desk) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.server.ServeHTTP(w, r)
	d.seen = append(d.seen, w)
	return w
}

// verifierOf returns a verifier and its challenge.
func verifierOf() (verifier, challenge string) {
	verifier = rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}

func (d *desk) request(challenge string) url.Values {
	return url.Values{"response_type": {"code"}, "client_id": {d.lab.Client}, "redirect_uri": {appCallback}, "state": {"s"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
}

// signIn is the victim's sign-in on the page.
func (d *desk) signIn() map[string]string {
	d.lab.Clock.Advance(2 * time.Minute) // after the cool-down of mails
	a, err := d.lab.Initiate(lab.Victim)
	d.lab.Scope.Check(err)
	a, err = d.lab.AnswerCode(a, lab.Victim, d.lab.Inbox.Code(lab.Victim))
	d.lab.Scope.Check(err)
	need(d.lab, a.SignedIn(), "the victim could not sign in")
	return map[string]string{"access_token": a.AuthenticationResult.AccessToken, "id_token": a.AuthenticationResult.IdToken,
		"refresh_token": a.AuthenticationResult.RefreshToken}
}

// handOver returns the code that the page's function makes of tokens; "" for none.
func (d *desk) handOver(request url.Values, tokens map[string]string, headers map[string]string) string {
	body := map[string]string{"request": request.Encode()}
	for name, value := range tokens {
		body[name] = value
	}
	text, err := json.Marshal(body)
	d.lab.Scope.Check(err)
	r := httptest.NewRequest(http.MethodPost, oauth.PathHandOver, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", pageOrigin)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	var out struct{ Redirect string }
	_ = json.Unmarshal(d.send(r).Body.Bytes(), &out)
	to, err := url.Parse(out.Redirect)
	d.lab.Scope.Check(err)
	return to.Query().Get("code")
}

// redeem reports whether a code gives tokens.
func (d *desk) redeem(code, verifier, client string) bool {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {client}, "redirect_uri": {appCallback}}
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	r := httptest.NewRequest(http.MethodPost, oauth.PathToken, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.server.ServeHTTP(w, r)
	return w.Code == http.StatusOK
}

func redirects(r *run, m settings.Mode) {
	d := newDesk(r, m)
	verifier, challenge := verifierOf()
	right := d.request(challenge)
	code := d.handOver(right, d.signIn(), nil)
	got := d.redeem(code, verifier, d.lab.Client)
	r.add(m, "a sign-in by redirect as it should be", 1, yesNo(got), "tokens", unless(got, "the app got no tokens"))

	openRedirects(r, m, d, right)
	replayedCode(r, m, d)
	stolen(r, m, d)
	foreign(r, m, d)
	tableDies(r, m, d)
	leaks(r, m, d)
}

func yesNo(tokens bool) string { return map[bool]string{true: "tokens", false: "none"}[tokens] }

// openRedirects sends the browser to every address but the app's.
func openRedirects(r *run, m settings.Mode, d *desk, right url.Values) {
	var tried, left int
	for _, to := range []string{"https://attacker.example/", appCallback + "/", appCallback + "?a", appCallback + "#", "//attacker.example",
		"https://app.example.com.attacker.example/callback", "https://app.example.com@attacker.example/callback", "https:attacker.example",
		"https://attacker.example\\@app.example.com/callback", "https://attacker.app.example.com/callback", "HTTPS://app.example.com/callback",
		"https://app.example.com/callback%2f..", "https://app.example.com/%63allback", "https://app.example.com:443/callback", "javascript:alert(1)",
		"data:text/html,x", "https://app.example.com/callback\r\nLocation: https://attacker.example", "https://app.example.com/callback\x00",
		"https://another.example.com/callback", strings.Repeat("a", 10_000)} {
		for _, name := range []string{"redirect_uri", "logout_uri", "post_logout_redirect_uri"} {
			q := url.Values{}
			for key, values := range right {
				q[key] = values
			}
			path := oauth.PathAuthorize
			if q.Set(name, to); name != "redirect_uri" {
				path = oauth.PathLogout
			}
			for _, raw := range []string{q.Encode(), q.Encode() + "&" + name + "=" + url.QueryEscape(to)} {
				request := httptest.NewRequest(http.MethodGet, path, nil)
				request.URL.RawQuery = raw
				w := d.send(request)
				if tried++; !strings.HasPrefix(w.Header().Get("Location"), "/?error=") {
					left++
				}
			}
		}
	}
	r.add(m, "open redirects: other hosts, paths, schemes, encodings, each once and twice", tried, counted(left, "left the page"), "0",
		unless(left == 0, "%d requests left the page", left))
}

// replayedCode redeems one code many times at once.
func replayedCode(r *run, m settings.Mode, d *desk) {
	const at = 50
	verifier, challenge := verifierOf()
	code := d.handOver(d.request(challenge), d.signIn(), nil)
	results := make(chan bool, at)
	var wg sync.WaitGroup
	for range at {
		wg.Go(func() { results <- d.redeem(code, verifier, d.lab.Client) })
	}
	wg.Wait()
	close(results)
	n := 0
	for ok := range results {
		if ok {
			n++
		}
	}
	r.add(m, "a code redeemed 50 times at once", at, counted(n, "got tokens"), "1", unless(n == 1, "one code gave tokens %d times", n))
}

// stolen redeems a code without what it is bound to, and afterwards with it.
func stolen(r *run, m settings.Mode, d *desk) {
	other, _ := verifierOf()
	var tried, tokens, alive int
	for _, use := range []struct{ verifier, client string }{{other, d.lab.Client}, {other, "another"}, {"", d.lab.Client}} {
		verifier, challenge := verifierOf()
		signedIn := d.signIn()
		code := d.handOver(d.request(challenge), signedIn, nil)
		if tried++; d.redeem(code, use.verifier, use.client) {
			tokens++
		}
		if use.verifier == "" {
			continue // refused before the code was looked at, so the app can go on
		}
		if tried++; d.redeem(code, verifier, d.lab.Client) {
			tokens++
		}
		if _, err := d.server.Cognito.Refresh(r.Ctx, d.lab.Client, signedIn["refresh_token"]); err == nil {
			alive++
		}
	}
	r.add(m, "a stolen code: wrong verifier, another client, no verifier", tried, counted(tokens, "gave tokens"), "0",
		unless(tokens == 0, "a stolen code gave tokens %d times", tokens), unless(alive == 0, "%d attacked sign-ins were not revoked", alive))
}

// foreign hands over what is not a fresh sign-in of the client, or from another page.
func foreign(r *run, m settings.Mode, d *desk) {
	elsewhere := newDesk(r, m)
	_, challenge := verifierOf()
	request := d.request(challenge)
	mixed := func(name string) map[string]string {
		a, b := d.signIn(), d.signIn()
		a[name] = b[name]
		return a
	}
	old := d.signIn()
	d.lab.Clock.Advance(6 * time.Minute)
	swapped := d.signIn()
	swapped["access_token"], swapped["id_token"] = swapped["id_token"], swapped["access_token"]
	var tried, codes int
	for _, tokens := range []map[string]string{elsewhere.signIn(), mixed("id_token"), mixed("access_token"), mixed("refresh_token"), old, swapped, {}} {
		if tried++; d.handOver(request, tokens, nil) != "" {
			codes++
		}
	}
	to := d.request(challenge)
	to.Set("client_id", "another")
	to.Set("redirect_uri", "https://another.example.com/callback")
	if tried++; d.handOver(to, d.signIn(), nil) != "" {
		codes++
	}
	for _, headers := range []map[string]string{{"Origin": "https://attacker.example"}, {"Origin": "null"}, {"Origin": ""},
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Content-Type": "text/plain"}} {
		if tried++; d.handOver(request, d.signIn(), headers) != "" {
			codes++
		}
	}
	r.add(m, "tokens of another pool, client, sign-in or time, and other pages' requests", tried, counted(codes, "became codes"), "0",
		unless(codes == 0, "%d became codes", codes))
}

// tableDies takes the table away before each of the two steps.
func tableDies(r *run, m settings.Mode, d *desk) {
	verifier, challenge := verifierOf()
	tokens := d.signIn()
	d.down = true
	early := d.handOver(d.request(challenge), tokens, nil) != ""
	d.down = false
	code := d.handOver(d.request(challenge), tokens, nil) // the page tries again
	d.down = true
	during := d.redeem(code, verifier, d.lab.Client)
	d.down = false
	after, again := d.redeem(code, verifier, d.lab.Client), d.redeem(code, verifier, d.lab.Client)
	r.add(m, "the table dies before a code is stored, and before it is taken", 2, counted(count(early, during, again), "got tokens by it"), "0",
		unless(!early && !during && !again, "a dead table gave a code or tokens"), unless(after, "the sign-in did not survive"))
}

// leaks searches all answers, and the log.
func leaks(r *run, m settings.Mode, d *desk) {
	var found []string
	for _, w := range d.seen {
		h := w.Header()
		all := strings.Join([]string{h.Get("Location"), h.Get("Set-Cookie")}, " ")
		if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Frame-Options") != "DENY" {
			found = append(found, "an answer may be cached, framed or told on")
		}
		if strings.ContainsAny(all, "\r\n") || strings.Contains(all, "eyJ") || h.Get("Set-Cookie") != "" {
			found = append(found, "a header has more than it should")
		}
	}
	log := d.log.String()
	for _, secret := range []string{"eyJ", lab.Victim, "code_verifier", "code="} {
		if strings.Contains(log, secret) {
			found = append(found, "the log has "+secret)
		}
	}
	r.add(m, "answers and log lines searched for tokens, addresses, line breaks, cacheable answers", len(d.seen), counted(len(found), "leaks"), "0", found...)
}

// counted writes a number with what it counts.
func counted(n int, what string) string { return fmt.Sprintf("%d %s", n, what) }

// count returns how many are true.
func count(all ...bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}
