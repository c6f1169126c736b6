package redirect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/oauth2"

	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/app"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/inprocess"
	"github.com/cognito-emailotp/cdk-emailotp/sandbox"
)

// x/oauth2 finds out by itself how to authenticate: it tries Basic and, where that fails, repeats
// the same code in the body. Both kinds of client must get their tokens.
func TestGoOAuth2(t *testing.T) {
	t.Parallel()
	w := on(t)
	for name, client := range map[string]sandbox.OAuthClient{"public": w.public, "with a secret": w.secret} {
		for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleAutoDetect, oauth2.AuthStyleInHeader,
			oauth2.AuthStyleInParams} {
			config := &oauth2.Config{ClientID: client.ClientID, ClientSecret: client.ClientSecret, RedirectURL: app.CallbackURL,
				Scopes:   []string{"openid", "email"},
				Endpoint: oauth2.Endpoint{AuthURL: w.oauth.AuthorizeURL, TokenURL: w.oauth.TokenURL, AuthStyle: style}}
			verifier, state := oauth2.GenerateVerifier(), "state&of=the app"
			back, err := url.Parse(w.signIn(config.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))))
			if err != nil || back.Query().Get("state") != state {
				t.Fatalf("%s, %d: back at %v, %v", name, style, back, err)
			}
			token, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
			if err != nil || token.TokenType != "Bearer" || token.RefreshToken == "" || token.Extra("id_token") == nil {
				t.Fatalf("%s, %d: %v, %v", name, style, token, err)
			}
			// The client adds the token to its requests.
			response, err := config.Client(t.Context(), token).Get(w.oauth.UserInfoURL)
			if err != nil {
				t.Fatal(err)
			}
			user := map[string]string{}
			err = json.NewDecoder(response.Body).Decode(&user)
			response.Body.Close()
			if err != nil || user["sub"] == "" || user["email_verified"] != "true" {
				t.Errorf("%s, %d: userInfo %v, %v", name, style, user, err)
			}
			again, err := config.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
			if err != nil || again.AccessToken == "" || again.AccessToken == token.AccessToken {
				t.Errorf("%s, %d: renewed %v, %v", name, style, again, err)
			}
			if _, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier)); err == nil ||
				!strings.Contains(err.Error(), "invalid_grant") {
				t.Errorf("%s, %d: the code twice gives %v", name, style, err)
			}
		}
	}
}

func TestOpenIDClientWithASecret(t *testing.T) {
	t.Parallel()
	w := on(t)
	s := w.run("openid-client.mjs", map[string]any{"discoveryUrl": w.oauth.DiscoveryURL, "clientId": w.secret.ClientID,
		"secret": w.secret.ClientSecret, "callback": app.CallbackURL})
	for range 2 { // Basic, and in the body
		s.send(w.signIn(s.next()["to"].(string)))
		if got := s.next(); got["verified"] != "true" || got["email"] == "" || got["renewed"] != true ||
			got["after"] != "invalid_grant" || got["expires"].(float64) < 3500 {
			t.Errorf("%v", got)
		}
	}
}

func TestAuthJS(t *testing.T) {
	t.Parallel()
	w := on(t)
	s := w.run("auth.mjs", map[string]any{"authorizeUrl": w.oauth.AuthorizeURL, "tokenUrl": w.oauth.TokenURL,
		"userInfoUrl": w.oauth.UserInfoURL, "issuer": w.sb.Config().Issuer, "clientId": w.secret.ClientID,
		"secret": w.secret.ClientSecret, "callback": app.AuthJSCallbackURL})
	s.send(w.signIn(s.next()["to"].(string)))
	got := s.next()
	if email, _ := got["email"].(string); got["status"] != 302.0 || !strings.HasPrefix(email, "redirect") ||
		got["sub"] == nil {
		t.Errorf("%v\n%s", got, s.err.String())
	}
}

