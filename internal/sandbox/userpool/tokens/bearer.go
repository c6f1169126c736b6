package tokens

import (
	"encoding/json"

	"github.com/go-jose/go-jose/v4"

	"github.com/cognito-emailotp/cdk-emailotp/internal/sandbox/userpool/refusal"
)

type accessClaims struct {
	Issuer  string `json:"iss"`
	Use     string `json:"token_use"`
	EventID string `json:"event_id"`
	Expires int64  `json:"exp"`
}

// Authenticate returns the grant of an access token. It checks signature, issuer, use, expiry and
// revocation.
func (i *Issuer) Authenticate(token string) (*Grant, error) {
	claims, err := i.accessClaims(token)
	if err != nil {
		return nil, err
	}
	if i.now().Unix() >= claims.Expires {
		return nil, refusal.AccessTokenExpired
	}
	i.grants.mu.Lock()
	defer i.grants.mu.Unlock()
	g, ok := i.grants.events[claims.EventID]
	if !ok || g.revoked {
		return nil, refusal.AccessTokenRevoked
	}
	return g, nil
}

// IsAccessToken reports whether the pool has issued the token as an access token.
func (i *Issuer) IsAccessToken(token string) bool {
	_, err := i.accessClaims(token)
	return err == nil
}

func (i *Issuer) accessClaims(token string) (*accessClaims, error) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, refusal.InvalidAccessToken
	}
	payload, err := jws.Verify(i.accessKey.Key)
	if err != nil {
		return nil, refusal.InvalidAccessToken
	}
	claims := new(accessClaims)
	if err := json.Unmarshal(payload, claims); err != nil || claims.Use != useAccess || claims.Issuer != i.url {
		return nil, refusal.InvalidAccessToken
	}
	return claims, nil
}
