package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
)

func TestACodeGivesTheTokensOfItsSignIn(t *testing.T) {
	b := newBench(t)
	code, tokens := b.code(query())
	if raw, err := base64.RawURLEncoding.DecodeString(code); err != nil || len(raw) != 32 {
		t.Errorf("the code %s has not 256 bits", code)
	}
	b.time = b.time.Add(20 * time.Second)
	status, got := b.post(oauth.PathToken, exchange(code))
	if status != http.StatusOK || got["access_token"] != tokens.Access || got["id_token"] != tokens.ID ||
		got["refresh_token"] != tokens.Refresh || got["token_type"] != "Bearer" || got["expires_in"] != 3580.0 ||
		len(got) != 5 {
		t.Errorf("%d, %v", status, got)
	}
}

func TestARotatedRefreshTokenIsTheOneHandedOver(t *testing.T) {
	b := newBench(t)
	b.pool.rotate = true
	code, _ := b.code(query())
	if _, got := b.post(oauth.PathToken, exchange(code)); !strings.HasPrefix(got["refresh_token"].(string), "rotated-") {
		t.Errorf("%v", got)
	}
}

// A second request with the right verifier is a repeated click; one with a wrong one, or by another
// client, is an attack that ends the sign-in.
func TestReuseIsRefusedAndAnAttackRevokes(t *testing.T) {
	for _, test := range []struct {
		name    string
		before  bool // the code was redeemed before
		form    func(code string) url.Values
		headers []string
		revokes bool
	}{
		{"a repeated click", true, func(c string) url.Values { return exchange(c) }, nil, false},
		{"a repeated click with another address", true,
			func(c string) url.Values { return exchange(c, "redirect_uri", "https://x.example") }, nil, false},
		{"a wrong verifier later", true,
			func(c string) url.Values { return exchange(c, "code_verifier", strings.Repeat("a", 43)) }, nil, true},
		{"a wrong verifier first", false,
			func(c string) url.Values { return exchange(c, "code_verifier", strings.Repeat("a", 43)) }, nil, true},
		{"another client", false, func(c string) url.Values { return exchange(c, "client_id", "phone") }, nil, true},
		{"another client later", true, func(c string) url.Values { return exchange(c, "client_id", "phone") }, nil, true},
		{"a client with a secret and no verifier", false,
			func(c string) url.Values {
				return exchange(c, "client_id", "server", "client_secret", secret, "code_verifier", "")
			}, nil, true},
		{"another address", false, func(c string) url.Values { return exchange(c, "redirect_uri", callback+"/") }, nil, true},
		{"no address", false, func(c string) url.Values { return exchange(c, "redirect_uri", "") }, nil, true},
	} {
		b := newBench(t)
		code, tokens := b.code(query())
		if test.before {
			if status, got := b.post(oauth.PathToken, exchange(code)); status != http.StatusOK {
				t.Fatalf("%s: %d, %v", test.name, status, got)
			}
		}
		status, got := b.post(oauth.PathToken, test.form(code), test.headers...)
		if status != http.StatusBadRequest || got["error"] != "invalid_grant" || len(got) != 1 {
			t.Errorf("%s: %d, %v", test.name, status, got)
		}
		if b.pool.isRevoked(tokens.Refresh) != test.revokes || b.counted("SignInsRevoked") != test.revokes {
			t.Errorf("%s: revoked and counted %t, want %t", test.name, !test.revokes, test.revokes)
		}
		// Whatever it was, the code is used up.
		if status, _ := b.post(oauth.PathToken, exchange(code)); status == http.StatusOK {
			t.Errorf("%s: the code gives tokens afterwards", test.name)
		}
	}
}

