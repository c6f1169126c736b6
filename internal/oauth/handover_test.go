package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

type ctx = context.Context

func TestOnlyFreshTokensOfOneSignInOfTheClientAreTaken(t *testing.T) {
	set := func(name string, value any) change {
		return func(_ string, c map[string]any) { c[name] = value }
	}
	only := func(use, name string, value any) change {
		return func(u string, c map[string]any) {
			if u == use {
				c[name] = value
			}
		}
	}
	b := newBench(t)
	sign := func(changes ...change) oauth.Tokens { return b.pool.signIn("web", "u1", changes...) }
	mixed := func(f func(a, b oauth.Tokens) oauth.Tokens) oauth.Tokens { return f(sign(), sign()) }
	none := strings.Split(sign().Access, ".")
	for name, tokens := range map[string]oauth.Tokens{
		"another pool":                sign(set("iss", issuer+"X")),
		"another issuer's ID token":   sign(only("id", "iss", "https://attacker.example")),
		"another client":              b.pool.signIn("phone", "u1"),
		"an ID token of another":      sign(only("id", "aud", "phone")),
		"an access token of another":  sign(only("access", "client_id", "phone")),
		"another user's ID token":     sign(only("id", "sub", "u2")),
		"no origin_jti":               sign(set("origin_jti", "")),
		"an old sign-in":              sign(set("auth_time", b.time.Add(-6*time.Minute).Unix())),
		"a sign-in of the future":     sign(set("auth_time", b.time.Add(2*time.Minute).Unix())),
		"an expired access token":     sign(only("access", "exp", b.time.Unix())),
		"an expired ID token":         sign(only("id", "exp", b.time.Unix())),
		"two access tokens":           mixed(func(a, b oauth.Tokens) oauth.Tokens { a.ID = a.Access; return a }),
		"two ID tokens":               mixed(func(a, b oauth.Tokens) oauth.Tokens { a.Access = a.ID; return a }),
		"an ID token of another time": mixed(func(a, b oauth.Tokens) oauth.Tokens { a.ID = b.ID; return a }),
		"a refresh token of another":  mixed(func(a, b oauth.Tokens) oauth.Tokens { a.Refresh = b.Refresh; return a }),
		"no refresh token":            mixed(func(a, b oauth.Tokens) oauth.Tokens { a.Refresh = ""; return a }),
		"an invented refresh token":   mixed(func(a, b oauth.Tokens) oauth.Tokens { a.Refresh = "x"; return a }),
		"no signature":                {Access: none[0] + "." + none[1] + ".", ID: sign().ID, Refresh: sign().Refresh},
		"an unsigned header":          {Access: "eyJhbGciOiJub25lIiwia2lkIjoiazEifQ." + none[1] + ".", ID: sign().ID, Refresh: "x"},
		"nothing":                     {},
		"garbage":                     {Access: strings.Repeat("a.", 5000), ID: "\x00", Refresh: "\r\n"},
	} {
		status, got := b.handOver(query().Encode(), tokens)
		if status != http.StatusBadRequest || got["error"] != "invalid_grant" || len(got) != 1 {
			t.Errorf("%s: %d, %v", name, status, got)
		}
	}
	if status, got := b.handOver(query().Encode(), sign()); status != http.StatusOK {
		t.Errorf("right ones: %d, %v", status, got)
	}
	log := b.log.String()
	for _, leak := range []string{"eyJ", "refresh-", "u1", "@"} {
		if strings.Contains(log, leak) {
			t.Errorf("the log has %s: %s", leak, log)
		}
	}
}

