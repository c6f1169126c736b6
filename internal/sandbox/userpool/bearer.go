package userpool

import (
	"encoding/json"

	"github.com/go-jose/go-jose/v4"
)

// bearer is who an access token speaks for.
type bearer struct {
	account *account
	client  *Client
	grant   *grant
}

// authenticate checks an access token: signature, issuer, use, expiry,
// revocation, and that its user is still there.
func (p *Pool) authenticate(c *call, token text) (*bearer, error) {
	claims, err := p.accessTokenClaims(token.value)
	if err != nil {
		return nil, err
	}
	if p.now().Unix() >= claims.Expires {
		return nil, errAccessTokenExpired()
	}
	g, live := p.grants.byEvent(claims.EventID)
	if !live {
		return nil, errAccessTokenRevoked()
	}
	client, ok := p.clients[claims.ClientID]
	if !ok {
		return nil, errInvalidAccessToken()
	}
	a, ok := p.users.find(g.username)
	if !ok {
		return nil, errUserNotFound()
	}
	if !a.enabled {
		return nil, errUserDisabled()
	}
	c.sub = a.sub
	return &bearer{account: a, client: client, grant: g}, nil
}

type accessTokenClaims struct {
	Issuer   string `json:"iss"`
	Use      string `json:"token_use"`
	EventID  string `json:"event_id"`
	ClientID string `json:"client_id"`
	Expires  int64  `json:"exp"`
}

func (p *Pool) accessTokenClaims(token string) (*accessTokenClaims, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, errInvalidAccessToken()
	}
	payload, err := jws.Verify(p.signers.accessKey.Key)
	if err != nil {
		return nil, errInvalidAccessToken()
	}
	claims := new(accessTokenClaims)
	if err := json.Unmarshal(payload, claims); err != nil || claims.Use != useAccess || claims.Issuer != p.Issuer() {
		return nil, errInvalidAccessToken()
	}
	return claims, nil
}
