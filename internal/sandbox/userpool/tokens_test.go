package userpool_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/go-jose/go-jose/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool"
)

func (w *world) get(t *testing.T, path string) (int, []byte) {
	t.Helper()
	resp, err := http.Get(w.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, must2(io.ReadAll(resp.Body))(t)
}

func TestTokens(t *testing.T) {
	w := newWorld(t, passwordless())
	u := w.seed(t, userpool.UserSpec{Email: alice, EmailVerified: true,
		Attributes: map[string]string{"name": "Alice", "custom:team": "blue", "updated_at": "1795000000",
			"address": "1 Main Street"}})
	tokens := w.signIn(t, clientID, alice)
	if tokens.ExpiresIn != 3600 || *tokens.TokenType != "Bearer" || tokens.RefreshToken == nil ||
		tokens.NewDeviceMetadata != nil {
		t.Errorf("result = %+v", tokens)
	}
	id, access := claims(t, *tokens.IdToken), claims(t, *tokens.AccessToken)
	now := float64(w.clock.Now().Unix())
	const issuer = "https://cognito-idp.eu-west-1.amazonaws.com/" + poolID
	for _, c := range []struct {
		token string
		got   map[string]any
		want  map[string]any
	}{
		{"ID", id, map[string]any{"sub": u.Sub, "iss": issuer, "aud": clientID, "token_use": "id", "auth_time": now,
			"iat": now, "exp": now + 3600,
			"cognito:username": u.Username, "email": alice, "email_verified": true, "name": "Alice",
			"updated_at": 1795000000.0}},
		{"access", access, map[string]any{"sub": u.Sub, "iss": issuer, "client_id": clientID, "token_use": "access",
			"auth_time": now, "iat": now,
			"exp": now + 3600, "username": u.Username, "scope": "aws.cognito.signin.user.admin"}},
	} {
		for name, want := range c.want {
			if c.got[name] != want {
				t.Errorf("%s token: %s = %v, want %v", c.token, name, c.got[name], want)
			}
		}
		for _, name := range []string{"jti", "origin_jti", "event_id"} {
			if s, _ := c.got[name].(string); !uuidPattern.MatchString(s) {
				t.Errorf("%s token: %s = %v, want a UUID", c.token, name, c.got[name])
			}
		}
	}
	for _, name := range []string{"aud", "email", "cognito:username"} {
		if v, ok := access[name]; ok {
			t.Errorf("the access token has %s = %v", name, v)
		}
	}
	if v, ok := id["custom:team"]; ok {
		t.Errorf("a custom attribute, %v, is in the ID token of a client with the default read attributes", v)
	}
	if id["origin_jti"] != access["origin_jti"] || id["event_id"] != access["event_id"] || id["jti"] == access["jti"] {
		t.Error("origin_jti and event_id must be shared, jti not")
	}
}

func TestKeysAndDiscovery(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	tokens := w.signIn(t, clientID, alice)
	status, body := w.get(t, "/"+poolID+"/.well-known/jwks.json")
	if status != 200 {
		t.Fatalf("status = %d", status)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatal(err)
	}
	var raw struct{ Keys []map[string]string }
	if err := json.Unmarshal(body, &raw); err != nil || len(raw.Keys) != 2 {
		t.Fatalf("keys = %s", body)
	}
	for _, key := range raw.Keys {
		if len(key) != 6 || key["alg"] != "RS256" || key["use"] != "sig" || key["kty"] != "RSA" || key["e"] != "AQAB" {
			t.Errorf("key = %v", key)
		}
	}
	kids := map[string]bool{}
	for _, token := range []string{*tokens.IdToken, *tokens.AccessToken} {
		header := part(t, token, 0)
		kid, _ := header["kid"].(string)
		if len(header) != 2 || header["alg"] != "RS256" || len(set.Key(kid)) != 1 {
			t.Fatalf("header = %v", header)
		}
		kids[kid] = true
		jws := must2(jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256}))(t)
		if _, err := jws.Verify(set.Key(kid)[0]); err != nil {
			t.Error(err)
		}
	}
	if len(kids) != 2 {
		t.Error("the ID and the access token have the same key")
	}
	_, body = w.get(t, "/"+poolID+"/.well-known/openid-configuration")
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	if doc["issuer"] != claims(t, *tokens.IdToken)["iss"] || doc["jwks_uri"] != w.url+"/"+poolID+"/.well-known/jwks.json" {
		t.Errorf("discovery = %v", doc)
	}
	for _, path := range []string{"/", "/eu-west-1_Other/.well-known/jwks.json", "/" + poolID + "/.well-known/other"} {
		if status, _ := w.get(t, path); status != 404 {
			t.Errorf("GET %s = %d, want 404", path, status)
		}
	}
	own := newWorld(t, passwordless(), func(_ *userpool.Config,
		o *userpool.Options) {
		o.Issuer = "http://localhost:9999/" + poolID
	})
	own.user(t, alice)
	if got := claims(t, *own.signIn(t, clientID, alice).IdToken)["iss"]; got != "http://localhost:9999/"+poolID {
		t.Errorf("iss = %v", got)
	}
	_, body = own.get(t, "/"+poolID+"/.well-known/openid-configuration")
	if !strings.Contains(string(body), `"jwks_uri":"http://localhost:9999/`+poolID+`/.well-known/jwks.json"`) {
		t.Errorf("discovery = %s", body)
	}
}

