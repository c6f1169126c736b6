package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

func TestARightRequestReachesThePageWithItsParameters(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{oauth.PathAuthorize, oauth.PathLogin, oauth.PathSignUp} {
		to := b.get(path, query("login_hint", "a+b@example.com", "lang", "de", "unknown", "x", "identity_provider",
			"COGNITO"))
		if to.IsAbs() || to.Path != "/" {
			t.Fatalf("%s leads to %s", path, to)
		}
		got := to.Query()
		for name, want := range map[string]string{"client_id": "web", "redirect_uri": callback, "state": "s1",
			"login_hint": "a+b@example.com", "lang": "de", "code_challenge": challenge, "unknown": ""} {
			if got.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.Get(name), want)
			}
		}
		if want := map[bool]string{true: "create"}[path == oauth.PathSignUp]; got.Get("prompt") != want {
			t.Errorf("%s: prompt %q", path, got.Get("prompt"))
		}
	}
}

// What is wrong with the client or its address is shown on the page and never redirected to.
func TestAWrongClientOrAddressIsNeverRedirectedTo(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct{ name, value, want string }{
		{"client_id", "", "invalid_client"}, {"client_id", "Web", "invalid_client"},
		{"client_id", "web\r\nx", "invalid_client"}, {"client_id", strings.Repeat("w", 7000), "invalid_client"},
		{"redirect_uri", "", "redirect_mismatch"}, // two addresses: none is the default
		{"redirect_uri", callback + "/", "redirect_mismatch"},
		{"redirect_uri", callback + "?", "redirect_mismatch"},
		{"redirect_uri", callback + "#", "redirect_mismatch"},
		{"redirect_uri", callback + "%00", "redirect_mismatch"},
		{"redirect_uri", "HTTPS://app.example.com/callback", "redirect_mismatch"},
		{"redirect_uri", "https://app.example.com:443/callback", "redirect_mismatch"},
		{"redirect_uri", "https://app.example.com/x/../callback", "redirect_mismatch"},
		{"redirect_uri", "https://app.example.com/%63allback", "redirect_mismatch"},
		{"redirect_uri", "https://app.example.com.attacker.example/callback", "redirect_mismatch"},
		{"redirect_uri", "https://attacker.example/https://app.example.com/callback", "redirect_mismatch"},
		{"redirect_uri", "https://app.example.com@attacker.example/callback", "redirect_mismatch"},
		{"redirect_uri", "https://attacker.example\\@app.example.com/callback", "redirect_mismatch"},
		{"redirect_uri", "https://sub.app.example.com/callback", "redirect_mismatch"},
		{"redirect_uri", "//app.example.com/callback", "redirect_mismatch"},
		{"redirect_uri", "/callback", "redirect_mismatch"},
		{"redirect_uri", "http://app.example.com/callback", "redirect_mismatch"},
		{"redirect_uri", "http://localhost:5174/cb?x=1", "redirect_mismatch"},
		{"redirect_uri", "javascript:alert(1)//" + callback, "redirect_mismatch"},
		{"redirect_uri", "com.example.app:/cb", "redirect_mismatch"}, // another client's
		{"redirect_uri", callback + "\r\nSet-Cookie: a=b", "redirect_mismatch"},
	} {
		to := b.get(oauth.PathAuthorize, query(test.name, test.value))
		if to.IsAbs() || to.Host != "" || to.Path != "/" || to.Query().Get("error") != test.want || len(to.Query()) != 1 {
			t.Errorf("%s=%.60q leads to %s, want error=%s on the page", test.name, test.value, to, test.want)
		}
	}
	good := query().Encode()
	for _, raw := range []string{good + "&client_id=web", good + "&redirect_uri=" + url.QueryEscape(callback),
		good + "&redirect_uri=https://attacker.example", good + "&a=%zz", good + "&a;b=c",
		good + "&a=" + strings.Repeat("a", 10_000)} {
		if to := b.getRaw(oauth.PathAuthorize, raw); to.IsAbs() || to.Query().Get("error") != "invalid_request" {
			t.Errorf("%.80q leads to %s", raw, to)
		}
	}
}

