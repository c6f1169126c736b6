package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"github.com/cognito-emailotp/cdk-emailotp/internal/settings"
)

// request is an authorization request that passed every check.
type request struct {
	client settings.Client
	// sent is the parameter redirect_uri, which may be absent; callback is the registered address.
	sent, callback string
	state          *string // nil if absent: an empty one comes back
	challenge      string
	values         url.Values
}

// refusal is why a request can't go on. It goes back to the app where callback is set, and is shown
// on the page where it isn't: the app is not known then, or the address is not the app's.
type refusal struct {
	id       string
	callback string
	state    *string
}

// passed are the parameters that reach the page, in this order.
var passed = []string{"client_id", "redirect_uri", "response_type", "state", "scope", "code_challenge",
	"code_challenge_method", "nonce", "prompt", "login_hint", "lang", "ui_locales", "identity_provider"}

// authorize sends the browser to the page, or back with an error. /signup opens the page's sign-up.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	got, bad := s.parse(r.URL.RawQuery)
	if bad != nil {
		s.turnBack(w, r, *bad)
		return
	}
	if contains(strings.Fields(got.values.Get("prompt")), "none") {
		// The page has no session, so no user is signed in.
		redirect(w, s.errorTo(refusal{loginRequired, got.callback, got.state}))
		return
	}
	if r.URL.Path == PathSignUp {
		got.values.Set("prompt", "create")
	}
	var pairs []pair
	for _, name := range passed {
		if got.values.Has(name) {
			pairs = append(pairs, pair{name, got.values.Get(name)})
		}
	}
	redirect(w, "/?"+query(pairs))
}

func (s *Server) turnBack(w http.ResponseWriter, r *http.Request, bad refusal) {
	if bad.callback != "" {
		redirect(w, s.errorTo(bad))
		return
	}
	pairs := []pair{{"error", bad.id}}
	if values, err := url.ParseQuery(r.URL.RawQuery); err == nil && len(values.Get("lang")) < 36 && values.Has("lang") {
		pairs = append(pairs, pair{"lang", values.Get("lang")})
	}
	redirect(w, "/?"+query(pairs))
}

// errorTo returns the address of the app with an error in it. The issuer is in every answer
// (RFC 9207), against mix-up.
func (s *Server) errorTo(bad refusal) string {
	return with(bad.callback, s.answer(pair{"error", bad.id}, bad.state))
}

func (s *Server) answer(first pair, state *string) []pair {
	all := []pair{first}
	if state != nil {
		all = append(all, pair{"state", *state})
	}
	return append(all, pair{"iss", s.Issuer})
}

// parse checks an authorization request. The client and its address come first: until both are
// right, nothing is redirected to.
func (s *Server) parse(rawQuery string) (request, *refusal) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil || len(rawQuery) > maxQuery || len(values["client_id"]) > 1 || len(values["redirect_uri"]) > 1 {
		return request{}, &refusal{id: invalidRequest}
	}
	c, ok := s.client(values.Get("client_id"))
	if !ok {
		return request{}, &refusal{id: invalidClient}
	}
	got := request{client: c, sent: values.Get("redirect_uri"), challenge: values.Get("code_challenge"), values: values}
	switch {
	case got.sent == "" && len(c.CallbackURLs) == 1:
		got.callback = c.CallbackURLs[0]
	case got.sent != "" && contains(c.CallbackURLs, got.sent):
		got.callback = got.sent
	default:
		return request{}, &refusal{id: redirectMismatch}
	}
	if states := values["state"]; len(states) == 1 {
		got.state = &states[0]
	}
	if id := got.problem(); id != "" {
		return request{}, &refusal{id, got.callback, got.state}
	}
	return got, nil
}

// prompts are the values of prompt. The page has neither accounts to choose from nor consents, as
// Cognito's own hasn't.
var prompts = []string{"none", "login", "create", "select_account", "consent"}

// problem returns the error of a request whose client and address are right; "" for none.
func (r request) problem() string {
	v := r.values
	challenge, method := r.challenge, v.Get("code_challenge_method")
	switch responseType := v.Get("response_type"); {
	case repeated(v), responseType == "":
		return invalidRequest
	case responseType == "token":
		return unauthorizedClient // the implicit grant, which no client has
	case responseType != "code":
		return unsupportedResponse
	case v.Get("response_mode") != "" && v.Get("response_mode") != "query":
		return invalidRequest
	case v.Get("request") != "":
		return "request_not_supported"
	case v.Get("request_uri") != "":
		return "request_uri_not_supported"
	case v.Has("code_challenge") && !isChallenge(challenge), challenge != "" && method != "S256",
		challenge == "" && method != "", challenge == "" && r.client.IsPublic():
		return invalidRequest
	case v.Get("nonce") != "" && challenge == "":
		// A nonce can't reach the ID token; without it and without PKCE nothing would bind the
		// answer to the browser.
		return invalidRequest
	case v.Get("identity_provider") != "" && v.Get("identity_provider") != "COGNITO", v.Get("idp_identifier") != "":
		return invalidRequest
	case !isScope(v.Get("scope")):
		return invalidScope
	}
	wanted := strings.Fields(v.Get("prompt"))
	for _, p := range wanted {
		if !contains(prompts, p) || p == "none" && len(wanted) > 1 {
			return invalidRequest
		}
	}
	return ""
}

// isChallenge reports whether s is a SHA-256 in base64url, as S256 makes it (RFC 7636, 4.2).
func isChallenge(s string) bool {
	sum, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(sum) == 32
}

// isScope reports whether s is well formed (RFC 6749, 3.3). The names are not
// checked: the tokens have the scopes of Cognito's custom sign-in whatever the app requests.
func isScope(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
