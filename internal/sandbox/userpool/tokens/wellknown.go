package tokens

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// ServeWellKnown serves the signing keys and the OpenID discovery document.
func (i *Issuer) ServeWellKnown(w http.ResponseWriter, r *http.Request) {
	prefix := "/" + i.poolID + "/.well-known/"
	var document any
	switch r.URL.Path {
	case prefix + "jwks.json":
		document = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.idKey, i.accessKey}}
	case prefix + "openid-configuration":
		document = i.discovery(r)
	default:
		http.NotFound(w, r)
		return
	}
	body, err := json.Marshal(document)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "public, max-age=86400")
	w.Write(body)
}

// discovery describes the issuer. The keys' address is the sandbox's own where the issuer has the
// AWS form: nothing answers there.
func (i *Issuer) discovery(r *http.Request) map[string]any {
	jwks := i.url + "/.well-known/jwks.json"
	if strings.HasPrefix(i.url, "https://cognito-idp.") {
		jwks = "http://" + r.Host + "/" + i.poolID + "/.well-known/jwks.json"
	}
	return map[string]any{
		"issuer":                                i.url,
		"jwks_uri":                              jwks,
		"id_token_signing_alg_values_supported": []string{string(jose.RS256)},
		"response_types_supported":              []string{"code", "token"},
		"scopes_supported":                      []string{"openid", "email", "phone", "profile"},
		"subject_types_supported":               []string{"public"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
}