// x/oauth2 tries Basic and then repeats the same code in the body: a failed authentication must not
// use the code up. What is malformed must not either.
func TestNothingIsTakenBeforeTheClientIsKnown(t *testing.T) {
	b := newBench(t)
	code, tokens := b.code(query("client_id", "server"))
	right := exchange(code, "client_id", "server", "client_secret", secret)
	for _, test := range []struct {
		form    url.Values
		headers []string
		want    string
	}{
		{exchange(code, "client_id", "server"), nil, "invalid_client"},
		{exchange(code, "client_id", "server", "client_secret", secret+"x"), nil, "invalid_client"},
		{exchange(code, "client_id", "other", "client_secret", secret), nil, "invalid_client"},
		{exchange(code, "client_id", ""), nil, "invalid_request"},
		{exchange(code, "client_id", ""), []string{"Authorization", "Basic %%%"}, "invalid_client"},
		{exchange(code, "client_id", ""), []string{"Authorization", "Bearer x"}, "invalid_client"},
		{exchange(code, "client_id", ""), basic("server", ""), "invalid_client"},
		{exchange(code, "client_id", "web"), basic("server", secret), "invalid_client"},
		{exchange(code, "client_secret", secret), basic("server", secret), "invalid_request"},
		{exchange(code), basic("web", "x"), "invalid_client"}, // a public client has no secret
		{exchange(code, "client_secret", "x"), nil, "invalid_client"},
		{exchange(code, "client_id", ""), append(basic("server", secret), basic("server", secret)...), "invalid_client"},
		{exchange(code, "code_verifier", "short"), nil, "invalid_request"},
		{exchange(code, "code_verifier", strings.Repeat("a", 129)), nil, "invalid_request"},
		{exchange(code, "code_verifier", strings.Repeat("a", 50)+"+"), nil, "invalid_request"},
		{exchange(code, "code_verifier", ""), nil, "invalid_request"},
		{exchange(""), nil, "invalid_request"}, {exchange(strings.Repeat("a", 600)), nil, "invalid_request"},
		{exchange("unknown"), nil, "invalid_grant"}, {exchange(code + "A"), nil, "invalid_grant"},
		{exchange(code, "grant_type", ""), nil, "invalid_request"},
		{exchange(code, "grant_type", "password"), nil, "unsupported_grant_type"},
		{exchange(code, "grant_type", "client_credentials"), nil, "unauthorized_client"},
		{exchange(code, "grant_type", "refresh_token"), nil, "invalid_request"},
	} {
		if status, got := b.post(oauth.PathToken, test.form, test.headers...); status != http.StatusBadRequest ||
			got["error"] != test.want {
			t.Errorf("%v %v: %d, %v, want %s", test.form, test.headers, status, got, test.want)
		}
	}
	twice := strings.NewReader(right.Encode() + "&code=" + code)
	r := httptest.NewRequest(http.MethodPost, oauth.PathToken, twice)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if status, got := decode(b.do(r)); status != http.StatusBadRequest || got["error"] != "invalid_request" {
		t.Errorf("a parameter twice: %d, %v", status, got)
	}
	for kind, body := range map[string]string{"application/json": `{"code":"` + code + `"}`, "": right.Encode(),
		"application/x-www-form-urlencoded": "a=" + strings.Repeat("a", 100_000)} {
		r := httptest.NewRequest(http.MethodPost, oauth.PathToken, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		if status, got := decode(b.do(r)); status < 400 || status > 499 || got["error"] != "invalid_request" {
			t.Errorf("%q: %d, %v", kind, status, got)
		}
	}
	if b.pool.isRevoked(tokens.Refresh) {
		t.Error("a request that was refused before the code revoked the sign-in")
	}
	if status, got := b.post(oauth.PathToken, right); status != http.StatusOK {
		t.Errorf("the code was used up: %d, %v", status, got)
	}
}

// basic makes the header as RFC 6749, 2.3.1, wants it.
func basic(id, password string) []string {
	text := url.QueryEscape(id) + ":" + url.QueryEscape(password)
	return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(text))}
}

func TestEveryWayToAuthenticate(t *testing.T) {
	raw := []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("server:"+secret))}
	for name, test := range map[string]struct {
		client  string
		form    []string
		headers []string
	}{
		"Basic, encoded":                  {"server", []string{"client_id", ""}, basic("server", secret)},
		"Basic, raw":                      {"server", []string{"client_id", ""}, raw},
		"Basic and client_id":             {"server", []string{"client_id", "server"}, basic("server", secret)},
		"in the body":                     {"server", []string{"client_id", "server", "client_secret", secret}, nil},
		"public":                          {"web", nil, nil},
		"public, Basic with empty secret": {"web", []string{"client_id", ""}, basic("web", "")},
		"public, empty secret":            {"web", []string{"client_secret", ""}, nil},
	} {
		b := newBench(t)
		code, _ := b.code(query("client_id", test.client))
		if status, got := b.post(oauth.PathToken, exchange(code, test.form...), test.headers...); status != http.StatusOK {
			t.Errorf("%s: %d, %v", name, status, got)
		}
	}
}

// A confidential client may leave PKCE out, and nobody may put it in or take it out afterwards.
func TestPKCECannotBeDowngraded(t *testing.T) {
	b := newBench(t)
	plain := query("client_id", "server", "code_challenge", "", "code_challenge_method", "")
	form := []string{"client_id", "server", "client_secret", secret}
	code, _ := b.code(plain)
	if status, _ := b.post(oauth.PathToken, exchange(code,
		append(form, "code_verifier", "")...)); status != http.StatusOK {
		t.Errorf("without PKCE: %d", status)
	}
	code, tokens := b.code(plain)
	if status, got := b.post(oauth.PathToken, exchange(code, form...)); status != http.StatusBadRequest ||
		got["error"] != "invalid_grant" || !b.pool.isRevoked(tokens.Refresh) {
		t.Errorf("a verifier without challenge: %d, %v", status, got)
	}
	code, tokens = b.code(query("client_id", "server"))
	if status, _ := b.post(oauth.PathToken, exchange(code,
		append(form, "code_verifier", "")...)); status == http.StatusOK || !b.pool.isRevoked(tokens.Refresh) {
		t.Errorf("a challenge without verifier: %d", status)
	}
}

