package e2e_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func asAPI(err error, target any) bool { return err != nil && errors.As(err, target) }

// claims are what the tests look at.
type claims struct {
	jwt.Claims
	TokenUse      string `json:"token_use"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Username      string `json:"cognito:username"`
	AccessUser    string `json:"username"`
	ClientID      string `json:"client_id"`
	Scope         string `json:"scope"`
}

// verified checks a token's signature by the pool's published keys and returns
// its claims and the key's id.
func (p *person) verified(token *string) (claims, string) {
	p.t.Helper()
	if token == nil {
		p.t.Fatal("there is no token")
	}
	resp, err := http.Get(p.config.Endpoint + "/" + p.config.UserPoolID + "/.well-known/jwks.json")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(body, &keys); err != nil {
		p.t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(*token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatal(err)
	}
	var c claims
	if err := parsed.Claims(keys, &c); err != nil {
		p.t.Fatal(err)
	}
	if c.Issuer != p.config.Issuer {
		p.t.Errorf("issuer %q, want %q", c.Issuer, p.config.Issuer)
	}
	return c, parsed.Headers[0].KeyID
}

// wantTokens checks both tokens of a sign-in.
func (p *person) wantTokens(tokens *types.AuthenticationResultType) {
	p.t.Helper()
	id, idKey := p.verified(tokens.IdToken)
	access, accessKey := p.verified(tokens.AccessToken)
	u, ok := p.sandbox.User(p.email)
	if !ok {
		p.t.Fatalf("no user %s", p.email)
	}
	if id.TokenUse != "id" || id.Subject != u.Sub || id.Email != p.email || !id.EmailVerified || !id.Audience.Contains(p.config.UserPoolClientID) || id.Username != u.Username {
		p.t.Errorf("ID token %+v", id)
	}
	if access.TokenUse != "access" || access.Subject != u.Sub || access.ClientID != p.config.UserPoolClientID || access.AccessUser != u.Username || access.Scope != "aws.cognito.signin.user.admin" {
		p.t.Errorf("access token %+v", access)
	}
	if idKey == accessKey {
		p.t.Error("one key signed both tokens")
	}
	if tokens.RefreshToken == nil || tokens.ExpiresIn != 3600 || *tokens.TokenType != "Bearer" {
		p.t.Errorf("refresh token %t, expires in %d, type %s", tokens.RefreshToken != nil, tokens.ExpiresIn, *tokens.TokenType)
	}
}

// modes runs a test in both modes, on the shared sandboxes.
func modes(t *testing.T, test func(t *testing.T, stack string)) {
	t.Helper()
	t.Parallel()
	for _, stack := range []string{passwordless, password} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			test(t, stack)
		})
	}
}
