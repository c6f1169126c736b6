// Package exampleapp serves the example app of web/example for a local user pool, with the API that
// it calls: GET /me answers as the API of examples/api does behind API Gateway's Cognito
// authorizer.
//
//	app, err := exampleapp.New(exampleapp.Options{Config: config, Keys: keysURL, CacheDir: dir})
//	loopback.Serve(listener, loopback.Guard(app), logger)
//
// The first request bundles the app; the first on a machine also installs its npm packages.
package exampleapp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/cognito-emailotp/cdk-emailotp/internal/webbundle"
	"github.com/cognito-emailotp/cdk-emailotp/web"
)

// CallbackPath is the path to which the sign-in page sends users back.
const CallbackPath = "/callback"

// Config is the app's config.json.
type Config struct {
	Issuer       string `json:"issuer"`
	DiscoveryURL string `json:"discoveryUrl"`
	ClientID     string `json:"clientId"`
	APIURL       string `json:"apiUrl"`
}

// Options configure the app.
type Options struct {
	Config Config
	// Keys is the URL of the pool's public keys (JWKS).
	Keys string
	// Now is the clock by which tokens end; nil for the system's.
	Now func() time.Time
	// CacheDir is where the app's npm packages are installed the first time.
	CacheDir string
	// Progress receives a sentence about an installation; nil drops it.
	Progress func(string)
}

// App is the handler.
type App struct {
	options Options
	mux     *http.ServeMux

	mu    sync.Mutex
	files map[string]webbundle.File
}

// New makes the handler.
func New(o Options) *App {
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &App{options: o, mux: http.NewServeMux()}
	a.mux.HandleFunc("GET /config.json", func(w http.ResponseWriter,
		_ *http.Request) {
		answer(w, http.StatusOK, o.Config)
	})
	a.mux.HandleFunc("GET /api/me", a.me)
	a.mux.HandleFunc("GET /", a.file)
	return a
}

// Prepare installs and bundles the app in advance.
func (a *App) Prepare(ctx context.Context) error {
	_, err := a.bundle(ctx)
	return err
}

// ServeHTTP answers one request.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	a.mux.ServeHTTP(w, r)
}

// file serves a file of the app, and the app itself at its two addresses.
func (a *App) file(w http.ResponseWriter, r *http.Request) {
	files, err := a.bundle(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || r.URL.Path == CallbackPath {
		name = webbundle.IndexName
	}
	f, ok := files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.ContentType)
	_, _ = w.Write(f.Body)
}

func (a *App) bundle(ctx context.Context) (map[string]webbundle.File, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.files != nil {
		return a.files, nil
	}
	// A request that ends must not stop an installation that others wait for.
	modules, err := webbundle.InstallExample(context.WithoutCancel(ctx), a.options.CacheDir, a.options.Progress)
	if err != nil {
		return nil, err
	}
	files, err := webbundle.BuildExample(web.Sources(), modules)
	if err != nil {
		return nil, err
	}
	a.files = map[string]webbundle.File{}
	for _, f := range files {
		a.files[f.Name] = f
	}
	return a.files, nil
}

// claims are what the API looks at in a token.
type claims struct {
	jwt.Claims
	TokenUse string `json:"token_use"`
}

// me answers as the API of examples/api: with the sub of the ID token, or as the authorizer
// refuses.
func (a *App) me(w http.ResponseWriter, r *http.Request) {
	sub, err := a.verify(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		answer(w, http.StatusUnauthorized, map[string]string{"message": "Unauthorized"})
		return
	}
	answer(w, http.StatusOK, map[string]string{"sub": sub})
}

func (a *App) verify(ctx context.Context, token string) (sub string, err error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", err
	}
	keys, err := a.keys(ctx)
	if err != nil {
		return "", err
	}
	var c claims
	if err := parsed.Claims(keys, &c); err != nil {
		return "", err
	}
	if c.TokenUse != "id" {
		return "", fmt.Errorf("token_use is %q", c.TokenUse)
	}
	return c.Subject, c.ValidateWithLeeway(jwt.Expected{Issuer: a.options.Config.Issuer,
		AnyAudience: jwt.Audience{a.options.Config.ClientID}, Time: a.options.Now()}, 0)
}

func (a *App) keys(ctx context.Context) (keys jose.JSONWebKeySet, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.options.Keys, nil)
	if err != nil {
		return keys, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return keys, err
	}
	defer response.Body.Close()
	return keys, json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&keys)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
