package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// answer of the token endpoint. It has no scope: a client would store it in place of its own.
type tokenAnswer struct {
	Tokens
	Type string `json:"token_type"`
}

// token redeems a code or a refresh token. The client is authenticated before anything else is
// looked at: x/oauth2 tries one way of authentication, and repeats the same code by another.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	values, client, ok := s.authenticated(w, r, http.StatusBadRequest)
	if !ok {
		return
	}
	switch values.Get("grant_type") {
	case "authorization_code":
		s.exchange(w, r, client, values)
	case "refresh_token":
		s.refresh(w, r, client, values.Get("refresh_token"))
	case "client_credentials":
		refuse(w, http.StatusBadRequest, unauthorizedClient)
	case "":
		refuse(w, http.StatusBadRequest, invalidRequest)
	default:
		refuse(w, http.StatusBadRequest, unsupportedGrant)
	}
}

// authenticated returns a request's form and its client. The answer is sent if it returns false.
func (s *Server) authenticated(w http.ResponseWriter, r *http.Request, status int) (
	values url.Values, client settings.Client, ok bool) {
	if values, ok = form(w, r); !ok {
		return values, client, false
	}
	id, secrets, problem := credentials(r, values)
	if problem != "" {
		refuse(w, http.StatusBadRequest, problem)
		return values, client, false
	}
	if client, ok = s.client(id); !ok {
		refuse(w, status, invalidClient)
		return values, client, false
	}
	right, err := s.hasSecret(r.Context(), client, secrets)
	switch {
	case err != nil:
		s.Fault(err)
		refuse(w, http.StatusServiceUnavailable, unavailable)
	case !right:
		s.refused(w, status, invalidClient, client.ID, "secret")
	}
	return values, client, err == nil && right
}

// credentials returns the client's id and the forms that its secret may have, from the header Basic
// or from the body; RFC 6749, 2.3.1, forbids both at once. An error's id is the third result.
func credentials(r *http.Request, values url.Values) (id string, secrets []string, problem string) {
	header := r.Header.Values("Authorization")
	if len(header) == 0 {
		if id = values.Get("client_id"); id == "" {
			return "", nil, invalidRequest
		}
		return id, []string{values.Get("client_secret")}, ""
	}
	user, password, ok := r.BasicAuth()
	if !ok || len(header) > 1 {
		return "", nil, invalidClient
	}
	if values.Has("client_secret") {
		return "", nil, invalidRequest
	}
	// By RFC 6749 both parts are form-encoded. Many clients leave that out, so the raw secret
	// counts as well.
	id, secrets = user, []string{password}
	if decoded, err := url.QueryUnescape(user); err == nil {
		id = decoded
	}
	if decoded, err := url.QueryUnescape(password); err == nil && decoded != password {
		secrets = append(secrets, decoded)
	}
	if named := values.Get("client_id"); named != "" && named != id {
		return "", nil, invalidClient
	}
	return id, secrets, ""
}

// hasSecret reports whether one of the texts is the client's secret; for a public client, whether
// there is none. A secret that was replaced is read anew.
func (s *Server) hasSecret(ctx context.Context, client settings.Client, texts []string) (bool, error) {
	if client.IsPublic() {
		return texts[0] == "", nil
	}
	for _, fresh := range []bool{false, true} {
		want, err := s.Secrets.Secret(ctx, client.Secret, fresh)
		if err != nil {
			return false, err
		}
		for _, got := range texts {
			if want != "" && equal(got, want) {
				return true, nil
			}
		}
	}
	return false, nil
}

