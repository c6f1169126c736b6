package lab

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
	"time"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
	"github.com/cognito-emailotp/cdk-emailotp/internal/testkit/syncbuf"
)

const (
	// pageOrigin is the origin of the page.
	pageOrigin = "https://login.example.com"
	// AppCallback is the callback of the lab's client.
	AppCallback = "https://app.example.com/callback"
)

// Desk is the sign-in page's function in front of a lab's user pool.
type Desk struct {
	Lab    *Lab
	Server *oauth.Server
	// Log has the function's log lines.
	Log fmt.Stringer
	// Down makes the table of the codes fail.
	Down bool
	// Seen has every answer, to be searched for what it must not have.
	Seen []*httptest.ResponseRecorder
}

// Desk puts a desk in front of the lab's pool, which gets an account for [Victim].
func (l *Lab) Desk() *Desk {
	log := &syncbuf.Buffer{}
	d := &Desk{Lab: l, Log: log}
	d.Lab.User(UserSpec{Email: Victim, EmailVerified: true})
	d.Server = &oauth.Server{Issuer: d.Lab.Issuer(), Cognito: d.Lab.Identity(),
		Store:   d.Lab.Codes(func() bool { return d.Down }),
		Secrets: noSecrets{}, Now: d.Lab.Clock.Now, Random: rand.Reader,
		Origin: func(*http.Request) string { return pageOrigin },
		Log:    slog.New(slog.NewTextHandler(log, nil)), Clients: []settings.Client{
			{ID: d.Lab.Client, CallbackURLs: []string{AppCallback}, LogoutURLs: []string{"https://app.example.com/"}},
			{ID: "another", CallbackURLs: []string{"https://another.example.com/callback"}}}}
	return d
}

type noSecrets struct{}

func (noSecrets) Secret(context.Context, string, bool) (string, error) {
	return "", errors.New("no client here has a secret")
}

// Send sends a request to the page's function and keeps the answer.
func (d *Desk) Send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.Server.ServeHTTP(w, r)
	d.Seen = append(d.Seen, w)
	return w
}

// Verifier returns a PKCE verifier and its challenge.
func Verifier() (verifier, challenge string) {
	verifier = rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	return verifier, base64.RawURLEncoding.EncodeToString(sum[:])
}

// Request is the client's authorization request.
func (d *Desk) Request(challenge string) url.Values {
	return url.Values{"response_type": {"code"}, "client_id": {d.Lab.Client}, "redirect_uri": {AppCallback},
		"state": {"s"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
}

// SignIn is the victim's sign-in on the page.
func (d *Desk) SignIn() map[string]string {
	d.Lab.Clock.Advance(2 * time.Minute) // after the cool-down of mails
	a, err := d.Lab.Initiate(Victim)
	d.Lab.Scope.Check(err)
	a, err = d.Lab.AnswerCode(a, Victim, d.Lab.Inbox.Code(Victim))
	d.Lab.Scope.Check(err)
	d.Lab.Need(a.SignedIn(), "the victim could not sign in")
	return map[string]string{"access_token": a.AuthenticationResult.AccessToken, "id_token": a.AuthenticationResult.IdToken,
		"refresh_token": a.AuthenticationResult.RefreshToken}
}

// HandOver returns the code that the page's function makes of tokens; "" for none.
func (d *Desk) HandOver(request url.Values, tokens map[string]string, headers map[string]string) string {
	body := map[string]string{"request": request.Encode()}
	for name, value := range tokens {
		body[name] = value
	}
	text, err := json.Marshal(body)
	d.Lab.Scope.Check(err)
	r := httptest.NewRequest(http.MethodPost, oauth.PathHandOver, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", pageOrigin)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	var out struct{ Redirect string }
	_ = json.Unmarshal(d.Send(r).Body.Bytes(), &out)
	to, err := url.Parse(out.Redirect)
	d.Lab.Scope.Check(err)
	return to.Query().Get("code")
}

// Redeem reports whether a code gives tokens.
func (d *Desk) Redeem(code, verifier, client string) bool {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {client},
		"redirect_uri": {AppCallback}}
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	r := httptest.NewRequest(http.MethodPost, oauth.PathToken, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.Server.ServeHTTP(w, r)
	return w.Code == http.StatusOK
}
