package oauth

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// userInfo returns the attributes of an access token's user. It requires no scope: the tokens of a
// custom sign-in have one scope alone, which Cognito's GetUser requires.
func (s *Server) userInfo(w http.ResponseWriter, r *http.Request) {
	token := Bearer(r)
	if token == "" {
		s.challenge(w, http.StatusBadRequest, invalidRequest, "Request is missing an access token")
		return
	}
	const invalid = "Access token is expired, disabled, or deleted, or the user has globally signed out."
	// Another pool's token opens GetUser as well, so the issuer is checked here.
	_, err := s.verify(r.Context(), token, "access")
	var user map[string]string
	if err == nil {
		user, err = s.Cognito.User(r.Context(), token)
	}
	switch {
	case err == nil:
		reply(w, http.StatusOK, user)
	case IsTokenRefused(err):
		s.challenge(w, http.StatusUnauthorized, "invalid_token", invalid)
	default:
		s.refuseFor(w, err, "invalid_token")
	}
}

// challenge answers an error in the header of RFC 6750, 3, and in the body.
func (s *Server) challenge(w http.ResponseWriter, status int, id, description string) {
	w.Header().Set("WWW-Authenticate", `Bearer error="`+id+`", error_description="`+description+`"`)
	reply(w, status, map[string]string{"error": id, "error_description": description})
}

// logout sends the browser to one of the client's sign-out addresses, or to a new sign-in. The page
// has no session to end, and as at Cognito no token is revoked.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(r.URL.RawQuery) > maxQuery || repeated(values) {
		s.turnBack(w, r, refusal{id: invalidRequest})
		return
	}
	client, ok := s.client(clientOf(values))
	if !ok {
		s.turnBack(w, r, refusal{id: invalidClient})
		return
	}
	// The second name is OpenID Connect's.
	for _, name := range []string{"logout_uri", "post_logout_redirect_uri"} {
		if !values.Has(name) {
			continue
		}
		to := values.Get(name)
		if !contains(client.LogoutURLs, to) {
			s.turnBack(w, r, refusal{id: redirectMismatch})
			return
		}
		if values.Has("state") && name != "logout_uri" { // Cognito drops it
			to = with(to, []pair{{"state", values.Get("state")}})
		}
		redirect(w, to)
		return
	}
	if values.Get("redirect_uri") == "" {
		s.turnBack(w, r, refusal{id: invalidRequest})
		return
	}
	s.authorize(w, r)
}

// clientOf returns client_id, or the audience of id_token_hint. The hint's signature does not
// matter: it chooses among addresses that client_id could name as well.
func clientOf(values url.Values) string {
	parts := strings.Split(values.Get("id_token_hint"), ".")
	if values.Has("client_id") || len(parts) != 3 {
		return values.Get("client_id")
	}
	var hint struct {
		Audience string `json:"aud"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &hint) != nil {
		return ""
	}
	return hint.Audience
}

// discovery describes the endpoints. The issuer is the pool's, which signs the tokens, so the
// document does not lie where OpenID Connect would look for it: a client is given its address.
func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Del("Pragma")
	origin := s.Origin(r)
	reply(w, http.StatusOK, map[string]any{
		"issuer":                 s.Issuer,
		"authorization_endpoint": origin + PathAuthorize,
		"token_endpoint":         origin + PathToken,
		"userinfo_endpoint":      origin + PathUserInfo,
		"revocation_endpoint":    origin + PathRevoke,
		"end_session_endpoint":   origin + PathLogout,
		"jwks_uri":               cmp.Or(s.KeysURL, s.Issuer+"/.well-known/jwks.json"),

		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"none", "client_secret_basic", "client_secret_post"},
		"revocation_endpoint_auth_methods_supported":     []string{"none", "client_secret_basic", "client_secret_post"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"scopes_supported":                               []string{"openid", "email", "phone", "profile"},
		"prompt_values_supported":                        []string{"none", "login", "create"},
		"authorization_response_iss_parameter_supported": true,
	})
}
