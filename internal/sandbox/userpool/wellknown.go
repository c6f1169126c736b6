package userpool

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/go-jose/go-jose/v4"
)

// wellKnown serves the signing keys and the OpenID discovery document.
func (p *Pool) wellKnown(w http.ResponseWriter, r *http.Request) {
	prefix := "/" + p.cfg.ID + "/.well-known/"
	var document any
	switch r.URL.Path {
	case prefix + "jwks.json":
		document = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.signers.idKey, p.signers.accessKey}}
	case prefix + "openid-configuration":
		document = p.discovery(r)
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

// discovery describes the issuer. The keys' address leads here even where the
// issuer has the AWS form, since nothing answers there.
func (p *Pool) discovery(r *http.Request) map[string]any {
	jwks := p.Issuer() + "/.well-known/jwks.json"
	if p.opts.Issuer == "" {
		jwks = "http://" + r.Host + "/" + p.cfg.ID + "/.well-known/jwks.json"
	}
	return map[string]any{
		"issuer":                                p.Issuer(),
		"jwks_uri":                              jwks,
		"id_token_signing_alg_values_supported": []string{string(jose.RS256)},
		"response_types_supported":              []string{"code", "token"},
		"scopes_supported":                      []string{"openid", "email", "phone", "profile"},
		"subject_types_supported":               []string{"public"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
}
