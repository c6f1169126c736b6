package oauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth"
	"github.com/cognito-emailotp/cdk-emailotp/internal/oauth/memory"
	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

const (
	issuer   = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01"
	origin   = "https://login.example.com"
	callback = "https://app.example.com/callback"
	secret   = "s3cr+t/with=signs&more"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
)

var challenge = base64.RawURLEncoding.EncodeToString(sum(verifier))

func sum(s string) []byte { h := sha256.Sum256([]byte(s)); return h[:] }

// signingKey is made once: it takes tenths of a second.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// pool is a user pool as far as the endpoints call it.
type pool struct {
	mu      sync.Mutex
	now     func() time.Time
	grants  map[string]map[string]any // by refresh token
	rotate  bool
	fail    error // of every call
	revoked []string
	reads   int   // of the keys
	newKey  bool  // signs with a key that was not read yet
	noKeys  error // of the keys' service
}

func (p *pool) sign(claims map[string]any) string {
	id := "k1"
	if p.newKey {
		id = "k2"
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256,
		Key: jose.JSONWebKey{Key: signingKey(), KeyID: id}}, nil)
	if err != nil {
		panic(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return token
}

// change alters the claims of a token.
type change func(use string, claims map[string]any)

func (p *pool) signIn(client, sub string, changes ...change) oauth.Tokens {
	p.mu.Lock()
	defer p.mu.Unlock()
	jti := rand.Text()
	base := func(use string) map[string]any {
		c := map[string]any{"iss": issuer, "token_use": use, "sub": sub, "origin_jti": jti,
			"auth_time": p.now().Unix(), "iat": p.now().Unix(), "exp": p.now().Add(time.Hour).Unix()}
		if c["aud"] = client; use == "access" {
			delete(c, "aud")
			c["client_id"], c["scope"], c["username"] = client, "aws.cognito.signin.user.admin", sub
		}
		for _, f := range changes {
			f(use, c)
		}
		return c
	}
	t := oauth.Tokens{Access: p.sign(base("access")), ID: p.sign(base("id")), Refresh: "refresh-" + rand.Text()}
	p.grants[t.Refresh] = base("access")
	return t
}

func (p *pool) Refresh(_ context.Context, client, token string) (oauth.Tokens, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	claims, ok := p.grants[token]
	switch {
	case p.fail != nil:
		return oauth.Tokens{}, p.fail
	case !ok || claims["client_id"] != client || slices.Contains(p.revoked, token):
		return oauth.Tokens{}, &oauth.APIError{Code: "NotAuthorizedException", Status: 400}
	}
	out := oauth.Tokens{Access: p.sign(claims), ID: "id", ExpiresIn: 3600}
	if p.rotate {
		out.Refresh = "rotated-" + rand.Text()
		p.grants[out.Refresh] = claims
		delete(p.grants, token)
	}
	return out, nil
}

func (p *pool) Revoke(_ context.Context, _, token string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked = append(p.revoked, token)
	return p.fail
}

func (p *pool) User(context.Context, string) (map[string]string, error) {
	return map[string]string{"sub": "u1", "username": "u1", "email": "user@example.com", "email_verified": "true"}, p.fail
}

func (p *pool) Keys(context.Context) (jose.JSONWebKeySet, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reads++; p.noKeys != nil {
		return jose.JSONWebKeySet{}, p.noKeys
	}
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &signingKey().PublicKey, KeyID: "k1", Algorithm: "RS256",
		Use: "sig"}}}, nil
}

func (p *pool) isRevoked(token string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Contains(p.revoked, token)
}

// flaky is a store that fails while it is told to.
type flaky struct {
	oauth.Store
	mu   sync.Mutex
	down bool
}

func (f *flaky) setDown(down bool) { f.mu.Lock(); defer f.mu.Unlock(); f.down = down }

func (f *flaky) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return errors.New("the table is gone")
	}
	return nil
}

func (f *flaky) Put(ctx context.Context, i oauth.Item) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Store.Put(ctx, i)
}

func (f *flaky) Take(ctx context.Context, id string, now time.Time) (oauth.Item, bool, error) {
	if err := f.err(); err != nil {
		return oauth.Item{}, false, err
	}
	return f.Store.Take(ctx, id, now)
}

// vault holds the client's secret.
type vault struct{ reads int }

func (v *vault) Secret(_ context.Context, arn string, _ bool) (string, error) {
	if v.reads++; arn != "arn:secret" {
		return "", errors.New("no such secret")
	}
	return secret, nil
}