func TestOtherErrorsGoBackToTheApp(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		pairs []string
		want  string
	}{
		{[]string{"response_type", ""}, "invalid_request"}, {[]string{"response_type", "token"}, "unauthorized_client"},
		{[]string{"response_type", "code id_token"}, "unsupported_response_type"},
		{[]string{"response_mode", "fragment"}, "invalid_request"}, {[]string{"response_mode", "form_post"}, "invalid_request"},
		{[]string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"}, // a public client
		{[]string{"code_challenge_method", ""}, "invalid_request"}, {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		{[]string{"code_challenge_method", "s256"}, "invalid_request"},
		{[]string{"code_challenge", ""}, "invalid_request"}, {[]string{"code_challenge", verifier + "x"}, "invalid_request"},
		{[]string{"code_challenge", challenge + "="}, "invalid_request"},
		{[]string{"client_id", "server", "code_challenge", "", "code_challenge_method", "", "nonce", "n"}, "invalid_request"},
		{[]string{"prompt", "none"}, "login_required"}, {[]string{"prompt", "none login"}, "invalid_request"},
		{[]string{"prompt", "other"}, "invalid_request"}, {[]string{"identity_provider", "Google"}, "invalid_request"},
		{[]string{"idp_identifier", "x"}, "invalid_request"}, {[]string{"scope", "openid\n"}, "invalid_scope"},
		{[]string{"scope", `a"b`}, "invalid_scope"}, {[]string{"request", "eyJ"}, "request_not_supported"},
		{[]string{"request_uri", "https://a.example"}, "request_uri_not_supported"},
	} {
		to := b.get(oauth.PathAuthorize, query(test.pairs...))
		q := to.Query()
		if !strings.HasPrefix(to.String(), callback+"?") || q.Get("error") != test.want || q.Get("state") != "s1" ||
			q.Get("iss") != issuer {
			t.Errorf("%q leads to %s, want %s", test.pairs, to, test.want)
		}
	}
	for _, name := range []string{"state", "scope", "nonce", "prompt", "unknown"} {
		to := b.getRaw(oauth.PathAuthorize, query(name, "x").Encode()+"&"+name+"=y")
		if to.Query().Get("error") != "invalid_request" || (name == "state") == to.Query().Has("state") {
			t.Errorf("%s twice leads to %s", name, to)
		}
	}
	for _, accepted := range [][]string{{"nonce", "n"}, {"prompt", "login"}, {"prompt", "select_account consent"},
		{"scope", ""}, {"scope", "anything at:all"}, {"response_mode", "query"}, {"state", ""}, {"max_age", "1"}} {
		if to := b.get(oauth.PathAuthorize, query(accepted...)); to.IsAbs() || to.Query().Has("error") {
			t.Errorf("%q leads to %s", accepted, to)
		}
	}
}

// The state comes back byte for byte, whatever it is, and an empty one is not an absent one.
func TestTheStateComesBackByteForByte(t *testing.T) {
	b := newBench(t)
	for _, state := range []string{"", "a b+c,d=e/f%25&g;h", "\r\nSet-Cookie: a=b\r\n\r\n<script>", "üñ💥\x00\xff\xfe",
		strings.Repeat("x", 4000), "https://attacker.example", `{"a":"b"}`} {
		q := query()
		q.Set("state", state)
		for _, prompt := range []string{"none", "login"} {
			q.Set("prompt", prompt)
			to := b.get(oauth.PathAuthorize, q)
			if prompt == "login" { // on to the page, and from there to the app
				_, out := b.handOver(to.RawQuery, b.pool.signIn("web", "u1"))
				var err error
				if to, err = url.Parse(out["redirect"].(string)); err != nil || to.Query().Get("code") == "" {
					t.Fatalf("%v, %v", out, err)
				}
			}
			if got := to.Query()["state"]; len(got) != 1 || got[0] != state {
				t.Errorf("prompt=%s: state %.40q came back as %.40q", prompt, state, got)
			}
			if strings.Contains(to.String(), "+") {
				t.Errorf("a plus sign in %s, which some clients don't decode", to)
			}
		}
	}
	if to := b.get(oauth.PathAuthorize, query("state", "", "prompt", "none")); to.Query().Has("state") {
		t.Errorf("a state out of nothing: %s", to)
	}
}

func TestACallbackWithAQueryAndAnAppsSchemeAreKept(t *testing.T) {
	b := newBench(t)
	_, out := b.handOver(query("redirect_uri", "http://localhost:5173/cb?x=1").Encode(), b.pool.signIn("web", "u1"))
	if to := out["redirect"].(string); !strings.HasPrefix(to, "http://localhost:5173/cb?x=1&code=") {
		t.Errorf("redirect %s", to)
	}
	// One address: it is the default.
	for _, uri := range []string{"com.example.app:/cb", ""} {
		_, out = b.handOver(query("client_id", "phone", "redirect_uri", uri).Encode(), b.pool.signIn("phone", "u1"))
		if to := out["redirect"].(string); !strings.HasPrefix(to, "com.example.app:/cb?code=") {
			t.Errorf("%q: redirect %s", uri, to)
		}
	}
}

func TestLogout(t *testing.T) {
	b := newBench(t)
	hint := b.pool.signIn("web", "u1").ID
	for _, test := range []struct{ query, want string }{
		{"client_id=web&logout_uri=https://app.example.com/&state=x&redirect_uri=https://attacker.example", "https://app.example.com/"},
		{"client_id=web&post_logout_redirect_uri=https://app.example.com/bye?x=1%26state=old", "/?error=redirect_mismatch"},
		{"client_id=web&post_logout_redirect_uri=https://app.example.com/bye?x%3D1&state=a+b", "https://app.example.com/bye?x=1&state=a%20b"},
		{"id_token_hint=" + hint + "&post_logout_redirect_uri=https://app.example.com/", "https://app.example.com/"},
		{"client_id=web&logout_uri=https://app.example.com", "/?error=redirect_mismatch"},
		{"client_id=web&logout_uri=https://attacker.example/", "/?error=redirect_mismatch"},
		{"client_id=web&logout_uri=" + url.QueryEscape(callback), "/?error=redirect_mismatch"},
		{"client_id=server&logout_uri=https://app.example.com/", "/?error=redirect_mismatch"},
		{"client_id=web&logout_uri=", "/?error=redirect_mismatch"},
		{"client_id=web", "/?error=invalid_request"}, {"", "/?error=invalid_client"},
		{"logout_uri=https://app.example.com/&id_token_hint=a.b.c", "/?error=invalid_client"},
		{"client_id=web&client_id=web&logout_uri=https://app.example.com/", "/?error=invalid_request"},
		{"client_id=other&logout_uri=https://app.example.com/", "/?error=invalid_client"},
	} {
		if to := b.getRaw(oauth.PathLogout, test.query); to.String() != test.want {
			t.Errorf("%s leads to %s, want %s", test.query, to, test.want)
		}
	}
	if to := b.get(oauth.PathLogout, query()); to.Path != "/" || to.Query().Get("client_id") != "web" {
		t.Errorf("a sign-in anew leads to %s", to)
	}
}

func TestMethodsPathsAndOrigins(t *testing.T) {
	b := newBench(t)
	open := map[string]bool{oauth.PathToken: true, oauth.PathRevoke: true, oauth.PathUserInfo: true, oauth.PathDiscovery: true}
	for _, path := range []string{oauth.PathAuthorize, oauth.PathLogin, oauth.PathSignUp, oauth.PathToken,
		oauth.PathRevoke, oauth.PathUserInfo, oauth.PathLogout, oauth.PathDiscovery, oauth.PathHandOver} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead,
			http.MethodOptions} {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("Origin", "https://app.example.com")
			w := b.do(r)
			if isOpen := w.Header().Get("Access-Control-Allow-Origin") == "*"; isOpen != open[path] {
				t.Errorf("%s %s is open to every origin: %t", method, path, isOpen)
			}
			if method == http.MethodPut && (w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" ||
				w.Body.Len() > 0) {
				t.Errorf("PUT %s: %d, Allow %q", path, w.Code, w.Header().Get("Allow"))
			}
			if method == http.MethodOptions && open[path] {
				for _, name := range []string{"authorization", "content-type", "x-amz-user-agent"} {
					if !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), name) {
						t.Errorf("the preflight of %s lacks %s", path, name)
					}
				}
				if w.Code != http.StatusNoContent {
					t.Errorf("the preflight of %s: %d", path, w.Code)
				}
			}
		}
	}
	for _, path := range []string{"/oauth2/userinfo", "/oauth2/Token", "/oauth2/token/", "/oauth2/", "/oauth2/other"} {
		if w := b.do(httptest.NewRequest(http.MethodPost, path, nil)); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func FuzzAuthorize(f *testing.F) {
	f.Add(query().Encode())
	f.Add(query("state", "\r\n").Encode() + "&state=2")
	f.Add("client_id=web&redirect_uri=%2f%2fattacker.example&state=%")
	f.Fuzz(func(t *testing.T, raw string) {
		b := newBench(t)
		for _, path := range []string{oauth.PathAuthorize, oauth.PathLogout} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.URL.RawQuery = raw
			to := b.do(r).Header().Get("Location")
			known := false
			for _, start := range []string{"/?", callback + "?", "http://localhost:5173/cb?x=1&", "com.example.app:/cb?",
				"https://app.example.com/bye?x=1"} {
				known = known || strings.HasPrefix(to, start)
			}
			if !known && to != "https://app.example.com/" && !strings.HasPrefix(to, "https://app.example.com/?state=") {
				t.Errorf("%q leads to %q", raw, to)
			}
		}
	})
}