func TestOfManyAtOnceOneGetsTheTokens(t *testing.T) {
	b := newBench(t)
	code, _ := b.code(query())
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			status, _ := b.post(oauth.PathToken, exchange(code))
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	wg.Wait()
	if statuses[200] != 1 || statuses[400] != 29 {
		t.Errorf("statuses %v", statuses)
	}
}

func TestACodeLivesAMinuteAndIsRememberedForTen(t *testing.T) {
	b := newBench(t)
	late, lateTokens := b.code(query())
	b.time = b.time.Add(time.Minute)
	if status, got := b.post(oauth.PathToken, exchange(late)); status != http.StatusBadRequest ||
		got["error"] != "invalid_grant" || b.pool.isRevoked(lateTokens.Refresh) {
		t.Errorf("a minute later: %d, %v", status, got)
	}
	for after, revokes := range map[time.Duration]bool{10 * time.Minute: true, 12 * time.Minute: false} {
		code, tokens := b.code(query())
		b.post(oauth.PathToken, exchange(code))
		start := b.time
		b.time = b.time.Add(after)
		b.post(oauth.PathToken, exchange(code, "code_verifier", strings.Repeat("a", 43)))
		if b.time = start; b.pool.isRevoked(tokens.Refresh) != revokes {
			t.Errorf("an attack %v later revokes: %t, want %t", after, !revokes, revokes)
		}
	}
}

func TestTheStoreAloneYieldsNothing(t *testing.T) {
	b := newBench(t)
	var items []oauth.Item
	b.store.Store = recording{b.store.Store, &items}
	code, tokens := b.code(query())
	raw, err := json.Marshal(items)
	if err != nil || len(items) != 1 {
		t.Fatal(err, items)
	}
	text := string(raw) + string(items[0].Grant) + string(items[0].Tombstone)
	for _, s := range []string{code, tokens.Access, tokens.Refresh, tokens.ID, challenge, callback, "app.example.com",
		`"web"`, `"u1"`} {
		if strings.Contains(text, s) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(s))) {
			t.Errorf("the item shows %s", s)
		}
	}
	// Who may write to the table moves a sealed grant to another code in vain.
	other, _ := b.code(query())
	items[1].Grant, items[1].Tombstone = items[0].Grant, items[0].Tombstone
	items[1].ID += "x"
	_ = b.store.Put(t.Context(), items[1])
	if status, _ := b.post(oauth.PathToken, exchange(other)); status != http.StatusOK {
		t.Errorf("the item itself: %d", status)
	}
}

type recording struct {
	oauth.Store
	items *[]oauth.Item
}

func (r recording) Put(ctx ctx, i oauth.Item) error {
	*r.items = append(*r.items, i)
	return r.Store.Put(ctx, i)
}

func TestAServiceThatFailsIsATemporaryErrorAndLosesNothing(t *testing.T) {
	b := newBench(t)
	code, tokens := b.code(query())
	b.store.setDown(true)
	for path, call := range map[string]func() (int, map[string]any){
		"token":     func() (int, map[string]any) { return b.post(oauth.PathToken, exchange(code)) },
		"hand-over": func() (int, map[string]any) { return b.handOver(query().Encode(), b.pool.signIn("web", "u1")) },
	} {
		if status, got := call(); status != http.StatusServiceUnavailable || got["error"] != "temporarily_unavailable" {
			t.Errorf("%s: %d, %v", path, status, got)
		}
	}
	b.store.setDown(false)
	if status, _ := b.post(oauth.PathToken, exchange(code)); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"}, "refresh_token": {tokens.Refresh}}
	for _, test := range []struct {
		fail   error
		status int
		id     string
	}{
		{errors.New("no network"), 503, "temporarily_unavailable"},
		{&oauth.APIError{Code: "InternalErrorException", Status: 500}, 503, "temporarily_unavailable"},
		{&oauth.APIError{Code: "TooManyRequestsException", Status: 400}, 429, "temporarily_unavailable"},
		{&oauth.APIError{Code: "NotAuthorizedException", Status: 400}, 400, "invalid_grant"},
		{&oauth.APIError{Code: "RefreshTokenReuseException", Status: 400}, 400, "invalid_grant"},
		{&oauth.APIError{Code: "ResourceNotFoundException", Status: 400}, 400, "invalid_client"},
	} {
		b.pool.fail = test.fail
		if status, got := b.post(oauth.PathToken, refresh); status != test.status || got["error"] != test.id {
			t.Errorf("%v: %d, %v", test.fail, status, got)
		}
	}
}

