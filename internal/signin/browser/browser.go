// Package browser signs in by redirect, as a native app does (RFC 8252): the browser shows the
// sign-in page, a listener on a loopback address receives the code, and PKCE binds the code to this
// process.
package browser

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/oauth2"

	"github.com/cognito-emailotp/cdk-emailotp/internal/loopback"
	"github.com/cognito-emailotp/cdk-emailotp/internal/signin"
)

// timeout ends a request to the token endpoint, which waits for the triggers of the pool.
const timeout = 30 * time.Second

// SignIn is one sign-in. The members up to Callback are required.
type SignIn struct {
	// AuthorizeURL and TokenURL are the endpoints of RFC 6749.
	AuthorizeURL, TokenURL string
	// Issuer is the iss that the answer (RFC 9207) and the tokens must have.
	Issuer string
	// ClientID is a public client's.
	ClientID string
	// Callback is a redirect URI of the client for which [IsLoopback] is true. The server compares
	// it exactly, port included, so the listener has this very port.
	Callback string
	// User is an address that the page enters for the user. It may be empty.
	User string
	// IsSignUp opens the page where an account is created.
	IsSignUp bool
	// Show is called once, with the address that the user's browser must open.
	Show func(address string)
}

// IsLoopback reports whether this process can listen at a redirect URI: http on 127.0.0.1, [::1] or
// localhost. isIP is false for localhost, which other programs may answer by the other address.
func IsLoopback(callback string) (isLoopback, isIP bool) {
	u, err := url.Parse(callback)
	if err != nil || u.Scheme != "http" {
		return false, false
	}
	name := u.Hostname()
	isIP = name == "127.0.0.1" || name == "::1"
	return isIP || name == "localhost", isIP
}

// Run returns the tokens once the browser came back. It returns [ErrPortInUse] if another process
// listens at the callback, a [*signin.Refused] or a [*signin.Unavailable] for what the page or the
// token endpoint answers, and ctx's error when ctx ends first.
func (s *SignIn) Run(ctx context.Context) (signin.Tokens, error) {
	callback, err := url.Parse(s.Callback)
	if err != nil {
		return signin.Tokens{}, err
	}
	listeners, err := listen(ctx, callback)
	if err != nil {
		return signin.Tokens{}, err
	}
	r := &receiver{SignIn: s, ctx: ctx, path: cmp.Or(callback.Path, "/"), state: oauth2.GenerateVerifier(),
		verifier: oauth2.GenerateVerifier(), done: make(chan result, 1),
		config: oauth2.Config{ClientID: s.ClientID, RedirectURL: s.Callback, Scopes: []string{"openid", "email"},
			Endpoint: oauth2.Endpoint{AuthURL: s.AuthorizeURL, TokenURL: s.TokenURL, AuthStyle: oauth2.AuthStyleInParams}}}
	for _, l := range listeners {
		server := loopback.Serve(l, loopback.Guard(r), slog.New(slog.DiscardHandler))
		defer func() { _ = server.Close() }()
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(r.verifier)}
	if s.User != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", s.User))
	}
	if s.IsSignUp {
		options = append(options, oauth2.SetAuthURLParam("prompt", "create"))
	}
	s.Show(r.config.AuthCodeURL(r.state, options...))
	select {
	case got := <-r.done:
		return got.tokens, got.err
	case <-ctx.Done():
		return signin.Tokens{}, ctx.Err()
	}
}

// ErrPortInUse is the error of a callback whose port another process has.
var ErrPortInUse = errors.New("the port is in use by another process, perhaps by the app that it belongs to")

// listen opens the callback's port. For localhost it opens both loopback addresses: the browser may
// use either, and a code must not reach another process.
func listen(ctx context.Context, callback *url.URL) ([]net.Listener, error) {
	networks := map[string][]string{"127.0.0.1": {"tcp4"}, "::1": {"tcp6"}, "localhost": {"tcp4", "tcp6"}}
	hosts := map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"}
	var all []net.Listener
	for _, network := range networks[callback.Hostname()] {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, network, net.JoinHostPort(hosts[network], cmp.Or(callback.Port(), "80")))
		switch {
		case err == nil:
			all = append(all, l)
			continue
		case len(all) > 0 && !errors.Is(err, syscall.EADDRINUSE):
			continue // a machine without IPv6
		case errors.Is(err, syscall.EADDRINUSE):
			err = ErrPortInUse
		}
		for _, l := range all {
			_ = l.Close()
		}
		return nil, fmt.Errorf("listening at %s: %w", callback, err)
	}
	return all, nil
}