// equal compares in a time that depends on neither text.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// exchange redeems a code. The order matters: what is malformed is refused before the code is
// looked at, then the code is taken, and only then it is compared with what it is bound to. A wrong
// verifier so has one attempt.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, client settings.Client, values url.Values) {
	code, verifier := values.Get("code"), values.Get("code_verifier")
	if code == "" || len(code) > 512 || verifier == "" && client.IsPublic() || verifier != "" && !isVerifier(verifier) {
		refuse(w, http.StatusBadRequest, invalidRequest)
		return
	}
	item, taken, err := s.Store.Take(r.Context(), codeID(code), s.Now())
	switch {
	case errors.Is(err, ErrNoCode):
		refuse(w, http.StatusBadRequest, invalidGrant)
		return
	case err != nil:
		s.Fault(err)
		refuse(w, http.StatusServiceUnavailable, unavailable)
		return
	}
	var of tombstone
	if err := open(code, "tombstone", item, item.Tombstone, &of); err != nil {
		s.Fault(err)
		refuse(w, http.StatusBadRequest, invalidGrant)
		return
	}
	var g grant
	isOwner := equal(of.Client, client.ID) && fits(of.Challenge, verifier)
	switch {
	case !isOwner:
		// A caller with the code who lacks the client or the verifier that it is bound to stole it.
		s.revokeFor(r.Context(), of, "a code by another client or with a wrong verifier")
	case !taken:
		// A click that was repeated, or a code that came too late: no reason to end the sign-in.
	case open(code, "grant", item, item.Grant, &g) != nil:
		s.Fault(errAltered)
	case values.Get("redirect_uri") == g.Redirect || g.Redirect == "" && values.Get("redirect_uri") == g.Callback:
		g.Tokens.ExpiresIn = max(g.Tokens.ExpiresIn-s.Now().Unix(), 1) // it was stored as a time
		reply(w, http.StatusOK, tokenAnswer{g.Tokens, "Bearer"})
		return
	default:
		// The code is used up, so no other client can have its tokens either.
		s.revokeFor(r.Context(), of, "another redirect URI")
	}
	refuse(w, http.StatusBadRequest, invalidGrant)
}

// revokeFor ends the sign-in of a code.
func (s *Server) revokeFor(ctx context.Context, of tombstone, why string) {
	s.count(slog.LevelWarn, settings.SignInsRevoked, "a sign-in is revoked", slog.String("client", of.Client),
		slog.String("reason", why))
	if err := s.Cognito.Revoke(ctx, of.Client, of.Refresh); err != nil {
		s.Fault(err)
	}
}

// isVerifier reports whether s has the form of a code verifier (RFC 7636, 4.1).
func isVerifier(s string) bool {
	return len(s) >= 43 && len(s) <= 128 && strings.IndexFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-._~", c))
	}) < 0
}

// fits reports whether the verifier is the challenge's. A verifier without a challenge does not
// fit: the challenge was taken out of the request (RFC 9700, 4.8.2).
func fits(challenge, verifier string) bool {
	if challenge == "" || verifier == "" {
		return challenge == "" && verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return equal(base64.RawURLEncoding.EncodeToString(sum[:]), challenge)
}

// refresh renews tokens. The answer has a refresh token only where the client rotates them.
func (s *Server) refresh(w http.ResponseWriter, r *http.Request, client settings.Client, token string) {
	if token == "" {
		refuse(w, http.StatusBadRequest, invalidRequest)
		return
	}
	tokens, err := s.Cognito.Refresh(r.Context(), client.ID, token)
	if err != nil {
		s.refuseFor(w, err, invalidGrant)
		return
	}
	reply(w, http.StatusOK, tokenAnswer{tokens, "Bearer"})
}

// revoke ends a sign-in by its refresh token. An unknown one is no error (RFC 7009, 2.2).
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	values, client, ok := s.authenticated(w, r, http.StatusUnauthorized)
	if !ok {
		return
	}
	token := values.Get("token")
	if token == "" {
		refuse(w, http.StatusBadRequest, invalidRequest)
		return
	}
	err := s.Cognito.Revoke(r.Context(), client.ID, token)
	switch code(err) {
	case "UnsupportedTokenTypeException":
		refuse(w, http.StatusBadRequest, unsupportedTokenType)
		return
	case "NotAuthorizedException", "InvalidParameterException":
		err = nil // revoked already, or no token of this pool
	}
	if err != nil {
		s.refuseFor(w, err, invalidRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(http.StatusOK)
}
