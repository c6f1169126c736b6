package testkit

import (
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Claims are the claims that tests look at.
type Claims struct {
	jwt.Claims
	TokenUse      string `json:"token_use"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Username      string `json:"cognito:username"`
	AccessUser    string `json:"username"`
	ClientID      string `json:"client_id"`
	Scope         string `json:"scope"`
}

// Verified checks a token's signature by the pool's published keys, and its issuer. It returns the
// claims and the key's id.
func (p *Person) Verified(token *string) (Claims, string) {
	p.T.Helper()
	if token == nil {
		p.T.Fatal("there is no token")
	}
	var keys jose.JSONWebKeySet
	if err := FetchJSON(p.T.Context(), p.Config.Endpoint+"/"+p.Config.UserPoolID+"/.well-known/jwks.json",
		&keys); err != nil {
		p.T.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(*token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.T.Fatal(err)
	}
	var c Claims
	if err := parsed.Claims(keys, &c); err != nil {
		p.T.Fatal(err)
	}
	if c.Issuer != p.Config.Issuer {
		p.T.Errorf("issuer %q, want %q", c.Issuer, p.Config.Issuer)
	}
	return c, parsed.Headers[0].KeyID
}

// WantTokens checks the tokens of a sign-in.
func (p *Person) WantTokens(tokens *types.AuthenticationResultType) {
	p.T.Helper()
	id, idKey := p.Verified(tokens.IdToken)
	access, accessKey := p.Verified(tokens.AccessToken)
	u, ok := p.Sandbox.User(p.Email)
	if !ok {
		p.T.Fatalf("no user %s", p.Email)
	}
	if id.TokenUse != "id" || id.Subject != u.Sub || id.Email != p.Email || !id.EmailVerified ||
		!id.Audience.Contains(p.Config.UserPoolClientID) || id.Username != u.Username {
		p.T.Errorf("ID token %+v", id)
	}
	if access.TokenUse != "access" || access.Subject != u.Sub || access.ClientID != p.Config.UserPoolClientID ||
		access.AccessUser != u.Username || access.Scope != "aws.cognito.signin.user.admin" {
		p.T.Errorf("access token %+v", access)
	}
	if idKey == accessKey {
		p.T.Error("one key signed both tokens")
	}
	if tokens.RefreshToken == nil || tokens.ExpiresIn != 3600 || *tokens.TokenType != "Bearer" {
		p.T.Errorf("refresh token %t, expires in %d, type %s", tokens.RefreshToken != nil, tokens.ExpiresIn,
			*tokens.TokenType)
	}
}