type bench struct {
	*testing.T
	pool   *pool
	store  *flaky
	server *oauth.Server
	log    *bytes.Buffer
	time   time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, time: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), log: &bytes.Buffer{},
		store: &flaky{Store: &memory.Store{}}}
	now := func() time.Time { return b.time }
	b.pool = &pool{now: now, grants: map[string]map[string]any{}}
	b.server = &oauth.Server{
		Issuer: issuer, Cognito: b.pool, Store: b.store, Secrets: &vault{}, Now: now, Random: rand.Reader,
		Pool:   "eu-west-1_Example01",
		Origin: func(*http.Request) string { return origin },
		Log:    slog.New(slog.NewJSONHandler(&locked{w: b.log}, nil)),
		Clients: []settings.Client{
			{ID: "web", CallbackURLs: []string{callback, "http://localhost:5173/cb?x=1"},
				LogoutURLs: []string{"https://app.example.com/", "https://app.example.com/bye?x=1"}},
			{ID: "server", CallbackURLs: []string{callback}, Secret: "arn:secret"},
			{ID: "phone", CallbackURLs: []string{"com.example.app:/cb"}},
		},
	}
	return b
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.w.Write(p) }

// do sends a request and checks what holds for every answer.
func (b *bench) do(r *http.Request) *httptest.ResponseRecorder {
	b.Helper()
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	if r.URL.Path != oauth.PathDiscovery && w.Header().Get("Cache-Control") != "no-store" ||
		w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("X-Frame-Options") != "DENY" {
		b.Errorf("%s %s: headers %v", r.Method, r.URL.Path, w.Header())
	}
	for name, values := range w.Header() {
		if len(values) != 1 || strings.ContainsAny(values[0], "\r\n") {
			b.Errorf("%s %s: the header %s is %q", r.Method, r.URL.Path, name, values)
		}
	}
	return w
}

func (b *bench) get(path string, q url.Values) *url.URL {
	b.Helper()
	return b.getRaw(path, q.Encode())
}

// getRaw returns where a GET leads.
func (b *bench) getRaw(path, rawQuery string) *url.URL {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.URL.RawQuery = rawQuery
	w := b.do(r)
	to, err := url.Parse(w.Header().Get("Location"))
	if w.Code != http.StatusFound || err != nil {
		b.Fatalf("%s?%s: status %d, Location %v, %v", path, rawQuery, w.Code, to, err)
	}
	return to
}

func (b *bench) post(path string, form url.Values, headers ...string) (int, map[string]any) {
	b.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return decode(b.do(r))
}

func decode(w *httptest.ResponseRecorder) (int, map[string]any) {
	out := map[string]any{}
	_ = json.Unmarshal(w.Body.Bytes(), &out)
	return w.Code, out
}

// query returns a right request of the web app, changed by name and value; an empty value removes.
func query(pairs ...string) url.Values {
	q := url.Values{"response_type": {"code"}, "client_id": {"web"}, "redirect_uri": {callback}, "state": {"s1"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}, "scope": {"openid email"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

// handOver sends tokens as the page does.
func (b *bench) handOver(request string, t oauth.Tokens, headers ...string) (int, map[string]any) {
	b.Helper()
	body, _ := json.Marshal(map[string]string{"request": request, "access_token": t.Access, "id_token": t.ID,
		"refresh_token": t.Refresh})
	r := httptest.NewRequest(http.MethodPost, oauth.PathHandOver, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", origin)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return decode(b.do(r))
}

// code signs in and returns a code of the request, with the sign-in's tokens.
func (b *bench) code(q url.Values) (string, oauth.Tokens) {
	b.Helper()
	tokens := b.pool.signIn(q.Get("client_id"), "u1")
	status, out := b.handOver(q.Encode(), tokens)
	to, err := url.Parse(out["redirect"].(string))
	if status != http.StatusOK || err != nil || to.Query().Get("code") == "" {
		b.Fatalf("hand-over: %d, %v, %v", status, out, err)
	}
	return to.Query().Get("code"), tokens
}

// exchange is the right form for a code of the web app.
func exchange(code string, pairs ...string) url.Values {
	q := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {"web"},
		"redirect_uri": {callback}, "code_verifier": {verifier}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if q.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			q.Del(pairs[i])
		}
	}
	return q
}

// counted reports whether a line of the log has the metric as CloudWatch reads it, once.
func (b *bench) counted(metric string) bool {
	for line := range strings.Lines(b.log.String()) {
		var all map[string]any
		if err := json.Unmarshal([]byte(line), &all); err != nil {
			b.Fatal(err)
		}
		if all[metric] == 1.0 && all["UserPoolId"] == "eu-west-1_Example01" && strings.Contains(line,
			`"Namespace":"EmailOTP","Dimensions":[["UserPoolId"]],"Metrics":[{"Name":"`+metric+`","Unit":"Count"}]`) {
			return true
		}
	}
	return false
}
