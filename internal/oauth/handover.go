package oauth

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// handOverBody is what the page sends. Request is the query of the page's address, which is the
// request that authorize passed on: it is checked again, and no script touches the state.
type handOverBody struct {
	Request string `json:"request"`
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
}

// handOver receives the tokens of a sign-in from the page and answers with the app's address and an
// authorization code in it. The code is made here and not before: who got a code before the sign-in
// could redeem the tokens of the user who then signs in.
func (s *Server) handOver(w http.ResponseWriter, r *http.Request) {
	if !s.isFromPage(r) {
		s.refused(w, http.StatusForbidden, accessDenied, "", "another origin")
		return
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		refuse(w, http.StatusUnsupportedMediaType, invalidRequest)
		return
	}
	body, ok := read(w, r)
	if !ok {
		return
	}
	var in handOverBody
	if err := json.Unmarshal(body, &in); err != nil {
		refuse(w, http.StatusBadRequest, invalidRequest)
		return
	}
	got, bad := s.parse(in.Request)
	switch {
	case bad != nil && bad.callback != "":
		reply(w, http.StatusOK, map[string]string{"redirect": s.errorTo(*bad)})
	case bad != nil:
		refuse(w, http.StatusBadRequest, bad.id)
	default:
		s.accept(w, r, got, in)
	}
}

// isFromPage reports whether the request comes from a script of the page. A browser sets both
// headers itself.
func (s *Server) isFromPage(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Header.Get("Origin") == s.Origin(r) && (site == "" || site == "same-origin")
}

// accept proves the tokens and mints the code.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, got request, in handOverBody) {
	tokens, why, err := s.prove(r, got.client.ID, in)
	switch {
	case errors.Is(err, ErrToken):
		s.refused(w, http.StatusBadRequest, invalidGrant, got.client.ID, why)
		return
	case err != nil:
		s.refuseFor(w, err, invalidGrant)
		return
	}
	code, item, err := mint(s.Random, grant{got.client.ID, got.sent, got.callback, got.challenge, tokens}, s.Now())
	if err == nil {
		err = s.Store.Put(r.Context(), item)
	}
	if err != nil {
		s.Fault(err)
		refuse(w, http.StatusServiceUnavailable, unavailable)
		return
	}
	s.Log.Info("handed over", "client", got.client.ID)
	reply(w, http.StatusOK, map[string]string{"redirect": with(got.callback, s.answer(pair{"code", code}, got.state))})
}

// prove checks that the three tokens come from one fresh sign-in of the client. Cognito alone can
// tell a refresh token, so it is used once, and what replaces it is kept.
func (s *Server) prove(r *http.Request, client string, in handOverBody) (_ Tokens, why string, err error) {
	access, err := s.verify(r.Context(), in.Access, "access")
	if err != nil {
		return Tokens{}, "access token", err
	}
	id, err := s.verify(r.Context(), in.ID, "id")
	if err != nil {
		return Tokens{}, "ID token", err
	}
	age := s.Now().Sub(time.Unix(access.AuthTime, 0))
	switch {
	case access.Client != client || id.Audience != client:
		return Tokens{}, "another client's tokens", ErrToken
	case !access.isOf(id):
		return Tokens{}, "tokens of two sign-ins", ErrToken
	case age > maxSignInAge || age < -time.Minute:
		return Tokens{}, "an old sign-in", ErrToken
	case in.Refresh == "":
		return Tokens{}, "no refresh token", ErrToken
	}
	renewed, err := s.Cognito.Refresh(r.Context(), client, in.Refresh)
	if err != nil {
		return Tokens{}, "", err
	}
	of, err := s.verify(r.Context(), renewed.Access, "access")
	if err == nil && (!of.isOf(access) || of.Client != client) {
		err = ErrToken
	}
	if err != nil { // ErrToken, or that of the keys' service
		return Tokens{}, "another sign-in's refresh token", err
	}
	tokens := Tokens{ID: in.ID, Access: in.Access, Refresh: in.Refresh, ExpiresIn: access.Expires.Time().Unix()}
	if renewed.Refresh != "" {
		tokens.Refresh = renewed.Refresh
	}
	return tokens, "", nil
}

// refused answers an error and logs it.
func (s *Server) refused(w http.ResponseWriter, status int, id, client, why string) {
	s.Log.Warn("refused", "error", id, "client", client, "reason", why)
	refuse(w, status, id)
}

func readAll(r *http.Request) ([]byte, error) { return io.ReadAll(r.Body) }