type result struct {
	tokens signin.Tokens
	err    error
}

// receiver answers the browser's request to the callback. It redeems the code first, so that the
// browser shows how the sign-in ended.
type receiver struct {
	*SignIn
	ctx             context.Context
	config          oauth2.Config
	path            string
	state, verifier string
	once            sync.Once
	done            chan result
}

// ServeHTTP answers one request. A request without this sign-in's state is refused and changes
// nothing: any page in the browser can send one.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	switch {
	case request.URL.Path != r.path:
		http.NotFound(w, request)
		return
	case request.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "the callback answers GET", http.StatusMethodNotAllowed)
		return
	case subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(r.state)) != 1:
		answer(w, http.StatusBadRequest, "This answer belongs to no sign-in of the terminal.")
		return
	}
	isFirst := false
	r.once.Do(func() {
		isFirst = true
		tokens, err := r.redeem(query)
		if err != nil {
			answer(w, http.StatusBadRequest, "The sign-in failed: "+err.Error()+".")
		} else {
			answer(w, http.StatusOK, "You are signed in. You can close this window and go back to the terminal.")
		}
		r.done <- result{tokens, err}
	})
	if !isFirst {
		answer(w, http.StatusBadRequest, "This sign-in has ended.")
	}
}

// answer writes a page and sends it off: the server closes its connections once the sign-in ended.
func answer(w http.ResponseWriter, status int, sentence string) {
	page := "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>EmailOTP</title><p>" +
		html.EscapeString(sentence) + "</p></html>\n"
	for name, value := range map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff", "Content-Length": strconv.Itoa(len(page))} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page))
	_ = http.NewResponseController(w).Flush()
}

// redeem exchanges the code of the answer for tokens.
func (r *receiver) redeem(query url.Values) (signin.Tokens, error) {
	if got := query.Get("iss"); got != r.Issuer {
		return signin.Tokens{}, fmt.Errorf("the answer must be of the issuer %s (received: %.100q)", r.Issuer, got)
	}
	if id := query.Get("error"); id != "" {
		return signin.Tokens{}, understand(id, nil)
	}
	// The code and its verifier go to the token endpoint alone, and to no address that it redirects
	// to.
	ctx := context.WithValue(r.ctx, oauth2.HTTPClient, &http.Client{Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})
	token, err := r.config.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(r.verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			return signin.Tokens{}, understand(refused.ErrorCode, refused.Response)
		}
		return signin.Tokens{}, &signin.Unavailable{Sentence: "the token endpoint does not answer: " + err.Error()}
	}
	id, _ := token.Extra("id_token").(string)
	claims, err := signin.Decode(id)
	if err != nil {
		return signin.Tokens{}, fmt.Errorf("the ID token: %w", err)
	}
	if claims.Audience != r.ClientID || claims.Issuer != r.Issuer {
		return signin.Tokens{}, fmt.Errorf("the ID token must be of the issuer %s for the client %s (received: %.100q, "+
			"%.100q)",
			r.Issuer, r.ClientID, claims.Issuer, claims.Audience)
	}
	return signin.Tokens{ID: id, Access: token.AccessToken, Refresh: token.RefreshToken,
		ExpiresIn: int32(token.ExpiresIn), Type: token.TokenType}, nil
}

// understand makes an error of an error code of RFC 6749. response is the token endpoint's.
func understand(id string, response *http.Response) error {
	from := "the sign-in page"
	if response != nil {
		from = "the token endpoint"
	}
	switch {
	case id == "server_error", id == "temporarily_unavailable", response != nil && response.StatusCode >= 500:
		return &signin.Unavailable{Sentence: fmt.Sprintf("%s can't answer just now (%.100q)", from, id)}
	case id == "invalid_grant":
		return &signin.Refused{Sentence: from + " refused the code: it was used, or is older than its life"}
	}
	return &signin.Refused{Sentence: fmt.Sprintf("%s refused the sign-in (%.100q)", from, id)}
}