func TestPreTokenGenerationChangesClaims(t *testing.T) {
	h := allTriggers(passwordless())
	h.preToken = func(event) (any, error) {
		return m{"claimsOverrideDetails": m{
			"claimsToAddOrOverride": m{"tenant": "acme", "sub": "forged", "aud": "forged", "token_use": "access",
				"email_verified":   "true",
				"cognito:username": "forged", "cognito:roles": "forged", "identities": "forged", "dev:level": "forged"},
			"claimsToSuppress": []string{"email", "exp", "cognito:username"},
			"groupOverrideDetails": m{"groupsToOverride": []string{"admins"},
				"iamRolesToOverride": []string{"arn:aws:iam::123456789012:role/r"},
				"preferredRole":      "arn:aws:iam::123456789012:role/r"},
		}}, nil
	}
	w := newWorld(t, h, with(userpool.PreTokenGeneration))
	u := w.user(t, alice)
	tokens := w.signIn(t, clientID, alice)
	id, access := claims(t, *tokens.IdToken), claims(t, *tokens.AccessToken)
	if id["tenant"] != "acme" || id["email"] != nil || id["sub"] != u.Sub || id["aud"] != clientID ||
		id["token_use"] != "id" || id["exp"] == nil {
		t.Errorf("ID claims = %v", id)
	}
	// A claim of a V1 trigger is always a string.
	if id["cognito:username"] != u.Username || id["identities"] != nil || id["dev:level"] != nil ||
		id["email_verified"] != "true" {
		t.Errorf("ID claims = %v", id)
	}
	if roles, _ := id["cognito:roles"].([]any); len(roles) != 1 {
		t.Errorf("roles = %v", id["cognito:roles"])
	}
	if access["tenant"] != nil || access["sub"] != u.Sub {
		t.Errorf("access claims = %v: a V1 trigger changes the ID token alone", access)
	}
	for _, c := range []map[string]any{id, access} {
		if groups, _ := c["cognito:groups"].([]any); len(groups) != 1 || groups[0] != "admins" {
			t.Errorf("groups = %v", c["cognito:groups"])
		}
	}
	if id["cognito:preferred_role"] == nil || id["cognito:roles"] == nil {
		t.Error("the roles are missing")
	}
	h.preToken = func(event) (any, error) {
		return m{"claimsOverrideDetails": m{"claimsToAddOrOverride": m{"n": 1}}}, nil
	}
	out := must2(w.start(t, clientID, alice))(t)
	_, err := w.answer(t, clientID, alice, *out.Session, rightCode)
	wantError(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
}

func TestPreTokenGenerationOfVersion2ChangesBothTokens(t *testing.T) {
	for _, version := range []string{"V2_0", "V3_0"} {
		h := allTriggers(passwordless())
		h.preToken = func(event) (any, error) {
			return m{"claimsAndScopeOverrideDetails": m{
				"idTokenGeneration": m{"claimsToAddOrOverride": m{"seats": 4, "sub": "forged"},
					"claimsToSuppress": []string{"email"}},
				"accessTokenGeneration": m{"claimsToAddOrOverride": m{"tenant": m{"id": "acme"}, "aud": clientID,
					"client_id": "forged"}, "scopesToAdd": []string{"api/read"},
					"scopesToSuppress": []string{"aws.cognito.signin.user.admin"}},
				"groupOverrideDetails": m{"groupsToOverride": []string{"admins"}},
			}}, nil
		}
		w := newWorld(t, h, with(userpool.PreTokenGeneration),
			func(c *userpool.Config, _ *userpool.Options) { c.TokenVersion = version })
		u := w.user(t, alice)
		tokens := w.signIn(t, clientID, alice)
		id, access := claims(t, *tokens.IdToken), claims(t, *tokens.AccessToken)
		if id["seats"] != 4.0 || id["email"] != nil || id["sub"] != u.Sub || id["tenant"] != nil {
			t.Errorf("%s: ID claims %v", version, id)
		}
		tenant, _ := access["tenant"].(map[string]any)
		if tenant["id"] != "acme" || access["aud"] != clientID || access["client_id"] != clientID ||
			access["scope"] != "api/read" || access["cognito:groups"] == nil {
			t.Errorf("%s: access claims %v", version, access)
		}
		e := h.of(userpool.PreTokenGeneration)[0]
		if e.Version != version[1:2] || len(e.Request.Scopes) != 1 {
			t.Errorf("%s: event %+v", version, e)
		}
	}
}

func TestAccessTokensThatAreRefused(t *testing.T) {
	w := worldOfAlice(t, passwordless())
	tokens := w.signIn(t, clientID, alice)
	whoami := func(token string) error {
		_, err := w.GetUser(t.Context(), &cip.GetUserInput{AccessToken: &token})
		return err
	}
	parts := strings.Split(*tokens.AccessToken, ".")
	id := strings.Split(*tokens.IdToken, ".")
	for name, token := range map[string]string{
		"an ID token": *tokens.IdToken, "a refresh token": *tokens.RefreshToken, "nonsense": "a.b.c",
		"another's signature":    parts[0] + "." + parts[1] + "." + id[2],
		"another's claims":       parts[0] + "." + id[1] + "." + parts[2],
		"no signature":           parts[0] + "." + parts[1] + ".",
		"the algorithm \"none\"": "eyJhbGciOiJub25lIn0." + parts[1] + ".",
	} {
		if err := whoami(token); code(err) != "NotAuthorizedException" ||
			!strings.Contains(err.Error(), "Invalid Access Token") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.clock.Advance(time.Hour)
	notAuthorized(t, whoami(*tokens.AccessToken), "Access Token has expired")
	foreign := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) { cfg.ID = "eu-west-1_Other" })
	foreign.user(t, alice)
	notAuthorized(t, whoami(*foreign.signIn(t, clientID, alice).AccessToken), "Invalid Access Token")
}