func TestOnlyThePageHandsOver(t *testing.T) {
	b := newBench(t)
	for _, headers := range [][]string{{"Origin", ""}, {"Origin", "null"}, {"Origin", "https://app.example.com"},
		{"Origin", origin + "/"}, {"Origin", "http://login.example.com"}, {"Origin", origin + ".attacker.example"},
		{"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "none"}} {
		tokens := b.pool.signIn("web", "u1")
		if status, got := b.handOver(query().Encode(), tokens, headers...); status != http.StatusForbidden ||
			got["error"] != "access_denied" {
			t.Errorf("%v: %d, %v", headers, status, got)
		}
	}
	if status, _ := b.handOver(query().Encode(), b.pool.signIn("web", "u1"), "Sec-Fetch-Site",
		""); status != http.StatusOK {
		t.Errorf("a browser without Sec-Fetch-Site: %d", status)
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
		if status, _ := b.handOver(query().Encode(), b.pool.signIn("web", "u1"), "Content-Type",
			kind); status != http.StatusUnsupportedMediaType {
			t.Errorf("%q: %d", kind, status)
		}
	}
}

// The page's address is a user's to change: the function trusts nothing of it.
func TestTheRequestIsCheckedAgain(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct{ request, want string }{
		{"", "invalid_client"}, {query("client_id", "gone").Encode(), "invalid_client"},
		{query("redirect_uri", "https://attacker.example").Encode(), "redirect_mismatch"},
		{query().Encode() + "&client_id=phone", "invalid_request"}, {"%", "invalid_request"},
		{query("state", strings.Repeat("x", 9000)).Encode(), "invalid_request"},
	} {
		tokens := b.pool.signIn("web", "u1")
		if status, got := b.handOver(test.request, tokens); status != http.StatusBadRequest || got["error"] != test.want {
			t.Errorf("%.60q: %d, %v, want %s", test.request, status, got, test.want)
		}
	}
	status, got := b.handOver(query("code_challenge", "", "code_challenge_method", "").Encode(),
		b.pool.signIn("web", "u1"))
	if to, _ := got["redirect"].(string); status != http.StatusOK ||
		!strings.HasPrefix(to, callback+"?error=invalid_request&state=s1") {
		t.Errorf("without its challenge: %d, %v", status, got)
	}
	for _, body := range []string{"", "[]", "{", `{"request":1}`, strings.Repeat(" ", 70_000)} {
		r := httptest.NewRequest(http.MethodPost, oauth.PathHandOver, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", origin)
		if status, got := decode(b.do(r)); status < 400 || status > 499 || got["error"] != "invalid_request" {
			t.Errorf("%.20q: %d, %v", body, status, got)
		}
	}
}

// A stranger's forged tokens make the function read the keys twice a minute at most.
func TestForgedTokensDoNotMakeTheFunctionAskForKeysEachTime(t *testing.T) {
	b := newBench(t)
	b.handOver(query().Encode(), b.pool.signIn("web", "u1"))
	for range 20 {
		forged := b.pool.signIn("web", "u1")
		forged.Access = "eyJhbGciOiJSUzI1NiIsImtpZCI6InVua25vd24ifQ" + forged.Access[strings.IndexByte(forged.Access, '.'):]
		b.handOver(query().Encode(), forged)
		b.time = b.time.Add(3 * time.Second)
	}
	if b.pool.reads > 4 {
		t.Errorf("the keys were read %d times in a minute", b.pool.reads)
	}
}

// A failing key service proves nothing against the tokens, whichever of them is checked at that
// time.
func TestAFailingKeyServiceIsATemporaryErrorAndLogged(t *testing.T) {
	for name, isKnown := range map[string]bool{"the page's tokens": false, "what the refresh yields": true} {
		b := newBench(t)
		if isKnown {
			b.handOver(query().Encode(), b.pool.signIn("web", "u1")) // reads the keys
			b.time = b.time.Add(time.Minute)
		}
		tokens := b.pool.signIn("web", "u1")
		b.pool.newKey = isKnown
		b.pool.noKeys = errors.New("the keys are unreachable")
		status, got := b.handOver(query().Encode(), tokens)
		if status != http.StatusServiceUnavailable || got["error"] != "temporarily_unavailable" ||
			!strings.Contains(b.log.String(), "the keys are unreachable") || !b.counted("PageFaults") {
			t.Errorf("%s: %d, %v, log %s", name, status, got, b.log)
		}
	}
}