func TestRefreshAndRevoke(t *testing.T) {
	b := newBench(t)
	tokens := b.pool.signIn("web", "u1")
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"web"},
		"refresh_token": {tokens.Refresh}, "scope": {"openid"}}
	status, got := b.post(oauth.PathToken, form)
	if _, has := got["refresh_token"]; status != http.StatusOK || has || got["access_token"] == "" ||
		got["expires_in"] != 3600.0 {
		t.Errorf("%d, %v", status, got)
	}
	form.Set("client_id", "phone")
	if status, got := b.post(oauth.PathToken, form); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("another client's token: %d, %v", status, got)
	}
	for _, test := range []struct {
		form   url.Values
		fail   error
		status int
		id     any
	}{
		{url.Values{"client_id": {"web"}}, nil, 400, "invalid_request"},
		{url.Values{"client_id": {"other"}, "token": {"x"}}, nil, 401, "invalid_client"},
		{url.Values{"client_id": {"server"}, "token": {"x"}}, nil, 401, "invalid_client"},
		{url.Values{"client_id": {"web"}, "token": {"x"}}, &oauth.APIError{Code: "UnsupportedTokenTypeException"}, 400, "unsupported_token_type"},
		{url.Values{"client_id": {"web"}, "token": {"x"}}, &oauth.APIError{Code: "UnauthorizedException"}, 400, "invalid_client"},
		{url.Values{"client_id": {"web"}, "token": {"x"}, "token_type_hint": {"refresh_token"}}, nil, 200, nil},
	} {
		b.pool.fail = test.fail
		if status, got := b.post(oauth.PathRevoke, test.form); status != test.status || got["error"] != test.id {
			t.Errorf("%v: %d, %v", test.form, status, got)
		}
	}
}

func TestUserInfo(t *testing.T) {
	b := newBench(t)
	token := b.pool.signIn("web", "u1").Access
	ask := func(authorization string) (int, map[string]any, string) {
		r := httptest.NewRequest(http.MethodGet, oauth.PathUserInfo, nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := b.do(r)
		status, got := decode(w)
		return status, got, w.Header().Get("WWW-Authenticate")
	}
	if status, got, _ := ask("Bearer " + token); status != 200 || got["sub"] != "u1" || got["email_verified"] != "true" {
		t.Errorf("%d, %v", status, got)
	}
	foreign := func(f change) string { return "Bearer " + b.pool.signIn("web", "u1", f).Access }
	for name, authorization := range map[string]string{
		"another pool": foreign(func(_ string, c map[string]any) { c["iss"] = issuer + "2" }),
		"expired":      foreign(func(_ string, c map[string]any) { c["exp"] = b.time.Unix() }),
		"an ID token":  "Bearer " + b.pool.signIn("web", "u1").ID,
		"garbage":      "Bearer a.b.c", "altered": "Bearer " + token[:len(token)-8] + "AAAAAAAA",
	} {
		if status, got, header := ask(authorization); status != 401 || got["error"] != "invalid_token" ||
			!strings.HasPrefix(header, `Bearer error="invalid_token"`) {
			t.Errorf("%s: %d, %v, %s", name, status, got, header)
		}
	}
	for _, authorization := range []string{"", "Bearer", "Bearer ", "Basic eDp5"} {
		if status, got, header := ask(authorization); status != 400 || got["error"] != "invalid_request" ||
			!strings.HasPrefix(header, "Bearer ") {
			t.Errorf("%q: %d, %v, %s", authorization, status, got, header)
		}
	}
	b.pool.fail = &oauth.APIError{Code: "NotAuthorizedException"}
	if status, got, _ := ask("Bearer " + token); status != 401 || got["error"] != "invalid_token" {
		t.Errorf("a revoked one: %d, %v", status, got)
	}
}

func TestDiscoveryHasThePoolsIssuerAndThePagesEndpoints(t *testing.T) {
	b := newBench(t)
	w := b.do(httptest.NewRequest(http.MethodGet, oauth.PathDiscovery, nil))
	_, got := decode(w)
	for name, want := range map[string]any{"issuer": issuer, "jwks_uri": issuer + "/.well-known/jwks.json",
		"authorization_endpoint": origin + "/oauth2/authorize", "token_endpoint": origin + "/oauth2/token",
		"userinfo_endpoint": origin + "/oauth2/userInfo", "revocation_endpoint": origin + "/oauth2/revoke",
		"end_session_endpoint": origin + "/logout"} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}