func TestGetUserShowsWhatTheClientMayRead(t *testing.T) {
	w := newWorld(t, passwordless(), func(cfg *userpool.Config, _ *userpool.Options) {
		cfg.Clients[0].ReadAttributes = []string{"email", "custom:team"}
	})
	spec := userpool.UserSpec{Email: alice, EmailVerified: true,
		Attributes: map[string]string{"name": "Alice", "custom:team": "blue"}}
	u := w.seed(t, spec)
	for client, want := range map[string][]string{
		clientID: {"sub", "custom:team", "email"}, legacyID: {"sub", "email", "email_verified", "name"},
	} {
		tokens := w.signIn(t, client, alice)
		out := must2(w.GetUser(t.Context(), &cip.GetUserInput{AccessToken: tokens.AccessToken}))(t)
		var names []string
		for _, a := range out.UserAttributes {
			names = append(names, *a.Name)
		}
		if !slices.Equal(names, want) || *out.Username != u.Username {
			t.Errorf("client %s reads %v of %s, want %v", client, names, *out.Username, want)
		}
		_, inToken := claims(t, *tokens.IdToken)["custom:team"]
		if inToken != slices.Contains(want, "custom:team") {
			t.Errorf("client %s: the custom attribute is in the ID token: %v", client, inToken)
		}
	}
}
