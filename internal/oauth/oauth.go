// Package oauth is the sign-in page's side towards apps: the endpoints of Cognito's managed login
// (OAuth 2.0 with authorization codes and PKCE), for tokens that a custom sign-in has given to the
// page. A client that redirects to managed login works with it unchanged.
//
// The page hands the tokens over at [PathHandOver]. [Server] proves them and mints a code, which
// the app redeems at [PathToken]. The store never holds what opens a token: a code's key is derived
// from the code itself.
//
// The package is pure: clock, randomness, store, secrets and Cognito are given.
package oauth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// The paths. All but PathHandOver are managed login's.
const (
	PathAuthorize = "/oauth2/authorize"
	PathLogin     = "/login"
	PathSignUp    = "/signup"
	PathToken     = "/oauth2/token"
	PathRevoke    = "/oauth2/revoke"
	PathUserInfo  = "/oauth2/userInfo"
	PathLogout    = "/logout"
	PathDiscovery = "/.well-known/openid-configuration"
	PathHandOver  = "/oauth2/hand-over"
)

const (
	// codeLife is how long a code can be redeemed. RFC 6749, 4.1.2, allows 10 minutes at most and
	// advises less; an app redeems a code within a second or two.
	codeLife = time.Minute
	// tombstoneLife is how long a code is remembered after its end, so that its reuse is seen.
	tombstoneLife = 10 * time.Minute
	// maxSignInAge is the greatest age of a sign-in that is handed over, by the tokens' auth_time.
	// The page hands over at once.
	maxSignInAge = 5 * time.Minute
	// maxBody bounds a request's body, in bytes. A hand-over has three tokens.
	maxBody = 64 << 10
	// maxQuery bounds a query, in bytes: CloudFront refuses a longer URL.
	maxQuery = 8192
)

// Tokens are the tokens that Cognito issues at a sign-in. A refresh returns no RefreshToken unless
// the client rotates them.
type Tokens struct {
	ID      string `json:"id_token"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token,omitempty"`
	// ExpiresIn is the life of the access token, in seconds.
	ExpiresIn int64 `json:"expires_in"`
}

// Cognito is what the endpoints call of the user pool. An error of Cognito's own is an [*APIError].
type Cognito interface {
	// Refresh calls GetTokensFromRefreshToken.
	Refresh(ctx context.Context, clientID, refreshToken string) (Tokens, error)
	// Revoke calls RevokeToken.
	Revoke(ctx context.Context, clientID, refreshToken string) error
	// User calls GetUser and returns the attributes with "username".
	User(ctx context.Context, accessToken string) (map[string]string, error)
	// Keys returns the pool's JSON Web Key Set.
	Keys(ctx context.Context) (jose.JSONWebKeySet, error)
}

// APIError is an error of Cognito's.
type APIError struct {
	// Code is Cognito's, such as "NotAuthorizedException".
	Code string
	// Status is the HTTP status.
	Status int
}

// Error returns the code alone: Cognito's text may name a user.
func (e *APIError) Error() string { return "Cognito answered " + e.Code }

// code returns Cognito's code of an error; "" for any other error.
func code(err error) string {
	var api *APIError
	if errors.As(err, &api) {
		return api.Code
	}
	return ""
}

// Secrets returns the text of a secret. It may keep texts for some minutes; with fresh it reads
// anew, unless it did so within a minute.
type Secrets interface {
	Secret(ctx context.Context, arn string, fresh bool) (string, error)
}

// ErrNoCode is [Store.Take]'s error for a code that was never made or is forgotten.
var ErrNoCode = errors.New("no such authorization code")

// Item is a code as it is stored: nothing in it names a user or an app.
type Item struct {
	// ID is derived from the code; the code can't be computed from it.
	ID string
	// Grant and Tombstone are sealed under a key that is derived from the code. Grant has the
	// tokens and is dropped when the code is taken.
	Grant, Tombstone []byte
	// Expires is when the code can't be redeemed any more, Forget when the item is dropped. Both
	// are in whole seconds.
	Expires, Forget time.Time
}

// Store keeps codes. Every method is atomic.
type Store interface {
	// Put stores a new item. An item with the same ID is an error.
	Put(ctx context.Context, item Item) error
	// Take marks a code as used, unless it is used or expired, and drops its Grant from the store.
	// It returns the item, with its Grant for the one caller who took it. The error for an unknown
	// or forgotten code is [ErrNoCode].
	Take(ctx context.Context, id string, now time.Time) (item Item, taken bool, err error)
}

// Server is the handler of all paths. Its methods may be called from several goroutines at once.
type Server struct {
	// Issuer is the pool's: "https://cognito-idp.<region>.amazonaws.com/<pool>".
	Issuer string
	// KeysURL is the address of the pool's keys in the discovery document; empty is below Issuer.
	KeysURL string
	Clients []settings.Client
	Cognito Cognito
	Store   Store
	Secrets Secrets
	Now     func() time.Time
	Random  io.Reader
	// Origin returns the page's own origin, such as "https://login.example.com".
	Origin func(*http.Request) string
	// Log receives a line for each hand-over and each refusal that an operator should know of. It
	// has no token, no code and no address. Some lines have a metric of the pool.
	Log *slog.Logger
	// Pool is the user pool's id.
	Pool string

	keys keyCache
}

// route is what one path answers.
type route struct {
	methods []string
	// isOpen allows scripts of every origin to read the answer, as Cognito does.
	isOpen bool
	serve  func(*Server, http.ResponseWriter, *http.Request)
}

var get, post = []string{http.MethodGet}, []string{http.MethodPost}

var routes = map[string]route{
	PathAuthorize: {get, false, (*Server).authorize},
	PathLogin:     {get, false, (*Server).authorize},
	PathSignUp:    {get, false, (*Server).authorize},
	PathLogout:    {get, false, (*Server).logout},
	PathHandOver:  {post, false, (*Server).handOver},
	PathToken:     {post, true, (*Server).token},
	PathRevoke:    {post, true, (*Server).revoke},
	PathUserInfo:  {[]string{http.MethodGet, http.MethodPost}, true, (*Server).userInfo},
	PathDiscovery: {get, true, (*Server).discovery},
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	found, ok := routes[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	methods := found.methods
	if found.isOpen {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
		methods = append([]string{http.MethodOptions}, methods...)
	}
	switch {
	case r.Method == http.MethodOptions && found.isOpen:
		h.Set("Access-Control-Allow-Methods", "GET, POST")
		// By name: "*" does not cover Authorization.
		h.Set("Access-Control-Allow-Headers", "authorization, content-type, x-amz-user-agent")
		h.Set("Access-Control-Max-Age", "7200")
		w.WriteHeader(http.StatusNoContent)
	case !contains(methods, r.Method):
		h.Set("Allow", strings.Join(methods, ", "))
		w.WriteHeader(http.StatusMethodNotAllowed)
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		found.serve(s, w, r)
	}
}

// client finds a client by its id.
func (s *Server) client(id string) (settings.Client, bool) {
	for _, c := range s.Clients {
		if c.ID == id && id != "" {
			return c, true
		}
	}
	return settings.Client{}, false
}