// The commands that docs/clients.md shows.
func TestCurl(t *testing.T) {
	t.Parallel()
	testkit.Need(t, "curl")
	sb := app.Own(t, sandbox.Options{Stack: app.Redirect, TLS: true})
	w := of(t, sb)
	tls := sb.Config().TLS
	curl := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "curl", append([]string{"-sS", "--cacert", tls.CertificateFile},
			args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	verifier := oauth2.GenerateVerifier()
	address := tls.AuthorizeURL + "?response_type=code&client_id=" + w.public.ClientID + "&redirect_uri=" +
		url.QueryEscape(app.CallbackURL) +
		"&state=s&code_challenge_method=S256&code_challenge=" + oauth2.S256ChallengeFromVerifier(verifier)
	to, err := url.Parse(curl("-o", os.DevNull, "-w", "%{redirect_url}", address))
	if err != nil || to.Scheme != "https" || to.Path != "/" {
		t.Fatalf("curl is led to %v, %v", to, err)
	}
	back, _ := url.Parse(w.finish(to.RawQuery, w.tokens(w.public.ClientID)))
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	answer := curl(tls.TokenURL, "-d", "grant_type=authorization_code", "-d", "client_id="+w.public.ClientID, "-d",
		"code="+back.Query().Get("code"), "-d", "redirect_uri="+app.CallbackURL, "-d", "code_verifier="+verifier)
	if err := json.Unmarshal([]byte(answer), &tokens); err != nil || tokens.Access == "" {
		t.Fatalf("the token endpoint answers %s", answer)
	}
	if user := curl(tls.UserInfoURL, "-H", "Authorization: Bearer "+tokens.Access); !strings.Contains(user,
		`"email_verified":"true"`) {
		t.Errorf("userInfo answers %s", user)
	}
	if out := curl("-w", "%{http_code}", tls.RevokeURL, "-d", "client_id="+w.public.ClientID, "-d",
		"token="+tokens.Refresh); out != "200" {
		t.Errorf("revoke answers %s", out)
	}
	if out := curl("-w", "%{http_code}", tls.UserInfoURL, "-H", "Authorization: Bearer "+tokens.Access); !strings.Contains(
		out, `"invalid_token"`) || !strings.HasSuffix(out, "401") {
		t.Errorf("userInfo of a revoked sign-in answers %s", out)
	}
	if out := curl("-o", os.DevNull, "-w", "%{redirect_url}", tls.LogoutURL+"?client_id="+w.public.ClientID+"&logout_uri="+
		url.QueryEscape(app.LogoutURL)); out != app.LogoutURL {
		t.Errorf("logout leads to %s", out)
	}
}

// What came past the distribution is refused, whatever it is; a role reads its own secrets alone.
func TestTheAPIIsClosedToOthersThanTheDistribution(t *testing.T) {
	t.Parallel()
	w := on(t)
	event := func(secret string) []byte {
		text, _ := json.Marshal(map[string]any{"version": "2.0", "rawPath": "/.well-known/openid-configuration",
			"headers": map[string]string{"x-emailotp-origin-secret": secret,
				"x-emailotp-origin": "https://login.example.com"},
			"requestContext": map[string]any{"http": map[string]string{"method": "GET"}}})
		return text
	}
	for _, secret := range []string{"", "guess", "AWSCURRENT"} {
		out, err := w.sb.Binaries().Invoke(t.Context(), sandbox.HandOver, event(secret))
		if err != nil || !bytes.Contains(out, []byte(`"statusCode":403`)) {
			t.Errorf("secret %q: %s, %v", secret, out, err)
		}
	}
	for _, bad := range []string{"", "{}", "[]",
		`{"requestContext":{"http":{"method":"POST"}},"body":"%","isBase64Encoded":true}`} {
		if out, err := w.sb.Binaries().Invoke(t.Context(), sandbox.HandOver, []byte(bad)); err == nil {
			t.Errorf("the event %q gives %s", bad, out)
		}
	}
	// A caller's own headers of these names do not pass the distribution.
	r, _ := http.NewRequest(http.MethodGet, w.oauth.DiscoveryURL, nil)
	r.Header.Set("X-Emailotp-Origin", "https://attacker.example")
	r.Header.Set("X-Emailotp-Origin-Secret", "guess")
	response, err := browser.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", response, err)
	}
	defer response.Body.Close()
	var found struct {
		Token string `json:"token_endpoint"`
	}
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil || found.Token != w.oauth.TokenURL {
		t.Errorf("discovery has %q, %v", found.Token, err)
	}
}

// A hundred users at once, none lost. The functions run in process, so that their start is not
// measured.
func TestAHundredSignInsByRedirectSideBySide(t *testing.T) {
	t.Parallel()
	clock := &inprocess.Clock{}
	w := of(t, app.Own(t, clock.Options(sandbox.Options{Stack: app.Redirect})))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 20)
	var mu sync.Mutex
	subs := map[string]bool{}
	for range 100 {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			sub, err := w.whole()
			mu.Lock()
			defer mu.Unlock()
			if err != nil || subs[sub] {
				t.Errorf("user %q, %v", sub, err)
			}
			subs[sub] = true
		})
	}
	wg.Wait()
	if len(subs) != 100 {
		t.Errorf("%d users signed in, want 100", len(subs))
	}
}

// whole is a sign-in of a public client from the authorization request to userInfo.
func (w *world) whole() (sub string, err error) {
	verifier := oauth2.GenerateVerifier()
	config := &oauth2.Config{ClientID: w.public.ClientID, RedirectURL: app.CallbackURL,
		Endpoint: oauth2.Endpoint{AuthURL: w.oauth.AuthorizeURL, TokenURL: w.oauth.TokenURL,
			AuthStyle: oauth2.AuthStyleInParams}}
	back, err := url.Parse(w.signIn(config.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier))))
	if err != nil {
		return "", err
	}
	token, err := config.Exchange(context.Background(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return "", err
	}
	response, err := config.Client(context.Background(), token).Get(w.oauth.UserInfoURL)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	user := map[string]string{}
	if err := json.NewDecoder(response.Body).Decode(&user); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("userInfo: %s", response.Status)
	}
	return user["sub"], nil
}

// emailotp dev --callback and --change-address work for a template that has no page, in password
// mode as well.
func TestATemplateWithoutAPageGetsOne(t *testing.T) {
	t.Parallel()
	clock := &inprocess.Clock{}
	for _, stack := range app.Stacks {
		sb := app.Own(t, clock.Options(sandbox.Options{Stack: stack, CallbackURLs: []string{app.CallbackURL},
			LogoutURLs: []string{app.LogoutURL}, ChangeAddress: true, LocalIssuer: stack == app.Password}))
		if sub, err := of(t, sb).whole(); err != nil || sub == "" {
			t.Errorf("%s: %v", stack, err)
		}
		m, to := newMover(t, sb), testkit.Address("moved@example.com")
		m.start(to, 200, "")
		m.confirm(to, codeAt(t, sb, m.Email), codeAt(t, sb, to), 200, "")
	}
}
